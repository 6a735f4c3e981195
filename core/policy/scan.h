/* SPDX-License-Identifier: ISC */
/*
 * The pieces of which answers of mta-sts-resolve are made.  What is read
 * must be octet for octet what would have been written, so nothing is skipped
 * or guessed.  Pure.
 */
#ifndef STS_SCAN_H
#define STS_SCAN_H

#include "base/buf.h"

struct sts_scan {
	const char *at; /* what is read next; the readers move it */
	const char *end;
};

/* Each is false, and OUT not to be used, when something else stands there. */
bool sts_scan_literal(struct sts_scan *r, const char *text);

/* What stands before the next blank, at least one octet and fewer than SIZE;
 * its caller compares or checks it octet by octet. */
bool sts_scan_word(struct sts_scan *r, char *out, size_t size);
bool sts_scan_domain(struct sts_scan *r, char domain[STS_DOMAIN_MAX + 1]);
bool sts_scan_cause(struct sts_scan *r, enum sts_rc *cause);
bool sts_scan_bool(struct sts_scan *r, bool *value);

/* Not negative, no leading zero, no overflow. */
bool sts_scan_number(struct sts_scan *r, int64_t *value);

/* In quotes: octets as far as BUF's maximum, or text fewer than SIZE. */
bool sts_scan_quoted(struct sts_scan *r, struct sts_buf *buf);
bool sts_scan_text(struct sts_scan *r, char *out, size_t size);

/* Append DATA in quotes, what could end them or the line as \DDD. */
void sts_scan_quote(struct sts_buf *buf, const char *data, size_t len);

#endif
