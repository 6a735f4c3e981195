/* SPDX-License-Identifier: ISC */
/*
 * How long smtpd waits for table-mta-sts, all of it at once: request to
 * reply over a socket, with many policies in the state, in both protocols,
 * while nobody reads the wishes, and while the state is gone.  Beside it the
 * least that it could take: reading one file.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <err.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../opensmtpd/wish.h"
#include "bench.h"
#include "desk.h"
#include "scratch.h"

#define POLICIES 10000
#define REQUESTS 20000
#define HEADER   16 /* octets, of a message */

static char *path, *config;
static int peer;
static double taken[REQUESTS];

/* ---- the program ------------------------------------------------------- */

static pid_t
start(void)
{
	char program[512];
	int pair[2];
	pid_t pid;

	(void)bench_tool("opensmtpd/table-mta-sts", program, sizeof(program));
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == -1)
		err(1, "socketpair");
	pid = fork();
	if (pid == 0) {
		if (dup2(pair[1], STDIN_FILENO) == -1 ||
		    dup2(pair[1], STDOUT_FILENO) == -1 ||
		    setgroups(0, NULL) == -1 || setgid(SCRATCH_UID) == -1 ||
		    setuid(SCRATCH_UID) == -1)
			err(1, "owner");
		(void)execl(program, "sts", config, (char *)NULL);
		err(1, "%s", program);
	}
	if (pid == -1)
		err(1, "fork");
	(void)close(pair[1]);
	peer = pair[0];
	return pid;
}

static void
stop(pid_t pid)
{
	int status;

	(void)close(peer);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "table-mta-sts did not end well");
}

/* One message each way, as smtpd takes turns with a table; the reply has
 * these octets at AT. */
static void
exchange(const void *request, size_t len, size_t at, const void *expected,
    size_t expected_len)
{
	char reply[4096];
	ssize_t n;

	if (send(peer, request, len, MSG_NOSIGNAL) != (ssize_t)len)
		err(1, "send");
	n = recv(peer, reply, sizeof(reply), 0);
	if (n < (ssize_t)(at + expected_len) ||
	    memcmp(reply + at, expected, expected_len) != 0)
		errx(1, "not the reply that was expected");
}

/* ---- requests ---------------------------------------------------------- */

static void
ask_in_lines(unsigned i, bool fault)
{
	char line[256], begin[64];
	bool check = i % 2 == 0;
	int len, begin_len;

	len = snprintf(line, sizeof(line),
	    "table|0.1|1795438481.473584|sts|%s|%08x|n%u.test\n",
	    check ? "check|domain" : "lookup|relayhost", i, i % POLICIES);
	begin_len = snprintf(begin, sizeof(begin), "%s-result|%08x|%s",
	    check ? "check" : "lookup", i, fault ? "error" : "found");
	exchange(line, (size_t)len, 0, begin, (size_t)begin_len);
}

struct message {
	uint32_t type;
	uint16_t len, flags;
	uint32_t peerid, pid, service;
	char rest[64]; /* size_t without parameters, then the key */
};

static void
ask_in_messages(unsigned i, bool fault)
{
	bool check = i % 2 == 0;
	struct message message = { .type = check ? 5 : 6,
		.service = check ? 0x2 : 0x200 };
	const int number = fault ? -1 : 1;
	int len;

	len = snprintf(message.rest + sizeof(size_t),
	    sizeof(message.rest) - sizeof(size_t), "n%u.test", i % POLICIES);
	message.len = (uint16_t)(20 + sizeof(size_t) + (size_t)len + 1);
	exchange(&message, message.len, HEADER, &number, sizeof(number));
}

static void
read_a_file(unsigned i, bool fault)
{
	static char *file;

	(void)i;
	(void)fault;
	if (file == NULL)
		file = bench_policy_file(path, "n0.test");
	bench_read(file);
}

static void
measure(const char *what, void (*ask)(unsigned i, bool fault), bool fault)
{
	double start_time;
	unsigned i;

	ask(0, fault); /* what is done once is no request's */
	for (i = 0; i < REQUESTS; i++) {
		start_time = bench_now();
		ask(i, fault);
		taken[i] = bench_now() - start_time;
	}
	(void)printf("%-34s p50 %8.1f us", what, bench_median(taken, REQUESTS));
	(void)printf("   p99 %8.1f us   max %8.1f us\n",
	    taken[REQUESTS / 100 * 99], taken[REQUESTS - 1]);
	(void)fflush(stdout);
}

/* ---- situations -------------------------------------------------------- */

static void
in_lines(const char *what, bool fault)
{
	static const char hello[] = "config|ready\n";
	pid_t pid = start();

	exchange(hello, sizeof(hello) - 1, 0, "register|", 9);
	measure(what, ask_in_lines, fault);
	stop(pid);
}

static void
in_messages(const char *what)
{
	const struct {
		uint32_t type;
		uint16_t len, flags;
		uint32_t peerid, pid, version;
	} hello = { 2, 20, 0, 0, 0, 2 };
	const uint32_t ok = 0;
	pid_t pid = start();

	exchange(&hello, hello.len, 0, &ok, sizeof(ok));
	measure(what, ask_in_messages, false);
	stop(pid);
}

static void
configure(void)
{
	FILE *file;

	if (asprintf(&config, "%s.conf", path) == -1)
		err(1, NULL);
	file = fopen(config, "w");
	if (file == NULL || fprintf(file, "state %s\n", path) < 0 ||
	    fclose(file) == EOF)
		err(1, "%s", config);
}

/* A filter that lives and takes nothing, so that its queue is full soon. */
static int
listen_as_owner(void)
{
	struct sts_error error;
	char name[512];
	int fd;

	(void)snprintf(name, sizeof(name), "%s/wish", path);
	if (sts_wish_listen(path, &fd, &error) != STS_OK)
		errx(1, "%s", error.text);
	if (chown(name, SCRATCH_UID, SCRATCH_UID) == -1)
		err(1, "%s", name);
	return fd;
}

int
main(void)
{
	int fd;

	if (!bench_root("TABLE", "a state lies below root's directories"))
		return 0;
	(void)setenv("B", "/run", 1);
	path = scratch_new();
	configure();
	desk_many(path, POLICIES);
	measure("open+read+close", read_a_file, false);
	in_lines("table, lines", false);
	in_messages("table, messages");
	fd = listen_as_owner();
	in_lines("table, filter stopped", false);
	(void)close(fd);
	in_lines("table, filter gone", false);
	scratch_free(path);
	in_lines("table, state gone", true);
	(void)unlink(config);
	free(config);
	return 0;
}
