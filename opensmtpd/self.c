/* SPDX-License-Identifier: ISC */
/* See self.h: table and filter must come to the same name. */
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "self.h"

void
sts_self_name(char out[STS_DOMAIN_MAX + 1])
{
	char name[STS_DOMAIN_MAX + 1];

	if (gethostname(name, sizeof(name)) == -1)
		name[0] = '\0';
	name[sizeof(name) - 1] = '\0';
	if (sts_domain_normalize(name, strlen(name), out, NULL) != STS_OK)
		out[0] = '\0';
}
