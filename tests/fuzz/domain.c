/* SPDX-License-Identifier: ISC */
/* Names that an MTA hands over, and patterns beside them. */
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"
#include "policy/match.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char name[STS_DOMAIN_MAX + 1], again[STS_DOMAIN_MAX + 1];
	char pattern[STS_DOMAIN_MAX + 3] = "*.";

	if (sts_domain_normalize((const char *)data, len, name, NULL) != STS_OK)
		return 0;
	HOLDS(sts_domain_valid(name, strlen(name)));
	HOLDS(sts_domain_normalize(name, strlen(name), again, NULL) == STS_OK);
	HOLDS(strcmp(name, again) == 0);
	HOLDS(sts_match_mx(name, name));
	/* A wildcard never covers the name it stands below. */
	(void)memcpy(pattern + 2, name, strlen(name) + 1);
	HOLDS(!sts_match_mx(pattern, name));
	return 0;
}
