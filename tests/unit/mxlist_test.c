/* SPDX-License-Identifier: ISC */
/*
 * From DNS answers to MX lists.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/mxlist.h"
#include "suite.h"

static struct sts_mx_list list;
static struct sts_error err;

static enum sts_rc
convert(enum sts_dns_status status, struct sts_rr *rr, size_t count)
{
	struct sts_dns_answer answer = {
		.type = STS_DNS_MX,
		.status = status,
		.ttl = 300,
		.count = count,
		.rr = rr,
		.reason = "told",
	};

	return sts_mxlist_from(&answer, "example.com", 1000, &list, &err);
}

static struct sts_rr
mx(unsigned preference, char *name)
{
	return (struct sts_rr){
		.preference = preference, .data = name, .len = strlen(name)
	};
}

START_TEST(hosts_come_by_preference)
{
	char a[] = "b.example.com", b[] = "c.example.com",
	     c[] = "a.example.com";
	struct sts_rr rr[] = { mx(20, a), mx(10, b), mx(20, c) };

	ck_assert_int_eq(convert(STS_DNS_OK, rr, 3), STS_OK);
	ck_assert_uint_eq(list.count, 3);
	ck_assert_str_eq(list.host[0].name, "c.example.com");
	ck_assert_str_eq(list.host[1].name, "a.example.com");
	ck_assert_str_eq(list.host[2].name, "b.example.com");
	ck_assert_int_eq(list.until, 1300);
	ck_assert(!list.implicit);
}
END_TEST

START_TEST(sts_55_without_mx_the_domain_itself)
{
	ck_assert_int_eq(convert(STS_DNS_NODATA, NULL, 0), STS_OK);
	ck_assert(list.implicit);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.host[0].name, "example.com");
}
END_TEST

START_TEST(sts_54_null_mx_is_an_empty_name)
{
	char root[] = ".";
	struct sts_rr rr = mx(0, root);

	ck_assert_int_eq(convert(STS_DNS_OK, &rr, 1), STS_OK);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.host[0].name, "");
}
END_TEST

START_TEST(what_is_no_host_name_is_left_out)
{
	char bad[] = "b\\032d.example", quad[] = "192.0.2.1",
	     good[] = "a.example";
	struct sts_rr rr[] = { mx(1, bad), mx(2, quad), mx(3, good) };

	ck_assert_int_eq(convert(STS_DNS_OK, rr, 3), STS_OK);
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.host[0].name, "a.example");
}
END_TEST

START_TEST(of_too_many_hosts_the_best_are_kept)
{
	struct sts_rr rr[STS_DNS_RR_MAX];
	char name[] = "mx.example";
	size_t i;

	for (i = 0; i < STS_DNS_RR_MAX; i++)
		rr[i] = mx((unsigned)(STS_DNS_RR_MAX - i), name);
	ck_assert_int_eq(convert(STS_DNS_OK, rr, STS_DNS_RR_MAX), STS_OK);
	ck_assert_uint_eq(list.count, STS_MX_LIST_MAX);
	for (i = 0; i < STS_MX_LIST_MAX; i++)
		ck_assert_uint_eq(list.host[i].preference, i + 1);
}
END_TEST

START_TEST(what_dns_did_not_say)
{
	ck_assert_int_eq(convert(STS_DNS_NXDOMAIN, NULL, 0), STS_ENODATA);
	ck_assert_int_eq(convert(STS_DNS_FAILURE, NULL, 0), STS_EDNS);
	ck_assert_int_eq(convert(STS_DNS_TIMEOUT, NULL, 0), STS_EDNS);
	ck_assert_int_eq(convert(STS_DNS_LOCAL, NULL, 0), STS_ELOCAL);
	ck_assert_ptr_nonnull(strstr(err.text, "told"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mxlist");
	TCase *tcase = tcase_create("mxlist");

	tcase_add_test(tcase, hosts_come_by_preference);
	tcase_add_test(tcase, sts_55_without_mx_the_domain_itself);
	tcase_add_test(tcase, sts_54_null_mx_is_an_empty_name);
	tcase_add_test(tcase, what_is_no_host_name_is_left_out);
	tcase_add_test(tcase, of_too_many_hosts_the_best_are_kept);
	tcase_add_test(tcase, what_dns_did_not_say);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
