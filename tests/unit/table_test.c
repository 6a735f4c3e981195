/* SPDX-License-Identifier: ISC */
/*
 * The program table-mta-sts itself, at the other end of a socket as smtpd has
 * it: both protocols, garbage, bad starts, and that nothing but the end of
 * the stream ends it.  Needs root, for a state below /run.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "desk.h"
#include "scratch.h"
#include "site.h"
#include "suite.h"

#define PATIENCE 10 /* s for what must come */
#define HELLO                                                                  \
	"config|smtpd-version|7.6.0-portable\nconfig|protocol|0.1\n"           \
	"config|tablename|sts\nconfig|ready\n"
#define WELCOME                                                                \
	"register|domain\nregister|relayhost\nregister|mailaddr\n"             \
	"register|ready\n"
#define TABLE "table|0.1|1795438481.473584|sts|"

static char program[512], config[160];
static rlim_t descriptors; /* that the program may have */
static pid_t child;
static int peer;

static void
setup(void)
{
	const char *base = getenv("B");
	FILE *file;

	site_setup();
	desk_fill(site_state);
	(void)snprintf(program, sizeof(program), "%s/opensmtpd/table-mta-sts",
	    base != NULL ? base : "build");
	(void)snprintf(config, sizeof(config), "%s/table.conf", site_base);
	file = fopen(config, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fprintf(file, "state %s\n", site_state), 0);
	ck_assert_int_eq(fclose(file), 0);
	child = -1;
	descriptors = 64;
}

/* As the state's owner, named like the table, from no shell. */
static void
become(int fd, bool old, const char *first, const char *second)
{
	struct rlimit limit = { descriptors, descriptors };
	int null = open("/dev/null", O_RDWR);

	(void)dup2(fd, STDIN_FILENO);
	(void)dup2(old ? null : fd, STDOUT_FILENO);
	for (fd = 3; fd < 64; fd++)
		(void)close(fd);
	if (null == -1 || setrlimit(RLIMIT_NOFILE, &limit) == -1 ||
	    setgroups(0, NULL) == -1 || setgid(SCRATCH_UID) == -1 ||
	    setuid(SCRATCH_UID) == -1)
		_exit(99);
	(void)execl(program, "sts", first, second, (char *)NULL);
	_exit(98);
}

/* OLD: the socket is standard input only, as before OpenSMTPD 7.6. */
static void
start_with(bool old, const char *first, const char *second)
{
	struct timeval patience = { .tv_sec = PATIENCE };
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     pair),
	    0);
	child = fork();
	ck_assert_int_ne(child, -1);
	if (child == 0)
		become(pair[1], old, first, second);
	ck_assert_int_eq(close(pair[1]), 0);
	peer = pair[0];
	ck_assert_int_eq(setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience,
			     sizeof(patience)),
	    0);
}

static void
start(bool old)
{
	start_with(old, config, NULL);
}

/* How it ended, its stream having ended. */
static int
ended(void)
{
	int status;

	ck_assert_int_eq(close(peer), 0);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	child = -1;
	return status;
}

static void
teardown(void)
{
	if (child != -1) {
		(void)kill(child, SIGKILL);
		(void)waitpid(child, NULL, 0);
	}
	site_teardown();
}

