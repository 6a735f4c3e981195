/* SPDX-License-Identifier: ISC */
/* The journal: days by UTC, whole frames only, what is torn costs itself. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/journal.h"
#include "scratch.h"
#include "suite.h"

#define DAY_END 1795478399 /* 2026-11-23 23:59:59 UTC */

static char *path;
static struct sts_dir *dir;

static void
setup(void)
{
	path = scratch_new();
	ck_assert_int_eq(sts_dir_open(path,
			     STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC,
			     &dir, NULL),
	    STS_OK);
}

static void
teardown(void)
{
	sts_dir_free(dir);
	scratch_free(path);
}

static void
add(int64_t at, const char *domain)
{
	struct sts_session session = { .at = at,
		.type = STS_TYPE_NO_POLICY,
		.result = STS_SESSION_SUCCESS };

	(void)snprintf(session.domain, sizeof(session.domain), "%s", domain);
	ck_assert_int_eq(sts_journal_add(dir, &session, NULL), STS_OK);
}

struct seen {
	size_t count;
	char domain[8][STS_DOMAIN_MAX + 1];
};

static bool
see(void *arg, const struct sts_session *session)
{
	struct seen *seen = arg;

	(void)snprintf(seen->domain[seen->count++], STS_DOMAIN_MAX + 1, "%s",
	    session->domain);
	return seen->count < 8;
}

static bool
see_day(void *arg, const char *day)
{
	struct seen *seen = arg;

	(void)snprintf(seen->domain[seen->count++], STS_DOMAIN_MAX + 1, "%s",
	    day);
	return true;
}

