/* SPDX-License-Identifier: ISC */
/*
 * reports/expected/: whom a report of ours is on its way to by mail.  A file
 * an address, made before the mail is handed to the MTA, so that the MTA can
 * tell such mail by its envelope: it is sent even where a policy would hold
 * it, and its sessions are not counted (RFC 8460, 3 and 5.3).
 */
#ifndef STS_EXPECTED_H
#define STS_EXPECTED_H

#include "state/dir.h"

/* Longer than an MTA tries. */
#define STS_EXPECTED_LIFE (8 * 86400) /* seconds */
/* Longer than it takes to hand over a message. */
#define STS_EXPECTED_HANDOVER 300 /* seconds */

/* Mail to ADDRESS is on its way until WALL + STS_EXPECTED_LIFE. */
STS_MUST_USE enum sts_rc sts_expected_add(struct sts_dir *dir,
    const char *address, int64_t wall, struct sts_error *err);

/* Is it?  Also false when it cannot be read. */
bool sts_expected_is(struct sts_dir *dir, const char *address, int64_t wall);

/* Was it handed over to the MTA just now?  For an MTA that chooses a message's
 * way as it takes it on.  Also false when it cannot be read. */
bool sts_expected_begins(struct sts_dir *dir, const char *address,
    int64_t wall);

/* Remove what is over. */
void sts_expected_sweep(struct sts_dir *dir, int64_t wall);

#endif
