/* SPDX-License-Identifier: ISC */
/*
 * MX host against pattern (RFC 8461, 4.1).
 */
#include <check.h>
#include <string.h>

#include "policy/match.h"
#include "suite.h"

#define L63 "a23456789012345678901234567890123456789012345678901234567890123"
#define D253                                                                   \
	L63 "." L63 "." L63                                                    \
	    ".a234567890123456789012345678901234567890123456789012345678901"
#define COUNT(table) (sizeof(table) / sizeof(table[0]))

struct pair {
	const char *pattern, *host;
};

static void
all_match(const struct pair *pairs, size_t count, bool match)
{
	size_t i;

	for (i = 0; i < count; i++)
		ck_assert_msg(sts_match_mx(pairs[i].pattern, pairs[i].host) ==
				  match,
		    "\"%s\" and \"%s\"", pairs[i].pattern, pairs[i].host);
}

START_TEST(sts_51_name_for_name)
{
	static const struct pair yes[] = {
		{ "mx.example.com", "mx.example.com" },
		{ "localhost", "localhost" },
		{ D253, D253 },
	};
	static const struct pair no[] = {
		{ "mx.example.com", "mx2.example.com" },
		{ "mx.example.com", "example.com" },
		{ "mx.example.com", "a.mx.example.com" },
		{ "mx.example.com", "mx.example.co" },
		{ "mx.example.com", "mx.example.com.evil" },
		{ "mx.example.com", "mxxexample.com" },
		{ "mx.example.com", "" },
		{ "", "" },
		{ "", "mx.example.com" },
		{ D253, "a" D253 },
	};

	all_match(yes, COUNT(yes), true);
	all_match(no, COUNT(no), false);
}
END_TEST

START_TEST(sts_52_wildcard_is_one_label)
{
	static const struct pair yes[] = {
		{ "*.example.com", "a.example.com" },
		{ "*.example.com", "a-b.example.com" },
		{ "*.example.com", "xn--mx-fka.example.com" },
		{ "*.example.com", "1.example.com" },
		{ "*.example.com", "mx_1.example.com" },
		{ "*.example.com", L63 ".example.com" },
		{ "*.com", "example.com" },
		{ "*.mx.microsoft", "contoso-com.mx.microsoft" },
	};
	static const struct pair no[] = {
		{ "*.example.com", "example.com" },
		{ "*.example.com", ".example.com" },
		{ "*.example.com", "a.b.example.com" },
		{ "*.example.com", "aexample.com" },
		{ "*.example.com", "a.example.com.evil" },
		{ "*.example.com", "a.example.org" },
		{ "*.example.com", "*.example.com" },
		{ "*.example.com", "a b.example.com" },
		{ "*.example.com", "\xc3\xa4.example.com" },
		{ "*.example.com", L63 "a.example.com" },
		{ "*.com", "com" },
		{ "*.mx.microsoft", "x-y.h-v1.mx.microsoft" },
	};

	all_match(yes, COUNT(yes), true);
	all_match(no, COUNT(no), false);
}
END_TEST

START_TEST(sts_46_what_is_no_pattern_matches_nothing)
{
	static const struct pair no[] = {
		{ "*", "a" },
		{ "*.", "a" },
		{ "*.", "a." },
		{ "*example.com", "mxexample.com" },
		{ "*example.com", "*example.com" },
		{ "*.*.com", "a.b.com" },
		{ "*.*.com", "a.*.com" },
		{ "a.*.com", "a.b.com" },
		{ "a.*.com", "a.*.com" },
		{ "mx_1.example.com", "mx_1.example.com" },
		{ "mx.example.com.", "mx.example.com" },
		{ "mx.example.com.", "mx.example.com." },
		{ "mx.example.com.", "mx.example.com.." },
		{ "-a.example", "-a.example" },
		{ "a..b", "a..b" },
		{ ".a", ".a" },
		{ "[192.0.2.1]", "[192.0.2.1]" },
		{ "2001:db8::1", "2001:db8::1" },
	};

	all_match(no, COUNT(no), false);
	ck_assert(!sts_match_pattern_valid("", 0));
	ck_assert(!sts_match_pattern_valid("a\0b", 3));
}
END_TEST

START_TEST(sts_48_address_is_no_host)
{
	static const struct pair no[] = {
		{ "192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1", "192.0.2.1." },
		{ "*.0.2.1", "192.0.2.1" },
		{ "*.192.0.2.1", "a.192.0.2.1" },
	};

	all_match(no, COUNT(no), false);
	ck_assert(sts_match_pattern_valid("192.0.2.1", 9));
	ck_assert(!sts_match_names_host("192.0.2.1", 9));
	ck_assert(!sts_match_names_host("*.192.0.2.1", 11));
	ck_assert(sts_match_names_host("192.0.2.1a", 10));
}
END_TEST

START_TEST(sts_53_case_does_not_matter)
{
	static const struct pair yes[] = {
		{ "mx1.example.com", "MX1.Example.COM" },
		{ "MX1.Example.COM", "mx1.example.com" },
		{ "*.EXAMPLE.com", "Mx.example.COM" },
	};
	static const struct pair no[] = {
		/* Octets that differ by 0x20 and are no letters. */
		{ "a[b", "a{b" },
		{ "a-b", "a\rb" },
		{ "mx.b\xc3\x9c.example", "mx.b\xc3\xbc.example" },
	};

	all_match(yes, COUNT(yes), true);
	all_match(no, COUNT(no), false);
}
END_TEST

START_TEST(sts_54_one_root_dot_of_the_host)
{
	static const struct pair yes[] = {
		{ "mx.example.com", "mx.example.com." },
		{ "*.example.com", "mx.example.com." },
		{ D253, D253 "." },
	};
	static const struct pair no[] = {
		{ "mx.example.com", "mx.example.com.." },
		{ "*.example.com", "mx.example.com.." },
		{ "mx.example.com", "." },
		{ "*.com", "." },
		{ "*.com", ".com." },
		{ ".", "." },
		{ "", "." },
		{ "*", "." },
	};

	all_match(yes, COUNT(yes), true);
	all_match(no, COUNT(no), false);
}
END_TEST

START_TEST(first_that_matches)
{
	static const char *const mx[] = { "a.example", "*.b.example",
		"*.example", "a.example" };

	ck_assert_int_eq(sts_match_any(mx, 4, "a.example"), 0);
	ck_assert_int_eq(sts_match_any(mx, 4, "A.B.example."), 1);
	ck_assert_int_eq(sts_match_any(mx, 4, "b.example"), 2);
	ck_assert_int_eq(sts_match_any(mx, 2, "b.example"), -1);
	ck_assert_int_eq(sts_match_any(mx, 4, "c.a.example"), -1);
	ck_assert_int_eq(sts_match_any(NULL, 0, "a.example"), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		sts_46_what_is_no_pattern_matches_nothing,
		sts_48_address_is_no_host,
		sts_51_name_for_name,
		sts_52_wildcard_is_one_label,
		sts_53_case_does_not_matter,
		sts_54_one_root_dot_of_the_host,
		first_that_matches,
	};
	Suite *suite = suite_create("match");
	TCase *tcase = tcase_create("match");
	size_t i;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
