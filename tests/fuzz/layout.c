/* SPDX-License-Identifier: ISC */
/* An smtpd.conf that may include itself, and what is found in it. */
#include <string.h>

#include "command/layout.h"
#include "fuzz.h"

struct input {
	const char *data;
	size_t len;
	size_t loads;
};

/* Whatever is included is the same text: deep, and long. */
static enum sts_rc
load(void *arg, const char *file, struct sts_buf *text, struct sts_error *err)
{
	struct input *input = arg;

	(void)file;
	(void)err;
	HOLDS(++input->loads <= STS_SMTPDCONF_FILES_MAX);
	return sts_buf_add(text, input->data, input->len);
}

static void
say(void *arg, const struct sts_directive *at, const char *text)
{
	const struct sts_smtpdconf *conf = arg;

	HOLDS(text[0] != '\0');
	HOLDS(at == NULL || (at->file < conf->files && at->words > 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input input = { .data = (const char *)data, .len = len };
	struct sts_error err = { .rc = STS_OK };
	struct sts_smtpdconf conf;
	struct sts_layout layout;

	if (len > 4096)
		return 0;
	if (sts_smtpdconf_read(&conf, "fuzz", load, &input, &err) != STS_OK) {
		HOLDS(err.rc != STS_ECONFIG || err.text[0] != '\0');
		return 0;
	}
	if (sts_layout_read(&layout, &conf, &err) == STS_OK) {
		sts_layout_check(&layout, say, &conf);
		sts_layout_check_reports(&layout, "tls@example.org", say,
		    &conf);
	}
	sts_layout_clear(&layout);
	sts_smtpdconf_clear(&conf);
	return 0;
}
