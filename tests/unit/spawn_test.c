/* SPDX-License-Identifier: ISC */
/*
 * Running a program from a hostile surrounding: what it sees, what becomes
 * of the caller, and that no program can make the caller wait.  The shell
 * plays every program.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../exim/spawn.h"
#include "base/clock.h"
#include "scratch.h"
#include "suite.h"

#define LINE_MAX_LEN 1000

static char *dir;
static struct sts_buf line;
static struct sts_error err;
static volatile sig_atomic_t alarms, children;

static void
setup(void)
{
	char *made = scratch_new();

	dir = realpath(made, NULL); /* the child changes to it */
	ck_assert_ptr_nonnull(dir);
	free(made);
	sts_buf_init(&line, LINE_MAX_LEN);
}

static void
teardown(void)
{
	sts_buf_clear(&line);
	scratch_free(dir);
}

static enum sts_rc
run(const char *script, int ms)
{
	char *argv[] = { (char[]){ "sh" }, (char[]){ "-c" }, strdup(script),
		NULL };
	struct sts_spawn spawn = { .program = "/bin/sh",
		.argv = argv,
		.dir = dir,
		.uid = geteuid() == 0 ? SCRATCH_UID : geteuid(),
		.gid = geteuid() == 0 ? SCRATCH_UID : getegid(),
		.deadline = sts_clock_ms() + ms };
	enum sts_rc rc = sts_spawn_line(&spawn, &line, &err);

	free(argv[2]);
	return rc;
}

#define ck_line(script, expect)                                                \
	do {                                                                   \
		ck_assert_int_eq(run(script, 10000), STS_OK);                  \
		ck_assert_str_eq(sts_buf_text(&line), expect);                 \
		sts_buf_reset(&line);                                          \
	} while (0)

START_TEST(first_line_is_the_answer)
{
	ck_line("echo one; echo two", "one");
	ck_line("printf on; sleep 0.05; printf 'e\\nt'", "one");
	ck_line("echo", "");
}
END_TEST

START_TEST(bad_programs_give_no_answer)
{
	ck_assert_int_eq(run("exit 3", 10000), STS_ELOCAL);
	ck_assert_int_eq(run("printf 'no newline'", 10000), STS_ELOCAL);
	ck_assert_int_eq(run("kill -9 $$", 10000), STS_ELOCAL);
	ck_assert_int_eq(run("yes | tr -d '\\n'", 10000), STS_ELOCAL);
	ck_assert_uint_le(line.len, LINE_MAX_LEN);
}
END_TEST

START_TEST(a_hanging_program_costs_its_deadline)
{
	int64_t before = sts_clock_ms(), took;

	ck_assert_int_eq(run("sleep 2", 300), STS_ETIMEOUT);
	took = sts_clock_ms() - before;
	ck_assert_int_ge(took, 300);
	ck_assert_int_le(took, 400);
}
END_TEST

START_TEST(a_dripping_program_costs_its_deadline)
{
	int64_t before = sts_clock_ms();

	ck_assert_int_eq(run("while printf x; do sleep 0.02; done", 300),
	    STS_ETIMEOUT);
	ck_assert_int_le(sts_clock_ms() - before, 400);
}
END_TEST

START_TEST(a_late_program_finishes_alone)
{
	char file[600];
	int i;

	(void)snprintf(file, sizeof(file), "%s/late", dir);
	ck_assert_int_eq(run("sleep 0.3; : >late", 100), STS_ETIMEOUT);
	ck_assert_int_eq(access(file, F_OK), -1);
	for (i = 0; i < 100 && access(file, F_OK) == -1; i++)
		(void)usleep(20000);
	ck_assert_int_eq(access(file, F_OK), 0);
}
END_TEST

START_TEST(environment_is_constructed)
{
	(void)setenv("LD_PRELOAD", "/tmp/evil.so", 1);
	(void)setenv("TZ", "/etc/shadow", 1);
	ck_line("echo $(tr '\\0' ' ' </proc/$$/environ)",
	    "PATH=/usr/sbin:/usr/bin:/sbin:/bin");
}
END_TEST

