/* SPDX-License-Identifier: ISC */
/*
 * The order of MX hosts, see choice.h.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "choice.h"

/* What hosts are compared by, in this order. */
struct rank {
	int64_t failed; /* 0: not lately */
	unsigned preference;
	uint64_t chance; /* the same for a host whenever it is asked for */
	const struct sts_mx_host *host;
};

/* A failure that lies ahead was written by another clock than this. */
bool
sts_choice_failed(const struct sts_mx_host *host, int64_t wall)
{
	return host->failed > 0 && host->failed <= wall &&
	       wall - host->failed < STS_CHOICE_FAILED_FOR;
}

/* STS-56: the preference at which the list ends, before any policy. */
static unsigned
cut_of(const struct sts_mx_list *list)
{
	unsigned cut = UINT_MAX;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (list->host[i].self && list->host[i].preference < cut)
			cut = list->host[i].preference;
	return cut;
}

static bool
permitted(const struct sts_result *result, const char *name)
{
	size_t len = strlen(name);

	return sts_domain_valid(name, len) && !sts_domain_is_quad(name, len) &&
	       sts_result_verdict(result, name, NULL) != STS_VERDICT_REFUSE;
}

static uint64_t
chance_of(const char *salt, const char *domain, const char *host)
{
	struct sts_siphash_key key = {
		.k0 = sts_checksum(salt, strlen(salt)),
		.k1 = sts_checksum(domain, strlen(domain)),
	};

	return sts_siphash(&key, host, strlen(host));
}

static int
compare(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;

	if (x->failed != y->failed)
		return x->failed < y->failed ? -1 : 1;
	if (x->preference != y->preference)
		return x->preference < y->preference ? -1 : 1;
	return (x->chance > y->chance) - (x->chance < y->chance);
}

size_t
sts_choice_order(const struct sts_result *result,
    const struct sts_mx_list *list, const char *salt, int64_t wall,
    const struct sts_mx_host *order[STS_MX_LIST_MAX])
{
	struct rank rank[STS_MX_LIST_MAX];
	unsigned cut = cut_of(list);
	size_t i, count = 0;

	for (i = 0; i < list->count; i++) {
		const struct sts_mx_host *host = &list->host[i];

		if (host->preference >= cut || !permitted(result, host->name))
			continue;
		rank[count++] = (struct rank){
			sts_choice_failed(host, wall) ? host->failed : 0,
			host->preference,
			chance_of(salt, list->domain, host->name),
			host,
		};
	}
	if (count > 1)
		qsort(rank, count, sizeof(rank[0]), compare);
	for (i = 0; i < count; i++)
		order[i] = rank[i].host;
	return count;
}
