/* SPDX-License-Identifier: ISC */
/* What an SMTP server says, cut into replies. */
#include <string.h>

#include "fuzz.h"
#include "resolve/smtp.h"

static void
well_formed(const struct sts_smtp_reply *reply)
{
	HOLDS(reply->code >= 200 && reply->code < 560);
	HOLDS(strlen(reply->text) <= STS_SMTP_TEXT_MAX);
	HOLDS(strchr(reply->text, '\n') == NULL);
	HOLDS(reply->total <= STS_SMTP_REPLY_MAX && reply->lines > 0);
	HOLDS(!reply->starttls || reply->lines > 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sts_smtp_reply reply;
	enum sts_smtp_step step = STS_SMTP_DONE;
	size_t i;

	for (i = 0; i < len && step != STS_SMTP_BAD; i++) {
		if (step == STS_SMTP_DONE)
			memset(&reply, 0, sizeof(reply));
		step = sts_smtp_take(&reply, (char)data[i]);
		if (step == STS_SMTP_DONE)
			well_formed(&reply);
	}
	return 0;
}
