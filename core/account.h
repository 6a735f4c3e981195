/* SPDX-License-Identifier: ISC */
/*
 * What an MTA's adapter makes of a session that is over: a record in the
 * journal if the domain wants reports, and doubt in the policy if that was
 * the reason that mail waits.  Nothing here waits for anybody, and no failure
 * is told to the caller: a report may miss a session, a delivery may not
 * suffer from one.
 */
#ifndef STS_ACCOUNT_H
#define STS_ACCOUNT_H

#include "mta-sts.h"
#include "report/event.h"

/* Does the domain ask for reports, as far as is really known? */
bool sts_account_wanted(const struct sts_result *result);

/* SESSION of a domain: policy and mode as RESULT has them, OUTCOME, nothing
 * of the host. */
void sts_account_describe(struct sts_session *session, const char *mta,
    const char *domain, const struct sts_result *result);
void sts_account_outcome(struct sts_session *session,
    enum sts_session_result outcome, const char *reason);

/* RFC 8460, 4.3: what the failure RC is in a report; false: nothing. */
bool sts_account_result(enum sts_rc rc, enum sts_session_result *result);

/* A session that the MTA was not asked to check: if its host is not in the
 * policy, that is the outcome (RFC 8461, 5), and true. */
bool sts_account_judge(struct sts_session *session,
    const struct sts_result *result);

/* To the journal as of now, unless the policy asks not to be told. */
void sts_account_record(struct sts *sts, struct sts_session *session);

/* A delivery failed by policy: look for a new one before mail that waits for
 * it bounces (STS-69). */
void sts_account_distrust(struct sts *sts, const char *domain);

/* No MX host of the domain was permitted: doubt, and a record of it. */
void sts_account_refusal(struct sts *sts, const char *mta, const char *domain,
    const struct sts_result *result);

/* The record alone, of HOST, which is not in the policy; "": not known. */
void sts_account_outside(struct sts *sts, const char *mta, const char *domain,
    const struct sts_result *result, const char *host);

#endif
