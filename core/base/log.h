/* SPDX-License-Identifier: ISC */
/*
 * One complete line to one callback.  Control bytes and non-ASCII in the
 * formatted text are escaped, so hostile text cannot forge a second line.
 */
#ifndef STS_LOG_H
#define STS_LOG_H

#include "base/error.h"

struct sts_log {
	sts_log_fn fn; /* NULL: silence */
	void *arg;
	enum sts_level level; /* lines above it are dropped */
};

void sts_log(const struct sts_log *log, enum sts_level level,
    const char *format, ...) STS_PRINTF(3, 4);

const char *sts_level_name(enum sts_level level);

#endif
