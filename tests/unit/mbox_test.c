/* SPDX-License-Identifier: ISC */
/*
 * An mbox in pieces: the same messages however it is cut.
 */
#include <string.h>

#include "inbox/mbox.h"
#include "suite.h"

static struct sts_buf seen;

static void
take(void *arg, const char *data, size_t len, bool too_large)
{
	(void)arg;
	ck_assert_uint_eq(strlen(data), len);
	(void)sts_buf_printf(&seen, "%s[%s]", too_large ? "!" : "",
	    too_large ? "" : data);
}

/* What comes of TEXT in pieces of PART octets. */
static void
feed(const char *text, size_t part, size_t max)
{
	size_t at, n, len = strlen(text);
	struct sts_mbox mbox;

	sts_buf_reset(&seen);
	sts_mbox_init(&mbox, max, take, NULL);
	for (at = 0; at < len; at += n) {
		n = len - at < part ? len - at : part;
		sts_mbox_feed(&mbox, text + at, n);
	}
	sts_mbox_end(&mbox);
}

#define SEP "From a@b Mon Nov 23 10:00:00 2026\n"

static const struct {
	const char *text, *want;
} boxes[] = {
	{ SEP "A: 1\n\none\n\n" SEP "A: 2\n\ntwo\n",
	    "[A: 1\n\none\n\n][A: 2\n\ntwo\n]" },
	{ SEP "A: 1\r\n\r\n" SEP "A: 2\n", "[A: 1\r\n\r\n][A: 2\n]" },
	{ SEP "A: 1\n\nFrom here on it is text.\n",
	    "[A: 1\n\nFrom here on it is text.\n]" },
	{ SEP "A: 1\n\nx\n" SEP, "[A: 1\n\nx\n" SEP "]" },
	{ "From nobody\nA: 1\n", "[A: 1\n]" },
	{ SEP "A: 1\n\n" SEP, "[A: 1\n\n][]" },
	{ SEP "A: 1\n\nFrom a@b Mon Nov 23 10:00:00 2026", "[A: 1\n\n][]" },
	{ SEP "A: 1\n\nFrom a:b Mon Nov 23\n",
	    "[A: 1\n\nFrom a:b Mon Nov 23\n]" },
	{ SEP, "[]" },
	{ "", "" },
};

START_TEST(messages_are_the_same_however_cut)
{
	size_t part;

	for (part = 1; part <= strlen(boxes[_i].text) + 1; part++) {
		feed(boxes[_i].text, part, 4096);
		ck_assert_str_eq(sts_buf_text(&seen), boxes[_i].want);
	}
}
END_TEST

START_TEST(one_too_large_costs_no_other)
{
	size_t part;

	for (part = 1; part < 100; part++) {
		feed(SEP "A: 1\n\n" SEP "A: 2222222222222222222222222222222222"
			 "222222222222222222222222222\n\n" SEP "A: 3\n",
		    part, 60);
		ck_assert_str_eq(sts_buf_text(&seen), "[A: 1\n\n]![][A: 3\n]");
	}
}
END_TEST

START_TEST(an_mbox_is_known_by_its_beginning)
{
	ck_assert(sts_mbox_is("From a", 6));
	ck_assert(!sts_mbox_is("From", 4));
	ck_assert(!sts_mbox_is("From: a", 7));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mbox");
	TCase *tcase = tcase_create("mbox");

	sts_buf_init(&seen, 65536);
	tcase_add_loop_test(tcase, messages_are_the_same_however_cut, 0,
	    sizeof(boxes) / sizeof(boxes[0]));
	tcase_add_test(tcase, one_too_large_costs_no_other);
	tcase_add_test(tcase, an_mbox_is_known_by_its_beginning);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
