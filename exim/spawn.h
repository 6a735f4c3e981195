/* SPDX-License-Identifier: ISC */
/*
 * Start a program from inside an MTA, perhaps as root and in an environment
 * that a local user shaped, and wait for one line of its output.  The program
 * never runs as root.  It is double-forked: one that is late finishes alone.
 * Signal dispositions, alarms and timers of the caller stay as they are.
 */
#ifndef STS_SPAWN_H
#define STS_SPAWN_H

#include <sys/types.h>

#include "base/buf.h"

struct sts_spawn {
	const char *program; /* absolute */
	char *const *argv;
	const char *dir; /* to run in */
	uid_t uid;       /* to run as: DIR's owner, never 0 */
	gid_t gid;
	int64_t deadline; /* of sts_clock_ms() */
};

/*
 * Is PROGRAM a regular file that it would be safe to run for root?  It and
 * every directory above it belong to root and nobody else may write there.
 */
STS_MUST_USE enum sts_rc sts_spawn_check(const char *program,
    struct sts_error *err);

/*
 * The first line of output, without newline, into LINE, whose max bounds it.
 * STS_EIDENTITY: we are neither root nor uid, or uid is 0.  STS_ETIMEOUT: the
 * deadline passed.  STS_ELOCAL: it could not be started or said nothing.
 */
STS_MUST_USE enum sts_rc sts_spawn_line(const struct sts_spawn *spawn,
    struct sts_buf *line, struct sts_error *err);

#endif
