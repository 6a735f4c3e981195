/* SPDX-License-Identifier: ISC */
/*
 * Handing mail to the MTA's program, which shell scripts play: what it is
 * given, what its end means, and that none can make us wait or fall.
 */
#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/submit.h"
#include "scratch.h"
#include "suite.h"

#define PATIENCE_MS 10000
#define BIG         300000 /* more than pipes hold */
#define FROM        "tls-reports@example.org"

static char *dir, program[600];
static struct sts_error err;
static char big[BIG];

static void
setup(void)
{
	char *made = scratch_new();

	dir = realpath(made, NULL);
	ck_assert_ptr_nonnull(dir);
	free(made);
	(void)snprintf(program, sizeof(program), "%s/program", dir);
	memset(&err, 0, sizeof(err));
	memset(big, 'x', sizeof(big));
}

static void
teardown(void)
{
	scratch_free(dir);
}

static void
write_program(const char *script)
{
	FILE *file = fopen(program, "w");

	ck_assert_ptr_nonnull(file);
	(void)fprintf(file, "#!/bin/sh\ncd %s\n%s\n", dir, script);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(chmod(program, 0755), 0);
}

static enum sts_rc
run(const char *script, const char *message, size_t len, int64_t ms)
{
	write_program(script);
	return sts_submit(program, FROM, message, len, ms, &err);
}

static void
expect(const char *script, size_t len, enum sts_rc rc, const char *text)
{
	enum sts_rc found = run(script, big, len, PATIENCE_MS);

	ck_assert_msg(found == rc, "%s: %d %s", script, found, err.text);
	if (rc != STS_OK)
		ck_assert_msg(strstr(err.text, text) != NULL,
		    "%s: \"%s\" in \"%s\"", script, text, err.text);
}

/* What the program left in file NAME. */
static const char *
left(const char *name)
{
	static char text[4096];
	char path[700];
	FILE *file;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return text;
}

START_TEST(message_and_sender_arrive)
{
	ck_assert_int_eq(run("cat >message; echo \"$@\" >arguments",
			     "To: a@x\n\n.\nb\n", 14, PATIENCE_MS),
	    STS_OK);
	ck_assert_str_eq(left("message"), "To: a@x\n\n.\nb\n");
	ck_assert_str_eq(left("arguments"), "-t -i -f " FROM "\n");
}
END_TEST

START_TEST(big_message_arrives_whole)
{
	expect("sleep 0.1; cat | wc -c >size", BIG, STS_OK, "");
	ck_assert_int_eq(strtol(left("size"), NULL, 10), BIG);
}
END_TEST

START_TEST(program_inherits_nothing)
{
	int fd = open("/dev/null", O_RDONLY);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_ne(fcntl(fd, F_DUPFD, 50), -1);
	(void)setenv("LD_PRELOAD_NOT", "x", 1);
	(void)signal(SIGTERM, SIG_IGN);
	expect("cat >/dev/null; env | grep -v ^PWD= >environment;"
	       "ls /proc/self/fd >fds; grep ^SigIgn /proc/self/status >ignored",
	    1, STS_OK, "");
	ck_assert_ptr_null(strstr(left("environment"), "LD_PRELOAD_NOT"));
	ck_assert_ptr_null(strstr(left("environment"), "HOME"));
	ck_assert_ptr_nonnull(strstr(left("environment"), "PATH=/usr/sbin"));
	ck_assert_str_eq(left("fds"), "0\n1\n2\n3\n"); /* 3 is ls's own */
	ck_assert_str_eq(left("ignored"), "SigIgn:\t0000000000000000\n");
}
END_TEST

/* A program that sends mail for others may gain privileges. */
START_TEST(program_may_gain_privileges)
{
	expect("cat >/dev/null; grep NoNewPrivs /proc/self/status >privs", 1,
	    STS_OK, "");
	ck_assert_str_eq(left("privs"),
	    prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0 ? "NoNewPrivs:\t0\n"
							: "NoNewPrivs:\t1\n");
}
END_TEST

START_TEST(refusal_is_told_with_what_was_said)
{
	expect("cat >/dev/null; echo no room >&2; exit 75", 1, STS_ELOCAL,
	    "/program ended with status 75: no room");
	expect("cat >/dev/null; echo on stdout; echo more; exit 1", BIG,
	    STS_ELOCAL, "/program ended with status 1: on stdout");
	ck_assert_ptr_null(strstr(err.text, "more"));
	expect("printf 'a\\033[31mb' >&2; exit 64", 1, STS_ELOCAL,
	    "status 64: a\\027[31mb");
	expect("exit 70", BIG, STS_ELOCAL, "/program ended with status 70");
	ck_assert_int_eq(err.text[strlen(err.text) - 1], '0');
	expect("kill -9 $$", 1, STS_ELOCAL, "/program was killed by signal 9");
}
END_TEST

