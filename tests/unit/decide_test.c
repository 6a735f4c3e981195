/* SPDX-License-Identifier: ISC */
/*
 * The decision tables cell by cell, and the promise behind them as a
 * property over all cells.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/decide.h"
#include "suite.h"

/*
 * One letter a cell, columns: none, back-off, clock, both.
 * K keep, F fetch, N no policy, U unknown, D defer.
 */
static const struct {
	enum sts_known_kind known;
	enum sts_txt txt;
	const char *cells;
} expected[] = {
	{ STS_KNOWN_NONE, STS_TXT_NONE, "NNNN" },
	{ STS_KNOWN_NONE, STS_TXT_SAME, "FNFN" },
	{ STS_KNOWN_NONE, STS_TXT_CHANGED, "FNFN" },
	{ STS_KNOWN_NONE, STS_TXT_INVALID, "NNNN" },
	{ STS_KNOWN_NONE, STS_TXT_FAILURE, "UUUU" },
	{ STS_KNOWN_NONE, STS_TXT_LOCAL, "DDDD" },
	{ STS_KNOWN_FRESH, STS_TXT_NONE, "KKKK" },
	{ STS_KNOWN_FRESH, STS_TXT_SAME, "KKKK" },
	{ STS_KNOWN_FRESH, STS_TXT_CHANGED, "FKFK" },
	{ STS_KNOWN_FRESH, STS_TXT_INVALID, "KKKK" },
	{ STS_KNOWN_FRESH, STS_TXT_FAILURE, "KKKK" },
	{ STS_KNOWN_FRESH, STS_TXT_LOCAL, "KKKK" },
	{ STS_KNOWN_STALE, STS_TXT_NONE, "FKFK" },
	{ STS_KNOWN_STALE, STS_TXT_SAME, "FKFK" },
	{ STS_KNOWN_STALE, STS_TXT_CHANGED, "FKFK" },
	{ STS_KNOWN_STALE, STS_TXT_INVALID, "FKFK" },
	{ STS_KNOWN_STALE, STS_TXT_FAILURE, "FKFK" },
	{ STS_KNOWN_STALE, STS_TXT_LOCAL, "KKKK" },
	{ STS_KNOWN_EXPIRED, STS_TXT_NONE, "NNKK" },
	{ STS_KNOWN_EXPIRED, STS_TXT_SAME, "FKFK" },
	{ STS_KNOWN_EXPIRED, STS_TXT_CHANGED, "FKFK" },
	{ STS_KNOWN_EXPIRED, STS_TXT_INVALID, "KKKK" },
	{ STS_KNOWN_EXPIRED, STS_TXT_FAILURE, "KKKK" },
	{ STS_KNOWN_EXPIRED, STS_TXT_LOCAL, "KKKK" },
	{ STS_KNOWN_DAMAGED, STS_TXT_NONE, "NNNN" },
	{ STS_KNOWN_DAMAGED, STS_TXT_SAME, "FDFD" },
	{ STS_KNOWN_DAMAGED, STS_TXT_CHANGED, "FDFD" },
	{ STS_KNOWN_DAMAGED, STS_TXT_INVALID, "DDDD" },
	{ STS_KNOWN_DAMAGED, STS_TXT_FAILURE, "DDDD" },
	{ STS_KNOWN_DAMAGED, STS_TXT_LOCAL, "DDDD" },
};
#define ROWS (sizeof(expected) / sizeof(expected[0]))
_Static_assert(ROWS == STS_KNOWN_MAX * STS_TXT_MAX, "every row is here");

static const char letters[] = {
	[STS_ACTION_KEEP] = 'K',
	[STS_ACTION_FETCH] = 'F',
	[STS_ACTION_NO_POLICY] = 'N',
	[STS_ACTION_UNKNOWN] = 'U',
	[STS_ACTION_DEFER] = 'D',
};

START_TEST(every_cell)
{
	int doubt;

	for (doubt = 0; doubt < STS_DOUBT_MAX; doubt++)
		ck_assert_msg(letters[sts_decide(expected[_i].known,
				  expected[_i].txt, doubt)] ==
				  expected[_i].cells[doubt],
		    "%s x %s x %s", sts_known_name(expected[_i].known),
		    sts_txt_name(expected[_i].txt), sts_doubt_name(doubt));
}
END_TEST

/* Promise 1 in the table's own terms. */
START_TEST(sts_74_a_held_policy_is_kept_or_replaced)
{
	enum sts_action action;
	int txt, doubt;

	for (txt = 0; txt < STS_TXT_MAX; txt++)
		for (doubt = 0; doubt < STS_DOUBT_MAX; doubt++) {
			action = sts_decide(_i, txt, doubt);
			ck_assert(action == STS_ACTION_KEEP ||
				  action == STS_ACTION_FETCH);
		}
}
END_TEST

START_TEST(every_fetched_cell)
{
	static const char *const cells[STS_KNOWN_MAX] = {
		[STS_KNOWN_NONE] = "KND",
		[STS_KNOWN_FRESH] = "KKK",
		[STS_KNOWN_STALE] = "KKK",
		[STS_KNOWN_EXPIRED] = "KKK",
		[STS_KNOWN_DAMAGED] = "KDD",
	};
	int fetched;

	for (fetched = 0; fetched < STS_FETCHED_MAX; fetched++)
		ck_assert_msg(letters[sts_decide_fetched(_i, fetched)] ==
				  cells[_i][fetched],
		    "%s x %s", sts_known_name(_i), sts_fetched_name(fetched));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("decide");
	TCase *tcase = tcase_create("tables");

	tcase_add_loop_test(tcase, every_cell, 0, ROWS);
	tcase_add_loop_test(tcase, sts_74_a_held_policy_is_kept_or_replaced,
	    STS_KNOWN_FRESH, STS_KNOWN_STALE + 1);
	tcase_add_loop_test(tcase, every_fetched_cell, 0, STS_KNOWN_MAX);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
