/* SPDX-License-Identifier: ISC */
/*
 * Leases: one holder at a time, and none that outlives its holder, its boot
 * or its deadline.
 */
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "hurt.h"
#include "suite.h"

#define DOMAIN "example.com"
#define RACERS 8

static enum sts_rc
take(int64_t later, struct sts_lease **lease)
{
	struct sts_now now = hurt_now;
	struct sts_error err;

	now.boot += later;
	return sts_lease_take(hurt_dir, DOMAIN, &now, 30, lease, &err);
}

/* A child that takes the lease, says so and hangs. */
static pid_t
holder(void)
{
	struct sts_lease *lease;
	int fd[2];
	char c = 'n';
	pid_t pid;

	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (pid == 0) {
		if (take(0, &lease) == STS_OK)
			c = 'y';
		(void)!write(fd[1], &c, 1);
		for (;;)
			(void)pause();
	}
	ck_assert(read(fd[0], &c, 1) == 1 && c == 'y');
	(void)close(fd[0]);
	(void)close(fd[1]);
	return pid;
}

static void
finish(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

static void
name_of(char out[64])
{
	(void)snprintf(out, 64, "leases/%016" PRIx64,
	    sts_checksum(DOMAIN, strlen(DOMAIN)));
}

START_TEST(one_holds_it_until_it_is_given_back)
{
	struct sts_lease *a, *b;
	char name[64];

	name_of(name);
	ck_assert_int_eq(take(0, &a), STS_OK);
	ck_assert_int_eq(take(0, &b), STS_EBUSY);
	sts_lease_free(a);
	ck_assert_int_eq(sts_dir_exists(hurt_dir, name, NULL), STS_ENODATA);
	ck_assert_int_eq(take(0, &b), STS_OK);
	sts_lease_free(b);
}
END_TEST

START_TEST(it_says_who_holds_it)
{
	struct sts_lease *lease;
	struct sts_error err;
	char name[64], text[256], expected[256];
	pid_t pid = holder();

	ck_assert_int_eq(sts_lease_take(hurt_dir, DOMAIN, &hurt_now, 30, &lease,
			     &err),
	    STS_EBUSY);
	(void)snprintf(expected, sizeof(expected), "%ld", (long)pid);
	ck_assert_ptr_nonnull(strstr(err.text, expected));
	name_of(name);
	text[hurt_get(name, text, sizeof(text) - 1)] = '\0';
	(void)snprintf(expected, sizeof(expected),
	    "%ld this-boot %lld " DOMAIN "\n", (long)pid,
	    (long long)hurt_now.boot + 30);
	ck_assert_str_eq(text, expected);
	finish(pid);
}
END_TEST

START_TEST(a_killed_holder_holds_nothing)
{
	struct sts_lease *lease;
	pid_t pid = holder();

	ck_assert_int_eq(take(0, &lease), STS_EBUSY);
	finish(pid);
	ck_assert_int_eq(take(0, &lease), STS_OK);
	sts_lease_free(lease);
}
END_TEST

START_TEST(a_hanging_holder_holds_until_his_deadline)
{
	struct sts_lease *lease, *other;
	pid_t pid = holder();

	ck_assert_int_eq(take(29, &lease), STS_EBUSY);
	ck_assert_int_eq(take(30, &lease), STS_OK);
	ck_assert_int_eq(take(30, &other), STS_EBUSY);
	sts_lease_free(lease);
	finish(pid);
}
END_TEST

START_TEST(a_deadline_out_of_reach_is_void)
{
	struct sts_lease *lease;
	char name[64], text[256];
	pid_t pid = holder();

	name_of(name);
	(void)snprintf(text, sizeof(text), "%ld this-boot %lld " DOMAIN "\n",
	    (long)pid, (long long)hurt_now.boot + 100000);
	hurt_put(name, text, strlen(text));
	ck_assert_int_eq(take(0, &lease), STS_OK);
	sts_lease_free(lease);
	finish(pid);
}
END_TEST

START_TEST(what_was_left_behind_is_nobodys)
{
	struct sts_lease *lease;
	char name[64];

	name_of(name);
	hurt_put(name, "1 another-boot 5 " DOMAIN "\n", 30);
	ck_assert_int_eq(take(0, &lease), STS_OK);
	sts_lease_free(lease);
	hurt_put(name, "junk", 4);
	ck_assert_int_eq(take(0, &lease), STS_OK);
	sts_lease_free(lease);
}
END_TEST

/* Taken and given back in turn, its file comes and goes; whoever locked one
 * that is gone holds nothing. */
static void
take_turns(const char *path)
{
	struct sts_lease *lease;
	int i, fd;

	for (i = 0; i < 400; i++) {
		if (take(0, &lease) != STS_OK)
			continue;
		fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
		if (fd == -1)
			_exit(1); /* somebody else is in here */
		(void)close(fd);
		(void)sched_yield();
		(void)unlink(path);
		sts_lease_free(lease);
	}
	_exit(0);
}

START_TEST(never_do_two_hold_it)
{
	char path[1024];
	int i, status;

	hurt_file("inside", path);
	for (i = 0; i < RACERS; i++)
		if (fork() == 0)
			take_turns(path);
	for (i = 0; i < RACERS; i++) {
		ck_assert_int_ne(wait(&status), -1);
		ck_assert_int_eq(status, 0);
	}
}
END_TEST

/* All at once push a hanging holder aside: one of them gets it. */
START_TEST(of_many_one_takes_over)
{
	struct sts_lease *lease;
	int i, status, winners = 0;
	pid_t hanging = holder(), pid[RACERS];

	for (i = 0; i < RACERS; i++) {
		pid[i] = fork();
		if (pid[i] == 0) {
			if (take(31, &lease) != STS_OK)
				_exit(1);
			(void)sleep(1); /* and holds it for all to see */
			_exit(0);
		}
	}
	for (i = 0; i < RACERS; i++) {
		ck_assert_int_eq(waitpid(pid[i], &status, 0), pid[i]);
		winners += status == 0;
	}
	ck_assert_int_eq(winners, 1);
	finish(hanging);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lease");
	TCase *tcase = tcase_create("leases");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, one_holds_it_until_it_is_given_back);
	tcase_add_test(tcase, it_says_who_holds_it);
	tcase_add_test(tcase, a_killed_holder_holds_nothing);
	tcase_add_test(tcase, a_hanging_holder_holds_until_his_deadline);
	tcase_add_test(tcase, a_deadline_out_of_reach_is_void);
	tcase_add_test(tcase, what_was_left_behind_is_nobodys);
	tcase_add_test(tcase, never_do_two_hold_it);
	tcase_add_test(tcase, of_many_one_takes_over);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
