/* SPDX-License-Identifier: ISC */
/*
 * The state directory: whose it must be, who works in it, and what is left
 * of a file when writing it fails.
 */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hurt.h"
#include "scratch.h"
#include "state/identity.h"
#include "suite.h"

static enum sts_rc
try_open(const char *path, enum sts_dir_flags flags)
{
	struct sts_dir *dir;
	struct sts_error err;
	enum sts_rc rc;

	rc = sts_dir_open(path, flags, &dir, &err);
	if (rc == STS_OK)
		sts_dir_free(dir);
	else
		ck_assert_str_ne(err.text, "");
	return rc;
}

START_TEST(a_directory_that_is_missing_is_damage)
{
	char path[1024];

	hurt_file("nothing", path);
	ck_assert_int_eq(try_open(path, STS_DIR_ANYWHERE), STS_EDAMAGED);
	hurt_put("file", "x", 1);
	hurt_file("file", path);
	ck_assert_int_eq(try_open(path, STS_DIR_ANYWHERE), STS_EDAMAGED);
	hurt_file("link", path);
	ck_assert_int_eq(symlink(hurt_path, path), 0);
	ck_assert_int_eq(try_open(path, STS_DIR_ANYWHERE), STS_EDAMAGED);
}
END_TEST

START_TEST(a_directory_others_may_enter_is_refused)
{
	ck_assert_int_eq(chmod(hurt_path, 0710), 0);
	ck_assert_int_eq(try_open(hurt_path, STS_DIR_ANYWHERE), STS_EIDENTITY);
	ck_assert_int_eq(chmod(hurt_path, 0700), 0);
	ck_assert_int_eq(try_open(hurt_path, STS_DIR_ANYWHERE), STS_OK);
}
END_TEST

START_TEST(roots_directory_is_refused)
{
	if (geteuid() != 0) {
		printf("SKIPPED: needs root\n");
		return;
	}
	ck_assert_int_eq(chown(hurt_path, 0, 0), 0);
	ck_assert_int_eq(try_open(hurt_path, STS_DIR_ANYWHERE), STS_EIDENTITY);
}
END_TEST

static void
judge_parents(void)
{
	static const char state[] = "/run/mta-sts-test/exim";
	int bad = 0;

	bad += mkdir("/run/mta-sts-test", 0755) != 0;
	bad += mkdir(state, 0700) != 0;
	bad += chown(state, SCRATCH_UID, SCRATCH_UID) != 0;
	bad += try_open(state, STS_DIR_READ) != STS_OK;
	bad += chmod("/run/mta-sts-test", 0775) != 0;
	bad += try_open(state, STS_DIR_READ) != STS_EIDENTITY;
	bad += chmod("/run/mta-sts-test", 01777) != 0; /* sticky is no help */
	bad += try_open(state, STS_DIR_READ) != STS_EIDENTITY;
	bad += chmod("/run/mta-sts-test", 0755) != 0;
	bad += chown("/run/mta-sts-test", SCRATCH_UID, 0) != 0;
	bad += try_open(state, STS_DIR_READ) != STS_EIDENTITY;
	bad += chown("/run/mta-sts-test", 0, 0) != 0;
	bad += symlink("/run/mta-sts-test", "/run/mta-sts-link") != 0;
	bad += try_open("/run/mta-sts-link/exim", STS_DIR_READ) == STS_OK;
	bad += try_open("exim", STS_DIR_READ) != STS_EIDENTITY;
	bad += try_open(state, STS_DIR_READ) != STS_OK;
	_exit(bad == 0 ? 0 : 1);
}

START_TEST(every_parent_is_roots_alone)
{
	free(hurt_path);
	hurt_path = strdup("/run"); /* a tmpfs of our own in its place */
	(void)hurt_on_tmpfs("1m,mode=0755,uid=0,gid=0", judge_parents);
}
END_TEST

/* ---- identity ---------------------------------------------------------- */

