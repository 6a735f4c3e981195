/* SPDX-License-Identifier: ISC */
/*
 * Keys and values of a policy, rule by rule (RFC 8461, 3.2): both sides of
 * every boundary, and where the error is said to be.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy_case.h"
#include "suite.h"

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"
#define D253                                                                   \
	L63 "." L63 "." L63                                                    \
	    ".a234567890123456789012345678901234567890123456789012345678901"
#define WILD_L63 "*." L63

START_TEST(sts_38_keys_and_keywords_are_case_sensitive)
{
	static const char *const bad[] = {
		"Version: STSv1\nmode: none\nmax_age: 1\n",
		"VERSION: STSv1\nmode: none\nmax_age: 1\n",
		"version: STSv1\nMode: none\nmax_age: 1\n",
		"version: STSv1\nmode: none\nMax_Age: 1\n",
		HEAD "MX: mx.example.com\n",
		HEAD "Mx: mx.example.com\n",
	};
	size_t i;

	for (i = 0; i < COUNT(bad); i++)
		policy_refuse(bad[i], 0, 0, "there is no");
	policy_refuse("version: stsv1\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version: STSV1\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version: STSv1\nmode: None\nmax_age: 1\n", 2, 22,
	    "mode");
	policy_refuse("version: STSv1\nmode: ENFORCE\nmax_age: 1\n", 2, 22,
	    "mode");
	policy_accept_line("MX: other.example.com\n", 1);
	policy_accept_line("Mode: testing\n", 1);
	policy_accept_line("mod: testing\n", 0);
}
END_TEST

START_TEST(sts_39_version_is_stsv1_at_any_position)
{
	policy_accept("version: STSv1\nmode: none\nmax_age: 1\n", 0);
	policy_accept("mode: none\nversion: STSv1\nmax_age: 1\n", 0);
	policy_accept("mode: none\nmax_age: 1\nversion: STSv1\n", 0);
	policy_accept("mx: a.b\nmax_age: 1\nmode: enforce\nversion: STSv1", 0);
	policy_refuse("mode: none\nmax_age: 1\n", 0, 0, "version");
	policy_refuse("version: STSv2\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version: STSv\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version: STSv11\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version: \"STSv1\"\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version: STSv1 STSv1\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	policy_refuse("version:\nmode: none\nmax_age: 1\n", 1, 9, "no value");
	policy_refuse("v=STSv1; id=1;", 1, 2, "no \":\"");
}
END_TEST

START_TEST(sts_40_mode_is_one_of_three)
{
	static const struct {
		const char *word;
		enum sts_mode mode;
	} good[] = {
		{ "enforce", STS_MODE_ENFORCE },
		{ "testing", STS_MODE_TESTING },
		{ "none", STS_MODE_NONE },
	};
	static const char *const bad[] = { "report", "enforced", "enforc",
		"test", "none;", "off", "0", "defer", "enforce, testing",
		"\"none\"" };
	struct sts_policy *policy;
	char text[256];
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		(void)snprintf(text, sizeof(text),
		    "version: STSv1\nmode: %s\nmx: a.b\nmax_age: 1\n",
		    good[i].word);
		policy = policy_parse(text);
		ck_assert_int_eq(policy->mode, good[i].mode);
		sts_policy_free(policy);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text),
		    "version: STSv1\nmode: %s\nmx: a.b\nmax_age: 1\n", bad[i]);
		policy_refuse(text, 2, 22, "mode");
	}
	policy_refuse("version: STSv1\nmode:\nmax_age: 1\n", 2, 21, "no value");
	policy_refuse("version: STSv1\nmode: \nmax_age: 1\n", 2, 22,
	    "no value");
	policy_refuse("version: STSv1\nmax_age: 1\nmx: a.b\n", 0, 0, "mode");
}
END_TEST

START_TEST(sts_41_max_age_is_one_to_ten_digits)
{
	static const struct {
		const char *word;
		int64_t age;
	} good[] = {
		{ "0", 0 },
		{ "1", 1 },
		{ "007", 7 },
		{ "0000000000", 0 },
		{ "604800", 604800 },
		{ "31557599", 31557599 },
	};
	static const struct {
		const char *word;
		unsigned at;
	} bad[] = {
		{ "-1", 1 }, { "+1", 1 }, { "1e3", 2 }, { "86400 s", 6 },
		{ "86400s", 6 }, { "1 000", 2 }, { "1.5", 2 }, { "1,000", 2 },
		{ "0x10", 2 }, { "00000000001", 11 }, { "99999999999", 11 },
		{ "18446744073709551617", 11 },
		{ "\xd9\xa1", 1 }, /* a digit, but not of ASCII */
	};
	struct sts_policy *policy;
	char text[256];
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		(void)snprintf(text, sizeof(text),
		    "version: STSv1\nmode: none\nmax_age: %s\n", good[i].word);
		policy = policy_parse(text);
		ck_assert_int_eq(policy->max_age, good[i].age);
		ck_assert_uint_eq(policy->warning_count, 0);
		sts_policy_free(policy);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text),
		    "version: STSv1\nmode: none\nmax_age: %s\n", bad[i].word);
		policy_refuse(text, 3, 35 + bad[i].at, "max_age");
	}
	policy_refuse("version: STSv1\nmode: none\nmax_age: \n", 3, 36,
	    "no value");
	policy_refuse("version: STSv1\nmode: none\n", 0, 0, "max_age");
}
END_TEST

