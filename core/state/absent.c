/* SPDX-License-Identifier: ISC */
/*
 * Tables of hints, see absent.h.  Numbers are in the host's order: the file
 * never leaves it, and another order would not know the magic.
 */
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "state/absent.h"
#include "state/write.h"

#define MAGIC         UINT64_C(0x3162617473737473) /* "stsstab1" */
#define BUCKETS       UINT64_C(262144)
#define BUCKET_SLOTS  4
#define LOCK_PATIENCE 200 /* ms */
#define LIFE_MAX      3600
#define FAR           (INT64_MAX / 8) /* s; beyond it sums would overflow */

struct slot {
	uint64_t tag;
	uint32_t until;
	uint32_t flags;
};

struct bucket {
	struct slot slot[BUCKET_SLOTS];
};

struct head {
	uint64_t magic;
	struct sts_siphash_key key;
	uint64_t sum;
};

struct seen { /* written without a lock: a torn one has a wrong sum */
	int64_t wall;
	int64_t boot;
	uint64_t boot_hash;
	uint64_t sum;
};

struct header { /* of the file, in place of its first buckets */
	struct head head;
	struct seen seen[STS_MOMENT_MAX];
	struct seen spare;
};
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a cache line");
#define HEADER_BUCKETS (sizeof(struct header) / sizeof(struct bucket))
_Static_assert(sizeof(struct header) == 2 * sizeof(struct bucket),
    "the header is whole buckets");

struct sts_table {
	struct sts_dir *dir; /* borrowed */
	char *name;
	int fd;
	bool writable;
	struct sts_siphash_key key;
};

/* flags of a slot, from the lowest bit */
#define KIND_BITS     3
#define FAILURES_BITS 4
#define ID_BITS       11
#define LIFE_BITS     12

static const char *const note_names[] = {
	[STS_NOTE_NOTHING] = "nothing",
	[STS_NOTE_ABSENT] = "absent",
	[STS_NOTE_UNRESOLVED] = "unresolved",
	[STS_NOTE_UNFETCHED] = "unfetched",
	[STS_NOTE_CONFIRMED] = "confirmed",
	[STS_NOTE_DISTRUSTED] = "distrusted",
};
_Static_assert(sizeof(note_names) / sizeof(note_names[0]) == STS_NOTE_MAX,
    "note_names matches enum sts_note_kind");
_Static_assert(STS_NOTE_MAX <= 1 << KIND_BITS, "a kind fits its bits");

const char *
sts_note_name(enum sts_note_kind kind)
{
	if ((unsigned)kind >= STS_NOTE_MAX)
		return "unknown";
	return note_names[kind];
}

unsigned
sts_note_id_hash(const char *id)
{
	return (unsigned)(sts_checksum(id, strlen(id)) %
			  ((1u << ID_BITS) - 1)) +
	       1;
}

/* ---- slots, pure ------------------------------------------------------- */

static uint32_t
pack(const struct sts_note *note)
{
	uint32_t flags = note->life;

	flags = flags << ID_BITS | note->id_hash;
	flags = flags << FAILURES_BITS | note->failures;
	flags = flags << KIND_BITS | (uint32_t)note->kind;
	return flags << 2 | (uint32_t)note->tlsrpt << 1 |
	       (uint32_t)note->skipped;
}

/* The lowest BITS of *FLAGS, which are shifted out. */
static unsigned
take_bits(uint32_t *flags, unsigned bits)
{
	unsigned value = *flags & ((1u << bits) - 1);

	*flags >>= bits;
	return value;
}

static void
unpack(const struct slot *slot, struct sts_note *note)
{
	uint32_t flags = slot->flags;

	note->until = slot->until;
	note->skipped = take_bits(&flags, 1) != 0;
	note->tlsrpt = take_bits(&flags, 1) != 0;
	note->kind = (enum sts_note_kind)take_bits(&flags, KIND_BITS);
	note->failures = take_bits(&flags, FAILURES_BITS);
	note->id_hash = take_bits(&flags, ID_BITS);
	note->life = take_bits(&flags, LIFE_BITS);
}

/* Whose slot this is depends on all that is in it. */
static uint64_t
slot_tag(const struct sts_siphash_key *key, const char *domain,
    const struct slot *slot)
{
	char text[STS_DOMAIN_MAX + 1 + sizeof(slot->until) +
		  sizeof(slot->flags)];
	size_t len = strlen(domain) + 1;

	memcpy(text, domain, len);
	memcpy(text + len, &slot->until, sizeof(slot->until));
	len += sizeof(slot->until);
	memcpy(text + len, &slot->flags, sizeof(slot->flags));
	len += sizeof(slot->flags);
	return sts_siphash(key, text, len);
}

static bool
slot_is(const struct slot *slot, const struct sts_siphash_key *key,
    const char *domain)
{
	return slot->flags != 0 && slot->tag == slot_tag(key, domain, slot);
}

