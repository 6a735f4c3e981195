/* SPDX-License-Identifier: ISC */
/*
 * The page: whatever a report says stays text, nothing comes from elsewhere,
 * and every element is closed.
 */
#include <stdlib.h>
#include <string.h>

#include "inbox/html.h"
#include "inbox/listing.h"
#include "inbox/page.h"
#include "inbox/plot.h"
#include "suite.h"

#define NOW 1763683200 /* 2025-11-21 */

static const struct sts_siphash_key key = { 3, 4 };
static struct sts_buf buf;

static void
setup(void)
{
	sts_buf_init(&buf, 16 * 1024 * 1024);
}

static void
teardown(void)
{
	sts_buf_clear(&buf);
}

static const struct {
	const char *text, *html;
} texts[] = {
	{ "", "" }, { "a b", "a b" },
	{ "<b>&\"'", "&lt;b&gt;&amp;&quot;&#39;" },
	{ "M\xc3\xbcller", "M\xc3\xbcller" },
	{ "\xf0\x9f\x93\xa7", "\xf0\x9f\x93\xa7" },
	{ "a\nb\x1b\x7f", "a\xef\xbf\xbd"
			  "b\xef\xbf\xbd\xef\xbf\xbd" },
	{ "\xc2\x85", "\xef\xbf\xbd" }, /* C1 control */
	{ "\xe2\x80\xae"
	  "a",
	    "\xef\xbf\xbd"
	    "a" },                          /* U+202E */
	{ "\xe2\x80\x8b", "\xef\xbf\xbd" }, /* no width */
	{ "\xef\xbf\xbf", "\xef\xbf\xbd" }, /* no character */
	{ "\xff"
	  "a",
	    "\xef\xbf\xbd"
	    "a" },
	{ "\xc3", "\xef\xbf\xbd" },
	{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" }, /* "/", too long */
	{ "\xed\xa0\x80", "\xef\xbf\xbd" },         /* half a pair */
};

START_TEST(text_stays_text)
{
	sts_html_text(&buf, texts[_i].text);
	ck_assert_str_eq(sts_buf_text(&buf), texts[_i].html);
}
END_TEST

#define NARROW "\xe2\x80\xaf"
static const struct {
	int64_t number;
	const char *html;
} numbers[] = {
	{ 0, "0" },
	{ 999, "999" },
	{ 1000, "1" NARROW "000" },
	{ 1234567, "1" NARROW "234" NARROW "567" },
	{ -100, "-100" },
};

START_TEST(numbers_are_in_groups)
{
	sts_html_number(&buf, numbers[_i].number);
	ck_assert_str_eq(sts_buf_text(&buf), numbers[_i].html);
}
END_TEST

START_TEST(a_bar_is_never_longer_than_its_room)
{
	sts_plot_bar(&buf, 10, 10, 10);
	ck_assert(strstr(buf.data, "width=\"100.00%\"") != NULL);
	sts_buf_reset(&buf);
	sts_plot_bar(&buf, 1, 1, 1000000); /* and can be seen */
	ck_assert(strstr(buf.data, "class=\"bad\" width=\"2.00%\"") != NULL);
	sts_buf_reset(&buf);
	sts_plot_bar(&buf, 0, 0, 0);
	ck_assert(strstr(buf.data, "class=\"ok\" width=\"0.00%\"") != NULL);
}
END_TEST

#define EVIL "<script src='https://evil.example/x'>\"&\x1b\xe2\x80\xae"

static struct sts_tally *
make_tally(size_t reports, const char *text)
{
	const struct sts_tally_limits limits = { .now = NOW };
	struct sts_received_failure failure = { text, text, text, text, text,
		text, text, 3 };
	struct sts_received_policy policy = {
		.type = text,
		.domain = text,
		.succeeded = 7,
		.failed = 3,
		.failure = &failure,
		.failures = 1,
	};
	struct sts_received report = { .organization = text,
		.contact = text,
		.id = text,
		.policy = &policy,
		.policies = 1 };
	struct sts_tally *tally = sts_tally_new(&key, &limits);
	size_t i;

	ck_assert(tally != NULL);
	for (i = 0; i < reports; i++) {
		report.start = NOW - (int64_t)i * 86400;
		report.checksum = i;
		report.id = i == 0 ? text : "";
		(void)sts_tally_add(tally, &report);
	}
	return tally;
}

/* As a parser that takes nothing on trust: each tag closes the last open. */
static void
check_tags(const char *html)
{
	const char *open[64], *p, *end;
	size_t depth = 0, len;

	for (p = strchr(html + 1, '<'); p != NULL; p = strchr(end, '<')) {
		end = strchr(p, '>');
		ck_assert(end != NULL);
		if (end[-1] == '/')
			continue;
		len = strcspn(p + 1 + (p[1] == '/'), " >\n");
		if (p[1] != '/') {
			ck_assert_uint_lt(depth, 64);
			open[depth++] = p + 1;
			continue;
		}
		ck_assert_uint_gt(depth, 0);
		depth--;
		ck_assert_msg(strncmp(open[depth], p + 2, len) == 0,
		    "%.20s is closed by %.20s", open[depth], p);
	}
	ck_assert_uint_eq(depth, 0);
}

/* What could run, or fetch something, whoever wrote it. */
static void
check_harmless(const char *html)
{
	static const char *const bad[] = { "<script", "<img", "<iframe",
		"<link", "<object", "<embed", "<base", "<form", "<a ",
		"src=", "href=", "srcdoc=", "url(", "@import",
		"onload=", "onerror=", "javascript:", "http-equiv=\"refresh",
		"\x1b", "\xe2\x80\xae" };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(strstr(html, bad[i]) == NULL, "%s", bad[i]);
	ck_assert(strstr(html, "content=\"default-src &#39;none&#39;; "
			       "style-src &#39;unsafe-inline&#39;;") != NULL);
}

START_TEST(a_page_is_closed_and_harmless)
{
	static const struct {
		size_t reports;
		const char *text;
	} cases[] = {
		{ 0, "" },
		{ 1, "a" },
		{ 1, "" },
		{ 1, "</td></table><b x=\"" },
		{ 400, "a" },
	};
	struct sts_tally *tally = make_tally(cases[_i].reports, cases[_i].text);

	ck_assert(sts_page(tally, NOW, &buf) == STS_OK);
	check_tags(sts_buf_text(&buf));
	check_harmless(sts_buf_text(&buf));
	sts_tally_free(tally);
}
END_TEST

START_TEST(what_a_stranger_wrote_is_shown_as_text)
{
	struct sts_tally *tally = make_tally(1, EVIL);
	const char *html, *p;
	size_t shown = 0;

	ck_assert(sts_page(tally, NOW, &buf) == STS_OK);
	html = sts_buf_text(&buf);
	check_tags(html);
	ck_assert(strstr(html, "<script") == NULL);
	for (p = html; (p = strstr(p, "&lt;script src=&#39;")) != NULL; p++)
		shown++;
	/* reporter, policy, result, host, address, sender, reason, ... */
	ck_assert_uint_ge(shown, 10);
	sts_tally_free(tally);
}
END_TEST

START_TEST(a_page_that_does_not_fit_is_an_error)
{
	struct sts_tally *tally = make_tally(1, "a");
	struct sts_buf small;

	sts_buf_init(&small, 1000);
	ck_assert(sts_page(tally, NOW, &small) == STS_EUSAGE);
	sts_buf_clear(&small);
	sts_tally_free(tally);
}
END_TEST

START_TEST(the_table_has_a_line_for_each_row)
{
	struct sts_tally *tally = make_tally(2, "a\n\xff");
	size_t lines = 0;
	const char *p;

	sts_listing_totals(tally, &buf);
	ck_assert_str_eq(sts_buf_text(&buf),
	    "2 reports, 2025-11-20 to 2025-11-21: 20 sessions, 6 failed\n");
	sts_buf_reset(&buf);
	ck_assert(sts_listing_table(tally, &buf) == STS_OK);
	for (p = sts_buf_text(&buf); *p != '\0'; p++) {
		ck_assert(*p == '\n' || (*p >= ' ' && *p <= '~'));
		lines += *p == '\n';
	}
	ck_assert_uint_eq(lines, 3);
	sts_tally_free(tally);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("page");
	TCase *tcase = tcase_create("page");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, text_stays_text, 0,
	    sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tcase, numbers_are_in_groups, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tcase, a_bar_is_never_longer_than_its_room);
	tcase_add_loop_test(tcase, a_page_is_closed_and_harmless, 0, 5);
	tcase_add_test(tcase, what_a_stranger_wrote_is_shown_as_text);
	tcase_add_test(tcase, a_page_that_does_not_fit_is_an_error);
	tcase_add_test(tcase, the_table_has_a_line_for_each_row);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
