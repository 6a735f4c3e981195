/* SPDX-License-Identifier: ISC */
/*
 * A file that is there as a whole or not at all: written beside its place,
 * then moved to it.
 */
#ifndef STS_PLACE_H
#define STS_PLACE_H

#include "base/error.h"

/* May FILE be put in place: is it a regular file, or none yet?  STS_ESYS. */
STS_MUST_USE enum sts_rc sts_place_check(const char *file,
    struct sts_error *err);

/* All of descriptor FROM, from its beginning, as FILE; STS_ESYS. */
STS_MUST_USE enum sts_rc sts_place(const char *file, int from,
    struct sts_error *err);

#endif
