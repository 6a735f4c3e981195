/* SPDX-License-Identifier: ISC */
/*
 * Mode and verdict per MX host from all that bears on a domain.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy/match.h"
#include "policy/verdict.h"
#include "suite.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))

enum rules {
	NO_RULE,
	REQUIRE,
	REQUIRE_MX,
	EXCUSE,
	EXCUSE_AND_REQUIRE
};

/* mx of the policies: both; of the rule with mx: both and one of its own. */
static const char *policy_mx[] = { "mx.example", "*.p.example", "a.r.example" };
static char *rule_mx[] = { (char[]){ "MX.example" }, (char[]){ "*.r.example" },
	(char[]){ "a.p.example" } };

static struct sts_policy policies[] = {
	[STS_MODE_NONE] = { .mode = STS_MODE_NONE, .mx_count = 3 },
	[STS_MODE_TESTING] = { .mode = STS_MODE_TESTING, .mx_count = 3 },
	[STS_MODE_ENFORCE] = { .mode = STS_MODE_ENFORCE, .mx_count = 3 },
};
static const struct sts_rule require = {
	.reason = (char[]){ "" },
	.line = 3,
};
static const struct sts_rule require_mx = {
	.mx_count = 3,
	.mx = rule_mx,
	.reason = (char[]){ "contract 17" },
	.line = 4,
};
static const struct sts_rule excuse = {
	.kind = STS_RULE_EXCUSE,
	.reason = (char[]){ "ticket 42" },
	.line = 5,
};

/* What is published: MODE_MAX is no policy, answer and cause say why. */
static struct sts_basis
basis_of(enum sts_answer answer, enum sts_mode mode, enum rules rules)
{
	struct sts_basis basis = { .answer = answer };

	if (mode != STS_MODE_MAX) {
		policies[mode].mx = policy_mx;
		basis.policy = &policies[mode];
	}
	if (rules == EXCUSE || rules == EXCUSE_AND_REQUIRE)
		basis.excuse = &excuse;
	if (rules == REQUIRE)
		basis.require = &require;
	if (rules == REQUIRE_MX || rules == EXCUSE_AND_REQUIRE)
		basis.require = &require_mx;
	return basis;
}

START_TEST(names)
{
	ck_assert_str_eq(sts_mode_name(STS_MODE_ENFORCE), "enforce");
	ck_assert_str_eq(sts_mode_name(STS_MODE_DEFER), "defer");
	ck_assert_str_eq(sts_mode_name(STS_MODE_MAX), "unknown");
	ck_assert_str_eq(sts_mode_name((enum sts_mode) - 1), "unknown");
	ck_assert_str_eq(sts_answer_name(STS_ANSWER_DAMAGED), "damaged");
	ck_assert_str_eq(sts_answer_name(STS_ANSWER_MAX), "unknown");
	ck_assert_str_eq(sts_verdict_name(STS_VERDICT_REFUSE), "refuse");
	ck_assert_str_eq(sts_verdict_name(STS_VERDICT_MAX), "unknown");
}
END_TEST

START_TEST(mode_of_every_basis)
{
	static const struct {
		enum sts_answer answer;
		enum sts_mode published;
		enum sts_mode mode[5]; /* by enum rules */
	} table[] = {
#define N STS_MODE_NONE
#define T STS_MODE_TESTING
#define E STS_MODE_ENFORCE
#define D STS_MODE_DEFER
		{ STS_ANSWER_POLICY, N, { N, E, E, N, N } },
		{ STS_ANSWER_POLICY, T, { T, E, E, N, N } },
		{ STS_ANSWER_POLICY, E, { E, E, E, N, N } },
		{ STS_ANSWER_POLICY, STS_MODE_MAX, { D, D, D, N, N } },
		{ STS_ANSWER_NONE, STS_MODE_MAX, { N, E, E, N, N } },
		{ STS_ANSWER_UNKNOWN, STS_MODE_MAX, { D, D, D, N, N } },
		{ STS_ANSWER_DAMAGED, STS_MODE_MAX, { D, D, D, N, N } },
		/* A policy beside another answer is not to be believed. */
		{ STS_ANSWER_DAMAGED, T, { D, D, D, N, N } },
		{ STS_ANSWER_NONE, E, { N, E, E, N, N } },
	};
	struct sts_basis basis;
	enum sts_mode mode;
	size_t i, rules;

	for (i = 0; i < COUNT(table); i++) {
		for (rules = 0; rules < COUNT(table[i].mode); rules++) {
			basis = basis_of(table[i].answer, table[i].published,
			    (enum rules)rules);
			basis.cause = STS_ELOCAL;
			mode = sts_verdict_mode(&basis);
			ck_assert_msg(mode == table[i].mode[rules],
			    "row %zu, rules %zu: %s", i, rules,
			    sts_mode_name(mode));
		}
	}
}
END_TEST

