/* SPDX-License-Identifier: ISC */
/*
 * Plots as SVG inside a page; colours are the page's classes "ok" and "bad".
 * They stretch to the room they get, so all text stands beside them.  Pure.
 */
#ifndef STS_PLOT_H
#define STS_PLOT_H

#include "base/buf.h"

struct sts_plot_day {
	int64_t wall; /* a moment in it */
	int64_t sessions, failed;
};

/* A column for each of COUNT days in a row: sessions above, what failed below
 * at a scale of its own. */
void sts_plot_days(struct sts_buf *buf, const struct sts_plot_day *day,
    size_t count);

/* A bar as long as WHOLE is of MOST, its part BAD first. */
void sts_plot_bar(struct sts_buf *buf, int64_t whole, int64_t bad,
    int64_t most);

#endif
