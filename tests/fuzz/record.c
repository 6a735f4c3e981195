/* SPDX-License-Identifier: ISC */
/* TXT RRsets of anybody's zone: each line of the input is one RR. */
#include <string.h>

#include "fuzz.h"
#include "policy/record.h"

#define RR_MAX 8

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len, *line;
	struct sts_txt_rr txt[RR_MAX];
	struct sts_tlsrpt_record tlsrpt;
	struct sts_record record;
	size_t count = 0;

	for (; at < end && count < RR_MAX; at = line + 1) {
		line = memchr(at, '\n', (size_t)(end - at));
		if (line == NULL)
			line = end;
		txt[count].data = at;
		txt[count++].len = (size_t)(line - at);
	}
	if (sts_record_parse(txt, count, &record, NULL) == STS_OK)
		HOLDS(record.id[0] != '\0' && strlen(record.id) <= STS_ID_MAX);
	if (sts_tlsrpt_record_parse(txt, count, &tlsrpt, NULL) == STS_OK) {
		HOLDS(tlsrpt.count > 0);
		sts_tlsrpt_record_clear(&tlsrpt);
	}
	return 0;
}
