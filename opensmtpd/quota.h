/* SPDX-License-Identifier: ISC */
/*
 * Not the same thing again and again: a memory of fixed size.  Pure.
 */
#ifndef STS_QUOTA_H
#define STS_QUOTA_H

#include <stdbool.h>
#include <stdint.h>

#define STS_QUOTA_SLOTS 512

struct sts_quota {     /* all zero but for EVERY to begin with */
	int64_t every; /* ms */
	struct {
		uint64_t key;
		int64_t until;
	} slot[STS_QUOTA_SLOTS];
};

/* May WHAT happen at NOW?  Then it may not until EVERY has passed; sooner if
 * something else has taken its place. */
bool sts_quota_take(struct sts_quota *quota, const char *what, int64_t now);

#endif
