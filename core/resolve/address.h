/* SPDX-License-Identifier: ISC */
/* The addresses of a host: A and AAAA at the same time. */
#ifndef STS_ADDRESS_H
#define STS_ADDRESS_H

#include "resolve/dns.h"

#define STS_ADDRESS_MAX 16 /* kept of one host, half of them of each family */

struct sts_addresses {
	/* STS_OK: at least one.  STS_ENODATA: the host has none.  STS_EDNS,
	 * STS_ELOCAL: could not tell. */
	struct sts_error error;
	struct sts_addr addr[STS_ADDRESS_MAX]; /* IPv6 first, then in turn */
	size_t count;
};

/* Called once, never from inside sts_address_start(). */
typedef void (*sts_address_fn)(void *arg, const struct sts_addresses *found);

struct sts_address;

/* NULL: no memory. */
STS_MUST_USE struct sts_address *sts_address_start(struct sts_dns *dns,
    const char *host, int64_t timeout_ms, sts_address_fn fn, void *arg);
void sts_address_cancel(struct sts_address *address); /* before FN was called */

#endif
