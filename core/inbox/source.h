/* SPDX-License-Identifier: ISC */
/*
 * The operands of "inbox": files of any kind that unpack.h knows, mboxes,
 * Maildirs, standard input.
 */
#ifndef STS_SOURCE_H
#define STS_SOURCE_H

#include "inbox/unpack.h"

struct sts_source_sink {
	void *arg;
	/* As that of unpack.h. */
	bool (*report)(void *arg, const struct sts_received *report,
	    struct sts_error *err);
	/* WHERE is "FILE", "FILE: message 3", "FILE: message 3: part 2". */
	void (*bad)(void *arg, const char *where, const struct sts_error *err);
};

/* What was seen; messages without a report are nothing bad. */
struct sts_source_count {
	size_t messages, without;
};

/*
 * All reports in FILE to SINK.  A file that is a device or a pipe is refused,
 * standard input ("-") may be one.  Something is bad if FILE has no report at
 * all.
 */
void sts_source_read(const char *file, const struct sts_source_sink *sink,
    struct sts_source_count *count);

#endif
