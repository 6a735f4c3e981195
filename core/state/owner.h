/* SPDX-License-Identifier: ISC */
/*
 * Programs that work with the state do so as its owner, never as root.
 */
#ifndef STS_OWNER_H
#define STS_OWNER_H

#include "base/error.h"

/*
 * Root becomes the owner of directory STATE for good (groups, gid, uid;
 * verified).  STS_OK too when we are the owner already.  STS_EIDENTITY when
 * the owner is root or we are a third user; STS_EDAMAGED when STATE is no
 * directory we can look at.
 */
STS_MUST_USE enum sts_rc sts_owner_become(const char *state,
    struct sts_error *err);

/*
 * Without a state there is no owner: root becomes "nobody" for good.  STS_OK
 * too when we are not root.
 */
STS_MUST_USE enum sts_rc sts_owner_nobody(struct sts_error *err);

#endif
