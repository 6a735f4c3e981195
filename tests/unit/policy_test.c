/* SPDX-License-Identifier: ISC */
/*
 * Policy text, rule by rule (RFC 8461, 3.2): both sides of every boundary,
 * and where the error is said to be.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define HEAD "version: STSv1\nmode: enforce\nmax_age: 86400\n"
#define GOOD HEAD "mx: mx.example.com\n"
#define N32  "a234567890123456789012345678901_"
#define L63  "a23456789012345678901234567890123456789012345678901234567890123"
#define D253                                                                   \
	L63 "." L63 "." L63                                                    \
	    ".a234567890123456789012345678901234567890123456789012345678901"
#define WILD_L63     "*." L63
#define COUNT(table) (sizeof(table) / sizeof(table[0]))

static struct sts_policy *
parse_len(const char *text, size_t len)
{
	struct sts_policy *policy = NULL;
	struct sts_error err = { .text = "" };
	enum sts_rc rc;

	rc = sts_policy_parse(text, len, &policy, NULL, &err);
	ck_assert_msg(rc == STS_OK, "\"%s\": %s", text, err.text);
	ck_assert_uint_eq(policy->text_len, len);
	ck_assert_mem_eq(policy->text, text, len);
	return policy;
}

static struct sts_policy *
parse(const char *text)
{
	return parse_len(text, strlen(text));
}

/* TEXT is a good policy with WARNINGS. */
static void
accept(const char *text, size_t warnings)
{
	struct sts_policy *policy = parse(text);

	ck_assert_msg(policy->warning_count == warnings, "\"%s\": %zu warnings",
	    text, policy->warning_count);
	sts_policy_free(policy);
}

/* LEN octets are refused for the octet at BYTE of LINE; say what WHY says. */
static void
refuse_len(const char *text, size_t len, unsigned line, unsigned byte,
    const char *why)
{
	struct sts_policy_where where = { 99, 99 };
	struct sts_policy *policy = NULL;
	struct sts_error err = { .text = "" };
	enum sts_rc rc;
	char *copy = malloc(len + 1);

	/* A block of the exact size, so that a sanitizer sees overreads. */
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	copy = realloc(copy, len == 0 ? 1 : len);
	rc = sts_policy_parse(copy, len, &policy, &where, &err);
	free(copy);
	ck_assert_msg(rc == STS_EPOLICY, "\"%s\" was accepted", text);
	ck_assert_ptr_null(policy);
	ck_assert_msg(where.line == line && where.byte == byte,
	    "\"%s\": line %u byte %u", text, where.line, where.byte);
	ck_assert_msg(strstr(err.text, why) != NULL, "\"%s\": %s", text,
	    err.text);
}

static void
refuse(const char *text, unsigned line, unsigned byte, const char *why)
{
	refuse_len(text, strlen(text), line, byte, why);
}

/* GOOD and then LINE, which is refused for its octet AT (from 1). */
static void
refuse_line(const char *line, unsigned at, const char *why)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), GOOD "%s", line);
	refuse(text, 5, (unsigned)strlen(GOOD) + at, why);
}

static void
accept_line(const char *line, size_t warnings)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), GOOD "%s", line);
	accept(text, warnings);
}

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
		policy = parse(good[i]);
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
	refuse("version: STSv1\rmode: none\rmax_age: 1\r", 1, 15, "carriage");
	refuse("version: STSv1\r\r\nmode: none\nmax_age: 1\n", 1, 15,
	    "carriage");
	refuse("version: STSv1\nmode: none\nmax_age: 1\r", 3, 37, "carriage");
	refuse("version: STSv1\n\rmode: none\nmax_age: 1\n", 2, 16, "form");
	refuse("version: STSv1\n\r\r\nmode: none\nmax_age: 1\n", 2, 16, "form");
	refuse("version: STSv1 \r \nmode: none\nmax_age: 1\n", 1, 16,
	    "carriage");
}
END_TEST

START_TEST(sts_36_blanks)
{
	accept_line("x:y", 0);
	accept_line("x: y", 0);
	accept_line("x:\ty", 0);
	accept_line("x: \t \ty \t \t\r\n", 0);
	accept("version:STSv1 \t\nmode:\t \tnone\nmax_age:  0  \r\n", 0);
	refuse(" version: STSv1\nmode: none\nmax_age: 1\n", 1, 1, "blank");
	refuse("version : STSv1\nmode: none\nmax_age: 1\n", 1, 8, "blank");
	refuse("version: STSv1\n\tmode: none\nmax_age: 1\n", 2, 16, "blank");
	refuse("version: STSv1\nmode: none\nmax_age\t: 1\n", 3, 34, "blank");
	refuse_line("x: a\tb\n", 5, "control");
}
END_TEST

