/* SPDX-License-Identifier: ISC */
/*
 * The operator's rules: grammar, end dates, and which one is found.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy/rule.h"
#include "suite.h"

static const struct {
	enum sts_rule_kind kind;
	const char *text, *error;
} bad[] = {
	{ STS_RULE_REQUIRE, "", "a domain is missing" },
	{ STS_RULE_REQUIRE, "a_b.example",
	    "\"a_b.example\": not a domain name" },
	{ STS_RULE_REQUIRE, "*", "\"*\": not a domain name" },
	{ STS_RULE_REQUIRE, "*.", "\"*.\": not a domain name" },
	{ STS_RULE_REQUIRE, "a.*.example",
	    "\"a.*.example\": not a domain name" },
	{ STS_RULE_REQUIRE, "192.0.2.1",
	    "\"192.0.2.1\": an address has no MTA-STS policy" },
	{ STS_RULE_REQUIRE, "a.example mx", "nothing behind \"mx\"" },
	{ STS_RULE_REQUIRE, "a.example mx *.*.b.example",
	    "\"*.*.b.example\" is not an mx pattern" },
	{ STS_RULE_REQUIRE, "a.example mx 192.0.2.1",
	    "\"192.0.2.1\" is not an mx pattern" },
	{ STS_RULE_REQUIRE, "a.example mx b.example c.example",
	    "\"c.example\" is none of: mx, until, reason" },
	{ STS_RULE_REQUIRE, "a.example until", "nothing behind \"until\"" },
	{ STS_RULE_REQUIRE, "a.example until 2026-02-29",
	    "there is no day \"2026-02-29\"" },
	{ STS_RULE_REQUIRE, "a.example until 2100-02-29",
	    "there is no day \"2100-02-29\"" },
	{ STS_RULE_REQUIRE, "a.example until 2026-13-01",
	    "there is no day \"2026-13-01\"" },
	{ STS_RULE_REQUIRE, "a.example until 2026-00-01",
	    "there is no day \"2026-00-01\"" },
	{ STS_RULE_REQUIRE, "a.example until 2026-04-31",
	    "there is no day \"2026-04-31\"" },
	{ STS_RULE_REQUIRE, "a.example until 1969-12-31",
	    "there is no day \"1969-12-31\"" },
	{ STS_RULE_REQUIRE, "a.example until 2026-1-01",
	    "\"2026-1-01\" is not a date YYYY-MM-DD" },
	{ STS_RULE_REQUIRE, "a.example until +026-01-01",
	    "there is no day \"+026-01-01\"" },
	{ STS_RULE_REQUIRE, "a.example until 2026/01/01",
	    "\"2026/01/01\" is not a date YYYY-MM-DD" },
	{ STS_RULE_REQUIRE, "a.example until 2026-01-01 until 2026-01-02",
	    "a second until" },
	{ STS_RULE_REQUIRE, "a.example reason x reason y", "a second reason" },
	{ STS_RULE_REQUIRE, "a.example reason \"\"", "an empty reason" },
	{ STS_RULE_EXCUSE, "a.example",
	    "an excuse needs both until and reason" },
	{ STS_RULE_EXCUSE, "a.example until 2026-12-31",
	    "an excuse needs both until and reason" },
	{ STS_RULE_EXCUSE, "a.example reason x",
	    "an excuse needs both until and reason" },
	{ STS_RULE_EXCUSE, "a.example mx b.example until 2026-12-31 reason x",
	    "an excuse is for the whole domain, not for an mx" },
};

START_TEST(bad_rule_is_refused)
{
	struct sts_rule rule;
	struct sts_error err;

	ck_assert_int_eq(sts_rule_parse(bad[_i].kind, bad[_i].text, &rule,
			     &err),
	    STS_ECONFIG);
	ck_assert_str_eq(err.text, bad[_i].error);
}
END_TEST

START_TEST(rule_is_read)
{
	struct sts_rule rule;
	struct sts_error err;

	ck_assert_int_eq(sts_rule_parse(STS_RULE_REQUIRE,
			     "Partner.Example. mx *.A.example mx b.example "
			     "until 2027-06-30 reason \"contract \\\"17\\\"\"",
			     &rule, &err),
	    STS_OK);
	ck_assert_str_eq(rule.domain, "partner.example");
	ck_assert_uint_eq(rule.mx_count, 2);
	ck_assert_str_eq(rule.mx[0], "*.a.example");
	ck_assert_str_eq(rule.mx[1], "b.example");
	ck_assert_str_eq(rule.reason, "contract \"17\"");
	ck_assert_int_eq(rule.until, 1814400000); /* 2027-07-01T00:00:00Z */
	sts_rule_clear(&rule);
	ck_assert_int_eq(sts_rule_parse(STS_RULE_REQUIRE, "*.example", &rule,
			     &err),
	    STS_OK);
	ck_assert_str_eq(rule.domain, "*.example");
	ck_assert_str_eq(rule.reason, "");
	ck_assert_int_eq(rule.until, 0);
	sts_rule_clear(&rule);
}
END_TEST