START_TEST(sts_15_dns_error_is_the_operators_choice)
{
	struct sts_basis basis;
	int cause;

	for (cause = 0; cause < STS_RC_MAX; cause++) {
		basis = basis_of(STS_ANSWER_UNKNOWN, STS_MODE_MAX, NO_RULE);
		basis.cause = (enum sts_rc)cause;
		basis.on_dns_error = STS_ON_DNS_ERROR_NONE;
		ck_assert_int_eq(sts_verdict_mode(&basis),
		    cause == STS_EDNS ? STS_MODE_NONE : STS_MODE_DEFER);
		basis.on_dns_error = STS_ON_DNS_ERROR_DEFER;
		ck_assert_int_eq(sts_verdict_mode(&basis), STS_MODE_DEFER);
		basis.answer = STS_ANSWER_DAMAGED;
		basis.on_dns_error = STS_ON_DNS_ERROR_NONE;
		ck_assert_int_eq(sts_verdict_mode(&basis), STS_MODE_DEFER);
	}
	basis = basis_of(STS_ANSWER_UNKNOWN, STS_MODE_MAX, REQUIRE);
	basis.cause = STS_EDNS;
	ck_assert_int_eq(sts_verdict_mode(&basis), STS_MODE_ENFORCE);
}
END_TEST

static const struct {
	enum sts_mode published;
	enum rules rules;
	const char *host;
	enum sts_verdict verdict;
	enum sts_rc why;
	bool vouched;
} verdicts[] = {
#define OPEN    STS_VERDICT_OPEN
#define OBSERVE STS_VERDICT_OBSERVE
#define NEED    STS_VERDICT_REQUIRE
#define REFUSE  STS_VERDICT_REFUSE
#define BAD     STS_EMXPOLICY
	{ N, NO_RULE, "mx.example", OPEN, STS_OK, false },
	{ T, NO_RULE, "mx.example", OBSERVE, STS_OK, true },
	{ T, NO_RULE, "evil.example", OBSERVE, BAD, false },
	{ E, NO_RULE, "mx.example", NEED, STS_OK, true },
	{ E, NO_RULE, "MX.Example.", NEED, STS_OK, true },
	{ E, NO_RULE, "a.p.example", NEED, STS_OK, true },
	{ E, NO_RULE, "a.b.p.example", REFUSE, BAD, false },
	{ E, NO_RULE, "evil.example", REFUSE, BAD, false },
	{ E, NO_RULE, ".", REFUSE, BAD, false },
	{ E, NO_RULE, "", REFUSE, BAD, false },
	/* The rule has no mx: the policy's alone, if they bind. */
	{ E, REQUIRE, "evil.example", REFUSE, BAD, false },
	{ E, REQUIRE, "mx.example", NEED, STS_OK, true },
	{ T, REQUIRE, "evil.example", NEED, STS_OK, false },
	{ T, REQUIRE, "mx.example", NEED, STS_OK, true },
	{ N, REQUIRE, "evil.example", NEED, STS_OK, false },
	/* Both have: both must list. */
	{ E, REQUIRE_MX, "mx.example", NEED, STS_OK, true },
	{ E, REQUIRE_MX, "a.p.example", NEED, STS_OK, true },
	{ E, REQUIRE_MX, "b.p.example", REFUSE, BAD, false },
	{ E, REQUIRE_MX, "a.r.example", NEED, STS_OK, true },
	{ E, REQUIRE_MX, "b.r.example", REFUSE, BAD, false },
	{ T, REQUIRE_MX, "b.r.example", NEED, STS_OK, true },
	{ T, REQUIRE_MX, "b.p.example", REFUSE, BAD, false },
	{ N, REQUIRE_MX, "b.r.example", NEED, STS_OK, true },
	{ N, REQUIRE_MX, "b.p.example", REFUSE, BAD, false },
	/* An excuse takes the demand away, not the vouching. */
	{ E, EXCUSE, "evil.example", OPEN, STS_OK, false },
	{ E, EXCUSE, "mx.example", OPEN, STS_OK, true },
	{ N, EXCUSE_AND_REQUIRE, "evil.example", OPEN, STS_OK, false },
};