static bool
is_root_with(const gid_t *groups, int count)
{
	gid_t now[64];
	int n = getgroups(64, now);

	return geteuid() == 0 && getegid() == 0 && n == count &&
	       memcmp(now, groups, (size_t)n * sizeof(*now)) == 0;
}

static void
work_as_root(void)
{
	static const gid_t groups[] = { 0, 4, 24 };
	struct sts_buf buf;
	struct stat st;
	char path[1024];
	int bad = 0;

	hurt_file("x", path);
	bad += setgroups(3, groups) != 0;
	bad += sts_dir_write(hurt_dir, "x", "abc", 3, NULL) != STS_OK;
	bad += stat(path, &st) != 0 || st.st_uid != SCRATCH_UID ||
	       st.st_gid != SCRATCH_UID || (st.st_mode & 0777) != 0600;
	bad += !is_root_with(groups, 3);
	bad += sts_dir_begin(hurt_dir, NULL) != STS_OK;
	bad += sts_dir_begin(hurt_dir, NULL) != STS_OK;
	bad += geteuid() != SCRATCH_UID || getegid() != SCRATCH_UID;
	bad += open("/etc/shadow", O_RDONLY) != -1;
	bad += sts_dir_end(hurt_dir, NULL) != STS_OK;
	bad += geteuid() != SCRATCH_UID; /* nested: not yet */
	bad += sts_dir_end(hurt_dir, NULL) != STS_OK;
	bad += !is_root_with(groups, 3);
	/* A file of root's, closed to the owner, is damage and not read. */
	bad += chown(path, 0, 0) != 0 || chmod(path, 0600) != 0;
	sts_buf_init(&buf, 100);
	bad += sts_dir_read(hurt_dir, "x", &buf, NULL) != STS_EDAMAGED;
	bad += !is_root_with(groups, 3);
	_exit(bad == 0 ? 0 : 1);
}

START_TEST(root_works_as_the_owner_and_is_root_again)
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		printf("SKIPPED: needs root\n");
		return;
	}
	pid = fork();
	if (pid == 0)
		work_as_root();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Once the owner's for good, root cannot be had back: that must be told. */
static void
lose_root(void)
{
	struct sts_buf buf;
	int bad = 0;

	bad += sts_dir_write(hurt_dir, "x", "abc", 3, NULL) != STS_OK;
	bad += sts_dir_begin(hurt_dir, NULL) != STS_OK;
	bad += setresuid(SCRATCH_UID, SCRATCH_UID, SCRATCH_UID) != 0;
	bad += sts_dir_end(hurt_dir, NULL) != STS_EDAMAGED;
	sts_buf_init(&buf, 100);
	bad += sts_dir_read(hurt_dir, "x", &buf, NULL) != STS_EDAMAGED;
	_exit(bad == 0 ? 0 : 1);
}

START_TEST(root_lost_is_damage_from_then_on)
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		printf("SKIPPED: needs root\n");
		return;
	}
	pid = fork();
	if (pid == 0)
		lose_root();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static void
be_a_third_user(void)
{
	if (setgid(SCRATCH_UID - 1) != 0 || setuid(SCRATCH_UID - 1) != 0)
		_exit(1);
	/* It cannot even be told: the directory is closed to us. */
	_exit(try_open(hurt_path, STS_DIR_ANYWHERE) == STS_OK);
}

