/* SPDX-License-Identifier: ISC */
/* MX host against the patterns of a policy (RFC 8461, 4.1).  Pure. */
#ifndef STS_MATCH_H
#define STS_MATCH_H

#include "base/error.h"

/* Is TEXT an mx pattern: optional "*." and a Domain (RFC 5321)? */
bool sts_match_pattern_valid(const char *text, size_t len);

/* Can it match at all?  A dotted quad is grammatical and names no host. */
bool sts_match_names_host(const char *text, size_t len);

/*
 * "*." covers exactly one label; ASCII case does not matter; one root dot at
 * the end of HOST is ignored; "." and "" match nothing.
 */
bool sts_match_mx(const char *pattern, const char *host);

/* Index of the first of COUNT patterns that matches, or -1. */
int sts_match_any(const char *const *patterns, size_t count, const char *host);

#endif
