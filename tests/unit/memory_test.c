/* SPDX-License-Identifier: ISC */
/*
 * What a table remembers of domains.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/memory.h"
#include "suite.h"

#define HELD 4096 /* domains at most */

static struct sts_memory *memory;

static void
setup(void)
{
	memory = sts_memory_new();
	ck_assert_ptr_nonnull(memory);
}

static void
teardown(void)
{
	sts_memory_free(memory);
}

START_TEST(what_was_put_is_there)
{
	struct sts_memo *memo = sts_memory_of(memory, "example.com", 5);

	ck_assert_str_eq(memo->domain, "example.com");
	ck_assert_str_eq(memo->host, "");
	ck_assert_int_eq(memo->wished[STS_WISH_MX], STS_MEMO_NEVER);
	memcpy(memo->host, "mx", 3);
	ck_assert_str_eq(sts_memory_of(memory, "example.org", 6)->host, "");
	ck_assert_str_eq(sts_memory_of(memory, "example.com", 7)->host, "mx");
	ck_assert_int_eq(sts_memory_of(memory, "example.com", 8)->used, 8);
}
END_TEST

START_TEST(who_is_asked_for_is_not_pushed_out)
{
	char name[32];
	int64_t i;

	memcpy(sts_memory_of(memory, "kept.test", 0)->host, "mx", 3);
	for (i = 1; i < 10 * HELD; i++) {
		(void)snprintf(name, sizeof(name), "n%d.test", (int)i);
		ck_assert_str_eq(sts_memory_of(memory, name, i)->host, "");
		ck_assert_str_eq(sts_memory_of(memory, "kept.test", i)->host,
		    "mx");
	}
	for (i = 0; i < 10 * HELD; i++) {
		(void)snprintf(name, sizeof(name), "m%d.test", (int)i);
		(void)sts_memory_of(memory, name, 10 * HELD + i);
	}
	ck_assert_str_eq(sts_memory_of(memory, "kept.test", i)->host, "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("memory");
	TCase *tcase = tcase_create("memos");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_put_is_there);
	tcase_add_test(tcase, who_is_asked_for_is_not_pushed_out);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
