/* SPDX-License-Identifier: ISC */
/*
 * reports/: what is to be sent.  reports/2026-11-23/ holds a day's reports,
 * two files each: 0000001.gz, the report itself, which never changes once the
 * day is whole, and 0000001, where it goes and how far that has come.  The file
 * "whole" is written last: without it a day is made anew from the journal,
 * with it the journal is not needed any more, so a crash at any point leaves
 * every session in exactly one report.
 */
#ifndef STS_QUEUE_H
#define STS_QUEUE_H

#include "policy/record.h"
#include "report/journal.h"
#include "report/render.h"

#define STS_QUEUE_RETRY 86400      /* s from the first attempt, RFC 8460, 5.5 */
#define STS_QUEUE_BODY  (16 << 20) /* octets of a report, at most */

enum sts_rua_state {
	STS_RUA_WAITING,
	STS_RUA_SENT,
	STS_RUA_FAILED, /* given up after STS_QUEUE_RETRY */
	STS_RUA_PASSED, /* not ours to send to: suppressed, no such scheme */
	STS_RUA_STATE_MAX
};
const char *sts_rua_state_name(enum sts_rua_state state);

struct sts_queued_rua {
	enum sts_rua_state state;
	char uri[STS_URI_MAX + 1];
};

struct sts_queued { /* one report, or part of one */
	char day[STS_JOURNAL_DAY];
	unsigned number; /* of its files */
	char domain[STS_DOMAIN_MAX + 1];
	char id[STS_RENDER_ID];
	unsigned part;
	int64_t begin, end; /* wall seconds that it covers */
	int64_t due;        /* not before */
	int64_t first;      /* attempt; 0: none yet */
	unsigned tries;
	bool asked; /* rua is what DNS said */
	size_t count;
	struct sts_queued_rua rua[STS_RUA_MAX];
};

/* One run at a time; STS_EBUSY at once.  Close FD to let go. */
STS_MUST_USE enum sts_rc sts_queue_lock(struct sts_dir *dir, int *fd,
    struct sts_error *err);

/* Begin DAY with nothing in it. */
STS_MUST_USE enum sts_rc sts_queue_begin(struct sts_dir *dir, const char *day,
    struct sts_error *err);
/* One of its reports, as QUEUED tells; not synced yet, since nothing counts
 * before the day is whole. */
STS_MUST_USE enum sts_rc sts_queue_add(struct sts_dir *dir,
    const struct sts_queued *queued, const struct sts_buf *body,
    struct sts_error *err);
/* Sync all of DAY; only now may it be sent. */
STS_MUST_USE enum sts_rc sts_queue_commit(struct sts_dir *dir, const char *day,
    struct sts_error *err);
/* STS_OK, or STS_ENODATA. */
STS_MUST_USE enum sts_rc sts_queue_is_whole(struct sts_dir *dir,
    const char *day, struct sts_error *err);

/* Every report of every whole day, oldest first. */
typedef bool (*sts_queue_fn)(void *arg, const char *day, unsigned number);
STS_MUST_USE enum sts_rc sts_queue_each(struct sts_dir *dir, sts_queue_fn each,
    void *arg, struct sts_error *err);

STS_MUST_USE enum sts_rc sts_queue_read(struct sts_dir *dir, const char *day,
    unsigned number, struct sts_queued *queued, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_queue_write(struct sts_dir *dir,
    const struct sts_queued *queued, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_queue_body(struct sts_dir *dir,
    const struct sts_queued *queued, struct sts_buf *body,
    struct sts_error *err);
STS_MUST_USE enum sts_rc sts_queue_remove(struct sts_dir *dir,
    const struct sts_queued *queued, struct sts_error *err);

/* Remove days that have no report left, and those before DAY with theirs;
 * *LOST of them. */
STS_MUST_USE enum sts_rc sts_queue_sweep(struct sts_dir *dir, const char *day,
    size_t *lost, struct sts_error *err);

#endif
