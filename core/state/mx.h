/* SPDX-License-Identifier: ISC */
/*
 * mx/ab/example.com: the MX list of a domain that has a policy, for an MTA
 * that may not wait for DNS.
 */
#ifndef STS_MX_H
#define STS_MX_H

#include "base/addr.h"
#include "base/clock.h"
#include "state/dir.h"

#define STS_MX           "mx"
#define STS_MX_LIST_MAX  64 /* hosts kept of one domain */
#define STS_MX_ADDRESSES 8  /* addresses kept of one host */

struct sts_mx_host {
	unsigned preference;
	char name[STS_DOMAIN_MAX + 1]; /* "" is the null MX of RFC 7505 */
	int64_t failed; /* wall seconds of the last failure, 0: none */
	bool self;      /* it is this machine */
	size_t address_count;
	char address[STS_MX_ADDRESSES][STS_ADDR_TEXT]; /* IPv6 first */
};

struct sts_mx_list {
	char domain[STS_DOMAIN_MAX + 1];
	bool implicit; /* no MX record: the domain itself (RFC 5321, 5.1) */
	bool ad;       /* DNSSEC vouches for it */
	int64_t until; /* wall seconds: made + TTL */
	size_t count;
	struct sts_mx_host host[STS_MX_LIST_MAX]; /* by preference */
};

/*
 * As sts_policies_get() and sts_policies_put(); put minds the reserve.  A
 * list of a version that did not know this machine or any address is
 * STS_ENODATA.
 */
STS_MUST_USE enum sts_rc sts_mx_get(struct sts_dir *dir, const char *domain,
    struct sts_mx_list *list, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_mx_put(struct sts_dir *dir,
    const struct sts_mx_list *list, struct sts_error *err);

/* Put LIST, in which each host that was there gets its FAILED back. */
STS_MUST_USE enum sts_rc sts_mx_renew(struct sts_dir *dir,
    struct sts_mx_list *list, struct sts_error *err);

/*
 * HOST of DOMAIN failed at WALL, or 0: works again.  STS_ENODATA when there is
 * no such host.  Of two writers at the same time one may lose its word: the
 * next failure says it again.
 */
STS_MUST_USE enum sts_rc sts_mx_fail(struct sts_dir *dir, const char *domain,
    const char *host, int64_t wall, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_mx_remove(struct sts_dir *dir, const char *domain,
    struct sts_error *err);

#endif
