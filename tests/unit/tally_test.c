/* SPDX-License-Identifier: ISC */
/*
 * What many reports tell together: each counted once, nothing lost, memory
 * bounded.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inbox/index.h"
#include "inbox/tally.h"
#include "suite.h"

#define DAY   86400
#define START 1763596800 /* 2025-11-20 */

static const struct sts_siphash_key key = { 1, 2 };
static struct sts_tally *tally;

static void
setup(void)
{
	const struct sts_tally_limits limits = { .now = START + 3 * DAY };

	tally = sts_tally_new(&key, &limits);
	ck_assert(tally != NULL);
}

static void
teardown(void)
{
	sts_tally_free(tally);
}

/* ORG's report ID of day START + DAYS, with one failure at MX. */
static enum sts_tally_added
add(const char *org, const char *id, int days, int64_t failed, const char *mx)
{
	struct sts_received_failure failure = {
		.result = "Certificate-Expired",
		.mx = mx,
		.helo = "",
		.sender = "",
		.address = id,
		.reason = "",
		.information = "",
		.sessions = failed,
	};
	struct sts_received_policy policy = {
		.type = "sts",
		.domain = "A.example.",
		.mode = "enforce",
		.succeeded = 10,
		.failed = failed,
		.failure = &failure,
		.failures = failed > 0 ? 1 : 0,
	};
	struct sts_received report = {
		.organization = org,
		.contact = "",
		.id = id,
		.start = START + days * DAY,
		.end = START + days * DAY + DAY - 1,
		.checksum = (uint64_t)failed,
		.policy = &policy,
		.policies = 1,
	};

	return sts_tally_add(tally, &report);
}

START_TEST(a_report_counts_once)
{
	ck_assert_int_eq(add("a", "1", 0, 1, "mx"), STS_TALLY_COUNTED);
	ck_assert_int_eq(add("a", "1", 0, 1, "mx"), STS_TALLY_AGAIN);
	ck_assert_int_eq(add("a", "1", 0, 2, "mx"), STS_TALLY_DISAGREES);
	ck_assert_int_eq(add("b", "1", 0, 1, "mx"), STS_TALLY_COUNTED);
	ck_assert_int_eq(add("a", "2", 0, 1, "mx"), STS_TALLY_COUNTED);
	ck_assert_uint_eq(sts_tally_total(tally)->reports, 3);
	ck_assert_uint_eq(sts_tally_total(tally)->again, 2);
	ck_assert_int_eq(sts_tally_total(tally)->sessions, 33);
	ck_assert_int_eq(sts_tally_total(tally)->failed, 3);
}
END_TEST

/* Without an id only the whole tells whether it came before. */
START_TEST(without_an_id_all_of_it_counts)
{
	ck_assert_int_eq(add("a", "", 0, 1, "mx"), STS_TALLY_COUNTED);
	ck_assert_int_eq(add("a", "", 0, 1, "mx"), STS_TALLY_AGAIN);
	ck_assert_int_eq(add("a", "", 0, 2, "mx"), STS_TALLY_COUNTED);
}
END_TEST

START_TEST(rows_are_by_reporter_policy_and_failure)
{
	struct sts_tally_row *row;
	size_t rows;

	(void)add("b", "1", 0, 1, "MX.");
	(void)add("b", "2", 1, 2, "mx");
	(void)add("b", "3", 0, 4, "mx");
	(void)add("a", "1", 0, 0, "mx");
	row = sts_tally_rows(tally, &rows);
	ck_assert_uint_eq(rows, 3);
	ck_assert_str_eq(row[0].reporter, "a");
	ck_assert_str_eq(row[0].result, "");
	ck_assert_int_eq(row[0].sessions, 10);
	ck_assert_str_eq(row[1].domain, "a.example");
	ck_assert_str_eq(row[1].mode, "enforce");
	ck_assert_int_eq(row[1].sessions, 37);
	ck_assert_int_eq(row[1].failed, 7);
	ck_assert_str_eq(row[2].result, "certificate-expired");
	ck_assert_str_eq(row[2].mx, "mx");
	ck_assert_int_eq(row[2].failed, 7);
	ck_assert_int_eq(row[2].first, START);
	ck_assert_int_eq(row[2].last, START + 2 * DAY - 2);
	ck_assert_str_eq(row[2].address, "2"); /* of the latest */
	free(row);
}
END_TEST

START_TEST(problems_are_of_all_reporters_and_newest_first)
{
	struct sts_tally_row *row;
	size_t rows;

	(void)add("a", "1", 0, 9, "old");
	(void)add("a", "2", 1, 1, "new");
	(void)add("b", "1", 0, 5, "new");
	(void)add("c", "1", 1, 7, "worse");
	row = sts_tally_problems(tally, &rows);
	ck_assert_uint_eq(rows, 3);
	ck_assert_str_eq(row[0].mx, "worse");
	ck_assert_str_eq(row[1].mx, "new");
	ck_assert_int_eq(row[1].failed, 6);
	ck_assert_uint_eq(row[1].reporters, 2);
	ck_assert_str_eq(row[1].reporter, "b");
	ck_assert_str_eq(row[1].address, "2");
	ck_assert_int_eq(row[1].first, START);
	ck_assert_str_eq(row[2].mx, "old");
	free(row);
}
END_TEST

START_TEST(failed_without_details_is_a_problem)
{
	struct sts_received_policy policy = {
		.type = "sts", .domain = "a", .failed = 4
	};
	const struct sts_received report = { .organization = "a",
		.contact = "",
		.id = "1",
		.policy = &policy,
		.policies = 1 };
	struct sts_tally_row *row;
	size_t rows;

	ck_assert_int_eq(sts_tally_add(tally, &report), STS_TALLY_COUNTED);
	row = sts_tally_problems(tally, &rows);
	ck_assert_uint_eq(rows, 1);
	ck_assert_str_eq(row[0].result, "(no details)");
	ck_assert_int_eq(row[0].failed, 4);
	ck_assert_uint_eq(sts_tally_total(tally)->failures, 1);
	free(row);
}
END_TEST

