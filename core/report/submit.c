/* SPDX-License-Identifier: ISC */
/*
 * Submission to the MTA, see submit.h.  The program reads a file that has no
 * name: if we end before it does, it still reads the whole message, where a
 * pipe would end in the middle and half a message be sent.  What the program
 * leaves running may keep our pipe, so it is its end that counts.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mail.h"
#include "base/process.h"
#include "report/submit.h"

#define FIRST_FREE_FD    3
#define EXIT_NOT_STARTED 127
#define SAID_MAX         160 /* octets kept of what the program says */
#define TICK_MS          20  /* between looks whether it has ended */
#define GRACE_MS         1000

struct submission {
	const char *program;
	size_t len;
	pid_t pid;
	int in, out; /* its standard input and its output; -1: closed */
	int status;
	struct sts_buf said;
};

/* ---- behind the fork ---------------------------------------------------- */

static _Noreturn void
become_program(const char *program, const char *from, int in, int out)
{
	char name[] = "sendmail", header[] = "-t", dots[] = "-i", who[] = "-f";
	char address[STS_MAIL_MAX + 1];
	char *const argv[] = { name, header, dots, who, address, NULL };

	(void)snprintf(address, sizeof(address), "%s", from);
	if (dup2(in, STDIN_FILENO) != -1 && dup2(out, STDOUT_FILENO) != -1 &&
	    dup2(out, STDERR_FILENO) != -1) {
		sts_process_close_from(FIRST_FREE_FD);
		(void)setsid();
		if (sts_process_signals())
			sts_process_exec(program, argv);
	}
	(void)dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(EXIT_NOT_STARTED);
}

/* ---- our side ----------------------------------------------------------- */

static void
close_one(int *fd)
{
	if (*fd != -1)
		(void)close(*fd);
	*fd = -1;
}

/* None of the standard descriptors, which may all be closed. */
static int
open_nameless(void)
{
	char name[] = "/tmp/mta-sts-XXXXXX";
	int fd = mkostemp(name, O_CLOEXEC), high;

	if (fd == -1)
		return -1;
	(void)unlink(name);
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
	(void)close(fd);
	return high;
}

/* The message in a file without a name, at its beginning. */
static int
make_file(const void *message, size_t len)
{
	const char *at = message;
	int fd = open_nameless();
	ssize_t n = 0;

	if (fd == -1)
		return -1;
	for (; len > 0 && n != -1; at += n, len -= (size_t)n)
		n = write(fd, at, len);
	if (n == -1 || lseek(fd, 0, SEEK_SET) == -1)
		close_one(&fd);
	return fd;
}

static bool
start(struct submission *sub, const char *from, const void *message)
{
	int out[2] = { -1, -1 };

	sub->pid = -1;
	sub->in = make_file(message, sub->len);
	if (sub->in != -1 && sts_process_pipe(out, FIRST_FREE_FD) &&
	    fcntl(out[0], F_SETFL, O_NONBLOCK) != -1)
		sub->pid = fork();
	if (sub->pid == 0)
		become_program(sub->program, from, sub->in, out[1]);
	close_one(&out[1]);
	sub->out = out[0];
	return sub->pid != -1;
}

static bool
is_over(ssize_t n)
{
	return n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN);
}

/* Keep the beginning, throw away the rest, lest it waits for us. */
static void
read_some(struct submission *sub)
{
	char chunk[4096];
	ssize_t n = read(sub->out, chunk, sizeof(chunk));
	size_t room = SAID_MAX - sub->said.len;

	if (n > 0)
		(void)sts_buf_add(&sub->said, chunk,
		    (size_t)n < room ? (size_t)n : room);
	else if (is_over(n))
		close_one(&sub->out);
}

static bool
has_ended(struct submission *sub)
{
	return waitpid(sub->pid, &sub->status, WNOHANG) == sub->pid;
}

/* How much of the message was read: both have one offset. */
static size_t
taken(const struct submission *sub)
{
	off_t offset = lseek(sub->in, 0, SEEK_CUR);

	return offset == -1 ? 0 : (size_t)offset;
}

