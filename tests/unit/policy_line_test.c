/* SPDX-License-Identifier: ISC */
/*
 * Lines of a policy text, rule by rule (RFC 8461, 3.2): ends, blanks, octets,
 * lengths, and where the error is said to be.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_case.h"
#include "suite.h"

#define N32 "a234567890123456789012345678901_"

START_TEST(sts_35_lines_end_in_lf_or_crlf)
{
	static const char *const good[] = {
		"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.b\n",
		"version: STSv1\r\nmode: enforce\r\nmax_age: 1\r\nmx: a.b\r\n",
		"version: STSv1\nmode: enforce\r\nmax_age: 1\nmx: a.b\r\n",
		"version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.b",
		"version: STSv1\r\nmode: enforce\r\nmax_age: 1\r\nmx: a.b",
		"version:STSv1\nmode:enforce\nmx:a.b\nmax_age:1 \t",
	};
	struct sts_policy *policy;
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		policy = policy_parse(good[i]);
		ck_assert_int_eq(policy->mode, STS_MODE_ENFORCE);
		ck_assert_int_eq(policy->max_age, 1);
		ck_assert_uint_eq(policy->mx_count, 1);
		ck_assert_str_eq(policy->mx[0], "a.b");
		ck_assert_uint_eq(policy->warning_count, 0);
		sts_policy_free(policy);
	}
}
END_TEST

START_TEST(sts_35_bare_cr_ends_no_line)
{
	policy_refuse("version: STSv1\rmode: none\rmax_age: 1\r", 1, 15,
	    "carriage");
	policy_refuse("version: STSv1\r\r\nmode: none\nmax_age: 1\n", 1, 15,
	    "carriage");
	policy_refuse("version: STSv1\nmode: none\nmax_age: 1\r", 3, 37,
	    "carriage");
	policy_refuse("version: STSv1\n\rmode: none\nmax_age: 1\n", 2, 16,
	    "form");
	policy_refuse("version: STSv1\n\r\r\nmode: none\nmax_age: 1\n", 2, 16,
	    "form");
	policy_refuse("version: STSv1 \r \nmode: none\nmax_age: 1\n", 1, 16,
	    "carriage");
}
END_TEST

START_TEST(sts_36_blanks)
{
	policy_accept_line("x:y", 0);
	policy_accept_line("x: y", 0);
	policy_accept_line("x:\ty", 0);
	policy_accept_line("x: \t \ty \t \t\r\n", 0);
	policy_accept("version:STSv1 \t\nmode:\t \tnone\nmax_age:  0  \r\n", 0);
	policy_refuse(" version: STSv1\nmode: none\nmax_age: 1\n", 1, 1,
	    "blank");
	policy_refuse("version : STSv1\nmode: none\nmax_age: 1\n", 1, 8,
	    "blank");
	policy_refuse("version: STSv1\n\tmode: none\nmax_age: 1\n", 2, 16,
	    "blank");
	policy_refuse("version: STSv1\nmode: none\nmax_age\t: 1\n", 3, 34,
	    "blank");
	policy_refuse_line("x: a\tb\n", 5, "control");
}
END_TEST

START_TEST(sts_37_empty_lines_are_skipped_with_a_warning)
{
	struct sts_policy *policy;

	policy_accept(GOOD "\n", 1);
	policy_accept(GOOD "\n\n\n", 3);
	policy_accept(GOOD "\r\n\n", 2);
	policy_accept("\n" GOOD, 1);
	policy = policy_parse(
	    "version: STSv1\n\nmode: none\n \t \r\nmax_age: 1\n\t");
	ck_assert_uint_eq(policy->warning_count, 3);
	ck_assert_uint_eq(policy->warning[0].line, 2);
	ck_assert_uint_eq(policy->warning[1].line, 4);
	ck_assert_uint_eq(policy->warning[2].line, 6);
	ck_assert_str_eq(policy->warning[1].text, "empty line");
	sts_policy_free(policy);
}
END_TEST

START_TEST(sts_49_unknown_keys_are_ignored)
{
	policy_accept_line("a: b\n", 0);
	policy_accept_line("0: b\n", 0);
	policy_accept_line("a.b-c_d: x\n", 0);
	policy_accept_line("x: a b  c : = ; , \" ~\n", 0);
	policy_accept_line("x: :\n", 0);
	policy_accept_line("http://example.com\n", 0);
	policy_accept_line("x: \xc3\xbc \xe2\x82\xac \xf0\x9f\x93\xa7\n", 0);
	policy_accept_line("x: \xef\xbb\xbf\n", 0);
	policy_accept_line("x: \xc2\x85\n", 0);
	policy_accept_line(N32 ": x\n", 0);
	policy_refuse_line(N32 "3: x\n", 33, "32 characters");
	policy_refuse_line("_a: x\n", 1, "form");
	policy_refuse_line("-a: x\n", 1, "form");
	policy_refuse_line(".a: x\n", 1, "form");
	policy_refuse_line(": x\n", 1, "form");
	policy_refuse_line("a+b: x\n", 2, "no \":\"");
	policy_refuse_line("a/b: x\n", 2, "no \":\"");
	policy_refuse_line("\xc3\xbc: x\n", 1, "form");
	policy_refuse_line("x:\n", 3, "no value");
	policy_refuse_line("x: \t \n", 6, "no value");
	policy_refuse_line("x: \t \r\n", 6, "no value");
	policy_refuse_line("x:", 2, "no value"); /* the last octet there is */
}
END_TEST

