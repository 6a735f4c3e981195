/* SPDX-License-Identifier: ISC */
/*
 * Working as the owner of the state for a moment.  A process that finds
 * itself root takes on the owner's group list, group and user for each
 * access, so that what the owner put there can never be done with root's
 * rights, and then takes back exactly what it had.
 */
#ifndef STS_IDENTITY_H
#define STS_IDENTITY_H

#include <sys/types.h>

#include "base/error.h"

struct sts_identity { /* what to take back; zero when nothing was changed */
	bool taken;
	gid_t egid;
	int count;
	gid_t *groups;
};

/*
 * Nothing to do unless euid is 0.  STS_EDAMAGED when it cannot be done, with
 * everything as it was before.  A good take needs a give.
 */
STS_MUST_USE enum sts_rc sts_identity_take(struct sts_identity *id, uid_t uid,
    gid_t gid, struct sts_error *err);

/*
 * STS_EDAMAGED when root could not be had back: the process then has less
 * than it had, never more, and nothing it read may be used.  May be tried
 * again.
 */
STS_MUST_USE enum sts_rc sts_identity_give(struct sts_identity *id,
    struct sts_error *err);

/* The group to work with in a directory of GID: root's is not ours to use,
 * even where the directory has it. */
gid_t sts_identity_group(gid_t gid);

#endif
