/* SPDX-License-Identifier: ISC */
/*
 * The commands that work on a state directory, run as root and as a third
 * user on a real one below /run: what they print, repair and leave behind.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/journal.h"
#include "scratch.h"
#include "site.h"
#include "state/state.h"
#include "suite.h"

#define THIRD 65533

static const char text[] = "version: STSv1\nmode: enforce\n"
			   "mx: mx.example.com\nmax_age: 604800\n";

static struct sts_now now;

static struct sts_state *
open_state(void)
{
	struct sts_state *opened;
	struct sts_error err;

	ck_assert_msg(sts_state_open(site_state, STS_DIR_WRITE, &opened,
			  &err) == STS_OK,
	    "%s", err.text);
	return opened;
}

static void
learn(const char *domain, const struct sts_now *when)
{
	struct sts_state *opened = open_state();
	struct sts_known before;
	struct sts_entry *entry;
	struct sts_error err;

	sts_state_load(opened, domain, when, &before);
	ck_assert_int_eq(sts_entry_new(domain, "id1", text, strlen(text), when,
			     &entry, &err),
	    STS_OK);
	ck_assert_msg(sts_state_learn(opened, entry, &before, when, &err) ==
			  STS_OK,
	    "%s", err.text);
	sts_entry_free(entry);
	sts_known_clear(&before);
	sts_state_free(opened);
}

/* Name of the one policy file of DOMAIN. */
static const char *
policy_file(const char *domain)
{
	static char path[sizeof(site_output)];

	ck_assert_int_eq(site_run("find %s/policies -name %s -printf %%p",
			     site_state, domain),
	    0);
	ck_assert_str_ne(site_output, "");
	(void)snprintf(path, sizeof(path), "%s", site_output);
	return path;
}

static void
setup(void)
{
	sts_clock_now(&now);
	site_setup();
}

static void
teardown(void)
{
	site_teardown();
}

START_TEST(list_is_sorted)
{
	static const char *const domains[] = { "d.example", "b.example",
		"e.example", "a.example", "c.example" };
	size_t i;

	for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++)
		learn(domains[i], &now);
	ck_assert_int_eq(
	    site_mta_sts("cache list | sed 's/ .*//' | tr '\\n' ,"), 0);
	ck_assert_str_eq(site_output,
	    "a.example,b.example,c.example,d.example,e.example,");
	ck_assert_int_eq(site_mta_sts("cache list --json"), 0);
	ck_assert_ptr_eq(site_output,
	    strstr(site_output,
		"{\"domain\":\"a.example\",\"state\":\"fresh\","
		"\"mode\":\"enforce\",\"id\":\"id1\",\"fetched\":\""));
}
END_TEST

START_TEST(show_tells_what_is_kept)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_mta_sts("cache show A.Example."), 0);
	ck_assert_ptr_nonnull(strstr(site_output, "id        id1\n"));
	ck_assert_ptr_nonnull(strstr(site_output,
	    "mx        mx.example.com\n"));
	ck_assert_int_eq(site_mta_sts("cache show --json a.example"), 0);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "\"mx\":[\"mx.example.com\"]"));
	ck_assert_int_eq(site_mta_sts("cache show none.example"), 1);
}
END_TEST

START_TEST(drop_forgets)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_mta_sts("cache drop a.example"), 0);
	ck_assert_str_eq(site_output, "dropped   a.example\n");
	ck_assert_int_eq(site_mta_sts("cache drop --json a.example"), 1);
	ck_assert_str_eq(site_output,
	    "{\"domain\":\"a.example\",\"dropped\":false}\n");
	ck_assert_int_eq(site_mta_sts("cache list"), 0);
	ck_assert_str_eq(site_output, "");
	ck_assert_int_eq(site_mta_sts("cache fsck"), 0);
	ck_assert_int_eq(site_mta_sts("cache list"), 0);
	ck_assert_str_eq(site_output, "");
}
END_TEST

START_TEST(fsck_restores_what_is_damaged)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_mta_sts("cache fsck"), 0);
	ck_assert_str_eq(site_output,
	    "checked   1 policies, 0 damaged, 0 repaired\n");
	ck_assert_int_eq(site_run("sed -i s/enforce/testing/ %s",
			     policy_file("a.example")),
	    0);
	ck_assert_int_eq(site_mta_sts("cache list"), 2);
	ck_assert_int_eq(site_mta_sts("cache fsck"), 1);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "restored from the ledger\n"));
	ck_assert_int_eq(site_mta_sts("cache fsck"), 0);
	ck_assert_int_eq(site_mta_sts("cache list"), 0);
	ck_assert_ptr_nonnull(strstr(site_output, "enforce"));
}
END_TEST

