/* SPDX-License-Identifier: ISC */
/*
 * What "inbox" prints: a table, or JSON.  Text that came in a report is
 * escaped as every command does it.
 */
#ifndef STS_LISTING_H
#define STS_LISTING_H

#include "inbox/tally.h"

/* One line to stderr, "mta-sts: WHERE: what is wrong". */
void sts_listing_complain(const char *where, const char *what);

/* Append to BUF how many reports there are, of which days, and what came of
 * all sessions; a line more for what was not counted. */
void sts_listing_totals(const struct sts_tally *tally, struct sts_buf *buf);

/* Append to BUF, a line for each row; STS_ENOMEM. */
STS_MUST_USE enum sts_rc sts_listing_table(const struct sts_tally *tally,
    struct sts_buf *buf);
STS_MUST_USE enum sts_rc sts_listing_json(const struct sts_tally *tally,
    struct sts_buf *buf);

#endif
