/* SPDX-License-Identifier: ISC */
/* Which MX hosts are this machine (RFC 5321, 5.1; RFC 8461, 8.4). */
#ifndef STS_SELF_H
#define STS_SELF_H

#include "base/config.h"
#include "state/mx.h"

/*
 * Set self in each host of LIST that has a name or an address of ours: host
 * name, interfaces, loopback, and "self" of CONFIG.  STS_ELOCAL: cannot tell.
 */
STS_MUST_USE enum sts_rc sts_self_mark(const struct sts_config *config,
    struct sts_mx_list *list, struct sts_error *err);

/* The name to say in EHLO: the first name of "self", or the host's. */
void sts_self_name(const struct sts_config *config,
    char name[STS_DOMAIN_MAX + 1]);

#endif
