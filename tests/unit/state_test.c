/* SPDX-License-Identifier: ISC */
/*
 * The promises of the state as a whole (RFC.md section G): four answers, and
 * no fault that makes a policy weaker.
 */
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hurt.h"
#include "scratch.h"
#include "state/shard.h"
#include "suite.h"

#define DOMAIN "example.com"
#define DAY    86400
#define WEEK   (7 * DAY)

static void
advance(int64_t seconds)
{
	hurt_now.wall += seconds;
	hurt_now.boot += seconds;
}

static bool
fresh(const char *domain)
{
	struct sts_known known;
	bool is;

	hurt_load(domain, &known);
	is = known.fresh;
	sts_known_clear(&known);
	return is;
}

static void
absent(uint32_t ttl)
{
	struct sts_known known;

	hurt_load(DOMAIN, &known);
	ck_assert_int_eq(sts_state_absent(hurt_state, &known, DOMAIN, false,
			     ttl, &hurt_now, NULL),
	    STS_OK);
	sts_known_clear(&known);
}

struct tally {
	enum sts_ledger_event event;
	unsigned count;
};

static bool
tally_one(void *arg, const struct sts_ledger_record *record)
{
	struct tally *tally = arg;

	tally->count += record->event == tally->event;
	return true;
}

static unsigned
events(enum sts_ledger_event event)
{
	struct tally tally = { event, 0 };
	size_t skipped;

	ck_assert_int_eq(sts_ledger_each(hurt_dir, tally_one, &tally, &skipped,
			     NULL),
	    STS_OK);
	return tally.count;
}

/* ---- the four answers -------------------------------------------------- */

START_TEST(a_new_state_knows_nothing)
{
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
	ck_assert(!fresh(DOMAIN));
}
END_TEST

START_TEST(an_empty_directory_is_unknown_to_a_reader)
{
	char name[64];
	static const char *const parts[] = { "policies", "mx", "ledger",
		"leases", "journal", "tmp" };
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		(void)snprintf(name, sizeof(name), "%s", parts[i]);
		hurt_remove(name);
	}
	hurt_reopen(STS_DIR_READ);
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
}
END_TEST

START_TEST(a_policy_outranks_absence)
{
	absent(3600);
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_NONE);
	ck_assert(fresh(DOMAIN));
	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(damage_is_told_by_a_reader_and_mended_by_a_writer)
{
	char name[1024], path[1024];

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_policy(DOMAIN, name);
	hurt_file(name, path);
	hurt_remove(name);
	hurt_ways[_i].replace(path);
	hurt_reopen(STS_DIR_READ);
	hurt_expect(DOMAIN, STS_KNOWN_DAMAGED, STS_ANSWER_DAMAGED);
	if (strcmp(hurt_ways[_i].what, "directory") == 0)
		return; /* rename(2) cannot replace it: told below */
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	hurt_reopen(STS_DIR_READ);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	ck_assert_uint_eq(events(STS_LEDGER_RESTORED), 1);
}
END_TEST

