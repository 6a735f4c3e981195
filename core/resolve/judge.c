/* SPDX-License-Identifier: ISC */
/*
 * From TXT answers to what DECIDE asks about them, see judge.h.
 */
#include <string.h>

#include "base/error.h"
#include "resolve/judge.h"

static size_t
collect_txt(const struct sts_dns_answer *answer,
    struct sts_txt_rr txt[STS_DNS_RR_MAX])
{
	size_t i;

	for (i = 0; i < answer->count && i < STS_DNS_RR_MAX; i++) {
		txt[i].data = answer->rr[i].data;
		txt[i].len = answer->rr[i].len;
	}
	return i;
}

enum sts_txt
sts_judge_id(const char *held, const char *id)
{
	if (held != NULL && strcmp(held, id) == 0)
		return STS_TXT_SAME;
	return STS_TXT_CHANGED;
}

static enum sts_txt
judge_rrset(const struct sts_dns_answer *answer, const char *held,
    struct sts_record *record, struct sts_error *why)
{
	struct sts_txt_rr txt[STS_DNS_RR_MAX];
	enum sts_rc rc;

	rc = sts_record_parse(txt, collect_txt(answer, txt), record, why);
	if (rc != STS_OK)
		return rc == STS_ENODATA ? STS_TXT_NONE : STS_TXT_INVALID;
	(void)sts_error_set(why, STS_OK, "one valid record");
	return sts_judge_id(held, record->id);
}

enum sts_txt
sts_judge_record(const struct sts_dns_answer *answer, const char *held,
    struct sts_record *record, struct sts_error *why)
{
	switch (answer->status) {
	case STS_DNS_OK:
		return judge_rrset(answer, held, record, why);
	case STS_DNS_NXDOMAIN:
	case STS_DNS_NODATA:
		(void)sts_error_set(why, STS_ENODATA,
		    "there is no TXT record at _mta-sts");
		return STS_TXT_NONE;
	case STS_DNS_FAILURE:
	case STS_DNS_TIMEOUT:
		(void)sts_error_set(why, STS_EDNS, "DNS failed (%s)",
		    answer->reason);
		return STS_TXT_FAILURE;
	case STS_DNS_LOCAL:
	case STS_DNS_STATUS_MAX:
		break;
	}
	(void)sts_error_set(why, STS_ELOCAL, "DNS cannot be asked (%s)",
	    answer->reason);
	return STS_TXT_LOCAL;
}

bool
sts_judge_tlsrpt(const struct sts_dns_answer *answer, bool before)
{
	struct sts_txt_rr txt[STS_DNS_RR_MAX];
	struct sts_tlsrpt_record record;

	if (answer->status > STS_DNS_NODATA)
		return before;
	if (sts_tlsrpt_record_parse(txt, collect_txt(answer, txt), &record,
		NULL) != STS_OK)
		return false;
	sts_tlsrpt_record_clear(&record);
	return true;
}
