/* SPDX-License-Identifier: ISC */
/*
 * The state directory and the reading side of it, see dir.h; file.c writes.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "state/dir.h"
#include "state/identity.h"

#define OPEN_SAFE (O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
#define OPEN_DIR  (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

struct sts_dir {
	char *path;
	int fd;
	uid_t uid;
	gid_t gid;
	enum sts_dir_flags flags;
	unsigned depth; /* of brackets */
	struct sts_identity identity;
};

static const char *const subdirs[] = { "journal", "leases", "tmp" };

/* Nobody but root may be able to replace what is below a parent. */
static enum sts_rc
judge_parent(const char *parent, struct sts_error *err)
{
	struct stat st;

	if (lstat(parent, &st) == -1)
		return sts_error_sys(err, STS_EDAMAGED, "%s", parent);
	if (!S_ISDIR(st.st_mode))
		return sts_error_set(err, STS_EIDENTITY,
		    "%s is not a directory", parent);
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return sts_error_set(err, STS_EIDENTITY,
		    "%s must be root's and writable by root alone", parent);
	return STS_OK;
}

/* From the top: once a parent is good, only root can change the next. */
static enum sts_rc
judge_parents(const char *path, struct sts_error *err)
{
	char parent[PATH_MAX];
	enum sts_rc rc;
	const char *at;

	if (path[0] != '/' || strlen(path) >= sizeof(parent))
		return sts_error_set(err, STS_EIDENTITY,
		    "state directory %s: not an absolute path", path);
	rc = judge_parent("/", err);
	for (at = path + strspn(path, "/"); rc == STS_OK;
	     at += strspn(at, "/")) {
		at += strcspn(at, "/");
		if (at[strspn(at, "/")] == '\0')
			break;
		memcpy(parent, path, (size_t)(at - path));
		parent[at - path] = '\0';
		rc = judge_parent(parent, err);
	}
	return rc;
}

