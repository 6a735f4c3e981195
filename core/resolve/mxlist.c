/* SPDX-License-Identifier: ISC */
/*
 * MX lists, see mxlist.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "resolve/mxlist.h"

static int
by_preference(const struct sts_mx_host *x, const struct sts_mx_host *y)
{
	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return strcmp(x->name, y->name);
}

/* Put HOST in its place; of too many the best are kept. */
static void
insert(struct sts_mx_list *list, const struct sts_mx_host *host)
{
	size_t at = list->count;

	if (list->count < STS_MX_LIST_MAX)
		list->count++;
	for (; at > 0 && by_preference(host, &list->host[at - 1]) < 0; at--)
		if (at < STS_MX_LIST_MAX)
			list->host[at] = list->host[at - 1];
	if (at < STS_MX_LIST_MAX)
		list->host[at] = *host;
}

static void
add_host(struct sts_mx_list *list, unsigned preference, const char *name,
    size_t len)
{
	struct sts_mx_host host = { .preference = preference };

	/* A name that is none cannot be connected to; "" is RFC 7505's. */
	if (len > 0 && strcmp(name, ".") != 0 &&
	    sts_domain_normalize(name, len, host.name, NULL) != STS_OK)
		return;
	insert(list, &host);
}

enum sts_rc
sts_mxlist_from(const struct sts_dns_answer *answer, const char *domain,
    int64_t wall, struct sts_mx_list *list, struct sts_error *err)
{
	size_t i;

	memset(list, 0, sizeof(*list));
	(void)snprintf(list->domain, sizeof(list->domain), "%s", domain);
	list->ad = answer->ad;
	list->until = wall + answer->ttl;
	switch (answer->status) {
	case STS_DNS_OK:
		for (i = 0; i < answer->count; i++)
			add_host(list, answer->rr[i].preference,
			    answer->rr[i].data, answer->rr[i].len);
		return STS_OK;
	case STS_DNS_NODATA:
		list->implicit = true;
		add_host(list, 0, domain, strlen(domain));
		return STS_OK;
	case STS_DNS_NXDOMAIN:
		return sts_error_set(err, STS_ENODATA, "%s does not exist",
		    domain);
	case STS_DNS_FAILURE:
	case STS_DNS_TIMEOUT:
		return sts_error_set(err, STS_EDNS, "MX of %s: %s", domain,
		    answer->reason);
	case STS_DNS_LOCAL:
	case STS_DNS_STATUS_MAX:
		break;
	}
	return sts_error_set(err, STS_ELOCAL, "MX of %s: %s", domain,
	    answer->reason);
}
