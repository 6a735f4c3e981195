/* SPDX-License-Identifier: ISC */
/*
 * The ledger: torn anywhere it is still read, and what it adds up to is
 * never an older policy than the last whole record of a domain allows.
 */
#include <sys/wait.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hurt.h"
#include "suite.h"

#define DOMAIN   "example.com"
#define CHILDREN 4
#define ADDS     50

static void
add(enum sts_ledger_event event, const char *domain, const char *mode,
    long max_age)
{
	struct sts_entry *entry = hurt_entry(domain, "1", mode, max_age);
	struct sts_error err;

	ck_assert_int_eq(sts_ledger_add(hurt_dir, event, domain, entry,
			     &hurt_now, "why \\ \n not", &err),
	    STS_OK);
	sts_entry_free(entry);
}

static enum sts_rc
find(const char *domain, enum sts_mode mode, int64_t expires)
{
	struct sts_entry *entry;
	struct sts_error err;
	enum sts_rc rc;

	rc = sts_ledger_find(hurt_dir, domain, &entry, &err);
	if (rc != STS_OK)
		return rc;
	ck_assert_str_eq(entry->domain, domain);
	ck_assert_int_eq(entry->policy->mode, mode);
	ck_assert_int_eq(entry->expires, expires);
	sts_entry_free(entry);
	return STS_OK;
}

static bool
count(void *arg, const struct sts_ledger_record *record)
{
	unsigned *seen = arg;

	ck_assert_str_eq(record->reason, "why \\ \n not");
	(*seen)++;
	return true;
}

static unsigned
records(size_t *skipped)
{
	unsigned seen = 0;

	ck_assert_int_eq(sts_ledger_each(hurt_dir, count, &seen, skipped, NULL),
	    STS_OK);
	return seen;
}

START_TEST(the_last_policy_with_its_latest_deadline)
{
	int64_t start = hurt_now.wall;

	ck_assert_int_eq(find(DOMAIN, STS_MODE_NONE, 0), STS_ENODATA);
	add(STS_LEDGER_LEARNED, DOMAIN, "testing", 1000);
	add(STS_LEDGER_LEARNED, "b.example", "enforce", 500);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_TESTING, start + 1000), STS_OK);
	add(STS_LEDGER_CHANGED, DOMAIN, "enforce", 2000);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_ENFORCE, start + 2000), STS_OK);
	hurt_now.wall += 100;
	add(STS_LEDGER_RENEWED, DOMAIN, "enforce", 2000);
	add(STS_LEDGER_FAILED, DOMAIN, "enforce", 2000);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_ENFORCE, start + 2100), STS_OK);
	ck_assert_int_eq(find("b.example", STS_MODE_ENFORCE, start + 500),
	    STS_OK);
	add(STS_LEDGER_DROPPED, DOMAIN, "enforce", 2000);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_NONE, 0), STS_ENODATA);
}
END_TEST

START_TEST(cut_at_any_octet_the_rest_is_read)
{
	char text[8192];
	size_t len, first, cut, skipped;

	add(STS_LEDGER_LEARNED, DOMAIN, "enforce", 1000);
	first = hurt_get("ledger", text, sizeof(text));
	add(STS_LEDGER_LEARNED, "b.example", "enforce", 1000);
	len = hurt_get("ledger", text, sizeof(text));
	for (cut = first; cut < len; cut++) {
		hurt_put("ledger", text, cut);
		ck_assert_uint_eq(records(&skipped), 1);
		/* The next record is none the worse for it. */
		add(STS_LEDGER_LEARNED, "c.example", "enforce", 1000);
		ck_assert_uint_eq(records(&skipped), 2 + (cut + 1 == len));
		ck_assert_uint_eq(skipped, cut > first + 1 && cut + 1 < len);
		ck_assert_int_eq(find("c.example", STS_MODE_ENFORCE,
				     hurt_now.wall + 1000),
		    STS_OK);
	}
}
END_TEST

START_TEST(a_damaged_record_gives_no_older_policy)
{
	char text[8192];
	size_t len, first, at, skipped;

	add(STS_LEDGER_LEARNED, DOMAIN, "testing", 1000);
	first = hurt_get("ledger", text, sizeof(text));
	add(STS_LEDGER_CHANGED, DOMAIN, "enforce", 1000);
	len = hurt_get("ledger", text, sizeof(text));
	/* Where the name can still be read, the doubt is its own. */
	at = (size_t)((char *)memmem(text + first, len - first, "hash=", 5) -
		      text);
	for (; at < len - 1; at++) {
		text[at] ^= 1;
		hurt_put("ledger", text, len);
		ck_assert_uint_eq(records(&skipped), 1);
		ck_assert_int_eq(find(DOMAIN, STS_MODE_NONE, 0), STS_EDAMAGED);
		text[at] ^= 1;
	}
	/* A later whole one ends it. */
	text[len - 5] ^= 1;
	hurt_put("ledger", text, len);
	ck_assert_int_eq(sts_ledger_compact(hurt_dir, NULL), STS_OK);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_NONE, 0), STS_EDAMAGED);
	add(STS_LEDGER_CHANGED, DOMAIN, "enforce", 3000);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_ENFORCE, hurt_now.wall + 3000),
	    STS_OK);
}
END_TEST

