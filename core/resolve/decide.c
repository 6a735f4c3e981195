/* SPDX-License-Identifier: ISC */
/*
 * The decision tables, see decide.h.  The rule behind every cell: nothing
 * that a fault can bring about may give a weaker verdict than an unexpired
 * policy that we hold (RFC 8461, 3.3 and 10.2).
 */
#include "resolve/decide.h"

#define KEEP    STS_ACTION_KEEP
#define FETCH   STS_ACTION_FETCH
#define NOPOL   STS_ACTION_NO_POLICY
#define UNKNOWN STS_ACTION_UNKNOWN
#define DEFER   STS_ACTION_DEFER

/* clang-format off */
/* Columns: no doubt, back-off, suspect clock, both. */
static const unsigned char decide[STS_KNOWN_MAX][STS_TXT_MAX][STS_DOUBT_MAX] = {
	/* Nothing held: what DNS says counts (RFC 8461, 3.1 and 3.3). */
	[STS_KNOWN_NONE] = {
		[STS_TXT_NONE]	  = { NOPOL,   NOPOL,   NOPOL,   NOPOL },
		[STS_TXT_SAME]	  = { FETCH,   NOPOL,   FETCH,   NOPOL },
		[STS_TXT_CHANGED] = { FETCH,   NOPOL,   FETCH,   NOPOL },
		[STS_TXT_INVALID] = { NOPOL,   NOPOL,   NOPOL,   NOPOL },
		[STS_TXT_FAILURE] = { UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN },
		[STS_TXT_LOCAL]	  = { DEFER,   DEFER,   DEFER,   DEFER },
	},
	/* Only a new id is a reason to fetch; a vanished record is none. */
	[STS_KNOWN_FRESH] = {
		[STS_TXT_NONE]	  = { KEEP,    KEEP,    KEEP,    KEEP },
		[STS_TXT_SAME]	  = { KEEP,    KEEP,    KEEP,    KEEP },
		[STS_TXT_CHANGED] = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_INVALID] = { KEEP,    KEEP,    KEEP,    KEEP },
		[STS_TXT_FAILURE] = { KEEP,    KEEP,    KEEP,    KEEP },
		[STS_TXT_LOCAL]	  = { KEEP,    KEEP,    KEEP,    KEEP },
	},
	/* Renewal is due whatever the record says (RFC 8461, 10.2). */
	[STS_KNOWN_STALE] = {
		[STS_TXT_NONE]	  = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_SAME]	  = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_CHANGED] = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_INVALID] = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_FAILURE] = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_LOCAL]	  = { KEEP,    KEEP,    KEEP,    KEEP },
	},
	/* Let go only upon a definite answer, and never by a wrong clock. */
	[STS_KNOWN_EXPIRED] = {
		[STS_TXT_NONE]	  = { NOPOL,   NOPOL,   KEEP,    KEEP },
		[STS_TXT_SAME]	  = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_CHANGED] = { FETCH,   KEEP,    FETCH,   KEEP },
		[STS_TXT_INVALID] = { KEEP,    KEEP,    KEEP,    KEEP },
		[STS_TXT_FAILURE] = { KEEP,    KEEP,    KEEP,    KEEP },
		[STS_TXT_LOCAL]	  = { KEEP,    KEEP,    KEEP,    KEEP },
	},
	/* Something was held and cannot be read: only a definite live answer
	 * ends the deferral. */
	[STS_KNOWN_DAMAGED] = {
		[STS_TXT_NONE]	  = { NOPOL,   NOPOL,   NOPOL,   NOPOL },
		[STS_TXT_SAME]	  = { FETCH,   DEFER,   FETCH,   DEFER },
		[STS_TXT_CHANGED] = { FETCH,   DEFER,   FETCH,   DEFER },
		[STS_TXT_INVALID] = { DEFER,   DEFER,   DEFER,   DEFER },
		[STS_TXT_FAILURE] = { DEFER,   DEFER,   DEFER,   DEFER },
		[STS_TXT_LOCAL]	  = { DEFER,   DEFER,   DEFER,   DEFER },
	},
};

/* Columns: policy, their failure, our fault.  RFC 8461, 3.3: a record
 * without a policy that can be fetched is as no record. */
static const unsigned char fetched_table[STS_KNOWN_MAX][STS_FETCHED_MAX] = {
	[STS_KNOWN_NONE]    = { KEEP, NOPOL, DEFER },
	[STS_KNOWN_FRESH]   = { KEEP, KEEP,  KEEP },
	[STS_KNOWN_STALE]   = { KEEP, KEEP,  KEEP },
	[STS_KNOWN_EXPIRED] = { KEEP, KEEP,  KEEP },
	[STS_KNOWN_DAMAGED] = { KEEP, DEFER, DEFER },
};
/* clang-format on */

static const char *const txt_names[] = {
	[STS_TXT_NONE] = "none",
	[STS_TXT_SAME] = "same",
	[STS_TXT_CHANGED] = "changed",
	[STS_TXT_INVALID] = "invalid",
	[STS_TXT_FAILURE] = "dns-failure",
	[STS_TXT_LOCAL] = "local-fault",
};
static const char *const doubt_names[] = {
	[STS_DOUBT_NONE] = "none",
	[STS_DOUBT_BACKOFF] = "back-off",
	[STS_DOUBT_SUSPECT] = "clock",
	[STS_DOUBT_BOTH] = "back-off+clock",
};
static const char *const action_names[] = {
	[STS_ACTION_KEEP] = "keep",
	[STS_ACTION_FETCH] = "fetch",
	[STS_ACTION_NO_POLICY] = "no-policy",
	[STS_ACTION_UNKNOWN] = "unknown",
	[STS_ACTION_DEFER] = "defer",
};
static const char *const fetched_names[] = {
	[STS_FETCHED_POLICY] = "policy",
	[STS_FETCHED_FAILURE] = "failure",
	[STS_FETCHED_LOCAL] = "local-fault",
};
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
_Static_assert(COUNT(txt_names) == STS_TXT_MAX, "names of enum sts_txt");
_Static_assert(COUNT(doubt_names) == STS_DOUBT_MAX, "names of enum sts_doubt");
_Static_assert(COUNT(action_names) == STS_ACTION_MAX,
    "names of enum sts_action");
_Static_assert(COUNT(fetched_names) == STS_FETCHED_MAX,
    "names of enum sts_fetched");

const char *
sts_txt_name(enum sts_txt txt)
{
	return txt_names[txt];
}

const char *
sts_doubt_name(enum sts_doubt doubt)
{
	return doubt_names[doubt];
}

const char *
sts_action_name(enum sts_action action)
{
	return action_names[action];
}

const char *
sts_fetched_name(enum sts_fetched fetched)
{
	return fetched_names[fetched];
}

enum sts_action
sts_decide(enum sts_known_kind known, enum sts_txt txt, enum sts_doubt doubt)
{
	return decide[known][txt][doubt];
}

enum sts_action
sts_decide_fetched(enum sts_known_kind known, enum sts_fetched fetched)
{
	return fetched_table[known][fetched];
}
