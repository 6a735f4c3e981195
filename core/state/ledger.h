/* SPDX-License-Identifier: ISC */
/*
 * The append-only record of every policy learned, changed, withdrawn, and of
 * every transition that could be a downgrade; also the second copy of
 * policies/.  Frames of base/frame.h, synced before the policy file is.
 */
#ifndef STS_LEDGER_H
#define STS_LEDGER_H

#include "state/policies.h"

enum sts_ledger_event {
	STS_LEDGER_LEARNED,   /* first policy of the domain; carries the text */
	STS_LEDGER_CHANGED,   /* another policy; carries the text */
	STS_LEDGER_RENEWED,   /* same text, new deadline */
	STS_LEDGER_WITHDRAWN, /* max_age 0 was served: nothing is kept */
	STS_LEDGER_EXPIRED,   /* let go after a live definite answer */
	STS_LEDGER_DROPPED,   /* by the operator */
	STS_LEDGER_RESTORED,  /* a damaged file was made good from here */
	STS_LEDGER_VANISHED,  /* TXT record gone or malformed, policy kept */
	STS_LEDGER_FAILED,    /* fetch failed, policy kept */
	STS_LEDGER_MAX
};
const char *sts_ledger_event_name(enum sts_ledger_event event);
/* Does it tell all of its domain, whatever was recorded before? */
bool sts_ledger_event_settles(enum sts_ledger_event event);

struct sts_ledger_record {
	enum sts_ledger_event event;
	int64_t at; /* wall seconds */
	char domain[STS_DOMAIN_MAX + 1];
	char id[STS_ID_MAX + 1];
	enum sts_mode mode;
	int64_t expires;
	uint64_t hash;      /* sts_checksum() of the policy text, 0: none */
	const char *reason; /* "" or why; borrowed */
	const char *text;   /* LEARNED, CHANGED: the policy; borrowed */
	size_t text_len;
	const char *line; /* the frame, newlines apart; borrowed */
	size_t line_len;
};

/* ENTRY may be NULL for a domain without policy; REASON may be NULL. */
STS_MUST_USE enum sts_rc sts_ledger_add(struct sts_dir *dir,
    enum sts_ledger_event event, const char *domain,
    const struct sts_entry *entry, const struct sts_now *now,
    const char *reason, struct sts_error *err);

/*
 * The last policy of DOMAIN that was not withdrawn, dropped or expired, with
 * its latest deadline.  STS_ENODATA when there is none; STS_EDAMAGED when a
 * damaged record may have been a later one.  Reads the whole file: for repair
 * only.
 */
STS_MUST_USE enum sts_rc sts_ledger_find(struct sts_dir *dir,
    const char *domain, struct sts_entry **entry, struct sts_error *err);

/*
 * What the records of one domain add up to, fed in order: the policy that
 * find() would give, or doubt.
 */
struct sts_ledger_sum {
	struct sts_entry *entry; /* owned; NULL: none */
	bool ended;              /* there was one, and it was let go */
	bool doubt;              /* a damaged record may say otherwise */
};
STS_MUST_USE enum sts_rc sts_ledger_sum_up(struct sts_ledger_sum *sum,
    const struct sts_ledger_record *record, struct sts_error *err);

/* All of DOMAIN's; on STS_OK SUM's entry is the caller's. */
STS_MUST_USE enum sts_rc sts_ledger_sum_of(struct sts_dir *dir,
    const char *domain, struct sts_ledger_sum *sum, struct sts_error *err);

/*
 * As below, but a damaged record is told too, where its domain can still be
 * read: event STS_LEDGER_MAX, its line, and nothing else in it.
 */
STS_MUST_USE enum sts_rc sts_ledger_scan(struct sts_dir *dir,
    bool (*each)(void *arg, const struct sts_ledger_record *record), void *arg,
    size_t *skipped, struct sts_error *err);

/* All whole records in order; *SKIPPED counts damaged ones. */
STS_MUST_USE enum sts_rc sts_ledger_each(struct sts_dir *dir,
    bool (*each)(void *arg, const struct sts_ledger_record *record), void *arg,
    size_t *skipped, struct sts_error *err);

/* Rewrite without renewals that a later one replaces, and without damaged
 * records unless they leave their domain in doubt.  Atomic, locked. */
STS_MUST_USE enum sts_rc sts_ledger_compact(struct sts_dir *dir,
    struct sts_error *err);

#endif
