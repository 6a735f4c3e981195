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
	struct sts_table *table[STS_TABLES]; /* NULL: not there yet */
};

/* Opened when it is first needed, again when it was made anew; NULL when
 * there is none. */
struct sts_table *sts_state_table(struct sts_state *state,
    enum sts_table_name which);

#endif
