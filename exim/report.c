/* SPDX-License-Identifier: ISC */
/*
 * Journal and distrust, see report.h.
 */
#include <stdio.h>
#include <string.h>

#include "report.h"
#include "report/journal.h"
#include "sts.h"

#define MTA           "exim"
#define NOT_IN_POLICY "MX host not in policy"

/* Look for a new policy before mail that waits for it bounces (STS-69). */
static void
distrust(struct sts *sts, const char *domain)
{
	struct sts_state *state;
	struct sts_error err;
	struct sts_now now;

	state = sts_state_of(sts, &err);
	sts_clock_now(&now);
	if (state == NULL ||
	    sts_state_distrust(state, domain, &now, &err) != STS_OK)
		sts_log(sts_log_of(sts), STS_LOG_INFO,
		    "re-check not noted domain=%s: %s", domain, err.text);
}

static void
append(struct sts *sts, struct sts_session *session)
{
	struct sts_state *state;
	struct sts_error err;
	struct sts_now now;

	state = sts_state_of(sts, &err);
	sts_clock_now(&now);
	session->at = now.wall;
	if (state == NULL ||
	    sts_journal_add(sts_state_dir(state), session, &err) != STS_OK)
		sts_log(sts_log_of(sts), STS_LOG_INFO,
		    "session not recorded domain=%s: %s", session->domain,
		    err.text);
}

/* Does the domain ask for reports, as far as is really known? */
static bool
wants_reports(const struct sts_result *result)
{
	enum sts_answer answer = sts_result_answer(result);

	return (answer == STS_ANSWER_POLICY || answer == STS_ANSWER_NONE) &&
	       sts_result_tlsrpt(result);
}

/* Domain, policy and mode as they were when the answer was given. */
static void
describe(struct sts_session *session, const struct sts_ask_answer *answer,
    enum sts_session_result result, const char *reason)
{
	bool policy = sts_result_answer(answer->result) == STS_ANSWER_POLICY;

	memset(session, 0, sizeof(*session));
	memcpy(session->domain, answer->domain, sizeof(session->domain));
	session->type = policy ? STS_TYPE_STS : STS_TYPE_NO_POLICY;
	session->mode = sts_result_published(answer->result);
	session->policy_hash = sts_result_policy_hash(answer->result);
	session->result = result;
	(void)snprintf(session->reason, sizeof(session->reason), "%s", reason);
	(void)snprintf(session->mta, sizeof(session->mta), MTA);
}

/* A policy of mode none asks not to be told of failures (RFC 8461, 5). */
static bool
is_wanted(const struct sts_session *session)
{
	return session->type != STS_TYPE_STS ||
	       session->mode != STS_MODE_NONE ||
	       session->result == STS_SESSION_SUCCESS;
}

/* What enforce would have done (RFC 8461, 5): Exim was not asked to check. */
static void
judge_host(struct sts_session *session, const struct sts_ask_answer *answer)
{
	if (session->type != STS_TYPE_STS || session->mode == STS_MODE_NONE ||
	    sts_result_mx_match(answer->result, session->mx))
		return;
	session->result = STS_SESSION_VALIDATION_FAILURE;
	(void)snprintf(session->reason, sizeof(session->reason), NOT_IN_POLICY);
}

void
sts_report_session(struct sts_ask *ask, const struct sts_exim_outcome *outcome)
{
	struct sts_ask_answer *answer = sts_ask_known(ask, outcome->domain);
	struct sts *sts = sts_ask_open(ask, NULL);
	struct sts_session session;

	if (sts == NULL || answer->result == NULL)
		return;
	if (outcome->strict && outcome->result != STS_SESSION_SUCCESS)
		distrust(sts, answer->domain);
	if (!wants_reports(answer->result))
		return;
	describe(&session, answer, outcome->result, outcome->reason);
	memcpy(session.mx, outcome->host, sizeof(session.mx));
	memcpy(session.mx_address, outcome->address,
	    sizeof(session.mx_address));
	memcpy(session.our_address, outcome->our_address,
	    sizeof(session.our_address));
	if (outcome->dane)
		session.type = STS_TYPE_TLSA;
	else if (!outcome->strict)
		judge_host(&session, answer);
	if (is_wanted(&session))
		append(sts, &session);
}

void
sts_report_refusal(struct sts_ask *ask, struct sts_ask_answer *answer)
{
	struct sts *sts = sts_ask_open(ask, NULL);
	struct sts_session session;

	if (sts == NULL || answer->result == NULL || answer->refused)
		return;
	answer->refused = true;
	distrust(sts, answer->domain);
	if (!wants_reports(answer->result))
		return;
	describe(&session, answer, STS_SESSION_VALIDATION_FAILURE,
	    NOT_IN_POLICY);
	append(sts, &session);
}