START_TEST(fsck_restores_what_is_missing)
{
	learn("a.example", &now);
	ck_assert_int_eq(unlink(policy_file("a.example")), 0);
	ck_assert_int_eq(site_mta_sts("cache fsck --json"), 1);
	ck_assert_str_eq(site_output,
	    "{\"what\":\"policy\",\"domain\":\"a.example\","
	    "\"problem\":\"file is missing\","
	    "\"repair\":\"restored from the ledger\"}\n");
	ck_assert_int_eq(site_mta_sts("cache show a.example"), 0);
}
END_TEST

START_TEST(fsck_says_what_it_cannot_repair)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_run("truncate -s 20 %s && rm %s/ledger",
			     policy_file("a.example"), site_state),
	    0);
	ck_assert_int_eq(site_mta_sts("cache fsck"), 1);
	ck_assert_ptr_nonnull(strstr(site_output, "NOT REPAIRED\n"));
}
END_TEST

START_TEST(fsck_tells_a_damaged_ledger)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_run("printf '\\nrubbish\\n' >>%s/ledger",
			     site_state),
	    0);
	ck_assert_int_eq(site_mta_sts("cache fsck"), 1);
	ck_assert_ptr_nonnull(strstr(site_output, "1 damaged records"));
	ck_assert_int_eq(site_mta_sts("cache fsck"), 0);
}
END_TEST

START_TEST(query_offline_rests_on_the_state)
{
	learn("a.example", &now);
	ck_assert_int_eq(
	    site_mta_sts("query --offline --mx mx.example.com a.example"), 0);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "mx.example.com: require, match, "));
	ck_assert_int_eq(
	    site_mta_sts("query --offline --mx evil.example a.example"), 1);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "evil.example: refuse, no match, "));
	ck_assert_int_eq(site_mta_sts("query --offline none.example"), 2);
	ck_assert_int_eq(site_run("echo 'excuse a.example until 2999-01-01 "
				  "reason \"ticket 42\"' >>%s/conf",
			     site_base),
	    0);
	ck_assert_int_eq(
	    site_mta_sts("query --offline --mx evil.example a.example"), 0);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "evil.example: open, no match, "));
	ck_assert_ptr_nonnull(strstr(site_output, "ticket 42"));
}
END_TEST

START_TEST(ledger_tells_the_history)
{
	struct sts_now before = now;

	before.wall = 1763895600; /* 2025-11-23T11:00:00Z */
	learn("b.example", &before);
	learn("a.example", &now);
	ck_assert_int_eq(site_mta_sts("cache drop a.example"), 0);
	ck_assert_int_eq(site_mta_sts("ledger b.example"), 0);
	ck_assert_str_eq(site_output,
	    "2025-11-23T11:00:00Z b.example learned enforce, id id1, expires "
	    "2025-11-30T11:00:00Z\n");
	ck_assert_int_eq(site_mta_sts("ledger -v b.example"), 0);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "\n          > mode: enforce\n"));
	ck_assert_int_eq(
	    site_mta_sts("ledger -s 2025-11-24 | sed 's/^[^ ]* //'"), 0);
	ck_assert_ptr_eq(strstr(site_output,
			     "a.example learned enforce, id id1"),
	    site_output);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "\na.example dropped: by the operator\n"));
	ck_assert_int_eq(site_mta_sts("ledger --json B.Example."), 0);
	ck_assert_str_eq(site_output,
	    "{\"time\":\"2025-11-23T11:00:00Z\",\"domain\":\"b.example\","
	    "\"event\":\"learned\",\"mode\":\"enforce\",\"id\":\"id1\","
	    "\"expires\":\"2025-11-30T11:00:00Z\","
	    "\"policy\":\"94e871e5f05a0161\",\"reason\":\"\"}\n");
	ck_assert_int_eq(site_mta_sts("ledger -jv b.example"), 0);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "\"text\":\"version: STSv1\\nmode: enforce\\n"));
	ck_assert_int_eq(site_mta_sts("ledger -j a.example | tail -1"), 0);
	ck_assert_ptr_nonnull(strstr(site_output,
	    "\"event\":\"dropped\",\"mode\":null,\"id\":null,"));
	ck_assert_int_eq(site_mta_sts("ledger none.example"), 0);
	ck_assert_str_eq(site_output, "");
	ck_assert_int_eq(site_run("printf '\\nrubbish\\n' >>%s/ledger",
			     site_state),
	    0);
	ck_assert_int_eq(site_mta_sts("ledger none.example"), 1);
	ck_assert_str_eq(site_output,
	    "mta-sts: ledger: 1 damaged records passed over\n");
}
END_TEST

