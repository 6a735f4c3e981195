/* SPDX-License-Identifier: ISC */
/*
 * What many reports tell together.  Memory is bounded whatever they say: what
 * is one name too many is counted under "(others)".
 */
#ifndef STS_TALLY_H
#define STS_TALLY_H

#include "base/siphash.h"
#include "inbox/moment.h"
#include "inbox/received.h"

struct sts_tally;

struct sts_tally_limits {
	int64_t since; /* nothing that ended before this moment */
	int64_t now;   /* a report of the future has no day */
};

/* NULL: no memory. */
struct sts_tally *sts_tally_new(const struct sts_siphash_key *key,
    const struct sts_tally_limits *limits);
void sts_tally_free(struct sts_tally *tally);

enum sts_tally_added {
	STS_TALLY_COUNTED,
	STS_TALLY_OLD,      /* before since */
	STS_TALLY_AGAIN,    /* counted already: same reporter and id */
	STS_TALLY_DISAGREES /* the same, but it does not say the same */
};
/* Count REPORT, which is not needed any more then. */
enum sts_tally_added sts_tally_add(struct sts_tally *tally,
    const struct sts_received *report);

struct sts_tally_total {
	size_t reports, again, old, undated;
	int64_t sessions, failed; /* sessions: failed ones too */
	size_t failures;          /* that were told, some of no session */
	int64_t first, last;      /* moments in the first and last day; 0 */
};
const struct sts_tally_total *sts_tally_total(const struct sts_tally *tally);

/*
 * A row is what a reporter says of a policy (result ""), or of one kind of
 * failure under it at one host.  Texts are UTF-8, borrowed, and a stranger's;
 * a name is lower case and no longer than 255 octets.
 */
struct sts_tally_row {
	const char *reporter, *domain, *type, *mode;
	const char *result, *mx;
	int64_t sessions, failed;
	int64_t first, last; /* 0: no day is known */
	/* of the latest report */
	const char *sender, *address, *reason, *information;
	size_t reporters; /* 1, or more of a problem */
};

/*
 * All rows, by reporter and policy, its failures behind it, as an array that
 * the caller free()s; NULL: no memory.  What they point to is the tally's,
 * until the next report is added.
 */
struct sts_tally_row *sts_tally_rows(const struct sts_tally *tally,
    size_t *count);

/* In the same way the failures alone, those of several reporters made one
 * (reporter: who had the most); the newest first, then the worst. */
struct sts_tally_row *sts_tally_problems(const struct sts_tally *tally,
    size_t *count);

enum sts_tally_group {
	STS_TALLY_DAY,
	STS_TALLY_REPORTER,
	STS_TALLY_MX,     /* of failures alone */
	STS_TALLY_RESULT, /* the same */
	STS_TALLY_GROUP_MAX
};
struct sts_tally_sum {
	const char *name; /* "2026-11-23" of a day */
	int64_t sessions, failed;
};
/* The sums of WHICH, days in order and the others worst first; in the same
 * way. */
struct sts_tally_sum *sts_tally_sums(const struct sts_tally *tally,
    enum sts_tally_group which, size_t *count);

#endif
