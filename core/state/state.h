/* SPDX-License-Identifier: ISC */
/*
 * All of the state as one thing: what is known of a domain at a moment, and
 * the few transitions that change it.  Every reader and writer goes through
 * here, so the promises of the design's state section are kept in one place.
 */
#ifndef STS_STATE_H
#define STS_STATE_H

#include "state/absent.h"
#include "state/ledger.h"
#include "state/lease.h"
#include "state/mx.h"
#include "state/policies.h"

#define STS_GRACE        604800  /* s an expired policy still applies */
#define STS_EXPIRED_KEPT 2592000 /* s a dropped one is remembered */
#define STS_RECHECK_MIN  60
#define STS_RECHECK_MAX  3600
#define STS_RENEW_MAX    86400

enum sts_known_kind {      /* first axis of the resolver's DECIDE table */
	STS_KNOWN_NONE,    /* no policy, and nothing says why */
	STS_KNOWN_FRESH,   /* unexpired policy */
	STS_KNOWN_STALE,   /* unexpired policy, renewal is due */
	STS_KNOWN_EXPIRED, /* past its deadline, not yet let go */
	STS_KNOWN_DAMAGED,
	STS_KNOWN_MAX
};
const char *sts_known_name(enum sts_known_kind kind);

struct sts_known {
	enum sts_known_kind kind;
	enum sts_answer answer; /* what a verdict may rest on right now */
	bool fresh;             /* needs no one's confirmation now */
	bool suspect;           /* the clock is; policies then do not expire */
	bool backoff;           /* do not fetch yet */
	bool tlsrpt;            /* report record known; true when not known */
	enum sts_rc cause;      /* why UNKNOWN or DAMAGED */
	char reason[STS_ERROR_MAX]; /* why DAMAGED, "" otherwise */
	struct sts_entry *entry;    /* owned: FRESH, STALE, EXPIRED */
	struct sts_note note;   /* as found, may have run out: of the policy's
				  * last check, else of what is known instead */
	struct sts_note failed; /* the same of the last failed fetch */
	int64_t recent_expiry;  /* of a policy let go lately, or 0 */
};

struct sts_state;

/*
 * Open the state below PATH.  Readable only: what is missing is missing.
 * With STS_DIR_WRITE a new, empty directory gets its layout, and a layout
 * that is damaged while a ledger exists is restored from it.
 */
STS_MUST_USE enum sts_rc sts_state_open(const char *path,
    enum sts_dir_flags flags, struct sts_state **state, struct sts_error *err);
void sts_state_free(struct sts_state *state);
struct sts_dir *sts_state_dir(struct sts_state *state);

/*
 * What is known of DOMAIN; a glance at the clock will do.  Always fills KNOWN
 * (sts_known_clear() it); the worst is answer DAMAGED.  A writer restores a damaged file first.
 */
void sts_state_load(struct sts_state *state, const char *domain,
    const struct sts_now *now, struct sts_known *known);
void sts_known_clear(struct sts_known *known);

/* Pure: kind, answer, fresh, backoff from entry (owned by KNOWN; one that was
 * let go is freed), both notes and suspect. */
void sts_known_judge(struct sts_known *known, const struct sts_now *now);

/*
 * A policy was served: ledger, file, notes, in the order that a crash at any
 * point leaves old or new.  max_age 0 removes the old one (RFC 8461, 3.2).
 */
STS_MUST_USE enum sts_rc sts_state_learn(struct sts_state *state,
    const struct sts_entry *entry, const struct sts_known *before,
    const struct sts_now *now, struct sts_error *err);

/*
 * The same for a policy that somebody else fetched: nobody has seen the
 * record, so it is asked for.  That it weakens nothing is the caller's to see.
 */
STS_MUST_USE enum sts_rc sts_state_import(struct sts_state *state,
    const struct sts_entry *entry, const struct sts_known *before,
    const struct sts_now *now, struct sts_error *err);

/* TXT seen with the id of the policy: fresh for TTL seconds (clamped). */
STS_MUST_USE enum sts_rc sts_state_confirm(struct sts_state *state,
    const char *domain, const char *id, bool tlsrpt, uint32_t ttl,
    const struct sts_now *now, struct sts_error *err);

/* An authoritative "no record".  Lets an expired policy go. */
STS_MUST_USE enum sts_rc sts_state_absent(struct sts_state *state,
    const struct sts_known *before, const char *domain, bool tlsrpt,
    uint32_t ttl, const struct sts_now *now, struct sts_error *err);

/* TXT seen while the back-off runs, which ends when it would have: fresh for
 * a minute. */
STS_MUST_USE enum sts_rc sts_state_rechecked(struct sts_state *state,
    const struct sts_known *before, const char *domain,
    const struct sts_now *now, struct sts_error *err);

/* DNS could not tell: 30 s doubling to 5 min where nothing is known, a minute
 * where a policy is. */
STS_MUST_USE enum sts_rc sts_state_unresolved(struct sts_state *state,
    const struct sts_known *before, const char *domain,
    const struct sts_now *now, struct sts_error *err);

/* Fetch failed: 5 min doubling to 1 h; to the ledger if a policy is kept. */
STS_MUST_USE enum sts_rc sts_state_unfetched(struct sts_state *state,
    const struct sts_known *before, const char *domain, const char *id,
    bool tlsrpt, const char *reason, const struct sts_now *now,
    struct sts_error *err);

/* The TXT record of a kept policy is gone or malformed: ledger, once. */
STS_MUST_USE enum sts_rc sts_state_vanished(struct sts_state *state,
    const struct sts_known *before, const char *domain, bool tlsrpt,
    uint32_t ttl, const char *reason, const struct sts_now *now,
    struct sts_error *err);

/*
 * A delivery failed by policy: the domain is not fresh (RFC 8461, 5; at most
 * one re-check in 60 s).  For adapters; needs only a readable open.
 */
STS_MUST_USE enum sts_rc sts_state_distrust(struct sts_state *state,
    const char *domain, const struct sts_now *now, struct sts_error *err);

/* The operator's "cache drop". */
STS_MUST_USE enum sts_rc sts_state_drop(struct sts_state *state,
    const char *domain, const struct sts_now *now, struct sts_error *err);

/* Is the wall clock implausible?  Then nothing may be let go for its age. */
bool sts_state_suspect(struct sts_state *state, const struct sts_now *now);

/* Is a fetch allowed under ID though the back-off runs?  A changed id may
 * once per back-off (RFC 8461, 3.3). */
bool sts_known_may_fetch(const struct sts_known *known, const char *id);

#endif