START_TEST(sts_42_more_than_a_year_is_a_year)
{
	static const struct {
		const char *text;
		size_t warnings;
	} ages[] = {
		{ "version: STSv1\nmode: none\nmax_age: 31557600\n", 0 },
		{ "version: STSv1\nmode: none\nmax_age: 31557601\n", 1 },
		{ "version: STSv1\nmode: none\nmax_age: 2147483648\n", 1 },
		{ "version: STSv1\nmode: none\nmax_age: 4294967297\n", 1 },
		{ "version: STSv1\nmode: none\nmax_age: 9999999999\n", 1 },
	};
	struct sts_policy *policy;
	size_t i;

	for (i = 0; i < COUNT(ages); i++) {
		policy = policy_parse(ages[i].text);
		ck_assert_int_eq(policy->max_age, 31557600);
		ck_assert_uint_eq(policy->warning_count, ages[i].warnings);
		sts_policy_free(policy);
	}
}
END_TEST

START_TEST(sts_43_max_age_zero_is_legal)
{
	policy_accept("version: STSv1\nmode: enforce\nmax_age: 0\nmx: a.b\n",
	    0);
}
END_TEST

START_TEST(sts_44_mx_is_needed_unless_mode_is_none)
{
	struct sts_policy *policy;

	policy_accept("version: STSv1\nmode: none\nmax_age: 1\n", 0);
	policy =
	    policy_parse("version: STSv1\nmode: none\nmax_age: 1\nmx: a.b\n");
	ck_assert_uint_eq(policy->mx_count, 1);
	sts_policy_free(policy);
	policy_accept("version: STSv1\nmode: none\nmax_age: 1\nmx: a_b\n", 1);
	policy_refuse("version: STSv1\nmode: enforce\nmax_age: 1\n", 0, 0,
	    "mx");
	policy_refuse("version: STSv1\nmode: testing\nmax_age: 1\n", 0, 0,
	    "mx");
}
END_TEST

START_TEST(sts_45_mx_repeats_in_file_order)
{
	struct sts_policy *policy;

	policy = policy_parse(
	    "mx: MX2.Example.COM\nversion: STSv1\nmx: *.B.example\n"
	    "mode: testing\nmx: a\nmax_age: 1\nmx:mx2.example.com");
	ck_assert_uint_eq(policy->mx_count, 4);
	ck_assert_str_eq(policy->mx[0], "mx2.example.com");
	ck_assert_str_eq(policy->mx[1], "*.b.example");
	ck_assert_str_eq(policy->mx[2], "a");
	ck_assert_str_eq(policy->mx[3], "mx2.example.com");
	sts_policy_free(policy);
	policy_refuse(HEAD "mx: a.x, b.x\n", 0, 0, "mx");
	policy_refuse(HEAD "mx: a.x,b.x\n", 0, 0, "mx");
	policy_refuse(HEAD "mx: a.x b.x\n", 0, 0, "mx");
	policy_refuse(HEAD "mx: a.x;b.x\n", 0, 0, "mx");
}
END_TEST

