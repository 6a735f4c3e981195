/* SPDX-License-Identifier: ISC */
/*
 * The resolver's answer line: written, read back, and refused octet by octet.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "policy/answer.h"
#include "suite.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))
#define POLICY_LINE                                                            \
	"policy example.com answer=policy cause=ok source=live stored=0 "      \
	"tlsrpt=1 id=a1 expires=1764000000 text=\"version: STSv1\\013\\010"    \
	"mode: none\\010max_age: 1\\010x: \\034\\092\\195\\188\" "             \
	"reason=\"say \\034no\\034\\010\""
#define NONE_LINE                                                              \
	"policy example.com answer=none cause=fetch source=cache stored=1 "    \
	"tlsrpt=0 reason=\"\""

static const char text[] = "version: STSv1\r\nmode: none\nmax_age: 1\n"
			   "x: \"\\\xc3\xbc";

static enum sts_rc
parse(const char *s, struct sts_answer_line *line)
{
	return sts_answer_parse(s, strlen(s), line, NULL);
}

/* LINE is read, and written as it was. */
static void
round_trip(const char *s)
{
	struct sts_answer_line line;
	struct sts_buf buf;

	ck_assert_msg(parse(s, &line) == STS_OK, "%s", s);
	sts_buf_init(&buf, STS_ANSWER_LINE_MAX);
	ck_assert_int_eq(sts_answer_format(&line, &buf), STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf), s);
	sts_buf_clear(&buf);
	sts_answer_clear(&line);
}

START_TEST(policy_is_written_and_read)
{
	struct sts_answer_line line = { .domain = "example.com",
		.answer = STS_ANSWER_POLICY,
		.source = "live",
		.tlsrpt = true,
		.id = "a1",
		.expires = 1764000000,
		.reason = "say \"no\"\n" };
	struct sts_answer_line again;
	struct sts_buf buf;

	ck_assert_int_eq(sts_policy_parse(text, sizeof(text) - 1, &line.policy,
			     NULL, NULL),
	    STS_OK);
	sts_buf_init(&buf, STS_ANSWER_LINE_MAX);
	ck_assert_int_eq(sts_answer_format(&line, &buf), STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf), POLICY_LINE);
	ck_assert_int_eq(parse(sts_buf_text(&buf), &again), STS_OK);
	ck_assert_str_eq(again.domain, line.domain);
	ck_assert_str_eq(again.id, line.id);
	ck_assert_str_eq(again.source, line.source);
	ck_assert_str_eq(again.reason, line.reason);
	ck_assert_int_eq(again.expires, line.expires);
	ck_assert(!again.stored && again.tlsrpt);
	ck_assert_uint_eq(again.policy->text_len, sizeof(text) - 1);
	ck_assert_mem_eq(again.policy->text, text, sizeof(text) - 1);
	sts_buf_clear(&buf);
	sts_answer_clear(&again);
	sts_answer_clear(&line);
}
END_TEST

START_TEST(every_answer_and_cause)
{
	char s[256];
	int answer, cause;

	for (answer = STS_ANSWER_NONE; answer < STS_ANSWER_MAX; answer++) {
		for (cause = 0; cause < STS_RC_MAX; cause++) {
			(void)snprintf(s, sizeof(s),
			    "policy a answer=%s "
			    "cause=%s source=ledger stored=0 tlsrpt=0 "
			    "reason=\"x y\"",
			    sts_answer_name((enum sts_answer)answer),
			    sts_rc_name((enum sts_rc)cause));
			round_trip(s);
		}
	}
	round_trip(POLICY_LINE);
}
END_TEST

