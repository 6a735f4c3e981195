/* SPDX-License-Identifier: ISC */
/*
 * The parts of a message (RFC 2045 to 2049), by GMime, of which no other file
 * knows.  Works on memory alone.
 */
#ifndef STS_MIME_H
#define STS_MIME_H

#include "base/buf.h"

struct sts_mime_part {
	size_t number;    /* 1: the first that has no parts of its own */
	const char *type; /* "application/tlsrpt+gzip", lower case */
	const char *data; /* decoded, so no longer than the message */
	size_t len;
};
typedef void (*sts_mime_fn)(void *arg, const struct sts_mime_part *part);

/* Before the first message, and before rights are given up. */
void sts_mime_setup(void);

/*
 * Give FN every part of the message DATA that has content of its own, in
 * order, in forwarded messages too.  *CLAIMS: it
 * says of itself that it is a TLS report (RFC 8460, 5.3).  STS_EUSAGE when it
 * is no message, or has too many parts.
 */
STS_MUST_USE enum sts_rc sts_mime_each(const char *data, size_t len,
    sts_mime_fn fn, void *arg, bool *claims, struct sts_error *err);

#endif
