/* SPDX-License-Identifier: ISC */
/*
 * The transitions of the state, see state.h.  Order within each: the ledger,
 * then the policy file, then notes, so that a crash leaves the old policy or
 * the new one.  A note that cannot be kept costs a question to DNS.
 */
#include <string.h>

#include "state/inside.h"

#define EXPIRED_NEGATIVE_MAX 300 /* s, where a policy expired lately */
#define UNRESOLVED_FIRST     30
#define UNRESOLVED_MAX       300
#define UNFETCHED_FIRST      300
#define UNFETCHED_MAX        3600
#define FAILURES_MAX         15
#define FORGIVEN_AFTER       3600 /* s behind its end a row is at an end */

static unsigned
clamp(uint32_t ttl)
{
	if (ttl < STS_RECHECK_MIN)
		return STS_RECHECK_MIN;
	return ttl > STS_RECHECK_MAX ? STS_RECHECK_MAX : ttl;
}

static enum sts_rc
put_note(struct sts_state *state, enum sts_table_name which, const char *domain,
    const struct sts_now *now, struct sts_note *note, struct sts_error *err)
{
	struct sts_table *table = sts_state_table(state, which);

	if (table == NULL)
		return sts_error_set(err, STS_ESPACE, "no table for notes");
	return sts_table_put(table, domain, now->wall, note, err);
}

static void
forget(struct sts_state *state, enum sts_table_name which, const char *domain,
    const struct sts_now *now)
{
	struct sts_note nothing = { .kind = STS_NOTE_NOTHING };

	(void)!put_note(state, which, domain, now, &nothing, NULL);
}

/* ID is NULL when the record is gone. */
static enum sts_rc
put_confirmed(struct sts_state *state, const char *domain, const char *id,
    bool tlsrpt, unsigned life, const struct sts_now *now,
    struct sts_error *err)
{
	struct sts_note note = {
		.kind = STS_NOTE_CONFIRMED,
		.life = life,
		.tlsrpt = tlsrpt,
		.id_hash = id == NULL ? 0 : sts_note_id_hash(id),
	};

	return put_note(state, STS_TABLE_CHECKED, domain, now, &note, err);
}

/* How many failures of NOTE's kind came in a row before this one. */
static unsigned
in_a_row(const struct sts_note *note, enum sts_note_kind kind, int64_t wall)
{
	if (note->kind != kind || wall - note->until > FORGIVEN_AFTER)
		return 0;
	return note->failures < FAILURES_MAX ? note->failures + 1
					     : FAILURES_MAX;
}

static unsigned
doubled(unsigned first, unsigned failures, unsigned max)
{
	unsigned life = first << failures;

	return life > max ? max : life;
}

/* ---- a policy ---------------------------------------------------------- */

/* Out of the ledger's living, the directory and the tables. */
static enum sts_rc
let_go(struct sts_state *state, enum sts_ledger_event event, const char *domain,
    const struct sts_known *before, const struct sts_now *now,
    const char *reason, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_ledger_add(state->dir, event, domain,
	    before == NULL ? NULL : before->entry, now, reason, err);
	if (rc == STS_OK)
		rc = sts_policies_remove(state->dir, domain, err);
	if (rc != STS_OK)
		return rc;
	forget(state, STS_TABLE_CHECKED, domain, now);
	forget(state, STS_TABLE_ABSENT, domain, now);
	(void)!sts_mx_remove(state->dir, domain, NULL);
	return STS_OK;
}

static enum sts_ledger_event
learning(const struct sts_entry *entry, const struct sts_known *before)
{
	const struct sts_policy *new = entry->policy, *old;

	if (before->kind == STS_KNOWN_DAMAGED)
		return STS_LEDGER_CHANGED;
	if (before->entry == NULL)
		return STS_LEDGER_LEARNED;
	old = before->entry->policy;
	if (old->text_len == new->text_len &&
	    memcmp(old->text, new->text, new->text_len) == 0)
		return STS_LEDGER_RENEWED;
	return STS_LEDGER_CHANGED;
}

