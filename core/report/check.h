/* SPDX-License-Identifier: ISC */
/*
 * Is a text a report as RFC 8460, 4.4 wants it?  Asked of each of our own
 * before it leaves; strict, unlike what reads other people's.  Pure.
 */
#ifndef STS_CHECK_H
#define STS_CHECK_H

#include "base/error.h"

/* STS_EUSAGE with the first member that is wrong, and why. */
STS_MUST_USE enum sts_rc sts_check_report(const char *text, size_t len,
    struct sts_error *err);

#endif
