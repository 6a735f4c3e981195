/* SPDX-License-Identifier: ISC */
/*
 * A TCP connection to one of several addresses: the families take turns, and
 * who has not answered soon gets company (RFC 8305, 5).
 */
#ifndef STS_DIAL_H
#define STS_DIAL_H

#include "resolve/dns.h"

#define STS_DIAL_STAGGER_MS 250

struct sts_dial;

/*
 * Called once, never from inside sts_dial_start(); the dial is gone then.
 * FD is connected, does not block and is the callee's; -1: ERR says why,
 * STS_ELOCAL when it was this machine that could not reach any of them.
 */
typedef void (*sts_dial_fn)(void *arg, int fd, const struct sts_addr *addr,
    const struct sts_error *err);

/* ADDR must outlive the dial.  NULL: no memory.  Without an end of its own:
 * the caller cancels at its deadline. */
STS_MUST_USE struct sts_dial *sts_dial_start(struct sts_loop *loop,
    const struct sts_addr *addr, size_t count, unsigned port, sts_dial_fn fn,
    void *arg);
void sts_dial_cancel(struct sts_dial *dial); /* before FN was called */

#endif
