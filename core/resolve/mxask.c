/* SPDX-License-Identifier: ISC */
/*
 * MX hosts with addresses, see mxask.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "resolve/address.h"
#include "resolve/mxask.h"
#include "resolve/mxlist.h"
#include "resolve/self.h"

/* One host that DNS is silent about must not hold up the others. */
#define ADDRESS_MS 3000

struct asked { /* one host */
	struct sts_mxask *ask;
	struct sts_mx_host *host;
};

struct sts_mxask {
	struct sts_dns *dns;
	const struct sts_config *config;
	char domain[STS_DOMAIN_MAX + 1];
	int64_t timeout_ms;
	struct sts_mx_list list;
	struct asked asked[STS_MXASK_HOSTS];
	size_t pending;
	sts_mxask_fn fn;
	void *arg;
};

static void
finish(struct sts_mxask *ask, enum sts_rc rc, const struct sts_error *err)
{
	ask->fn(ask->arg, ask->domain, rc == STS_OK ? &ask->list : NULL, err);
	free(ask);
}

static void
one_less(struct sts_mxask *ask)
{
	struct sts_error err = { .rc = STS_OK };

	if (--ask->pending > 0)
		return;
	finish(ask, sts_self_mark(ask->config, &ask->list, &err), &err);
}

/* A host whose addresses nobody knows is still a host. */
static void
addresses_came(void *arg, const struct sts_addresses *found)
{
	struct asked *asked = arg;
	struct sts_mx_host *host = asked->host;
	size_t i;

	for (i = 0; i < found->count && i < STS_MX_ADDRESSES; i++)
		(void)sts_addr_text(&found->addr[i], host->address[i]);
	host->address_count = i;
	one_less(asked->ask);
}

static void
ask_addresses(struct sts_mxask *ask)
{
	int64_t ms =
	    ask->timeout_ms < ADDRESS_MS ? ask->timeout_ms : ADDRESS_MS;
	struct asked *asked;
	size_t i;

	ask->pending = 1;
	for (i = 0; i < ask->list.count && i < STS_MXASK_HOSTS; i++) {
		if (ask->list.host[i].name[0] == '\0')
			continue;
		asked = &ask->asked[i];
		*asked = (struct asked){ ask, &ask->list.host[i] };
		if (sts_address_start(ask->dns, asked->host->name, ms,
			addresses_came, asked) != NULL)
			ask->pending++;
	}
	one_less(ask);
}

static void
mx_came(void *arg, const struct sts_dns_answer *answer)
{
	struct sts_mxask *ask = arg;
	struct sts_error err;
	struct sts_now now;
	enum sts_rc rc;

	sts_clock_now(&now);
	rc = sts_mxlist_from(answer, ask->domain, now.wall, &ask->list, &err);
	if (rc == STS_OK)
		ask_addresses(ask);
	else
		finish(ask, rc, &err);
}

struct sts_mxask *
sts_mxask_start(struct sts_dns *dns, const struct sts_config *config,
    const char *domain, int64_t timeout_ms, sts_mxask_fn fn, void *arg)
{
	struct sts_mxask *ask = calloc(1, sizeof(*ask));

	if (ask == NULL)
		return NULL;
	ask->dns = dns;
	ask->config = config;
	ask->timeout_ms = timeout_ms;
	ask->fn = fn;
	ask->arg = arg;
	(void)snprintf(ask->domain, sizeof(ask->domain), "%s", domain);
	if (sts_dns_query(dns, domain, STS_DNS_MX, timeout_ms, mx_came, ask) !=
	    NULL)
		return ask;
	free(ask);
	return NULL;
}
