/* SPDX-License-Identifier: ISC */
/*
 * Making policies/ good again from the ledger, and the ledger from policies/.
 * For writers; locked against each other.
 */
#ifndef STS_RESTORE_H
#define STS_RESTORE_H

#include "state/ledger.h"

/*
 * Make what is missing of a state directory: the layout of a new one;
 * policies/ of one that has a ledger, from it; the ledger of one that has
 * policies, from them.
 */
STS_MUST_USE enum sts_rc sts_restore_layout(struct sts_dir *dir,
    struct sts_error *err);

/* The directory of DOMAIN, if it is missing. */
STS_MUST_USE enum sts_rc sts_restore_shard(struct sts_dir *dir,
    const char *domain, struct sts_error *err);

#endif