START_TEST(sts_37_empty_lines_are_skipped_with_a_warning)
{
	struct sts_policy *policy;

	accept(GOOD "\n", 1);
	accept(GOOD "\n\n\n", 3);
	accept(GOOD "\r\n\n", 2);
	accept("\n" GOOD, 1);
	policy = parse("version: STSv1\n\nmode: none\n \t \r\nmax_age: 1\n\t");
	ck_assert_uint_eq(policy->warning_count, 3);
	ck_assert_uint_eq(policy->warning[0].line, 2);
	ck_assert_uint_eq(policy->warning[1].line, 4);
	ck_assert_uint_eq(policy->warning[2].line, 6);
	ck_assert_str_eq(policy->warning[1].text, "empty line");
	sts_policy_free(policy);
}
END_TEST

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
		refuse(bad[i], 0, 0, "there is no");
	refuse("version: stsv1\nmode: none\nmax_age: 1\n", 1, 10, "STSv1");
	refuse("version: STSV1\nmode: none\nmax_age: 1\n", 1, 10, "STSv1");
	refuse("version: STSv1\nmode: None\nmax_age: 1\n", 2, 22, "mode");
	refuse("version: STSv1\nmode: ENFORCE\nmax_age: 1\n", 2, 22, "mode");
	accept_line("MX: other.example.com\n", 1);
	accept_line("Mode: testing\n", 1);
	accept_line("mod: testing\n", 0);
}
END_TEST

START_TEST(sts_39_version_is_stsv1_at_any_position)
{
	accept("version: STSv1\nmode: none\nmax_age: 1\n", 0);
	accept("mode: none\nversion: STSv1\nmax_age: 1\n", 0);
	accept("mode: none\nmax_age: 1\nversion: STSv1\n", 0);
	accept("mx: a.b\nmax_age: 1\nmode: enforce\nversion: STSv1", 0);
	refuse("mode: none\nmax_age: 1\n", 0, 0, "version");
	refuse("version: STSv2\nmode: none\nmax_age: 1\n", 1, 10, "STSv1");
	refuse("version: STSv\nmode: none\nmax_age: 1\n", 1, 10, "STSv1");
	refuse("version: STSv11\nmode: none\nmax_age: 1\n", 1, 10, "STSv1");
	refuse("version: \"STSv1\"\nmode: none\nmax_age: 1\n", 1, 10, "STSv1");
	refuse("version: STSv1 STSv1\nmode: none\nmax_age: 1\n", 1, 10,
	    "STSv1");
	refuse("version:\nmode: none\nmax_age: 1\n", 1, 9, "no value");
	refuse("v=STSv1; id=1;", 1, 2, "no \":\"");
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
		policy = parse(text);
		ck_assert_int_eq(policy->mode, good[i].mode);
		sts_policy_free(policy);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text),
		    "version: STSv1\nmode: %s\nmx: a.b\nmax_age: 1\n", bad[i]);
		refuse(text, 2, 22, "mode");
	}
	refuse("version: STSv1\nmode:\nmax_age: 1\n", 2, 21, "no value");
	refuse("version: STSv1\nmode: \nmax_age: 1\n", 2, 22, "no value");
	refuse("version: STSv1\nmax_age: 1\nmx: a.b\n", 0, 0, "mode");
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
		policy = parse(text);
		ck_assert_int_eq(policy->max_age, good[i].age);
		ck_assert_uint_eq(policy->warning_count, 0);
		sts_policy_free(policy);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text),
		    "version: STSv1\nmode: none\nmax_age: %s\n", bad[i].word);
		refuse(text, 3, 35 + bad[i].at, "max_age");
	}
	refuse("version: STSv1\nmode: none\nmax_age: \n", 3, 36, "no value");
	refuse("version: STSv1\nmode: none\n", 0, 0, "max_age");
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
		policy = parse(ages[i].text);
		ck_assert_int_eq(policy->max_age, 31557600);
		ck_assert_uint_eq(policy->warning_count, ages[i].warnings);
		sts_policy_free(policy);
	}
}
END_TEST

START_TEST(sts_43_max_age_zero_is_legal)
{
	accept("version: STSv1\nmode: enforce\nmax_age: 0\nmx: a.b\n", 0);
}
END_TEST

