/* SPDX-License-Identifier: ISC */
/*
 * How far the wall clock is trusted, see inside.h.  Two moments are kept, in
 * both tables since either may be lost: the last good one, and the first of
 * a doubtful time.  To believe any time after long uptime would not do: the
 * jump may have been a moment ago.
 */
#include <string.h>

#include "state/inside.h"

#define SEE_EVERY     60          /* s between two records of a good clock */
#define BELIEVE_AFTER (7 * 86400) /* s */

static void
save(struct sts_state *state, enum sts_moment moment)
{
	struct sts_table *table;
	int i;

	if (state->moment[moment].boot_id[0] == '\0')
		return;
	for (i = 0; i < STS_TABLES; i++) {
		table = sts_state_table(state, (enum sts_table_name)i);
		if (table == NULL ||
		    sts_table_see(table, moment, &state->moment[moment],
			NULL) != STS_OK)
			state->unsaved = true;
	}
}

void
sts_state_save_clock(struct sts_state *state)
{
	if (!sts_dir_writable(state->dir))
		return;
	state->unsaved = false;
	save(state, STS_MOMENT_GOOD);
	save(state, STS_MOMENT_CLAIM);
}

static void
remember(struct sts_state *state, enum sts_moment moment,
    const struct sts_now *now)
{
	state->moment[moment] = *now;
	sts_state_save_clock(state);
}

static bool
recall(struct sts_state *state, enum sts_moment moment,
    const struct sts_now *now, struct sts_now *seen)
{
	struct sts_table *table;
	int i;

	*seen = state->moment[moment];
	if (seen->boot_id[0] != '\0')
		return true;
	for (i = 0; i < STS_TABLES; i++) {
		table = sts_state_table(state, (enum sts_table_name)i);
		if (table == NULL || !sts_table_seen(table, moment, now, seen))
			continue;
		state->moment[moment] = *seen;
		return true;
	}
	return false;
}

/* A doubtful time: since when is it told without another jump? */
static bool
believed(struct sts_state *state, const struct sts_now *now)
{
	struct sts_now claim;

	if (recall(state, STS_MOMENT_CLAIM, now, &claim) &&
	    sts_clock_agrees(now, &claim))
		return now->boot - claim.boot >= BELIEVE_AFTER;
	remember(state, STS_MOMENT_CLAIM, now);
	return false;
}

/* The good time goes on: what was claimed meanwhile is over. */
static void
remember_good(struct sts_state *state, const struct sts_now *now)
{
	state->moment[STS_MOMENT_CLAIM] = *now;
	remember(state, STS_MOMENT_GOOD, now);
}

bool
sts_state_clock_suspect(struct sts_state *state, const struct sts_entry *entry,
    const struct sts_now *glance)
{
	struct sts_now now = *glance, seen;
	bool known, doubtful;
	int64_t since;

	sts_clock_complete(&now);
	if (state->unsaved) /* of a full disk, or for a table made anew */
		sts_state_save_clock(state);
	known = recall(state, STS_MOMENT_GOOD, &now, &seen);
	if (!known && entry == NULL)
		return false; /* and nothing that could expire */
	/* Both tables are new, or lost: a policy fetched in this boot vouches
	 * for its time, an older one for nothing. */
	if (!known)
		seen = entry->fetched;
	doubtful = known ? sts_clock_suspect(&now, &seen)
			 : !sts_clock_agrees(&now, &seen);
	if (doubtful && !believed(state, &now))
		return true;
	since = now.wall - seen.wall;
	if (since < 0 || since >= SEE_EVERY ||
	    state->moment[STS_MOMENT_CLAIM].boot != seen.boot)
		remember_good(state, &now);
	return false;
}

bool
sts_state_suspect(struct sts_state *state, const struct sts_now *now)
{
	return sts_state_clock_suspect(state, NULL, now);
}