START_TEST(journal_is_dumped)
{
	struct sts_session session = {
		.domain = "a.example",
		.mode = STS_MODE_ENFORCE,
		.mx = "mx.example.com",
		.mx_address = "192.0.2.1",
		.our_address = "192.0.2.2",
		.result = STS_SESSION_STARTTLS_NOT_SUPPORTED,
		.mta = "exim",
	};
	struct sts_state *opened = open_state();
	struct sts_error err;

	session.at = 1795428000; /* 2026-11-23T10:00:00Z */
	ck_assert_msg(sts_journal_add(sts_state_dir(opened), &session, &err) ==
			  STS_OK,
	    "%s", err.text);
	sts_state_free(opened);
	ck_assert_int_eq(site_mta_sts("journal"), 0);
	ck_assert_str_eq(site_output,
	    "2026-11-23T10:00:00Z a.example sts enforce "
	    "mx.example.com[192.0.2.1] starttls-not-supported\n");
	ck_assert_int_eq(site_mta_sts("journal --json 2026-11-23"), 0);
	ck_assert_str_eq(site_output,
	    "{\"time\":\"2026-11-23T10:00:00Z\",\"domain\":\"a.example\","
	    "\"type\":\"sts\",\"mode\":\"enforce\","
	    "\"policy\":\"0000000000000000\",\"mx\":\"mx.example.com\","
	    "\"mx_address\":\"192.0.2.1\",\"our_address\":\"192.0.2.2\","
	    "\"result\":\"starttls-not-supported\",\"reason\":\"\","
	    "\"mta\":\"exim\"}\n");
	ck_assert_int_eq(site_run("echo torn >>%s/journal/2026-11-23",
			     site_state),
	    0);
	ck_assert_int_eq(site_mta_sts("journal 2026-11-23"), 1);
	ck_assert_int_eq(site_mta_sts("journal ../ledger"), 64);
}
END_TEST

START_TEST(refresh_has_nothing_to_do)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_mta_sts("refresh --json"), 0);
	ck_assert_str_eq(site_output,
	    "{\"policies\":1,\"due\":0,\"renewed\":0,\"failed\":0}\n");
}
END_TEST

/* Nothing that root runs may leave a file that the MTA cannot change. */
START_TEST(everything_belongs_to_the_owner)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_mta_sts("cache fsck"), 0);
	ck_assert_int_eq(site_mta_sts("cache drop a.example"), 0);
	ck_assert_int_eq(site_run("find %s ! -uid %d", site_state, SCRATCH_UID),
	    0);
	ck_assert_str_eq(site_output, "");
}
END_TEST

START_TEST(third_user_has_no_cache)
{
	learn("a.example", &now);
	ck_assert_int_eq(site_run("cd %s && setpriv --reuid %d --clear-groups "
				  "./mta-sts -c conf cache list 2>&1",
			     site_base, THIRD),
	    2);
	ck_assert_ptr_nonnull(strstr(site_output, "we are uid 65533"));
}
END_TEST

START_TEST(root_owned_state_is_refused)
{
	ck_assert_int_eq(chown(site_state, 0, 0), 0);
	ck_assert_int_eq(site_mta_sts("cache list"), 2);
	ck_assert_ptr_nonnull(strstr(site_output, "owned by root"));
}
END_TEST

START_TEST(skipped_not_root)
{
	(void)puts("SKIPPED: a state directory of another user needs root");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tc = tcase_create("cache");

	suite_add_tcase(suite, tc);
	if (geteuid() != 0) {
		tcase_add_test(tc, skipped_not_root);
	} else {
		tcase_add_checked_fixture(tc, setup, teardown);
		tcase_add_test(tc, list_is_sorted);
		tcase_add_test(tc, show_tells_what_is_kept);
		tcase_add_test(tc, drop_forgets);
		tcase_add_test(tc, fsck_restores_what_is_damaged);
		tcase_add_test(tc, fsck_restores_what_is_missing);
		tcase_add_test(tc, fsck_says_what_it_cannot_repair);
		tcase_add_test(tc, fsck_tells_a_damaged_ledger);
		tcase_add_test(tc, query_offline_rests_on_the_state);
		tcase_add_test(tc, ledger_tells_the_history);
		tcase_add_test(tc, journal_is_dumped);
		tcase_add_test(tc, refresh_has_nothing_to_do);
		tcase_add_test(tc, everything_belongs_to_the_owner);
		tcase_add_test(tc, third_user_has_no_cache);
		tcase_add_test(tc, root_owned_state_is_refused);
	}
	return suite_run(suite);
}
