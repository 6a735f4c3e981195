/* SPDX-License-Identifier: ISC */
/*
 * What is known of a domain, judged from its policy file and notes.  Pure.
 * Nothing that a wrong clock can bring about makes a policy weaker: time may
 * make it stale, and only time past its deadline makes it expire.
 */
#include <string.h>

#include "base/siphash.h"
#include "state/state.h"

#define SPREAD_BASE 75 /* percent of the renewal's time at least ... */
#define SPREAD      51 /* ... and so many more at most, less one */

static const char *const known_names[] = {
	[STS_KNOWN_NONE] = "none",
	[STS_KNOWN_FRESH] = "fresh",
	[STS_KNOWN_STALE] = "stale",
	[STS_KNOWN_EXPIRED] = "expired",
	[STS_KNOWN_DAMAGED] = "damaged",
};
_Static_assert(sizeof(known_names) / sizeof(known_names[0]) == STS_KNOWN_MAX,
    "known_names matches enum sts_known_kind");

const char *
sts_known_name(enum sts_known_kind kind)
{
	if ((unsigned)kind >= STS_KNOWN_MAX)
		return "unknown";
	return known_names[kind];
}

void
sts_known_clear(struct sts_known *known)
{
	sts_entry_free(known->entry);
	memset(known, 0, sizeof(*known));
}

/* Renewal is due about daily whatever DNS says (RFC 8461, 3.3 and 10.2),
 * spread so that domains learned together are not renewed together. */
static bool
renewal_due(const struct sts_entry *entry, int64_t wall)
{
	int64_t age = wall - entry->fetched.wall;
	int64_t after = entry->policy->max_age / 2;
	uint64_t sum = sts_checksum(entry->domain, strlen(entry->domain));

	if (after > STS_RENEW_MAX)
		after = STS_RENEW_MAX;
	after = after * (int64_t)(SPREAD_BASE + sum % SPREAD) / 100;
	return age < 0 || age >= after;
}

/* Was the record seen lately, with the id of this policy or gone? */
static bool
confirmed(const struct sts_known *known, int64_t wall)
{
	const struct sts_note *note = &known->note;

	return note->kind == STS_NOTE_CONFIRMED && sts_note_runs(note, wall) &&
	       (note->id_hash == 0 ||
		   note->id_hash == sts_note_id_hash(known->entry->id));
}

static void
judge_policy(struct sts_known *known, int64_t wall)
{
	const struct sts_entry *entry = known->entry;
	bool expired = entry->expires <= wall;
	bool due = expired || renewal_due(entry, wall);

	known->answer = STS_ANSWER_POLICY;
	if (expired && !known->suspect) {
		known->kind = STS_KNOWN_EXPIRED;
		if (wall - entry->expires >= STS_GRACE) {
			known->answer = STS_ANSWER_UNKNOWN;
			known->cause = STS_ELOCAL;
		}
		return;
	}
	known->kind = due ? STS_KNOWN_STALE : STS_KNOWN_FRESH;
	/* A renewal that may not be tried yet is nothing to ask for. */
	known->fresh = confirmed(known, wall) && !known->suspect &&
		       (!due || known->backoff);
}

/* Seconds since NOTE, which runs, was written. */
static int64_t
note_age(const struct sts_note *note, int64_t wall)
{
	return wall - (note->until - (int64_t)note->life);
}

/* No policy: what the note says, or that nobody has asked. */
static void
judge_note(struct sts_known *known, int64_t wall)
{
	enum sts_note_kind kind = known->failed.kind;

	if (!sts_note_runs(&known->failed, wall))
		kind = STS_NOTE_NOTHING;
	known->kind = STS_KNOWN_NONE;
	known->answer = STS_ANSWER_UNKNOWN;
	known->cause = STS_ELOCAL;
	/* RFC 8461, 3.3: a policy that cannot be fetched is as none, but a
	 * new id may end the waiting, so the record is looked at. */
	if (kind == STS_NOTE_ABSENT || kind == STS_NOTE_UNFETCHED) {
		known->answer = STS_ANSWER_NONE;
		known->cause = STS_OK;
		known->fresh = kind == STS_NOTE_ABSENT ||
			       note_age(&known->note, wall) < STS_RECHECK_MIN;
	} else if (kind == STS_NOTE_UNRESOLVED) {
		known->cause = STS_EDNS;
		known->fresh = true;
	}
}

void
sts_known_judge(struct sts_known *known, const struct sts_now *now)
{
	int64_t wall = now->wall;

	if (known->entry != NULL && known->entry->dropped != 0) {
		if (wall - known->entry->expires < STS_EXPIRED_KEPT)
			known->recent_expiry = known->entry->expires;
		sts_entry_free(known->entry);
		known->entry = NULL;
	}
	known->fresh = false;
	known->cause = STS_OK;
	known->backoff = known->failed.kind == STS_NOTE_UNFETCHED &&
			 sts_note_runs(&known->failed, wall);
	known->tlsrpt =
	    known->note.kind == STS_NOTE_NOTHING || known->note.tlsrpt;
	if (known->entry != NULL)
		judge_policy(known, wall);
	else
		judge_note(known, wall);
}

bool
sts_known_may_fetch(const struct sts_known *known, const char *id)
{
	return !known->backoff ||
	       (!known->failed.skipped &&
		   known->failed.id_hash != sts_note_id_hash(id));
}
