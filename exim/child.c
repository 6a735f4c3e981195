/* SPDX-License-Identifier: ISC */
/*
 * From a fork of the MTA to a program that has inherited nothing from it.
 * Runs between fork and exec: system calls only, no allocation, no stdio
 * stream.  The order matters: limits while still root, descriptors before
 * anything can fail into them, identity last but for the exec itself.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/process.h"
#include "child.h"

#define EXIT_NOT_STARTED 127
#define CPU_SECONDS      60
#define OPEN_FILES       256

/* Tell the parent, through the pipe, why; it knows the mark. */
static _Noreturn void
fail(int out, const char *step)
{
	char text[128];
	int error = errno, len;

	len = snprintf(text, sizeof(text), "%c%s: %s\n", STS_CHILD_FAILED, step,
	    strerror(error));
	if (len > 0 && write(out, text, (size_t)len) == -1)
		_exit(EXIT_NOT_STARTED);
	_exit(EXIT_NOT_STARTED);
}

/* 0 and 2 to /dev/null, 1 to the pipe, nothing else open. */
static bool
arrange_descriptors(int out)
{
	int null = open("/dev/null", O_RDWR);

	if (null == -1)
		return false;
	if (dup2(null, STDIN_FILENO) == -1 || dup2(null, STDERR_FILENO) == -1 ||
	    dup2(out, STDOUT_FILENO) == -1)
		return false;
	sts_process_close_from(STDERR_FILENO + 1);
	return true;
}

/* All three ids, and no way back to root. */
static bool
become(uid_t uid, gid_t gid)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (geteuid() != 0)
		gid = getegid(); /* not ours to choose */
	else if (setgroups(1, &gid) == -1)
		return false;
	if (setresgid(gid, gid, gid) == -1 || setresuid(uid, uid, uid) == -1)
		return false;
	if (getresgid(&rgid, &egid, &sgid) == -1 ||
	    getresuid(&ruid, &euid, &suid) == -1)
		return false;
	errno = EPERM;
	return rgid == gid && egid == gid && sgid == gid && ruid == uid &&
	       euid == uid && suid == uid && uid != 0 && setuid(0) == -1 &&
	       seteuid(0) == -1;
}

_Noreturn void
sts_child_run(const struct sts_spawn *spawn, int out)
{
	pid_t pid;

	if (setsid() == -1)
		fail(out, "setsid");
	pid = fork();
	if (pid == -1)
		fail(out, "fork");
	if (pid != 0)
		_exit(EXIT_SUCCESS); /* orphaned: nobody has to wait for it */
	if (!sts_process_signals())
		fail(out, "signals");
	if (!sts_process_limits(CPU_SECONDS, OPEN_FILES))
		fail(out, "limits");
	if (!arrange_descriptors(out))
		fail(out, "descriptors");
	(void)umask(S_IRWXG | S_IRWXO);
	if (chdir(spawn->dir) == -1)
		fail(STDOUT_FILENO, spawn->dir);
	if (!become(spawn->uid, spawn->gid))
		fail(STDOUT_FILENO, "identity");
	if (!sts_process_forgo())
		fail(STDOUT_FILENO, "no_new_privs");
	sts_process_exec(spawn->program, spawn->argv);
	fail(STDOUT_FILENO, spawn->program);
}
