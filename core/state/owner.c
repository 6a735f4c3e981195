/* SPDX-License-Identifier: ISC */
/*
 * Becoming the state's owner, see owner.h.
 */
#include <sys/stat.h>

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "state/identity.h"
#include "state/owner.h"

/* Is every uid and gid of ours the given one, and root out of reach? */
static bool
dropped(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (getresuid(&ruid, &euid, &suid) == -1 ||
	    getresgid(&rgid, &egid, &sgid) == -1)
		return false;
	return ruid == uid && euid == uid && suid == uid && rgid == gid &&
	       egid == gid && sgid == gid && setuid(0) == -1;
}

/* Become UID and GID for good; WHO is for messages. */
static enum sts_rc
become(uid_t uid, gid_t gid, const char *who, struct sts_error *err)
{
	if (setgroups(1, &gid) == -1 || setresgid(gid, gid, gid) == -1 ||
	    setresuid(uid, uid, uid) == -1)
		return sts_error_sys(err, STS_EIDENTITY,
		    "%s: cannot work as its user", who);
	if (!dropped(uid, gid))
		return sts_error_set(err, STS_EIDENTITY,
		    "%s: still root after becoming its user", who);
	return STS_OK;
}

enum sts_rc
sts_owner_become(const char *state, struct sts_error *err)
{
	struct stat st;

	if (lstat(state, &st) == -1)
		return sts_error_sys(err, STS_EDAMAGED, "%s", state);
	if (!S_ISDIR(st.st_mode))
		return sts_error_set(err, STS_EDAMAGED, "%s: not a directory",
		    state);
	if (st.st_uid == 0)
		return sts_error_set(err, STS_EIDENTITY,
		    "%s: owned by root; it must belong to the MTA's user",
		    state);
	if (geteuid() == st.st_uid)
		return STS_OK;
	if (geteuid() != 0)
		return sts_error_set(err, STS_EIDENTITY,
		    "%s: belongs to uid %u, we are uid %u", state,
		    (unsigned)st.st_uid, (unsigned)geteuid());
	return become(st.st_uid, sts_identity_group(st.st_gid), state, err);
}

enum sts_rc
sts_owner_nobody(struct sts_error *err)
{
	const struct passwd *nobody;

	if (geteuid() != 0)
		return STS_OK;
	nobody = getpwnam("nobody");
	if (nobody == NULL || nobody->pw_uid == 0)
		return sts_error_set(err, STS_EIDENTITY,
		    "there is no user nobody to work as");
	return become(nobody->pw_uid, nobody->pw_gid, "nobody", err);
}