static enum sts_rc
judge_owner(struct sts_dir *dir, struct sts_error *err)
{
	uid_t euid = geteuid();
	struct stat st;

	if (fstat(dir->fd, &st) == -1)
		return sts_error_sys(err, STS_EDAMAGED, "%s", dir->path);
	if (st.st_uid == 0)
		return sts_error_set(err, STS_EIDENTITY,
		    "%s belongs to root: give it to the mail user", dir->path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return sts_error_set(err, STS_EIDENTITY,
		    "%s must have mode 0700", dir->path);
	if (euid != 0 && euid != st.st_uid)
		return sts_error_set(err, STS_EIDENTITY,
		    "%s belongs to another user", dir->path);
	dir->uid = st.st_uid;
	dir->gid = sts_identity_group(st.st_gid);
	return STS_OK;
}

/* On a full disk what is there can still be read, and live answers be had. */
static enum sts_rc
make_subdirs(struct sts_dir *dir, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;
	size_t i;

	for (i = 0; i < sizeof(subdirs) / sizeof(subdirs[0]); i++) {
		if (rc == STS_OK)
			rc = sts_dir_mkdir(dir, subdirs[i], err);
		if (rc == STS_ESPACE)
			rc = STS_OK;
	}
	return rc;
}

static enum sts_rc
open_judged(struct sts_dir *dir, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;

	if ((dir->flags & STS_DIR_ANYWHERE) == 0)
		rc = judge_parents(dir->path, err);
	if (rc != STS_OK)
		return rc;
	dir->fd = open(dir->path, OPEN_DIR);
	if (dir->fd == -1)
		return sts_error_sys(err, STS_EDAMAGED, "state directory %s",
		    dir->path);
	rc = judge_owner(dir, err);
	if (rc != STS_OK || !sts_dir_writable(dir))
		return rc;
	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = make_subdirs(dir, err);
	sts_dir_sweep(dir);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_dir_open(const char *path, enum sts_dir_flags flags, struct sts_dir **out,
    struct sts_error *err)
{
	struct sts_dir *dir;
	enum sts_rc rc;

	dir = calloc(1, sizeof(*dir));
	if (dir == NULL || (dir->path = strdup(path)) == NULL) {
		free(dir);
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	dir->fd = -1;
	dir->flags = flags;
	rc = open_judged(dir, err);
	if (rc != STS_OK) {
		sts_dir_free(dir);
		return rc;
	}
	*out = dir;
	return STS_OK;
}

void
sts_dir_free(struct sts_dir *dir)
{
	if (dir == NULL)
		return;
	/* One more try, should a bracket have failed to give root back. */
	(void)(sts_identity_give(&dir->identity, NULL) == STS_OK);
	free(dir->identity.groups);
	if (dir->fd != -1)
		(void)close(dir->fd);
	free(dir->path);
	free(dir);
}

uid_t
sts_dir_uid(const struct sts_dir *dir)
{
	return dir->uid;
}

gid_t
sts_dir_gid(const struct sts_dir *dir)
{
	return dir->gid;
}

const char *
sts_dir_path(const struct sts_dir *dir)
{
	return dir->path;
}

bool
sts_dir_writable(const struct sts_dir *dir)
{
	return (dir->flags & STS_DIR_WRITE) != 0;
}

bool
sts_dir_synced(const struct sts_dir *dir)
{
	return (dir->flags & STS_DIR_NOSYNC) == 0;
}

int
sts_dir_fd(const struct sts_dir *dir)
{
	return dir->fd;
}

enum sts_rc
sts_dir_begin(struct sts_dir *dir, struct sts_error *err)
{
	enum sts_rc rc;

	if (dir->depth > 0) {
		dir->depth++;
		return STS_OK;
	}
	/* A bracket that could not be closed: close it before anything. */
	rc = sts_identity_give(&dir->identity, err);
	if (rc == STS_OK)
		rc = sts_identity_take(&dir->identity, dir->uid, dir->gid, err);
	if (rc == STS_OK)
		dir->depth = 1;
	return rc;
}

enum sts_rc
sts_dir_end(struct sts_dir *dir, struct sts_error *err)
{
	if (--dir->depth > 0)
		return STS_OK;
	return sts_identity_give(&dir->identity, err);
}

enum sts_rc
sts_dir_end_after(struct sts_dir *dir, enum sts_rc rc, struct sts_error *err)
{
	enum sts_rc end;
	struct sts_error why;

	end = sts_dir_end(dir, &why);
	if (end == STS_OK)
		return rc;
	return sts_error_set(err, end, "%s", why.text);
}

enum sts_rc
sts_dir_failed(const char *name, struct sts_error *err)
{
	switch (errno) {
	case ENOENT:
		return sts_error_sys(err, STS_ENODATA, "%s", name);
	case ENOSPC:
	case EDQUOT:
		return sts_error_sys(err, STS_ESPACE, "%s", name);
	default:
		return sts_error_sys(err, STS_EDAMAGED, "%s", name);
	}
}

/* A name whose last link is being renamed over has none left: still whole. */
static enum sts_rc
judge_file(int fd, const char *name, struct stat *st, struct sts_error *err)
{
	if (fstat(fd, st) == -1)
		return sts_error_sys(err, STS_EDAMAGED, "%s", name);
	if (!S_ISREG(st->st_mode))
		return sts_error_set(err, STS_EDAMAGED,
		    "%s is not a regular file", name);
	if (st->st_nlink > 1)
		return sts_error_set(err, STS_EDAMAGED, "%s has %lu links",
		    name, (unsigned long)st->st_nlink);
	return STS_OK;
}

static enum sts_rc
open_file(struct sts_dir *dir, const char *name, int flags, int *out,
    struct stat *st, struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	fd = openat(dir->fd, name, flags | OPEN_SAFE, S_IRUSR | S_IWUSR);
	if (fd == -1)
		return sts_dir_failed(name, err);
	rc = judge_file(fd, name, st, err);
	if (rc != STS_OK) {
		(void)close(fd);
		return rc;
	}
	*out = fd;
	return STS_OK;
}

static enum sts_rc
open_as_owner(struct sts_dir *dir, const char *name, int flags, int *fd,
    struct stat *st, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = open_file(dir, name, flags, fd, st, err);
	if (rc != STS_OK)
		return sts_dir_end_after(dir, rc, err);
	rc = sts_dir_end(dir, err);
	if (rc != STS_OK)
		(void)close(*fd);
	return rc;
}

enum sts_rc
sts_dir_openat(struct sts_dir *dir, const char *name, int flags, int *fd,
    struct sts_error *err)
{
	struct stat st;

	return open_as_owner(dir, name, flags, fd, &st, err);
}

enum sts_rc
sts_dir_opendir(struct sts_dir *dir, const char *name, int *fd,
    struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	*fd = openat(dir->fd, name, OPEN_DIR);
	if (*fd == -1)
		rc = sts_dir_failed(name, err);
	rc = sts_dir_end_after(dir, rc, err);
	if (rc != STS_OK && *fd != -1)
		(void)close(*fd);
	return rc;
}

enum sts_rc
sts_dir_exists(struct sts_dir *dir, const char *name, struct sts_error *err)
{
	struct stat st;
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		rc = sts_dir_failed(name, err);
	return sts_dir_end_after(dir, rc, err);
}

/* As many octets as the file had when it was opened: fewer is damage, more
 * were appended since. */
static enum sts_rc
read_whole(int fd, const char *name, off_t size, struct sts_buf *buf,
    struct sts_error *err)
{
	size_t left = (size_t)size;
	ssize_t n;
	char *p;

	if (size < 0 || left > buf->max - buf->len)
		return sts_error_set(err, STS_EDAMAGED, "%s is too large",
		    name);
	p = sts_buf_room(buf, left);
	if (p == NULL)
		return sts_error_set(err, STS_ENOMEM, "%s: no memory", name);
	while (left > 0) {
		n = read(fd, p + ((size_t)size - left), left);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return sts_error_sys(err, STS_EDAMAGED, "%s", name);
		if (n == 0)
			return sts_error_set(err, STS_EDAMAGED,
			    "%s: short read", name);
		left -= (size_t)n;
	}
	sts_buf_grew(buf, (size_t)size);
	return STS_OK;
}

enum sts_rc
sts_dir_read(struct sts_dir *dir, const char *name, struct sts_buf *buf,
    struct sts_error *err)
{
	struct stat st;
	enum sts_rc rc;
	int fd;

	rc = open_as_owner(dir, name, O_RDONLY, &fd, &st, err);
	if (rc != STS_OK)
		return rc;
	rc = read_whole(fd, name, st.st_size, buf, err);
	(void)close(fd);
	return rc;
}
