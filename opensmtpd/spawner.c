/* SPDX-License-Identifier: ISC */
/*
 * The keeper of the resolver, see spawner.h.  Behind the fork it neither
 * allocates nor logs: descriptors 0 and 1 are the resolver's ends of the
 * pipes, 2 is smtpd's log, 3 tells it what to do.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "spawner.h"

#define EXIT_NOT_STARTED 127
#define CONTROL_FD       3
#define FREE_FD          4    /* pipes keep out of the way of all that */
#define OPEN_FILES       1024 /* probes and fetches side by side */

enum end {
	READER,
	WRITER
};

struct keeper {
	const char *program;
	char *const *argv;
	pid_t pid;     /* of the resolver, 0: none */
	int64_t start; /* ms: of the last one, or when the next is due */
	int64_t pause;
	sigset_t waiting; /* the signals while we wait: SIGCHLD is let in */
};

/* ---- behind the fork ---------------------------------------------------- */

static void
on_child(int number)
{
	(void)number; /* it ends the wait */
}

static void
say(const char *text)
{
	if (write(STDOUT_FILENO, text, strlen(text)) == -1)
		return; /* the filter is gone, as control will tell */
}

/* The resolver's own process: never returns. */
static _Noreturn void
become_resolver(const struct keeper *keeper)
{
	sts_process_close_from(CONTROL_FD);
	(void)umask(S_IRWXG | S_IRWXO);
	if (sts_process_signals() &&
	    sts_process_limits(RLIM_INFINITY, OPEN_FILES) &&
	    sts_process_forgo())
		sts_process_exec(keeper->program, keeper->argv);
	(void)dprintf(STDERR_FILENO, "cannot start %s: %s\n", keeper->program,
	    strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

static void
start_resolver(struct keeper *keeper)
{
	pid_t pid = fork();

	if (pid == 0)
		become_resolver(keeper);
	if (pid == -1) {
		keeper->start = sts_clock_ms() + keeper->pause;
		return;
	}
	keeper->pid = pid;
	keeper->start = sts_clock_ms();
	say(STS_SPAWNER_HERE "\n");
}

/* Has it ended?  One that lived long is started soon. */
static void
reap(struct keeper *keeper)
{
	int64_t now = sts_clock_ms();

	if (keeper->pid == 0 || waitpid(keeper->pid, NULL, WNOHANG) == 0)
		return;
	say("\n" STS_SPAWNER_GONE "\n");
	if (now - keeper->start >= STS_SPAWNER_PAUSE_MAX)
		keeper->pause = STS_SPAWNER_PAUSE;
	keeper->pid = 0;
	keeper->start = now + keeper->pause;
	keeper->pause *= 2;
	if (keeper->pause > STS_SPAWNER_PAUSE_MAX)
		keeper->pause = STS_SPAWNER_PAUSE_MAX;
}

/* Wait for an end of the resolver, for the pause to be over, or for an octet
 * that says kill.  False when the filter has gone. */
static bool
wait_for_work(struct keeper *keeper)
{
	struct pollfd poller = { .fd = CONTROL_FD, .events = POLLIN };
	int64_t left = keeper->start - sts_clock_ms();
	struct timespec pause;
	char octet;
	ssize_t n;

	if (left < 0)
		left = 0;
	pause = (struct timespec){ (time_t)(left / 1000),
		(long)(left % 1000) * 1000000 };
	if (ppoll(&poller, 1, keeper->pid != 0 ? NULL : &pause,
		&keeper->waiting) <= 0)
		return true;
	n = read(CONTROL_FD, &octet, 1);
	if (n == 1 && keeper->pid != 0)
		(void)kill(keeper->pid, SIGKILL);
	return n == 1 || (n == -1 && errno == EINTR);
}

static _Noreturn void
keep(struct keeper *keeper)
{
	do {
		reap(keeper);
		if (keeper->pid == 0 && sts_clock_ms() >= keeper->start)
			start_resolver(keeper);
	} while (wait_for_work(keeper));
	if (keeper->pid != 0)
		(void)kill(keeper->pid, SIGKILL);
	_exit(EXIT_SUCCESS);
}

/* IN, OUT and CONTROL to 0, 1 and 3, and nothing else but 2 open. */
static bool
arrange(int in, int out, int control)
{
	if (dup2(in, STDIN_FILENO) == -1 || dup2(out, STDOUT_FILENO) == -1 ||
	    dup2(control, CONTROL_FD) == -1)
		return false;
	sts_process_close_from(CONTROL_FD + 1);
	return true;
}

/* An end of the resolver interrupts the wait and nothing else. */
static bool
arrange_signals(struct keeper *keeper)
{
	struct sigaction action = { .sa_handler = on_child };
	sigset_t child;

	if (!sts_process_signals() || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    signal(SIGHUP, SIG_IGN) == SIG_ERR)
		return false;
	(void)sigemptyset(&child);
	(void)sigaddset(&child, SIGCHLD);
	return sigaction(SIGCHLD, &action, NULL) == 0 &&
	       sigprocmask(SIG_BLOCK, &child, &keeper->waiting) == 0;
}

/* ---- the filter's side -------------------------------------------------- */

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

static void
close_pair(int fd[2])
{
	close_one(&fd[READER]);
	close_one(&fd[WRITER]);
}

static bool
open_pipes(int ask[2], int answer[2], int control[2])
{
	return sts_process_pipe(ask, FREE_FD) &&
	       sts_process_pipe(answer, FREE_FD) &&
	       sts_process_pipe(control, FREE_FD) &&
	       fcntl(ask[WRITER], F_SETFL, O_NONBLOCK) != -1 &&
	       fcntl(answer[READER], F_SETFL, O_NONBLOCK) != -1 &&
	       fcntl(control[WRITER], F_SETFL, O_NONBLOCK) != -1;
}

enum sts_rc
sts_spawner_start(const char *program, char *const *argv,
    struct sts_spawner *spawner, struct sts_error *err)
{
	struct keeper keeper = {
		.program = program, .argv = argv, .pause = STS_SPAWNER_PAUSE
	};
	int ask[2] = { -1, -1 }, answer[2] = { -1, -1 };
	int control[2] = { -1, -1 };
	enum sts_rc rc = STS_OK;
	pid_t pid = -1;

	if (open_pipes(ask, answer, control))
		pid = fork();
	if (pid == 0) {
		if (arrange(ask[READER], answer[WRITER], control[READER]) &&
		    arrange_signals(&keeper))
			keep(&keeper);
		_exit(EXIT_NOT_STARTED);
	}
	if (pid == -1)
		rc = sts_error_sys(err, STS_ELOCAL, "spawner");
	*spawner = (struct sts_spawner){ -1, -1, -1 };
	if (rc == STS_OK) {
		*spawner = (struct sts_spawner){ ask[WRITER], answer[READER],
			control[WRITER] };
		ask[WRITER] = answer[READER] = control[WRITER] = -1;
	}
	close_pair(ask);
	close_pair(answer);
	close_pair(control);
	return rc;
}

void
sts_spawner_kill(const struct sts_spawner *spawner)
{
	if (write(spawner->control, "k", 1) == -1)
		return; /* the spawner is gone, or has been told often */
}

void
sts_spawner_stop(struct sts_spawner *spawner)
{
	close_one(&spawner->ask);
	close_one(&spawner->answer);
	close_one(&spawner->control);
}
