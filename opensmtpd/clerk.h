/* SPDX-License-Identifier: ISC */
/*
 * Answers what smtpd asks of a table, from the state and the operator's
 * rules alone, without ever waiting; what it would like to know better is
 * wished for (wish.h).
 *
 *   domain     found: mail to KEY must go by its policy (mode enforce);
 *              not-found: it need not; error: we cannot tell
 *   relayhost  found: the URL of the MX host to try now, always one that
 *              demands verified TLS; not-found: no domain of others;
 *              error: no such host is known
 *   mailaddr   found: a report of ours is being handed over to smtpd, and KEY
 *              is its recipient
 */
#ifndef STS_CLERK_H
#define STS_CLERK_H

#include "base/clock.h"
#include "request.h"

#define STS_CLERK_STABLE 60 /* s that an answer stands if nothing fails */

struct sts_clerk;

/* OPTIONS is borrowed for life.  *CLERK goes to sts_clerk_free(). */
STS_MUST_USE enum sts_rc sts_clerk_new(const struct sts_options *options,
    struct sts_clerk **clerk, struct sts_error *err);
void sts_clerk_free(struct sts_clerk *clerk);

const struct sts_log *sts_clerk_log(const struct sts_clerk *clerk);

/* REPLY is always filled. */
void sts_clerk_answer(struct sts_clerk *clerk,
    const struct sts_request *request, const struct sts_now *now,
    struct sts_reply *reply);

#endif
