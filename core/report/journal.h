/* SPDX-License-Identifier: ISC */
/*
 * journal/2026-11-23: one frame per session, appended by every delivery
 * process with one write, never synced, never retried: a report may miss a
 * session, a delivery may never wait for one.
 *
 * A day that is over is closed by renaming it to 2026-11-23.closed, which is
 * then only read; emptied, it says for a while that all is reported, so that
 * a clock set back does not begin the day anew.
 *
 * For a collector a day need not be over: its file becomes 2026-11-23.taken,
 * deliveries go on in a new one, and 2026-11-23.told says how many sessions of
 * the taken one the collector has.
 */
#ifndef STS_JOURNAL_H
#define STS_JOURNAL_H

#include "report/event.h"
#include "state/dir.h"

#define STS_JOURNAL_DAY 11 /* octets of "2026-11-23" with the NUL */

/* The day (UTC) of WALL, and back: its first second.  False, -1: no day. */
bool sts_journal_day(int64_t wall, char day[STS_JOURNAL_DAY]);
int64_t sts_journal_begin(const char *day);

/* To the day of its end or, if that is closed, the next that is not.  Minds
 * the free-space reserve (STS_ESPACE). */
STS_MUST_USE enum sts_rc sts_journal_add(struct sts_dir *dir,
    const struct sts_session *session, struct sts_error *err);

typedef bool (*sts_journal_fn)(void *arg, const struct sts_session *session);
typedef bool (*sts_journal_day_fn)(void *arg, const char *day);

/* Every session of DAY ("2026-11-23"), *SKIPPED damaged records passed.
 * STS_ENODATA: there is no such day. */
STS_MUST_USE enum sts_rc sts_journal_each(struct sts_dir *dir, const char *day,
    sts_journal_fn each, void *arg, size_t *skipped, struct sts_error *err);

/* Every day with sessions in it, oldest first. */
STS_MUST_USE enum sts_rc sts_journal_days(struct sts_dir *dir,
    sts_journal_day_fn each, void *arg, struct sts_error *err);

/* The same of a copy of such a directory, FD. */
STS_MUST_USE enum sts_rc sts_journal_each_at(int fd, const char *day,
    sts_journal_fn each, void *arg, size_t *skipped, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_journal_days_at(int fd, sts_journal_day_fn each,
    void *arg, struct sts_error *err);

/* No session is added to DAY any more.  One that has none is STS_OK. */
STS_MUST_USE enum sts_rc sts_journal_close(struct sts_dir *dir, const char *day,
    struct sts_error *err);

/* Forget the sessions of DAY; it stays closed. */
STS_MUST_USE enum sts_rc sts_journal_done(struct sts_dir *dir, const char *day,
    struct sts_error *err);
/* Is it?  Also when it never had any. */
bool sts_journal_is_done(struct sts_dir *dir, const char *day);

/* Remove all days before DAY, whatever they hold. */
STS_MUST_USE enum sts_rc sts_journal_expire(struct sts_dir *dir,
    const char *day, struct sts_error *err);

/* Set the sessions of DAY so far apart, unless some are; *FRESH: that was
 * done just now, and who writes may still have the file open.  STS_ENODATA:
 * there is none. */
STS_MUST_USE enum sts_rc sts_journal_take(struct sts_dir *dir, const char *day,
    bool *fresh, struct sts_error *err);

/* Every day with sessions that are taken or may be, oldest first. */
STS_MUST_USE enum sts_rc sts_journal_taken_days(struct sts_dir *dir,
    sts_journal_day_fn each, void *arg, struct sts_error *err);

/* Every session of DAY that was taken. */
STS_MUST_USE enum sts_rc sts_journal_taken(struct sts_dir *dir, const char *day,
    sts_journal_fn each, void *arg, size_t *skipped, struct sts_error *err);

/* So many of them, from the first, are told; 0 when that is not known. */
STS_MUST_USE enum sts_rc sts_journal_tell(struct sts_dir *dir, const char *day,
    uint64_t count, struct sts_error *err);
uint64_t sts_journal_told(struct sts_dir *dir, const char *day);

/* All of them are. */
STS_MUST_USE enum sts_rc sts_journal_drop(struct sts_dir *dir, const char *day,
    struct sts_error *err);

#endif
