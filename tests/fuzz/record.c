/* SPDX-License-Identifier: ISC */
/* TXT RRsets of anybody's zone: each line of the input is one RR. */
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "policy/record.h"

#define RR_MAX 8

/* Written anew, it says the same. */
static void
sts(const struct sts_record *record)
{
	char text[sizeof("v=STSv1;id=") + STS_ID_MAX] = "v=STSv1;id=";
	struct sts_record again;
	struct sts_txt_rr rr = { text, strlen(text) + strlen(record->id) };

	HOLDS(record->id[0] != '\0' && strlen(record->id) <= STS_ID_MAX);
	(void)memcpy(text + strlen(text), record->id, strlen(record->id) + 1);
	HOLDS(sts_record_parse(&rr, 1, &again, NULL) == STS_OK);
	HOLDS(strcmp(again.id, record->id) == 0);
}

static void
tlsrpt(const struct sts_tlsrpt_record *record)
{
	struct sts_tlsrpt_record again;
	struct sts_txt_rr rr;
	struct sts_buf buf;
	size_t i;

	HOLDS(record->count > 0 && record->count <= STS_RUA_MAX);
	sts_buf_init(&buf, STS_RUA_MAX * (STS_URI_MAX + 4));
	(void)sts_buf_str(&buf, "v=TLSRPTv1;rua=");
	for (i = 0; i < record->count; i++) {
		HOLDS(strncmp(record->rua[i], "mailto:", 7) == 0 ||
		      strncmp(record->rua[i], "https://", 8) == 0);
		HOLDS(strlen(record->rua[i]) <= STS_URI_MAX);
		HOLDS(strpbrk(record->rua[i], " \t\r\n,;!<>\"") == NULL);
		(void)sts_buf_printf(&buf, "%s%s", i == 0 ? "" : " , ",
		    record->rua[i]);
	}
	rr.data = buf.data;
	rr.len = buf.len;
	HOLDS(sts_tlsrpt_record_parse(&rr, 1, &again, NULL) == STS_OK);
	HOLDS(again.count == record->count);
	for (i = 0; i < record->count; i++)
		HOLDS(strcmp(again.rua[i], record->rua[i]) == 0);
	sts_tlsrpt_record_clear(&again);
	sts_buf_clear(&buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len, *line;
	struct sts_txt_rr txt[RR_MAX];
	struct sts_tlsrpt_record reports;
	struct sts_record record;
	struct sts_error error = { .rc = STS_OK };
	size_t count = 0;

	for (; at < end && count < RR_MAX; at = line + 1) {
		line = memchr(at, '\n', (size_t)(end - at));
		if (line == NULL)
			line = end;
		txt[count].data = at;
		txt[count++].len = (size_t)(line - at);
	}
	if (sts_record_parse(txt, count, &record, &error) == STS_OK)
		sts(&record);
	else
		HOLDS(error.rc == STS_ERECORD || error.rc == STS_ENODATA);
	if (sts_tlsrpt_record_parse(txt, count, &reports, &error) == STS_OK) {
		tlsrpt(&reports);
		sts_tlsrpt_record_clear(&reports);
	}
	return 0;
}
