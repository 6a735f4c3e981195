/* SPDX-License-Identifier: ISC */
/* What DNS's answers to the two TXT questions of a domain mean.  Pure. */
#ifndef STS_JUDGE_H
#define STS_JUDGE_H

#include "policy/record.h"
#include "resolve/decide.h"
#include "resolve/dns.h"

/*
 * ANSWER to the question for _mta-sts.<domain>, where HELD is the id of the
 * policy we have, or NULL.  RECORD is written for SAME and CHANGED.  WHY gets
 * one sentence in every case.
 */
enum sts_txt sts_judge_record(const struct sts_dns_answer *answer,
    const char *held, struct sts_record *record, struct sts_error *why);

/* SAME or CHANGED: ids are opaque, equal or not (RFC 8461, 3.1). */
enum sts_txt sts_judge_id(const char *held, const char *id);

/* Does the domain want reports (RFC 8460, 3)?  BEFORE is what we knew; it
 * stands when DNS could not tell. */
bool sts_judge_tlsrpt(const struct sts_dns_answer *answer, bool before);

#endif
