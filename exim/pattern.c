/* SPDX-License-Identifier: ISC */
/*
 * The host list item, see pattern.h.  The form is fail-closed by itself: cut
 * short anywhere it is no valid expression, and Exim then delivers nothing.
 */
#include <string.h>

#include "base/domain.h"
#include "pattern.h"
#include "policy/match.h"

/* A label is letters, digits, hyphens; all else is taken literally. */
static void
add_literal(struct sts_buf *buf, const char *text)
{
	for (; *text != '\0'; text++) {
		if (!sts_ascii_alnum((unsigned char)*text) && *text != '-')
			(void)sts_buf_add(buf, "\\", 1);
		(void)sts_buf_add(buf, text, 1);
	}
}

/* "*." covers exactly one label (RFC 8461, 4.1). */
static void
add_mx(struct sts_buf *buf, const char *mx)
{
	if (mx[0] == '*') {
		(void)sts_buf_str(buf, "[^.]+");
		mx++;
	}
	add_literal(buf, mx);
}

const char *
sts_pattern_reject(const struct sts_result *result, struct sts_buf *buf)
{
	size_t i, count = sts_result_mx_count(result), used = 0;
	const char *mx;

	if (sts_result_mode(result) != STS_MODE_ENFORCE)
		return STS_PATTERN_ALL;
	if (sts_result_mx_any(result))
		return STS_PATTERN_NONE;
	sts_buf_reset(buf);
	(void)sts_buf_str(buf, "^(?!(");
	for (i = 0; i < count; i++) {
		mx = sts_result_mx(result, i);
		if (!sts_match_names_host(mx, strlen(mx)))
			continue;
		if (used++ > 0)
			(void)sts_buf_add(buf, "|", 1);
		add_mx(buf, mx);
	}
	if (used == 0 || sts_buf_str(buf, ")$)") != STS_OK)
		return STS_PATTERN_ALL;
	return sts_buf_text(buf);
}

void
sts_pattern_sentence(const char *text, char *out, size_t size)
{
	size_t n = 0;

	for (; *text != '\0' && n + 1 < size; text++) {
		if (*text > ' ' && *text < 0x7f &&
		    strchr("{}$\\", *text) == NULL)
			out[n++] = *text;
		else if (n > 0 && out[n - 1] != ' ')
			out[n++] = ' ';
	}
	while (n > 0 && out[n - 1] == ' ')
		n--;
	out[n] = '\0';
	if (n == 0 && size > 1)
		sts_pattern_sentence("no reason known", out, size);
}
