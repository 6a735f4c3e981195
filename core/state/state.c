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

static const char *const table_names[] = {
	[STS_TABLE_CHECKED] = "checked",
	[STS_TABLE_ABSENT] = "absent",
};

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
	if (*table != NULL)
		return *table;
	if (sts_table_open(state->dir, table_names[which], table, NULL) !=
	    STS_OK)
		*table = NULL;
	state->unsaved = true; /* what the new one may not know */
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

/* ---- opening ----------------------------------------------------------- */

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
	if (state->dir != NULL) /* a table may have been lost since */
		sts_state_save_clock(state);
	for (i = 0; i < STS_TABLES; i++)
		sts_table_free(state->table[i]);
	sts_dir_free(state->dir);
	free(state);
}

/* ---- looking up -------------------------------------------------------- */

/* What the ledger says in place of a damaged file; RC if it cannot tell. */
static enum sts_rc
consult_ledger(struct sts_state *state, const char *domain,
    const struct sts_now *now, enum sts_rc rc, struct sts_entry **entry,
    const struct sts_error *why)
{
	struct sts_ledger_sum sum;

	if (sts_ledger_sum_of(state->dir, domain, &sum, NULL) != STS_OK)
		return rc;
	if (sum.doubt || (sum.entry == NULL && !sum.ended)) {
		sts_entry_free(sum.entry);
		return rc;
	}
	if (sum.entry == NULL) { /* of one that was let go nothing matters */
		(void)!sts_policies_remove(state->dir, domain, NULL);
		return STS_ENODATA;
	}
	/* From here on the policy is known, kept or not. */
	if (sts_policies_put(state->dir, sum.entry, NULL) == STS_OK)
		(void)!sts_ledger_add(state->dir, STS_LEDGER_RESTORED, domain,
		    sum.entry, now, why->text, NULL);
	*entry = sum.entry;
	return STS_OK;
}

/* The file cannot be read: make it good from the ledger. */
static enum sts_rc
repair(struct sts_state *state, const char *domain, const struct sts_now *now,
    struct sts_entry **entry, struct sts_error *err)
{
	enum sts_rc rc;

	(void)!sts_restore_layout(state->dir, NULL);
	(void)!sts_restore_shard(state->dir, domain, NULL);
	rc = sts_policies_get(state->dir, domain, entry, err);
	if (rc == STS_OK || rc == STS_ENODATA)
		return rc;
	return consult_ledger(state, domain, now, rc, entry, err);
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
	known->suspect = sts_state_clock_suspect(state, known->entry, now);
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