START_TEST(descriptors_are_closed)
{
	int i;

	for (i = 0; i < 20; i++)
		ck_assert_int_ne(dup2(0, 100 + i), -1);
	/* 3 is the shell reading the directory. */
	ck_line("cd /proc/$$/fd && echo * && :", "0 1 2 3");
	ck_line("readlink /proc/$$/fd/0", "/dev/null");
	ck_line("readlink /proc/$$/fd/2", "/dev/null");
}
END_TEST

START_TEST(free_standard_descriptors_do_no_harm)
{
	(void)close(0);
	(void)close(2);
	ck_assert_int_eq(run("echo good", 10000), STS_OK);
	ck_assert_str_eq(sts_buf_text(&line), "good");
	ck_assert_int_eq(fcntl(0, F_GETFD), -1);
}
END_TEST

START_TEST(limits_are_fixed)
{
	struct rlimit tiny = { 20, 4096 };

	if (geteuid() == 0)
		(void)setrlimit(RLIMIT_NOFILE, &tiny);
	else
		tiny.rlim_cur = 0;
	ck_line("echo $(ulimit -c; ulimit -n; ulimit -t)", "0 256 60");
}
END_TEST

static void
on_alarm(int number)
{
	(void)number;
	alarms++;
}

static void
on_child(int number)
{
	(void)number;
	children++;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
}

START_TEST(signals_are_default_and_unblocked)
{
	sigset_t all;

	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	ck_line("echo $(grep -E 'Sig(Blk|Ign)' /proc/self/status)",
	    "SigBlk: 0000000000000000 SigIgn: 0000000000000000");
}
END_TEST

START_TEST(alarms_of_the_caller_go_on)
{
	struct itimerval timer = { .it_interval = { 0, 20000 },
		.it_value = { 0, 20000 } };
	struct sigaction action = { .sa_handler = on_alarm }, after;
	int64_t before;

	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	before = sts_clock_ms();
	ck_assert_int_eq(run("sleep 2", 300), STS_ETIMEOUT);
	ck_assert_int_le(sts_clock_ms() - before, 400);
	ck_assert_int_ge(alarms, 5);
	(void)getitimer(ITIMER_REAL, &timer);
	ck_assert_int_eq(timer.it_interval.tv_usec, 20000);
	(void)sigaction(SIGALRM, NULL, &after);
	ck_assert_ptr_eq(after.sa_handler, on_alarm);
	timer = (struct itimerval){ 0 };
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}
END_TEST

/* Every way that an MTA may have SIGCHLD: ours is reaped, others' are not. */
static void (*const dispositions[])(int) = { SIG_DFL, SIG_IGN, on_child };

