/* SPDX-License-Identifier: ISC */
/*
 * What a lookup has to tell the domain's owner (RFC 8461, 6): that its policy
 * could not be had or is none.  A record in the journal for each time that it
 * was really tried; what cannot be kept is let go.
 */
#ifndef STS_FAILING_H
#define STS_FAILING_H

#include "report/event.h"
#include "state/state.h"

struct sts_failing { /* all borrowed */
	const char *domain;
	enum sts_rc cause; /* STS_EPOLICY, STS_EWEBPKI; other: not fetched */
	const char *reason;
	const struct sts_entry *held; /* policy that stands, or NULL */
	const char *text; /* that was served, STS_EPOLICY; or NULL */
	size_t len;
};

void sts_failing_note(struct sts_state *state,
    const struct sts_failing *failing, const struct sts_now *now);

/* ENTRY was served and is what holds: its text is kept for reports. */
void sts_failing_served(struct sts_state *state, const struct sts_entry *entry);

/* Pure: REASON without what differs from one time to the next. */
void sts_failing_reason(const char *reason, char *out, size_t size);

#endif
