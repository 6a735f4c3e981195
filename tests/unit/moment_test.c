/* SPDX-License-Identifier: ISC */
/*
 * Moments as reports write them: RPT-40, and what comes instead.
 */
#include <string.h>

#include "inbox/moment.h"
#include "suite.h"

#define MIDNIGHT 1763596800 /* 2025-11-20 */

static const struct {
	const char *text;
	int64_t wall; /* -1: refused */
} moments[] = {
	{ "2025-11-20T00:00:00Z", MIDNIGHT },
	{ "2025-11-20t00:00:00z", MIDNIGHT },
	{ "2025-11-20T00:00:00", MIDNIGHT },
	{ "2025-11-20 00:00:00", MIDNIGHT },
	{ "2025-11-20", MIDNIGHT },
	{ "2025-11-20T00:00Z", MIDNIGHT },
	{ "2025-11-19T24:00:00Z", MIDNIGHT },
	{ "2025-11-19T23:59:60Z", MIDNIGHT },
	{ "2025-11-19T23:59:59Z", MIDNIGHT - 1 },
	{ "2025-11-20T00:00:00.123456Z", MIDNIGHT },
	{ "2025-11-20T02:00:00+02:00", MIDNIGHT },
	{ "2025-11-20T02:00:00+0200", MIDNIGHT },
	{ "2025-11-19T18:30:00-05:30", MIDNIGHT },
	{ "1970-01-01T00:00:00Z", 0 },
	{ "2024-02-29", 1709164800 },
	{ "", -1 },
	{ "2025-11-20T", -1 },
	{ "2025-11-20T00:00:00ZZ", -1 },
	{ "2025-11-20T00:00:00+1500", -1 },
	{ "2025-11-20T00:00:00+02", -1 },
	{ "2025-11-20T24:00:01Z", -1 },
	{ "2025-11-20T25:00:00Z", -1 },
	{ "2025-11-20T12:60:00Z", -1 },
	{ "2025-02-29", -1 },
	{ "2025-13-01", -1 },
	{ "2025-00-10", -1 },
	{ "25-11-20", -1 },
	{ "1763596800", -1 },
	{ "yesterday", -1 },
};

START_TEST(what_reports_write_is_read)
{
	int64_t wall = -1;

	ck_assert_msg(sts_moment_parse(moments[_i].text, &wall) ==
			  (moments[_i].wall != -1),
	    "%s", moments[_i].text);
	ck_assert_msg(wall == moments[_i].wall, "%s: %lld", moments[_i].text,
	    (long long)wall);
}
END_TEST

START_TEST(a_day_is_utc)
{
	char day[STS_DAY_TEXT];

	ck_assert_str_eq(sts_moment_day(MIDNIGHT, day), "2025-11-20");
	ck_assert_str_eq(sts_moment_day(MIDNIGHT - 1, day), "2025-11-19");
	ck_assert_str_eq(sts_moment_day(0, day), "1970-01-01");
	ck_assert_str_eq(sts_moment_day(INT64_MAX, day), "-");
}
END_TEST

START_TEST(a_span_of_one_day_is_that_day)
{
	char span[STS_SPAN_TEXT];

	ck_assert_str_eq(sts_moment_span(MIDNIGHT, MIDNIGHT + 86399, span),
	    "2025-11-20");
	ck_assert_str_eq(sts_moment_span(MIDNIGHT - 1, MIDNIGHT, span),
	    "2025-11-19 to 2025-11-20");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("moment");
	TCase *tcase = tcase_create("moment");

	tcase_add_loop_test(tcase, what_reports_write_is_read, 0,
	    sizeof(moments) / sizeof(moments[0]));
	tcase_add_test(tcase, a_day_is_utc);
	tcase_add_test(tcase, a_span_of_one_day_is_that_day);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
