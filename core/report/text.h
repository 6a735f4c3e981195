/* SPDX-License-Identifier: ISC */
/*
 * journal/policy-*: what policy hosts served to domains that want reports,
 * valid or not, since a report says it word for word (RFC 8460, 4.4).
 * Sessions name a text by its checksum.  In the journal's directory, so that
 * a copy of that is all that another host needs.
 */
#ifndef STS_TEXT_H
#define STS_TEXT_H

#include "state/dir.h"

/* TEXT was served for DOMAIN just now; its checksum names it.  Not synced,
 * and minds the free-space reserve: a report can do without. */
STS_MUST_USE enum sts_rc sts_text_put(struct sts_dir *dir, const char *domain,
    const char *text, size_t len, struct sts_error *err);

/* The text of DOMAIN with checksum HASH into TEXT (bounded by its maximum)
 * from directory FD, a journal's.  STS_ENODATA: it is not there. */
STS_MUST_USE enum sts_rc sts_text_get(int fd, const char *domain, uint64_t hash,
    struct sts_buf *text, struct sts_error *err);

/* The same from the journal OWN (-1: none), those of OTHERS, or the policy
 * that DIR holds, wherever it is first. */
STS_MUST_USE enum sts_rc sts_text_find(struct sts_dir *dir, int own,
    const int *other, size_t others, const char *domain, uint64_t hash,
    struct sts_buf *text);

/* Remove what was last served before WALL. */
void sts_text_sweep(struct sts_dir *dir, int64_t wall);

#endif
