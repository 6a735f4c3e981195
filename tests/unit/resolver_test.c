/* SPDX-License-Identifier: ISC */
/*
 * The resolver on a scripted world and a real state directory: the rows of
 * RFC 8461 that speak of what happens over time.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "scratch.h"
#include "script.h"
#include "suite.h"

#define DAY              86400
#define SET(field, text) (void)snprintf(field, sizeof(field), "%s", text)

static struct script script;
static struct script_domain *example;
static struct sts_resolver_options options;
static char *directory;

static void
reopen(void)
{
	struct sts_error err = { .text = "" };

	sts_state_free(options.state);
	options.state = NULL;
	ck_assert_msg(sts_state_open(directory,
			  STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC,
			  &options.state, &err) == STS_OK,
	    "%s", err.text);
}

static void
setup(void)
{
	script_init(&script);
	example = script_add(&script, "example.com");
	memset(&options, 0, sizeof(options));
	options.timeout_ms = 10000;
	directory = scratch_new();
	reopen();
}

static void
teardown(void)
{
	sts_state_free(options.state);
	scratch_free(directory);
}

static struct script_result
ask(void)
{
	script_reset_trace(&script);
	return script_ask(&script, &options, "example.com");
}

static void
expect_enforce(struct script_result result)
{
	ck_assert_msg(result.answer == STS_ANSWER_POLICY &&
			  result.mode == STS_MODE_ENFORCE,
	    "answer %s, mode %s: %s\n%s", sts_answer_name(result.answer),
	    sts_mode_name(result.mode), result.reason, script.trace);
}

static void
expect_answer(struct script_result result, enum sts_answer answer)
{
	ck_assert_msg(result.answer == answer, "answer %s, not %s: %s\n%s",
	    sts_answer_name(result.answer), sts_answer_name(answer),
	    result.reason, script.trace);
}

START_TEST(first_contact_fetches_and_keeps)
{
	struct script_result result = ask();

	expect_enforce(result);
	ck_assert_str_eq(result.source, "live");
	ck_assert_str_eq(result.policy, example->policy);
	ck_assert(result.stored);
	reopen();
	result = ask();
	expect_enforce(result);
	ck_assert_str_eq(result.source, "cache");
	ck_assert_uint_eq(example->txt_asked, 1);
	ck_assert_uint_eq(example->fetched, 1);
}
END_TEST

START_TEST(a_known_absence_costs_no_query)
{
	example->txt = SCRIPT_TXT_NXDOMAIN;
	expect_answer(ask(), STS_ANSWER_NONE);
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->txt_asked, 1);
	script_advance(&script, 3601);
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->txt_asked, 2);
}
END_TEST

/* Every TXT that is no record, over a cached policy. */
START_TEST(sts_14_74_77_cached_policy_outlives_the_record)
{
	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	example->txt = _i;
	example->host = SCRIPT_HOST_FAILS;
	if (example->txt == SCRIPT_TXT_VALID)
		return;
	expect_enforce(ask());
	script_advance(&script, 6 * DAY);
	expect_enforce(ask());
}
END_TEST

/* Every way a fetch can fail, over a cached policy with a new id. */
START_TEST(sts_74_76_failed_fetch_keeps_the_old_policy)
{
	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	SET(example->id, "2");
	example->host = _i;
	SET(example->policy, "version: STSv1\nmode: none\nmax_age: 604800\n");
	if (example->host == SCRIPT_HOST_GOOD)
		return;
	expect_enforce(ask());
	reopen();
	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	example->host = SCRIPT_HOST_GOOD;
	expect_answer(ask(), STS_ANSWER_POLICY);
	ck_assert(ask().mode == STS_MODE_NONE);
}
END_TEST

/* Without a cached policy a failed fetch is as no MTA-STS; our own fault is
 * no answer at all. */
START_TEST(sts_33_failed_fetch_without_cache)
{
	bool ours = _i == SCRIPT_HOST_LOCAL || _i == SCRIPT_HOST_REFUSE;

	example->host = _i;
	if (example->host == SCRIPT_HOST_GOOD)
		return;
	expect_answer(ask(), ours ? STS_ANSWER_UNKNOWN : STS_ANSWER_NONE);
}
END_TEST

