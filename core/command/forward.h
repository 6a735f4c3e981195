/* SPDX-License-Identifier: ISC */
/*
 * Handing sessions to the collector of the site, which reports them together
 * with those of its other MTAs.  Each once, but for a crash.
 */
#ifndef STS_FORWARD_H
#define STS_FORWARD_H

#include "command/crew.h"

struct sts_forward_setup {
	const struct sts_config *config; /* report_collector is set */
	struct sts_dir *dir;
	struct sts_crew *crew;
	int64_t now;  /* wall seconds */
	bool suspect; /* the clock is: nothing is given up */
};

struct sts_forward_count { /* of sessions */
	size_t sent;
	size_t unwanted; /* nobody asks for them */
	size_t waiting;  /* DNS could not tell */
	size_t given_up; /* nor for a day; or the socket cannot take it */
	size_t skipped;  /* damaged records */
};

/* Everything in the journal.  On an error, a collector's refusal among them,
 * what was not handed over stays for the next run. */
STS_MUST_USE enum sts_rc sts_forward_run(const struct sts_forward_setup *setup,
    struct sts_forward_count *count, struct sts_error *err);

#endif
