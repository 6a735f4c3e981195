/* SPDX-License-Identifier: ISC */
/*
 * The decisions of a lookup as tables over what is known, what DNS says and
 * what is doubtful.  Pure; "mta-sts query -v" prints the cell that was used.
 */
#ifndef STS_DECIDE_H
#define STS_DECIDE_H

#include "state/state.h"

enum sts_txt {           /* second axis: what DNS says at _mta-sts.<domain> */
	STS_TXT_NONE,    /* NXDOMAIN, NODATA, or no RR claims to be a record */
	STS_TXT_SAME,    /* one valid record, the id we hold */
	STS_TXT_CHANGED, /* one valid record, another id (or we hold none) */
	STS_TXT_INVALID, /* malformed, or several */
	STS_TXT_FAILURE, /* DNS could not tell */
	STS_TXT_LOCAL,   /* we could not ask */
	STS_TXT_MAX
};
const char *sts_txt_name(enum sts_txt txt);

enum sts_doubt { /* third axis */
	STS_DOUBT_NONE,
	STS_DOUBT_BACKOFF, /* a fetch failed lately */
	STS_DOUBT_SUSPECT, /* the clock is implausible */
	STS_DOUBT_BOTH,
	STS_DOUBT_MAX
};
const char *sts_doubt_name(enum sts_doubt doubt);

enum sts_action {        /* what DECIDE says */
	STS_ACTION_KEEP, /* the policy we hold stands */
	STS_ACTION_FETCH,
	STS_ACTION_NO_POLICY, /* as if the domain had no MTA-STS */
	STS_ACTION_UNKNOWN,   /* DNS could not tell and nothing is held */
	STS_ACTION_DEFER,     /* we cannot tell by our own fault */
	STS_ACTION_MAX
};
const char *sts_action_name(enum sts_action action);

/* The table itself.  Pure. */
enum sts_action sts_decide(enum sts_known_kind known, enum sts_txt txt,
    enum sts_doubt doubt);

enum sts_fetched { /* how a fetch ended */
	STS_FETCHED_POLICY,
	STS_FETCHED_FAILURE, /* theirs: HTTPS, certificate, bad policy */
	STS_FETCHED_LOCAL,   /* ours */
	STS_FETCHED_MAX
};
const char *sts_fetched_name(enum sts_fetched fetched);

/* What holds after a fetch; KEEP after POLICY means the new one.  Pure. */
enum sts_action sts_decide_fetched(enum sts_known_kind known,
    enum sts_fetched fetched);

#endif
