/* SPDX-License-Identifier: ISC */
/*
 * One try of an MX host at one address, as a delivery that insists on
 * verified TLS would meet it (RFC 8461, 4.2; RFC 3207): greeting, EHLO,
 * STARTTLS, handshake, QUIT.  No mail is offered.
 */
#ifndef STS_PROBE_H
#define STS_PROBE_H

#include "policy/probed.h"
#include "resolve/dial.h"
#include "verify/verify.h"

#define STS_SMTP_PORT 25

struct sts_probe_target { /* all of it is copied */
	const char *host; /* normalised: SNI, and the name to be certified */
	struct sts_addr addr;
	unsigned port;    /* STS_SMTP_PORT but in tests */
	const char *helo; /* our own name */
};

struct sts_probe;

/* Called once, never from inside sts_probe_start(); the probe is gone when it
 * returns. */
typedef void (*sts_probe_fn)(void *arg, const struct sts_probed *probed);

/* The whole of it within TIMEOUT_MS.  TRUST must outlive it.  NULL: no
 * memory. */
STS_MUST_USE struct sts_probe *sts_probe_start(struct sts_loop *loop,
    struct sts_trust *trust, const struct sts_probe_target *target,
    int64_t timeout_ms, sts_probe_fn fn, void *arg);
void sts_probe_cancel(struct sts_probe *probe); /* before FN was called */

#endif