/* Which slot a note of DOMAIN goes to: its own, a free or run-out one, or
 * the one that runs out first. */
static unsigned
choose(const struct bucket *bucket, const struct sts_siphash_key *key,
    const char *domain)
{
	unsigned i, best = 0;

	for (i = 0; i < BUCKET_SLOTS; i++)
		if (slot_is(&bucket->slot[i], key, domain))
			return i;
	for (i = 1; i < BUCKET_SLOTS; i++)
		if (bucket->slot[i].until < bucket->slot[best].until)
			best = i; /* a free one has until 0 */
	return best;
}

static uint64_t
bucket_of(const struct sts_table *table, const char *domain)
{
	return HEADER_BUCKETS +
	       sts_siphash(&table->key, domain, strlen(domain)) %
		   (BUCKETS - HEADER_BUCKETS);
}

/* ---- the file ---------------------------------------------------------- */

static bool
read_at(int fd, void *out, size_t len, uint64_t at)
{
	return pread(fd, out, len, (off_t)at) == (ssize_t)len;
}

/* What lies behind the end of a file that was cut short is empty. */
static void
read_bucket(const struct sts_table *table, uint64_t index,
    struct bucket *bucket)
{
	memset(bucket, 0, sizeof(*bucket));
	if (pread(table->fd, bucket, sizeof(*bucket),
		(off_t)(index * sizeof(*bucket))) == -1)
		memset(bucket, 0, sizeof(*bucket));
}

static enum sts_rc
write_at(struct sts_table *table, const void *data, size_t len, uint64_t at,
    struct sts_error *err)
{
	ssize_t n = sts_pwrite(table->fd, data, len, (off_t)at);

	if (n == (ssize_t)len)
		return STS_OK;
	if (n == -1 && errno != ENOSPC && errno != EDQUOT && errno != EFBIG)
		return sts_error_sys(err, STS_ESYS, "%s", table->name);
	return sts_error_set(err, STS_ESPACE, "%s: no room", table->name);
}

static uint64_t
head_sum(const struct head *head)
{
	return sts_checksum(head, offsetof(struct head, sum));
}

static enum sts_rc
create(struct sts_dir *dir, const char *name, struct sts_error *err)
{
	struct head head = { .magic = MAGIC };

	if (getrandom(&head.key, sizeof(head.key), 0) !=
	    (ssize_t)sizeof(head.key))
		return sts_error_sys(err, STS_ELOCAL, "getrandom");
	head.sum = head_sum(&head);
	return sts_dir_write_sized(dir, name, &head, sizeof(head),
	    (off_t)(BUCKETS * sizeof(struct bucket)), err);
}

static enum sts_rc
open_file(struct sts_table *table, bool write, struct sts_error *err)
{
	struct head head;
	enum sts_rc rc;
	int fd;

	rc = sts_dir_openat(table->dir, table->name, write ? O_RDWR : O_RDONLY,
	    &fd, err);
	if (rc != STS_OK)
		return rc;
	if (!read_at(fd, &head, sizeof(head), 0) || head.magic != MAGIC ||
	    head.sum != head_sum(&head)) {
		(void)close(fd);
		return sts_error_set(err, STS_EDAMAGED, "%s: not a table",
		    table->name);
	}
	if (table->fd != -1)
		(void)close(table->fd);
	table->fd = fd;
	table->key = head.key;
	table->writable = write;
	return STS_OK;
}

static enum sts_rc
open_or_create(struct sts_table *table, struct sts_error *err)
{
	bool write = sts_dir_writable(table->dir);
	enum sts_rc rc;

	rc = open_file(table, write, err);
	if (rc == STS_OK || !write)
		return rc;
	rc = create(table->dir, table->name, err);
	if (rc == STS_OK)
		rc = open_file(table, write, err);
	return rc;
}

enum sts_rc
sts_table_open(struct sts_dir *dir, const char *name, struct sts_table **out,
    struct sts_error *err)
{
	struct sts_table *table;
	enum sts_rc rc;

	table = calloc(1, sizeof(*table));
	if (table == NULL || (table->name = strdup(name)) == NULL) {
		free(table);
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	table->dir = dir;
	table->fd = -1;
	rc = open_or_create(table, err);
	if (rc != STS_OK) {
		sts_table_free(table);
		return rc;
	}
	*out = table;
	return STS_OK;
}

void
sts_table_free(struct sts_table *table)
{
	if (table == NULL)
		return;
	if (table->fd != -1)
		(void)close(table->fd);
	free(table->name);
	free(table);
}

bool
sts_table_replaced(const struct sts_table *table)
{
	struct stat st;

	return fstat(table->fd, &st) == -1 || st.st_nlink == 0;
}

void
sts_table_peek(struct sts_table *table, const char *domain,
    struct sts_note *note)
{
	struct bucket bucket;
	unsigned i;

