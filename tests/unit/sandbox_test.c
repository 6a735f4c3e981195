/* SPDX-License-Identifier: ISC */
/*
 * What a sandboxed process can and cannot do any more.  Each test runs in a
 * process of its own, since there is no way back.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "scratch.h"
#include "suite.h"

#ifdef __linux__

static char *base;

static void
setup(void)
{
	base = scratch_new();
}

static void
teardown(void)
{
	scratch_free(base);
}

/* errno of opening PATH, 0 when it can be. */
static int
opens(const char *path, int flags)
{
	int fd = open(path, flags, 0600);

	if (fd == -1)
		return errno;
	(void)close(fd);
	return 0;
}

static int
makes_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM, 0);

	if (fd == -1)
		return errno;
	(void)close(fd);
	return 0;
}

static int
execs(void)
{
	char *const argv[] = { (char[]){ "true" }, NULL };

	(void)execv("/bin/true", argv);
	return errno;
}

/* 0, or the number of the first thing that is not as it must be. */
static int
confined(void)
{
	const struct sts_sandbox sandbox = { .writable = ".",
		.readable = "/etc" };

	/* The state is written so: made in one directory, moved to another. */
	if (chdir(base) == -1 || mkdir("sub", 0700) == -1)
		return 9;
	if (sts_sandbox_enter(&sandbox, NULL) != STS_OK)
		return 1;
	if (opens("new", O_WRONLY | O_CREAT) != 0 ||
	    rename("new", "sub/state") == -1 || unlink("sub/state") == -1)
		return 2;
	if (opens("/etc/passwd", O_RDONLY) != 0)
		return 3;
	if (opens("/etc/passwd", O_WRONLY | O_APPEND) != EACCES)
		return 4;
	if (opens("/bin/true", O_RDONLY) != EACCES)
		return 5;
	if (execs() != EPERM)
		return 6;
	if (makes_socket(AF_INET) != EPERM || makes_socket(AF_INET6) != EPERM)
		return 7;
	if (makes_socket(AF_UNIX) != 0)
		return 8;
	return 0;
}

START_TEST(only_what_was_named_is_left)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(confined());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

static int
without_a_directory(void)
{
	const struct sts_sandbox sandbox = { .writable = "/nonexistent" };

	if (sts_sandbox_enter(&sandbox, NULL) != STS_OK)
		return 1;
	return execs() == EPERM ? 0 : 2;
}

START_TEST(a_missing_directory_is_no_error)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(without_a_directory());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* A program that reads what it was told to, and writes nothing. */
static int
with_inputs(void)
{
	const char *const inputs[] = { "/etc/passwd", "/nonexistent", ".",
		NULL };
	const struct sts_sandbox sandbox = { .inputs = inputs };

	if (chdir(base) == -1 || opens("new", O_WRONLY | O_CREAT) != 0)
		return 9;
	if (sts_sandbox_enter(&sandbox, NULL) != STS_OK)
		return 1;
	if (opens("/etc/passwd", O_RDONLY) != 0 || opens("new", O_RDONLY) != 0)
		return 2;
	if (opens("/etc/group", O_RDONLY) != EACCES)
		return 3;
	if (opens("new", O_WRONLY) != EACCES ||
	    opens("newer", O_WRONLY | O_CREAT) != EACCES)
		return 4;
	return 0;
}

START_TEST(inputs_may_be_read_and_nothing_be_written)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0)
		_exit(with_inputs());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

#endif

int
main(void)
{
	Suite *suite = suite_create("sandbox");
#ifdef __linux__
	TCase *tcase = tcase_create("linux");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, only_what_was_named_is_left);
	tcase_add_test(tcase, a_missing_directory_is_no_error);
	tcase_add_test(tcase, inputs_may_be_read_and_nothing_be_written);
	suite_add_tcase(suite, tcase);
#endif
	return suite_run(suite);
}
