/* SPDX-License-Identifier: ISC */
/*
 * MX host against the patterns of a policy, see match.h.
 */
#include <limits.h>
#include <string.h>

#include "base/domain.h"
#include "policy/match.h"

#define LABEL_MAX 63

static bool
is_wildcard(const char *text, size_t len)
{
	return len >= 2 && text[0] == '*' && text[1] == '.';
}

/* ["*."] Domain (RFC 8461, 3.2) */
bool
sts_match_pattern_valid(const char *text, size_t len)
{
	if (is_wildcard(text, len)) {
		text += 2;
		len -= 2;
	}
	return sts_domain_valid(text, len);
}

/*
 * The label under a "*".  DNS knows host names with an underscore, which no
 * pattern can spell but a wildcard covers; anything else is not a host.
 */
static size_t
host_label(const char *host, size_t len)
{
	size_t n;

	for (n = 0; n < len && host[n] != '.'; n++)
		if (!sts_ascii_alnum((unsigned char)host[n]) &&
		    host[n] != '-' && host[n] != '_')
			return 0;
	return n > LABEL_MAX ? 0 : n;
}

static bool
same_name(const char *a, const char *b, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (sts_ascii_lower((unsigned char)a[i]) !=
		    sts_ascii_lower((unsigned char)b[i]))
			return false;
	return true;
}

bool
sts_match_names_host(const char *text, size_t len)
{
	size_t skip = is_wildcard(text, len) ? 2 : 0;

	return sts_match_pattern_valid(text, len) &&
	       !sts_domain_is_quad(text + skip, len - skip);
}

/* HOST has no root dot any more. */
static bool
match_one(const char *pattern, const char *host, size_t host_len)
{
	size_t len = strlen(pattern), label = 0;
	const char *domain = pattern;

	if (is_wildcard(pattern, len)) {
		label = host_label(host, host_len);
		if (label == 0)
			return false;
		domain = pattern + 1; /* from the dot on */
		len--;
	}
	return host_len - label == len &&
	       same_name(domain, host + label, len) &&
	       sts_match_names_host(pattern, strlen(pattern));
}

/*
 * Length of HOST without one root dot (RFC 8461, 4.1 compares names), 0 when
 * it cannot match: the root (RFC 7505), an address, an over-long name.
 */
static size_t
host_len(const char *host)
{
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len > STS_DOMAIN_MAX || sts_domain_is_quad(host, len))
		return 0;
	return len;
}

bool
sts_match_mx(const char *pattern, const char *host)
{
	return sts_match_any(&pattern, 1, host) == 0;
}

int
sts_match_any(const char *const *patterns, size_t count, const char *host)
{
	size_t i, len = host_len(host);

	if (len == 0)
		return -1;
	for (i = 0; i < count && i < INT_MAX; i++)
		if (match_one(patterns[i], host, len))
			return (int)i;
	return -1;
}
