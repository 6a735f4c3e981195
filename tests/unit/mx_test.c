/* SPDX-License-Identifier: ISC */
/*
 * MX lists on disk.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hurt.h"
#include "suite.h"

static const struct sts_mx_list example = {
	.domain = "example.com",
	.implicit = false,
	.ad = true,
	.until = 1700003600,
	.count = 3,
	.host = { { .preference = 0 },
	    { .preference = 10, .name = "mx1.example.com" },
	    { .preference = 65535,
		.name = "mx2.example.com",
		.failed = 1700000001 } },
};

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
	char name[1024], text[4096];
	size_t len, at;

	ck_assert_int_eq(sts_mx_put(hurt_dir, &example, NULL), STS_OK);
	hurt_policy("example.com", name);
	memmove(name + 2, name + strlen("policies"),
	    strlen(name) - strlen("policies") + 1);
	memcpy(name, "mx", 2);
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

int
main(void)
{
	Suite *suite = suite_create("mx");
	TCase *tcase = tcase_create("lists");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, a_list_is_read_as_it_was_written);
	tcase_add_test(tcase, a_hurt_list_is_damaged);
	tcase_add_test(tcase, too_many_hosts_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
