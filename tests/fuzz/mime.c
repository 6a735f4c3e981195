/* SPDX-License-Identifier: ISC */
/*
 * Mail as it comes to who reads reports: whatever its parts are, and as an
 * mbox in pieces, which is the same however it is cut.  The first octet says
 * where.
 */
#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "fuzz.h"
#include "inbox/mbox.h"
#include "inbox/mime.h"
#include "inbox/unpack.h"

#define MESSAGE_MAX 65536

struct box {
	uint64_t sum; /* of all messages */
	size_t count;
};

static bool
take_report(void *arg, const struct sts_received *report, struct sts_error *err)
{
	size_t *given = arg;

	(void)err;
	HOLDS(*report->organization != '\0');
	(*given)++;
	return true;
}

static void
take_bad(void *arg, size_t part, const struct sts_error *err)
{
	size_t *given = arg;

	HOLDS(part <= 1000);
	HOLDS(err->rc != STS_OK && err->text[0] != '\0');
	(*given)++;
}

static void
unpack(const char *data, size_t len)
{
	size_t given = 0;
	const struct sts_unpack_sink sink = { &given, take_report, take_bad };
	enum sts_unpack_kind kind = sts_unpack_kind(data, len);

	sts_unpack(kind, data, len, &sink);
	HOLDS(given > 0 || kind == STS_UNPACK_MESSAGE ||
	      kind == STS_UNPACK_MBOX);
}

static void
take_message(void *arg, const char *data, size_t len, bool too_large)
{
	struct box *box = arg;
	uint64_t both[2] = { box->sum, 0 };

	HOLDS(len <= MESSAGE_MAX);
	both[1] = too_large ? 1 : sts_checksum(data, len);
	box->sum = sts_checksum(both, sizeof(both));
	box->count++;
	if (!too_large)
		unpack(data, len);
}

static struct box
split(const char *data, size_t len, size_t part)
{
	struct box box = { 0, 0 };
	struct sts_mbox mbox;
	size_t at, n;

	sts_mbox_init(&mbox, MESSAGE_MAX, take_message, &box);
	for (at = 0; at < len; at += n) {
		n = len - at < part ? len - at : part;
		sts_mbox_feed(&mbox, data + at, n);
	}
	sts_mbox_end(&mbox);
	return box;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data;
	struct box whole, parts;

	sts_mime_setup();
	unpack(text, len);
	if (len == 0)
		return 0;
	whole = split(text, len, len);
	parts = split(text, len, 1 + data[0]);
	HOLDS(whole.count == parts.count && whole.sum == parts.sum);
	return 0;
}
