/* SPDX-License-Identifier: ISC */
/*
 * The lines between an MTA's filter and "mta-sts-resolve -s".
 */
#include <check.h>
#include <string.h>

#include "resolve/verb.h"
#include "suite.h"

static struct sts_verb_reader reader;
static struct sts_verb verb;

/* How many lines TEXT ends; VERB is the last. */
static unsigned
feed(const char *text, size_t len)
{
	unsigned lines = 0;
	size_t i;

	for (i = 0; i < len; i++)
		lines += sts_verb_take(&reader, text[i], &verb);
	return lines;
}

START_TEST(a_line_may_come_in_pieces)
{
	ck_assert_uint_eq(feed("policy exam", 11), 0);
	ck_assert_uint_eq(feed("ple.com\n", 8), 1);
	ck_assert_str_eq(verb.word, "policy");
	ck_assert_str_eq(verb.name, "example.com");
	ck_assert_uint_eq(feed("mx a b\nmx", 9), 1);
	ck_assert_uint_eq(feed(" a b\n", 5), 1);
	ck_assert_str_eq(verb.word, "mx");
	ck_assert_str_eq(verb.name, "a b");
}
END_TEST

START_TEST(what_is_no_such_line_does_not_hurt_the_next)
{
	static char longest[STS_VERB_LINE_MAX + 1];

	memset(longest, 'a', sizeof(longest));
	memcpy(longest, "mx ", 3);
	longest[STS_VERB_LINE_MAX] = '\n';
	ck_assert_uint_eq(feed(longest + 1, STS_VERB_LINE_MAX), 1);
	ck_assert_ptr_nonnull(verb.name);
	ck_assert_uint_eq(feed(longest, sizeof(longest)), 1);
	ck_assert_ptr_null(verb.name);
	ck_assert_uint_eq(feed("mx a\0b\n", 7), 1);
	ck_assert_ptr_null(verb.name);
	ck_assert_uint_eq(feed("policy\n", 7), 1);
	ck_assert_ptr_null(verb.name);
	ck_assert_str_eq(verb.word, "policy");
	ck_assert_uint_eq(feed("mx a\n", 5), 1);
	ck_assert_str_eq(verb.name, "a");
}
END_TEST

/* One that did not fit its line once ended the resolver. */
START_TEST(any_line_can_be_answered)
{
	static char name[2 * STS_VERB_LINE_MAX];
	struct sts_error error = { .rc = STS_EUSAGE, .text = "not \"x\"" };
	struct sts_buf line;

	memset(name, 0xff, sizeof(name) - 1);
	sts_buf_init(&line, STS_VERB_ANSWER_MAX);
	ck_assert_int_eq(sts_verb_fail(&line, "policy", name, &error), STS_OK);
	ck_assert_uint_gt(line.len, (size_t)4 * STS_VERB_LINE_MAX);
	sts_buf_reset(&line);
	ck_assert_int_eq(sts_verb_fail(&line, "mx", "a cause=ok", &error),
	    STS_OK);
	ck_assert_str_eq(line.data,
	    "error mx a\\032cause=ok cause=usage reason=\"not \\034x\\034\"");
	sts_buf_clear(&line);
}
END_TEST

static void
start(void)
{
	memset(&reader, 0, sizeof(reader));
}

int
main(void)
{
	Suite *suite = suite_create("verb");
	TCase *tcase = tcase_create("lines");

	tcase_add_checked_fixture(tcase, start, NULL);
	tcase_add_test(tcase, a_line_may_come_in_pieces);
	tcase_add_test(tcase, what_is_no_such_line_does_not_hurt_the_next);
	tcase_add_test(tcase, any_line_can_be_answered);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
