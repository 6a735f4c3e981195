/* SPDX-License-Identifier: ISC */
/*
 * The parent's side of running the resolver, see spawn.h.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "child.h"
#include "spawn.h"

#define FIRST_FREE_FD 3
#define CHUNK         4096

/* Only root may change what PATH names. */
static enum sts_rc
check_owner(const char *path, mode_t type, struct sts_error *err)
{
	struct stat st;

	if (lstat(path, &st) == -1)
		return sts_error_sys(err, STS_ELOCAL, "%s", path);
	if ((st.st_mode & S_IFMT) != type)
		return sts_error_set(err, STS_ELOCAL, "%s: not a %s", path,
		    type == S_IFDIR ? "directory" : "program");
	if (st.st_uid != 0 || (st.st_mode & S_IWOTH) != 0 ||
	    ((st.st_mode & S_IWGRP) != 0 && st.st_gid != 0))
		return sts_error_set(err, STS_EIDENTITY,
		    "%s: not root's alone to change", path);
	return STS_OK;
}

enum sts_rc
sts_spawn_check(const char *program, struct sts_error *err)
{
	char path[PATH_MAX];
	enum sts_rc rc;
	char *slash;

	if (program[0] != '/')
		return sts_error_set(err, STS_ELOCAL, "%s: not absolute",
		    program);
	if (realpath(program, path) == NULL)
		return sts_error_sys(err, STS_ELOCAL, "%s", program);
	rc = check_owner(path, S_IFREG, err);
	while (rc == STS_OK && path[1] != '\0') {
		slash = strrchr(path, '/');
		slash[slash == path] = '\0';
		rc = check_owner(path, S_IFDIR, err);
	}
	return rc;
}

static enum sts_rc
open_pipe(int fd[2], struct sts_error *err)
{
	enum sts_rc rc;

	if (!sts_process_pipe(fd, FIRST_FREE_FD))
		return sts_error_sys(err, STS_ELOCAL, "pipe");
	if (fcntl(fd[0], F_SETFL, O_NONBLOCK) != -1)
		return STS_OK;
	rc = sts_error_sys(err, STS_ELOCAL, "pipe");
	(void)close(fd[0]);
	(void)close(fd[1]);
	return rc;
}

/*
 * Fork with all signals blocked, so that none of the MTA's handlers runs in
 * the child.  The first child ends at once; when SIGCHLD is ignored or a
 * handler of the MTA reaps it, there is nothing left for us: ECHILD.
 */
static enum sts_rc
start(const struct sts_spawn *spawn, int out, struct sts_error *err)
{
	sigset_t all, before;
	pid_t pid;
	int error;

	(void)sigfillset(&all);
	if (sigprocmask(SIG_SETMASK, &all, &before) == -1)
		return sts_error_sys(err, STS_ELOCAL, "sigprocmask");
	pid = fork();
	if (pid == 0)
		sts_child_run(spawn, out);
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	if (pid == -1)
		return sts_error_sys(err, STS_ELOCAL, "fork");
	while (waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		continue;
	return STS_OK;
}

/* STS_OK when FD has something to say, be it the end. */
static enum sts_rc
wait_readable(int fd, int64_t deadline, struct sts_error *err)
{
	struct pollfd poller = { .fd = fd, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = deadline - sts_clock_ms();
		if (left <= 0)
			return sts_error_set(err, STS_ETIMEOUT,
			    "no answer in time");
		n = poll(&poller, 1, left > INT_MAX ? INT_MAX : (int)left);
	} while (n == 0 || (n == -1 && errno == EINTR));
	if (n == -1)
		return sts_error_sys(err, STS_ELOCAL, "poll");
	return STS_OK;
}

/* One read(2).  True once LINE is whole, cut at its newline. */
static enum sts_rc
read_some(int fd, struct sts_buf *line, bool *whole, struct sts_error *err)
{
	char chunk[CHUNK];
	const char *newline;
	ssize_t n;

	n = read(fd, chunk, sizeof(chunk));
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return STS_OK;
	if (n == -1)
		return sts_error_sys(err, STS_ELOCAL, "read");
	if (n == 0)
		return sts_error_set(err, STS_ELOCAL, "ended without answer");
	newline = memchr(chunk, '\n', (size_t)n);
	*whole = newline != NULL;
	if (sts_buf_add(line, chunk,
		newline != NULL ? (size_t)(newline - chunk) : (size_t)n) !=
	    STS_OK)
		return sts_error_set(err, STS_ELOCAL, "answer too long");
	return STS_OK;
}

static enum sts_rc
read_line(int fd, int64_t deadline, struct sts_buf *line, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;
	bool whole = false;

	while (rc == STS_OK && !whole) {
		rc = wait_readable(fd, deadline, err);
		if (rc == STS_OK)
			rc = read_some(fd, line, &whole, err);
	}
	if (rc == STS_OK && sts_buf_text(line)[0] == STS_CHILD_FAILED)
		return sts_error_set(err, STS_ELOCAL, "cannot start: %s",
		    sts_buf_text(line) + 1);
	return rc;
}

enum sts_rc
sts_spawn_line(const struct sts_spawn *spawn, struct sts_buf *line,
    struct sts_error *err)
{
	int fd[2] = { -1, -1 };
	enum sts_rc rc;

	if (spawn->uid == 0)
		return sts_error_set(err, STS_EIDENTITY, "never as root");
	if (geteuid() != 0 && geteuid() != spawn->uid)
		return sts_error_set(err, STS_EIDENTITY,
		    "uid %ld may not act for uid %ld", (long)geteuid(),
		    (long)spawn->uid);
	rc = open_pipe(fd, err);
	if (rc != STS_OK)
		return rc;
	rc = start(spawn, fd[1], err);
	(void)close(fd[1]);
	if (rc == STS_OK)
		rc = read_line(fd[0], spawn->deadline, line, err);
	(void)close(fd[0]);
	return rc;
}
