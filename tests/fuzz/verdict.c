/* SPDX-License-Identifier: ISC */
/*
 * What follows from anybody's policy and the operator's rules.  Lines: three
 * digits (answer, cause, what an error of DNS counts), the name of an MX host,
 * a require rule or nothing, an excuse or nothing; behind them the policy.
 */
#include <string.h>

#include "fuzz.h"
#include "policy/match.h"
#include "policy/verdict.h"

/* RFC 8461, 5 and the meaning of the rules, said once more. */
static enum sts_mode
opinion(const struct sts_basis *basis)
{
	bool told =
	    basis->answer == STS_ANSWER_POLICY ||
	    basis->answer == STS_ANSWER_NONE ||
	    (basis->answer == STS_ANSWER_UNKNOWN && basis->cause == STS_EDNS &&
		basis->on_dns_error == STS_ON_DNS_ERROR_NONE);

	if (basis->excuse != NULL)
		return STS_MODE_NONE;
	if (!told)
		return STS_MODE_DEFER;
	if (basis->require != NULL)
		return STS_MODE_ENFORCE;
	return basis->policy != NULL ? basis->policy->mode : STS_MODE_NONE;
}

/* Do all patterns that bind permit HOST? */
static bool
bound(const struct sts_basis *basis, const char *host)
{
	const struct sts_policy *policy = basis->policy;
	const struct sts_rule *rule = basis->require;

	if (policy != NULL && policy->mode == STS_MODE_ENFORCE &&
	    sts_match_any(policy->mx, policy->mx_count, host) == -1)
		return false;
	return rule == NULL || rule->mx_count == 0 ||
	       sts_match_any((const char *const *)rule->mx, rule->mx_count,
		   host) != -1;
}

/* RFC 8689 asks: does somebody list HOST, in whatever mode? */
static bool
vouched(const struct sts_basis *basis, const char *host)
{
	const struct sts_policy *policy = basis->policy;
	const struct sts_rule *rule = basis->require;

	if (policy != NULL && policy->mode != STS_MODE_NONE &&
	    sts_match_any(policy->mx, policy->mx_count, host) != -1)
		return true;
	return rule != NULL && sts_match_any((const char *const *)rule->mx,
				   rule->mx_count, host) != -1;
}

static void
check(const struct sts_basis *basis, const char *host)
{
	enum sts_mode mode = sts_verdict_mode(basis);
	struct sts_permitted permitted;
	struct sts_error why = { .rc = STS_OK };
	enum sts_verdict verdict = sts_verdict_mx(basis, host, &why);
	bool listed;

	HOLDS(mode == opinion(basis));
	HOLDS(why.text[0] != '\0');
	HOLDS(sts_verdict_permitted(basis, &permitted, NULL) == STS_OK);
	listed = permitted.any ||
		 sts_match_any(permitted.mx, permitted.count, host) != -1;
	switch (mode) {
	case STS_MODE_NONE:
		HOLDS(verdict == STS_VERDICT_OPEN && permitted.any);
		break;
	case STS_MODE_TESTING:
		HOLDS(verdict == STS_VERDICT_OBSERVE);
		break;
	case STS_MODE_ENFORCE:
		HOLDS(verdict == (bound(basis, host) ? STS_VERDICT_REQUIRE
						     : STS_VERDICT_REFUSE));
		/* The list that an MTA is given says the same. */
		HOLDS(listed == (verdict == STS_VERDICT_REQUIRE));
		break;
	case STS_MODE_DEFER:
	case STS_MODE_MAX:
		HOLDS(verdict == STS_VERDICT_REFUSE && !listed);
		break;
	}
	HOLDS(sts_verdict_mx_match(basis, host) ==
	      (verdict != STS_VERDICT_REFUSE && vouched(basis, host)));
	sts_permitted_clear(&permitted);
}

struct input {
	struct sts_buf digits, host, require, excuse;
	const char *policy;
	size_t policy_len;
};

static bool
digit(const struct input *in, size_t i, unsigned max, unsigned *value)
{
	*value = 0;
	if (in->digits.len > i)
		*value = (unsigned char)in->digits.data[i] % 32;
	return *value < max;
}

static bool
rule(enum sts_rule_kind kind, const struct sts_buf *text, struct sts_rule *rule,
    const struct sts_rule **out)
{
	if (text->len == 0)
		return true;
	if (sts_rule_parse(kind, text->data, rule, NULL) != STS_OK)
		return false;
	*out = rule;
	return true;
}

static void
judge(const struct input *in)
{
	struct sts_rule require = { .domain = "" }, excuse = { .domain = "" };
	struct sts_policy *policy = NULL;
	struct sts_basis basis = { .policy = NULL };
	unsigned answer, cause, dns;

	if (!digit(in, 0, STS_ANSWER_MAX, &answer) ||
	    !digit(in, 1, STS_RC_MAX, &cause) || !digit(in, 2, 2, &dns))
		return;
	basis.answer = (enum sts_answer)answer;
	basis.cause = (enum sts_rc)cause;
	basis.on_dns_error = (enum sts_on_dns_error)dns;
	if (answer == STS_ANSWER_POLICY &&
	    sts_policy_parse(in->policy, in->policy_len, &policy, NULL, NULL) !=
		STS_OK)
		return;
	basis.policy = policy;
	if (rule(STS_RULE_REQUIRE, &in->require, &require, &basis.require) &&
	    rule(STS_RULE_EXCUSE, &in->excuse, &excuse, &basis.excuse))
		check(&basis, sts_buf_text(&in->host));
	sts_rule_clear(&require);
	sts_rule_clear(&excuse);
	sts_policy_free(policy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len;
	struct input in;

	sts_buf_init(&in.digits, 8);
	sts_buf_init(&in.host, 2 * STS_DOMAIN_MAX);
	sts_buf_init(&in.require, STS_CONFIG_LINE_MAX);
	sts_buf_init(&in.excuse, STS_CONFIG_LINE_MAX);
	if (fuzz_line(&at, end, &in.digits) && fuzz_line(&at, end, &in.host) &&
	    fuzz_line(&at, end, &in.require) &&
	    fuzz_line(&at, end, &in.excuse)) {
		in.policy = at;
		in.policy_len = (size_t)(end - at);
		judge(&in);
	}
	sts_buf_clear(&in.digits);
	sts_buf_clear(&in.host);
	sts_buf_clear(&in.require);
	sts_buf_clear(&in.excuse);
	return 0;
}
