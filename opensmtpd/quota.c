/* SPDX-License-Identifier: ISC */
/* See quota.h. */
#include <string.h>

#include "base/siphash.h"
#include "quota.h"

bool
sts_quota_take(struct sts_quota *quota, const char *what, int64_t now)
{
	uint64_t key = sts_checksum(what, strlen(what));
	size_t i = key % STS_QUOTA_SLOTS;

	if (quota->slot[i].key == key && now < quota->slot[i].until)
		return false;
	quota->slot[i].key = key;
	quota->slot[i].until = now + quota->every;
	return true;
}
