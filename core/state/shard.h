/* SPDX-License-Identifier: ISC */
/*
 * A directory of 256 directories, with one file a domain: TOP/ab/example.com.
 * "ab" is two hex digits of the name's checksum.  All 256 are made before the
 * directory gets its name, so a missing one is damage and not emptiness.
 */
#ifndef STS_SHARD_H
#define STS_SHARD_H

#include "state/dir.h"

#define STS_SHARDS         256
#define STS_SHARD_PATH_MAX (STS_DOMAIN_MAX + 32)
#define STS_LEDGER_FILE    "ledger" /* tells an old directory from a new one */

/* STS_EUSAGE when DOMAIN is not a normalised name. */
STS_MUST_USE enum sts_rc sts_shard_path(const char *top, const char *domain,
    char out[STS_SHARD_PATH_MAX], struct sts_error *err);
unsigned sts_shard_of(const char *domain);

/* As sts_dir_read(), but STS_ENODATA only when the file could be there. */
STS_MUST_USE enum sts_rc sts_shard_read(struct sts_dir *dir, const char *top,
    const char *domain, struct sts_buf *buf, struct sts_error *err);

/* Make TOP with its 256 directories; STS_OK when it is there. */
STS_MUST_USE enum sts_rc sts_shard_make(struct sts_dir *dir, const char *top,
    struct sts_error *err);

/* Remove TOP, which is half made or half gone, and what is in it. */
STS_MUST_USE enum sts_rc sts_shard_clear(struct sts_dir *dir, const char *top,
    struct sts_error *err);

/* Every file's name; EACH returns false to stop. */
STS_MUST_USE enum sts_rc sts_shard_each(struct sts_dir *dir, const char *top,
    bool (*each)(void *arg, const char *domain), void *arg,
    struct sts_error *err);

#endif