START_TEST(what_was_not_read_was_not_taken)
{
	expect("exit 0", BIG, STS_ELOCAL,
	    "/program ended before it had read the message");
	expect("head -c 1000 >/dev/null", BIG, STS_ELOCAL,
	    "ended before it had read the message");
}
END_TEST

START_TEST(endless_output_is_read_and_cut)
{
	expect("head -c 3000000 /dev/zero | tr '\\0' e >&2; cat >/dev/null;"
	       "exit 1",
	    BIG, STS_ELOCAL, "status 1: eeeeeeee");
	expect("cat >/dev/null; head -c 3000000 /dev/zero", BIG, STS_OK, "");
}
END_TEST

static void
expect_timeout(const char *script, size_t len)
{
	int64_t begin = sts_clock_ms(), took;

	ck_assert_int_eq(run(script, big, len, 300), STS_ETIMEOUT);
	took = sts_clock_ms() - begin;
	ck_assert_int_ge(took, 300);
	ck_assert_msg(took < 900, "%s: %lld ms", script, (long long)took);
	ck_assert_ptr_nonnull(strstr(err.text, "did not end within 300 ms"));
}

START_TEST(program_that_hangs_is_killed)
{
	pid_t pid;

	expect_timeout("echo $$ >pid; exec sleep 30", BIG);
	pid = (pid_t)strtol(left("pid"), NULL, 10);
	ck_assert_int_eq(kill(pid, 0), -1);
	expect_timeout("cat >/dev/null; echo stuck >&2; exec sleep 30", 10);
	ck_assert_ptr_nonnull(strstr(err.text, "300 ms: stuck"));
	expect_timeout("trap '' TERM HUP INT; while :; do sleep 1; done", 1);
	expect_timeout("yes", BIG);
}
END_TEST

/* Half a message, that is, for all that it could tell. */
START_TEST(killed_program_sends_nothing)
{
	expect_timeout("sleep 0.6; cat >/dev/null; echo end >seen", BIG);
	(void)usleep(700000);
	ck_assert_int_eq(access(program, F_OK), 0);
	(void)snprintf(program, sizeof(program), "%s/seen", dir);
	ck_assert_int_eq(access(program, F_OK), -1);
}
END_TEST

/* Exim delivers in the background, with our pipes or without. */
START_TEST(only_the_program_itself_is_waited_for)
{
	int64_t begin = sts_clock_ms();

	expect("cat >/dev/null; (sleep 3; echo done >delivered) &", BIG, STS_OK,
	    "");
	ck_assert_int_lt(sts_clock_ms() - begin, 1000);
	(void)sleep(4);
	ck_assert_str_eq(left("delivered"), "done\n");
}
END_TEST

START_TEST(program_must_be_there)
{
	ck_assert_int_eq(sts_submit("/nonexistent", FROM, "a", 1, PATIENCE_MS,
			     &err),
	    STS_ELOCAL);
	ck_assert_str_eq(err.text,
	    "/nonexistent cannot be run: No such file or directory");
	ck_assert_int_eq(sts_submit("sendmail", FROM, "a", 1, PATIENCE_MS,
			     &err),
	    STS_EUSAGE);
	ck_assert_int_eq(sts_submit("/bin/true", "-oQ/tmp", "a", 1, PATIENCE_MS,
			     &err),
	    STS_EUSAGE);
}
END_TEST

START_TEST(works_with_closed_standard_descriptors)
{
	int status;
	pid_t pid;

	write_program("cat >message; echo said >&2; exit 3");
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		(void)close(0);
		(void)close(1);
		(void)close(2);
		if (sts_submit(program, FROM, "hello", 5, PATIENCE_MS, &err) !=
		    STS_ELOCAL)
			_exit(1);
		_exit(strstr(err.text, "status 3: said") != NULL ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(left("message"), "hello");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("submit");
	TCase *tcase = tcase_create("submit");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, message_and_sender_arrive);
	tcase_add_test(tcase, big_message_arrives_whole);
	tcase_add_test(tcase, program_inherits_nothing);
	tcase_add_test(tcase, program_may_gain_privileges);
	tcase_add_test(tcase, refusal_is_told_with_what_was_said);
	tcase_add_test(tcase, what_was_not_read_was_not_taken);
	tcase_add_test(tcase, endless_output_is_read_and_cut);
	tcase_add_test(tcase, program_that_hangs_is_killed);
	tcase_add_test(tcase, killed_program_sends_nothing);
	tcase_add_test(tcase, only_the_program_itself_is_waited_for);
	tcase_add_test(tcase, program_must_be_there);
	tcase_add_test(tcase, works_with_closed_standard_descriptors);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