START_TEST(sts_44_mx_is_needed_unless_mode_is_none)
{
	struct sts_policy *policy;

	accept("version: STSv1\nmode: none\nmax_age: 1\n", 0);
	policy = parse("version: STSv1\nmode: none\nmax_age: 1\nmx: a.b\n");
	ck_assert_uint_eq(policy->mx_count, 1);
	sts_policy_free(policy);
	accept("version: STSv1\nmode: none\nmax_age: 1\nmx: a_b\n", 1);
	refuse("version: STSv1\nmode: enforce\nmax_age: 1\n", 0, 0, "mx");
	refuse("version: STSv1\nmode: testing\nmax_age: 1\n", 0, 0, "mx");
}
END_TEST

START_TEST(sts_45_mx_repeats_in_file_order)
{
	struct sts_policy *policy;

	policy = parse("mx: MX2.Example.COM\nversion: STSv1\nmx: *.B.example\n"
		       "mode: testing\nmx: a\nmax_age: 1\nmx:mx2.example.com");
	ck_assert_uint_eq(policy->mx_count, 4);
	ck_assert_str_eq(policy->mx[0], "mx2.example.com");
	ck_assert_str_eq(policy->mx[1], "*.b.example");
	ck_assert_str_eq(policy->mx[2], "a");
	ck_assert_str_eq(policy->mx[3], "mx2.example.com");
	sts_policy_free(policy);
	refuse(HEAD "mx: a.x, b.x\n", 0, 0, "mx");
	refuse(HEAD "mx: a.x,b.x\n", 0, 0, "mx");
	refuse(HEAD "mx: a.x b.x\n", 0, 0, "mx");
	refuse(HEAD "mx: a.x;b.x\n", 0, 0, "mx");
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
		accept(text, 0);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text), HEAD "mx: %s", bad[i]);
		refuse(text, 0, 0, "usable \"mx\"");
	}
}
END_TEST

START_TEST(sts_47_patterns_are_a_labels)
{
	refuse(HEAD "mx: mx.b\xc3\xbc"
		    "cher.example\n",
	    0, 0, "mx");
	accept(HEAD "mx: mx.xn--bcher-kva.example\n", 0);
	accept(HEAD "mx: XN--bcher-kva.example\n", 0);
}
END_TEST

START_TEST(sts_48_bad_mx_is_skipped_beside_good_ones)
{
	static const char *const bad[] = { "192.0.2.1", "*.192.0.2.1",
		"999.0.2.1", "mx.example.com.", "*", "a_b", "a.x, b.x",
		"b\xc3\xbc" };
	struct sts_policy *policy;
	char text[512];
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(text, sizeof(text),
		    HEAD "mx: %s\nmx: good.example\n", bad[i]);
		policy = parse(text);
		ck_assert_uint_eq(policy->mx_count, 1);
		ck_assert_str_eq(policy->mx[0], "good.example");
		ck_assert_uint_eq(policy->warning_count, 1);
		ck_assert_uint_eq(policy->warning[0].line, 4);
		sts_policy_free(policy);
		(void)snprintf(text, sizeof(text), HEAD "mx: %s\n", bad[i]);
		refuse(text, 0, 0, "usable \"mx\"");
	}
	refuse(HEAD "mx:\nmx: good.example\n", 4,
	    (unsigned)strlen(HEAD "mx:\n"), "no value");
}
END_TEST

START_TEST(sts_49_unknown_keys_are_ignored)
{
	accept_line("a: b\n", 0);
	accept_line("0: b\n", 0);
	accept_line("a.b-c_d: x\n", 0);
	accept_line("x: a b  c : = ; , \" ~\n", 0);
	accept_line("x: :\n", 0);
	accept_line("http://example.com\n", 0);
	accept_line("x: \xc3\xbc \xe2\x82\xac \xf0\x9f\x93\xa7\n", 0);
	accept_line("x: \xef\xbb\xbf\n", 0);
	accept_line("x: \xc2\x85\n", 0);
	accept_line(N32 ": x\n", 0);
	refuse_line(N32 "3: x\n", 33, "32 characters");
	refuse_line("_a: x\n", 1, "form");
	refuse_line("-a: x\n", 1, "form");
	refuse_line(".a: x\n", 1, "form");
	refuse_line(": x\n", 1, "form");
	refuse_line("a+b: x\n", 2, "no \":\"");
	refuse_line("a/b: x\n", 2, "no \":\"");
	refuse_line("\xc3\xbc: x\n", 1, "form");
	refuse_line("x:\n", 3, "no value");
	refuse_line("x: \t \n", 6, "no value");
	refuse_line("x: \t \r\n", 6, "no value");
	refuse_line("x:", 2, "no value"); /* the last octet there is */
}
END_TEST

