/* SPDX-License-Identifier: ISC */
/*
 * Submission to the MTA, see submit.h.  What the program leaves running may
 * keep our pipes, so it is its end that counts, and not theirs.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
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
	const char *program, *message;
	size_t len, sent;
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

static bool
start(struct submission *sub, const char *from)
{
	int in[2] = { -1, -1 }, out[2] = { -1, -1 };

	sub->pid = -1;
	if (sts_process_pipe(in, FIRST_FREE_FD) &&
	    sts_process_pipe(out, FIRST_FREE_FD) &&
	    fcntl(in[1], F_SETFL, O_NONBLOCK) != -1 &&
	    fcntl(out[0], F_SETFL, O_NONBLOCK) != -1)
		sub->pid = fork();
	if (sub->pid == 0)
		become_program(sub->program, from, in[0], out[1]);
	close_one(&in[0]);
	close_one(&out[1]);
	sub->in = in[1];
	sub->out = out[0];
	return sub->pid != -1;
}

static bool
is_over(ssize_t n)
{
	return n == 0 || (n == -1 && errno != EINTR && errno != EAGAIN);
}

static void
write_some(struct submission *sub)
{
	ssize_t n = 0;

	if (sub->sent < sub->len)
		n = write(sub->in, sub->message + sub->sent,
		    sub->len - sub->sent);
	if (n > 0)
		sub->sent += (size_t)n;
	if (sub->sent == sub->len || is_over(n))
		close_one(&sub->in);
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

static void
exchange(struct submission *sub)
{
	struct pollfd poller[2] = {
		{ .fd = sub->in, .events = POLLOUT },
		{ .fd = sub->out, .events = POLLIN },
	};

	if (poll(poller, 2, TICK_MS) <= 0)
		return;
	if (poller[0].revents != 0)
		write_some(sub);
	if (poller[1].revents != 0)
		read_some(sub);
}

/* False: it has not ended by DEADLINE. */
static bool
run(struct submission *sub, int64_t deadline)
{
	while (!has_ended(sub)) {
		if (sts_clock_ms() >= deadline)
			return false;
		exchange(sub);
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
	else if (sub->sent < sub->len)
		(void)sts_error_set(err, rc,
		    "%s ended before it had read the message", sub->program);
	else
		return STS_OK;
	add_said(sub, err);
	return rc;
}

static enum sts_rc
hand_over(struct submission *sub, const char *from, int64_t timeout_ms,
    struct sts_error *err)
{
	int64_t deadline = sts_clock_ms() + timeout_ms;
	enum sts_rc rc;

	if (!start(sub, from))
		return sts_error_sys(err, STS_ELOCAL, "%s", sub->program);
	if (run(sub, deadline))
		return judge(sub, err);
	end(sub); /* before its input ends, or it might send half of it */
	rc = sts_error_set(err, STS_ETIMEOUT, "%s did not end within %lld ms",
	    sub->program, (long long)timeout_ms);
	add_said(sub, err);
	return rc;
}

enum sts_rc
sts_submit(const char *program, const char *from, const void *message,
    size_t len, int64_t timeout_ms, struct sts_error *err)
{
	struct submission sub = { .program = program,
		.message = message,
		.len = len,
		.in = -1,
		.out = -1 };
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	enum sts_rc rc;

	if (program[0] != '/')
		return sts_error_set(err, STS_EUSAGE,
		    "%s: not an absolute path", program);
	if (!sts_mail_valid(from, strlen(from)))
		return sts_error_set(err, STS_EUSAGE,
		    "the sender is no address of mail");
	if (sigaction(SIGPIPE, &ignore, &before) == -1)
		return sts_error_sys(err, STS_ELOCAL, "SIGPIPE");
	sts_buf_init(&sub.said, SAID_MAX);
	rc = hand_over(&sub, from, timeout_ms, err);
	close_one(&sub.in);
	close_one(&sub.out);
	sts_buf_clear(&sub.said);
	(void)sigaction(SIGPIPE, &before, NULL);
	return rc;
}
