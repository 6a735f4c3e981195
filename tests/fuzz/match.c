/* SPDX-License-Identifier: ISC */
/*
 * A pattern, a newline and the name of an MX host, beside a second opinion
 * that goes from the end of both names and knows nothing of labels.
 */
#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "fuzz.h"
#include "policy/match.h"

#define NAME_MAX_HERE 300

static bool
opinion(const char *pattern, const char *host)
{
	char name[NAME_MAX_HERE + 1];
	const char *dot;
	size_t len = strlen(host);

	(void)memcpy(name, host, len + 1);
	if (len > 0 && name[len - 1] == '.')
		name[--len] = '\0';
	if (len > STS_DOMAIN_MAX || sts_domain_is_quad(name, len) ||
	    !sts_match_names_host(pattern, strlen(pattern)))
		return false;
	if (pattern[0] != '*')
		return strcasecmp(pattern, name) == 0;
	dot = strchr(name, '.');
	len = strspn(name, "-_0123456789abcdefghijklmnopqrstuvwxyz"
			   "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	return dot == name + len && len > 0 && len < 64 &&
	       strcasecmp(pattern + 1, dot) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char pattern[NAME_MAX_HERE + 1], host[NAME_MAX_HERE + 1];
	const uint8_t *newline = memchr(data, '\n', len);
	size_t first = newline == NULL ? len : (size_t)(newline - data);
	size_t second = newline == NULL ? 0 : len - first - 1;

	if (first > NAME_MAX_HERE || second > NAME_MAX_HERE)
		return 0;
	(void)memcpy(pattern, data, first);
	pattern[first] = '\0';
	(void)memcpy(host, data + len - second, second);
	host[second] = '\0';
	HOLDS(sts_match_mx(pattern, host) == opinion(pattern, host));
	if (sts_match_pattern_valid((const char *)data, first))
		HOLDS(memchr(data, '\0', first) == NULL);
	return 0;
}
