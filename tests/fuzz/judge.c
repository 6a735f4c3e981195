/* SPDX-License-Identifier: ISC */
/*
 * The answer to the TXT question: the first line is a status digit and the
 * id that we hold, each other line one record.
 */
#include <string.h>

#include "fuzz.h"
#include "resolve/judge.h"

/* Records of ANSWER from AT on, data in MEMORY. */
static void
fill(struct sts_dns_answer *answer, struct sts_rr *rr, const char *at,
    const char *end)
{
	const char *newline;

	for (; at < end && answer->count < STS_DNS_RR_MAX; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			newline = end;
		rr[answer->count].data = (char *)(uintptr_t)at;
		rr[answer->count++].len = (size_t)(newline - at);
	}
	answer->rr = rr;
}

/* How many records claim to be of version STSv1?  RFC 8461, 3.1. */
static size_t
claims(const struct sts_dns_answer *answer)
{
	static const char version[] = "v=STSv1";
	size_t i, n = 0, len = sizeof(version) - 1;

	for (i = 0; i < answer->count; i++)
		n += answer->rr[i].len >= len &&
		     memcmp(answer->rr[i].data, version, len) == 0;
	return n;
}

static void
check(const struct sts_dns_answer *answer, const char *held)
{
	struct sts_record record = { "?" };
	struct sts_error why = { .rc = STS_OK };
	enum sts_txt txt = sts_judge_record(answer, held, &record, &why);

	HOLDS(why.text[0] != '\0');
	switch (answer->status) {
	case STS_DNS_OK:
		/* Only what nobody can take for a record is none. */
		HOLDS(txt != STS_TXT_FAILURE && txt != STS_TXT_LOCAL);
		if (claims(answer) == 0)
			HOLDS(txt == STS_TXT_NONE);
		if (txt == STS_TXT_SAME)
			HOLDS(held != NULL && strcmp(record.id, held) == 0);
		if (txt == STS_TXT_CHANGED)
			HOLDS(held == NULL || strcmp(record.id, held) != 0);
		break;
	case STS_DNS_NXDOMAIN:
	case STS_DNS_NODATA:
		HOLDS(txt == STS_TXT_NONE);
		break;
	case STS_DNS_FAILURE:
	case STS_DNS_TIMEOUT:
		HOLDS(txt == STS_TXT_FAILURE);
		break;
	case STS_DNS_LOCAL:
	case STS_DNS_STATUS_MAX:
		HOLDS(txt == STS_TXT_LOCAL);
		break;
	}
	/* What DNS could not tell stays as it was. */
	if (answer->status > STS_DNS_NODATA)
		HOLDS(sts_judge_tlsrpt(answer, true) &&
		      !sts_judge_tlsrpt(answer, false));
	else
		HOLDS(sts_judge_tlsrpt(answer, true) ==
		      sts_judge_tlsrpt(answer, false));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct sts_rr rr[STS_DNS_RR_MAX];
	const char *at = (const char *)data, *end = at + len;
	struct sts_dns_answer answer = { .type = STS_DNS_TXT, .ttl = 60 };
	struct sts_buf line;

	sts_buf_init(&line, STS_ID_MAX + 1);
	if (fuzz_line(&at, end, &line) && line.len > 0) {
		answer.status =
		    (enum sts_dns_status)((unsigned char)line.data[0] %
					  STS_DNS_STATUS_MAX);
		if (answer.status == STS_DNS_OK)
			fill(&answer, rr, at, end);
		else
			(void)memcpy(answer.reason, "why", 4);
		check(&answer, line.len > 1 ? line.data + 1 : NULL);
	}
	sts_buf_clear(&line);
	return 0;
}