START_TEST(a_renewal_of_a_text_not_held_is_doubt)
{
	add(STS_LEDGER_LEARNED, DOMAIN, "testing", 1000);
	add(STS_LEDGER_RENEWED, DOMAIN, "enforce", 1000);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_NONE, 0), STS_EDAMAGED);
}
END_TEST

/* It could have no file, and would stop the restoring of all others. */
START_TEST(a_record_of_no_domain_is_damaged)
{
	size_t skipped;

	add(STS_LEDGER_LEARNED, DOMAIN, "testing", 1000);
	ck_assert_int_eq(sts_ledger_add(hurt_dir, STS_LEDGER_DROPPED, "../x",
			     NULL, &hurt_now, NULL, NULL),
	    STS_OK);
	ck_assert_uint_eq(records(&skipped), 1);
	ck_assert_uint_eq(skipped, 1);
}
END_TEST

START_TEST(what_is_no_plain_file_is_damaged)
{
	char path[1024];
	enum sts_rc rc;

	add(STS_LEDGER_LEARNED, DOMAIN, "testing", 1000);
	hurt_remove("ledger");
	hurt_file("ledger", path);
	hurt_ways[_i].replace(path);
	rc = find(DOMAIN, STS_MODE_NONE, 0);
	ck_assert_int_eq(rc, _i == 0 ? STS_ENODATA : STS_EDAMAGED);
}
END_TEST

START_TEST(a_policy_of_full_size_is_kept)
{
	static char text[STS_POLICY_TEXT_MAX];
	static const char head[] =
	    "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 9\n";
	static const char line[] = "x: \xc3\xa9 and more that is unknown\n";
	struct sts_entry *entry;
	size_t at;

	memcpy(text, head, sizeof(head) - 1);
	for (at = sizeof(head) - 1; at + sizeof(line) < sizeof(text);
	     at += sizeof(line) - 1)
		memcpy(text + at, line, sizeof(line) - 1);
	ck_assert_int_eq(sts_entry_new(DOMAIN, "1", text, at, &hurt_now, &entry,
			     NULL),
	    STS_OK);
	ck_assert_int_eq(sts_ledger_add(hurt_dir, STS_LEDGER_LEARNED, DOMAIN,
			     entry, &hurt_now, NULL, NULL),
	    STS_OK);
	sts_entry_free(entry);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_ENFORCE, hurt_now.wall + 9),
	    STS_OK);
}
END_TEST

START_TEST(compacted_it_says_the_same)
{
	char text[65536];
	size_t before, after, skipped;
	int i;

	add(STS_LEDGER_LEARNED, DOMAIN, "enforce", 1000);
	add(STS_LEDGER_LEARNED, "b.example", "testing", 1000);
	for (i = 0; i < 10; i++) {
		hurt_now.wall++;
		add(STS_LEDGER_RENEWED, DOMAIN, "enforce", 1000);
		add(STS_LEDGER_RENEWED, "b.example", "testing", 1000);
	}
	add(STS_LEDGER_DROPPED, "b.example", "testing", 1000);
	before = hurt_get("ledger", text, sizeof(text));
	hurt_put("ledger", text, before - 3); /* and a torn one */
	add(STS_LEDGER_DROPPED, "b.example", "testing", 1000);
	ck_assert_int_eq(sts_ledger_compact(hurt_dir, NULL), STS_OK);
	after = hurt_get("ledger", text, sizeof(text));
	ck_assert_uint_lt(after, before / 2);
	ck_assert_uint_eq(records(&skipped), 5);
	ck_assert_uint_eq(skipped, 0);
	ck_assert_int_eq(find(DOMAIN, STS_MODE_ENFORCE, hurt_now.wall + 1000),
	    STS_OK);
	ck_assert_int_eq(find("b.example", STS_MODE_NONE, 0), STS_ENODATA);
}
END_TEST

START_TEST(writers_and_a_compaction_at_once_lose_nothing)
{
	size_t skipped;
	int i, j, status;
	pid_t pid;

	add(STS_LEDGER_LEARNED, DOMAIN, "enforce", 1000);
	for (i = 0; i < CHILDREN; i++) {
		pid = fork();
		if (pid == 0) {
			for (j = 0; j < ADDS; j++)
				add(STS_LEDGER_FAILED, DOMAIN, "enforce", 1);
			_exit(0);
		}
	}
	for (j = 0; j < 10; j++)
		ck_assert_int_eq(sts_ledger_compact(hurt_dir, NULL), STS_OK);
	for (i = 0; i < CHILDREN; i++) {
		ck_assert_int_ne(wait(&status), -1);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(records(&skipped), 1 + CHILDREN * ADDS);
	ck_assert_uint_eq(skipped, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ledger");
	TCase *tcase = tcase_create("ledger");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, the_last_policy_with_its_latest_deadline);
	tcase_add_test(tcase, cut_at_any_octet_the_rest_is_read);
	tcase_add_test(tcase, a_damaged_record_gives_no_older_policy);
	tcase_add_test(tcase, a_renewal_of_a_text_not_held_is_doubt);
	tcase_add_test(tcase, a_record_of_no_domain_is_damaged);
	tcase_add_loop_test(tcase, what_is_no_plain_file_is_damaged, 0,
	    HURT_WAYS);
	tcase_add_test(tcase, a_policy_of_full_size_is_kept);
	tcase_add_test(tcase, compacted_it_says_the_same);
	tcase_add_test(tcase, writers_and_a_compaction_at_once_lose_nothing);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
