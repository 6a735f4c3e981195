/* SPDX-License-Identifier: ISC */
/*
 * Addresses and networks, and which addresses a policy host may have (RFC
 * 8461, 10.3: the fetch target is chosen by a stranger).  Pure.
 */
#ifndef STS_ADDR_H
#define STS_ADDR_H

#include <netinet/in.h>

#include "base/error.h"

#define STS_ADDR_TEXT 46 /* INET6_ADDRSTRLEN */

struct sts_addr {
	int family; /* AF_INET or AF_INET6 */
	union {
		struct in_addr v4;
		struct in6_addr v6;
	} u;
};

/* "192.0.2.0/24", "2001:db8::/32", or a single address; STS_ECONFIG for
 * anything else, bits behind the prefix too. */
struct sts_network {
	struct sts_addr addr;
	unsigned bits;
};
STS_MUST_USE enum sts_rc sts_network_parse(const char *text,
    struct sts_network *network, struct sts_error *err);

/*
 * Global unicast?  Loopback, private, link-local, documentation, benchmark
 * and multicast are not; NAT64 and 6to4 are what the address inside is;
 * IPv4-mapped, IPv4-compatible and Teredo never are.
 */
bool sts_addr_global(const struct sts_addr *addr);
bool sts_addr_loopback(const struct sts_addr *addr);
/* Never true of what has no family. */
bool sts_addr_equal(const struct sts_addr *a, const struct sts_addr *b);
bool sts_addr_in(const struct sts_addr *addr, const struct sts_network *net,
    size_t count);
const char *sts_addr_text(const struct sts_addr *addr,
    char text[STS_ADDR_TEXT]);
/* "192.0.2.1" or "2001:db8::1"; false for anything else. */
bool sts_addr_parse(const char *text, struct sts_addr *addr);
/* "192.0.2.1", "192.0.2.1:53", "2001:db8::1", "[2001:db8::1]:53"; PORT is
 * left alone when none is given. */
bool sts_addr_parse_port(const char *text, struct sts_addr *addr,
    unsigned *port);
/* Decimal digits alone, at most MAX: a prefix length, a port. */
bool sts_addr_number(const char *text, unsigned max, unsigned *number);

#endif
