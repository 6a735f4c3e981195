/* SPDX-License-Identifier: ISC */
/*
 * Numbers for keys: the first key is 0, the next new one 1.  How many there
 * may be is said at birth; the hash is keyed, since strangers choose keys.
 */
#ifndef STS_INDEX_H
#define STS_INDEX_H

#include "base/buf.h"
#include "base/siphash.h"

struct sts_index;

#define STS_INDEX_NONE SIZE_MAX

/* NULL: no memory.  No more than MAX keys. */
struct sts_index *sts_index_new(const struct sts_siphash_key *hash_key,
    size_t max);
void sts_index_free(struct sts_index *index);

/* The number of KEY, a new one if it is new; STS_INDEX_NONE when that is one
 * too many, or there is no memory. */
size_t sts_index_put(struct sts_index *index, const void *key, size_t len);

size_t sts_index_count(const struct sts_index *index);

/* Key AT, with a NUL behind it.  Borrowed until the next put. */
const void *sts_index_key(const struct sts_index *index, size_t at);

#endif
