/* SPDX-License-Identifier: ISC */
/*
 * Replies of SMTP servers: RFC 5321, 4.2 and 4.1.1.1; RFC 3207, 4.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/smtp.h"
#include "suite.h"

static struct sts_smtp_reply reply;

/* The octets of TEXT that were read; *STEP is what the last one did. */
static size_t
take(const char *text, size_t len, enum sts_smtp_step *step)
{
	size_t i;

	memset(&reply, 0, sizeof(reply));
	*step = STS_SMTP_MORE;
	for (i = 0; i < len && *step == STS_SMTP_MORE; i++)
		*step = sts_smtp_take(&reply, text[i]);
	return i;
}

static const struct {
	const char *text;
	enum sts_smtp_step step;
	unsigned code;
	bool starttls;
	const char *last;
} rows[] = {
	{ "220 hello\r\n", STS_SMTP_DONE, 220, false, "hello" },
	{ "220 hello\n", STS_SMTP_DONE, 220, false, "hello" },
	{ "220\r\n", STS_SMTP_DONE, 220, false, "" },
	{ "220 \r\n", STS_SMTP_DONE, 220, false, "" },
	{ "220-a\r\n220 b\r\n", STS_SMTP_DONE, 220, false, "b" },
	{ "559 b\r\n", STS_SMTP_DONE, 559, false, "b" },
	{ "220-a\r\n", STS_SMTP_MORE, 220, false, "a" },
	{ "220 a", STS_SMTP_MORE, 0, false, "" },
	{ "250-a\r\n250 STARTTLS\r\n", STS_SMTP_DONE, 250, true, "STARTTLS" },
	{ "250-a\r\n250-sTaRtTlS\r\n250 b\r\n", STS_SMTP_DONE, 250, true, "b" },
	{ "250-a\r\n250 STARTTLS x\r\n", STS_SMTP_DONE, 250, true,
	    "STARTTLS x" },
	{ "250 STARTTLS\r\n", STS_SMTP_DONE, 250, false, "STARTTLS" },
	{ "250-STARTTLS\r\n250 a\r\n", STS_SMTP_DONE, 250, false, "a" },
	{ "250-a\r\n250 STARTTLSX\r\n", STS_SMTP_DONE, 250, false,
	    "STARTTLSX" },
	{ "250-a\r\n250 STARTTL\r\n", STS_SMTP_DONE, 250, false, "STARTTL" },
	{ "250-a\r\n250  STARTTLS\r\n", STS_SMTP_DONE, 250, false,
	    " STARTTLS" },
	{ "220-a\r\n221 b\r\n", STS_SMTP_BAD, 220, false, "a" },
	{ "\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "22\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "2200 a\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "220_a\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "120 a\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "620 a\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "260 a\r\n", STS_SMTP_BAD, 0, false, "" },
	{ "25x a\r\n", STS_SMTP_BAD, 0, false, "" },
	{ " 220 a\r\n", STS_SMTP_BAD, 0, false, "" },
};

START_TEST(reply_is_read)
{
	const char *text = rows[_i].text;
	enum sts_smtp_step step;

	ck_assert_uint_eq(take(text, strlen(text), &step), strlen(text));
	ck_assert_msg(step == rows[_i].step, "%s", text);
	ck_assert_uint_eq(reply.code, rows[_i].code);
	ck_assert_msg(reply.starttls == rows[_i].starttls, "%s", text);
	ck_assert_str_eq(reply.text, rows[_i].last);
}
END_TEST

START_TEST(nul_is_refused)
{
	enum sts_smtp_step step;

	ck_assert_uint_eq(take("220 a\0\r\n", 8, &step), 6);
	ck_assert_int_eq(step, STS_SMTP_BAD);
}
END_TEST

START_TEST(a_line_is_bounded)
{
	static char text[2 * STS_SMTP_LINE_MAX];
	enum sts_smtp_step step;
	size_t len = STS_SMTP_LINE_MAX;

	memset(text, 'x', sizeof(text));
	memcpy(text, "220 ", 4);
	text[len - 1] = '\n';
	(void)take(text, len, &step);
	ck_assert_int_eq(step, STS_SMTP_DONE);
	ck_assert_uint_eq(strlen(reply.text), STS_SMTP_TEXT_MAX);
	text[len - 1] = 'x';
	text[len] = '\n';
	ck_assert_uint_eq(take(text, len + 1, &step), len);
	ck_assert_int_eq(step, STS_SMTP_BAD);
}
END_TEST

START_TEST(a_reply_is_bounded)
{
	static char text[2 * STS_SMTP_REPLY_MAX];
	enum sts_smtp_step step;
	size_t i;

	for (i = 0; i < sizeof(text); i += 8)
		memcpy(text + i, "220-ab\r\n", 8);
	ck_assert_uint_eq(take(text, sizeof(text), &step),
	    STS_SMTP_REPLY_MAX + 1);
	ck_assert_int_eq(step, STS_SMTP_BAD);
	text[STS_SMTP_REPLY_MAX - 5] = ' ';
	ck_assert_uint_eq(take(text, sizeof(text), &step), STS_SMTP_REPLY_MAX);
	ck_assert_int_eq(step, STS_SMTP_DONE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("smtp");
	TCase *tcase = tcase_create("replies");

	tcase_add_loop_test(tcase, reply_is_read, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_test(tcase, nul_is_refused);
	tcase_add_test(tcase, a_line_is_bounded);
	tcase_add_test(tcase, a_reply_is_bounded);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