START_TEST(sts_66_67_68_verdict_of_every_mode)
{
	struct sts_basis basis;
	enum sts_verdict verdict;
	struct sts_error why;
	size_t i;

	for (i = 0; i < COUNT(verdicts); i++) {
		basis = basis_of(STS_ANSWER_POLICY, verdicts[i].published,
		    verdicts[i].rules);
		memset(&why, 0, sizeof(why));
		verdict = sts_verdict_mx(&basis, verdicts[i].host, &why);
		ck_assert_msg(verdict == verdicts[i].verdict &&
				  why.rc == verdicts[i].why &&
				  why.text[0] != '\0',
		    "row %zu: %s, %s: %s", i, sts_verdict_name(verdict),
		    sts_rc_name(why.rc), why.text);
		ck_assert_msg(sts_verdict_mx_match(&basis, verdicts[i].host) ==
				  verdicts[i].vouched,
		    "row %zu", i);
	}
}
END_TEST

START_TEST(defer_refuses_every_host)
{
	struct sts_basis basis;
	struct sts_error why;

	basis = basis_of(STS_ANSWER_DAMAGED, STS_MODE_MAX, REQUIRE_MX);
	basis.cause = STS_EDAMAGED;
	ck_assert_int_eq(sts_verdict_mx(&basis, "mx.example", &why),
	    STS_VERDICT_REFUSE);
	ck_assert_int_eq(why.rc, STS_EDAMAGED);
	ck_assert(!sts_verdict_mx_match(&basis, "mx.example"));
	basis = basis_of(STS_ANSWER_UNKNOWN, STS_MODE_MAX, NO_RULE);
	basis.cause = STS_ETIMEOUT;
	ck_assert_int_eq(sts_verdict_mx(&basis, "mx.example", &why),
	    STS_VERDICT_REFUSE);
	ck_assert_ptr_nonnull(strstr(why.text, "timeout"));
}
END_TEST

START_TEST(reason_names_what_decided)
{
	static const struct {
		enum sts_answer answer;
		enum sts_mode published;
		enum rules rules;
		enum sts_rc cause;
		const char *says;
	} table[] = {
		{ STS_ANSWER_POLICY, E, EXCUSE, STS_OK, "line 5: ticket 42" },
		{ STS_ANSWER_POLICY, E, REQUIRE_MX, STS_OK,
		    "line 4 demands verified TLS (contract 17); the domain" },
		{ STS_ANSWER_NONE, STS_MODE_MAX, REQUIRE, STS_OK,
		    "line 3 demands verified TLS" },
		{ STS_ANSWER_POLICY, T, NO_RULE, STS_OK, "mode testing" },
		{ STS_ANSWER_NONE, STS_MODE_MAX, NO_RULE, STS_OK, "no policy" },
		{ STS_ANSWER_UNKNOWN, STS_MODE_MAX, NO_RULE, STS_EDNS,
		    "mail passes" },
		{ STS_ANSWER_UNKNOWN, STS_MODE_MAX, REQUIRE, STS_ELOCAL,
		    "not known (local); mail waits" },
		{ STS_ANSWER_DAMAGED, STS_MODE_MAX, NO_RULE, STS_EIDENTITY,
		    "cannot be read (identity); mail waits" },
	};
	struct sts_basis basis;
	struct sts_error why;
	size_t i;

	for (i = 0; i < COUNT(table); i++) {
		basis = basis_of(table[i].answer, table[i].published,
		    table[i].rules);
		basis.cause = table[i].cause;
		sts_verdict_reason(&basis, &why);
		ck_assert_msg(strstr(why.text, table[i].says) != NULL, "%s",
		    why.text);
	}
	sts_verdict_reason(&basis, NULL);
}
END_TEST

static void
expect_permitted(const struct sts_basis *basis, bool any, const char *want)
{
	struct sts_permitted permitted;
	char got[256] = "";
	size_t i, at = 0;

	ck_assert_int_eq(sts_verdict_permitted(basis, &permitted, NULL),
	    STS_OK);
	for (i = 0; i < permitted.count; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s ",
		    permitted.mx[i]);
	ck_assert_int_eq(permitted.any, any);
	ck_assert_str_eq(got, want);
	sts_permitted_clear(&permitted);
}

