/* SPDX-License-Identifier: ISC */
/*
 * Which MX hosts Exim must not use, as one item of a host list, and
 * sentences that Exim may print.  Pure.
 */
#ifndef STS_PATTERN_H
#define STS_PATTERN_H

#include "base/buf.h"

/* PCRE2 compiles to at most 64 KiB, up to 2.5 octets for one of ours; a
 * pattern that it refuses ends the delivery process. */
#define STS_PATTERN_MAX 16384

#define STS_PATTERN_ALL  "*"  /* reject every host */
#define STS_PATTERN_NONE "^$" /* reject no host: none has an empty name */

/*
 * A regular expression that matches every host RESULT does not permit.
 * Reject-all when in doubt: nothing permitted, mode not enforce, too long,
 * no memory.  It holds no blank, ':' or ';' and needs no quoting.  The text
 * is BUF's or constant.
 */
const char *sts_pattern_reject(const struct sts_result *result,
    struct sts_buf *buf);

/*
 * TEXT as one line of printable ASCII without braces, '$' and backslash into
 * OUT of SIZE octets; "no reason known" when nothing is left.
 */
void sts_pattern_sentence(const char *text, char *out, size_t size);

#endif