START_TEST(sts_46_mx_is_a_domain_or_one_wildcard)
{
	static const char *const good[] = { "mx.example.com", "*.example.com",
		"localhost", "*.com", "a-b.example", "a--b.example",
		"1.example", "mx.1", "xn--mx-fka.example", "256.1.1.1.1",
		"1.2.3", "*.1.2.3", L63 ".example", D253, WILD_L63 };
	static const char *const bad[] = { "mx.example.com.", ".example.com",
		"*example.com", "*", "*.", "**.example.com", "*.*.example.com",
		"mx.*.example.com", "mx*.example.com", "*mx.example.com",
		"a..b", "-a.example", "a-.example", "a.-b", "a.b-",
		"mx_1.example.com", "_mx.example.com", "[192.0.2.1]",
		"[IPv6:2001:db8::1]", "2001:db8::1", "mx.example.com:25",
		"smtp://mx.example.com", "10 mx.example.com", "a@b.example",
		"mx.example.com/", "\"mx.example.com\"", "a\\.b", "a%2eb",
		"<mx.example.com>", "{mx}", L63 "a.example", D253 "a" };
	char text[512];
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		(void)snprintf(text, sizeof(text), HEAD "mx: %s", good[i]);
		policy_accept(text, 0);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text), HEAD "mx: %s", bad[i]);
		policy_refuse(text, 0, 0, "usable \"mx\"");
	}
}
END_TEST

START_TEST(sts_47_patterns_are_a_labels)
{
	policy_refuse(HEAD "mx: mx.b\xc3\xbc"
			   "cher.example\n",
	    0, 0, "mx");
	policy_accept(HEAD "mx: mx.xn--bcher-kva.example\n", 0);
	policy_accept(HEAD "mx: XN--bcher-kva.example\n", 0);
}
END_TEST

START_TEST(sts_48_bad_mx_is_skipped_beside_good_ones)
{
	static const char *const bad[] = { "mx.example.com.", "*", "a_b",
		"a.x, b.x", "[192.0.2.1]", "b\xc3\xbc" };
	struct sts_policy *policy;
	char text[512];
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text),
		    HEAD "mx: %s\nmx: good.example\n", bad[i]);
		policy = policy_parse(text);
		ck_assert_uint_eq(policy->mx_count, 1);
		ck_assert_str_eq(policy->mx[0], "good.example");
		ck_assert_uint_eq(policy->warning_count, 1);
		ck_assert_uint_eq(policy->warning[0].line, 4);
		sts_policy_free(policy);
		(void)snprintf(text, sizeof(text), HEAD "mx: %s\n", bad[i]);
		policy_refuse(text, 0, 0, "usable \"mx\"");
	}
	policy_refuse(HEAD "mx:\nmx: good.example\n", 4,
	    (unsigned)strlen(HEAD "mx:\n"), "no value");
}
END_TEST

/* It stays in the list, where no host ever matches it. */
START_TEST(sts_48_a_dotted_quad_is_grammatical)
{
	static const char *const quads[] = { "192.0.2.1", "*.192.0.2.1",
		"999.0.2.1" };
	struct sts_policy *policy;
	char text[512];
	size_t i;

	for (i = 0; i < COUNT(quads); i++) {
		(void)snprintf(text, sizeof(text),
		    HEAD "mx: %s\nmx: good.example\n", quads[i]);
		policy = policy_parse(text);
		ck_assert_uint_eq(policy->mx_count, 2);
		ck_assert_str_eq(policy->mx[0], quads[i]);
		ck_assert_uint_eq(policy->warning_count, 1);
		sts_policy_free(policy);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		sts_38_keys_and_keywords_are_case_sensitive,
		sts_39_version_is_stsv1_at_any_position,
		sts_40_mode_is_one_of_three,
		sts_41_max_age_is_one_to_ten_digits,
		sts_42_more_than_a_year_is_a_year,
		sts_43_max_age_zero_is_legal,
		sts_44_mx_is_needed_unless_mode_is_none,
		sts_45_mx_repeats_in_file_order,
		sts_46_mx_is_a_domain_or_one_wildcard,
		sts_47_patterns_are_a_labels,
		sts_48_bad_mx_is_skipped_beside_good_ones,
		sts_48_a_dotted_quad_is_grammatical,
	};
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");
	size_t i;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
