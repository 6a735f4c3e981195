/* SPDX-License-Identifier: ISC */
/*
 * journal/2026-11-23: one frame per session, appended by every delivery
 * process with one write, never synced, never retried: a report may miss a
 * session, a delivery may never wait for one.
 */
#ifndef STS_JOURNAL_H
#define STS_JOURNAL_H

#include "report/event.h"
#include "state/dir.h"

/* Minds the free-space reserve (STS_ESPACE). */
STS_MUST_USE enum sts_rc sts_journal_add(struct sts_dir *dir,
    const struct sts_session *session, struct sts_error *err);

/* Every session of DAY ("2026-11-23"), *SKIPPED damaged records passed. */
STS_MUST_USE enum sts_rc sts_journal_each(struct sts_dir *dir, const char *day,
    bool (*each)(void *arg, const struct sts_session *session), void *arg,
    size_t *skipped, struct sts_error *err);

/* Every day there is, oldest first. */
STS_MUST_USE enum sts_rc sts_journal_days(struct sts_dir *dir,
    bool (*each)(void *arg, const char *day), void *arg, struct sts_error *err);

#endif
