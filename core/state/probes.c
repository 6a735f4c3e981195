/* SPDX-License-Identifier: ISC */
/*
 * Remembered probes, see probes.h.  Written without a lock: a torn slot has a
 * wrong checksum and is empty.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "state/probes.h"
#include "state/seal.h"
#include "state/write.h"

#define FILE_NAME    "probed"
#define SEAL_NAME    "mta-sts-probed 1"
#define SLOT_SIZE    ((size_t)1024)
#define BUCKET_SLOTS 4
#define BUCKETS      4096
#define BUCKET_SIZE  (SLOT_SIZE * BUCKET_SLOTS)

struct bucket { /* as it is in the file */
	char slot[BUCKET_SLOTS][SLOT_SIZE];
};

static off_t
bucket_at(const char *host, const char *address)
{
	uint64_t sum = sts_checksum(host, strlen(host)) ^
		       sts_checksum(address, strlen(address));

	return (off_t)(sum % BUCKETS * BUCKET_SIZE);
}

/* False: an empty slot, or a torn one. */
static bool
parse(const char slot[SLOT_SIZE], struct sts_probed *probed)
{
	const char *end = memchr(slot, '\0', SLOT_SIZE);
	struct sts_seal_reader r;

	return end != NULL &&
	       sts_seal_open(&r, SEAL_NAME, slot, (size_t)(end - slot)) &&
	       sts_probed_parse(r.at, (size_t)(r.end - r.at), probed, NULL) ==
		   STS_OK;
}

static bool
is_of(const struct sts_probed *probed, const char *host, const char *address)
{
	return strcmp(probed->host, host) == 0 &&
	       strcmp(probed->address, address) == 0;
}

/* What lies behind the end of a file that was cut short is empty. */
static void
read_bucket(int fd, off_t at, struct bucket *bucket)
{
	memset(bucket, 0, sizeof(*bucket));
	if (pread(fd, bucket, sizeof(*bucket), at) == -1)
		memset(bucket, 0, sizeof(*bucket));
}

/* A find that lies ahead was made under another clock than this. */
static bool
counts(const struct sts_probed *probed, int64_t wall)
{
	return probed->at <= wall && wall - probed->at < STS_PROBED_FOR;
}

enum sts_rc
sts_probes_get(struct sts_dir *dir, const char *host, const char *address,
    int64_t wall, struct sts_probed *out)
{
	struct sts_probed probed;
	struct bucket bucket;
	enum sts_rc rc;
	size_t i;
	int fd;

	rc = sts_dir_openat(dir, FILE_NAME, O_RDONLY, &fd, NULL);
	if (rc != STS_OK)
		return STS_ENODATA;
	read_bucket(fd, bucket_at(host, address), &bucket);
	(void)close(fd);
	for (i = 0; i < BUCKET_SLOTS; i++) {
		if (!parse(bucket.slot[i], &probed) ||
		    !is_of(&probed, host, address) || !counts(&probed, wall))
			continue;
		*out = probed;
		return STS_OK;
	}
	return STS_ENODATA;
}

/* Its own slot, an empty one, or the one that was found longest ago. */
static size_t
choose(const struct bucket *bucket, const struct sts_probed *fresh)
{
	int64_t oldest = INT64_MAX;
	struct sts_probed probed;
	size_t i, best = 0;

	for (i = 0; i < BUCKET_SLOTS; i++) {
		if (!parse(bucket->slot[i], &probed))
			probed.at = -1;
		else if (is_of(&probed, fresh->host, fresh->address))
			return i;
		if (probed.at < oldest) {
			oldest = probed.at;
			best = i;
		}
	}
	return best;
}

static enum sts_rc
write_slot(int fd, const struct sts_probed *probed, const char *text,
    size_t len, struct sts_error *err)
{
	off_t at = bucket_at(probed->host, probed->address);
	char slot[SLOT_SIZE] = { 0 };
	struct bucket bucket;

	read_bucket(fd, at, &bucket);
	at += (off_t)(choose(&bucket, probed) * SLOT_SIZE);
	memcpy(slot, text, len);
	if (sts_pwrite(fd, slot, sizeof(slot), at) == (ssize_t)sizeof(slot))
		return STS_OK;
	return sts_error_sys(err, STS_ESPACE, "%s", FILE_NAME);
}

/* One line, sealed; STS_EUSAGE when it does not fit. */
static enum sts_rc
format(const struct sts_probed *probed, struct sts_buf *text)
{
	struct sts_buf line;
	enum sts_rc rc;

	sts_buf_init(&line, STS_PROBED_LINE_MAX);
	rc = sts_probed_format(probed, &line);
	if (rc == STS_OK)
		rc = sts_seal_add(text, SEAL_NAME, line.data, line.len);
	sts_buf_clear(&line);
	return rc;
}

static enum sts_rc
open_file(struct sts_dir *dir, int *fd, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_openat(dir, FILE_NAME, O_RDWR, fd, err);
	if (rc != STS_ENODATA)
		return rc;
	rc = sts_dir_write_sized(dir, FILE_NAME, "", 0, BUCKETS * BUCKET_SIZE,
	    err);
	if (rc == STS_OK)
		rc = sts_dir_openat(dir, FILE_NAME, O_RDWR, fd, err);
	return rc;
}

enum sts_rc
sts_probes_put(struct sts_dir *dir, const struct sts_probed *probed,
    struct sts_error *err)
{
	struct sts_buf text;
	enum sts_rc rc;
	int fd;

	sts_buf_init(&text, SLOT_SIZE - 1);
	rc = format(probed, &text);
	if (rc != STS_OK)
		(void)sts_error_set(err, rc, "%s: cannot be written",
		    FILE_NAME);
	if (rc == STS_OK)
		rc = sts_dir_room(dir, err);
	if (rc == STS_OK)
		rc = open_file(dir, &fd, err);
	if (rc == STS_OK) {
		rc = write_slot(fd, probed, text.data, text.len, err);
		(void)close(fd);
	}
	sts_buf_clear(&text);
	return rc;
}