static void
tell(const void *data, size_t len)
{
	ck_assert_int_eq(send(peer, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void
hear(const void *data, size_t len)
{
	static char heard[65536];

	ck_assert_uint_le(len, sizeof(heard));
	ck_assert_int_eq(recv(peer, heard, len, MSG_WAITALL), (ssize_t)len);
	ck_assert_mem_eq(heard, data, len);
}

static void
talk(const char *in, const char *out)
{
	tell(in, strlen(in));
	hear(out, strlen(out));
}

/* Nothing more has been said. */
static void
silence(void)
{
	char octet;

	ck_assert_int_eq(recv(peer, &octet, 1, MSG_DONTWAIT), -1);
}

/* ---- lines ------------------------------------------------------------- */

START_TEST(it_speaks_in_lines)
{
	start(false);
	talk(HELLO, WELCOME);
	talk(TABLE "check|domain|1|enforce.test\n", "check-result|1|found\n");
	talk(TABLE "check|domain|2|none.test\n", "check-result|2|not-found\n");
	talk(TABLE "lookup|relayhost|3|enforce.test\n",
	    "lookup-result|3|found|smtp+tls://mx1.good.test\n");
	talk(TABLE "lookup|relayhost|4|forged.test\n",
	    "lookup-result|4|error|forged.test: no MX permitted by policy\n");
	talk(TABLE "update|5\n", "update-result|5|ok\n");
	silence();
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(lines_may_come_octet_by_octet)
{
	static const char text[] = HELLO TABLE "check|domain|1|enforce.test\n";
	size_t i;

	start(false);
	for (i = 0; i < sizeof(text) - 1; i++)
		tell(text + i, 1);
	hear(WELCOME "check-result|1|found\n",
	    strlen(WELCOME "check-result|1|found\n"));
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(garbage_between_lines_does_not_matter)
{
	static char huge[100000];
	int i;

	memset(huge, '|', sizeof(huge));
	start(false);
	talk(HELLO, WELCOME);
	for (i = 0; i < 20; i++)
		tell(huge, sizeof(huge));
	tell("\n\0\xff\xfe\n\n|||\nconfig|\n", 18);
	talk(TABLE "check|domain|1|enforce.test\n", "check-result|1|found\n");
	silence();
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* More than a socket holds, from someone who does not listen yet. */
START_TEST(many_requests_at_once_are_all_answered)
{
	static const char one[] = TABLE "check|domain|1|enforce.test\n";
	static const char reply[] = "check-result|1|found\n";
	unsigned i;
	pid_t writer;

	start(false);
	talk(HELLO, WELCOME);
	writer = fork();
	if (writer == 0) {
		for (i = 0; i < 20000; i++)
			tell(one, sizeof(one) - 1);
		_exit(0);
	}
	for (i = 0; i < 20000; i++)
		hear(reply, sizeof(reply) - 1);
	ck_assert_int_eq(waitpid(writer, NULL, 0), writer);
	silence();
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* ---- messages ---------------------------------------------------------- */

struct header {
	uint32_t type;
	uint16_t len, flags;
	uint32_t peerid, pid;
};

static void
tell_request(uint32_t type, uint32_t service, const char *key)
{
	struct header header = { .type = type, .pid = 4711 };
	size_t params = 0, size = strlen(key) + 1;
	struct sts_buf buf;

	header.len = (uint16_t)(sizeof(header) + sizeof(service) +
				sizeof(params) + size);
	sts_buf_init(&buf, 4096);
	(void)sts_buf_add(&buf, &header, sizeof(header));
	(void)sts_buf_add(&buf, &service, sizeof(service));
	(void)sts_buf_add(&buf, &params, sizeof(params));
	ck_assert_int_eq(sts_buf_add(&buf, key, size), STS_OK);
	tell(buf.data, buf.len);
	sts_buf_clear(&buf);
}

static void
tell_open(void)
{
	struct header header = { .type = 2, .len = sizeof(header) + 2052 };
	char body[2052] = { 0 };
	uint32_t version = 2;

	memcpy(body, &version, sizeof(version));
	tell(&header, sizeof(header));
	tell(body, sizeof(body));
}

/* OK with a number, or with none, and VALUE behind it. */
static void
hear_reply(const int *number, const char *value)
{
	size_t size = value != NULL ? strlen(value) + 1 : 0;
	struct header header;
	ssize_t n;

	n = recv(peer, &header, sizeof(header), MSG_WAITALL);
	ck_assert_int_eq(n, (ssize_t)sizeof(header));
	ck_assert_uint_eq(header.type, 0);
	ck_assert_uint_eq(header.len,
	    sizeof(header) + (number != NULL ? sizeof(int) : 0) + size);
	if (number != NULL)
		hear(number, sizeof(*number));
	if (value != NULL)
		hear(value, size);
}

START_TEST(it_speaks_in_messages)
{
	const int found = 1, missing = 0, error = -1;

	start(true);
	tell_open();
	hear_reply(NULL, NULL);
	tell_request(5, 0x2, "enforce.test");
	hear_reply(&found, NULL);
	tell_request(5, 0x2, "none.test");
	hear_reply(&missing, NULL);
	tell_request(5, 0x2, "unknown.test");
	hear_reply(&error, NULL);
	tell_request(6, 0x200, "enforce.test");
	hear_reply(&found, "smtp+tls://mx1.good.test");
	tell_request(6, 0x200, "forged.test");
	hear_reply(&error, NULL);
	tell(&(struct header){ .type = 4, .len = 16 }, 16);
	hear_reply(&found, NULL);
	silence();
	tell(&(struct header){ .type = 3, .len = 16 }, 16);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(garbage_for_messages_is_survived)
{
	static char huge[100000];
	int status, i;

	memset(huge, 0xff, sizeof(huge));
	huge[0] = 2; /* how messages begin; and then a length of 65535 */
	start(true);
	for (i = 0; i < 20; i++)
		tell(huge, sizeof(huge));
	silence();
	ck_assert_int_eq(waitpid(child, &status, WNOHANG), 0);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* ---- beginning and end ------------------------------------------------- */

START_TEST(nothing_but_the_end_ends_it)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM };
	size_t i;

	start(false);
	talk(HELLO, WELCOME);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		ck_assert_int_eq(kill(child, signals[i]), 0);
	talk(TABLE "check|domain|1|enforce.test\n", "check-result|1|found\n");
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(an_end_at_any_place_is_an_end)
{
	static const char text[] = HELLO TABLE "check|domain|1|enforce.test";
	size_t len;

	for (len = 0; len < sizeof(text); len += 7) {
		start(false);
		tell(text, len);
		ck_assert_int_eq(ended(), 0);
	}
}
END_TEST

START_TEST(without_a_state_it_answers_errors)
{
	static const char begin[] = "check-result|1|error|enforce.test: ";

	ck_assert_int_eq(site_run("rm -r %s", site_state), 0);
	start(false);
	talk(HELLO, WELCOME);
	talk(TABLE "check|domain|1|enforce.test\n", begin);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

/* It can open one file, and needs more. */
START_TEST(without_descriptors_it_answers_errors)
{
	static const char begin[] = "check-result|1|error|enforce.test: ";

	descriptors = 4;
	start(false);
	talk(HELLO, WELCOME);
	talk(TABLE "check|domain|1|enforce.test\n", begin);
	ck_assert_int_eq(ended(), 0);
}
END_TEST

START_TEST(a_bad_start_is_told_before_anything_is_answered)
{
	char octet;

	start_with(false, "-x", NULL);
	ck_assert_int_eq(recv(peer, &octet, 1, 0), 0);
	ck_assert_int_eq(WEXITSTATUS(ended()), 64);
	start_with(false, "/etc/passwd", NULL);
	ck_assert_int_eq(WEXITSTATUS(ended()), 64);
	start_with(false, "/nonexistent", NULL);
	ck_assert_int_eq(WEXITSTATUS(ended()), 64);
	start_with(false, config, config);
	ck_assert_int_eq(WEXITSTATUS(ended()), 64);
	ck_assert_int_eq(site_run("%s /etc/passwd 2>&1 </dev/null", program),
	    64);
	ck_assert_ptr_nonnull(strstr(site_output, "/etc/passwd:1: "));
}
END_TEST

START_TEST(skipped_not_root)
{
	(void)puts("SKIPPED: a state directory of another user needs root");
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_speaks_in_lines);
	tcase_add_test(tcase, lines_may_come_octet_by_octet);
	tcase_add_test(tcase, garbage_between_lines_does_not_matter);
	tcase_add_test(tcase, many_requests_at_once_are_all_answered);
	tcase_add_test(tcase, it_speaks_in_messages);
	tcase_add_test(tcase, garbage_for_messages_is_survived);
	tcase_add_test(tcase, nothing_but_the_end_ends_it);
	tcase_add_test(tcase, an_end_at_any_place_is_an_end);
	tcase_add_test(tcase, without_a_state_it_answers_errors);
	tcase_add_test(tcase, without_descriptors_it_answers_errors);
	tcase_add_test(tcase, a_bad_start_is_told_before_anything_is_answered);
}

int
main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("program");

	if (geteuid() == 0)
		add_tests(tcase);
	else
		tcase_add_test(tcase, skipped_not_root);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
