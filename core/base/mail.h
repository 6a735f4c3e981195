/* SPDX-License-Identifier: ISC */
/*
 * Mail addresses that may stand in a header field and on a command line: a
 * dot-atom, "@" and a domain name (RFC 5322, 3.4.1), in ASCII.  Pure.
 */
#ifndef STS_MAIL_H
#define STS_MAIL_H

#include "base/error.h"

#define STS_MAIL_MAX 254 /* octets, RFC 5321, 4.5.3.1 */

bool sts_mail_valid(const char *text, size_t len);

/* What stands behind the "@" of a valid address; borrowed. */
const char *sts_mail_domain(const char *address);

#endif
