/* SPDX-License-Identifier: ISC */
/*
 * Addresses of a host, see address.h.
 */
#include <stdio.h>
#include <stdlib.h>

#include "resolve/address.h"

#define FAMILY_MAX (STS_ADDRESS_MAX / 2)

enum family {
	FAMILY_V6,
	FAMILY_V4,
	FAMILIES
};

static const enum sts_dns_type types[] = {
	[FAMILY_V6] = STS_DNS_AAAA,
	[FAMILY_V4] = STS_DNS_A,
};

struct asked { /* of one family */
	struct sts_address *address;
	struct sts_dns_query *query; /* NULL: answered */
	struct sts_addr addr[FAMILY_MAX];
	size_t count;
};

struct sts_address {
	char host[STS_DOMAIN_MAX + 1];
	struct asked asked[FAMILIES];
	struct sts_error error; /* the worst so far */
	sts_address_fn fn;
	void *arg;
};

void
sts_address_cancel(struct sts_address *address)
{
	size_t i;

	if (address == NULL)
		return;
	for (i = 0; i < FAMILIES; i++)
		if (address->asked[i].query != NULL)
			sts_dns_cancel(address->asked[i].query);
	free(address);
}

/* The families take turns, as those do who connect to them. */
static void
collect(const struct sts_address *address, struct sts_addresses *found)
{
	const struct asked *asked = address->asked;
	size_t i, family;

	for (i = 0; i < FAMILY_MAX; i++)
		for (family = 0; family < FAMILIES; family++)
			if (i < asked[family].count)
				found->addr[found->count++] =
				    asked[family].addr[i];
}

static void
finish(struct sts_address *address)
{
	struct sts_addresses found = { .count = 0 };
	sts_address_fn fn = address->fn;
	void *arg = address->arg;

	collect(address, &found);
	if (found.count == 0)
		found.error = address->error;
	sts_address_cancel(address);
	fn(arg, &found);
}

/* That one family has no addresses is no news beside any other failure; our
 * own fault outdoes them all. */
static void
failed(struct sts_address *address, const struct sts_dns_answer *answer)
{
	enum sts_rc rc = STS_EDNS;

	if (answer->status == STS_DNS_NXDOMAIN ||
	    answer->status == STS_DNS_NODATA)
		return;
	if (answer->status == STS_DNS_LOCAL)
		rc = STS_ELOCAL;
	if (rc == STS_ELOCAL || address->error.rc == STS_ENODATA)
		(void)sts_error_set(&address->error, rc, "%s of %.100s: %s",
		    sts_dns_type_name(answer->type), address->host,
		    answer->reason);
}

static void
came(void *arg, const struct sts_dns_answer *answer)
{
	struct asked *asked = arg;
	struct sts_address *address = asked->address;
	size_t i;

	asked->query = NULL;
	if (answer->status != STS_DNS_OK)
		failed(address, answer);
	else
		for (i = 0; i < answer->count && i < FAMILY_MAX; i++)
			asked->addr[asked->count++] = answer->rr[i].addr;
	for (i = 0; i < FAMILIES; i++)
		if (address->asked[i].query != NULL)
			return;
	finish(address);
}

struct sts_address *
sts_address_start(struct sts_dns *dns, const char *host, int64_t timeout_ms,
    sts_address_fn fn, void *arg)
{
	struct sts_address *address = calloc(1, sizeof(*address));
	struct asked *asked;
	size_t i;

	if (address == NULL)
		return NULL;
	address->fn = fn;
	address->arg = arg;
	(void)snprintf(address->host, sizeof(address->host), "%s", host);
	(void)sts_error_set(&address->error, STS_ENODATA,
	    "%.100s has no address", host);
	for (i = 0; i < FAMILIES; i++) {
		asked = &address->asked[i];
		asked->address = address;
		asked->query =
		    sts_dns_query(dns, host, types[i], timeout_ms, came, asked);
		if (asked->query == NULL) {
			sts_address_cancel(address);
			return NULL;
		}
	}
	return address;
}
