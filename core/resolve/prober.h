/* SPDX-License-Identifier: ISC */
/*
 * Probes of MX hosts with what lies between a question and a probe: which
 * addresses may be connected to, what is remembered, and that equal questions
 * under way share one probe.
 */
#ifndef STS_PROBER_H
#define STS_PROBER_H

#include "resolve/probe.h"
#include "state/dir.h"

struct sts_prober_setup { /* borrowed: must outlive the prober */
	struct sts_loop *loop;
	struct sts_dns *dns;
	const char *ca_file, *ca_dir;    /* NULL: the system's */
	const struct sts_network *allow; /* addresses besides global ones */
	size_t allow_count;
	struct sts_dir *dir; /* of the state; NULL: nothing is remembered */
	bool fresh;          /* what is remembered is not asked */
	char helo[STS_DOMAIN_MAX + 1];
	unsigned port; /* STS_SMTP_PORT but in tests */
};

struct sts_prober;

STS_MUST_USE enum sts_rc sts_prober_new(const struct sts_prober_setup *setup,
    struct sts_prober **prober, struct sts_error *err);
/* After all its questions were answered or cancelled. */
void sts_prober_free(struct sts_prober *prober);

/* Called once for each question, never from inside the call that asked. */
typedef void (*sts_prober_fn)(void *arg, const struct sts_probed *probed);

/* HOST, a normalised name, at ADDR.  NULL: no memory. */
struct sts_asked;
STS_MUST_USE struct sts_asked *sts_prober_ask(struct sts_prober *prober,
    const char *host, const struct sts_addr *addr, int64_t timeout_ms,
    sts_prober_fn fn, void *arg);
void sts_prober_cancel(struct sts_asked *asked); /* before FN was called */

/*
 * HOST at all its addresses, until one passes; each that is silent for
 * STS_ROUND_STAGGER_MS gets company.  The answer is the one that passed, or
 * the failure that says most.  NULL: no memory.
 */
#define STS_ROUND_STAGGER_MS 2000
struct sts_round;
STS_MUST_USE struct sts_round *sts_round_start(struct sts_prober *prober,
    const char *host, int64_t timeout_ms, sts_prober_fn fn, void *arg);

#endif
