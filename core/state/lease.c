/* SPDX-License-Identifier: ISC */
/*
 * Leases, see lease.h.  Names in leases/ are removed only under the lock of
 * the directory itself, so that two who find the same dead lease cannot
 * remove each other's new one.
 */
#include <sys/file.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "state/lease.h"
#include "state/seal.h"
#include "state/write.h"

#define NAME_LEN     (sizeof("leases/") + 16)
#define CONTENT_MAX  512
#define LEASE_MAX    600  /* s; a deadline further away is not one of ours */
#define DIR_PATIENCE 1000 /* ms for the lock of leases/ */

struct sts_lease {
	struct sts_dir *dir; /* borrowed */
	char name[NAME_LEN];
	int fd;
};

struct holder {
	int64_t pid;
	int64_t deadline; /* boot time */
	char boot_id[STS_BOOT_ID_MAX + 1];
};

/* The next word of *TEXT, ended by END, into OUT; false when there is none. */
static bool
take_word(const char **text, char end, char *out, size_t size)
{
	const char *stop = strchr(*text, end);

	if (stop == NULL || (size_t)(stop - *text) >= size)
		return false;
	memcpy(out, *text, (size_t)(stop - *text));
	out[stop - *text] = '\0';
	*text = stop + 1;
	return true;
}

/* "pid boot-id deadline domain\n" */
static bool
parse(const char *text, struct holder *holder)
{
	char pid[24], deadline[24];

	return take_word(&text, ' ', pid, sizeof(pid)) &&
	       take_word(&text, ' ', holder->boot_id,
		   sizeof(holder->boot_id)) &&
	       take_word(&text, ' ', deadline, sizeof(deadline)) &&
	       sts_seal_digits(pid, &holder->pid) &&
	       sts_seal_digits(deadline, &holder->deadline) &&
	       strchr(text, '\n') != NULL;
}

/*
 * Is the lock on FD held by somebody who may keep it?  One who has not yet
 * said who he is has taken it just now.
 */
static bool
holds(int fd, const struct sts_now *now, struct holder *holder)
{
	char text[CONTENT_MAX + 1];
	ssize_t n;

	memset(holder, 0, sizeof(*holder));
	n = pread(fd, text, CONTENT_MAX, 0);
	if (n <= 0)
		return true;
	text[n] = '\0';
	if (!parse(text, holder))
		return true;
	/* A lock never outlives its boot: an old text is the holder's
	 * predecessor's. */
	if (strcmp(holder->boot_id, now->boot_id) != 0)
		return true;
	return holder->deadline > now->boot &&
	       holder->deadline <= now->boot + LEASE_MAX;
}

static enum sts_rc
write_content(int fd, const char *domain, const struct sts_now *now,
    int64_t seconds, struct sts_error *err)
{
	char text[CONTENT_MAX];
	int len;

	if (seconds > LEASE_MAX)
		seconds = LEASE_MAX;
	len = snprintf(text, sizeof(text), "%ld %s %" PRId64 " %s\n",
	    (long)getpid(), now->boot_id, now->boot + seconds, domain);
	if (len < 0 || (size_t)len >= sizeof(text))
		return sts_error_set(err, STS_EUSAGE, "bad lease");
	if (sts_ftruncate(fd, 0) == -1 ||
	    sts_pwrite(fd, text, (size_t)len, 0) != len)
		return sts_error_sys(err, STS_ESPACE, "lease of %s", domain);
	return STS_OK;
}

/* Open and lock NAME without waiting.  STS_EBUSY, and *LATE when the holder
 * has had his time. */
static enum sts_rc
try_lock(struct sts_dir *dir, const char *name, const struct sts_now *now,
    int *fd, bool *late, struct sts_error *err)
{
	struct holder holder;
	enum sts_rc rc;

	*late = false;
	rc = sts_dir_openat(dir, name, O_RDWR | O_CREAT, fd, err);
	if (rc != STS_OK)
		return rc;
	if (flock(*fd, LOCK_EX | LOCK_NB) == 0 && sts_dir_is(dir, name, *fd))
		return STS_OK;
	*late = !holds(*fd, now, &holder);
	(void)close(*fd);
	return sts_error_set(err, STS_EBUSY, "pid %" PRId64 " holds it",
	    holder.pid);
}

static enum sts_rc
lock_leases(struct sts_dir *dir, int *fd, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_opendir(dir, "leases", fd, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_dir_flock(*fd, DIR_PATIENCE, err);
	if (rc != STS_OK)
		(void)close(*fd);
	return rc;
}

/* The holder hangs past his deadline: his name goes, his lock is nobody's. */
static enum sts_rc
take_over(struct sts_dir *dir, const char *name, const struct sts_now *now,
    int *fd, struct sts_error *err)
{
	enum sts_rc rc;
	bool late;
	int leases;

	rc = lock_leases(dir, &leases, err);
	if (rc != STS_OK)
		return rc;
	rc = try_lock(dir, name, now, fd, &late, err);
	if (rc == STS_EBUSY && late) {
		rc = sts_dir_remove(dir, name, err);
		if (rc == STS_OK)
			rc = try_lock(dir, name, now, fd, &late, err);
	}
	(void)close(leases);
	return rc;
}

static enum sts_rc
take(struct sts_lease *lease, const char *domain, const struct sts_now *now,
    int64_t seconds, struct sts_error *err)
{
	enum sts_rc rc;
	bool late;

	rc = try_lock(lease->dir, lease->name, now, &lease->fd, &late, err);
	if (rc == STS_EBUSY && late)
		rc = take_over(lease->dir, lease->name, now, &lease->fd, err);
	if (rc != STS_OK) {
		lease->fd = -1;
		return rc;
	}
	return write_content(lease->fd, domain, now, seconds, err);
}

enum sts_rc
sts_lease_take(struct sts_dir *dir, const char *domain,
    const struct sts_now *now, int64_t seconds, struct sts_lease **out,
    struct sts_error *err)
{
	struct sts_lease *lease = calloc(1, sizeof(*lease));
	enum sts_rc rc;

	if (lease == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	lease->dir = dir;
	lease->fd = -1;
	(void)snprintf(lease->name, sizeof(lease->name), "leases/%016" PRIx64,
	    sts_checksum(domain, strlen(domain)));
	rc = take(lease, domain, now, seconds, err);
	if (rc != STS_OK) {
		sts_lease_free(lease);
		return rc;
	}
	*out = lease;
	return STS_OK;
}

void
sts_lease_free(struct sts_lease *lease)
{
	int leases;

	if (lease == NULL)
		return;
	/* A name that stays is only litter; the lock goes with the fd. */
	if (lease->fd != -1 &&
	    lock_leases(lease->dir, &leases, NULL) == STS_OK) {
		if (sts_dir_is(lease->dir, lease->name, lease->fd))
			(void)!sts_dir_remove(lease->dir, lease->name, NULL);
		(void)close(leases);
	}
	if (lease->fd != -1)
		(void)close(lease->fd);
	free(lease);
}