START_TEST(sts_49_first_duplicate_wins)
{
	struct sts_policy *policy;

	policy =
	    policy_parse(GOOD "mode: testing\nmax_age: 1\nversion: STSv2\n");
	ck_assert_int_eq(policy->mode, STS_MODE_ENFORCE);
	ck_assert_int_eq(policy->max_age, 86400);
	ck_assert_uint_eq(policy->warning_count, 3);
	ck_assert_uint_eq(policy->warning[0].line, 5);
	sts_policy_free(policy);
	policy = policy_parse("version: STSv1\nmode: none\nmode: enforce\n"
			      "max_age: 1\nmax_age: x\nmode: nonsense\n");
	ck_assert_int_eq(policy->mode, STS_MODE_NONE);
	sts_policy_free(policy);
	policy_refuse(
	    "version: STSv1\nmode: x\nmode: enforce\nmax_age: 1\nmx: a\n", 2,
	    22, "mode");
	policy_refuse(
	    "version: STSv2\nversion: STSv1\nmode: none\nmax_age: 1\n", 1, 10,
	    "version");
	policy_refuse("version: STSv1\nmode: none\nmax_age: x\nmax_age: 1\n", 3,
	    36, "max_age");
	policy_refuse_line("mode:\n", 6,
	    "no value"); /* no duplicate, no field */
}
END_TEST

START_TEST(sts_50_a_line_that_is_no_pair_spoils_all)
{
	policy_refuse("\xef\xbb\xbf" GOOD, 1, 1, "byte order mark");
	policy_refuse_line("<html>\n", 1, "form");
	policy_refuse_line("<a href=\"x:y\">\n", 1, "form");
	policy_refuse_line("text\n", 5, "no \":\"");
	policy_refuse_line("text", 4, "no \":\"");
	policy_refuse_line("two words: x\n", 4, "blank");
	policy_refuse_line("# comment: x\n", 1, "form");
	policy_refuse_line("x: a\x01\n", 5, "control");
	policy_refuse_line("x: a\x1b[0m\n", 5, "control");
	policy_refuse_line("x: a\x7f\n", 5, "control");
	policy_refuse_line("x: a\vb\n", 5, "control");
	policy_refuse_line("x\x01: a\n", 2, "no \":\"");
	policy_refuse("<!DOCTYPE html>\n<html><head><title>404</title>\n", 1, 1,
	    "form");
}
END_TEST

START_TEST(sts_50_a_nul_ends_nothing)
{
	static const char in_value[] = GOOD "x: a\0b\n";
	static const char in_key[] = GOOD "x\0: a\n";
	static const char behind[] = GOOD "\0";
	static const char mode[] =
	    "version: STSv1\nmode: none\0\nmax_age: 1\nmx: a\n";

	policy_refuse_len(in_value, sizeof(in_value) - 1, 5,
	    sizeof(GOOD) - 1 + 5, "control");
	policy_refuse_len(in_key, sizeof(in_key) - 1, 5, sizeof(GOOD) - 1 + 2,
	    "no \":\"");
	policy_refuse_len(behind, sizeof(behind) - 1, 5, sizeof(GOOD) - 1 + 1,
	    "form");
	policy_refuse_len(mode, sizeof(mode) - 1, 2, 26, "control");
}
END_TEST