START_TEST(a_day_that_cannot_be_is_none)
{
	(void)add("a", "future", 30, 1, "mx");
	(void)add("a", "past", -20 * 365, 1, "mx");
	(void)add("a", "now", 3, 1, "mx");
	ck_assert_uint_eq(sts_tally_total(tally)->undated, 2);
	ck_assert_int_eq(sts_tally_total(tally)->sessions, 33);
	ck_assert_int_eq(sts_tally_total(tally)->first, START + 3 * DAY);
	ck_assert_int_eq(sts_tally_total(tally)->last, START + 4 * DAY - 2);
}
END_TEST

START_TEST(since_leaves_out_what_ended_before)
{
	const struct sts_tally_limits limits = { .since = START + DAY,
		.now = START + 3 * DAY };

	sts_tally_free(tally);
	tally = sts_tally_new(&key, &limits);
	ck_assert_int_eq(add("a", "0", 0, 1, "mx"), STS_TALLY_OLD);
	ck_assert_int_eq(add("a", "1", 1, 1, "mx"), STS_TALLY_COUNTED);
	ck_assert_uint_eq(sts_tally_total(tally)->old, 1);
	ck_assert_uint_eq(sts_tally_total(tally)->reports, 1);
}
END_TEST

START_TEST(sums_are_by_day_reporter_mx_and_result)
{
	static const struct {
		enum sts_tally_group group;
		const char *first;
		size_t count;
		int64_t failed;
	} want[] = {
		{ STS_TALLY_DAY, "2025-11-20", 2, 1 },
		{ STS_TALLY_REPORTER, "b", 2, 5 },
		{ STS_TALLY_MX, "mx2", 2, 5 },
		{ STS_TALLY_RESULT, "certificate-expired", 1, 6 },
	};
	struct sts_tally_sum *sum;
	size_t i, count;

	(void)add("b", "1", 1, 5, "mx2");
	(void)add("a", "1", 0, 1, "mx1");
	for (i = 0; i < STS_TALLY_GROUP_MAX; i++) {
		sum = sts_tally_sums(tally, want[i].group, &count);
		ck_assert_uint_eq(count, want[i].count);
		ck_assert_str_eq(sum[0].name, want[i].first);
		ck_assert_int_eq(sum[0].failed, want[i].failed);
		free(sum);
	}
}
END_TEST

/* Names are cut between characters, not inside one. */
START_TEST(long_names_are_cut)
{
	char name[600];
	struct sts_tally_row *row;
	size_t rows, i;

	for (i = 0; i + 2 < sizeof(name); i += 2)
		memcpy(name + i, "\xc3\xbc", 2);
	name[i] = '\0';
	(void)add(name, "1", 0, 0, "mx");
	row = sts_tally_rows(tally, &rows);
	ck_assert_uint_eq(strlen(row[0].reporter), 254);
	free(row);
}
END_TEST

/* More than there may be rows: sums stay right. */
START_TEST(what_is_too_much_is_counted_together)
{
	const int many = 101000;
	struct sts_tally_row *row;
	size_t i, rows;
	int64_t failed = 0;
	char mx[32];

	for (i = 0; i < (size_t)many; i++) {
		(void)snprintf(mx, sizeof(mx), "%zu", i);
		ck_assert_int_eq(add("a", mx, 0, 1, mx), STS_TALLY_COUNTED);
	}
	row = sts_tally_problems(tally, &rows);
	ck_assert_uint_eq(rows, 100000);
	ck_assert_str_eq(row[0].mx, "(others)");
	ck_assert_int_eq(row[0].failed, many - 99999);
	for (i = 0; i < rows; i++)
		failed += row[i].failed;
	ck_assert_int_eq(failed, many);
	ck_assert_int_eq(sts_tally_total(tally)->failed, many);
	free(row);
}
END_TEST

START_TEST(an_index_numbers_keys)
{
	struct sts_index *index = sts_index_new(&key, 1000);
	size_t i;

	for (i = 0; i < 1000; i++)
		ck_assert_uint_eq(sts_index_put(index, &i, sizeof(i)), i);
	for (i = 0; i < 1000; i++) {
		ck_assert_uint_eq(sts_index_put(index, &i, sizeof(i)), i);
		ck_assert_mem_eq(sts_index_key(index, i), &i, sizeof(i));
	}
	ck_assert_uint_eq(sts_index_put(index, "", 0), STS_INDEX_NONE);
	ck_assert_uint_eq(sts_index_count(index), 1000);
	sts_index_free(index);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tally");
	TCase *tcase = tcase_create("tally");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_report_counts_once);
	tcase_add_test(tcase, without_an_id_all_of_it_counts);
	tcase_add_test(tcase, rows_are_by_reporter_policy_and_failure);
	tcase_add_test(tcase, problems_are_of_all_reporters_and_newest_first);
	tcase_add_test(tcase, failed_without_details_is_a_problem);
	tcase_add_test(tcase, a_day_that_cannot_be_is_none);
	tcase_add_test(tcase, since_leaves_out_what_ended_before);
	tcase_add_test(tcase, sums_are_by_day_reporter_mx_and_result);
	tcase_add_test(tcase, long_names_are_cut);
	tcase_add_test(tcase, what_is_too_much_is_counted_together);
	tcase_add_test(tcase, an_index_numbers_keys);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
