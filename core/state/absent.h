/* SPDX-License-Identifier: ISC */
/*
 * Fixed-size tables of what was lately learned of a domain, 16-byte slots
 * {keyed hash over domain and contents, expiry, flags} in 64-byte buckets.
 * Losing a slot costs a DNS query, never a verdict; a flipped bit makes it
 * nobody's.  Two files: "absent" for domains without a policy, "checked" for
 * those with one.  The first bucket is a header: its key, and what is known of
 * the clock.
 */
#ifndef STS_ABSENT_H
#define STS_ABSENT_H

#include "base/clock.h"
#include "state/dir.h"

enum sts_note_kind {
	STS_NOTE_NOTHING,    /* no slot */
	STS_NOTE_ABSENT,     /* DNS says: no record, until then */
	STS_NOTE_UNRESOLVED, /* DNS could not tell; do not ask until then */
	STS_NOTE_UNFETCHED,  /* record valid, policy not had; back-off */
	STS_NOTE_CONFIRMED,  /* policy's id seen unchanged; fresh until then */
	STS_NOTE_DISTRUSTED, /* a delivery failed by policy: not fresh */
	STS_NOTE_MAX
};

struct sts_note {
	enum sts_note_kind kind;
	int64_t until;     /* wall seconds */
	unsigned life;     /* seconds it was made for, <= 3600 */
	unsigned failures; /* in a row, 0..15 */
	unsigned id_hash;  /* 11 bits of the record's id, 0: none */
	bool tlsrpt;       /* the domain has a TLSRPT record */
	bool skipped; /* a changed id has used its one try in the back-off */
};

struct sts_table;

/*
 * NAME in DIR; created when DIR is open for writing.  STS_ENODATA when it is
 * missing, STS_EDAMAGED when its header is not ours (a writer then makes it
 * anew: only hints are lost).  DIR must outlive the table.
 */
STS_MUST_USE enum sts_rc sts_table_open(struct sts_dir *dir, const char *name,
    struct sts_table **table, struct sts_error *err);
void sts_table_free(struct sts_table *table);
bool sts_table_replaced(const struct sts_table *table); /* file made anew */

/*
 * The slot of DOMAIN; kind NOTHING when there is none, when it has run out,
 * or when it would run longer than it was made for (a clock set back).
 */
void sts_table_get(struct sts_table *table, const char *domain, int64_t wall,
    struct sts_note *note);

/* As above, but a slot that has run out is still told (for back-off). */
void sts_table_peek(struct sts_table *table, const char *domain,
    struct sts_note *note);

/* Not synced: a hint.  note->until = wall + note->life.  Kind NOTHING
 * removes.  A new slot minds the free-space reserve. */
STS_MUST_USE enum sts_rc sts_table_put(struct sts_table *table,
    const char *domain, int64_t wall, struct sts_note *note,
    struct sts_error *err);

/*
 * What is remembered of the clock: the last good moment, and the first of a
 * doubtful time that has been told since.
 */
enum sts_moment {
	STS_MOMENT_GOOD,
	STS_MOMENT_CLAIM,
	STS_MOMENT_MAX
};

/*
 * False when none is recorded.  Only a hash of its boot id is kept: boot_id
 * is that of NOW if it is the same boot, "-" otherwise.
 */
bool sts_table_seen(struct sts_table *table, enum sts_moment moment,
    const struct sts_now *now, struct sts_now *seen);
STS_MUST_USE enum sts_rc sts_table_see(struct sts_table *table,
    enum sts_moment moment, const struct sts_now *now, struct sts_error *err);

/* Has NOTE neither run out nor been made under a clock that was ahead? */
bool sts_note_runs(const struct sts_note *note, int64_t wall);
unsigned sts_note_id_hash(const char *id); /* 1..2047 */
const char *sts_note_name(enum sts_note_kind kind);

#endif