START_TEST(sts_50_utf8_is_valid)
{
	static const char *const good[] = { "\xc2\x80", "\xdf\xbf",
		"\xe0\xa0\x80", "\xe1\x80\x80", "\xec\xbf\xbf", "\xed\x9f\xbf",
		"\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf1\x80\x80\x80", "\xf3\xbf\xbf\xbf", "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = { "\x80", "\xbf", "\xc0\x80",
		"\xc1\xbf", "\xc2", "\xc2 ", "\xc2\x7f", "\xc2\xc0",
		"\xe0\x80\x80", "\xe0\x9f\xbf", "\xe0\xa0", "\xe1\x80\x7f",
		"\xe1\x80\xc0", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf0\x90\x80",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80",
		"\xfe", "\xff", "\xfc" };
	char line[32];
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		(void)snprintf(line, sizeof(line), "x: a%sb\n", good[i]);
		policy_accept_line(line, 0);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(line, sizeof(line), "x: a%s\n", bad[i]);
		policy_refuse_line(line, 5, "UTF-8");
		(void)snprintf(line, sizeof(line), "x: a%s", bad[i]);
		policy_refuse_line(line, 5, "UTF-8");
	}
}
END_TEST

START_TEST(sts_50_nothing_is_no_policy)
{
	policy_refuse("", 0, 0, "version");
	policy_refuse("\n", 0, 0, "version");
	policy_refuse("\r\n", 0, 0, "version");
	policy_refuse(" ", 0, 0, "version");
	policy_refuse("x: y", 0, 0, "version");
}
END_TEST

/* GOOD, filled up to LEN octets with an extension. */
static char *
filled(size_t len)
{
	char *text = malloc(len + 1);
	size_t head = strlen(GOOD "x: ");

	ck_assert_ptr_nonnull(text);
	memcpy(text, GOOD "x: ", head);
	memset(text + head, 'y', len - head);
	text[len] = '\0';
	return text;
}

START_TEST(sts_23_text_is_at_most_64k)
{
	char *text = filled(65537);

	sts_policy_free(policy_parse_len(text, 65536));
	policy_refuse_len(text, 65537, 0, 0, "65536");
	free(text);
}
END_TEST

START_TEST(as_many_mx_as_fit)
{
	static const char line[] = "mx:a\n";
	size_t n = strlen(HEAD), count = 0;
	char *text = malloc(65537);
	struct sts_policy *policy;

	ck_assert_ptr_nonnull(text);
	memcpy(text, HEAD, n);
	for (; n + 5 <= 65536; n += 5, count++)
		memcpy(text + n, line, 5);
	policy = policy_parse_len(text, n - 1);
	ck_assert_uint_eq(policy->mx_count, count);
	ck_assert_str_eq(policy->mx[0], "a");
	ck_assert_str_eq(policy->mx[count - 1], "a");
	sts_policy_free(policy);
	free(text);
}
END_TEST

START_TEST(warnings_beyond_the_array_are_counted)
{
	char text[256];
	struct sts_policy *policy;
	size_t n;

	for (n = 15; n < 19; n++) {
		(void)snprintf(text, sizeof(text), GOOD "%.*s", (int)n,
		    "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n");
		policy = policy_parse(text);
		ck_assert_uint_eq(policy->warning_count, n);
		ck_assert_uint_eq(policy->warning[14].line, 19);
		/* What lies behind the array is whole. */
		ck_assert_str_eq(policy->mx[0], "mx.example.com");
		sts_policy_free(policy);
	}
}
END_TEST

START_TEST(where_and_err_may_be_null)
{
	struct sts_policy *policy = NULL;

	ck_assert_int_eq(sts_policy_parse("x", 1, &policy, NULL, NULL),
	    STS_EPOLICY);
	ck_assert_int_eq(sts_policy_parse(NULL, 0, &policy, NULL, NULL),
	    STS_EPOLICY);
	sts_policy_free(NULL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		sts_35_lines_end_in_lf_or_crlf,
		sts_35_bare_cr_ends_no_line,
		sts_36_blanks,
		sts_37_empty_lines_are_skipped_with_a_warning,
		sts_49_unknown_keys_are_ignored,
		sts_49_first_duplicate_wins,
		sts_50_a_line_that_is_no_pair_spoils_all,
		sts_50_a_nul_ends_nothing,
		sts_50_utf8_is_valid,
		sts_50_nothing_is_no_policy,
		sts_23_text_is_at_most_64k,
		as_many_mx_as_fit,
		warnings_beyond_the_array_are_counted,
		where_and_err_may_be_null,
	};
	Suite *suite = suite_create("policy_line");
	TCase *tcase = tcase_create("policy_line");
	size_t i;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
