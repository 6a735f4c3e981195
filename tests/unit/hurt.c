/* SPDX-License-Identifier: ISC */
/*
 * State directories that get hurt, see hurt.h.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hurt.h"
#include "scratch.h"
#include "state/shard.h"

char *hurt_path;
struct sts_dir *hurt_dir;
struct sts_state *hurt_state;
struct sts_now hurt_now;

static void
must(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

void
hurt_reopen(enum sts_dir_flags flags)
{
	struct sts_error err = { STS_OK, 0, "" };

	sts_state_free(hurt_state);
	hurt_state = NULL;
	hurt_dir = NULL;
	ck_assert_msg(sts_state_open(hurt_path, flags | STS_DIR_ANYWHERE,
			  &hurt_state, &err) == STS_OK,
	    "%s", err.text);
	hurt_dir = sts_state_dir(hurt_state);
}

void
hurt_setup(void)
{
	hurt_path = scratch_new();
	hurt_now = (struct sts_now){ 1700000000, 100000, "this-boot" };
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
}

void
hurt_teardown(void)
{
	sts_state_free(hurt_state);
	hurt_state = NULL;
	scratch_free(hurt_path);
}

void
hurt_file(const char *name, char out[1024])
{
	(void)snprintf(out, 1024, "%s/%s", hurt_path, name);
}

void
hurt_put(const char *name, const void *data, size_t len)
{
	char path[1024];
	int fd;

	hurt_file(name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	must(fd != -1 && write(fd, data, len) == (ssize_t)len, path);
	if (geteuid() == 0)
		must(fchown(fd, SCRATCH_UID, SCRATCH_UID) == 0, path);
	(void)close(fd);
}

size_t
hurt_get(const char *name, char *data, size_t size)
{
	char path[1024];
	ssize_t n;
	int fd;

	hurt_file(name, path);
	fd = open(path, O_RDONLY);
	must(fd != -1, path);
	n = read(fd, data, size);
	must(n >= 0, path);
	(void)close(fd);
	return (size_t)n;
}

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

void
hurt_remove(const char *name)
{
	char path[1024];

	hurt_file(name, path);
	must(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0, path);
}

void
hurt_policy(const char *domain, char out[1024])
{
	ck_assert_int_eq(sts_shard_path("policies", domain, out, NULL), STS_OK);
}

/* ---- what can stand in a file's place ---------------------------------- */

static void
with_empty(const char *path)
{
	must(close(open(path, O_WRONLY | O_CREAT, 0666)) == 0, path);
}

static void
with_link(const char *path)
{
	must(symlink("/etc/hostname", path) == 0, path);
}

static void
with_fifo(const char *path)
{
	must(mkfifo(path, 0666) == 0, path);
}

static void
with_directory(const char *path)
{
	must(mkdir(path, 0777) == 0, path);
}

static void
with_second_link(const char *path)
{
	char other[1100];

	(void)snprintf(other, sizeof(other), "%s/tmp/other", hurt_path);
	(void)unlink(other);
	with_empty(other);
	must(link(other, path) == 0, path);
}

static void
with_huge(const char *path)
{
	with_empty(path);
	must(truncate(path, (off_t)1 << 40) == 0, path);
}

static void
with_unreadable(const char *path)
{
	with_empty(path);
	must(chmod(path, 0) == 0, path);
}

const struct hurt_way hurt_ways[] = {
	{ "empty file", with_empty },
	{ "symbolic link", with_link },
	{ "FIFO", with_fifo },
	{ "directory", with_directory },
	{ "second link", with_second_link },
	{ "huge sparse file", with_huge },
	{ "mode 000", with_unreadable },
};
_Static_assert(sizeof(hurt_ways) / sizeof(hurt_ways[0]) == HURT_WAYS,
    "HURT_WAYS counts hurt_ways");

/* ---- policies ---------------------------------------------------------- */

struct sts_entry *
hurt_entry(const char *domain, const char *id, const char *mode, long max_age)
{
	struct sts_error err = { STS_OK, 0, "" };
	struct sts_entry *entry;
	char text[512];

	(void)snprintf(text, sizeof(text),
	    "version: STSv1\r\nmode: %s\r\nmx: mx.%s\r\nmax_age: %ld\r\n", mode,
	    domain, max_age);
	ck_assert_msg(sts_entry_new(domain, id, text, strlen(text), &hurt_now,
			  &entry, &err) == STS_OK,
	    "%s", err.text);
	return entry;
}

void
hurt_load(const char *domain, struct sts_known *known)
{
	sts_state_load(hurt_state, domain, &hurt_now, known);
}

void
hurt_learn(const char *domain, const char *id, const char *mode, long max_age)
{
	struct sts_error err = { STS_OK, 0, "" };
	struct sts_entry *entry = hurt_entry(domain, id, mode, max_age);
	struct sts_known before;

	hurt_load(domain, &before);
	ck_assert_msg(sts_state_learn(hurt_state, entry, &before, &hurt_now,
			  &err) == STS_OK,
	    "%s", err.text);
	sts_known_clear(&before);
	sts_entry_free(entry);
}

void
hurt_expect(const char *domain, enum sts_known_kind kind,
    enum sts_answer answer)
{
	struct sts_known known;

	hurt_load(domain, &known);
	ck_assert_str_eq(sts_known_name(known.kind), sts_known_name(kind));
	ck_assert_str_eq(sts_answer_name(known.answer),
	    sts_answer_name(answer));
	sts_known_clear(&known);
}

/* ---- a disk of its own ------------------------------------------------- */

bool
hurt_on_tmpfs(const char *size, void (*fn)(void))
{
	char option[128];
	int status;
	pid_t pid;

	(void)snprintf(option, sizeof(option),
	    "mode=0700,uid=%d,gid=%d,size=%s", SCRATCH_UID, SCRATCH_UID, size);
	(void)fflush(NULL);
	pid = fork();
	must(pid != -1, "fork");
	if (pid == 0) {
		if (geteuid() != 0 || unshare(CLONE_NEWNS) == -1 ||
		    mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) ==
			-1 ||
		    mount("none", hurt_path, "tmpfs", 0, option) == -1)
			_exit(77);
		fn();
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid, "waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		printf("SKIPPED: needs root and a mount namespace\n");
		return false;
	}
	ck_assert_int_eq(status, 0);
	return true;
}
