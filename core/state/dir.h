/* SPDX-License-Identifier: ISC */
/*
 * The state directory: who owns it, and files read and written in it so that
 * neither a crash nor somebody else's link, FIFO or huge file can hurt the
 * reader, which may be Exim as root.
 */
#ifndef STS_DIR_H
#define STS_DIR_H

#include <sys/types.h>

#include "base/buf.h"

struct sts_dir;

enum sts_dir_flags {
	STS_DIR_READ = 0,
	STS_DIR_WRITE =
	    1, /* resolver, command: create what is missing inside */
	STS_DIR_ANYWHERE = 2, /* tests: do not judge the parents' owners */
	STS_DIR_NOSYNC = 4    /* no fsync: tests, and sts_dir_sync() later */
};

/*
 * Open PATH once, no symbolic link anywhere in it.  STS_EIDENTITY when its
 * owner is uid 0, its mode lets others in, a parent is not root's or writable
 * by others, or we are neither root nor its owner; STS_EDAMAGED when it is
 * missing or unreadable.  Every call below that finds itself with euid 0
 * works as the owner (groups, egid, euid) and switches back; if that fails
 * the call and every later one is STS_EDAMAGED.
 */
STS_MUST_USE enum sts_rc sts_dir_open(const char *path,
    enum sts_dir_flags flags, struct sts_dir **dir, struct sts_error *err);
void sts_dir_free(struct sts_dir *dir);

uid_t sts_dir_uid(const struct sts_dir *dir);
gid_t sts_dir_gid(const struct sts_dir *dir);
const char *sts_dir_path(const struct sts_dir *dir);
bool sts_dir_writable(const struct sts_dir *dir);
bool sts_dir_synced(const struct sts_dir *dir); /* not STS_DIR_NOSYNC */

/*
 * Bracket around several calls, or around system calls of the caller's own on
 * sts_dir_fd(); may be nested.  END must follow a good BEGIN.  When END fails
 * the process is not root again: what was read in between must not be used.
 */
STS_MUST_USE enum sts_rc sts_dir_begin(struct sts_dir *dir,
    struct sts_error *err);
STS_MUST_USE enum sts_rc sts_dir_end(struct sts_dir *dir,
    struct sts_error *err);
/* END, for the last line of a function whose result so far is RC. */
STS_MUST_USE enum sts_rc sts_dir_end_after(struct sts_dir *dir, enum sts_rc rc,
    struct sts_error *err);
int sts_dir_fd(const struct sts_dir *dir); /* borrowed */

/*
 * openat(2) below the directory: O_NOFOLLOW|O_CLOEXEC|O_NONBLOCK added, and
 * only a regular file with one link is returned.  STS_ENODATA: no such file.
 * STS_ESPACE: no room to create it.  STS_EDAMAGED: anything else.  FD is the
 * caller's; it may be read without a bracket.
 */
STS_MUST_USE enum sts_rc sts_dir_openat(struct sts_dir *dir, const char *name,
    int flags, int *fd, struct sts_error *err);

/* Everything that was written without fsync is on the disk. */
STS_MUST_USE enum sts_rc sts_dir_sync(struct sts_dir *dir,
    struct sts_error *err);

/* errno of a failed open or creation of NAME as one of these errors. */
enum sts_rc sts_dir_failed(const char *name, struct sts_error *err);

/* A subdirectory, to be closed by the caller.  Errors as above. */
STS_MUST_USE enum sts_rc sts_dir_opendir(struct sts_dir *dir, const char *name,
    int *fd, struct sts_error *err);

/* STS_OK when NAME is there, whatever it is; STS_ENODATA when it is not. */
STS_MUST_USE enum sts_rc sts_dir_exists(struct sts_dir *dir, const char *name,
    struct sts_error *err);

/* Make a subdirectory; one that is there is STS_OK. */
STS_MUST_USE enum sts_rc sts_dir_mkdir(struct sts_dir *dir, const char *name,
    struct sts_error *err);

/* rename(2), then fsync of the directory of TO. */
STS_MUST_USE enum sts_rc sts_dir_rename(struct sts_dir *dir, const char *from,
    const char *to, struct sts_error *err);

/* The whole file into BUF (its max bounds it).  Errors as above. */
STS_MUST_USE enum sts_rc sts_dir_read(struct sts_dir *dir, const char *name,
    struct sts_buf *buf, struct sts_error *err);

/*
 * Replace NAME: temporary file, fsync, rename, fsync of its directory.  The
 * old file stands until the new one is whole.  STS_ESPACE when full.
 */
STS_MUST_USE enum sts_rc sts_dir_write(struct sts_dir *dir, const char *name,
    const void *data, size_t len, struct sts_error *err);

/* The same without fsync, for what can be told to be whole and done without:
 * after a loss of power it may be empty, or gone. */
STS_MUST_USE enum sts_rc sts_dir_write_loose(struct sts_dir *dir,
    const char *name, const void *data, size_t len, struct sts_error *err);

/* The same for a file of SIZE octets, all behind DATA a hole. */
STS_MUST_USE enum sts_rc sts_dir_write_sized(struct sts_dir *dir,
    const char *name, const void *data, size_t len, off_t size,
    struct sts_error *err);

/*
 * One O_APPEND write of whole DATA.  Short = STS_ESPACE.  With SYNC the file
 * is locked against sts_dir_lock() and fsynced.
 */
STS_MUST_USE enum sts_rc sts_dir_append(struct sts_dir *dir, const char *name,
    const void *data, size_t len, bool sync, struct sts_error *err);

/*
 * Open NAME (created when missing) and flock it, waiting STS_DIR_PATIENCE at
 * most (STS_EBUSY); it is the file of that name once locked.  Close FD to
 * let go.
 */
#define STS_DIR_PATIENCE 5000 /* ms */
STS_MUST_USE enum sts_rc sts_dir_lock(struct sts_dir *dir, const char *name,
    int flags, int *fd, struct sts_error *err);

/* flock(2) a descriptor, exclusive, giving up after PATIENCE ms (STS_EBUSY). */
STS_MUST_USE enum sts_rc sts_dir_flock(int fd, int64_t patience,
    struct sts_error *err);
void sts_dir_funlock(int fd);

/* Remove what crashed writers left in tmp/.  Within a bracket. */
void sts_dir_sweep(struct sts_dir *dir);

/* Is FD still the file that NAME stands for? */
bool sts_dir_is(struct sts_dir *dir, const char *name, int fd);

/* Missing is STS_OK. */
STS_MUST_USE enum sts_rc sts_dir_remove(struct sts_dir *dir, const char *name,
    struct sts_error *err);
STS_MUST_USE enum sts_rc sts_dir_rmdir(struct sts_dir *dir, const char *name,
    struct sts_error *err);

/*
 * May something that is not a policy still be written?  STS_ESPACE when less
 * than a quarter or than 64 MiB (whichever is less) of the file system is
 * free.  Policies do not ask.
 */
STS_MUST_USE enum sts_rc sts_dir_room(struct sts_dir *dir,
    struct sts_error *err);

#endif