START_TEST(a_third_user_gets_no_state)
{
	int status;
	pid_t pid;

	if (geteuid() != 0) {
		printf("SKIPPED: needs root\n");
		return;
	}
	pid = fork();
	if (pid == 0)
		be_a_third_user();
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* ---- files ------------------------------------------------------------- */

static enum sts_rc
read_name(const char *name, size_t max, char *out)
{
	struct sts_buf buf;
	enum sts_rc rc;

	sts_buf_init(&buf, max);
	rc = sts_dir_read(hurt_dir, name, &buf, NULL);
	if (rc == STS_OK)
		memcpy(out, sts_buf_text(&buf), buf.len + 1);
	sts_buf_clear(&buf);
	return rc;
}

START_TEST(only_a_plain_file_within_bounds_is_read)
{
	char path[1024], text[64];

	ck_assert_int_eq(read_name("x", 10, text), STS_ENODATA);
	hurt_put("x", "0123456789", 10);
	ck_assert_int_eq(read_name("x", 10, text), STS_OK);
	ck_assert_str_eq(text, "0123456789");
	ck_assert_int_eq(read_name("x", 9, text), STS_EDAMAGED);
	hurt_file("y", path);
	hurt_ways[_i].replace(path);
	/* Here an empty file is as good as any. */
	ck_assert_int_eq(read_name("y", 10, text),
	    _i == 0 ? STS_OK : STS_EDAMAGED);
}
END_TEST

START_TEST(a_file_that_is_being_replaced_is_still_read)
{
	struct sts_error err;
	struct stat st;
	char c;
	int fd;

	hurt_put("x", "old", 3);
	ck_assert_int_eq(sts_dir_openat(hurt_dir, "x", O_RDONLY, &fd, &err),
	    STS_OK);
	ck_assert_int_eq(sts_dir_write(hurt_dir, "x", "new", 3, NULL), STS_OK);
	ck_assert_int_eq(fstat(fd, &st), 0);
	ck_assert_uint_eq(st.st_nlink, 0);
	ck_assert(read(fd, &c, 1) == 1 && c == 'o');
	(void)close(fd);
}
END_TEST

static void
fill_disk(void)
{
	static char block[65536];
	char text[64];
	struct sts_dir *dir;
	struct sts_error err;
	enum sts_rc rc;
	int bad = 0;

	if (sts_dir_open(hurt_path, STS_DIR_WRITE | STS_DIR_ANYWHERE, &dir,
		&err) != STS_OK)
		_exit(1);
	bad += sts_dir_room(dir, NULL) != STS_OK;
	bad += sts_dir_write(dir, "x", "old", 3, NULL) != STS_OK;
	bad += sts_dir_append(dir, "log", "old\n", 4, true, NULL) != STS_OK;
	/* The reserve is for policies: others stop before the disk is full. */
	bad += sts_dir_write(dir, "big", block, 45056, NULL) != STS_OK;
	bad += sts_dir_room(dir, NULL) != STS_ESPACE;
	rc = sts_dir_write(dir, "x", block, sizeof(block), &err);
	bad += rc != STS_ESPACE || err.sys != ENOSPC;
	do /* until a write comes out short */
		rc = sts_dir_append(dir, "log", block, 5000, true, NULL);
	while (rc == STS_OK);
	bad += rc != STS_ESPACE;
	hurt_dir = dir;
	bad += read_name("x", 10, text) != STS_OK || strcmp(text, "old") != 0;
	_exit(bad == 0 ? 0 : 1);
}

/* A user of the MTA may have set one: SIGXFSZ would kill what he called. */
START_TEST(a_file_size_limit_is_an_error_and_no_signal)
{
	static const char *const names[] = { "a.example", "b.example",
		"c.example" };
	static char data[65536 + 1]; /* Check itself writes small files */
	const size_t most = sizeof(data) - 1;
	struct rlimit before, small = { .rlim_cur = most };
	struct sts_note note = { .kind = STS_NOTE_DISTRUSTED, .life = 60 };
	struct sts_table *table;
	struct sts_error err;
	size_t i, refused = 0;

	hurt_put("file", data, most);
	ck_assert_int_eq(sts_table_open(hurt_dir, "checked", &table, &err),
	    STS_OK);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	small.rlim_max = before.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(sts_dir_append(hurt_dir, "file", "1", 1, false, &err),
	    STS_ESPACE);
	ck_assert_int_eq(sts_dir_write(hurt_dir, "file", data, sizeof(data),
			     &err),
	    STS_ESPACE);
	ck_assert_int_eq(sts_dir_write_sized(hurt_dir, "file", "1", 1, most + 1,
			     &err),
	    STS_ESPACE);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		refused += sts_table_put(table, names[i], 0, &note, &err) ==
			   STS_ESPACE;
	ck_assert_uint_gt(refused, 0); /* a slot near the start fits */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(sts_dir_append(hurt_dir, "file", "1", 1, false, &err),
	    STS_OK);
	sts_table_free(table);
}
END_TEST

START_TEST(a_full_disk_leaves_the_old_file)
{
	(void)hurt_on_tmpfs("64k", fill_disk);
}
END_TEST

START_TEST(a_directory_gives_way_to_a_file_if_it_is_empty)
{
	char text[64];

	ck_assert_int_eq(mkdirat(sts_dir_fd(hurt_dir), "x", 0700), 0);
	ck_assert_int_eq(mkdirat(sts_dir_fd(hurt_dir), "x/y", 0700), 0);
	ck_assert_int_eq(mkdirat(sts_dir_fd(hurt_dir), "z", 0700), 0);
	ck_assert_int_eq(sts_dir_write(hurt_dir, "x", "new", 3, NULL),
	    STS_EDAMAGED);
	ck_assert_int_eq(sts_dir_write(hurt_dir, "z", "new", 3, NULL), STS_OK);
	ck_assert_int_eq(read_name("z", 10, text), STS_OK);
	ck_assert_str_eq(text, "new");
}
END_TEST

START_TEST(what_a_crash_left_is_nobodys_file)
{
	char text[64];

	hurt_put("x", "old", 3);
	hurt_put("tmp/1-1-1", "half of a n", 11); /* killed before rename */
	ck_assert_int_eq(read_name("x", 10, text), STS_OK);
	ck_assert_str_eq(text, "old");
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	ck_assert_int_eq(sts_dir_exists(hurt_dir, "tmp/1-1-1", NULL),
	    STS_ENODATA);
}
END_TEST

START_TEST(an_append_waits_for_a_lock_and_finds_the_new_file)
{
	int fd, status;
	pid_t pid;
	char text[64];

	ck_assert_int_eq(sts_dir_lock(hurt_dir, "log", O_RDWR, &fd, NULL),
	    STS_OK);
	pid = fork();
	if (pid == 0) {
		(void)close(fd);
		_exit(sts_dir_append(hurt_dir, "log", "b", 1, true, NULL) !=
		      STS_OK);
	}
	(void)usleep(50000);
	ck_assert_int_eq(waitpid(pid, &status, WNOHANG), 0);
	ck_assert_int_eq(sts_dir_write(hurt_dir, "log", "a", 1, NULL), STS_OK);
	(void)close(fd);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(read_name("log", 10, text), STS_OK);
	ck_assert_str_eq(text, "ab");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dir");
	TCase *tcase = tcase_create("directory");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, a_directory_that_is_missing_is_damage);
	tcase_add_test(tcase, a_directory_others_may_enter_is_refused);
	tcase_add_test(tcase, roots_directory_is_refused);
	tcase_add_test(tcase, root_works_as_the_owner_and_is_root_again);
	tcase_add_test(tcase, root_lost_is_damage_from_then_on);
	tcase_add_test(tcase, a_third_user_gets_no_state);
	tcase_add_loop_test(tcase, only_a_plain_file_within_bounds_is_read, 0,
	    HURT_WAYS);
	tcase_add_test(tcase, a_file_that_is_being_replaced_is_still_read);
	tcase_add_test(tcase, a_full_disk_leaves_the_old_file);
	tcase_add_test(tcase, a_file_size_limit_is_an_error_and_no_signal);
	tcase_add_test(tcase, a_directory_gives_way_to_a_file_if_it_is_empty);
	tcase_add_test(tcase, what_a_crash_left_is_nobodys_file);
	tcase_add_test(tcase,
	    an_append_waits_for_a_lock_and_finds_the_new_file);
	suite_add_tcase(suite, tcase);
	tcase = tcase_create("parents");
	tcase_add_test(tcase, every_parent_is_roots_alone);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
