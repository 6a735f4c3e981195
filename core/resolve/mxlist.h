/* SPDX-License-Identifier: ISC */
/* From a DNS answer to the MX list of a domain (RFC 5321, 5.1). */
#ifndef STS_MXLIST_H
#define STS_MXLIST_H

#include "resolve/dns.h"
#include "state/mx.h"

/*
 * ANSWER to the MX query for DOMAIN, at wall time WALL.  No MX record but an
 * existing name: the implicit MX; RFC 7505's null MX: one host named "".
 * STS_ENODATA: the domain does not exist.  STS_EDNS, STS_ELOCAL: could not
 * tell.  Pure.
 */
STS_MUST_USE enum sts_rc sts_mxlist_from(const struct sts_dns_answer *answer,
    const char *domain, int64_t wall, struct sts_mx_list *list,
    struct sts_error *err);

#endif
