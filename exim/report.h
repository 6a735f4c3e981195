/* SPDX-License-Identifier: ISC */
/*
 * What became of a session: to the journal if the domain wants reports, and
 * to the state if the policy was the reason that mail waits.  Nothing here
 * waits for anybody, and no failure is told to the caller: a report may miss
 * a session, a delivery may not suffer from one.
 */
#ifndef STS_REPORT_H
#define STS_REPORT_H

#include "ask.h"
#include "session.h"

void sts_report_session(struct sts_ask *ask,
    const struct sts_exim_outcome *outcome);

/*
 * No MX host of the domain was permitted; noted once in a process.  HOSTS are
 * their names, one a line, as DNS has them: hostile text.  ANSWER's sentence
 * then names the first that was refused.
 */
void sts_report_refusal(struct sts_ask *ask, struct sts_ask_answer *answer,
    const char *hosts);

#endif
