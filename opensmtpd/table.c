/* SPDX-License-Identifier: ISC */
/*
 * table-mta-sts: smtpd starts it, asks it over a socket on its standard
 * input, waits for each answer in the process that serves all mail, and ends
 * when it ends.  So after the start nothing ends it but the end of that
 * stream, and every request has an answer.  table-mta-sts(8) is the manual.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/syslog.h"
#include "clerk.h"
#include "config.h"
#include "imsg.h"
#include "persist.h"
#include "text.h"

#define EXIT_USAGE 64 /* EX_USAGE, also for the configuration */
#define CHUNK      65536

struct program {
	struct sts_clerk *clerk;
	struct sts_request_user user;
	int out;
	bool mute;             /* the protocol has no words for errors */
	const char *complaint; /* the last one */
	struct sts_text text;
	struct sts_imsg imsg;
	char chunk[CHUNK];
};

static char name[] = "table-mta-sts";
static struct program program; /* its buffers are too large for a stack */

/* smtpd shows nobody our standard error; who tries by hand sees that. */
static int
refuse(const char *why)
{
	struct sts_log log = { sts_syslog, name, STS_LOG_ERROR };

	(void)fprintf(stderr, "%s: %s\n", name, why);
	sts_log(&log, STS_LOG_ERROR, "%s", why);
	return EXIT_USAGE;
}

/* ---- what the protocols call ------------------------------------------- */

static void
answer(void *arg, const struct sts_request *request, struct sts_reply *reply)
{
	struct program *p = arg;
	struct sts_now now;

	sts_clock_glance(&now);
	sts_clerk_answer(p->clerk, request, &now, reply);
	if (reply->kind == STS_REPLY_ERROR && p->mute)
		sts_log(sts_clerk_log(p->clerk), STS_LOG_WARNING, "%s %s: %s",
		    sts_request_op_name(request->op),
		    sts_request_service_name(request->service), reply->text);
}

static void
wait_for(int fd, short events)
{
	struct pollfd pollfd = { .fd = fd, .events = events };

	(void)poll(&pollfd, 1, -1);
}

/* When smtpd is gone the stream's end says so. */
static void
send_all(void *arg, const void *data, size_t len)
{
	const struct program *p = arg;
	const char *at = data;
	ssize_t n;

	while (len > 0) {
		n = write(p->out, at, len);
		if (n == -1 && errno == EAGAIN)
			wait_for(p->out, POLLOUT);
		else if (n == -1 && errno != EINTR)
			return;
		if (n > 0) {
			at += n;
			len -= (size_t)n;
		}
	}
}

/* Once, however often it comes. */
static void
complain(void *arg, const char *what)
{
	struct program *p = arg;

	if (what != p->complaint)
		sts_log(sts_clerk_log(p->clerk), STS_LOG_WARNING,
		    "smtpd sent %s", what);
	p->complaint = what;
}

/* ---- the stream -------------------------------------------------------- */

/* Octets of the next part, 0 at the end. */
static size_t
receive(struct program *p)
{
	ssize_t n;

	for (;;) {
		n = read(STDIN_FILENO, p->chunk, sizeof(p->chunk));
		if (n >= 0)
			return (size_t)n;
		if (errno == EAGAIN)
			wait_for(STDIN_FILENO, POLLIN);
		else if (errno != EINTR)
			return 0;
	}
}

/* OpenSMTPD before 7.6 gives us its socket as standard input only. */
static void
serve(struct program *p)
{
	size_t len = receive(p);
	bool old = len > 0 && sts_imsg_begins((unsigned char)p->chunk[0]);

	p->mute = old;
	p->out = old ? STDIN_FILENO : STDOUT_FILENO;
	for (; len > 0; len = receive(p)) {
		if (old)
			sts_imsg_feed(&p->imsg, p->chunk, len);
		else
			sts_text_feed(&p->text, p->chunk, len);
	}
}

static bool
parse_options(int argc, char *argv[], struct sts_options *options)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:")) != -1) {
		if (option == 'c')
			options->config = optarg;
		else if (option == 'd')
			options->state = optarg;
		else
			return false;
	}
	if (optind < argc && options->config == NULL)
		options->config = argv[optind++];
	return optind == argc;
}

int
main(int argc, char *argv[])
{
	struct sts_options options = { .state = STS_STATE_BASE "/opensmtpd",
		.log = sts_syslog,
		.log_arg = name };
	struct program *p = &program;
	struct sts_error err;

	opterr = 0;
	sts_persist();
	if (!parse_options(argc, argv, &options))
		return refuse("usage: table-mta-sts [-c config] [-d state] "
			      "[config]");
	if (sts_clerk_new(&options, &p->clerk, &err) != STS_OK)
		return refuse(err.text);
	p->user = (struct sts_request_user){ answer, send_all, complain, p };
	sts_imsg_init(&p->imsg, &p->user);
	if (sts_text_init(&p->text, &p->user) != STS_OK)
		return refuse("no memory");
	serve(p);
	sts_text_clear(&p->text);
	sts_clerk_free(p->clerk);
	return 0;
}
