/* SPDX-License-Identifier: ISC */
/*
 * Numbers for keys, see index.h: open addressing, at most half full, keys in
 * one block.
 */
#include <stdlib.h>
#include <string.h>

#include "inbox/index.h"

#define SLOTS_FIRST 64
#define KEYS_MAX    (256 * 1024 * 1024) /* octets of all keys */

struct entry {
	size_t offset, len; /* in keys */
	uint64_t hash;
};

struct sts_index {
	struct sts_siphash_key hash_key;
	size_t max, count, slots;
	struct entry *entry; /* room for half of slots */
	size_t *slot;        /* number of the entry and 1; 0: free */
	struct sts_buf keys;
};

struct sts_index *
sts_index_new(const struct sts_siphash_key *hash_key, size_t max)
{
	struct sts_index *index = calloc(1, sizeof(*index));

	if (index == NULL)
		return NULL;
	index->hash_key = *hash_key;
	index->max = max;
	sts_buf_init(&index->keys, KEYS_MAX);
	return index;
}

void
sts_index_free(struct sts_index *index)
{
	if (index == NULL)
		return;
	free(index->entry);
	free(index->slot);
	sts_buf_clear(&index->keys);
	free(index);
}

/* The slot that has KEY, or the free one where it belongs. */
static size_t *
find_slot(const struct sts_index *index, const void *key, size_t len,
    uint64_t hash)
{
	size_t at = (size_t)hash & (index->slots - 1);
	const struct entry *entry;

	for (; index->slot[at] != 0; at = (at + 1) & (index->slots - 1)) {
		entry = &index->entry[index->slot[at] - 1];
		if (entry->hash == hash && entry->len == len &&
		    memcmp(index->keys.data + entry->offset, key, len) == 0)
			break;
	}
	return &index->slot[at];
}

static bool
grow(struct sts_index *index)
{
	size_t slots = index->slots == 0 ? SLOTS_FIRST : 2 * index->slots;
	struct entry *entry;
	size_t *slot, i;

	if (index->count < index->slots / 2)
		return true;
	entry = realloc(index->entry, slots / 2 * sizeof(*entry));
	if (entry == NULL)
		return false;
	index->entry = entry;
	slot = calloc(slots, sizeof(*slot));
	if (slot == NULL)
		return false;
	free(index->slot);
	index->slot = slot;
	index->slots = slots;
	for (i = 0; i < index->count; i++)
		*find_slot(index, index->keys.data + entry[i].offset,
		    entry[i].len, entry[i].hash) = i + 1;
	return true;
}

/* Room for all of it first: a failed append would stay one. */
static bool
add_key(struct sts_index *index, const void *key, size_t len)
{
	struct entry *entry = &index->entry[index->count];

	if (index->keys.max - index->keys.len <= len ||
	    sts_buf_room(&index->keys, len + 1) == NULL)
		return false;
	entry->offset = index->keys.len;
	entry->len = len;
	(void)sts_buf_add(&index->keys, key, len);
	return sts_buf_add(&index->keys, "", 1) == STS_OK;
}

size_t
sts_index_put(struct sts_index *index, const void *key, size_t len)
{
	uint64_t hash = sts_siphash(&index->hash_key, key, len);
	size_t *slot;

	if (!grow(index))
		return STS_INDEX_NONE;
	slot = find_slot(index, key, len, hash);
	if (*slot != 0)
		return *slot - 1;
	if (index->count == index->max || !add_key(index, key, len))
		return STS_INDEX_NONE;
	index->entry[index->count].hash = hash;
	*slot = ++index->count;
	return *slot - 1;
}

size_t
sts_index_count(const struct sts_index *index)
{
	return index->count;
}

const void *
sts_index_key(const struct sts_index *index, size_t at)
{
	return index->keys.data + index->entry[at].offset;
}
