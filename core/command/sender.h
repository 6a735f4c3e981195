/* SPDX-License-Identifier: ISC */
/*
 * Sending the reports that are due (RFC 8460, 3 and 5): each to every place
 * that its domain's record names, until it is accepted there or a day has
 * passed.  What was accepted is on the disk before anything else is done.
 */
#ifndef STS_SENDER_H
#define STS_SENDER_H

#include "command/crew.h"

struct sts_sender_setup {
	const struct sts_config *config; /* report_from is set */
	struct sts_dir *dir;
	struct sts_crew *crew;
	bool now;     /* whatever was agreed on before: all that waits */
	bool suspect; /* the clock is: nothing is given up */
	bool verbose; /* say each success too */
};

struct sts_sender_count { /* of ruas, but for the last two */
	size_t sent, failed, given_up, passed;
	size_t unwanted; /* reports that nobody asks for any more */
	size_t waiting;  /* reports left */
	bool trouble;    /* of our own, and complained of */
};

STS_MUST_USE enum sts_rc sts_sender_run(const struct sts_sender_setup *setup,
    struct sts_sender_count *count, struct sts_error *err);

/* Pure: seconds until the next try, after so many. */
int64_t sts_sender_patience(unsigned tries);

#endif
