/* SPDX-License-Identifier: ISC */
/*
 * Lines out of a stream that is cut anywhere.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/lines.h"
#include "base/buf.h"
#include "suite.h"

#define MAX 8 /* octets of a line here */

static struct sts_lines lines;
static struct sts_buf seen; /* each line and ";", or "!" for one skipped */

static void
see(void *arg, char *line, size_t len)
{
	ck_assert_ptr_eq(arg, &seen);
	if (line == NULL) {
		ck_assert_uint_eq(len, 0);
		ck_assert_int_eq(sts_buf_str(&seen, "!"), STS_OK);
		return;
	}
	ck_assert_uint_eq(strlen(line), len);
	ck_assert_int_eq(sts_buf_printf(&seen, "%s;", line), STS_OK);
	memset(line, 'x', len); /* it is ours until we return */
}

static void
setup(void)
{
	sts_lines_init(&lines, MAX);
	sts_buf_init(&seen, 4096);
}

static void
teardown(void)
{
	sts_lines_clear(&lines);
	sts_buf_clear(&seen);
}

#define CASE(in, out)                                                          \
	{                                                                      \
		in, sizeof(in) - 1, out                                        \
	}

static const struct {
	const char *in;
	size_t len;
	const char *out;
} cases[] = {
	CASE("", ""),
	CASE("a", ""),
	CASE("\n", ";"),
	CASE("a\n", "a;"),
	CASE("a\nb\n", "a;b;"),
	CASE("a\nb", "a;"),
	CASE("\n\na\n", ";;a;"),
	CASE("a\r\n", "a\r;"),
	CASE("12345678\n", "12345678;"),
	CASE("123456789\n", "!"),
	CASE("123456789\na\n", "!a;"),
	CASE("123456789123456789123456789\na\n", "!a;"),
	CASE("a\0b\nc\n", "!c;"),
	CASE("\0\nc\n", "!c;"),
	CASE("a\0", ""),
	CASE("\0\n\0\n12345678\n", "!!12345678;"),
	CASE("\xff\x01\x7f\n", "\xff\x01\x7f;"),
};
#define CASES (sizeof(cases) / sizeof(cases[0]))

START_TEST(whole_lines_come_out)
{
	sts_lines_feed(&lines, cases[_i].in, cases[_i].len, see, &seen);
	ck_assert_str_eq(sts_buf_text(&seen), cases[_i].out);
}
END_TEST

/* Cut into two at every place, and into octets. */
START_TEST(wherever_the_stream_is_cut)
{
	size_t at, i;

	for (at = 0; at <= cases[_i].len; at++) {
		sts_lines_feed(&lines, cases[_i].in, at, see, &seen);
		sts_lines_feed(&lines, cases[_i].in + at, cases[_i].len - at,
		    see, &seen);
		ck_assert_str_eq(sts_buf_text(&seen), cases[_i].out);
		teardown();
		setup();
	}
	for (i = 0; i < cases[_i].len; i++)
		sts_lines_feed(&lines, cases[_i].in + i, 1, see, &seen);
	ck_assert_str_eq(sts_buf_text(&seen), cases[_i].out);
}
END_TEST

START_TEST(nothing_is_held_of_what_is_skipped)
{
	static char part[1000];
	int i;

	memset(part, 'a', sizeof(part));
	for (i = 0; i < 1000; i++)
		sts_lines_feed(&lines, part, sizeof(part), see, &seen);
	ck_assert_uint_le(lines.buf.size, MAX + 1);
	sts_lines_feed(&lines, "\nb\n", 3, see, &seen);
	ck_assert_str_eq(sts_buf_text(&seen), "!b;");
}
END_TEST

START_TEST(cleared_it_begins_anew)
{
	sts_lines_feed(&lines, "a\0", 2, see, &seen);
	sts_lines_clear(&lines);
	sts_lines_feed(&lines, "b\n", 2, see, &seen);
	ck_assert_str_eq(sts_buf_text(&seen), "b;");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lines");
	TCase *tcase = tcase_create("lines");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, whole_lines_come_out, 0, CASES);
	tcase_add_loop_test(tcase, wherever_the_stream_is_cut, 0, CASES);
	tcase_add_test(tcase, nothing_is_held_of_what_is_skipped);
	tcase_add_test(tcase, cleared_it_begins_anew);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
