/* SPDX-License-Identifier: ISC */
/*
 * gzip (RFC 1952), as reports travel in it.  Pure; the buffer's maximum
 * bounds what a stranger's few octets can unfold to.
 */
#ifndef STS_GZIP_H
#define STS_GZIP_H

#include "base/buf.h"

/* Append DATA in gzip form, without name and time, to OUT. */
STS_MUST_USE enum sts_rc sts_gzip(const void *data, size_t len,
    struct sts_buf *out, struct sts_error *err);

/* Does DATA begin as gzip does? */
bool sts_gzip_is(const void *data, size_t len);

/* Append what DATA unfolds to, all members of it (their names are passed
 * over).  STS_EUSAGE when it is torn or damaged, or larger than OUT may be. */
STS_MUST_USE enum sts_rc sts_gunzip(const void *data, size_t len,
    struct sts_buf *out, struct sts_error *err);

#endif
