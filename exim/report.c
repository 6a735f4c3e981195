/* SPDX-License-Identifier: ISC */
/*
 * Exim's sessions told to core/account, see report.h.
 */
#include <string.h>

#include "account.h"
#include "report.h"

#define MTA "exim"

void
sts_report_session(struct sts_ask *ask, const struct sts_exim_outcome *outcome)
{
	struct sts_ask_answer *answer = sts_ask_known(ask, outcome->domain);
	struct sts *sts = sts_ask_open(ask, NULL);
	struct sts_session session;

	if (sts == NULL || answer->result == NULL)
		return;
	if (outcome->strict && outcome->result != STS_SESSION_SUCCESS)
		sts_account_distrust(sts, answer->domain);
	if (!sts_account_wanted(answer->result))
		return;
	sts_account_describe(&session, MTA, answer->domain, answer->result);
	sts_account_outcome(&session, outcome->result, outcome->reason);
	memcpy(session.mx, outcome->host, sizeof(session.mx));
	memcpy(session.mx_address, outcome->address,
	    sizeof(session.mx_address));
	memcpy(session.our_address, outcome->our_address,
	    sizeof(session.our_address));
	if (outcome->dane)
		session.type = STS_TYPE_TLSA;
	else if (!outcome->strict)
		(void)sts_account_judge(&session, answer->result);
	sts_account_record(sts, &session);
}

void
sts_report_refusal(struct sts_ask *ask, struct sts_ask_answer *answer)
{
	struct sts *sts = sts_ask_open(ask, NULL);

	if (sts == NULL || answer->result == NULL || answer->refused)
		return;
	answer->refused = true;
	sts_account_refusal(sts, MTA, answer->domain, answer->result);
}
