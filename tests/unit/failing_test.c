/* SPDX-License-Identifier: ISC */
/*
 * What lookups tell the domain's owner (RFC 8461, 6), on a scripted world: a
 * record in the journal for each try that failed, and for none that did not.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "report/journal.h"
#include "report/text.h"
#include "resolve/failing.h"
#include "scratch.h"
#include "script.h"
#include "suite.h"

#define SET(field, text) (void)snprintf(field, sizeof(field), "%s", text)

static struct script script;
static struct script_domain *example;
static struct sts_resolver_options options;
static char *directory;

static struct sts_session last;
static unsigned records;

static void
setup(void)
{
	script_init(&script);
	example = script_add(&script, "example.com");
	example->tlsrpt = true;
	memset(&options, 0, sizeof(options));
	options.timeout_ms = 10000;
	directory = scratch_new();
	ck_assert_int_eq(sts_state_open(directory,
			     STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC,
			     &options.state, NULL),
	    STS_OK);
}

static void
teardown(void)
{
	sts_state_free(options.state);
	scratch_free(directory);
}

static bool
take(void *arg, const struct sts_session *session)
{
	(void)arg;
	last = *session;
	records++;
	return true;
}

static bool
take_day(void *arg, const char *day)
{
	size_t skipped;

	return sts_journal_each(sts_state_dir(options.state), day, take, arg,
		   &skipped, NULL) == STS_OK;
}

/* How many records there are by now. */
static unsigned
count(void)
{
	records = 0;
	ck_assert_int_eq(sts_journal_days(sts_state_dir(options.state),
			     take_day, NULL, NULL),
	    STS_OK);
	return records;
}

static void
ask(void)
{
	(void)script_ask(&script, &options, "example.com");
}

static void
ask_again(void)
{
	script_advance(&script, 2 * 3600);
	ask();
}