START_TEST(sigchld_stays_as_it_was)
{
	struct sigaction action = { .sa_handler = dispositions[_i] }, after;

	(void)sigaction(SIGCHLD, &action, NULL);
	ck_line("echo x", "x");
	(void)sigaction(SIGCHLD, NULL, &after);
	ck_assert_ptr_eq(after.sa_handler, dispositions[_i]);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(children_of_the_caller_are_left_alone)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(7);
	(void)usleep(50000);
	ck_line("echo x", "x");
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(it_runs_as_the_owner_in_the_directory)
{
	char expect[1200];
	uid_t uid = geteuid() == 0 ? SCRATCH_UID : geteuid();

	(void)snprintf(expect, sizeof(expect), "Uid: %d %d %d %d", (int)uid,
	    (int)uid, (int)uid, (int)uid);
	ck_line("echo $(grep Uid /proc/self/status)", expect);
	ck_line("echo $(grep NoNewPrivs /proc/self/status)", "NoNewPrivs: 1");
	ck_line("umask", "0077");
	ck_line("pwd", dir);
}
END_TEST

START_TEST(root_is_out_of_reach)
{
	gid_t groups[] = { 0, 4, 27 };

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(setgroups(3, groups), 0);
	ck_line("echo $(grep -E '^(Gid|Groups)' /proc/self/status)",
	    "Gid: 65534 65534 65534 65534 Groups: 65534");
	ck_line("echo $(grep CapEff /proc/self/status)",
	    "CapEff: 0000000000000000");
}
END_TEST

/* As Exim's reception process: the owner already, root's real uid perhaps. */
START_TEST(the_owner_needs_no_switch)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(setgroups(0, NULL), 0);
	ck_assert_int_eq(setegid(SCRATCH_UID), 0);
	ck_assert_int_eq(seteuid(SCRATCH_UID), 0);
	ck_line("echo $(grep Uid /proc/self/status)",
	    "Uid: 65534 65534 65534 65534");
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(never_as_root_nor_for_strangers)
{
	char *argv[] = { (char[]){ "sh" }, NULL };
	struct sts_spawn spawn = { .program = "/bin/sh",
		.argv = argv,
		.dir = "/",
		.uid = 0,
		.gid = 0,
		.deadline = sts_clock_ms() + 1000 };

	ck_assert_int_eq(sts_spawn_line(&spawn, &line, &err), STS_EIDENTITY);
	if (geteuid() != 0)
		return;
	spawn.uid = SCRATCH_UID;
	ck_assert_int_eq(seteuid(12345), 0);
	ck_assert_int_eq(sts_spawn_line(&spawn, &line, &err), STS_EIDENTITY);
	ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told)
{
	char *argv[] = { (char[]){ "x" }, NULL };
	struct sts_spawn spawn = { .program = "/nonexistent/x",
		.argv = argv,
		.dir = dir,
		.uid = geteuid() == 0 ? SCRATCH_UID : geteuid(),
		.gid = SCRATCH_UID,
		.deadline = sts_clock_ms() + 10000 };

	ck_assert_int_eq(sts_spawn_line(&spawn, &line, &err), STS_ELOCAL);
	ck_assert_str_eq(err.text,
	    "cannot start: /nonexistent/x: No such file or directory");
}
END_TEST

START_TEST(only_what_is_roots_alone_may_run)
{
	char file[600];
	int fd;

	ck_assert_int_eq(sts_spawn_check("/bin/sh", &err), STS_OK);
	ck_assert_int_eq(sts_spawn_check("bin/sh", &err), STS_ELOCAL);
	ck_assert_int_eq(sts_spawn_check("/bin", &err), STS_ELOCAL);
	ck_assert_int_eq(sts_spawn_check("/nonexistent/x", &err), STS_ELOCAL);
	(void)snprintf(file, sizeof(file), "%s/program", dir);
	fd = open(file, O_WRONLY | O_CREAT, 0755);
	ck_assert_int_ne(fd, -1);
	(void)close(fd);
	ck_assert_int_eq(sts_spawn_check(file, &err), STS_EIDENTITY);
	ck_assert_ptr_nonnull(strstr(err.text, dir));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spawn");
	TCase *tc = tcase_create("spawn");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, first_line_is_the_answer);
	tcase_add_test(tc, bad_programs_give_no_answer);
	tcase_add_test(tc, a_hanging_program_costs_its_deadline);
	tcase_add_test(tc, a_dripping_program_costs_its_deadline);
	tcase_add_test(tc, a_late_program_finishes_alone);
	tcase_add_test(tc, environment_is_constructed);
	tcase_add_test(tc, descriptors_are_closed);
	tcase_add_test(tc, free_standard_descriptors_do_no_harm);
	tcase_add_test(tc, limits_are_fixed);
	tcase_add_test(tc, signals_are_default_and_unblocked);
	tcase_add_test(tc, alarms_of_the_caller_go_on);
	tcase_add_loop_test(tc, sigchld_stays_as_it_was, 0, 3);
	tcase_add_test(tc, children_of_the_caller_are_left_alone);
	tcase_add_test(tc, it_runs_as_the_owner_in_the_directory);
	tcase_add_test(tc, root_is_out_of_reach);
	tcase_add_test(tc, the_owner_needs_no_switch);
	tcase_add_test(tc, never_as_root_nor_for_strangers);
	tcase_add_test(tc, a_program_that_is_not_there_is_told);
	tcase_add_test(tc, only_what_is_roots_alone_may_run);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