START_TEST(anything_else_is_damaged)
{
	static const char *const bad[] = { "", "policy", "policy ",
		" " NONE_LINE, NONE_LINE " ", NONE_LINE "\n", NONE_LINE "x",
#define LINE(domain, answer, cause, source, stored, tlsrpt, reason)            \
	"policy " domain " answer=" answer " cause=" cause " source=" source   \
	" stored=" stored " tlsrpt=" tlsrpt " reason=" reason
		LINE("A.example", "none", "ok", "live", "1", "1", "\"\""),
		LINE("a.example.", "none", "ok", "live", "1", "1", "\"\""),
		LINE("", "none", "ok", "live", "1", "1", "\"\""),
		LINE("192.0.2.1", "none", "ok", "live", "1", "1", "\"\""),
		LINE("a", "policy", "ok", "live", "1", "1", "\"\""),
		LINE("a", "None", "ok", "live", "1", "1", "\"\""),
		LINE("a", "", "ok", "live", "1", "1", "\"\""),
		LINE("a", "none", "0", "live", "1", "1", "\"\""),
		LINE("a", "none", "unknown", "live", "1", "1", "\"\""),
		LINE("a", "none", "ok", "", "1", "1", "\"\""),
		LINE("a", "none", "ok", "l-ve", "1", "1", "\"\""),
		LINE("a", "none", "ok", "a23456789012345z", "1", "1", "\"\""),
		LINE("a", "none", "ok", "live", "2", "1", "\"\""),
		LINE("a", "none", "ok", "live", "", "1", "\"\""),
		LINE("a", "none", "ok", "live", "1", "01", "\"\""),
		LINE("a", "none", "ok", "live", "1", "1", ""),
		LINE("a", "none", "ok", "live", "1", "1", "\""),
		LINE("a", "none", "ok", "live", "1", "1", "x"),
		LINE("a", "none", "ok", "live", "1", "1", "\"\\\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\\1\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\\0a0\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\\256\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\\065\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\\000\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\t\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"\xc3\xbc\""),
		LINE("a", "none", "ok", "live", "1", "1", "\"a\"b\"") };
	struct sts_answer_line line;
	size_t i;

	round_trip(NONE_LINE);
	for (i = 0; i < COUNT(bad); i++)
		ck_assert_msg(parse(bad[i], &line) == STS_EDAMAGED, "%s",
		    bad[i]);
}
END_TEST

START_TEST(policy_fields_are_strict)
{
#define FIELDS(id, expires, text)                                              \
	"policy a answer=policy cause=ok source=live stored=1 tlsrpt=1 id=" id \
	" expires=" expires " text=\"" text "\" reason=\"\""
#define NONE "version: STSv1\\010mode: none\\010max_age: 1"
	static const char *const bad[] = { FIELDS("", "1", NONE),
		FIELDS("a-b", "1", NONE),
		FIELDS("a23456789012345678901234567890123", "1", NONE),
		FIELDS("a", "", NONE), FIELDS("a", "-1", NONE),
		FIELDS("a", "01", NONE), FIELDS("a", "1x", NONE),
		FIELDS("a", "9223372036854775808", NONE),
		FIELDS("a", "99999999999999999999", NONE), FIELDS("a", "1", ""),
		FIELDS("a", "1", "version: STSv1\\010mode: none"),
		FIELDS("a", "1", NONE "\\000") };
	struct sts_answer_line line;
	size_t i;

	round_trip(FIELDS("a", "0", NONE));
	round_trip(FIELDS("a2345678901234567890123456789012",
	    "9223372036854775807", NONE));
	for (i = 0; i < COUNT(bad); i++)
		ck_assert_msg(parse(bad[i], &line) == STS_EDAMAGED, "%s",
		    bad[i]);
}
END_TEST

START_TEST(every_prefix_is_damaged)
{
	struct sts_answer_line line;
	size_t i;

	for (i = 0; i < strlen(POLICY_LINE); i++)
		ck_assert_int_eq(sts_answer_parse(POLICY_LINE, i, &line, NULL),
		    STS_EDAMAGED);
}
END_TEST

START_TEST(lengths_are_bounded)
{
	static char s[STS_ANSWER_LINE_MAX + 2];
	struct sts_answer_line line;
	size_t head = strlen(NONE_LINE) - 1;

	memcpy(s, NONE_LINE, head);
	memset(s + head, 'x', STS_ERROR_MAX);
	memcpy(s + head + STS_ERROR_MAX - 1, "\"", 2);
	round_trip(s);
	memcpy(s + head + STS_ERROR_MAX - 1, "x\"", 3);
	ck_assert_int_eq(parse(s, &line), STS_EDAMAGED);
	memset(s + head, 'x', sizeof(s) - head);
	ck_assert_int_eq(sts_answer_parse(s, sizeof(s), &line, NULL),
	    STS_EDAMAGED);
}
END_TEST

START_TEST(policy_and_answer_go_together)
{
	struct sts_answer_line line = { .answer = STS_ANSWER_POLICY };
	struct sts_buf buf;

	sts_buf_init(&buf, STS_ANSWER_LINE_MAX);
	ck_assert_int_eq(sts_answer_format(&line, &buf), STS_EUSAGE);
	sts_buf_clear(&buf);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		policy_is_written_and_read,
		every_answer_and_cause,
		anything_else_is_damaged,
		policy_fields_are_strict,
		every_prefix_is_damaged,
		lengths_are_bounded,
		policy_and_answer_go_together,
	};
	Suite *suite = suite_create("answer");
	TCase *tcase = tcase_create("answer");
	size_t i;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