START_TEST(sts_15_dns_failure_is_not_absence)
{
	struct script_result result;

	example->txt = SCRIPT_TXT_SERVFAIL;
	result = ask();
	expect_answer(result, STS_ANSWER_UNKNOWN);
	ck_assert(result.cause == STS_EDNS);
	example->txt = SCRIPT_TXT_VALID;
	script_advance(&script, 31);
	expect_enforce(ask());
}
END_TEST

START_TEST(sts_15_waiters_do_not_repeat_a_dns_failure)
{
	example->txt = SCRIPT_TXT_TIMEOUT;
	expect_answer(ask(), STS_ANSWER_UNKNOWN);
	script_advance(&script, 10);
	expect_answer(ask(), STS_ANSWER_UNKNOWN);
	ck_assert_uint_eq(example->txt_asked, 1);
}
END_TEST

START_TEST(sts_74_nor_over_a_policy)
{
	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	example->txt = SCRIPT_TXT_TIMEOUT;
	expect_enforce(ask());
	script_advance(&script, 10);
	expect_enforce(ask());
	ck_assert_uint_eq(example->txt_asked, 2);
	script_advance(&script, 60);
	expect_enforce(ask());
	ck_assert_uint_eq(example->txt_asked, 3);
}
END_TEST

START_TEST(a_local_fault_defers)
{
	struct script_result result;

	example->txt = _i;
	result = ask();
	expect_answer(result, STS_ANSWER_UNKNOWN);
	ck_assert(result.cause == STS_ELOCAL);
	example->txt = SCRIPT_TXT_VALID;
	expect_enforce(ask()); /* it was not held against the domain */
}
END_TEST

START_TEST(sts_32_backoff_and_a_new_id)
{
	example->host = SCRIPT_HOST_FAILS;
	expect_answer(ask(), STS_ANSWER_NONE);
	script_advance(&script, 61);
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->fetched, 1);
	SET(example->id, "2");
	script_advance(&script, 61);
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->fetched, 2);
	script_advance(&script, 61); /* its one try is used */
	SET(example->id, "3");
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->fetched, 2);
	script_advance(&script, 3600);
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->fetched, 3);
}
END_TEST

START_TEST(sts_32_backoff_outlives_a_restart)
{
	example->host = SCRIPT_HOST_FAILS;
	expect_answer(ask(), STS_ANSWER_NONE);
	reopen();
	script_advance(&script, 100);
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->fetched, 1);
}
END_TEST

START_TEST(sts_43_max_age_0_applies_once)
{
	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	SET(example->id, "2");
	SET(example->policy,
	    "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 0\n");
	expect_enforce(ask());
	example->host = SCRIPT_HOST_FAILS;
	expect_answer(ask(), STS_ANSWER_NONE);
}
END_TEST

START_TEST(sts_75_an_unchanged_id_extends_nothing)
{
	int day;

	expect_enforce(ask());
	example->host = SCRIPT_HOST_FAILS;
	for (day = 0; day < 6; day++) {
		script_advance(&script, DAY);
		expect_enforce(ask());
	}
	example->txt = SCRIPT_TXT_NXDOMAIN;
	script_advance(&script, DAY + 3700);
	expect_answer(ask(), STS_ANSWER_NONE);
}
END_TEST

START_TEST(sts_78_renewal_whatever_the_record_says)
{
	expect_enforce(ask());
	example->txt = _i;
	script_advance(&script, 2 * DAY);
	expect_enforce(ask());
	ck_assert_uint_eq(example->fetched, 2);
	script_advance(&script, 6 * DAY); /* the deadline has moved */
	example->host = SCRIPT_HOST_FAILS;
	example->txt = SCRIPT_TXT_NXDOMAIN;
	expect_enforce(ask());
}
END_TEST

START_TEST(sts_69_a_failed_delivery_is_followed_by_a_look_at_dns)
{
	struct sts_error err;

	expect_enforce(ask());
	SET(example->id, "2");
	SET(example->policy,
	    "version: STSv1\nmode: testing\nmx: b.example\nmax_age: 604800\n");
	script_advance(&script, 61);
	expect_enforce(ask()); /* fresh: nobody has complained */
	ck_assert(sts_state_distrust(options.state, "example.com", &script.now,
		      &err) == STS_OK);
	ck_assert(ask().mode == STS_MODE_TESTING);
}
END_TEST

