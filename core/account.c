/* SPDX-License-Identifier: ISC */
/*
 * Journal and distrust, see account.h.
 */
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "report/journal.h"
#include "sts.h"

#define NOT_IN_POLICY "MX host not in policy"

bool
sts_account_wanted(const struct sts_result *result)
{
	enum sts_answer answer = sts_result_answer(result);

	return (answer == STS_ANSWER_POLICY || answer == STS_ANSWER_NONE) &&
	       sts_result_tlsrpt(result);
}

void
sts_account_outcome(struct sts_session *session,
    enum sts_session_result outcome, const char *reason)
{
	session->result = outcome;
	(void)snprintf(session->reason, sizeof(session->reason), "%s", reason);
}

void
sts_account_describe(struct sts_session *session, const char *mta,
    const char *domain, const struct sts_result *result)
{
	bool policy = sts_result_answer(result) == STS_ANSWER_POLICY;

	memset(session, 0, sizeof(*session));
	(void)snprintf(session->domain, sizeof(session->domain), "%s", domain);
	session->type = policy ? STS_TYPE_STS : STS_TYPE_NO_POLICY;
	session->mode = sts_result_published(result);
	session->policy_hash = sts_result_policy_hash(result);
	(void)snprintf(session->mta, sizeof(session->mta), "%s", mta);
}

bool
sts_account_result(enum sts_rc rc, enum sts_session_result *result)
{
	const char *name = sts_rc_result_type(rc);
	int i;

	for (i = 0; name != NULL && i < STS_SESSION_MAX; i++)
		if (strcmp(sts_session_result_name((enum sts_session_result)i),
			name) == 0) {
			*result = (enum sts_session_result)i;
			return true;
		}
	return false;
}

bool
sts_account_judge(struct sts_session *session, const struct sts_result *result)
{
	if (session->type != STS_TYPE_STS || session->mode == STS_MODE_NONE ||
	    sts_result_mx_match(result, session->mx))
		return false;
	sts_account_outcome(session, STS_SESSION_VALIDATION_FAILURE,
	    NOT_IN_POLICY);
	return true;
}

/* A policy of mode none asks not to be told of failures (RFC 8461, 5). */
static bool
is_wanted(const struct sts_session *session)
{
	return session->type != STS_TYPE_STS ||
	       session->mode != STS_MODE_NONE ||
	       session->result == STS_SESSION_SUCCESS;
}

void
sts_account_record(struct sts *sts, struct sts_session *session)
{
	struct sts_state *state;
	struct sts_error err;
	struct sts_now now;

	if (!is_wanted(session))
		return;
	state = sts_state_of(sts, &err);
	sts_clock_now(&now);
	session->at = now.wall;
	if (state == NULL ||
	    sts_journal_add(sts_state_dir(state), session, &err) != STS_OK)
		sts_log(sts_log_of(sts), STS_LOG_INFO,
		    "session not recorded domain=%s: %s", session->domain,
		    err.text);
}

void
sts_account_distrust(struct sts *sts, const char *domain)
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

void
sts_account_outside(struct sts *sts, const char *mta, const char *domain,
    const struct sts_result *result, const char *host)
{
	struct sts_session session;

	if (!sts_account_wanted(result))
		return;
	sts_account_describe(&session, mta, domain, result);
	(void)snprintf(session.mx, sizeof(session.mx), "%s", host);
	sts_account_outcome(&session, STS_SESSION_VALIDATION_FAILURE,
	    NOT_IN_POLICY);
	sts_account_record(sts, &session);
}

void
sts_account_refusal(struct sts *sts, const char *mta, const char *domain,
    const struct sts_result *result)
{
	sts_account_distrust(sts, domain);
	sts_account_outside(sts, mta, domain, result, "");
}
