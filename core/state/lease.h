/* SPDX-License-Identifier: ISC */
/*
 * leases/: who is fetching what.  A lease is a lock that the kernel drops
 * with its holder, on a file that names pid, boot id and boottime deadline;
 * one past its deadline is void even if its holder hangs.  Never held over a
 * verdict that the state can give.
 */
#ifndef STS_LEASE_H
#define STS_LEASE_H

#include "base/clock.h"
#include "state/dir.h"

struct sts_lease;

/* Never blocks.  STS_EBUSY with the holder's pid in ERR's text. */
STS_MUST_USE enum sts_rc sts_lease_take(struct sts_dir *dir, const char *domain,
    const struct sts_now *now, int64_t seconds, struct sts_lease **lease,
    struct sts_error *err);
void sts_lease_free(struct sts_lease *lease); /* gives it back */

#endif
