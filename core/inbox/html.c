/* SPDX-License-Identifier: ISC */
/*
 * Text in a page, see html.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "inbox/html.h"

#define UNKNOWN "\xef\xbf\xbd" /* U+FFFD */

/* Never shown as they are: nothing to see, or they change what is seen. */
static const struct span {
	uint32_t from, to;
} hidden[] = {
	{ 0x0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, /* soft hyphen */
	{ 0x61c, 0x61c },                              /* direction */
	{ 0x180e, 0x180e }, { 0x200b, 0x200f },        /* no width, direction */
	{ 0x2028, 0x202e },                            /* lines, direction */
	{ 0x2060, 0x206f }, { 0xd800, 0xdfff },        /* no characters */
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
	{ 0xfffe, 0xffff }, { 0xe0000, 0xe0fff }, /* tags */
};

static bool
is_hidden(uint32_t c)
{
	size_t i;

	for (i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].from && c <= hidden[i].to)
			return true;
	return c > 0x10ffff || (c & 0xfffe) == 0xfffe;
}

/* How many octets the character at P has, and which it is; 0: none. */
static size_t
decode(const unsigned char *p, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t i, len = 1;

	if (p[0] >= 0xf0 && p[0] < 0xf8)
		len = 4;
	else if (p[0] >= 0xe0 && p[0] < 0xf0)
		len = 3;
	else if (p[0] >= 0xc0 && p[0] < 0xe0)
		len = 2;
	else if (p[0] >= 0x80)
		return 0;
	*c = len == 1 ? p[0] : p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | (p[i] & 0x3f);
	}
	return *c < least[len] ? 0 : len;
}

static const char *
entity(uint32_t c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
sts_html_text(struct sts_buf *buf, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	const char *name;
	uint32_t c;
	size_t len;

	for (; *p != '\0'; p += len == 0 ? 1 : len) {
		len = decode(p, &c);
		name = len == 0 ? UNKNOWN : entity(c);
		if (name == NULL && is_hidden(c))
			name = UNKNOWN;
		if (name != NULL)
			(void)sts_buf_str(buf, name);
		else
			(void)sts_buf_add(buf, p, len);
	}
}

void
sts_html_number(struct sts_buf *buf, int64_t number)
{
	char digits[24];
	size_t i, len;

	(void)snprintf(digits, sizeof(digits), "%" PRId64, number);
	len = strlen(digits);
	for (i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0 && digits[i - 1] != '-')
			(void)sts_buf_str(buf, "\xe2\x80\xaf"); /* U+202F */
		(void)sts_buf_add(buf, digits + i, 1);
	}
}
