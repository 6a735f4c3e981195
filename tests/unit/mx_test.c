/* SPDX-License-Identifier: ISC */
/*
 * MX lists on disk.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hurt.h"
#include "state/seal.h"
#include "state/shard.h"
#include "suite.h"

static const struct sts_mx_list example = {
	.domain = "example.com",
	.implicit = false,
	.ad = true,
	.until = 1700003600,
	.count = 3,
	.host = { { .preference = 0 },
	    { .preference = 10,
		.name = "mx1.example.com",
		.self = true,
		.address_count = 2,
		.address = { "2001:db8::1", "192.0.2.1" } },
	    { .preference = 65535,
		.name = "mx2.example.com",
		.failed = 1700000001 } },
};

static const char old_body[] = "domain: example.com\nimplicit: 0\nad: 0\n"
			       "until: 1700003600\nhosts: 1\n"
			       "preference: 10\nfailed: 0\nname: mx.example\n";

static enum sts_rc
get(const char *domain)
{
	struct sts_mx_list list;

	return sts_mx_get(hurt_dir, domain, &list, NULL);
}

START_TEST(a_list_is_read_as_it_was_written)
{
	struct sts_mx_list list;

	ck_assert_int_eq(get("example.com"), STS_ENODATA);
	ck_assert_int_eq(sts_mx_put(hurt_dir, &example, NULL), STS_OK);
	ck_assert_int_eq(sts_mx_get(hurt_dir, "example.com", &list, NULL),
	    STS_OK);
	ck_assert_mem_eq(&list, &example, sizeof(list));
	ck_assert_int_eq(sts_mx_remove(hurt_dir, "example.com", NULL), STS_OK);
	ck_assert_int_eq(get("example.com"), STS_ENODATA);
	ck_assert_int_eq(sts_mx_remove(hurt_dir, "example.com", NULL), STS_OK);
}
END_TEST

START_TEST(a_hurt_list_is_damaged)
{
	char name[STS_SHARD_PATH_MAX], text[4096];
	size_t len, at;

	ck_assert_int_eq(sts_mx_put(hurt_dir, &example, NULL), STS_OK);
	ck_assert_int_eq(sts_shard_path(STS_MX, "example.com", name, NULL),
	    STS_OK);
	len = hurt_get(name, text, sizeof(text));
	for (at = 0; at < len; at++) {
		hurt_put(name, text, at);
		ck_assert_int_eq(get("example.com"), STS_EDAMAGED);
		text[at] ^= 4;
		hurt_put(name, text, len);
		ck_assert_int_eq(get("example.com"), STS_EDAMAGED);
		text[at] ^= 4;
	}
	hurt_put(name, text, len);
	ck_assert_int_eq(get("example.com"), STS_OK);
}
END_TEST

START_TEST(too_many_hosts_are_refused)
{
	struct sts_mx_list list = example;

	list.count = STS_MX_LIST_MAX + 1;
	ck_assert_int_eq(sts_mx_put(hurt_dir, &list, NULL), STS_EUSAGE);
}
END_TEST

START_TEST(an_old_list_is_missing)
{
	char name[STS_SHARD_PATH_MAX];
	struct sts_mx_list list = example;
	struct sts_buf buf;

	sts_buf_init(&buf, 4096);
	ck_assert_int_eq(sts_mx_put(hurt_dir, &example, NULL), STS_OK);
	ck_assert_int_eq(sts_shard_path(STS_MX, "example.com", name, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_seal_add(&buf, "mta-sts-mx 1", old_body,
			     strlen(old_body)),
	    STS_OK);
	hurt_put(name, sts_buf_text(&buf), buf.len);
	ck_assert_int_eq(get("example.com"), STS_ENODATA);
	ck_assert_int_eq(sts_mx_renew(hurt_dir, &list, NULL), STS_OK);
	ck_assert_int_eq(get("example.com"), STS_OK);
	sts_buf_clear(&buf);
}
END_TEST

START_TEST(the_longest_list_fits)
{
	struct sts_mx_list list = example, read;
	size_t i, j;

	list.count = STS_MX_LIST_MAX;
	for (i = 0; i < list.count; i++) {
		memset(&list.host[i], 0, sizeof(list.host[i]));
		memset(list.host[i].name, 'a', STS_DOMAIN_MAX);
		for (j = 60; j < STS_DOMAIN_MAX; j += 60)
			list.host[i].name[j] = '.';
		list.host[i].preference = 65535;
		list.host[i].failed = 1700000001;
		list.host[i].address_count = STS_MX_ADDRESSES;
		for (j = 0; j < STS_MX_ADDRESSES; j++)
			memcpy(list.host[i].address[j],
			    "2001:db8:1111:2222:3333:4444:5555:6666", 39);
	}
	ck_assert_int_eq(sts_mx_put(hurt_dir, &list, NULL), STS_OK);
	ck_assert_int_eq(sts_mx_get(hurt_dir, list.domain, &read, NULL),
	    STS_OK);
	ck_assert_mem_eq(&read, &list, sizeof(read));
}
END_TEST

START_TEST(a_failure_outlives_a_renewal)
{
	struct sts_mx_list list = example, read;

	ck_assert_int_eq(sts_mx_fail(hurt_dir, "example.com", "mx1.example.com",
			     7, NULL),
	    STS_ENODATA);
	ck_assert_int_eq(sts_mx_put(hurt_dir, &example, NULL), STS_OK);
	ck_assert_int_eq(sts_mx_fail(hurt_dir, "example.com", "mx1.example.com",
			     7, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_mx_fail(hurt_dir, "example.com", "mx3.example.com",
			     7, NULL),
	    STS_ENODATA);
	list.until++;
	list.host[2].failed = 0;
	list.host[0] =
	    (struct sts_mx_host){ .preference = 5, .name = "new.example.com" };
	ck_assert_int_eq(sts_mx_renew(hurt_dir, &list, NULL), STS_OK);
	ck_assert_int_eq(sts_mx_get(hurt_dir, "example.com", &read, NULL),
	    STS_OK);
	ck_assert_int_eq(read.until, example.until + 1);
	ck_assert_int_eq(read.host[0].failed, 0);
	ck_assert_int_eq(read.host[1].failed, 7);
	ck_assert_int_eq(read.host[2].failed, 1700000001);
}
END_TEST

START_TEST(a_host_that_works_again_is_no_longer_marked)
{
	struct sts_mx_list read;

	ck_assert_int_eq(sts_mx_put(hurt_dir, &example, NULL), STS_OK);
	ck_assert_int_eq(sts_mx_fail(hurt_dir, "example.com", "mx2.example.com",
			     0, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_mx_get(hurt_dir, "example.com", &read, NULL),
	    STS_OK);
	ck_assert_int_eq(read.host[2].failed, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mx");
	TCase *tcase = tcase_create("lists");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, a_list_is_read_as_it_was_written);
	tcase_add_test(tcase, a_hurt_list_is_damaged);
	tcase_add_test(tcase, too_many_hosts_are_refused);
	tcase_add_test(tcase, an_old_list_is_missing);
	tcase_add_test(tcase, the_longest_list_fits);
	tcase_add_test(tcase, a_failure_outlives_a_renewal);
	tcase_add_test(tcase, a_host_that_works_again_is_no_longer_marked);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
