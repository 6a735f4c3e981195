/* SPDX-License-Identifier: ISC */
/*
 * Moments and days as reports write them (RFC 3339, and what comes instead of
 * it).  Pure.
 */
#ifndef STS_MOMENT_H
#define STS_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#define STS_DAY_TEXT 11 /* "2026-11-23" with its NUL */

/*
 * Seconds since the epoch of "2026-11-23T00:00:00Z": with an offset, with a
 * fraction, without a zone (then UTC), with hour 24, with a space for the T,
 * or the day alone.  False for anything else.
 */
bool sts_moment_parse(const char *text, int64_t *wall);

/* The UTC day that WALL is in; "-" when there is no such day. */
const char *sts_moment_day(int64_t wall, char day[STS_DAY_TEXT]);

#define STS_SPAN_TEXT 32
/* "2026-11-20 to 2026-11-23", or the one day that both are in. */
const char *sts_moment_span(int64_t first, int64_t last,
    char span[STS_SPAN_TEXT]);

#endif
