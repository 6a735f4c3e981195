/* SPDX-License-Identifier: ISC */
/* One domain's findings on their way to the output of "query". */
#ifndef STS_FINDINGS_H
#define STS_FINDINGS_H

#include "command/probing.h"
#include "policy/verdict.h"

enum sts_record_state {
	STS_RECORD_UNASKED, /* offline */
	STS_RECORD_NONE,
	STS_RECORD_VALID,
	STS_RECORD_INVALID,
	STS_RECORD_UNKNOWN, /* DNS could not tell */
	STS_RECORD_STATE_MAX
};

struct sts_finding { /* of one TXT name */
	enum sts_record_state state;
	char text[STS_ERROR_MAX]; /* id or first URI; or why not */
};

struct sts_findings {
	char domain[STS_DOMAIN_MAX + 1];
	struct sts_finding record; /* _mta-sts */
	struct sts_finding tlsrpt; /* _smtp._tls */
	struct sts_mx_list mx;
	struct sts_error mx_error;  /* rc STS_OK: there is a list */
	struct sts_basis basis;     /* filled when the lookup is done */
	struct sts_probing probing; /* empty without --probe */
	const struct sts_outcome *outcome;
};

#define STS_SUMMARY_MAX 1024
/*
 * "DOMAIN: MODE, WHAT COMES OF IT: WHY": what will happen to mail for the
 * domain and the cause, in one line.  Pure; MX is --mx or NULL, NOW is wall
 * seconds.
 */
void sts_summary(const struct sts_findings *found, const char *mx, int64_t now,
    char text[STS_SUMMARY_MAX]);

/* Print what was found; the exit status that it means. */
enum sts_exit sts_findings_print(const struct sts_call *call,
    const struct sts_findings *found);

#endif
