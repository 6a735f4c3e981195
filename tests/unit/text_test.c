/* SPDX-License-Identifier: ISC */
/*
 * OpenSMTPD's table protocol of lines.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/text.h"
#include "suite.h"
#include "teller.h"

#define WELCOME                                                                \
	"register|domain\nregister|relayhost\nregister|mailaddr\n"             \
	"register|ready\n"
#define TABLE "table|0.1|1795438481.473584|sts|"

/* A literal, which may hold a NUL. */
#define FEED(literal) sts_text_feed(&text, literal, sizeof(literal) - 1)

static struct sts_text text;

static void
setup(void)
{
	teller_setup();
	ck_assert_int_eq(sts_text_init(&text, &teller), STS_OK);
}

static void
teardown(void)
{
	sts_text_clear(&text);
	teller_teardown();
}

static const struct line_case {
	const char *in, *out; /* out: of all lines of in */
	bool complaint;
} cases[] = {
	{ "config|smtpd-version|7.9.0-portable\nconfig|protocol|0.1\n"
	  "config|tablename|sts\nconfig|ready\n",
	    WELCOME, false },
	{ "config|ready\nconfig|ready\n", WELCOME, false },
	{ "config|protocol|0.2\n", "", true },
	{ "config|protocol\n", "", true },
	{ "config\n", "", true },
	{ TABLE "check|domain|292f098e|yes\n", "check-result|292f098e|found\n",
	    false },
	{ TABLE "check|domain|1|no\n", "check-result|1|not-found\n", false },
	{ TABLE "check|domain|1|other\n", "check-result|1|error|a?b?|?\n",
	    false },
	{ TABLE "check|domain|1|silent\n",
	    "check-result|1|error|no reason known\n", false },
	{ TABLE "check|domain|1|empty\n", "check-result|1|found\n", false },
	{ TABLE "check|mailaddr|1|yes\n", "check-result|1|found\n", false },
	{ TABLE "lookup|relayhost|1|yes\n",
	    "lookup-result|1|found|" TELLER_VALUE "\n", false },
	{ TABLE "lookup|relayhost|1|no\n", "lookup-result|1|not-found\n",
	    false },
	/* a value of no octet would end smtpd */
	{ TABLE "lookup|relayhost|1|empty\n",
	    "lookup-result|1|error|no reason known\n", false },
	/* the key is the last field, and may hold bars */
	{ TABLE "check|domain|1|yes|\n", "check-result|1|error|a?b?|?\n",
	    false },
	{ TABLE "check|domain|1|\n", "check-result|1|error|a?b?|?\n", false },
	{ TABLE "update|7\n", "update-result|7|ok\n", false },
	/* what smtpd never asks of us has an answer too */
	{ TABLE "fetch|relayhost|1\n",
	    "fetch-result|1|error|nothing here can be fetched without a "
	    "key\n",
	    false },
	{ TABLE "lookup|alias|1|yes\n",
	    "lookup-result|1|error|no such service here\n", false },
	{ TABLE "check|domain|1\n",
	    "check-result|1|error|no key in the request\n", false },
	{ TABLE "check|1\n", "check-result|1|error|no such service here\n",
	    false },
	{ TABLE "frob|domain|1|yes\n",
	    "frob-result|1|error|no such operation\n", false },
	{ TABLE "frob|1\n", "frob-result|1|error|no such operation\n", false },
	/* where no id can be made out there is none */
	{ TABLE "check\n", "", true },
	{ TABLE "check|\n", "", true },
	{ TABLE "check|domain||yes\n", "", true },
	{ TABLE "check|domain|a b|yes\n", "", true },
	{ TABLE "check|domain|0123456789abcdef0123456789abcdef0|yes\n", "",
	    true },
	{ TABLE "\n", "", true },
	{ TABLE "|domain|1|yes\n", "", true },
	{ TABLE "fr\tob|domain|1|yes\n", "", true },
	{ "table\n", "", true },
	{ "table|0.1\n", "", true },
	{ "\n", "", true },
	{ "|\n", "", true },
	{ "register|domain\n", "", true },
	{ "Table|0.1|1|sts|update|7\n", "", true },
	/* and the next line is read as ever */
	{ "\xff\xfe\x01\n" TABLE "update|7\n", "update-result|7|ok\n", true },
};

START_TEST(a_line_is_answered_by_one)
{
	const struct line_case *c = &cases[_i];

	sts_text_feed(&text, c->in, strlen(c->in));
	ck_assert_str_eq(sts_buf_text(&teller_sent), c->out);
	ck_assert_int_eq(teller_complaint != NULL, c->complaint);
}
END_TEST

START_TEST(octet_by_octet_is_the_same)
{
	const struct line_case *c = &cases[_i];
	size_t i;

	for (i = 0; i < strlen(c->in); i++)
		sts_text_feed(&text, c->in + i, 1);
	ck_assert_str_eq(sts_buf_text(&teller_sent), c->out);
}
END_TEST

START_TEST(what_cannot_be_a_line_does_not_hurt_the_next)
{
	static char huge[200000];

	memset(huge, 'a', sizeof(huge));
	sts_text_feed(&text, huge, sizeof(huge));
	ck_assert_ptr_null(teller_complaint);
	FEED("\n" TABLE "update|7\n");
	ck_assert_ptr_nonnull(teller_complaint);
	ck_assert_str_eq(sts_buf_text(&teller_sent), "update-result|7|ok\n");
	FEED(TABLE "up\0date|7\n" TABLE "update|8\n");
	ck_assert_str_eq(sts_buf_text(&teller_sent),
	    "update-result|7|ok\nupdate-result|8|ok\n");
}
END_TEST

START_TEST(an_update_may_fail)
{
	teller_update = "other";
	FEED(TABLE "update|7\n");
	ck_assert_str_eq(sts_buf_text(&teller_sent),
	    "update-result|7|error|a?b?|?\n");
}
END_TEST

/* smtpd has no key of more than 1023 octets; one of 60000 is answered. */
START_TEST(a_long_key_is_answered)
{
	static char key[60000];

	memset(key, 'a', sizeof(key));
	FEED(TABLE "check|domain|1|");
	sts_text_feed(&text, key, sizeof(key));
	sts_text_feed(&text, "\n", 1);
	ck_assert_str_eq(sts_buf_text(&teller_sent),
	    "check-result|1|error|a?b?|?\n");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("text");
	TCase *tcase = tcase_create("lines");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, a_line_is_answered_by_one, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_loop_test(tcase, octet_by_octet_is_the_same, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, what_cannot_be_a_line_does_not_hurt_the_next);
	tcase_add_test(tcase, an_update_may_fail);
	tcase_add_test(tcase, a_long_key_is_answered);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