START_TEST(a_day_ends_at_midnight_utc)
{
	struct seen seen = { 0 };
	size_t skipped;

	(void)setenv("TZ", "Pacific/Auckland", 1);
	add(DAY_END, "last.example");
	add(DAY_END + 1, "first.example");
	ck_assert_int_eq(sts_journal_days(dir, see_day, &seen, NULL), STS_OK);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.domain[0], "2026-11-23");
	ck_assert_str_eq(seen.domain[1], "2026-11-24");
	seen.count = 0;
	ck_assert_int_eq(sts_journal_each(dir, "2026-11-23", see, &seen,
			     &skipped, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_str_eq(seen.domain[0], "last.example");
	ck_assert_uint_eq(skipped, 0);
}
END_TEST

/* Octets as a crash would leave them between two records. */
static void
litter(const char *text)
{
	char file[600];
	int fd;

	(void)snprintf(file, sizeof(file), "%s/journal/2026-11-23", path);
	fd = open(file, O_WRONLY | O_APPEND);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	(void)close(fd);
}

START_TEST(a_torn_record_costs_itself)
{
	struct seen seen = { 0 };
	size_t skipped;

	add(DAY_END, "one.example");
	litter("\nsession 200 0123456789abcdef 1 at=17954");
	add(DAY_END, "two.example");
	litter("\nsession 3 0123456789abcdef abc\n");
	add(DAY_END, "three.example");
	ck_assert_int_eq(sts_journal_each(dir, "2026-11-23", see, &seen,
			     &skipped, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_str_eq(seen.domain[1], "two.example");
	ck_assert_str_eq(seen.domain[2], "three.example");
	ck_assert_uint_eq(skipped, 2);
}
END_TEST

START_TEST(only_days_are_read)
{
	size_t skipped;

	ck_assert_int_eq(sts_journal_each(dir, "../ledger", see, NULL, &skipped,
			     NULL),
	    STS_EUSAGE);
	ck_assert_int_eq(sts_journal_each(dir, "2026-11-2", see, NULL, &skipped,
			     NULL),
	    STS_EUSAGE);
	ck_assert_int_eq(sts_journal_each(dir, "2026-11-22", see, NULL,
			     &skipped, NULL),
	    STS_ENODATA);
}
END_TEST

static size_t
count(const char *day)
{
	struct seen seen = { 0 };
	size_t skipped;

	if (sts_journal_each(dir, day, see, &seen, &skipped, NULL) != STS_OK)
		return 0;
	return seen.count;
}

START_TEST(a_closed_day_takes_nothing_more)
{
	struct seen seen = { 0 };

	add(DAY_END, "one.example");
	ck_assert_int_eq(sts_journal_close(dir, "2026-11-23", NULL), STS_OK);
	add(DAY_END, "late.example"); /* of a clock that was set back */
	ck_assert_uint_eq(count("2026-11-23"), 1);
	ck_assert_uint_eq(count("2026-11-24"), 1);
	ck_assert(!sts_journal_is_done(dir, "2026-11-23"));
	ck_assert_int_eq(sts_journal_done(dir, "2026-11-23", NULL), STS_OK);
	ck_assert(sts_journal_is_done(dir, "2026-11-23"));
	add(DAY_END, "later.example");
	ck_assert_uint_eq(count("2026-11-23"), 0);
	ck_assert_uint_eq(count("2026-11-24"), 2);
	ck_assert_int_eq(sts_journal_days(dir, see_day, &seen, NULL), STS_OK);
	ck_assert_uint_eq(seen.count, 1); /* nothing is left of the other */
}
END_TEST

START_TEST(closing_again_loses_nothing)
{
	add(DAY_END, "one.example");
	ck_assert_int_eq(sts_journal_close(dir, "2026-11-23", NULL), STS_OK);
	ck_assert_int_eq(sts_journal_close(dir, "2026-11-23", NULL), STS_OK);
	ck_assert_int_eq(sts_journal_close(dir, "2026-11-20", NULL), STS_OK);
	ck_assert_uint_eq(count("2026-11-23"), 1);
}
END_TEST

START_TEST(days_of_two_hosts_merge_by_concatenation)
{
	char file[600], text[4096];
	ssize_t len;
	int fd;

	add(DAY_END, "one.example");
	(void)snprintf(file, sizeof(file), "%s/journal/2026-11-23", path);
	fd = open(file, O_RDONLY);
	len = read(fd, text, sizeof(text) - 1);
	ck_assert_int_gt(len, 0);
	text[len] = '\0';
	(void)close(fd);
	litter(text);
	ck_assert_uint_eq(count("2026-11-23"), 2);
}
END_TEST

/* More than is read at a time, with junk longer than that in the middle. */
START_TEST(a_long_day_is_read_whole)
{
	char junk[501];
	struct seen seen = { 0 };
	size_t skipped, i;

	add(DAY_END, "first.example");
	memset(junk, 'x', sizeof(junk) - 1);
	junk[sizeof(junk) - 1] = '\0';
	for (i = 0; i < 400; i++)
		litter(junk);
	add(DAY_END, "last.example");
	for (i = 0; i < 400; i++)
		litter("\nsession 3 0123456789abcdef abc\n");
	ck_assert_int_eq(sts_journal_each(dir, "2026-11-23", see, &seen,
			     &skipped, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.domain[1], "last.example");
	ck_assert_uint_ge(skipped, 401);
	ck_assert_uint_le(skipped, 405);
}
END_TEST

static size_t
count_taken(void)
{
	struct seen seen = { 0 };
	size_t skipped;

	if (sts_journal_taken(dir, "2026-11-23", see, &seen, &skipped, NULL) !=
	    STS_OK)
		return 0;
	return seen.count;
}

START_TEST(what_is_taken_stays_as_it_is)
{
	bool fresh;

	ck_assert_int_eq(sts_journal_take(dir, "2026-11-23", &fresh, NULL),
	    STS_ENODATA);
	add(DAY_END, "one.example");
	ck_assert_int_eq(sts_journal_take(dir, "2026-11-23", &fresh, NULL),
	    STS_OK);
	ck_assert(fresh);
	add(DAY_END, "two.example");
	add(DAY_END, "three.example");
	ck_assert_uint_eq(count_taken(), 1);
	ck_assert_uint_eq(count("2026-11-23"), 2);
	ck_assert_int_eq(sts_journal_take(dir, "2026-11-23", &fresh, NULL),
	    STS_OK);
	ck_assert(!fresh);
	ck_assert_uint_eq(count_taken(), 1);
	ck_assert_int_eq(sts_journal_drop(dir, "2026-11-23", NULL), STS_OK);
	ck_assert_uint_eq(count_taken(), 0);
	ck_assert_uint_eq(count("2026-11-23"), 2);
}
END_TEST

START_TEST(days_with_taken_sessions_are_found)
{
	struct seen seen = { 0 };
	bool fresh;

	add(DAY_END, "one.example");
	ck_assert_int_eq(sts_journal_take(dir, "2026-11-23", &fresh, NULL),
	    STS_OK);
	add(DAY_END, "two.example");
	add(DAY_END + 1, "three.example");
	ck_assert_int_eq(sts_journal_taken_days(dir, see_day, &seen, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen.count, 2);
	ck_assert_str_eq(seen.domain[0], "2026-11-23");
	ck_assert_str_eq(seen.domain[1], "2026-11-24");
	ck_assert_int_eq(sts_journal_expire(dir, "2026-11-25", NULL), STS_OK);
	seen.count = 0;
	ck_assert_int_eq(sts_journal_taken_days(dir, see_day, &seen, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen.count, 0);
}
END_TEST

/* As after a crash between the removal of both files. */
START_TEST(what_was_told_is_of_one_taken_file)
{
	bool fresh;

	ck_assert_uint_eq(sts_journal_told(dir, "2026-11-23"), 0);
	add(DAY_END, "one.example");
	ck_assert_int_eq(sts_journal_tell(dir, "2026-11-23", 12345, NULL),
	    STS_OK);
	ck_assert_uint_eq(sts_journal_told(dir, "2026-11-23"), 12345);
	ck_assert_int_eq(sts_journal_take(dir, "2026-11-23", &fresh, NULL),
	    STS_OK);
	ck_assert_uint_eq(sts_journal_told(dir, "2026-11-23"), 0);
	ck_assert_int_eq(sts_journal_tell(dir, "2026-11-23", 100, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_journal_take(dir, "2026-11-23", &fresh, NULL),
	    STS_OK);
	ck_assert_uint_eq(sts_journal_told(dir, "2026-11-23"), 100);
	ck_assert_int_eq(sts_journal_drop(dir, "2026-11-23", NULL), STS_OK);
	ck_assert_uint_eq(sts_journal_told(dir, "2026-11-23"), 0);
}
END_TEST

START_TEST(old_days_go)
{
	add(DAY_END - 86400, "old.example");
	add(DAY_END, "new.example");
	ck_assert_int_eq(sts_journal_close(dir, "2026-11-22", NULL), STS_OK);
	ck_assert_int_eq(sts_journal_expire(dir, "2026-11-23", NULL), STS_OK);
	ck_assert_uint_eq(count("2026-11-22"), 0);
	ck_assert_uint_eq(count("2026-11-23"), 1);
}
END_TEST

START_TEST(days_are_told_from_dates_that_are_none)
{
	char day[STS_JOURNAL_DAY];

	ck_assert_int_eq(sts_journal_begin("2026-11-23"), DAY_END - 86399);
	ck_assert(sts_journal_day(DAY_END, day));
	ck_assert_str_eq(day, "2026-11-23");
	ck_assert_int_eq(sts_journal_begin("2026-02-30"), -1);
	ck_assert_int_eq(sts_journal_begin("2026-11-23x"), -1);
	ck_assert_int_eq(sts_journal_begin(""), -1);
}
END_TEST

START_TEST(a_record_belongs_to_the_owner_of_the_state)
{
	char file[600];
	struct stat st;

	add(DAY_END, "one.example");
	(void)snprintf(file, sizeof(file), "%s/journal/2026-11-23", path);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_ne(st.st_uid, 0);
	ck_assert_uint_eq(st.st_mode & 077, 0);
}
END_TEST

START_TEST(the_longest_record_is_one_small_write)
{
	struct sts_session session = { .at = DAY_END };
	char file[600];
	struct stat st;

	memset(session.domain, 'd', sizeof(session.domain) - 1);
	memset(session.mx, 'm', sizeof(session.mx) - 1);
	memset(session.mx_address, 'a', sizeof(session.mx_address) - 1);
	memset(session.our_address, 'a', sizeof(session.our_address) - 1);
	memset(session.reason, '\x01', sizeof(session.reason) - 1);
	memset(session.mta, 'm', sizeof(session.mta) - 1);
	ck_assert_int_eq(sts_journal_add(dir, &session, NULL), STS_OK);
	(void)snprintf(file, sizeof(file), "%s/journal/2026-11-23", path);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_int_lt(st.st_size, 4096);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("journal");
	TCase *tc = tcase_create("journal");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_day_ends_at_midnight_utc);
	tcase_add_test(tc, a_torn_record_costs_itself);
	tcase_add_test(tc, only_days_are_read);
	tcase_add_test(tc, a_closed_day_takes_nothing_more);
	tcase_add_test(tc, closing_again_loses_nothing);
	tcase_add_test(tc, days_of_two_hosts_merge_by_concatenation);
	tcase_add_test(tc, a_long_day_is_read_whole);
	tcase_add_test(tc, what_is_taken_stays_as_it_is);
	tcase_add_test(tc, days_with_taken_sessions_are_found);
	tcase_add_test(tc, what_was_told_is_of_one_taken_file);
	tcase_add_test(tc, old_days_go);
	tcase_add_test(tc, days_are_told_from_dates_that_are_none);
	tcase_add_test(tc, a_record_belongs_to_the_owner_of_the_state);
	tcase_add_test(tc, the_longest_record_is_one_small_write);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