START_TEST(what_cannot_be_mended_is_still_known_to_a_writer)
{
	char name[1024], path[1024];

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_policy(DOMAIN, name);
	hurt_file(name, path);
	hurt_remove(name);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(missing_directories_come_back_with_all_that_was_in_them)
{
	static const char *const names[] = { "a.example", "b.example",
		"c.example", "d.example" };
	char name[1024];
	size_t i;

	for (i = 0; i < 4; i++)
		hurt_learn(names[i], "1", "enforce", WEEK);
	ck_assert_int_eq(sts_state_drop(hurt_state, "d.example", &hurt_now,
			     NULL),
	    STS_OK);
	hurt_policy("a.example", name);
	*strrchr(name, '/') = '\0';
	hurt_remove(_i == 0 ? name : "policies");
	hurt_reopen(STS_DIR_READ);
	hurt_expect("a.example", STS_KNOWN_DAMAGED, STS_ANSWER_DAMAGED);
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	for (i = 0; i < 3; i++)
		hurt_expect(names[i], STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	hurt_expect("d.example", STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
	hurt_reopen(STS_DIR_READ);
	for (i = 0; i < 3; i++)
		hurt_expect(names[i], STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	ck_assert_int_eq(sts_dir_exists(hurt_dir, "restored", NULL),
	    STS_ENODATA);
}
END_TEST

START_TEST(restoring_leaves_damage_where_the_ledger_is_damaged)
{
	static char text[16384];
	size_t len;
	char *at;

	hurt_learn("a.example", "1", "testing", WEEK);
	hurt_learn("a.example", "2", "enforce", WEEK);
	hurt_learn("b.example", "1", "enforce", WEEK);
	len = hurt_get("ledger", text, sizeof(text));
	at = memmem(text, len, "mode=enforce", 12); /* a's second record */
	at[5] = 'E';
	hurt_put("ledger", text, len);
	hurt_remove("policies");
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	hurt_expect("a.example", STS_KNOWN_DAMAGED, STS_ANSWER_DAMAGED);
	hurt_expect("b.example", STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(an_interrupted_restoration_starts_again)
{
	hurt_learn("a.example", "1", "enforce", WEEK);
	hurt_remove("policies");
	/* Killed while it was at it: half a directory. */
	ck_assert_int_eq(sts_dir_mkdir(hurt_dir, "restored.new", NULL), STS_OK);
	ck_assert_int_eq(sts_dir_mkdir(hurt_dir, "restored", NULL), STS_OK);
	ck_assert_int_eq(sts_dir_mkdir(hurt_dir, "restored/00", NULL), STS_OK);
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	hurt_expect("a.example", STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(a_lost_ledger_is_written_anew_from_the_policies)
{
	char name[1024];

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_remove("ledger");
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	ck_assert_uint_eq(events(STS_LEDGER_LEARNED), 1);
	hurt_policy(DOMAIN, name);
	hurt_put(name, "", 0);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

/* ---- a policy's life ---------------------------------------------------- */

START_TEST(sts_75_only_a_fetch_moves_the_deadline)
{
	struct sts_known known;
	int64_t deadline;

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	deadline = hurt_now.wall + WEEK;
	advance(3600);
	ck_assert_int_eq(sts_state_confirm(hurt_state, DOMAIN, "1", true, 300,
			     &hurt_now, NULL),
	    STS_OK);
	hurt_load(DOMAIN, &known);
	ck_assert(known.fresh);
	ck_assert_int_eq(known.entry->expires, deadline);
	sts_known_clear(&known);
	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_load(DOMAIN, &known);
	ck_assert_int_eq(known.entry->expires, deadline + 3600);
	sts_known_clear(&known);
	ck_assert_uint_eq(events(STS_LEDGER_RENEWED), 1);
}
END_TEST

START_TEST(sts_76_a_crash_leaves_the_old_or_the_new)
{
	struct sts_entry *entry;
	struct sts_known known;
	char name[1024];

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	advance(10);
	entry = hurt_entry(DOMAIN, "2", "testing", WEEK);
	/* Killed behind the ledger: all of the old. */
	ck_assert_int_eq(sts_ledger_add(hurt_dir, STS_LEDGER_CHANGED, DOMAIN,
			     entry, &hurt_now, NULL, NULL),
	    STS_OK);
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	hurt_load(DOMAIN, &known);
	ck_assert_str_eq(known.entry->id, "1");
	ck_assert_int_eq(known.entry->policy->mode, STS_MODE_ENFORCE);
	sts_known_clear(&known);
	/* Killed behind the file: all of the new, and its id not yet
	 * confirmed by a note. */
	ck_assert_int_eq(sts_policies_put(hurt_dir, entry, NULL), STS_OK);
	hurt_load(DOMAIN, &known);
	ck_assert_str_eq(known.entry->id, "2");
	ck_assert_int_eq(known.entry->policy->mode, STS_MODE_TESTING);
	ck_assert(!known.fresh);
	sts_known_clear(&known);
	hurt_policy(DOMAIN, name);
	hurt_put(name, "", 0);
	hurt_load(DOMAIN, &known);
	ck_assert_str_eq(known.entry->id, "2");
	sts_known_clear(&known);
	sts_entry_free(entry);
}
END_TEST

START_TEST(sts_43_max_age_0_leaves_nothing)
{
	char name[1024];

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_learn(DOMAIN, "2", "enforce", 0);
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
	ck_assert_uint_eq(events(STS_LEDGER_WITHDRAWN), 1);
	hurt_policy(DOMAIN, name);
	hurt_put(name, "junk", 4); /* and the ledger brings nothing back */
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
}
END_TEST

START_TEST(sts_77_mode_none_is_a_policy_like_any)
{
	hurt_learn(DOMAIN, "1", "none", WEEK);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(sts_14_a_vanished_record_drops_nothing)
{
	struct sts_known known;
	int i;

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	for (i = 0; i < 3; i++) {
		hurt_load(DOMAIN, &known);
		ck_assert_int_eq(sts_state_absent(hurt_state, &known, DOMAIN,
				     true, 60, &hurt_now, NULL),
		    STS_EUSAGE);
		ck_assert_int_eq(sts_state_vanished(hurt_state, &known, DOMAIN,
				     true, 60, "NXDOMAIN", &hurt_now, NULL),
		    STS_OK);
		sts_known_clear(&known);
		ck_assert(fresh(DOMAIN));
		advance(61);
		ck_assert(!fresh(DOMAIN));
		hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	}
	ck_assert_uint_eq(events(STS_LEDGER_VANISHED), 1); /* once */
}
END_TEST

START_TEST(sts_78_renewal_is_due_about_daily)
{
	unsigned stale = 0, i;
	char domain[32];

	for (i = 0; i < 100; i++) {
		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		hurt_learn(domain, "1", "enforce", WEEK);
	}
	advance(DAY * 3 / 4 - 1);
	hurt_expect("d0.example", STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	advance(DAY / 4);
	for (i = 0; i < 100; i++) {
		struct sts_known known;

		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		hurt_load(domain, &known);
		stale += known.kind == STS_KNOWN_STALE;
		ck_assert_int_eq(known.answer, STS_ANSWER_POLICY);
		sts_known_clear(&known);
	}
	ck_assert_uint_gt(stale, 25); /* spread */
	ck_assert_uint_lt(stale, 75);
	advance(DAY * 5 / 4);
	hurt_expect("d0.example", STS_KNOWN_STALE, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(sts_78_a_short_policy_is_renewed_at_half_its_life)
{
	hurt_learn(DOMAIN, "1", "enforce", 1000);
	advance(374);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	advance(626 - 374);
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(an_expired_policy_applies_until_an_answer_or_a_week)
{
	hurt_learn(DOMAIN, "1", "enforce", DAY);
	advance(DAY);
	hurt_expect(DOMAIN, STS_KNOWN_EXPIRED, STS_ANSWER_POLICY);
	advance(STS_GRACE - 1);
	hurt_expect(DOMAIN, STS_KNOWN_EXPIRED, STS_ANSWER_POLICY);
	advance(1);
	hurt_expect(DOMAIN, STS_KNOWN_EXPIRED, STS_ANSWER_UNKNOWN);
}
END_TEST

START_TEST(no_record_lets_an_expired_policy_go_for_5_minutes_at_a_time)
{
	struct sts_known known;

	hurt_learn(DOMAIN, "1", "enforce", DAY);
	advance(DAY);
	absent(3600);
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_NONE);
	ck_assert_uint_eq(events(STS_LEDGER_EXPIRED), 1);
	hurt_load(DOMAIN, &known);
	ck_assert_int_eq(known.recent_expiry, hurt_now.wall);
	ck_assert_uint_eq(known.note.life, 300);
	sts_known_clear(&known);
	advance(301);
	ck_assert(!fresh(DOMAIN));
	absent(3600);
	advance(299);
	ck_assert(fresh(DOMAIN));
	advance(STS_EXPIRED_KEPT);
	absent(3600);
	advance(3599);
	ck_assert(fresh(DOMAIN));
}
END_TEST

START_TEST(damage_ends_with_an_authoritative_no)
{
	char name[1024];

	hurt_policy(DOMAIN, name);
	hurt_put(name, "junk", 4); /* and the ledger knows nothing of it */
	hurt_expect(DOMAIN, STS_KNOWN_DAMAGED, STS_ANSWER_DAMAGED);
	absent(60);
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_NONE);
}
END_TEST

/* ---- the clock --------------------------------------------------------- */

START_TEST(sts_81_a_jump_ahead_expires_nothing)
{
	struct sts_known known;

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	hurt_now.wall += 365 * DAY;
	hurt_load(DOMAIN, &known);
	ck_assert(known.suspect && !known.fresh);
	ck_assert_int_eq(known.kind, STS_KNOWN_STALE);
	ck_assert_int_eq(known.answer, STS_ANSWER_POLICY);
	sts_known_clear(&known);
	advance(WEEK - 1);
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
	advance(1); /* told for a week: it is so */
	hurt_expect(DOMAIN, STS_KNOWN_EXPIRED, STS_ANSWER_UNKNOWN);
}
END_TEST

START_TEST(sts_81_each_jump_has_its_own_week)
{
	hurt_learn(DOMAIN, "1", "enforce", 30 * DAY);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	hurt_now.wall += 365 * DAY;
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
	hurt_now.wall -= 365 * DAY;
	advance(8 * DAY);
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
	hurt_now.wall += 365 * DAY; /* the same one again, just now */
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(sts_81_a_clock_set_back_keeps_policies_and_voids_notes)
{
	struct sts_known known;

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_load("none.example", &known);
	ck_assert_int_eq(sts_state_absent(hurt_state, &known, "none.example",
			     false, 3600, &hurt_now, NULL),
	    STS_OK);
	sts_known_clear(&known);
	hurt_now.wall -= 365 * DAY;
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
	hurt_expect("none.example", STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
}
END_TEST

START_TEST(the_clock_is_remembered_though_a_table_is_lost)
{
	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	advance(61); /* the note has run out: the clock is looked at */
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
	hurt_remove(_i == 0 ? "checked" : "absent");
	hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC);
	hurt_now.wall += 365 * DAY;
	memcpy(hurt_now.boot_id, "next", 5);
	hurt_now.boot = 60;
	hurt_expect(DOMAIN, STS_KNOWN_STALE, STS_ANSWER_POLICY);
}
END_TEST

/* ---- failures ---------------------------------------------------------- */

START_TEST(a_dns_failure_is_repeated_by_nobody_for_a_while)
{
	static const unsigned lives[] = { 30, 60, 120, 240, 300, 300 };
	struct sts_known known;
	size_t i;

	for (i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		hurt_load(DOMAIN, &known);
		ck_assert(!known.fresh);
		ck_assert_int_eq(sts_state_unresolved(hurt_state, &known,
				     DOMAIN, &hurt_now, NULL),
		    STS_OK);
		sts_known_clear(&known);
		hurt_load(DOMAIN, &known);
		ck_assert_int_eq(known.answer, STS_ANSWER_UNKNOWN);
		ck_assert_int_eq(known.cause, STS_EDNS);
		ck_assert(known.fresh);
		ck_assert_uint_eq(known.note.life, lives[i]);
		sts_known_clear(&known);
		advance(lives[i]);
	}
}
END_TEST

START_TEST(a_failed_fetch_waits_5_minutes_doubling_to_an_hour)
{
	static const unsigned lives[] = { 300, 600, 1200, 2400, 3600, 3600 };
	struct sts_known known;
	size_t i;

	if (_i == 1) /* the same beside a policy */
		hurt_learn(DOMAIN, "1", "enforce", 30 * DAY);
	for (i = 0; i < sizeof(lives) / sizeof(lives[0]); i++) {
		hurt_load(DOMAIN, &known);
		ck_assert(!known.backoff);
		ck_assert_int_eq(sts_state_unfetched(hurt_state, &known, DOMAIN,
				     "2", true, "refused", &hurt_now, NULL),
		    STS_OK);
		sts_known_clear(&known);
		hurt_reopen(STS_DIR_WRITE | STS_DIR_NOSYNC); /* persists */
		advance(lives[i] - 1);
		hurt_load(DOMAIN, &known);
		ck_assert(known.backoff);
		ck_assert_int_eq(known.answer,
		    _i == 1 ? STS_ANSWER_POLICY : STS_ANSWER_NONE);
		ck_assert(!sts_known_may_fetch(&known, "2"));
		ck_assert(sts_known_may_fetch(&known, "3"));
		sts_known_clear(&known);
		advance(1);
	}
	ck_assert_uint_eq(events(STS_LEDGER_FAILED), _i == 1 ? i : 0);
}
END_TEST

START_TEST(a_changed_id_skips_the_wait_once)
{
	struct sts_known known;

	hurt_load(DOMAIN, &known);
	ck_assert_int_eq(sts_state_unfetched(hurt_state, &known, DOMAIN, "1",
			     true, "refused", &hurt_now, NULL),
	    STS_OK);
	sts_known_clear(&known);
	hurt_load(DOMAIN, &known);
	ck_assert(sts_known_may_fetch(&known, "2"));
	ck_assert_int_eq(sts_state_unfetched(hurt_state, &known, DOMAIN, "2",
			     true, "refused", &hurt_now, NULL),
	    STS_OK);
	sts_known_clear(&known);
	hurt_load(DOMAIN, &known);
	ck_assert(!sts_known_may_fetch(&known, "3"));
	sts_known_clear(&known);
}
END_TEST

START_TEST(sts_69_a_failed_delivery_ends_freshness)
{
	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	ck_assert_int_eq(sts_state_confirm(hurt_state, DOMAIN, "1", true, 3600,
			     &hurt_now, NULL),
	    STS_OK);
	advance(60);
	hurt_reopen(STS_DIR_READ); /* as an adapter does it */
	ck_assert(fresh(DOMAIN));
	ck_assert_int_eq(sts_state_distrust(hurt_state, DOMAIN, &hurt_now,
			     NULL),
	    STS_OK);
	ck_assert(!fresh(DOMAIN));
	hurt_expect(DOMAIN, STS_KNOWN_FRESH, STS_ANSWER_POLICY);
}
END_TEST

START_TEST(sts_69_but_not_within_a_minute_of_a_check)
{
	int i;

	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	ck_assert_int_eq(sts_state_confirm(hurt_state, DOMAIN, "1", true, 3600,
			     &hurt_now, NULL),
	    STS_OK);
	for (i = 0; i < 6; i++) { /* nor is the minute ever made longer */
		ck_assert(fresh(DOMAIN));
		ck_assert_int_eq(sts_state_distrust(hurt_state, DOMAIN,
				     &hurt_now, NULL),
		    STS_OK);
		ck_assert(fresh(DOMAIN));
		advance(10);
	}
	ck_assert(!fresh(DOMAIN));
}
END_TEST

START_TEST(dropped_by_the_operator_it_is_gone)
{
	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	ck_assert_int_eq(sts_state_drop(hurt_state, DOMAIN, &hurt_now, NULL),
	    STS_OK);
	hurt_expect(DOMAIN, STS_KNOWN_NONE, STS_ANSWER_UNKNOWN);
}
END_TEST

/* ---- a full disk ------------------------------------------------------- */

static void
fill_up(void)
{
	static char block[4096];
	struct sts_known known;
	struct sts_entry *entry;
	int bad = 0, i;

	hurt_reopen(STS_DIR_WRITE);
	hurt_learn(DOMAIN, "1", "enforce", WEEK);
	for (i = 0; sts_dir_append(hurt_dir, "fill", block, sizeof(block),
			false, NULL) == STS_OK;
	     i++)
		continue;
	bad += i < 8;
	entry = hurt_entry(DOMAIN, "2", "testing", WEEK);
	hurt_load(DOMAIN, &known);
	bad += sts_state_learn(hurt_state, entry, &known, &hurt_now, NULL) !=
	       STS_ESPACE;
	sts_entry_free(entry);
	sts_known_clear(&known);
	hurt_load(DOMAIN, &known);
	bad += known.kind != STS_KNOWN_FRESH || strcmp(known.entry->id, "1");
	sts_known_clear(&known);
	hurt_load("new.example", &known);
	bad += known.answer != STS_ANSWER_UNKNOWN;
	bad += sts_state_absent(hurt_state, &known, "new.example", false, 60,
		   &hurt_now, NULL) != STS_ESPACE;
	_exit(bad == 0 ? 0 : 1);
}

START_TEST(sts_80_a_full_disk_keeps_the_old_policy)
{
	(void)hurt_on_tmpfs("256k", fill_up);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *tcase = tcase_create("promises");

	tcase_add_checked_fixture(tcase, hurt_setup, hurt_teardown);
	tcase_add_test(tcase, a_new_state_knows_nothing);
	tcase_add_test(tcase, an_empty_directory_is_unknown_to_a_reader);
	tcase_add_test(tcase, a_policy_outranks_absence);
	tcase_add_loop_test(tcase,
	    damage_is_told_by_a_reader_and_mended_by_a_writer, 0, HURT_WAYS);
	tcase_add_test(tcase, what_cannot_be_mended_is_still_known_to_a_writer);
	tcase_add_loop_test(tcase,
	    missing_directories_come_back_with_all_that_was_in_them, 0, 2);
	tcase_add_test(tcase,
	    restoring_leaves_damage_where_the_ledger_is_damaged);
	tcase_add_test(tcase, an_interrupted_restoration_starts_again);
	tcase_add_test(tcase, a_lost_ledger_is_written_anew_from_the_policies);
	tcase_add_test(tcase, sts_75_only_a_fetch_moves_the_deadline);
	tcase_add_test(tcase, sts_76_a_crash_leaves_the_old_or_the_new);
	tcase_add_test(tcase, sts_43_max_age_0_leaves_nothing);
	tcase_add_test(tcase, sts_77_mode_none_is_a_policy_like_any);
	tcase_add_test(tcase, sts_14_a_vanished_record_drops_nothing);
	tcase_add_test(tcase, sts_78_renewal_is_due_about_daily);
	tcase_add_test(tcase,
	    sts_78_a_short_policy_is_renewed_at_half_its_life);
	tcase_add_test(tcase,
	    an_expired_policy_applies_until_an_answer_or_a_week);
	tcase_add_test(tcase,
	    no_record_lets_an_expired_policy_go_for_5_minutes_at_a_time);
	tcase_add_test(tcase, damage_ends_with_an_authoritative_no);
	tcase_add_test(tcase, sts_81_a_jump_ahead_expires_nothing);
	tcase_add_test(tcase, sts_81_each_jump_has_its_own_week);
	tcase_add_test(tcase,
	    sts_81_a_clock_set_back_keeps_policies_and_voids_notes);
	tcase_add_loop_test(tcase,
	    the_clock_is_remembered_though_a_table_is_lost, 0, 2);
	tcase_add_test(tcase, a_dns_failure_is_repeated_by_nobody_for_a_while);
	tcase_add_loop_test(tcase,
	    a_failed_fetch_waits_5_minutes_doubling_to_an_hour, 0, 2);
	tcase_add_test(tcase, a_changed_id_skips_the_wait_once);
	tcase_add_test(tcase, sts_69_a_failed_delivery_ends_freshness);
	tcase_add_test(tcase, sts_69_but_not_within_a_minute_of_a_check);
	tcase_add_test(tcase, dropped_by_the_operator_it_is_gone);
	tcase_add_test(tcase, sts_80_a_full_disk_keeps_the_old_policy);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