static const struct {
	const char *date;
	int64_t end; /* first second after it, by date -u -d */
} dates[] = {
	{ "1970-01-01", 86400 },
	{ "2000-02-29", 951868800 },
	{ "2024-02-29", 1709251200 },
	{ "2026-12-31", 1798761600 },
	{ "2100-02-28", 4107542400 },
	{ "9999-12-31", 253402300800 },
};

START_TEST(until_includes_its_day)
{
	struct sts_rule rule;
	struct sts_error err;
	char text[64];

	(void)snprintf(text, sizeof(text), "a.example until %s",
	    dates[_i].date);
	ck_assert_int_eq(sts_rule_parse(STS_RULE_REQUIRE, text, &rule, &err),
	    STS_OK);
	ck_assert_int_eq(rule.until, dates[_i].end);
	sts_rule_clear(&rule);
}
END_TEST

static enum sts_rc
load(const char *text, struct sts_rules *rules, struct sts_error *err)
{
	struct sts_config config;
	enum sts_rc rc;

	ck_assert_int_eq(sts_config_init(&config, err), STS_OK);
	config.path = strdup("f");
	ck_assert_int_eq(sts_config_parse(&config, "f", text, strlen(text),
			     err),
	    STS_OK);
	rc = sts_rules_load(&config, rules, err);
	sts_config_clear(&config);
	return rc;
}

START_TEST(load_error_names_file_and_line)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "\nexcuse a.example\n",
		    "f:2: excuse: an excuse needs both until and reason" },
		{ "require a.example\nrequire b..example\n",
		    "f:2: require: \"b..example\": not a domain name" },
		{ "require b.example\nrequire a.example\nrequire B.example\n",
		    "f:3: require: \"b.example\" has one on line 1 already" },
	};
	struct sts_rules rules;
	struct sts_error err;

	ck_assert_int_eq(load(cases[_i].text, &rules, &err), STS_ECONFIG);
	ck_assert_str_eq(err.text, cases[_i].error);
}
END_TEST

static const char set[] = "require *.example reason short\n"
			  "require *.b.example reason long\n"
			  "require a.b.example until 1970-01-10 reason exact\n"
			  "excuse *.gone.example until 1970-01-10 reason gone\n"
			  "require x.test reason r\n"
			  "excuse x.test until 1970-01-10 reason e\n";

static const struct {
	enum sts_rule_kind kind;
	const char *domain;
	int64_t wall;
	const char *reason; /* NULL: no rule */
} finds[] = {
	{ STS_RULE_REQUIRE, "example", 0, NULL },
	{ STS_RULE_REQUIRE, "a.example", 0, "short" },
	{ STS_RULE_REQUIRE, "b.example", 0, "short" },
	{ STS_RULE_REQUIRE, "a.b.example", 0, "exact" },
	{ STS_RULE_REQUIRE, "a.b.example", 864000 - 1, "exact" },
	{ STS_RULE_REQUIRE, "a.b.example", 864000, "long" },
	{ STS_RULE_REQUIRE, "c.b.example", 0, "long" },
	{ STS_RULE_REQUIRE, "d.c.b.example", 0, "long" },
	{ STS_RULE_REQUIRE, "xb.example", 0, "short" },
	{ STS_RULE_REQUIRE, "example.test", 0, NULL },
	{ STS_RULE_EXCUSE, "a.example", 0, NULL },
	{ STS_RULE_EXCUSE, "x.gone.example", 863999, "gone" },
	{ STS_RULE_EXCUSE, "x.gone.example", 864000, NULL },
	{ STS_RULE_EXCUSE, "gone.example", 0, NULL },
	{ STS_RULE_EXCUSE, "x.test", 0, "e" },
	{ STS_RULE_REQUIRE, "x.test", 0, "r" },
};

START_TEST(exact_then_longest_wildcard)
{
	const struct sts_rule *rule;
	struct sts_rules rules;
	struct sts_error err;

	ck_assert_int_eq(load(set, &rules, &err), STS_OK);
	rule = sts_rules_find(&rules, finds[_i].kind, finds[_i].domain,
	    finds[_i].wall);
	ck_assert_int_eq(rule != NULL, finds[_i].reason != NULL);
	if (rule != NULL)
		ck_assert_str_eq(rule->reason, finds[_i].reason);
	sts_rules_clear(&rules);
}
END_TEST

START_TEST(no_rules_find_nothing)
{
	struct sts_rules rules;
	struct sts_error err;

	ck_assert_int_eq(load("", &rules, &err), STS_OK);
	ck_assert_ptr_null(sts_rules_find(&rules, STS_RULE_REQUIRE, "a.example",
	    0));
	sts_rules_clear(&rules);
}
END_TEST

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

int
main(void)
{
	Suite *suite = suite_create("rule");
	TCase *tc = tcase_create("rule");

	tcase_add_loop_test(tc, bad_rule_is_refused, 0, COUNT(bad));
	tcase_add_test(tc, rule_is_read);
	tcase_add_loop_test(tc, until_includes_its_day, 0, COUNT(dates));
	tcase_add_loop_test(tc, load_error_names_file_and_line, 0, 3);
	tcase_add_loop_test(tc, exact_then_longest_wildcard, 0, COUNT(finds));
	tcase_add_test(tc, no_rules_find_nothing);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