START_TEST(an_expired_policy_needs_a_definite_answer)
{
	expect_enforce(ask());
	example->txt = SCRIPT_TXT_SERVFAIL;
	script_advance(&script, 8 * DAY);
	expect_enforce(ask());
	script_advance(&script, 7 * DAY);
	expect_answer(ask(), STS_ANSWER_UNKNOWN);
}
END_TEST

START_TEST(sts_81_a_clock_that_jumps_expires_nothing)
{
	expect_enforce(ask());
	example->txt = SCRIPT_TXT_NXDOMAIN;
	example->host = SCRIPT_HOST_FAILS;
	script.now.wall += _i * 365 * DAY;
	expect_enforce(ask());
	script.now.wall -= _i * 365 * DAY;
	expect_enforce(ask());
}
END_TEST

START_TEST(sts_81_a_clock_that_jumps_across_a_boot)
{
	expect_enforce(ask());
	example->txt = SCRIPT_TXT_NXDOMAIN;
	example->host = SCRIPT_HOST_FAILS;
	script.now.wall += 365 * DAY;
	script.now.boot = 5;
	script.now.boot_id[0] = 'b';
	reopen();
	expect_enforce(ask());
}
END_TEST

START_TEST(sts_34_a_private_address_is_not_connected_to)
{
	example->host = SCRIPT_HOST_PRIVATE;
	expect_answer(ask(), STS_ANSWER_NONE);
	ck_assert_uint_eq(example->fetched, 0);
	ck_assert(strstr(script.trace, "127.0.0.1 refused") != NULL);
}
END_TEST

START_TEST(sts_34_unless_the_operator_allows_it)
{
	struct sts_network network;

	ck_assert(sts_network_parse("127.0.0.0/8", &network, NULL) == STS_OK);
	options.allow = &network;
	options.allow_count = 1;
	example->host = SCRIPT_HOST_PRIVATE;
	(void)ask();
	ck_assert_uint_eq(example->fetched, 1);
}
END_TEST

START_TEST(two_jobs_fetch_once)
{
	struct script_result first, second;

	script.seed = (uint64_t)_i + 1;
	script_start(&script, &options, "example.com", &first);
	script_start(&script, &options, "example.com", &second);
	while (script_step(&script))
		continue;
	expect_enforce(first);
	expect_enforce(second);
	ck_assert_uint_eq(example->fetched, 1);
}
END_TEST

/* Somebody else's lease, as another process would hold it. */
static struct sts_lease *
hold_lease(void)
{
	struct sts_lease *lease = NULL;
	struct sts_error err;

	ck_assert(sts_lease_take(sts_state_dir(options.state), "example.com",
		      &script.now, 3600, &lease, &err) == STS_OK);
	return lease;
}

START_TEST(a_lease_that_is_never_given_back_defers)
{
	struct sts_lease *lease = hold_lease();
	struct script_result result = ask();

	expect_answer(result, STS_ANSWER_UNKNOWN);
	ck_assert(result.cause == STS_ELOCAL);
	ck_assert_uint_gt(script.sleeps, 100);
	ck_assert_uint_eq(example->fetched, 0);
	sts_lease_free(lease);
	expect_enforce(ask());
}
END_TEST

START_TEST(a_usable_policy_does_not_wait_for_a_lease)
{
	struct sts_lease *lease;

	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	SET(example->id, "2");
	lease = hold_lease();
	expect_enforce(ask());
	ck_assert_uint_eq(script.sleeps, 0);
	ck_assert_uint_eq(example->fetched, 1);
	sts_lease_free(lease);
}
END_TEST

START_TEST(offline_asks_nobody)
{
	options.offline = true;
	expect_answer(ask(), STS_ANSWER_UNKNOWN);
	ck_assert_uint_eq(example->txt_asked, 0);
	options.offline = false;
	expect_enforce(ask());
	script_advance(&script, 2 * 3600);
	options.offline = true;
	expect_enforce(ask());
	ck_assert_uint_eq(example->txt_asked, 1);
}
END_TEST