static enum sts_rc
keep(struct sts_state *state, const struct sts_entry *entry,
    const struct sts_known *before, const struct sts_now *now,
    const char *reason, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_ledger_add(state->dir, learning(entry, before), entry->domain,
	    entry, now, reason, err);
	if (rc == STS_OK)
		rc = sts_policies_put(state->dir, entry, err);
	if (rc == STS_OK)
		forget(state, STS_TABLE_ABSENT, entry->domain, now);
	return rc;
}

enum sts_rc
sts_state_learn(struct sts_state *state, const struct sts_entry *entry,
    const struct sts_known *before, const struct sts_now *now,
    struct sts_error *err)
{
	const char *domain = entry->domain;
	enum sts_rc rc;

	if (entry->policy->max_age == 0)
		return let_go(state, STS_LEDGER_WITHDRAWN, domain, before, now,
		    "max_age 0", err);
	rc = keep(state, entry, before, now, NULL, err);
	if (rc == STS_OK)
		(void)!put_confirmed(state, domain, entry->id, before->tlsrpt,
		    STS_RECHECK_MIN, now, NULL);
	return rc;
}

enum sts_rc
sts_state_import(struct sts_state *state, const struct sts_entry *entry,
    const struct sts_known *before, const struct sts_now *now,
    struct sts_error *err)
{
	enum sts_rc rc;

	rc = keep(state, entry, before, now, "imported", err);
	if (rc == STS_OK)
		forget(state, STS_TABLE_CHECKED, entry->domain, now);
	return rc;
}

enum sts_rc
sts_state_confirm(struct sts_state *state, const char *domain, const char *id,
    bool tlsrpt, uint32_t ttl, const struct sts_now *now, struct sts_error *err)
{
	return put_confirmed(state, domain, id, tlsrpt, clamp(ttl), now, err);
}

enum sts_rc
sts_state_rechecked(struct sts_state *state, const struct sts_known *before,
    const char *domain, const struct sts_now *now, struct sts_error *err)
{
	struct sts_note note = before->failed;

	if (before->entry != NULL)
		return put_confirmed(state, domain, before->entry->id,
		    before->tlsrpt, STS_RECHECK_MIN, now, err);
	if (!before->backoff)
		return STS_OK;
	/* The same end, written now. */
	note.life = (unsigned)(note.until - now->wall);
	return put_note(state, STS_TABLE_ABSENT, domain, now, &note, err);
}

enum sts_rc
sts_state_vanished(struct sts_state *state, const struct sts_known *before,
    const char *domain, bool tlsrpt, uint32_t ttl, const char *reason,
    const struct sts_now *now, struct sts_error *err)
{
	bool told = before->note.kind == STS_NOTE_CONFIRMED &&
		    before->note.id_hash == 0;
	enum sts_rc rc = STS_OK;

	if (!told)
		rc = sts_ledger_add(state->dir, STS_LEDGER_VANISHED, domain,
		    before->entry, now, reason, err);
	if (rc != STS_OK)
		return rc;
	return put_confirmed(state, domain, NULL, tlsrpt, clamp(ttl), now, err);
}

/* ---- no policy --------------------------------------------------------- */

/* It stays in its file, marked, so that negative answers are held shorter. */
static enum sts_rc
expire(struct sts_state *state, const struct sts_entry *entry,
    const struct sts_now *now, struct sts_error *err)
{
	struct sts_entry marked = *entry;
	enum sts_rc rc;

	marked.dropped = now->wall;
	rc = sts_ledger_add(state->dir, STS_LEDGER_EXPIRED, entry->domain,
	    entry, now, "no record", err);
	if (rc == STS_OK)
		rc = sts_policies_put(state->dir, &marked, err);
	if (rc == STS_OK)
		forget(state, STS_TABLE_CHECKED, entry->domain, now);
	return rc;
}

enum sts_rc
sts_state_absent(struct sts_state *state, const struct sts_known *before,
    const char *domain, bool tlsrpt, uint32_t ttl, const struct sts_now *now,
    struct sts_error *err)
{
	struct sts_note note = {
		.kind = STS_NOTE_ABSENT,
		.life = clamp(ttl),
		.tlsrpt = tlsrpt,
	};
	enum sts_rc rc = STS_OK;