static void
listen_to(struct submission *sub)
{
	struct pollfd poller = { .fd = sub->out, .events = POLLIN };

	if (poll(&poller, 1, TICK_MS) > 0)
		read_some(sub);
}

/* False: it has not ended by DEADLINE. */
static bool
run(struct submission *sub, int64_t deadline)
{
	while (!has_ended(sub)) {
		if (sts_clock_ms() >= deadline)
			return false;
		listen_to(sub);
	}
	if (sub->out != -1)
		read_some(sub);
	return true;
}

/* With whatever it started.  A program that gained privileges can be out of
 * our reach: then init will bury it. */
static void
end(struct submission *sub)
{
	int64_t deadline = sts_clock_ms() + GRACE_MS;

	(void)kill(-sub->pid, SIGKILL);
	(void)kill(sub->pid, SIGKILL);
	while (!has_ended(sub) && sts_clock_ms() < deadline)
		(void)poll(NULL, 0, TICK_MS);
}

/* ": " and what the program said, as one line. */
static void
add_said(const struct submission *sub, struct sts_error *err)
{
	const char *said = sts_buf_text(&sub->said);
	size_t len = strcspn(said, "\n");
	struct sts_buf text;

	if (err == NULL || len == 0)
		return;
	sts_buf_init(&text, STS_ERROR_MAX * 4);
	(void)sts_buf_printf(&text, "%s: ", err->text);
	(void)sts_buf_escaped(&text, said, len);
	(void)snprintf(err->text, sizeof(err->text), "%s", sts_buf_text(&text));
	sts_buf_clear(&text);
}

/* What the end of the program means. */
static enum sts_rc
judge(const struct submission *sub, struct sts_error *err)
{
	enum sts_rc rc = STS_ELOCAL;
	int status = sub->status;

	if (WIFSIGNALED(status))
		(void)sts_error_set(err, rc, "%s was killed by signal %d",
		    sub->program, WTERMSIG(status));
	else if (WEXITSTATUS(status) == EXIT_NOT_STARTED)
		(void)sts_error_set(err, rc, "%s cannot be run", sub->program);
	else if (WEXITSTATUS(status) != 0)
		(void)sts_error_set(err, rc, "%s ended with status %d",
		    sub->program, WEXITSTATUS(status));
	else if (taken(sub) < sub->len)
		(void)sts_error_set(err, rc,
		    "%s ended before it had read the message", sub->program);
	else
		return STS_OK;
	add_said(sub, err);
	return rc;
}

static enum sts_rc
hand_over(struct submission *sub, const char *from, const void *message,
    int64_t timeout_ms, struct sts_error *err)
{
	int64_t deadline = sts_clock_ms() + timeout_ms;
	enum sts_rc rc;

	if (!start(sub, from, message))
		return sts_error_sys(err, STS_ELOCAL, "%s", sub->program);
	if (run(sub, deadline))
		return judge(sub, err);
	end(sub);
	rc = sts_error_set(err, STS_ETIMEOUT, "%s did not end within %lld ms",
	    sub->program, (long long)timeout_ms);
	add_said(sub, err);
	return rc;
}

enum sts_rc
sts_submit(const char *program, const char *from, const void *message,
    size_t len, int64_t timeout_ms, struct sts_error *err)
{
	struct submission sub = {
		.program = program, .len = len, .in = -1, .out = -1
	};
	enum sts_rc rc;

	if (program[0] != '/')
		return sts_error_set(err, STS_EUSAGE,
		    "%s: not an absolute path", program);
	if (!sts_mail_valid(from, strlen(from)))
		return sts_error_set(err, STS_EUSAGE,
		    "the sender is no address of mail");
	sts_buf_init(&sub.said, SAID_MAX);
	rc = hand_over(&sub, from, message, timeout_ms, err);
	close_one(&sub.in);
	close_one(&sub.out);
	sts_buf_clear(&sub.said);
	return rc;
}
