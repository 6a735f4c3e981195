/* SPDX-License-Identifier: ISC */
/*
 * The days that are over, and what becomes of them: reports in the queue, or
 * in the hands of whoever asks for them.
 */
#ifndef STS_CLOSING_H
#define STS_CLOSING_H

#include "command/crew.h"
#include "report/day.h"

#define STS_CLOSING_OTHERS 64 /* journals of other hosts */

/* A day is closed so long after its end, for sessions that ended then. */
#define STS_CLOSING_WAIT 3600 /* seconds */

struct sts_closing {
	const struct sts_config *config; /* report_from is set */
	struct sts_dir *dir;
	struct sts_crew *crew;
	int64_t now;  /* wall seconds */
	bool suspect; /* and not to be believed: nothing is too old */
	int other[STS_CLOSING_OTHERS];
	size_t others;
	/* What was done; counted by the functions below. */
	size_t days, reports, skipped;
	bool trouble; /* and complained of */
};

/* Every day that is over, and not yet in the queue, goes there. */
STS_MUST_USE enum sts_rc sts_closing_queue(struct sts_closing *closing,
    struct sts_error *err);

/* The reports of all days that are not in the queue, changing nothing; of
 * those that are not over too, if UNFINISHED. */
STS_MUST_USE enum sts_rc sts_closing_show(struct sts_closing *closing,
    bool unfinished, sts_day_fn each, void *arg, struct sts_error *err);

/* Forget sessions older than they may be (report-keep), and the policies that
 * only they were subject to; DAY: the first that is kept. */
STS_MUST_USE enum sts_rc sts_closing_forget(struct sts_dir *dir,
    const struct sts_config *config, int64_t now, char day[STS_JOURNAL_DAY],
    struct sts_error *err);

/* Is TEXT among what must not be reported about or to? */
bool sts_closing_suppressed(const struct sts_config *config, const char *text);

#endif