START_TEST(force_asks_everybody)
{
	expect_enforce(ask());
	options.force = true;
	expect_enforce(ask());
	ck_assert_uint_eq(example->fetched, 2);
	example->host = SCRIPT_HOST_FAILS;
	expect_enforce(ask());
	expect_enforce(ask()); /* whatever the back-off says */
	ck_assert_uint_eq(example->fetched, 4);
}
END_TEST

/* Policy file and ledger both lost to the same fault. */
static void
lose_the_policy(void)
{
	char command[700];

	(void)snprintf(command, sizeof(command),
	    "echo x >$(ls %s/policies/*/example.com) && : >%s/ledger",
	    directory, directory);
	ck_assert_int_eq(system(command), 0);
	script_advance(&script, 2 * 3600);
}

START_TEST(a_lost_policy_defers_until_a_definite_answer)
{
	expect_enforce(ask());
	lose_the_policy();
	example->txt = SCRIPT_TXT_SERVFAIL;
	expect_answer(ask(), STS_ANSWER_DAMAGED);
	example->txt = SCRIPT_TXT_BAD;
	expect_answer(ask(), STS_ANSWER_DAMAGED);
	example->txt = SCRIPT_TXT_VALID;
	example->host = SCRIPT_HOST_FAILS;
	expect_answer(ask(), STS_ANSWER_DAMAGED);
	example->host = SCRIPT_HOST_GOOD;
	options.force = true;
	expect_enforce(ask());
}
END_TEST

START_TEST(on_error_live_trusts_what_dns_says_now)
{
	expect_enforce(ask());
	lose_the_policy();
	options.on_error = STS_ON_ERROR_LIVE;
	example->host = SCRIPT_HOST_FAILS;
	expect_answer(ask(), STS_ANSWER_NONE);
}
END_TEST

START_TEST(sts_50_a_broken_policy_is_none)
{
	struct script_result result;

	SET(example->policy, "<html>not found</html>");
	result = ask();
	expect_answer(result, STS_ANSWER_NONE);
	ck_assert(result.cause == STS_EPOLICY);
}
END_TEST

START_TEST(what_is_no_domain_is_refused)
{
	struct sts_error err;

	ck_assert_int_eq(sts_job_start(&script.io, &options, "a_b", NULL, NULL,
			     &err),
	    STS_EDOMAIN);
	script.io.trace = NULL;
	expect_enforce(ask()); /* and nobody needs to listen */
}
END_TEST

START_TEST(without_a_state_the_live_answer_counts)
{
	struct sts_state *state = options.state;
	struct script_result result;

	options.state = NULL;
	result = ask();
	expect_enforce(result);
	ck_assert(!result.stored);
	options.state = state;
}
END_TEST

START_TEST(sts_87_a_name_too_long_for_a_record_has_none)
{
	char name[STS_DOMAIN_MAX + 1];
	struct script_result result;

	memset(name, 'a', sizeof(name));
	name[50] = name[100] = name[150] = name[200] = '.';
	name[250] = '\0';
	(void)script_add(&script, name);
	result = script_ask(&script, &options, name);
	expect_answer(result, STS_ANSWER_NONE);
}
END_TEST

START_TEST(the_report_record_is_looked_up_beside)
{
	ck_assert(!ask().tlsrpt);
	script_advance(&script, 2 * 3600);
	example->tlsrpt = true;
	ck_assert(ask().tlsrpt);
	ck_assert(ask().tlsrpt); /* from the state */
}
END_TEST

/* Neither the parent nor anything else is asked. */
START_TEST(sts_01_86_asks_for_its_own_name_alone)
{
	const char *at, *names[] = { "TXT _mta-sts.example.com:",
		"TXT _smtp._tls.example.com:" };
	unsigned count = 0;

	(void)ask();
	for (at = script.trace; (at = strstr(at, "dns: TXT ")) != NULL; at++)
		count++;
	ck_assert_uint_eq(count, 2);
	ck_assert_ptr_nonnull(strstr(script.trace, names[0]));
	ck_assert_ptr_nonnull(strstr(script.trace, names[1]));
}
END_TEST

