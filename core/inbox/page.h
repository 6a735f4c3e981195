/* SPDX-License-Identifier: ISC */
/*
 * The page of "inbox --html": one file that needs nothing else, runs no
 * script and asks nobody.  HTML that is well-formed XML.  Pure.
 */
#ifndef STS_PAGE_H
#define STS_PAGE_H

#include "inbox/tally.h"

/* Append it to BUF as of moment NOW; STS_ENOMEM, or STS_EUSAGE when BUF is too
 * small. */
STS_MUST_USE enum sts_rc sts_page(const struct sts_tally *tally, int64_t now,
    struct sts_buf *buf);

#endif
