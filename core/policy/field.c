/* SPDX-License-Identifier: ISC */
/*
 * Names and blanks of the record and policy grammars, see field.h.
 */
#include "base/domain.h"
#include "policy/field.h"

bool
sts_field_is_blank(char c)
{
	return c == ' ' || c == '\t';
}

size_t
sts_field_blanks(const char *text, size_t len)
{
	size_t n;

	for (n = 0; n < len && sts_field_is_blank(text[n]); n++)
		continue;
	return n;
}

size_t
sts_field_trimmed(const char *text, size_t len)
{
	while (len > 0 && sts_field_is_blank(text[len - 1]))
		len--;
	return len;
}

/* (ALPHA / DIGIT) *31(ALPHA / DIGIT / "_" / "-" / ".") */
size_t
sts_field_name(const char *text, size_t len)
{
	size_t n;

	for (n = 0; n < len && n < STS_FIELD_NAME_MAX; n++) {
		if (sts_ascii_alnum((unsigned char)text[n]))
			continue;
		if (n == 0 ||
		    (text[n] != '_' && text[n] != '-' && text[n] != '.'))
			break;
	}
	return n;
}