/* Two domains, one MX set: each has its own policy. */
START_TEST(sts_82_the_key_is_the_domain)
{
	struct script_domain *other = script_add(&script, "example.net");

	SET(example->policy,
	    "version: STSv1\nmode: enforce\nmx: mx.shared\nmax_age: 9999\n");
	SET(other->policy,
	    "version: STSv1\nmode: testing\nmx: mx.shared\nmax_age: 9999\n");
	ck_assert(ask().mode == STS_MODE_ENFORCE);
	ck_assert(script_ask(&script, &options, "example.net").mode ==
		  STS_MODE_TESTING);
	ck_assert(ask().mode == STS_MODE_ENFORCE);
}
END_TEST

START_TEST(the_trace_names_the_cell)
{
	(void)ask();
	ck_assert_msg(
	    strstr(script.trace,
		"decide: known=none txt=changed doubt=none -> fetch") != NULL,
	    "%s", script.trace);
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_test(tcase, first_contact_fetches_and_keeps);
	tcase_add_test(tcase, a_known_absence_costs_no_query);
	tcase_add_loop_test(tcase,
	    sts_14_74_77_cached_policy_outlives_the_record, 0, SCRIPT_TXT_MAX);
	tcase_add_loop_test(tcase, sts_74_76_failed_fetch_keeps_the_old_policy,
	    0, SCRIPT_HOST_MAX);
	tcase_add_loop_test(tcase, sts_33_failed_fetch_without_cache, 0,
	    SCRIPT_HOST_MAX);
	tcase_add_test(tcase, sts_15_dns_failure_is_not_absence);
	tcase_add_test(tcase, sts_15_waiters_do_not_repeat_a_dns_failure);
	tcase_add_test(tcase, sts_74_nor_over_a_policy);
	tcase_add_loop_test(tcase, a_local_fault_defers, SCRIPT_TXT_LOCAL,
	    SCRIPT_TXT_MAX);
	tcase_add_test(tcase, sts_32_backoff_and_a_new_id);
	tcase_add_test(tcase, sts_32_backoff_outlives_a_restart);
	tcase_add_test(tcase, sts_43_max_age_0_applies_once);
	tcase_add_test(tcase, sts_75_an_unchanged_id_extends_nothing);
	tcase_add_loop_test(tcase, sts_78_renewal_whatever_the_record_says, 0,
	    SCRIPT_TXT_LOCAL);
	tcase_add_test(tcase,
	    sts_69_a_failed_delivery_is_followed_by_a_look_at_dns);
	tcase_add_test(tcase, an_expired_policy_needs_a_definite_answer);
	tcase_add_loop_test(tcase, sts_81_a_clock_that_jumps_expires_nothing,
	    -3, 4);
	tcase_add_test(tcase, sts_81_a_clock_that_jumps_across_a_boot);
	tcase_add_test(tcase, sts_34_a_private_address_is_not_connected_to);
	tcase_add_test(tcase, sts_34_unless_the_operator_allows_it);
	tcase_add_loop_test(tcase, two_jobs_fetch_once, 0, 50);
	tcase_add_test(tcase, a_lease_that_is_never_given_back_defers);
	tcase_add_test(tcase, a_usable_policy_does_not_wait_for_a_lease);
	tcase_add_test(tcase, offline_asks_nobody);
	tcase_add_test(tcase, force_asks_everybody);
	tcase_add_test(tcase, a_lost_policy_defers_until_a_definite_answer);
	tcase_add_test(tcase, on_error_live_trusts_what_dns_says_now);
	tcase_add_test(tcase, sts_50_a_broken_policy_is_none);
	tcase_add_test(tcase, what_is_no_domain_is_refused);
	tcase_add_test(tcase, without_a_state_the_live_answer_counts);
	tcase_add_test(tcase, sts_87_a_name_too_long_for_a_record_has_none);
	tcase_add_test(tcase, the_report_record_is_looked_up_beside);
	tcase_add_test(tcase, sts_01_86_asks_for_its_own_name_alone);
	tcase_add_test(tcase, sts_82_the_key_is_the_domain);
	tcase_add_test(tcase, the_trace_names_the_cell);
}

int
main(void)
{
	Suite *suite = suite_create("resolver");
	TCase *tcase = tcase_create("scripted");

	tcase_add_checked_fixture(tcase, setup, teardown);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
