/* SPDX-License-Identifier: ISC */
/*
 * What a table remembers of the domains it was asked for last: a choice that
 * should stand for a while, and what was wished for already.  Of fixed size;
 * the domain that was not asked for longest makes room.
 */
#ifndef STS_MEMORY_H
#define STS_MEMORY_H

#include "wish.h"

struct sts_memo {
	char domain[STS_DOMAIN_MAX + 1]; /* "": unused */
	int64_t used;                    /* boot seconds, as all times here */
	char host[STS_DOMAIN_MAX + 1];   /* chosen, "": none */
	int64_t chosen;                  /* when */
	int64_t failed; /* what its list said then of the last failure */
	int64_t wished[STS_WISH_MAX]; /* when last, or never */
};
#define STS_MEMO_NEVER INT64_MIN

struct sts_memory;

struct sts_memory *sts_memory_new(void); /* NULL: no memory */
void sts_memory_free(struct sts_memory *memory);

/* What is remembered of DOMAIN, be it nothing yet; never NULL, and borrowed
 * until the next call. */
struct sts_memo *sts_memory_of(struct sts_memory *memory, const char *domain,
    int64_t boot);

#endif
