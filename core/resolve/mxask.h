/* SPDX-License-Identifier: ISC */
/*
 * All there is to know of where mail for a domain may go: its MX hosts, the
 * addresses of the first of them, and which are this machine.
 */
#ifndef STS_MXASK_H
#define STS_MXASK_H

#include "resolve/dns.h"
#include "state/mx.h"

#define STS_MXASK_HOSTS 8 /* whose addresses are looked up */

/* Called once, never from inside sts_mxask_start().  LIST may be changed;
 * NULL: ERR says why there is none. */
typedef void (*sts_mxask_fn)(void *arg, const char *domain,
    struct sts_mx_list *list, const struct sts_error *err);

struct sts_mxask;

/* CONFIG must outlive it.  NULL: no memory. */
STS_MUST_USE struct sts_mxask *sts_mxask_start(struct sts_dns *dns,
    const struct sts_config *config, const char *domain, int64_t timeout_ms,
    sts_mxask_fn fn, void *arg);

#endif
