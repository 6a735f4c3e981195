/* SPDX-License-Identifier: ISC */
/*
 * Does this machine know a way to an address?
 */
#ifndef STS_ROUTE_H
#define STS_ROUTE_H

#include "resolve/dns.h"

/* errno of what keeps us from sending to ADDR, or 0.  Sends nothing. */
int sts_route_fault(const struct sts_addr *addr);

#endif
