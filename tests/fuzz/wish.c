/* SPDX-License-Identifier: ISC */
/* A datagram to the filter: what is read is what would be written. */
#include <string.h>

#include "../../opensmtpd/wish.h"
#include "base/domain.h"
#include "fuzz.h"

static bool
is_name(const char *name)
{
	char again[STS_DOMAIN_MAX + 1];

	return sts_domain_normalize(name, strlen(name), again, NULL) ==
		   STS_OK &&
	       strcmp(name, again) == 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char text[STS_WISH_TEXT_MAX];
	struct sts_wish wish;

	if (sts_wish_parse((const char *)data, len, &wish, NULL) != STS_OK)
		return 0;
	HOLDS((unsigned)wish.kind < STS_WISH_MAX);
	HOLDS(is_name(wish.domain));
	HOLDS(wish.kind == STS_WISH_CHOSEN ? is_name(wish.host)
					   : wish.host[0] == '\0');
	HOLDS(sts_wish_format(&wish, text) == len);
	HOLDS(memcmp(text, data, len) == 0);
	return 0;
}
