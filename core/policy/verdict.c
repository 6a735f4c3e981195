/* SPDX-License-Identifier: ISC */
/*
 * From answer, policy and rules to mode and verdict, see verdict.h.
 *
 * What "require adds to what is published, never replaces it" means: the mode
 * becomes enforce whatever is published.  The patterns of a published
 * enforce policy go on to bind beside the rule's own.  Those of a testing or
 * none policy never did bind, their owner says that they may be wrong, so
 * they do not begin to; the rule's patterns alone then name the hosts, and
 * without any the rule demands verified TLS from whatever MX there is.
 */
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "policy/match.h"
#include "policy/verdict.h"

static const char *const mode_names[] = {
	[STS_MODE_NONE] = "none",
	[STS_MODE_TESTING] = "testing",
	[STS_MODE_ENFORCE] = "enforce",
	[STS_MODE_DEFER] = "defer",
};
_Static_assert(sizeof(mode_names) / sizeof(mode_names[0]) == STS_MODE_MAX,
    "mode_names matches enum sts_mode");

static const char *const answer_names[] = {
	[STS_ANSWER_POLICY] = "policy",
	[STS_ANSWER_NONE] = "none",
	[STS_ANSWER_UNKNOWN] = "unknown",
	[STS_ANSWER_DAMAGED] = "damaged",
};
_Static_assert(sizeof(answer_names) / sizeof(answer_names[0]) == STS_ANSWER_MAX,
    "answer_names matches enum sts_answer");

static const char *const verdict_names[] = {
	[STS_VERDICT_OPEN] = "open",
	[STS_VERDICT_OBSERVE] = "observe",
	[STS_VERDICT_REQUIRE] = "require",
	[STS_VERDICT_REFUSE] = "refuse",
};
_Static_assert(sizeof(verdict_names) / sizeof(verdict_names[0]) ==
		   STS_VERDICT_MAX,
    "verdict_names matches enum sts_verdict");

const char *
sts_mode_name(enum sts_mode mode)
{
	return (unsigned)mode < STS_MODE_MAX ? mode_names[mode] : "unknown";
}

const char *
sts_answer_name(enum sts_answer answer)
{
	return (unsigned)answer < STS_ANSWER_MAX ? answer_names[answer]
						 : "unknown";
}

const char *
sts_verdict_name(enum sts_verdict verdict)
{
	return (unsigned)verdict < STS_VERDICT_MAX ? verdict_names[verdict]
						   : "unknown";
}

/* The published policy, NULL where the answer brings none. */
static const struct sts_policy *
published(const struct sts_basis *basis)
{
	return basis->answer == STS_ANSWER_POLICY ? basis->policy : NULL;
}

/* Is it unknown only because DNS could not tell, at a site that lets such
 * mail pass (RFC 8461, 3.3)? */
static bool
dns_excused(const struct sts_basis *basis)
{
	return basis->answer == STS_ANSWER_UNKNOWN &&
	       basis->cause == STS_EDNS &&
	       basis->on_dns_error == STS_ON_DNS_ERROR_NONE;
}

enum sts_mode
sts_verdict_mode(const struct sts_basis *basis)
{
	const struct sts_policy *policy = published(basis);

	if (basis->excuse != NULL)
		return STS_MODE_NONE;
	if (policy == NULL && basis->answer != STS_ANSWER_NONE &&
	    !dns_excused(basis))
		return STS_MODE_DEFER;
	if (basis->require != NULL)
		return STS_MODE_ENFORCE;
	return policy == NULL ? STS_MODE_NONE : policy->mode;
}

/*
 * The policy whose patterns are to be applied: what enforce demands, what
 * testing observes; NULL when any host will do as far as it goes.
 */
static const struct sts_policy *
policy_in_force(const struct sts_basis *basis)
{
	const struct sts_policy *policy = published(basis);

	if (policy == NULL || policy->mode == STS_MODE_NONE)
		return NULL;
	if (policy->mode == STS_MODE_TESTING && basis->require != NULL)
		return NULL;
	return policy;
}

static const struct sts_rule *
rule_in_force(const struct sts_basis *basis)
{
	if (basis->require == NULL || basis->require->mx_count == 0)
		return NULL;
	return basis->require;
}

