/* SPDX-License-Identifier: ISC */
/*
 * What an MTA's adapter may make of the envelope of a message in its queue:
 * is it a TLS report of ours (RFC 8460, 3), which is sent whatever policy its
 * recipient has?  By the envelope alone, since a header field can be forged.
 * Reads small files at most; waits for nobody.
 */
#ifndef STS_ENVELOPE_H
#define STS_ENVELOPE_H

#include "mta-sts.h"

struct sts_envelope {
	const char *sender;
	const char *recipient;
	bool local;  /* handed over by a program here, not by SMTP */
	int64_t uid; /* of that program, -1: not known */
};

/*
 * True only if it was submitted here by the owner of the state, from the
 * configured sender (report-from), to a recipient whose report is on its way.
 */
bool sts_envelope_is_report(struct sts *sts,
    const struct sts_envelope *envelope);

#endif
