/* SPDX-License-Identifier: ISC */
/*
 * "probed": what probes of MX hosts lately found, so that no host is probed
 * more often than once in STS_PROBED_FOR at an address, by whatever process.
 * Fixed-size slots of one sealed line each, four to a bucket; losing one
 * costs a probe, never a verdict.
 */
#ifndef STS_PROBES_H
#define STS_PROBES_H

#include "policy/probed.h"
#include "state/dir.h"

#define STS_PROBED_FOR 300 /* s */

/* What was found of HOST at ADDRESS no longer ago than STS_PROBED_FOR before
 * WALL; STS_ENODATA when nothing was. */
STS_MUST_USE enum sts_rc sts_probes_get(struct sts_dir *dir, const char *host,
    const char *address, int64_t wall, struct sts_probed *probed);

/* Remember PROBED, in place of what was found longest ago.  Not synced. */
STS_MUST_USE enum sts_rc sts_probes_put(struct sts_dir *dir,
    const struct sts_probed *probed, struct sts_error *err);

#endif