static bool
policy_lists(const struct sts_policy *policy, const char *host)
{
	return sts_match_any(policy->mx, policy->mx_count, host) >= 0;
}

static bool
rule_lists(const struct sts_rule *rule, const char *host)
{
	return sts_match_any((const char *const *)rule->mx, rule->mx_count,
		   host) >= 0;
}

/* Who does not list HOST, for a sentence; NULL when nobody objects. */
static const char *
objector(const struct sts_basis *basis, const char *host)
{
	const struct sts_policy *policy = policy_in_force(basis);
	const struct sts_rule *rule = rule_in_force(basis);

	if (policy != NULL && !policy_lists(policy, host))
		return "the domain's policy";
	if (rule != NULL && !rule_lists(rule, host))
		return "the local require rule";
	return NULL;
}

static enum sts_verdict
enforce_mx(const char *host, const char *who, struct sts_error *why)
{
	if (who == NULL) {
		(void)sts_error_set(why, STS_OK, "verified TLS is demanded");
		return STS_VERDICT_REQUIRE;
	}
	(void)sts_error_set(why, STS_EMXPOLICY, "%s does not list MX host %s",
	    who, host);
	return STS_VERDICT_REFUSE;
}

static enum sts_verdict
observe_mx(const char *host, const char *who, struct sts_error *why)
{
	if (who == NULL)
		(void)sts_error_set(why, STS_OK,
		    "testing: enforce would demand verified TLS");
	else
		(void)sts_error_set(why, STS_EMXPOLICY,
		    "testing: enforce would refuse; %s does not list host %s",
		    who, host);
	return STS_VERDICT_OBSERVE;
}

enum sts_verdict
sts_verdict_mx(const struct sts_basis *basis, const char *host,
    struct sts_error *why)
{
	switch (sts_verdict_mode(basis)) {
	case STS_MODE_NONE:
		sts_verdict_reason(basis, why);
		return STS_VERDICT_OPEN;
	case STS_MODE_TESTING:
		return observe_mx(host, objector(basis, host), why);
	case STS_MODE_ENFORCE:
		return enforce_mx(host, objector(basis, host), why);
	case STS_MODE_DEFER:
	case STS_MODE_MAX:
		break;
	}
	sts_verdict_reason(basis, why);
	return STS_VERDICT_REFUSE;
}

static void
excuse_reason(const struct sts_rule *rule, struct sts_error *why)
{
	(void)sts_error_set(why, STS_OK,
	    "excused by the local rule in line %u: %s", rule->line,
	    rule->reason);
}

static void
require_reason(const struct sts_rule *rule, const struct sts_policy *policy,
    struct sts_error *why)
{
	(void)sts_error_set(why, STS_OK,
	    "the local require rule in line %u demands verified TLS%s%s%s%s",
	    rule->line, rule->reason[0] == '\0' ? "" : " (", rule->reason,
	    rule->reason[0] == '\0' ? "" : ")",
	    policy == NULL ? "" : "; the domain publishes a policy too");
}

/* No policy and no rule: why not, or why nothing can be said. */
static void
absence_reason(const struct sts_basis *basis, struct sts_error *why)
{
	const char *detail = basis->detail == NULL ? "" : basis->detail;
	const char *colon = detail[0] == '\0' ? "" : ": ";

	if (basis->answer == STS_ANSWER_NONE)
		(void)sts_error_set(why, STS_OK, "the domain has no policy%s%s",
		    colon, detail);
	else if (dns_excused(basis))
		(void)sts_error_set(why, STS_EDNS,
		    "DNS could not tell whether there is a policy; by "
		    "configuration, mail passes%s%s",
		    colon, detail);
	else if (basis->answer == STS_ANSWER_DAMAGED)
		(void)sts_error_set(why, basis->cause,
		    "what is stored cannot be read (%s); mail waits%s%s",
		    sts_rc_name(basis->cause), colon, detail);
	else
		(void)sts_error_set(why, basis->cause,
		    "whether there is a policy is not known (%s); mail "
		    "waits%s%s",
		    sts_rc_name(basis->cause), colon, detail);
}