START_TEST(permitted_is_what_both_permit)
{
	struct sts_basis basis;

	basis = basis_of(STS_ANSWER_POLICY, E, NO_RULE);
	expect_permitted(&basis, false, "mx.example *.p.example a.r.example ");
	basis = basis_of(STS_ANSWER_POLICY, T, NO_RULE);
	expect_permitted(&basis, false, "mx.example *.p.example a.r.example ");
	basis = basis_of(STS_ANSWER_POLICY, E, REQUIRE);
	expect_permitted(&basis, false, "mx.example *.p.example a.r.example ");
	basis = basis_of(STS_ANSWER_POLICY, E, REQUIRE_MX);
	expect_permitted(&basis, false, "mx.example a.r.example a.p.example ");
	basis = basis_of(STS_ANSWER_POLICY, T, REQUIRE_MX);
	expect_permitted(&basis, false, "MX.example *.r.example a.p.example ");
	basis = basis_of(STS_ANSWER_NONE, STS_MODE_MAX, REQUIRE_MX);
	expect_permitted(&basis, false, "MX.example *.r.example a.p.example ");
	basis = basis_of(STS_ANSWER_NONE, STS_MODE_MAX, REQUIRE);
	expect_permitted(&basis, true, "");
	basis = basis_of(STS_ANSWER_NONE, STS_MODE_MAX, NO_RULE);
	expect_permitted(&basis, true, "");
	basis = basis_of(STS_ANSWER_POLICY, N, NO_RULE);
	expect_permitted(&basis, true, "");
	basis = basis_of(STS_ANSWER_POLICY, E, EXCUSE_AND_REQUIRE);
	expect_permitted(&basis, true, "");
	basis = basis_of(STS_ANSWER_DAMAGED, STS_MODE_MAX, REQUIRE);
	expect_permitted(&basis, false, "");
}
END_TEST

/* Verdict per host and list of patterns are two ways to one answer. */
START_TEST(permitted_agrees_with_the_verdict)
{
	static const char *const hosts[] = { "mx.example", "a.p.example",
		"b.p.example", "a.r.example", "b.r.example", "p.example",
		"a.a.p.example", "evil.example", "MX.EXAMPLE." };
	static const char *const pool[] = { "mx.example", "*.p.example",
		"a.p.example", "b.p.example", "*.r.example", "A.r.example",
		"*.example", "p.example" };
	struct sts_basis basis;
	struct sts_permitted permitted;
	const char *mx[COUNT(pool)];
	char *rule[COUNT(pool)];
	struct sts_policy policy = { .mode = STS_MODE_ENFORCE, .mx = mx };
	struct sts_rule both = { .mx = rule, .reason = (char[]){ "" } };
	char room[COUNT(pool)][16];
	unsigned a, b;
	size_t i;
	bool listed;

	basis = (struct sts_basis){
		.answer = STS_ANSWER_POLICY, .policy = &policy, .require = &both
	};
	for (a = 1; a < 1U << COUNT(pool); a++) {
		for (b = 1; b < 1U << COUNT(pool); b++) {
			policy.mx_count = both.mx_count = 0;
			for (i = 0; i < COUNT(pool); i++) {
				memcpy(room[i], pool[i], strlen(pool[i]) + 1);
				if ((a & 1U << i) != 0)
					mx[policy.mx_count++] = pool[i];
				if ((b & 1U << i) != 0)
					rule[both.mx_count++] = room[i];
			}
			ck_assert_int_eq(sts_verdict_permitted(&basis,
					     &permitted, NULL),
			    STS_OK);
			for (i = 0; i < COUNT(hosts); i++) {
				listed = sts_match_any(permitted.mx,
					     permitted.count, hosts[i]) >= 0;
				if (listed !=
				    (sts_verdict_mx(&basis, hosts[i], NULL) ==
					STS_VERDICT_REQUIRE))
					ck_abort_msg("%s: %x, %x", hosts[i], a,
					    b);
			}
			sts_permitted_clear(&permitted);
		}
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		names,
		mode_of_every_basis,
		sts_15_dns_error_is_the_operators_choice,
		sts_66_67_68_verdict_of_every_mode,
		defer_refuses_every_host,
		reason_names_what_decided,
		permitted_is_what_both_permit,
		permitted_agrees_with_the_verdict,
	};
	Suite *suite = suite_create("verdict");
	TCase *tcase = tcase_create("verdict");
	size_t i;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
