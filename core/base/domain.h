/* SPDX-License-Identifier: ISC */
/*
 * Domain names as ASCII text (RFC 5321 Domain, RFC 1035 lengths).  Pure.
 * U-labels are converted before they come here: see idn.h.
 */
#ifndef STS_DOMAIN_H
#define STS_DOMAIN_H

#include "base/error.h"

/*
 * Lower-case NAME without one trailing root dot into OUT.  STS_EDOMAIN for
 * an address literal, dotted quad, empty or over-long label or name, any
 * octet that is not a letter, digit or inner hyphen.  A single label is fine.
 */
STS_MUST_USE enum sts_rc sts_domain_normalize(const char *name, size_t len,
    char out[STS_DOMAIN_MAX + 1], struct sts_error *err);

/* Is NAME letters, digits, inner hyphens and single dots, within lengths? */
bool sts_domain_valid(const char *name, size_t len);

/* Four decimal numbers: grammatical as a Domain, never a host name. */
bool sts_domain_is_quad(const char *name, size_t len);

/* ASCII only, whatever the locale.  Inline: parsers ask for every octet. */
static inline int
sts_ascii_lower(int c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static inline bool
sts_ascii_digit(int c)
{
	return c >= '0' && c <= '9';
}

static inline bool
sts_ascii_alnum(int c)
{
	c = sts_ascii_lower(c);
	return (c >= 'a' && c <= 'z') || sts_ascii_digit(c);
}

#endif
