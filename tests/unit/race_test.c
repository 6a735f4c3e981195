/* SPDX-License-Identifier: ISC */
/*
 * Probes of a domain's hosts side by side: when the next one starts, and
 * what they prove together.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../opensmtpd/race.h"
#include "suite.h"

#define HOSTS 6

static struct sts_race race;

static void
begin(size_t count)
{
	static struct sts_mx_host host[HOSTS];
	const struct sts_mx_host *order[HOSTS];
	size_t i;

	for (i = 0; i < count; i++) {
		(void)snprintf(host[i].name, sizeof(host[i].name), "mx%zu", i);
		order[i] = &host[i];
	}
	ck_assert_int_eq(sts_race_init(&race, order, count, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_race_clear(&race);
}

/* The host that starts at NOW, "" for none. */
static const char *
next(int64_t now)
{
	const struct sts_race_host *host = sts_race_next(&race, now);

	return host == NULL ? "" : host->name;
}

static void
ends(const char *name, enum sts_race_state state)
{
	struct sts_race_host *host = sts_race_running(&race, name);

	ck_assert_ptr_nonnull(host);
	host->state = state;
}

START_TEST(the_next_one_starts_after_silence)
{
	begin(HOSTS);
	ck_assert_str_eq(next(100), "mx0");
	ck_assert_str_eq(next(100), "");
	ck_assert_str_eq(next(100 + STS_RACE_STAGGER - 1), "");
	ck_assert_str_eq(next(100 + STS_RACE_STAGGER), "mx1");
	ck_assert_str_eq(next(100 + STS_RACE_STAGGER), "");
	ck_assert_int_eq(sts_race_outcome(&race), STS_RACE_RUNNING);
}
END_TEST

START_TEST(the_next_one_starts_when_one_fails)
{
	begin(HOSTS);
	ck_assert_str_eq(next(100), "mx0");
	ends("mx0", STS_RACE_FAILED);
	ck_assert_str_eq(next(100), "mx1");
	ends("mx1", STS_RACE_UNPROVED);
	ck_assert_str_eq(next(100), "mx2");
	ck_assert_str_eq(next(101), "");
}
END_TEST

START_TEST(few_run_at_once)
{
	int i;

	begin(HOSTS);
	for (i = 0; i < STS_RACE_ABREAST; i++)
		ck_assert_str_ne(next(i * STS_RACE_STAGGER), "");
	ck_assert_str_eq(next(99 * STS_RACE_STAGGER), "");
	ends("mx1", STS_RACE_FAILED);
	ck_assert_str_eq(next(99 * STS_RACE_STAGGER), "mx4");
}
END_TEST

START_TEST(one_that_passes_ends_it)
{
	begin(3);
	ck_assert_str_eq(next(0), "mx0");
	ck_assert_str_eq(next(STS_RACE_STAGGER), "mx1");
	ends("mx1", STS_RACE_PASSED);
	ck_assert_int_eq(sts_race_outcome(&race), STS_RACE_PASSED);
	ck_assert_str_eq(next(9 * STS_RACE_STAGGER), "");
}
END_TEST

START_TEST(only_all_together_fail)
{
	begin(2);
	ck_assert_str_eq(next(0), "mx0");
	ends("mx0", STS_RACE_FAILED);
	ck_assert_int_eq(sts_race_outcome(&race), STS_RACE_RUNNING);
	ck_assert_str_eq(next(0), "mx1");
	ends("mx1", STS_RACE_FAILED);
	ck_assert_int_eq(sts_race_outcome(&race), STS_RACE_FAILED);
}
END_TEST

START_TEST(what_was_not_tried_proves_nothing)
{
	begin(3);
	ck_assert_str_eq(next(0), "mx0");
	ends("mx0", STS_RACE_FAILED);
	ck_assert_str_eq(next(0), "mx1");
	sts_race_stop(&race);
	ck_assert_int_eq(sts_race_outcome(&race), STS_RACE_UNPROVED);
	ck_assert_ptr_null(sts_race_running(&race, "mx1"));
	ck_assert_str_eq(next(9 * STS_RACE_STAGGER), "");
}
END_TEST

START_TEST(only_what_runs_is_running)
{
	begin(2);
	ck_assert_ptr_null(sts_race_running(&race, "mx0"));
	ck_assert_str_eq(next(0), "mx0");
	ck_assert_ptr_nonnull(sts_race_running(&race, "mx0"));
	ck_assert_ptr_null(sts_race_running(&race, "mx1"));
	ck_assert_ptr_null(sts_race_running(&race, "other"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("race");
	TCase *tcase = tcase_create("race");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, the_next_one_starts_after_silence);
	tcase_add_test(tcase, the_next_one_starts_when_one_fails);
	tcase_add_test(tcase, few_run_at_once);
	tcase_add_test(tcase, one_that_passes_ends_it);
	tcase_add_test(tcase, only_all_together_fail);
	tcase_add_test(tcase, what_was_not_tried_proves_nothing);
	tcase_add_test(tcase, only_what_runs_is_running);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
