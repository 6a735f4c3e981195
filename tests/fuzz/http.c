/* SPDX-License-Identifier: ISC */
/* Status and Content-Type of any web server: "STATUS VALUE". */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "fuzz.h"
#include "resolve/http.h"

#define BLANK " \t"

/* RFC 9110, 8.3.1, the other way round: what is left of the value without
 * parameters and blanks. */
static bool
opinion(const char *value)
{
	char type[16];
	size_t len = strcspn(value, ";"), skip = strspn(value, BLANK);

	if (skip > len)
		return false;
	value += skip;
	len -= skip;
	while (len > 0 && strchr(BLANK, value[len - 1]) != NULL)
		len--;
	if (len >= sizeof(type))
		return false;
	(void)memcpy(type, value, len);
	type[len] = '\0';
	return strcasecmp(type, "text/plain") == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_error err = { .rc = STS_OK };
	struct sts_buf text;
	const char *p, *value;
	char *end;
	long status;

	sts_buf_init(&text, 70000);
	if (sts_buf_add(&text, data, len) != STS_OK) {
		sts_buf_clear(&text);
		return 0;
	}
	status = strtol(sts_buf_text(&text), &end, 10);
	value = *end == ' ' ? end + 1 : NULL;
	if (value != NULL)
		HOLDS(sts_http_is_text(value) == opinion(value));
	if (sts_http_judge(status, value, &err) == STS_OK) {
		HOLDS(status == 200 && value != NULL && opinion(value));
	} else {
		HOLDS(status != 200 || value == NULL || !opinion(value));
		HOLDS(err.rc == STS_EFETCH && err.text[0] != '\0');
	}
	HOLDS((sts_http_judge_post(status, value, NULL) == STS_OK) ==
	      (status / 100 == 2));
	/* What a stranger wrote reaches the log as one printable line. */
	for (p = err.text; *p != '\0'; p++)
		HOLDS(*p >= 0x20 && *p < 0x7f);
	sts_buf_clear(&text);
	return 0;
}
