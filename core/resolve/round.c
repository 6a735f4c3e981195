/* SPDX-License-Identifier: ISC */
/*
 * One host at all its addresses, see prober.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "resolve/address.h"
#include "resolve/inside.h"

struct
try { /* of one address */
	struct sts_round *round;
	struct sts_asked *asked; /* NULL: not begun, or over */
};

struct sts_round {
	struct sts_prober *prober;
	char host[STS_DOMAIN_MAX + 1];
	int64_t deadline;
	struct sts_timer *timer; /* until the next address */
	struct sts_addresses found;
	struct try try[STS_ADDRESS_MAX];
	size_t begun, over;
	struct sts_probed best; /* of those that are over */
	sts_prober_fn fn;
	void *arg;
};

static void
finish(struct sts_round *round, const struct sts_probed *probed)
{
	struct sts_probed answer = *probed;
	sts_prober_fn fn = round->fn;
	void *arg = round->arg;
	size_t i;

	sts_loop_cancel(round->prober->setup.loop, round->timer);
	for (i = 0; i < round->begun; i++)
		sts_prober_cancel(round->try[i].asked);
	free(round);
	fn(arg, &answer);
}

static void
give_up(struct sts_round *round, enum sts_rc rc, const char *reason)
{
	struct sts_probed probed = { .result = rc };
	struct sts_now now;

	sts_clock_glance(&now);
	probed.at = now.wall;
	(void)snprintf(probed.host, sizeof(probed.host), "%s", round->host);
	(void)snprintf(probed.reason, sizeof(probed.reason), "%.*s",
	    (int)sizeof(probed.reason) - 1, reason);
	finish(round, &probed);
}

/* How much a failure says of the host: what a TLS report would have says
 * most, our own fault nothing. */
static int
weight(enum sts_rc result)
{
	if (sts_rc_result_type(result) != NULL)
		return 2;
	return result == STS_EUNREACHABLE ? 1 : 0;
}

static void step(struct sts_round *round);

static void
answered(void *arg, const struct sts_probed *probed)
{
	struct try *try = arg;
	struct sts_round *round = try->round;

	try->asked = NULL;
	if (probed->result == STS_OK) {
		finish(round, probed);
		return;
	}
	if (round->over == 0 ||
	    weight(probed->result) > weight(round->best.result))
		round->best = *probed;
	round->over++;
	step(round);
}

static void
lonely(void *arg)
{
	struct sts_round *round = arg;

	round->timer = NULL;
	step(round);
}

/* False: no memory. */
static bool
begin(struct sts_round *round)
{
	struct try *try = &round->try[round->begun];
	int64_t left = round->deadline - sts_clock_ms();

	try->round = round;
	try->asked = sts_prober_ask(round->prober, round->host,
	    &round->found.addr[round->begun], left > 0 ? left : 0, answered,
	    try);
	round->begun++;
	return try->asked != NULL;
}

/* The next address, if there is one, and company for it later. */
static void
step(struct sts_round *round)
{
	struct sts_loop *loop = round->prober->setup.loop;

	sts_loop_cancel(loop, round->timer);
	round->timer = NULL;
	if (round->over == round->found.count) {
		finish(round, &round->best);
		return;
	}
	if (round->begun == round->found.count)
		return;
	if (begin(round))
		round->timer =
		    sts_loop_timer(loop, STS_ROUND_STAGGER_MS, lonely, round);
	if (round->timer == NULL)
		give_up(round, STS_ELOCAL, "no memory");
}

/* A host that DNS cannot find cannot be reached by anybody. */
static void
addresses_came(void *arg, const struct sts_addresses *found)
{
	struct sts_round *round = arg;

	round->found = *found;
	if (found->count > 0)
		step(round);
	else
		give_up(round,
		    found->error.rc == STS_ELOCAL ? STS_ELOCAL
						  : STS_EUNREACHABLE,
		    found->error.text);
}

struct sts_round *
sts_round_start(struct sts_prober *prober, const char *host, int64_t timeout_ms,
    sts_prober_fn fn, void *arg)
{
	struct sts_round *round = calloc(1, sizeof(*round));

	if (round == NULL)
		return NULL;
	round->prober = prober;
	round->deadline = sts_clock_ms() + timeout_ms;
	round->fn = fn;
	round->arg = arg;
	(void)snprintf(round->host, sizeof(round->host), "%s", host);
	if (sts_address_start(prober->setup.dns, host, timeout_ms,
		addresses_came, round) != NULL)
		return round;
	free(round);
	return NULL;
}
