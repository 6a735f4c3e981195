/* SPDX-License-Identifier: ISC */
/*
 * Mail addresses, see mail.h.
 */
#include <string.h>

#include "base/domain.h"
#include "base/mail.h"

#define LOCAL_MAX 64 /* octets, RFC 5321, 4.5.3.1.1 */

/* atext (RFC 5322, 3.2.3). */
static bool
is_atext(unsigned char c)
{
	return sts_ascii_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') ||
	       (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c) != NULL);
}

/* 1*atext *("." 1*atext); not an option either. */
static bool
is_dot_atom(const char *text, size_t len)
{
	size_t i;

	if (len == 0 || len > LOCAL_MAX || text[0] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (text[i] == '.'
			? i == 0 || i + 1 == len || text[i - 1] == '.'
			: !is_atext((unsigned char)text[i]))
			return false;
	return true;
}

bool
sts_mail_valid(const char *text, size_t len)
{
	const char *at = memchr(text, '@', len);
	size_t local;

	if (at == NULL || len > STS_MAIL_MAX)
		return false;
	local = (size_t)(at - text);
	return is_dot_atom(text, local) &&
	       sts_domain_valid(at + 1, len - local - 1) &&
	       !sts_domain_is_quad(at + 1, len - local - 1);
}

const char *
sts_mail_domain(const char *address)
{
	return strchr(address, '@') + 1;
}
