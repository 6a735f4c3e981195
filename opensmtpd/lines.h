/* SPDX-License-Identifier: ISC */
/*
 * Whole lines out of a stream that is cut anywhere, none longer than a
 * maximum given at birth.  Pure.
 */
#ifndef STS_LINES_H
#define STS_LINES_H

#include "base/buf.h"

struct sts_lines {
	struct sts_buf buf; /* of a line that has no end yet */
	bool bad;           /* it is too long or holds a NUL: being skipped */
};

/* LINE is NUL-terminated, without its newline, and EACH may write in it;
 * borrowed until EACH returns.  NULL: one that had to be skipped. */
typedef void (*sts_lines_fn)(void *arg, char *line, size_t len);

void sts_lines_init(struct sts_lines *lines, size_t max);
void sts_lines_clear(struct sts_lines *lines);

/* EACH is called for every line that ends in DATA, once and in order. */
void sts_lines_feed(struct sts_lines *lines, const char *data, size_t len,
    sts_lines_fn each, void *arg);

#endif