START_TEST(success_is_no_record)
{
	ask();
	ask_again();
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(rpt_34_36_each_failed_fetch_is_one)
{
	static const enum sts_session_result results[SCRIPT_HOST_MAX] = {
		[SCRIPT_HOST_FAILS] = STS_SESSION_STS_POLICY_FETCH_ERROR,
		[SCRIPT_HOST_WEBPKI] = STS_SESSION_STS_WEBPKI_INVALID,
		[SCRIPT_HOST_NO_ADDRESS] = STS_SESSION_STS_POLICY_FETCH_ERROR,
		[SCRIPT_HOST_PRIVATE] = STS_SESSION_STS_POLICY_FETCH_ERROR,
		[SCRIPT_HOST_DNS_FAILS] = STS_SESSION_STS_POLICY_FETCH_ERROR,
	};

	example->host = _i;
	ask();
	if (results[_i] == STS_SESSION_SUCCESS) { /* a fault of ours, too */
		ck_assert_uint_eq(count(), 0);
		return;
	}
	ck_assert_uint_eq(count(), 1);
	ck_assert_int_eq(last.result, results[_i]);
	ck_assert_int_eq(last.type, STS_TYPE_STS);
	ck_assert_str_eq(last.domain, "example.com");
	ck_assert_str_eq(last.mx, "");
	ck_assert_uint_eq(last.policy_hash, 0);
	ck_assert_str_ne(last.reason, "");
	ask(); /* the back-off runs: nothing is tried, nothing counted */
	ck_assert_uint_eq(count(), 1);
	ask_again();
	ck_assert_uint_eq(count(), 2);
}
END_TEST

START_TEST(rpt_35_42_an_invalid_policy_is_kept_as_served)
{
	static const char bad[] = "version: STSv1\nmode: maybe\n";
	struct sts_buf text;
	int fd;

	SET(example->policy, bad);
	ask();
	ck_assert_uint_eq(count(), 1);
	ck_assert_int_eq(last.result, STS_SESSION_STS_POLICY_INVALID);
	ck_assert_uint_eq(last.policy_hash, sts_checksum(bad, strlen(bad)));
	ck_assert_int_eq(sts_dir_opendir(sts_state_dir(options.state),
			     "journal", &fd, NULL),
	    STS_OK);
	sts_buf_init(&text, STS_POLICY_TEXT_MAX);
	ck_assert_int_eq(sts_text_get(fd, "example.com", last.policy_hash,
			     &text, NULL),
	    STS_OK);
	ck_assert_str_eq(text.data, bad);
	ck_assert_int_eq(sts_text_get(fd, "example.org", last.policy_hash,
			     &text, NULL),
	    STS_ENODATA);
	sts_buf_clear(&text);
	(void)close(fd);
}
END_TEST

/* Any failure while a policy is held, DNS included. */
START_TEST(rpt_22_a_record_that_vanished_is_told)
{
	static const enum script_txt told[] = { SCRIPT_TXT_NXDOMAIN,
		SCRIPT_TXT_OTHER, SCRIPT_TXT_TWO, SCRIPT_TXT_BAD,
		SCRIPT_TXT_SERVFAIL, SCRIPT_TXT_TIMEOUT };

	ask();
	example->txt = told[_i];
	example->host = SCRIPT_HOST_FAILS;
	ask_again();
	ck_assert_uint_eq(count(), 1);
	ck_assert_int_eq(last.result, STS_SESSION_STS_POLICY_FETCH_ERROR);
	ck_assert_int_eq(last.mode, STS_MODE_ENFORCE);
	ck_assert_uint_eq(last.policy_hash,
	    sts_checksum(example->policy, strlen(example->policy)));
}
END_TEST

START_TEST(a_fault_of_ours_is_not_told)
{
	ask();
	example->txt = SCRIPT_TXT_LOCAL;
	ask_again();
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(rpt_22_a_policy_of_mode_none_fails_unseen)
{
	SET(example->policy, "version: STSv1\nmode: none\nmax_age: 604800\n");
	ask();
	example->txt = SCRIPT_TXT_NXDOMAIN;
	ask_again();
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(rpt_21_no_record_and_no_policy_is_no_failure)
{
	example->txt = SCRIPT_TXT_SERVFAIL;
	ask();
	example->txt = SCRIPT_TXT_NXDOMAIN;
	ask_again();
	ck_assert_uint_eq(count(), 0);
}
END_TEST

START_TEST(who_wants_no_reports_is_not_told)
{
	example->tlsrpt = false;
	example->host = SCRIPT_HOST_FAILS;
	ask();
	ck_assert_uint_eq(count(), 0);
}
END_TEST

static const struct {
	const char *reason, *told;
} reasons[] = {
	{ "HTTP status 404", "HTTP status 404" },
	{ "timed out after 14890 ms, connecting", "timed out, connecting" },
	{ "after 1 ms", "" },
	{ "after noon", "after noon" },
	{ "after 12 s", "after 12 s" },
};

START_TEST(a_reason_is_the_same_each_time)
{
	char out[64], little[8];

	sts_failing_reason(reasons[_i].reason, out, sizeof(out));
	ck_assert_str_eq(out, reasons[_i].told);
	sts_failing_reason(reasons[_i].reason, little, sizeof(little));
	ck_assert_uint_lt(strlen(little), sizeof(little));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("failing");
	TCase *tc = tcase_create("failing");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, success_is_no_record);
	tcase_add_loop_test(tc, rpt_34_36_each_failed_fetch_is_one, 0,
	    SCRIPT_HOST_MAX);
	tcase_add_test(tc, rpt_35_42_an_invalid_policy_is_kept_as_served);
	tcase_add_loop_test(tc, rpt_22_a_record_that_vanished_is_told, 0, 6);
	tcase_add_test(tc, a_fault_of_ours_is_not_told);
	tcase_add_test(tc, rpt_22_a_policy_of_mode_none_fails_unseen);
	tcase_add_test(tc, rpt_21_no_record_and_no_policy_is_no_failure);
	tcase_add_test(tc, who_wants_no_reports_is_not_told);
	tcase_add_loop_test(tc, a_reason_is_the_same_each_time, 0,
	    (int)(sizeof(reasons) / sizeof(reasons[0])));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
