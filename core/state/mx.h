/* SPDX-License-Identifier: ISC */
/*
 * mx/ab/example.com: the MX list of a domain that has a policy, for an MTA
 * that may not wait for DNS.
 */
#ifndef STS_MX_H
#define STS_MX_H

#include "base/clock.h"
#include "state/dir.h"

#define STS_MX          "mx"
#define STS_MX_LIST_MAX 64 /* hosts kept of one domain */

struct sts_mx_host {
	unsigned preference;
	char name[STS_DOMAIN_MAX + 1]; /* "" is the null MX of RFC 7505 */
	int64_t failed; /* wall seconds of the last failure, 0: none */
	bool self;      /* it is this machine */
};

struct sts_mx_list {
	char domain[STS_DOMAIN_MAX + 1];
	bool implicit; /* no MX record: the domain itself (RFC 5321, 5.1) */
	bool ad;       /* DNSSEC vouches for it */
	int64_t until; /* wall seconds: made + TTL */
	size_t count;
	struct sts_mx_host host[STS_MX_LIST_MAX]; /* by preference */
};

/* As sts_policies_get() and sts_policies_put(); put minds the reserve. */
STS_MUST_USE enum sts_rc sts_mx_get(struct sts_dir *dir, const char *domain,
    struct sts_mx_list *list, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_mx_put(struct sts_dir *dir,
    const struct sts_mx_list *list, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_mx_remove(struct sts_dir *dir, const char *domain,
    struct sts_error *err);

#endif
