/* SPDX-License-Identifier: ISC */
/*
 * From a fork of an MTA's process to a program that inherits nothing, see
 * process.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

#include "base/process.h"

#define STACK_OCTETS (8 << 20)
#define FD_GUESS     65536 /* where descriptors cannot be closed at once */

/* What a small limit of the user who called the MTA would break. */
static const struct {
	int resource;
	rlim_t value;
} fixed[] = {
	{ RLIMIT_CORE, 0 },
	{ RLIMIT_NPROC, RLIM_INFINITY }, /* exec fails above it */
	{ RLIMIT_STACK, STACK_OCTETS },
	{ RLIMIT_FSIZE, RLIM_INFINITY },
	{ RLIMIT_DATA, RLIM_INFINITY },
	{ RLIMIT_AS, RLIM_INFINITY },
};

static char path_variable[] = "PATH=/usr/sbin:/usr/bin:/sbin:/bin";

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

static void
close_pair(const int fd[2])
{
	int error = errno;

	if (fd[0] != -1)
		(void)close(fd[0]);
	if (fd[1] != -1)
		(void)close(fd[1]);
	errno = error;
}

bool
sts_process_pipe(int fd[2], int from)
{
	int end[2], high[2];

	if (pipe2(end, O_CLOEXEC) == -1)
		return false;
	high[0] = fcntl(end[0], F_DUPFD_CLOEXEC, from);
	high[1] = high[0] == -1 ? -1 : fcntl(end[1], F_DUPFD_CLOEXEC, from);
	close_pair(end);
	if (high[1] == -1) {
		close_pair(high);
		return false;
	}
	fd[0] = high[0];
	fd[1] = high[1];
	return true;
}

/* Every signal to its default, then none blocked. */
bool
sts_process_signals(void)
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
set_limit(int resource, rlim_t value)
{
	struct rlimit limit = { value, value };

	if (setrlimit(resource, &limit) == 0)
		return true;
	if (errno != EPERM || getrlimit(resource, &limit) == -1)
		return false;
	if (limit.rlim_max > value)
		limit.rlim_max = value;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(resource, &limit) == 0;
}

bool
sts_process_limits(rlim_t cpu, rlim_t files)
{
	size_t i;

	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
		if (!set_limit(fixed[i].resource, fixed[i].value))
			return false;
	return set_limit(RLIMIT_CPU, cpu) && set_limit(RLIMIT_NOFILE, files);
}

static void
close_one_by_one(int from)
{
	int fd;

	for (fd = from; fd < FD_GUESS; fd++)
		(void)close(fd);
}

#ifdef SYS_close_range
void
sts_process_close_from(int from)
{
	if (syscall(SYS_close_range, (unsigned)from, ~0U, 0U) == -1)
		close_one_by_one(from); /* before Linux 5.9 */
}
#else
void
sts_process_close_from(int from)
{
	close_one_by_one(from);
}
#endif

#ifdef PR_SET_NO_NEW_PRIVS
bool
sts_process_forgo(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}
#else
bool
sts_process_forgo(void)
{
	return true;
}
#endif

void
sts_process_exec(const char *program, char *const *argv)
{
	char *const environment[] = { path_variable, NULL };

	(void)execve(program, argv, environment);
}
