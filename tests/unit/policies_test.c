/* SPDX-License-Identifier: ISC */
/*
 * Policy files (RFC.md section G): what is not whole is damage, never less.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hurt.h"
#include "state/shard.h"
#include "suite.h"

#define DOMAIN "example.com"

static enum sts_rc
get(const char *domain)
{
	struct sts_error err;
	struct sts_entry *entry;
	enum sts_rc rc;

	rc = sts_policies_get(hurt_dir, domain, &entry, &err);
	if (rc == STS_OK)
		sts_entry_free(entry);
	return rc;
}

static void
put(const char *domain)
{
	struct sts_entry *entry = hurt_entry(domain, "1", "enforce", 604800);

	ck_assert_int_eq(sts_policies_put(hurt_dir, entry, NULL), STS_OK);
	sts_entry_free(entry);
}

START_TEST(a_file_is_read_as_it_was_written)
{
	struct sts_entry *a = hurt_entry(DOMAIN, "2016Z", "enforce", 86400), *b;

	a->dropped = 77;
	ck_assert_int_eq(sts_policies_put(hurt_dir, a, NULL), STS_OK);
	ck_assert_int_eq(sts_policies_get(hurt_dir, DOMAIN, &b, NULL), STS_OK);
	ck_assert_str_eq(b->domain, DOMAIN);
	ck_assert_str_eq(b->id, "2016Z");
	ck_assert_int_eq(b->fetched.wall, hurt_now.wall);
	ck_assert_int_eq(b->fetched.boot, hurt_now.boot);
	ck_assert_str_eq(b->fetched.boot_id, hurt_now.boot_id);
	ck_assert_int_eq(b->expires, hurt_now.wall + 86400);
	ck_assert_int_eq(b->dropped, 77);
	ck_assert_str_eq(b->policy->text, a->policy->text);
	sts_entry_free(a);
	sts_entry_free(b);
}
END_TEST

START_TEST(cut_at_any_octet_it_is_damaged)
{
	char name[1024], text[4096];
	size_t len, cut;

	put(DOMAIN);
	hurt_policy(DOMAIN, name);
	len = hurt_get(name, text, sizeof(text));
	for (cut = 0; cut < len; cut++) {
		hurt_put(name, text, cut);
		ck_assert_msg(get(DOMAIN) == STS_EDAMAGED, "cut at %zu", cut);
	}
	hurt_put(name, text, len);
	ck_assert_int_eq(get(DOMAIN), STS_OK);
	text[len] = '\n';
	hurt_put(name, text, len + 1);
	ck_assert_int_eq(get(DOMAIN), STS_EDAMAGED);
}
END_TEST

START_TEST(with_any_bit_flipped_it_is_damaged)
{
	struct sts_entry *entry = hurt_entry(DOMAIN, "1", "enforce", 604800);
	struct sts_buf buf;
	size_t bit;

	sts_buf_init(&buf, 4096);
	ck_assert_int_eq(sts_entry_format(entry, &buf), STS_OK);
	sts_entry_free(entry);
	for (bit = 0; bit < 8 * buf.len; bit++) {
		buf.data[bit / 8] ^= (char)(1 << bit % 8);
		ck_assert_msg(sts_entry_parse(buf.data, buf.len, &entry,
				  NULL) == STS_EDAMAGED,
		    "bit %zu", bit);
		buf.data[bit / 8] ^= (char)(1 << bit % 8);
	}
	sts_buf_clear(&buf);
}
END_TEST

START_TEST(what_is_no_plain_file_is_damaged)
{
	char name[1024], path[1024];

	put(DOMAIN);
	hurt_policy(DOMAIN, name);
	hurt_file(name, path);
	hurt_remove(name);
	ck_assert_int_eq(get(DOMAIN), STS_ENODATA);
	hurt_ways[_i].replace(path);
	ck_assert_msg(get(DOMAIN) == STS_EDAMAGED, "%s", hurt_ways[_i].what);
}
END_TEST

START_TEST(sts_82_another_domains_policy_is_damage)
{
	char from[1024], to[1024], text[4096];
	size_t len;

	put("other.example");
	hurt_policy("other.example", from);
	hurt_policy(DOMAIN, to);
	len = hurt_get(from, text, sizeof(text));
	hurt_put(to, text, len);
	ck_assert_int_eq(get("other.example"), STS_OK);
	ck_assert_int_eq(get(DOMAIN), STS_EDAMAGED);
}
END_TEST

START_TEST(a_missing_directory_is_damage_not_absence)
{
	char name[1024];

	hurt_policy(DOMAIN, name);
	*strrchr(name, '/') = '\0';
	hurt_remove(name);
	ck_assert_int_eq(get(DOMAIN), STS_EDAMAGED);
	hurt_remove("policies");
	ck_assert_int_eq(get(DOMAIN), STS_EDAMAGED);
	hurt_remove("ledger"); /* a new, empty state */
	ck_assert_int_eq(get(DOMAIN), STS_ENODATA);
}
END_TEST

START_TEST(a_policy_needs_its_directory_and_makes_none)
{
	struct sts_entry *entry = hurt_entry(DOMAIN, "1", "enforce", 604800);
	char name[1024];

	hurt_policy(DOMAIN, name);
	*strrchr(name, '/') = '\0';
	hurt_remove(name);
	ck_assert_int_eq(sts_policies_put(hurt_dir, entry, NULL), STS_EDAMAGED);
	ck_assert_int_eq(get(DOMAIN), STS_EDAMAGED);
	sts_entry_free(entry);
}
END_TEST

START_TEST(a_name_that_is_none_reaches_no_file)
{
	ck_assert_int_eq(get("../ledger"), STS_EUSAGE);
	ck_assert_int_eq(get(".."), STS_EUSAGE);
	ck_assert_int_eq(get(""), STS_EUSAGE);
}
END_TEST

static bool
count(void *arg, const char *domain)
{
	unsigned *seen = arg;

	ck_assert(strstr(domain, ".example") != NULL);
	return ++*seen < 3;
}

START_TEST(every_file_is_told_until_told_enough)
{
	unsigned seen = 0;

	put("a.example");
	put("b.example");
	ck_assert_int_eq(sts_policies_each(hurt_dir, count, &seen, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen, 2);
	put("c.example");
	put("d.example");
	seen = 0;
	ck_assert_int_eq(sts_policies_each(hurt_dir, count, &seen, NULL),
	    STS_OK);
	ck_assert_uint_eq(seen, 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("policies");
	TCase *tcase = tcase_create("files");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, a_file_is_read_as_it_was_written);
	tcase_add_test(tcase, cut_at_any_octet_it_is_damaged);
	tcase_add_test(tcase, with_any_bit_flipped_it_is_damaged);
	tcase_add_loop_test(tcase, what_is_no_plain_file_is_damaged, 0,
	    HURT_WAYS);
	tcase_add_test(tcase, sts_82_another_domains_policy_is_damage);
	tcase_add_test(tcase, a_missing_directory_is_damage_not_absence);
	tcase_add_test(tcase, a_policy_needs_its_directory_and_makes_none);
	tcase_add_test(tcase, a_name_that_is_none_reaches_no_file);
	tcase_add_test(tcase, every_file_is_told_until_told_enough);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