	if (before->kind == STS_KNOWN_DAMAGED)
		rc = let_go(state, STS_LEDGER_EXPIRED, domain, before, now,
		    "damaged, and no record", err);
	else if (before->kind == STS_KNOWN_EXPIRED)
		rc = expire(state, before->entry, now, err);
	else if (before->entry != NULL)
		return sts_error_set(err, STS_EUSAGE,
		    "%s: its policy has not expired", domain);
	if (rc != STS_OK)
		return rc;
	if ((before->recent_expiry != 0 || before->kind == STS_KNOWN_EXPIRED) &&
	    note.life > EXPIRED_NEGATIVE_MAX)
		note.life = EXPIRED_NEGATIVE_MAX;
	return put_note(state, STS_TABLE_ABSENT, domain, now, &note, err);
}

enum sts_rc
sts_state_unresolved(struct sts_state *state, const struct sts_known *before,
    const char *domain, const struct sts_now *now, struct sts_error *err)
{
	struct sts_note note = {
		.kind = STS_NOTE_UNRESOLVED,
		.tlsrpt = before->tlsrpt,
	};

	/* A policy stands; not every delivery need wait for DNS to fail. */
	if (before->kind == STS_KNOWN_FRESH)
		return put_confirmed(state, domain, before->entry->id,
		    before->tlsrpt, STS_RECHECK_MIN, now, err);
	if (before->entry != NULL || before->kind == STS_KNOWN_DAMAGED)
		return STS_OK;
	note.failures = in_a_row(&before->note, note.kind, now->wall);
	note.life = doubled(UNRESOLVED_FIRST, note.failures, UNRESOLVED_MAX);
	return put_note(state, STS_TABLE_ABSENT, domain, now, &note, err);
}

enum sts_rc
sts_state_unfetched(struct sts_state *state, const struct sts_known *before,
    const char *domain, const char *id, bool tlsrpt, const char *reason,
    const struct sts_now *now, struct sts_error *err)
{
	struct sts_note note = {
		.kind = STS_NOTE_UNFETCHED,
		.tlsrpt = tlsrpt,
		.id_hash = sts_note_id_hash(id),
		.skipped = before->backoff,
	};
	enum sts_rc rc = STS_OK;

	note.failures = in_a_row(&before->failed, note.kind, now->wall);
	note.life = doubled(UNFETCHED_FIRST, note.failures, UNFETCHED_MAX);
	if (before->entry != NULL) {
		rc = sts_ledger_add(state->dir, STS_LEDGER_FAILED, domain,
		    before->entry, now, reason, err);
		(void)!sts_state_rechecked(state, before, domain, now, NULL);
	}
	if (rc != STS_OK)
		return rc;
	return put_note(state, STS_TABLE_ABSENT, domain, now, &note, err);
}

/* ---- from outside ------------------------------------------------------ */

enum sts_rc
sts_state_distrust(struct sts_state *state, const char *domain,
    const struct sts_now *now, struct sts_error *err)
{
	struct sts_table *table = sts_state_table(state, STS_TABLE_CHECKED);
	struct sts_note note;
	int64_t age;

	if (table == NULL)
		return STS_OK; /* nothing is fresh without it */
	sts_table_get(table, domain, now->wall, &note);
	if (note.kind != STS_NOTE_CONFIRMED ||
	    note.until - now->wall <= STS_RECHECK_MIN)
		return STS_OK; /* not fresh, or soon no longer */
	age = now->wall - (note.until - (int64_t)note.life);
	if (age < STS_RECHECK_MIN) { /* it has just been checked */
		note.life = (unsigned)(STS_RECHECK_MIN - age);
	} else {
		note.kind = STS_NOTE_DISTRUSTED;
		note.life = STS_RECHECK_MAX;
	}
	return sts_table_put(table, domain, now->wall, &note, err);
}

enum sts_rc
sts_state_drop(struct sts_state *state, const char *domain,
    const struct sts_now *now, struct sts_error *err)
{
	return let_go(state, STS_LEDGER_DROPPED, domain, NULL, now,
	    "by the operator", err);
}
