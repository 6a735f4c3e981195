/* SPDX-License-Identifier: ISC */
/* A DNS message; its first octet, which is not part of it, picks the type. */
#include <string.h>

#include "fuzz.h"
#include "resolve/dns.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_dns_answer answer;
	size_t i;

	if (len == 0)
		return 0;
	(void)memset(&answer, 0, sizeof(answer));
	sts_dns_parse(data + 1, len - 1, "_mta-sts.example.com",
	    (enum sts_dns_type)(data[0] % STS_DNS_TYPE_MAX), &answer);
	HOLDS((answer.status == STS_DNS_OK) == (answer.count > 0));
	HOLDS(answer.count <= STS_DNS_RR_MAX);
	for (i = 0; i < answer.count; i++)
		if (answer.rr[i].data != NULL)
			HOLDS(answer.rr[i].data[answer.rr[i].len] == '\0');
	sts_dns_answer_clear(&answer);
	return 0;
}
