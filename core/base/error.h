/* SPDX-License-Identifier: ISC */
/*
 * Filling a struct sts_error.  The deepest layer sets it, once; callers may
 * put words in front.  Nothing is allocated.
 */
#ifndef STS_ERROR_H
#define STS_ERROR_H

#include "mta-sts.h"

#if defined(__GNUC__)
#define STS_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define STS_PRINTF(f, a)
#endif

/* Fill ERR (may be NULL), sys = 0, and return RC. */
enum sts_rc sts_error_set(struct sts_error *err, enum sts_rc rc,
    const char *format, ...) STS_PRINTF(3, 4);

/* The same with sys = errno and its text appended. */
enum sts_rc sts_error_sys(struct sts_error *err, enum sts_rc rc,
    const char *format, ...) STS_PRINTF(3, 4);

/* Put words and ": " in front of the text that is there; returns its rc. */
enum sts_rc sts_error_prefix(struct sts_error *err, const char *format, ...)
    STS_PRINTF(2, 3);

#endif