START_TEST(sts_49_first_duplicate_wins)
{
	struct sts_policy *policy;

	policy = parse(GOOD "mode: testing\nmax_age: 1\nversion: STSv2\n");
	ck_assert_int_eq(policy->mode, STS_MODE_ENFORCE);
	ck_assert_int_eq(policy->max_age, 86400);
	ck_assert_uint_eq(policy->warning_count, 3);
	ck_assert_uint_eq(policy->warning[0].line, 5);
	sts_policy_free(policy);
	policy = parse("version: STSv1\nmode: none\nmode: enforce\n"
		       "max_age: 1\nmax_age: x\nmode: nonsense\n");
	ck_assert_int_eq(policy->mode, STS_MODE_NONE);
	sts_policy_free(policy);
	refuse("version: STSv1\nmode: x\nmode: enforce\nmax_age: 1\nmx: a\n", 2,
	    22, "mode");
	refuse("version: STSv2\nversion: STSv1\nmode: none\nmax_age: 1\n", 1,
	    10, "version");
	refuse("version: STSv1\nmode: none\nmax_age: x\nmax_age: 1\n", 3, 36,
	    "max_age");
	refuse_line("mode:\n", 6, "no value"); /* no duplicate, no field */
}
END_TEST

START_TEST(sts_50_a_line_that_is_no_pair_spoils_all)
{
	refuse("\xef\xbb\xbf" GOOD, 1, 1, "byte order mark");
	refuse_line("<html>\n", 1, "form");
	refuse_line("<a href=\"x:y\">\n", 1, "form");
	refuse_line("text\n", 5, "no \":\"");
	refuse_line("text", 4, "no \":\"");
	refuse_line("two words: x\n", 4, "blank");
	refuse_line("# comment: x\n", 1, "form");
	refuse_line("x: a\x01\n", 5, "control");
	refuse_line("x: a\x1b[0m\n", 5, "control");
	refuse_line("x: a\x7f\n", 5, "control");
	refuse_line("x: a\vb\n", 5, "control");
	refuse_line("x\x01: a\n", 2, "no \":\"");
	refuse("<!DOCTYPE html>\n<html><head><title>404</title>\n", 1, 1,
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

	refuse_len(in_value, sizeof(in_value) - 1, 5, sizeof(GOOD) - 1 + 5,
	    "control");
	refuse_len(in_key, sizeof(in_key) - 1, 5, sizeof(GOOD) - 1 + 2,
	    "no \":\"");
	refuse_len(behind, sizeof(behind) - 1, 5, sizeof(GOOD) - 1 + 1, "form");
	refuse_len(mode, sizeof(mode) - 1, 2, 26, "control");
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
		accept_line(line, 0);
	}
	for (i = 0; i < COUNT(bad); i++) {
		(void)snprintf(line, sizeof(line), "x: a%s\n", bad[i]);
		refuse_line(line, 5, "UTF-8");
		(void)snprintf(line, sizeof(line), "x: a%s", bad[i]);
		refuse_line(line, 5, "UTF-8");
	}
}
END_TEST

START_TEST(sts_50_nothing_is_no_policy)
{
	refuse("", 0, 0, "version");
	refuse("\n", 0, 0, "version");
	refuse("\r\n", 0, 0, "version");
	refuse(" ", 0, 0, "version");
	refuse("x: y", 0, 0, "version");
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

	sts_policy_free(parse_len(text, 65536));
	refuse_len(text, 65537, 0, 0, "65536");
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
	policy = parse_len(text, n - 1);
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
		policy = parse(text);
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
		sts_23_text_is_at_most_64k,
		sts_35_lines_end_in_lf_or_crlf,
		sts_35_bare_cr_ends_no_line,
		sts_36_blanks,
		sts_37_empty_lines_are_skipped_with_a_warning,
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
		sts_49_unknown_keys_are_ignored,
		sts_49_first_duplicate_wins,
		sts_50_a_line_that_is_no_pair_spoils_all,
		sts_50_a_nul_ends_nothing,
		sts_50_utf8_is_valid,
		sts_50_nothing_is_no_policy,
		as_many_mx_as_fit,
		warnings_beyond_the_array_are_counted,
		where_and_err_may_be_null,
	};
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");
	SRunner *runner = srunner_create(suite);
	size_t i;
	int failed;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