	memset(note, 0, sizeof(*note));
	read_bucket(table, bucket_of(table, domain), &bucket);
	for (i = 0; i < BUCKET_SLOTS; i++) {
		if (!slot_is(&bucket.slot[i], &table->key, domain))
			continue;
		unpack(&bucket.slot[i], note);
		return;
	}
}

bool
sts_note_runs(const struct sts_note *note, int64_t wall)
{
	return note->kind != STS_NOTE_NOTHING && note->until > wall &&
	       note->until - wall <= (int64_t)note->life;
}

void
sts_table_get(struct sts_table *table, const char *domain, int64_t wall,
    struct sts_note *note)
{
	sts_table_peek(table, domain, note);
	if (!sts_note_runs(note, wall))
		memset(note, 0, sizeof(*note));
}

/* Under the lock, so that a domain never has two slots. */
static enum sts_rc
write_slot(struct sts_table *table, const char *domain,
    const struct slot *fresh, struct sts_error *err)
{
	uint64_t index = bucket_of(table, domain);
	struct bucket bucket;
	struct slot *slot;
	enum sts_rc rc = STS_OK;

	read_bucket(table, index, &bucket);
	slot = &bucket.slot[choose(&bucket, &table->key, domain)];
	if (!slot_is(slot, &table->key, domain)) {
		if (fresh->flags == 0)
			return STS_OK; /* nothing to remove */
		rc = sts_dir_room(table->dir, err);
	}
	if (rc != STS_OK)
		return rc;
	*slot = *fresh;
	return write_at(table, slot, sizeof(*slot),
	    index * sizeof(bucket) +
		(uint64_t)(slot - bucket.slot) * sizeof(*slot),
	    err);
}

static enum sts_rc
make_writable(struct sts_table *table, struct sts_error *err)
{
	if (table->writable)
		return STS_OK;
	return open_file(table, true, err);
}

enum sts_rc
sts_table_put(struct sts_table *table, const char *domain, int64_t wall,
    struct sts_note *note, struct sts_error *err)
{
	struct slot slot = { 0, 0, 0 };
	enum sts_rc rc;

	if (strlen(domain) > STS_DOMAIN_MAX || note->life > LIFE_MAX)
		return sts_error_set(err, STS_EUSAGE, "bad note");
	note->until = wall + note->life;
	if (note->until < 0 || note->until > (int64_t)UINT32_MAX)
		return sts_error_set(err, STS_EUSAGE, "time out of range");
	rc = make_writable(table, err);
	if (rc != STS_OK)
		return rc;
	if (note->kind != STS_NOTE_NOTHING) {
		slot.until = (uint32_t)note->until;
		slot.flags = pack(note);
		slot.tag = slot_tag(&table->key, domain, &slot);
	}
	rc = sts_dir_flock(table->fd, LOCK_PATIENCE, err);
	if (rc != STS_OK)
		return rc;
	rc = write_slot(table, domain, &slot, err);
	sts_dir_funlock(table->fd);
	return rc;
}

/* ---- the clock --------------------------------------------------------- */

static uint64_t
boot_hash(const struct sts_table *table, const struct sts_now *now)
{
	return sts_siphash(&table->key, now->boot_id, strlen(now->boot_id));
}

static uint64_t
seen_sum(const struct sts_table *table, const struct seen *seen)
{
	return sts_siphash(&table->key, seen, offsetof(struct seen, sum));
}

static uint64_t
seen_at(enum sts_moment moment)
{
	return offsetof(struct header, seen) +
	       (uint64_t)moment * sizeof(struct seen);
}

static bool
is_time(int64_t seconds)
{
	return seconds > -FAR && seconds < FAR;
}

bool
sts_table_seen(struct sts_table *table, enum sts_moment moment,
    const struct sts_now *now, struct sts_now *out)
{
	struct seen seen;

	if (!read_at(table->fd, &seen, sizeof(seen), seen_at(moment)) ||
	    seen.sum != seen_sum(table, &seen) || !is_time(seen.wall) ||
	    !is_time(seen.boot))
		return false;
	memset(out, 0, sizeof(*out));
	out->wall = seen.wall;
	out->boot = seen.boot;
	if (seen.boot_hash == boot_hash(table, now))
		memcpy(out->boot_id, now->boot_id, sizeof(out->boot_id));
	else
		memcpy(out->boot_id, "-", 2);
	return true;
}

enum sts_rc
sts_table_see(struct sts_table *table, enum sts_moment moment,
    const struct sts_now *now, struct sts_error *err)
{
	struct seen seen = { now->wall, now->boot, 0, 0 };
	enum sts_rc rc;

	rc = make_writable(table, err);
	if (rc != STS_OK)
		return rc;
	seen.boot_hash = boot_hash(table, now);
	seen.sum = seen_sum(table, &seen);
	return write_at(table, &seen, sizeof(seen), seen_at(moment), err);
}
