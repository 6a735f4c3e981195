/* SPDX-License-Identifier: ISC */
/*
 * A DNS message; its first octet, which is not part of it, picks the type.
 * Of an answer to an MX question also the list that is kept.
 */
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"
#include "resolve/mxlist.h"

#define WALL 1700000000

static void
well_formed(const struct sts_dns_answer *answer)
{
	size_t i;

	HOLDS((answer->status == STS_DNS_OK) == (answer->count > 0));
	HOLDS(answer->count <= STS_DNS_RR_MAX);
	HOLDS(answer->status < STS_DNS_STATUS_MAX);
	/* Nothing is authentic that was not understood. */
	if (answer->status > STS_DNS_NODATA)
		HOLDS(!answer->ad && answer->reason[0] != '\0');
	for (i = 0; i < answer->count; i++) {
		HOLDS(answer->ttl <= answer->rr[i].ttl);
		if (answer->rr[i].data != NULL)
			HOLDS(answer->rr[i].data[answer->rr[i].len] == '\0');
	}
}

static void
mx_list(const struct sts_dns_answer *answer)
{
	static struct sts_mx_list list;
	const struct sts_mx_host *host;
	size_t i;

	if (sts_mxlist_from(answer, "example.com", WALL, &list, NULL) !=
	    STS_OK) {
		HOLDS(answer->status != STS_DNS_OK &&
		      answer->status != STS_DNS_NODATA);
		return;
	}
	HOLDS(list.count <= STS_MX_LIST_MAX && list.until >= WALL);
	HOLDS(list.implicit == (answer->status == STS_DNS_NODATA));
	for (i = 0; i < list.count; i++) {
		host = &list.host[i];
		HOLDS(host->name[0] == '\0' ||
		      sts_domain_valid(host->name, strlen(host->name)));
		HOLDS(i == 0 || host[-1].preference <= host->preference);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_dns_answer answer;

	if (len == 0)
		return 0;
	(void)memset(&answer, 0, sizeof(answer));
	sts_dns_parse(data + 1, len - 1, "_mta-sts.example.com",
	    (enum sts_dns_type)(data[0] % STS_DNS_TYPE_MAX), &answer);
	well_formed(&answer);
	if (answer.type == STS_DNS_MX)
		mx_list(&answer);
	sts_dns_answer_clear(&answer);
	return 0;
}
