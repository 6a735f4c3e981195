/* SPDX-License-Identifier: ISC */
/*
 * Questions and the probes that answer them, see prober.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "resolve/inside.h"
#include "state/probes.h"

struct flight { /* a probe under way */
	struct sts_prober *prober;
	struct sts_probe *probe; /* NULL: over */
	char host[STS_DOMAIN_MAX + 1];
	struct sts_addr addr;
	struct sts_asked *first; /* who waits for it */
	struct flight *next;
};

struct sts_asked {
	struct sts_prober *prober;
	struct flight *flight;   /* NULL: the answer is known */
	struct sts_timer *timer; /* that tells it */
	struct sts_probed probed;
	struct sts_asked *next; /* of the flight */
	sts_prober_fn fn;
	void *arg;
};

enum sts_rc
sts_prober_new(const struct sts_prober_setup *setup, struct sts_prober **out,
    struct sts_error *err)
{
	struct sts_prober *prober = calloc(1, sizeof(*prober));

	if (prober == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	prober->setup = *setup;
	*out = prober;
	return STS_OK;
}

void
sts_prober_free(struct sts_prober *prober)
{
	if (prober == NULL)
		return;
	sts_trust_free(prober->trust);
	free(prober);
}

/* ---- what is known without a probe ------------------------------------- */

static void
answer_with(struct sts_asked *asked, enum sts_rc rc, const char *reason)
{
	struct sts_now now;

	sts_clock_glance(&now);
	asked->probed.result = rc;
	asked->probed.at = now.wall;
	(void)snprintf(asked->probed.reason, sizeof(asked->probed.reason),
	    "%.*s", (int)sizeof(asked->probed.reason) - 1, reason);
}

static bool
is_remembered(struct sts_asked *asked)
{
	const struct sts_prober_setup *setup = &asked->prober->setup;
	struct sts_now now;

	if (setup->dir == NULL || setup->fresh)
		return false;
	sts_clock_glance(&now);
	return sts_probes_get(setup->dir, asked->probed.host,
		   asked->probed.address, now.wall, &asked->probed) == STS_OK;
}

/* A stranger chose it, as he chose that of a policy host (RFC 8461, 10.3). */
static bool
may_connect(const struct sts_prober_setup *setup, const struct sts_addr *addr)
{
	return sts_addr_global(addr) ||
	       sts_addr_in(addr, setup->allow, setup->allow_count);
}

/* The trust store is parsed once, and only in a process that needs it. */
static enum sts_rc
need_trust(struct sts_prober *prober, struct sts_error *err)
{
	if (prober->trust != NULL)
		return STS_OK;
	return sts_trust_new(prober->setup.ca_file, prober->setup.ca_dir,
	    &prober->trust, err);
}

/* ---- probes ------------------------------------------------------------ */

static void
tell(struct sts_asked *asked)
{
	struct sts_probed probed = asked->probed;
	sts_prober_fn fn = asked->fn;
	void *arg = asked->arg;

	free(asked);
	fn(arg, &probed);
}

static void
tell_later(void *arg)
{
	tell(arg);
}

static void
unlink_flight(struct flight *flight)
{
	struct flight **at = &flight->prober->flight;

	while (*at != flight)
		at = &(*at)->next;
	*at = flight->next;
}

/* Our own fault says nothing of the host. */
static void
remember(const struct sts_prober *prober, const struct sts_probed *probed)
{
	enum sts_rc rc;

	if (prober->setup.dir == NULL || probed->result == STS_ELOCAL)
		return;
	/* Losing one costs a probe. */
	rc = sts_probes_put(prober->setup.dir, probed, NULL);
	(void)rc;
}

/* A callback may ask again, and cancel those that are not told yet. */
static void
landed(void *arg, const struct sts_probed *probed)
{
	struct flight *flight = arg;
	struct sts_asked *asked;

	flight->probe = NULL;
	unlink_flight(flight);
	remember(flight->prober, probed);
	while ((asked = flight->first) != NULL) {
		flight->first = asked->next;
		asked->probed = *probed;
		tell(asked);
	}
	free(flight);
}

static struct flight *
find_flight(const struct sts_prober *prober, const char *host,
    const struct sts_addr *addr)
{
	struct flight *flight;

	for (flight = prober->flight; flight != NULL; flight = flight->next)
		if (strcmp(flight->host, host) == 0 &&
		    sts_addr_equal(&flight->addr, addr))
			return flight;
	return NULL;
}

static struct flight *
take_off(struct sts_prober *prober, const char *host,
    const struct sts_addr *addr, int64_t timeout_ms)
{
	struct sts_probe_target target = {
		.host = host,
		.addr = *addr,
		.port = prober->setup.port,
		.helo = prober->setup.helo,
	};
	struct flight *flight = calloc(1, sizeof(*flight));

	if (flight == NULL)
		return NULL;
	flight->prober = prober;
	flight->addr = *addr;
	(void)snprintf(flight->host, sizeof(flight->host), "%s", host);
	flight->probe = sts_probe_start(prober->setup.loop, prober->trust,
	    &target, timeout_ms, landed, flight);
	if (flight->probe == NULL) {
		free(flight);
		return NULL;
	}
	flight->next = prober->flight;
	prober->flight = flight;
	return flight;
}

/* ---- questions --------------------------------------------------------- */

/* Is the answer known already, for better or worse? */
static bool
is_known(struct sts_asked *asked, const struct sts_addr *addr)
{
	struct sts_error err;

	if (!may_connect(&asked->prober->setup, addr)) {
		answer_with(asked, STS_EUNREACHABLE,
		    "not a global address, see allow-network");
		return true;
	}
	if (is_remembered(asked))
		return true;
	if (need_trust(asked->prober, &err) == STS_OK)
		return false;
	answer_with(asked, STS_ELOCAL, err.text);
	return true;
}

/* False: no memory. */
static bool
begin(struct sts_asked *asked, const struct sts_addr *addr, int64_t timeout_ms)
{
	struct sts_prober *prober = asked->prober;
	const char *host = asked->probed.host;
	struct flight *flight;

	if (is_known(asked, addr)) {
		asked->timer =
		    sts_loop_timer(prober->setup.loop, 0, tell_later, asked);
		return asked->timer != NULL;
	}
	flight = find_flight(prober, host, addr);
	if (flight == NULL)
		flight = take_off(prober, host, addr, timeout_ms);
	if (flight == NULL)
		return false;
	asked->flight = flight;
	asked->next = flight->first;
	flight->first = asked;
	return true;
}

struct sts_asked *
sts_prober_ask(struct sts_prober *prober, const char *host,
    const struct sts_addr *addr, int64_t timeout_ms, sts_prober_fn fn,
    void *arg)
{
	struct sts_asked *asked = calloc(1, sizeof(*asked));

	if (asked == NULL)
		return NULL;
	asked->prober = prober;
	asked->fn = fn;
	asked->arg = arg;
	(void)snprintf(asked->probed.host, sizeof(asked->probed.host), "%s",
	    host);
	(void)sts_addr_text(addr, asked->probed.address);
	if (begin(asked, addr, timeout_ms))
		return asked;
	free(asked);
	return NULL;
}

/* A probe that nobody waits for any more ends; one that is over is gone when
 * all were told. */
static void
leave_flight(struct sts_asked *asked)
{
	struct flight *flight = asked->flight;
	struct sts_asked **at = &flight->first;

	while (*at != asked)
		at = &(*at)->next;
	*at = asked->next;
	if (flight->first != NULL || flight->probe == NULL)
		return;
	sts_probe_cancel(flight->probe);
	unlink_flight(flight);
	free(flight);
}

void
sts_prober_cancel(struct sts_asked *asked)
{
	if (asked == NULL)
		return;
	if (asked->flight != NULL)
		leave_flight(asked);
	else
		sts_loop_cancel(asked->prober->setup.loop, asked->timer);
	free(asked);
}
