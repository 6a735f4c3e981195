/* SPDX-License-Identifier: ISC */
/*
 * From a fork of the MTA to a program that has inherited nothing from it.
 * Runs between fork and exec: system calls only, no allocation, no stdio
 * stream.  The order matters: limits while still root, descriptors before
 * anything can fail into them, identity last but for the exec itself.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "child.h"

#define EXIT_NOT_STARTED 127
#define CPU_SECONDS      60
#define OPEN_FILES       256
#define STACK_OCTETS     (8 << 20)
#define FD_GUESS         65536 /* where descriptors cannot be closed at once */

/* What a small limit of the user who called the MTA would break. */
static const struct {
	int resource;
	rlim_t value;
} limits[] = {
	{ RLIMIT_CORE, 0 },
	{ RLIMIT_CPU, CPU_SECONDS },
	{ RLIMIT_NOFILE, OPEN_FILES },
	{ RLIMIT_NPROC, RLIM_INFINITY }, /* exec fails above it */
	{ RLIMIT_STACK, STACK_OCTETS },
	{ RLIMIT_FSIZE, RLIM_INFINITY },
	{ RLIMIT_DATA, RLIM_INFINITY },
	{ RLIMIT_AS, RLIM_INFINITY },
};

static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

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

/* The C library keeps some signals to itself and will not set them; who ran
 * the MTA can have had them ignored. */
#ifdef SYS_rt_sigaction
static void
reset_reserved(int number)
{
	const unsigned long action[8] = { 0 }; /* SIG_DFL, no flags, no mask */

	(void)syscall(SYS_rt_sigaction, number, action, NULL, _NSIG / 8);
}
#else
static void
reset_reserved(int number)
{
	(void)number;
}
#endif

/* Every signal to its default, then none blocked. */
static bool
reset_signals(void)
{
	struct sigaction action;
	sigset_t none;
	int number;

	memset(&action, 0, sizeof(action));
	action.sa_handler = SIG_DFL;
	for (number = 1; number < NSIG; number++)
		if (sigaction(number, &action, NULL) == -1)
			reset_reserved(number);
	(void)sigemptyset(&none);
	return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* Without privilege a hard limit may only sink: stay below it then. */
static bool
set_limits(void)
{
	struct rlimit limit;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		limit.rlim_cur = limits[i].value;
		limit.rlim_max = limits[i].value;
		if (setrlimit(limits[i].resource, &limit) == 0)
			continue;
		if (errno != EPERM ||
		    getrlimit(limits[i].resource, &limit) == -1)
			return false;
		if (limit.rlim_max > limits[i].value)
			limit.rlim_max = limits[i].value;
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(limits[i].resource, &limit) == -1)
			return false;
	}
	return true;
}

static void
close_one_by_one(int from)
{
	int fd;

	for (fd = from; fd < FD_GUESS; fd++)
		(void)close(fd);
}

#ifdef SYS_close_range
static void
close_from(int from)
{
	if (syscall(SYS_close_range, (unsigned)from, ~0U, 0U) == -1)
		close_one_by_one(from); /* before Linux 5.9 */
}
#else
static void
close_from(int from)
{
	close_one_by_one(from);
}
#endif

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
	close_from(STDERR_FILENO + 1);
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

#ifdef PR_SET_NO_NEW_PRIVS
static bool
forgo_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
#else
static bool
forgo_privileges(void)
{
	return true;
}
#endif

_Noreturn void
sts_child_run(const struct sts_spawn *spawn, int out)
{
	char *const environment[] = { path_variable, NULL };
	pid_t pid;

	if (setsid() == -1)
		fail(out, "setsid");
	pid = fork();
	if (pid == -1)
		fail(out, "fork");
	if (pid != 0)
		_exit(EXIT_SUCCESS); /* orphaned: nobody has to wait for it */
	if (!reset_signals())
		fail(out, "signals");
	if (!set_limits())
		fail(out, "limits");
	if (!arrange_descriptors(out))
		fail(out, "descriptors");
	(void)umask(S_IRWXG | S_IRWXO);
	if (chdir(spawn->dir) == -1)
		fail(STDOUT_FILENO, spawn->dir);
	if (!become(spawn->uid, spawn->gid))
		fail(STDOUT_FILENO, "identity");
	if (!forgo_privileges())
		fail(STDOUT_FILENO, "no_new_privs");
	(void)execve(spawn->program, spawn->argv, environment);
	fail(STDOUT_FILENO, spawn->program);
}
