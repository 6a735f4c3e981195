/* SPDX-License-Identifier: ISC */
/*
 * A moment, as every decision receives it.  Wall time alone cannot be
 * trusted: it is set by hand, by NTP and by attackers.  Boot time counts on
 * through suspend and cannot be set, but starts anew with each boot id.
 */
#ifndef STS_CLOCK_H
#define STS_CLOCK_H

#include "base/error.h"

#define STS_BOOT_ID_MAX 36

struct sts_now {
	int64_t wall; /* seconds since the epoch */
	int64_t boot; /* seconds since boot, suspend included */
	char boot_id[STS_BOOT_ID_MAX + 1];
};

/* The moment now.  Never fails: an unreadable boot id is "-". */
void sts_clock_now(struct sts_now *now);

/* The same with boot_id "", which costs more than a lookup to read, and what
 * fills it in when it turns out to be needed. */
void sts_clock_glance(struct sts_now *now);
void sts_clock_complete(struct sts_now *now);

/* Milliseconds of a clock that is never set, for deadlines. */
int64_t sts_clock_ms(void);

/*
 * Is NOW's wall time implausible, given that SEEN was the last moment known
 * to be good?  More than an hour ahead of the boot clock within one boot, or
 * more than 30 days ahead across boots.
 */
bool sts_clock_suspect(const struct sts_now *now, const struct sts_now *seen);

/* Are both of one boot, with wall and boot time no more than an hour apart? */
bool sts_clock_agrees(const struct sts_now *now, const struct sts_now *seen);

#endif
