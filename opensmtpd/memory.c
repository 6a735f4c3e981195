/* SPDX-License-Identifier: ISC */
/*
 * A table's memory, see memory.h.
 */
#include <sys/random.h>

#include <stdlib.h>
#include <string.h>

#include "base/siphash.h"
#include "memory.h"

#define SETS 1024 /* a domain can be in one of them ... */
#define WAYS 4    /* ... at so many places */

struct sts_memory {
	struct sts_siphash_key key; /* strangers choose the domains */
	struct sts_memo memo[SETS][WAYS];
};

struct sts_memory *
sts_memory_new(void)
{
	struct sts_memory *memory = calloc(1, sizeof(*memory));

	/* Without randomness it works as well, if nobody is against us. */
	if (memory != NULL)
		(void)!getrandom(&memory->key, sizeof(memory->key),
		    GRND_NONBLOCK);
	return memory;
}

void
sts_memory_free(struct sts_memory *memory)
{
	free(memory);
}

static void
begin(struct sts_memo *memo, const char *domain)
{
	int kind;

	memset(memo, 0, sizeof(*memo));
	memcpy(memo->domain, domain, strlen(domain) + 1);
	for (kind = 0; kind < STS_WISH_MAX; kind++)
		memo->wished[kind] = STS_MEMO_NEVER;
}

struct sts_memo *
sts_memory_of(struct sts_memory *memory, const char *domain, int64_t boot)
{
	uint64_t hash = sts_siphash(&memory->key, domain, strlen(domain));
	struct sts_memo *set = memory->memo[hash % SETS], *memo = set;
	int i;

	for (i = 0; i < WAYS; i++) {
		if (strcmp(set[i].domain, domain) == 0) {
			set[i].used = boot;
			return &set[i];
		}
		if (memo->domain[0] != '\0' &&
		    (set[i].domain[0] == '\0' || set[i].used < memo->used))
			memo = &set[i];
	}
	begin(memo, domain);
	memo->used = boot;
	return memo;
}
