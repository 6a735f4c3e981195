/* SPDX-License-Identifier: ISC */
/*
 * The state as a whole: opening it and looking a domain up, see state.h.
 * What changes it is in change.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "state/inside.h"
#include "state/restore.h"

#define SEE_EVERY 60 /* s between two records of a good clock */

static const char *const table_names[] = {
	[STS_TABLE_CHECKED] = "checked",
	[STS_TABLE_ABSENT] = "absent",
};

enum sts_rc
sts_state_open(const char *path, enum sts_dir_flags flags,
    struct sts_state **out, struct sts_error *err)
{
	struct sts_state *state = calloc(1, sizeof(*state));
	enum sts_rc rc;

	if (state == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	rc = sts_dir_open(path, flags, &state->dir, err);
	if (rc != STS_OK) {
		sts_state_free(state);
		return rc;
	}
	/* What cannot be made or restored now is found missing or damaged by
	 * each lookup that needs it. */
	if (sts_dir_writable(state->dir))
		(void)!sts_restore_layout(state->dir, NULL);
	*out = state;
	return STS_OK;
}

void
sts_state_free(struct sts_state *state)
{
	int i;

	if (state == NULL)
		return;
	for (i = 0; i < STS_TABLES; i++)
		sts_table_free(state->table[i]);
	sts_dir_free(state->dir);
	free(state);
}

struct sts_dir *
sts_state_dir(struct sts_state *state)
{
	return state->dir;
}

struct sts_table *
sts_state_table(struct sts_state *state, enum sts_table_name which)
{
	struct sts_table **table = &state->table[which];

	if (*table != NULL && sts_table_replaced(*table)) {
		sts_table_free(*table);
		*table = NULL;
	}
	if (*table == NULL &&
	    sts_table_open(state->dir, table_names[which], table, NULL) !=
		STS_OK)
		*table = NULL;
	return *table;
}

static void
peek(struct sts_state *state, enum sts_table_name which, const char *domain,
    struct sts_note *note)
{
	struct sts_table *table = sts_state_table(state, which);

	memset(note, 0, sizeof(*note));
	if (table != NULL)
		sts_table_peek(table, domain, note);
}

/* ---- the clock --------------------------------------------------------- */

/* The last good moment that is recorded anywhere. */
static bool
last_seen(struct sts_state *state, const struct sts_known *known,
    const struct sts_now *now, struct sts_now *seen)
{
	struct sts_table *table;
	int i;

	for (i = 0; i < STS_TABLES; i++) {
		table = sts_state_table(state, (enum sts_table_name)i);
		if (table != NULL && sts_table_seen(table, now, seen))
			return true;
	}
	if (known->entry == NULL)
		return false;
	*seen = known->entry->fetched;
	return true;
}

static void
record_good(struct sts_state *state, const struct sts_now *now)
{
	struct sts_table *table;
	int i;

	for (i = 0; i < STS_TABLES; i++) {
		table = sts_state_table(state, (enum sts_table_name)i);
		if (table != NULL)
			(void)!sts_table_see(table, now, NULL);
	}
}

static bool
clock_suspect(struct sts_state *state, const struct sts_known *known,
    const struct sts_now *now)
{
	struct sts_now seen;
	int64_t since;

	if (!last_seen(state, known, now, &seen)) {
		if (sts_dir_writable(state->dir))
			record_good(state, now);
		return false;
	}
	if (sts_clock_suspect(now, &seen))
		return true;
	since = now->wall - seen.wall;
	if (sts_dir_writable(state->dir) && (since < 0 || since >= SEE_EVERY))
		record_good(state, now);
	return false;
}

/* ---- looking up -------------------------------------------------------- */

/* The file cannot be read: make it good from the ledger. */
static enum sts_rc
repair(struct sts_state *state, const char *domain, const struct sts_now *now,
    struct sts_entry **entry, struct sts_error *err)
{
	struct sts_error why = *err;
	enum sts_rc rc;

	(void)!sts_restore_layout(state->dir, NULL);
	(void)!sts_restore_shard(state->dir, domain, NULL);
	rc = sts_policies_get(state->dir, domain, entry, err);
	if (rc == STS_OK || rc == STS_ENODATA)
		return rc;
	if (sts_ledger_find(state->dir, domain, entry, NULL) != STS_OK)
		return rc;
	/* From here on the policy is known, kept or not. */
	if (sts_policies_put(state->dir, *entry, NULL) == STS_OK)
		(void)!sts_ledger_add(state->dir, STS_LEDGER_RESTORED, domain,
		    *entry, now, why.text, NULL);
	return STS_OK;
}

static enum sts_rc
find_entry(struct sts_state *state, const char *domain,
    const struct sts_now *now, struct sts_entry **entry, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_policies_get(state->dir, domain, entry, err);
	if (rc != STS_OK && rc != STS_ENODATA && sts_dir_writable(state->dir))
		rc = repair(state, domain, now, entry, err);
	if (rc != STS_OK)
		*entry = NULL;
	return rc;
}

/* Notes and clock, as far as the judgement needs them. */
static void
judge(struct sts_state *state, const char *domain, const struct sts_now *now,
    struct sts_known *known)
{
	bool held = known->entry != NULL && known->entry->dropped == 0;
	bool old = known->entry != NULL && !held &&
		   now->wall - known->entry->dropped >= STS_EXPIRED_KEPT;

	if (old && sts_dir_writable(state->dir))
		(void)!sts_policies_remove(state->dir, domain, NULL);
	peek(state, held ? STS_TABLE_CHECKED : STS_TABLE_ABSENT, domain,
	    &known->note);
	sts_known_judge(known, now);
	if (held && known->fresh)
		return; /* the usual end, with nothing more to read */
	if (held)
		peek(state, STS_TABLE_ABSENT, domain, &known->failed);
	else
		known->failed = known->note;
	known->suspect = clock_suspect(state, known, now);
	sts_known_judge(known, now);
}

static void
damaged(struct sts_known *known, const struct sts_error *why)
{
	sts_known_clear(known);
	known->kind = STS_KNOWN_DAMAGED;
	known->answer = STS_ANSWER_DAMAGED;
	known->cause = STS_EDAMAGED;
	known->tlsrpt = true;
	(void)snprintf(known->reason, sizeof(known->reason), "%s", why->text);
}

static enum sts_rc
load(struct sts_state *state, const char *domain, const struct sts_now *now,
    struct sts_known *known, struct sts_error *err)
{
	enum sts_rc rc;

	rc = find_entry(state, domain, now, &known->entry, err);
	if (rc != STS_OK && rc != STS_ENODATA)
		return rc;
	judge(state, domain, now, known);
	return STS_OK;
}

void
sts_state_load(struct sts_state *state, const char *domain,
    const struct sts_now *now, struct sts_known *known)
{
	struct sts_error err = { STS_OK, 0, "" };
	enum sts_rc rc;

	memset(known, 0, sizeof(*known));
	rc = sts_dir_begin(state->dir, &err);
	if (rc == STS_OK) {
		rc = load(state, domain, now, known, &err);
		rc = sts_dir_end_after(state->dir, rc, &err);
	}
	if (rc != STS_OK)
		damaged(known, &err);
}
