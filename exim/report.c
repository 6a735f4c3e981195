/* SPDX-License-Identifier: ISC */
/*
 * Exim's sessions told to core/account, see report.h.
 */
#include <string.h>

#include "account.h"
#include "base/domain.h"
#include "report.h"
#include "sts.h"

#define MTA         "exim"
#define REFUSED_MAX 8 /* hosts a refusal tells of */

/*
 * Where TLSA records decided, they are the policy (RFC 8460, 4.4).  Recorded
 * whether the recipient's domain asks for reports or not: the domain of the
 * MX host, which published them, may.
 */
static void
record_dane(struct sts *sts, const struct sts_session *session)
{
	struct sts_session tlsa = *session;

	tlsa.type = STS_TYPE_TLSA;
	tlsa.mode = STS_MODE_NONE;
	tlsa.policy_hash = 0;
	sts_account_record(sts, &tlsa);
}

/*
 * DANE that passed takes the place of PKIX, not of the policy's patterns
 * (RFC 8461, 2); if it failed, the policy was never tried.
 */
static bool
tells_of_policy(const struct sts_exim_outcome *outcome,
    const struct sts_result *result)
{
	return sts_account_wanted(result) &&
	       (!outcome->dane ||
		   (outcome->result == STS_SESSION_SUCCESS &&
		       sts_result_answer(result) == STS_ANSWER_POLICY &&
		       sts_result_published(result) != STS_MODE_NONE));
}

void
sts_report_session(struct sts_ask *ask, const struct sts_exim_outcome *outcome)
{
	struct sts_ask_answer *answer = sts_ask_known(ask, outcome->domain);
	struct sts *sts = sts_ask_open(ask, NULL);
	struct sts_session session;

	/* What no router of ours asked about took another route, to a host of
	 * the operator's choice: the domain has no part in that session. */
	if (sts == NULL || answer->result == NULL || !answer->asked)
		return;
	if (outcome->strict && outcome->result != STS_SESSION_SUCCESS)
		sts_account_distrust(sts, answer->domain);
	sts_account_describe(&session, MTA, answer->domain, answer->result);
	sts_account_outcome(&session, outcome->result, outcome->reason);
	/* Where nothing is demanded any TLS will do (RFC 8460, 4.2.1). */
	if (session.mode == STS_MODE_NONE && outcome->up && !outcome->dane)
		sts_account_outcome(&session, STS_SESSION_SUCCESS, "");
	memcpy(session.mx, outcome->host, sizeof(session.mx));
	memcpy(session.mx_address, outcome->address,
	    sizeof(session.mx_address));
	memcpy(session.our_address, outcome->our_address,
	    sizeof(session.our_address));
	if (outcome->dane)
		record_dane(sts, &session);
	if (!tells_of_policy(outcome, answer->result))
		return;
	if (!outcome->strict)
		(void)sts_account_judge(&session, answer->result);
	sts_account_record(sts, &session);
}

/* ---- refusals ------------------------------------------------------------ */

struct refused {
	bool known; /* the list holds the name of a host */
	size_t count;
	char host[REFUSED_MAX][STS_DOMAIN_MAX + 1];
};

static void
add_refused(struct refused *refused, const char *host)
{
	size_t i;

	for (i = 0; i < refused->count; i++)
		if (strcmp(refused->host[i], host) == 0)
			return;
	if (i < REFUSED_MAX)
		memcpy(refused->host[refused->count++], host, strlen(host) + 1);
}

/* Those of LIST that RESULT does not permit; what is no name is passed
 * over. */
static void
read_refused(const struct sts_result *result, const char *list,
    struct refused *refused)
{
	char name[STS_DOMAIN_MAX + 1];
	size_t len;

	memset(refused, 0, sizeof(*refused));
	for (; *list != '\0'; list += len + (list[len] == '\n')) {
		len = strcspn(list, "\n");
		if (sts_domain_normalize(list, len, name, NULL) != STS_OK)
			continue;
		refused->known = true;
		if (sts_result_verdict(result, name, NULL) ==
		    STS_VERDICT_REFUSE)
			add_refused(refused, name);
	}
}

void
sts_report_refusal(struct sts_ask *ask, struct sts_ask_answer *answer,
    const char *hosts)
{
	struct sts *sts = sts_ask_open(ask, NULL);
	struct sts_error why = { 0 };
	struct refused refused;
	size_t i;

	if (sts == NULL || answer->result == NULL || answer->refused)
		return;
	answer->refused = true;
	read_refused(answer->result, hosts, &refused);
	if (!refused.known) {
		sts_account_refusal(sts, MTA, answer->domain, answer->result);
		return;
	}
	sts_account_distrust(sts, answer->domain);
	for (i = 0; i < refused.count; i++)
		sts_account_outside(sts, MTA, answer->domain, answer->result,
		    refused.host[i]);
	if (refused.count > 0) {
		(void)sts_result_verdict(answer->result, refused.host[0], &why);
		sts_ask_blame(answer, why.text);
	}
}
