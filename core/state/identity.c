/* SPDX-License-Identifier: ISC */
/*
 * Working as the owner of the state, see identity.h.  Order matters: groups
 * can be changed by root alone, so they go first and come back last.
 */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/identity.h"

#define TRIES    3 /* the kernel may lack memory for a moment */
#define NO_GROUP ((gid_t)65534)

static enum sts_rc
save(struct sts_identity *id, struct sts_error *err)
{
	uid_t ruid, euid, suid;
	int count;

	if (getresuid(&ruid, &euid, &suid) == -1 || (ruid != 0 && suid != 0))
		return sts_error_set(err, STS_EDAMAGED,
		    "no way back to root, so none away from it");
	count = getgroups(0, NULL);
	if (count < 0)
		return sts_error_sys(err, STS_EDAMAGED, "getgroups");
	id->groups = calloc((size_t)count + 1, sizeof(*id->groups));
	if (id->groups == NULL)
		return sts_error_set(err, STS_EDAMAGED, "no memory for groups");
	id->count = getgroups(count, id->groups);
	if (id->count < 0) {
		free(id->groups);
		id->groups = NULL;
		return sts_error_sys(err, STS_EDAMAGED, "getgroups");
	}
	id->egid = getegid();
	return STS_OK;
}

static bool
become_owner(uid_t uid, gid_t gid)
{
	return setgroups(1, &gid) == 0 &&
	       setresgid((gid_t)-1, gid, (gid_t)-1) == 0 && seteuid(uid) == 0 &&
	       geteuid() == uid && getegid() == gid;
}

static bool
become_root(const struct sts_identity *id)
{
	return seteuid(0) == 0 &&
	       setresgid((gid_t)-1, id->egid, (gid_t)-1) == 0 &&
	       setgroups((size_t)id->count, id->groups) == 0 &&
	       geteuid() == 0 && getegid() == id->egid;
}

enum sts_rc
sts_identity_give(struct sts_identity *id, struct sts_error *err)
{
	int try;

	if (!id->taken)
		return STS_OK;
	for (try = 0; try < TRIES; try++) {
		if (!become_root(id))
			continue;
		free(id->groups);
		memset(id, 0, sizeof(*id));
		return STS_OK;
	}
	return sts_error_sys(err, STS_EDAMAGED,
	    "cannot become root again after reading the state");
}

enum sts_rc
sts_identity_take(struct sts_identity *id, uid_t uid, gid_t gid,
    struct sts_error *err)
{
	enum sts_rc rc;
	int saved;

	memset(id, 0, sizeof(*id));
	if (geteuid() != 0)
		return STS_OK;
	rc = save(id, err);
	if (rc != STS_OK)
		return rc;
	id->taken = true;
	if (become_owner(uid, gid))
		return STS_OK;
	saved = errno;
	rc = sts_identity_give(id, err);
	if (rc != STS_OK)
		return rc;
	errno = saved;
	return sts_error_sys(err, STS_EDAMAGED,
	    "cannot work as the owner of the state");
}

gid_t
sts_identity_group(gid_t gid)
{
	return gid == 0 ? NO_GROUP : gid;
}
