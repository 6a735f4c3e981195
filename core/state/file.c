/* SPDX-License-Identifier: ISC */
/*
 * The writing side of the state directory, see dir.h.  Whatever fails, the
 * file that was there stands as it was.
 */
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/domain.h"
#include "state/dir.h"
#include "state/write.h"

#define TMP_NAME_MAX  64
#define TMP_TRIES     8
#define LOCK_PAUSE_NS 5000000
#define RESERVE_MAX   ((uint64_t)64 << 20)
#define RESERVE_PART  4

static enum sts_rc
write_failed(const char *name, struct sts_error *err)
{
	bool full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;

	return sts_error_sys(err, full ? STS_ESPACE : STS_ESYS, "%s", name);
}

/* All of DATA, for files nobody else sees yet. */
static enum sts_rc
write_all(int fd, const char *name, const char *data, size_t len,
    struct sts_error *err)
{
	ssize_t n;

	while (len > 0) {
		n = sts_write(fd, data, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return write_failed(name, err);
		data += n;
		len -= (size_t)n;
	}
	return STS_OK;
}

/* fsync the directory that NAME is in. */
static enum sts_rc
sync_parent(struct sts_dir *dir, const char *name, struct sts_error *err)
{
	const char *slash = strrchr(name, '/');
	char parent[PATH_MAX] = ".";
	enum sts_rc rc = STS_OK;
	size_t len = slash == NULL ? 0 : (size_t)(slash - name);
	int fd;

	if (!sts_dir_synced(dir))
		return STS_OK;
	if (len > 0 && len < sizeof(parent)) {
		memcpy(parent, name, len);
		parent[len] = '\0';
	}
	fd =
	    openat(sts_dir_fd(dir), parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return write_failed(parent, err);
	if (fsync(fd) == -1)
		rc = write_failed(parent, err);
	(void)close(fd);
	return rc;
}

/*
 * A new file in tmp/, locked so that the sweeper lets it stand.  The names
 * need only differ: O_EXCL decides.
 */
static enum sts_rc
create_tmp(struct sts_dir *dir, char name[TMP_NAME_MAX], int *fd,
    struct sts_error *err)
{
	struct timespec ts;
	int try;

	for (try = 0; try < TMP_TRIES; try++) {
		(void)clock_gettime(CLOCK_MONOTONIC, &ts);
		(void)snprintf(name, TMP_NAME_MAX, "tmp/%ld-%lld-%ld",
		    (long)getpid(), (long long)ts.tv_sec, ts.tv_nsec);
		*fd = openat(sts_dir_fd(dir), name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    S_IRUSR | S_IWUSR);
		if (*fd == -1 && errno != EEXIST)
			return sts_dir_failed(name, err);
		if (*fd == -1)
			continue;
		if (flock(*fd, LOCK_EX | LOCK_NB) == 0)
			return STS_OK;
		(void)close(*fd); /* the sweeper was faster */
	}
	return sts_error_set(err, STS_EBUSY, "tmp: no free name");
}

/* A file of tmp/ that nobody holds is left of a crash. */
static void
sweep_one(int tmp, const char *name)
{
	int fd =
	    openat(tmp, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd == -1)
		return;
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		(void)unlinkat(tmp, name, 0);
	(void)close(fd);
}

void
sts_dir_sweep(struct sts_dir *dir)
{
	const struct dirent *entry;
	DIR *list;
	int fd;

	if (sts_dir_opendir(dir, "tmp", &fd, NULL) != STS_OK)
		return;
	list = fdopendir(fd);
	if (list == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(list)) != NULL)
		if (sts_ascii_digit((unsigned char)entry->d_name[0]))
			sweep_one(fd, entry->d_name);
	(void)closedir(list);
}

/* Nobody of ours makes a directory where a file belongs: one that is empty
 * must not keep what belongs there away for ever. */
static bool
put_in_place(int dir, const char *tmp, const char *name)
{
	return renameat(dir, tmp, dir, name) == 0 ||
	       (errno == EISDIR && unlinkat(dir, name, AT_REMOVEDIR) == 0 &&
		   renameat(dir, tmp, dir, name) == 0);
}

static enum sts_rc
replace(struct sts_dir *dir, const char *name, const void *data, size_t len,
    off_t size, bool sync, struct sts_error *err)
{
	char tmp[TMP_NAME_MAX];
	enum sts_rc rc;
	int fd;

	rc = create_tmp(dir, tmp, &fd, err);
	if (rc != STS_OK)
		return rc;
	rc = write_all(fd, name, data, len, err);
	if (rc == STS_OK && size > (off_t)len && sts_ftruncate(fd, size) == -1)
		rc = write_failed(name, err);
	if (rc == STS_OK && sync && fsync(fd) == -1)
		rc = write_failed(name, err);
	if (rc == STS_OK && !put_in_place(sts_dir_fd(dir), tmp, name))
		rc = sts_error_sys(err, STS_EDAMAGED, "%s", name);
	if (rc != STS_OK)
		(void)unlinkat(sts_dir_fd(dir), tmp, 0);
	(void)close(fd);
	if (rc != STS_OK || !sync)
		return rc;
	return sync_parent(dir, name, err);
}

enum sts_rc
sts_dir_write_sized(struct sts_dir *dir, const char *name, const void *data,
    size_t len, off_t size, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = replace(dir, name, data, len, size, sts_dir_synced(dir), err);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_dir_write_loose(struct sts_dir *dir, const char *name, const void *data,
    size_t len, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = replace(dir, name, data, len, 0, false, err);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_dir_write(struct sts_dir *dir, const char *name, const void *data,
    size_t len, struct sts_error *err)
{
	return sts_dir_write_sized(dir, name, data, len, 0, err);
}

enum sts_rc
sts_dir_flock(int fd, int64_t patience, struct sts_error *err)
{
	const struct timespec pause = { 0, LOCK_PAUSE_NS };
	int64_t deadline = sts_clock_ms() + patience;

	while (flock(fd, LOCK_EX | LOCK_NB) == -1) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return sts_error_sys(err, STS_ESYS, "lock");
		if (sts_clock_ms() >= deadline)
			return sts_error_set(err, STS_EBUSY,
			    "locked by another process");
		(void)nanosleep(&pause, NULL);
	}
	return STS_OK;
}

void
sts_dir_funlock(int fd)
{
	(void)flock(fd, LOCK_UN);
}

bool
sts_dir_is(struct sts_dir *dir, const char *name, int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	       fstatat(sts_dir_fd(dir), name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

static enum sts_rc
lock_name(struct sts_dir *dir, const char *name, int flags, int *fd,
    struct sts_error *err)
{
	enum sts_rc rc;
	int try;

	for (try = 0; try < TMP_TRIES; try++) {
		rc = sts_dir_openat(dir, name, flags | O_CREAT, fd, err);
		if (rc != STS_OK)
			return rc;
		rc = sts_dir_flock(*fd, STS_DIR_PATIENCE, err);
		if (rc == STS_OK && sts_dir_is(dir, name, *fd))
			return STS_OK;
		(void)close(*fd); /* replaced while we waited: the new one */
		if (rc != STS_OK)
			return rc;
	}
	return sts_error_set(err, STS_EBUSY, "%s is replaced all the time",
	    name);
}

enum sts_rc
sts_dir_lock(struct sts_dir *dir, const char *name, int flags, int *fd,
    struct sts_error *err)
{
	enum sts_rc rc, end;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = lock_name(dir, name, flags, fd, err);
	end = sts_dir_end_after(dir, rc, err);
	if (rc == STS_OK && end != STS_OK)
		(void)close(*fd);
	return end;
}

enum sts_rc
sts_dir_sync(struct sts_dir *dir, struct sts_error *err)
{
	if (syncfs(sts_dir_fd(dir)) == -1)
		return write_failed(sts_dir_path(dir), err);
	return STS_OK;
}

static enum sts_rc
append_once(int fd, const char *name, const void *data, size_t len, bool sync,
    struct sts_error *err)
{
	ssize_t n;

	do
		n = sts_write(fd, data, len);
	while (n == -1 && errno == EINTR);
	if (n == -1)
		return write_failed(name, err);
	if ((size_t)n != len) /* never continued: the reader skips the torn */
		return sts_error_set(err, STS_ESPACE, "%s: short write", name);
	if (sync && fsync(fd) == -1)
		return write_failed(name, err);
	return STS_OK;
}

enum sts_rc
sts_dir_append(struct sts_dir *dir, const char *name, const void *data,
    size_t len, bool sync, struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	if (sync)
		rc = sts_dir_lock(dir, name, O_WRONLY | O_APPEND, &fd, err);
	else
		rc = sts_dir_openat(dir, name, O_WRONLY | O_APPEND | O_CREAT,
		    &fd, err);
	if (rc != STS_OK)
		return rc;
	rc = append_once(fd, name, data, len, sync && sts_dir_synced(dir), err);
	(void)close(fd);
	return rc;
}

static enum sts_rc
remove_name(struct sts_dir *dir, const char *name, int flags,
    struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	if (unlinkat(sts_dir_fd(dir), name, flags) == 0)
		rc = sync_parent(dir, name, err);
	else if (errno != ENOENT)
		rc = write_failed(name, err);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_dir_remove(struct sts_dir *dir, const char *name, struct sts_error *err)
{
	return remove_name(dir, name, 0, err);
}

enum sts_rc
sts_dir_rmdir(struct sts_dir *dir, const char *name, struct sts_error *err)
{
	return remove_name(dir, name, AT_REMOVEDIR, err);
}

enum sts_rc
sts_dir_mkdir(struct sts_dir *dir, const char *name, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	if (mkdirat(sts_dir_fd(dir), name, S_IRWXU) == -1 && errno != EEXIST)
		rc = sts_dir_failed(name, err);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_dir_rename(struct sts_dir *dir, const char *from, const char *to,
    struct sts_error *err)
{
	int fd = sts_dir_fd(dir);
	enum sts_rc rc;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	if (renameat(fd, from, fd, to) == -1)
		rc = sts_dir_failed(to, err);
	else
		rc = sync_parent(dir, to, err);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_dir_room(struct sts_dir *dir, struct sts_error *err)
{
	uint64_t room, reserve;
	struct statvfs fs;

	if (fstatvfs(sts_dir_fd(dir), &fs) == -1)
		return sts_error_sys(err, STS_ESYS, "%s", sts_dir_path(dir));
	room = (uint64_t)fs.f_bavail * fs.f_frsize;
	reserve = (uint64_t)fs.f_blocks * fs.f_frsize / RESERVE_PART;
	if (reserve > RESERVE_MAX)
		reserve = RESERVE_MAX;
	if (room < reserve)
		return sts_error_set(err, STS_ESPACE,
		    "%s: only %" PRIu64 " KiB free, kept for policies",
		    sts_dir_path(dir), room / 1024);
	return STS_OK;
}