void
sts_verdict_reason(const struct sts_basis *basis, struct sts_error *why)
{
	const struct sts_policy *policy = published(basis);

	if (basis->excuse != NULL)
		excuse_reason(basis->excuse, why);
	else if (sts_verdict_mode(basis) == STS_MODE_DEFER)
		absence_reason(basis, why);
	else if (basis->require != NULL)
		require_reason(basis->require, policy, why);
	else if (policy != NULL)
		(void)sts_error_set(why, STS_OK,
		    "the domain's policy says mode %s",
		    sts_mode_name(policy->mode));
	else
		absence_reason(basis, why);
}

/* Is every host of pattern NARROW one of WIDE's?  "*." never nests. */
static bool
covers(const char *wide, const char *narrow)
{
	if (narrow[0] != '*')
		return sts_match_mx(wide, narrow);
	return wide[0] == '*' && sts_match_mx(wide + 2, narrow + 2);
}

bool
sts_verdict_covers(const char *const *wide, size_t count, const char *narrow)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (covers(wide[i], narrow))
			return true;
	return false;
}

/* Does one of the patterns say the same as PATTERN, and no more? */
static bool
any_equals(const char *const *mx, size_t count, const char *pattern)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (covers(mx[i], pattern) && covers(pattern, mx[i]))
			return true;
	return false;
}

/*
 * Two patterns share no host, or one covers the other, so what both sides
 * permit is the policy's patterns under the rule's and the other way round.
 */
static void
add_common(struct sts_permitted *permitted, const struct sts_policy *policy,
    const struct sts_rule *rule)
{
	const char *const *rule_mx = (const char *const *)rule->mx;
	size_t i;

	for (i = 0; i < policy->mx_count; i++)
		if (sts_verdict_covers(rule_mx, rule->mx_count, policy->mx[i]))
			permitted->mx[permitted->count++] = policy->mx[i];
	for (i = 0; i < rule->mx_count; i++)
		if (sts_verdict_covers(policy->mx, policy->mx_count,
			rule_mx[i]) &&
		    !any_equals(policy->mx, policy->mx_count, rule_mx[i]))
			permitted->mx[permitted->count++] = rule_mx[i];
}

static void
add_all(struct sts_permitted *permitted, const char *const *mx, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		permitted->mx[permitted->count++] = mx[i];
}

enum sts_rc
sts_verdict_permitted(const struct sts_basis *basis,
    struct sts_permitted *permitted, struct sts_error *err)
{
	const struct sts_policy *policy = policy_in_force(basis);
	const struct sts_rule *rule = rule_in_force(basis);
	enum sts_mode mode = sts_verdict_mode(basis);
	struct sts_permitted new = { .any = false };
	size_t max;

	if (mode == STS_MODE_NONE || mode == STS_MODE_DEFER ||
	    (policy == NULL && rule == NULL)) {
		new.any = mode != STS_MODE_DEFER;
		*permitted = new;
		return STS_OK;
	}
	max = (policy == NULL ? 0 : policy->mx_count) +
	      (rule == NULL ? 0 : rule->mx_count);
	new.mx = calloc(max, sizeof(*new.mx));
	if (new.mx == NULL)
		return sts_error_set(err, STS_ENOMEM, "out of memory");
	if (policy != NULL && rule != NULL)
		add_common(&new, policy, rule);
	else if (policy != NULL)
		add_all(&new, policy->mx, policy->mx_count);
	else
		add_all(&new, (const char *const *)rule->mx, rule->mx_count);
	*permitted = new;
	return STS_OK;
}

void
sts_permitted_clear(struct sts_permitted *permitted)
{
	free(permitted->mx);
	memset(permitted, 0, sizeof(*permitted));
}

/*
 * Apart from the mode: testing vouches for a name too, none does not, an
 * excuse changes nothing.  A host that is refused is vouched for by no one.
 */
bool
sts_verdict_mx_match(const struct sts_basis *basis, const char *host)
{
	const struct sts_policy *policy = published(basis);
	const struct sts_rule *rule = rule_in_force(basis);

	if (sts_verdict_mx(basis, host, NULL) == STS_VERDICT_REFUSE)
		return false;
	if (policy != NULL && policy->mode != STS_MODE_NONE &&
	    policy_lists(policy, host))
		return true;
	return rule != NULL && rule_lists(rule, host);
}
