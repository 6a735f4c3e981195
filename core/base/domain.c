/* SPDX-License-Identifier: ISC */
/*
 * Domain names as ASCII text, see domain.h.
 */
#include <string.h>

#include "base/domain.h"

#define LABEL_MAX 63

/* Let-dig [Ldh-str] (RFC 5321, 4.1.2); its length, 0 when there is none. */
static size_t
label_len(const char *p, size_t len)
{
	size_t n;

	for (n = 0; n < len && p[n] != '.'; n++)
		if (!sts_ascii_alnum((unsigned char)p[n]) && p[n] != '-')
			return 0;
	if (n == 0 || n > LABEL_MAX || p[0] == '-' || p[n - 1] == '-')
		return 0;
	return n;
}

bool
sts_domain_valid(const char *name, size_t len)
{
	size_t at, n;

	if (len == 0 || len > STS_DOMAIN_MAX)
		return false;
	for (at = 0; at < len; at += n + 1) {
		n = label_len(name + at, len - at);
		if (n == 0)
			return false;
		if (at + n + 1 == len) /* a dot with nothing behind it */
			return false;
	}
	return true;
}

bool
sts_domain_is_quad(const char *name, size_t len)
{
	size_t i, dots = 0;

	for (i = 0; i < len; i++) {
		if (name[i] == '.')
			dots++;
		else if (!sts_ascii_digit((unsigned char)name[i]))
			return false;
	}
	return dots == 3;
}

enum sts_rc
sts_domain_normalize(const char *name, size_t len, char out[STS_DOMAIN_MAX + 1],
    struct sts_error *err)
{
	size_t i;

	if (len > 0 && name[len - 1] == '.')
		len--;
	if (len > STS_DOMAIN_MAX)
		return sts_error_set(err, STS_EDOMAIN,
		    "a domain name has at most %d octets", STS_DOMAIN_MAX);
	if (len > 0 && (name[0] == '[' || sts_domain_is_quad(name, len)))
		return sts_error_set(err, STS_EDOMAIN,
		    "an address has no MTA-STS policy");
	if (!sts_domain_valid(name, len))
		return sts_error_set(err, STS_EDOMAIN, "not a domain name");
	for (i = 0; i < len; i++)
		out[i] = (char)sts_ascii_lower((unsigned char)name[i]);
	out[len] = '\0';
	return STS_OK;
}
