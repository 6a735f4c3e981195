/* SPDX-License-Identifier: ISC */
/*
 * From everything that bears on a domain to mode and verdict per MX host.
 * Pure: the one place that decides, for every MTA.
 */
#ifndef STS_VERDICT_H
#define STS_VERDICT_H

#include "policy/policy.h"
#include "policy/rule.h"

struct sts_basis { /* all pointers borrowed */
	enum sts_answer answer;
	enum sts_rc cause;               /* why UNKNOWN or DAMAGED */
	const char *detail;              /* the same in words, or NULL */
	const struct sts_policy *policy; /* answer POLICY only */
	const struct sts_rule *excuse;   /* unexpired, or NULL */
	const struct sts_rule *require;  /* unexpired, or NULL */
	enum sts_on_dns_error on_dns_error;
};

/*
 * excuse -> none; unknown because of DNS -> as on_dns_error says; any other
 * unknown or damaged -> defer; require -> at least enforce; else the policy.
 */
enum sts_mode sts_verdict_mode(const struct sts_basis *basis);

enum sts_verdict sts_verdict_mx(const struct sts_basis *basis, const char *host,
    struct sts_error *why);

/* One sentence for the log and the bounce: why this mode. */
void sts_verdict_reason(const struct sts_basis *basis, struct sts_error *why);

/* A NULL list of patterns is "any host". */
struct sts_permitted {
	bool any;
	size_t count;
	const char **mx; /* borrowed strings in an array of our own */
};

/*
 * The patterns that policy and rule both permit (a pair of patterns meets in
 * the narrower one or not at all).  *PERMITTED goes to _clear().
 */
STS_MUST_USE enum sts_rc sts_verdict_permitted(const struct sts_basis *basis,
    struct sts_permitted *permitted, struct sts_error *err);
void sts_permitted_clear(struct sts_permitted *permitted);

/* Is every host of the pattern NARROW one of the patterns WIDE's? */
bool sts_verdict_covers(const char *const *wide, size_t count,
    const char *narrow);

/* Is HOST listed?  False when nothing lists hosts (RFC 8689 asks this). */
bool sts_verdict_mx_match(const struct sts_basis *basis, const char *host);

#endif
