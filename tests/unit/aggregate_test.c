/* SPDX-License-Identifier: ISC */
/* Sessions added up: by policy, by kind of failure, and never without bound. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "report/aggregate.h"
#include "suite.h"

static struct sts_aggregate *aggregate;

static void
setup(void)
{
	ck_assert_int_eq(sts_aggregate_new(&aggregate, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_aggregate_free(aggregate);
}

static struct sts_session
session_of(const char *domain, enum sts_policy_type type, uint64_t hash,
    enum sts_session_result result)
{
	struct sts_session session = {
		.type = type, .policy_hash = hash, .result = result
	};

	(void)snprintf(session.domain, sizeof(session.domain), "%s", domain);
	(void)snprintf(session.mx, sizeof(session.mx), "mx.%s", domain);
	return session;
}

static void
add(const struct sts_session *session)
{
	ck_assert_int_eq(sts_aggregate_add(aggregate, session, NULL), STS_OK);
}

static const struct sts_element *
finish(size_t count)
{
	ck_assert_int_eq(sts_aggregate_finish(aggregate, NULL), STS_OK);
	ck_assert_uint_eq(sts_aggregate_count(aggregate), count);
	return count == 0 ? NULL : sts_aggregate_element(aggregate, 0);
}

START_TEST(nothing_is_no_element)
{
	ck_assert_ptr_null(finish(0));
}
END_TEST

START_TEST(equal_failures_are_one_detail)
{
	struct sts_session bad = session_of("a.example", STS_TYPE_STS, 7,
	    STS_SESSION_CERTIFICATE_EXPIRED);
	struct sts_session good =
	    session_of("a.example", STS_TYPE_STS, 7, STS_SESSION_SUCCESS);
	const struct sts_element *element;

	add(&bad);
	add(&good);
	add(&bad);
	bad.result = STS_SESSION_STARTTLS_NOT_SUPPORTED;
	add(&bad);
	element = finish(1);
	ck_assert_uint_eq(element->success, 1);
	ck_assert_uint_eq(element->failure, 3);
	ck_assert_uint_eq(element->detail_count, 2);
	ck_assert_int_eq(element->detail[0].result,
	    STS_SESSION_STARTTLS_NOT_SUPPORTED);
	ck_assert_uint_eq(element->detail[1].count, 2);
	ck_assert_str_eq(element->detail[1].mx, "mx.a.example");
}
END_TEST

START_TEST(a_policy_changed_at_noon_is_two_elements)
{
	struct sts_session session =
	    session_of("a.example", STS_TYPE_STS, 7, STS_SESSION_SUCCESS);

	add(&session);
	session.policy_hash = 8;
	add(&session);
	ck_assert_uint_eq(finish(2)->policy_hash, 7);
	ck_assert_uint_eq(sts_aggregate_element(aggregate, 1)->policy_hash, 8);
}
END_TEST

START_TEST(tlsa_is_of_the_host_beside_sts)
{
	struct sts_session session =
	    session_of("a.example", STS_TYPE_TLSA, 7, STS_SESSION_SUCCESS);
	const struct sts_element *element;

	add(&session);
	session.policy_hash = 0; /* a text is nothing to TLSA */
	add(&session);
	session.type = STS_TYPE_STS;
	add(&session);
	element = finish(2);
	ck_assert_int_eq(element->type, STS_TYPE_STS);
	ck_assert_str_eq(element->policy_domain, "a.example");
	element = sts_aggregate_element(aggregate, 1);
	ck_assert_int_eq(element->type, STS_TYPE_TLSA);
	ck_assert_str_eq(element->policy_domain, "mx.a.example");
	ck_assert_uint_eq(element->success, 2);
}
END_TEST

START_TEST(elements_are_sorted_by_domain)
{
	static const char *const domains[] = { "c.example", "a.example",
		"b.example" };
	struct sts_session session;
	size_t i;

	for (i = 0; i < 3; i++) {
		session = session_of(domains[i], STS_TYPE_NO_POLICY, 0,
		    STS_SESSION_SUCCESS);
		add(&session);
	}
	ck_assert_str_eq(finish(3)->domain, "a.example");
	ck_assert_str_eq(sts_aggregate_element(aggregate, 2)->domain,
	    "c.example");
}
END_TEST

START_TEST(what_is_too_much_is_merged_not_lost)
{
	struct sts_session session = session_of("a.example", STS_TYPE_STS, 7,
	    STS_SESSION_CERTIFICATE_EXPIRED);
	const struct sts_element *element;
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < 3 * STS_AGGREGATE_DETAILS; i++) {
		(void)snprintf(session.mx_address, sizeof(session.mx_address),
		    "192.0.2.%zu", i);
		add(&session);
	}
	element = finish(1);
	ck_assert_uint_eq(element->failure, 3 * STS_AGGREGATE_DETAILS);
	ck_assert_uint_eq(element->detail_count, STS_AGGREGATE_DETAILS + 1);
	for (i = 0; i < element->detail_count; i++)
		sum += element->detail[i].count;
	ck_assert_uint_eq(sum, element->failure);
	ck_assert_str_eq(element->detail[0].mx, "");
	ck_assert_uint_eq(element->detail[0].count, 2 * STS_AGGREGATE_DETAILS);
}
END_TEST

START_TEST(many_domains_are_all_there)
{
	struct sts_session session;
	char domain[32];
	size_t i;

	for (i = 0; i < 20000; i++) {
		(void)snprintf(domain, sizeof(domain), "d%zu.example",
		    i % 10000);
		session = session_of(domain, STS_TYPE_NO_POLICY, 0,
		    i < 10000 ? STS_SESSION_SUCCESS
			      : STS_SESSION_VALIDATION_FAILURE);
		add(&session);
	}
	(void)finish(10000);
	for (i = 0; i < 10000; i++) {
		ck_assert_uint_eq(sts_aggregate_element(aggregate, i)->success,
		    1);
		ck_assert_uint_eq(sts_aggregate_element(aggregate, i)
				      ->detail[0]
				      .count,
		    1);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("aggregate");
	TCase *tc = tcase_create("aggregate");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nothing_is_no_element);
	tcase_add_test(tc, equal_failures_are_one_detail);
	tcase_add_test(tc, a_policy_changed_at_noon_is_two_elements);
	tcase_add_test(tc, tlsa_is_of_the_host_beside_sts);
	tcase_add_test(tc, elements_are_sorted_by_domain);
	tcase_add_test(tc, what_is_too_much_is_merged_not_lost);
	tcase_add_test(tc, many_domains_are_all_there);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
