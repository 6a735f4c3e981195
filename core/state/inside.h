/* SPDX-License-Identifier: ISC */
/*
 * What state.c and change.c share and nobody else sees.
 */
#ifndef STS_STATE_INSIDE_H
#define STS_STATE_INSIDE_H

#include "state/state.h"

enum sts_table_name {
	STS_TABLE_CHECKED, /* of domains with a policy: when it was checked */
	STS_TABLE_ABSENT,  /* of those without; and every failed fetch */
	STS_TABLES
};

struct sts_state {
	struct sts_dir *dir;
	struct sts_table *table[STS_TABLES];   /* NULL: not there yet */
	struct sts_now moment[STS_MOMENT_MAX]; /* boot_id "": none yet */
	bool unsaved; /* a table could not take one of them */
};

/* Opened when it is first needed, again when it was made anew; NULL when
 * there is none. */
struct sts_table *sts_state_table(struct sts_state *state,
    enum sts_table_name which);

/*
 * Is the wall clock implausible?  A time that is, and goes on for a week
 * without another jump, is believed.  ENTRY may be NULL.
 */
bool sts_state_clock_suspect(struct sts_state *state,
    const struct sts_entry *entry, const struct sts_now *now);

/* Write down what is remembered of the clock. */
void sts_state_save_clock(struct sts_state *state);

#endif
