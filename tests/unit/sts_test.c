/* SPDX-License-Identifier: ISC */
/*
 * The public library as a stranger uses it: configuration, rules, a real
 * state below /run as root sees it, and the resolver's line.
 */
#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mta-sts.h"
#include "scratch.h"
#include "state/state.h"
#include "suite.h"

#define POLICY                                                                 \
	"version: STSv1\nmode: enforce\nmx: mx.example.com\n"                  \
	"mx: *.example.net\nmax_age: 604800\n"
#define LINE(answer, cause)                                                    \
	"policy example.com answer=" answer " cause=" cause                    \
	" source=live stored=0 tlsrpt=0 reason=\"told\""

static char *base, config[96], state[96];
static struct sts *sts;
static struct sts_result *result;
static struct sts_error err;

static void
write_config(const char *text)
{
	FILE *file = fopen(config, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fprintf(file, "state %s\n%s", state, text), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
setup(void)
{
	base = scratch_of_root();
	(void)snprintf(config, sizeof(config), "%s/conf", base);
	(void)snprintf(state, sizeof(state), "%s/state", base);
	ck_assert_int_eq(mkdir(state, 0700), 0);
	ck_assert_int_eq(chown(state, SCRATCH_UID, SCRATCH_UID), 0);
	write_config("");
	sts = NULL;
	result = NULL;
}

static void
teardown(void)
{
	sts_result_free(result);
	sts_free(sts);
	scratch_free(base);
}

static void
open_sts(void)
{
	const struct sts_options options = { .config = config };

	ck_assert_msg(sts_new(&options, &sts, &err) == STS_OK, "%s", err.text);
}

static void
look_up(const char *domain)
{
	if (sts == NULL)
		open_sts();
	sts_result_free(result);
	result = NULL;
	ck_assert_msg(sts_lookup(sts, domain, &result, &err) == STS_OK, "%s",
	    err.text);
}

static void
learn(const char *text)
{
	struct sts_state *opened;
	struct sts_entry *entry;
	struct sts_known known;
	struct sts_now now;

	sts_clock_now(&now);
	ck_assert(sts_state_open(state, STS_DIR_WRITE, &opened, &err) ==
		  STS_OK);
	sts_state_load(opened, "example.com", &now, &known);
	ck_assert(sts_entry_new("example.com", "id1", text, strlen(text), &now,
		      &entry, &err) == STS_OK);
	ck_assert(sts_state_learn(opened, entry, &known, &now, &err) == STS_OK);
	ck_assert(sts_state_confirm(opened, "example.com", "id1", false, 3600,
		      &now, &err) == STS_OK);
	sts_entry_free(entry);
	sts_known_clear(&known);
	sts_state_free(opened);
}

START_TEST(a_kept_policy_is_found)
{
	learn(POLICY);
	look_up("Example.COM.");
	ck_assert_int_eq(sts_result_answer(result), STS_ANSWER_POLICY);
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_ENFORCE);
	ck_assert(sts_result_fresh(result));
	ck_assert_str_eq(sts_result_id(result), "id1");
	ck_assert_uint_eq(sts_result_mx_count(result), 2);
	ck_assert_str_eq(sts_result_mx(result, 0), "mx.example.com");
	ck_assert_ptr_null(sts_result_mx(result, 2));
	ck_assert(!sts_result_mx_any(result));
	ck_assert_int_gt(sts_result_expires(result), 1700000000);
	ck_assert_int_eq(sts_result_verdict(result, "a.example.net", &err),
	    STS_VERDICT_REQUIRE);
	ck_assert_int_eq(sts_result_verdict(result, "evil.example", &err),
	    STS_VERDICT_REFUSE);
	ck_assert(sts_result_mx_match(result, "mx.example.com"));
	ck_assert(!sts_result_mx_match(result, "evil.example"));
}
END_TEST

START_TEST(an_empty_state_knows_nothing)
{
	look_up("example.com");
	ck_assert_int_eq(sts_result_answer(result), STS_ANSWER_UNKNOWN);
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_DEFER);
	ck_assert(!sts_result_fresh(result));
}
END_TEST

static int
be_missing(void)
{
	return rmdir(state);
}

static int
be_roots(void)
{
	return chown(state, 0, 0);
}

static int
be_open_to_others(void)
{
	return chmod(state, 0755);
}

static int
be_a_link(void)
{
	return rmdir(state) == 0 ? symlink("/tmp", state) : -1;
}

static int (*const breakages[])(void) = { be_missing, be_roots,
	be_open_to_others, be_a_link };

START_TEST(a_state_that_cannot_be_trusted_defers)
{
	ck_assert_int_eq(breakages[_i](), 0);
	look_up("example.com");
	ck_assert_int_eq(sts_result_answer(result), STS_ANSWER_DAMAGED);
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_DEFER);
	ck_assert_ptr_nonnull(strstr(sts_result_reason(result), state));
}
END_TEST

START_TEST(a_state_that_appears_is_used)
{
	ck_assert_int_eq(rmdir(state), 0);
	look_up("example.com");
	ck_assert_int_eq(mkdir(state, 0700), 0);
	ck_assert_int_eq(chown(state, SCRATCH_UID, SCRATCH_UID), 0);
	learn(POLICY);
	look_up("example.com");
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_ENFORCE);
}
END_TEST

START_TEST(an_excuse_wins_and_needs_nobody)
{
	write_config("excuse example.com until 2099-01-01 reason \"ticket\"\n");
	learn(POLICY);
	look_up("example.com");
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_NONE);
	ck_assert(sts_result_fresh(result));
	ck_assert_ptr_nonnull(strstr(sts_result_reason(result), "ticket"));
	ck_assert_int_eq(sts_result_verdict(result, "evil.example", NULL),
	    STS_VERDICT_OPEN);
}
END_TEST

START_TEST(an_ended_excuse_does_not_work)
{
	write_config("excuse example.com until 2020-01-01 reason \"old\"\n");
	learn(POLICY);
	look_up("example.com");
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_ENFORCE);
}
END_TEST

START_TEST(require_makes_a_testing_policy_enforce)
{
	write_config("require example.com\n");
	learn("version: STSv1\nmode: testing\nmx: a.example\nmax_age: 9999\n");
	look_up("example.com");
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_ENFORCE);
	ck_assert(sts_result_mx_any(result));
}
END_TEST

START_TEST(sts_85_a_literal_has_no_policy)
{
	open_sts();
	ck_assert_int_eq(sts_lookup(sts, "[192.0.2.1]", &result, &err),
	    STS_EDOMAIN);
	ck_assert_int_eq(sts_lookup(sts, "a b", &result, &err), STS_EDOMAIN);
	ck_assert_int_eq(sts_lookup(sts, "", &result, &err), STS_EDOMAIN);
	ck_assert_ptr_null(result);
}
END_TEST

static const struct {
	const char *config, *line;
	enum sts_rc rc;
	enum sts_mode mode;
} lines[] = {
	{ "", LINE("none", "ok"), STS_OK, STS_MODE_NONE },
	{ "", LINE("unknown", "dns"), STS_OK, STS_MODE_NONE },
	{ "on-dns-error defer\n", LINE("unknown", "dns"), STS_OK,
	    STS_MODE_DEFER },
	{ "", LINE("unknown", "local"), STS_OK, STS_MODE_DEFER },
	{ "", LINE("damaged", "damaged"), STS_OK, STS_MODE_DEFER },
	{ "require example.com\n", LINE("none", "ok"), STS_OK,
	    STS_MODE_ENFORCE },
	{ "",
	    "policy other.example answer=none cause=ok source=live stored=0 "
	    "tlsrpt=0 reason=\"\"",
	    STS_EDAMAGED, STS_MODE_MAX },
	{ "", "policy example.com answer=none", STS_EDAMAGED, STS_MODE_MAX },
	{ "", "", STS_EDAMAGED, STS_MODE_MAX },
};

START_TEST(sts_33_the_resolvers_line)
{
	write_config(lines[_i].config);
	open_sts();
	ck_assert_int_eq(sts_result_parse(sts, "Example.com", lines[_i].line,
			     strlen(lines[_i].line), &result, &err),
	    lines[_i].rc);
	if (lines[_i].rc != STS_OK)
		return;
	ck_assert_int_eq(sts_result_mode(result), lines[_i].mode);
	ck_assert(sts_result_fresh(result));
	ck_assert(sts_result_mode(result) == STS_MODE_ENFORCE ||
		  strstr(sts_result_reason(result), "told") != NULL);
}
END_TEST

START_TEST(a_bad_configuration_is_told_by_line)
{
	const struct sts_options options = { .config = config };

	write_config("nonsense 1\n");
	ck_assert_int_eq(sts_new(&options, &sts, &err), STS_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "conf:2:"));
	write_config("require a_b\n");
	ck_assert_int_eq(sts_new(&options, &sts, &err), STS_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "conf:2:"));
	ck_assert_int_eq(unlink(config), 0);
	ck_assert_int_eq(sts_new(&options, &sts, &err), STS_ECONFIG);
	sts = NULL;
}
END_TEST

START_TEST(skipped_not_root)
{
	(void)puts("SKIPPED: a state directory of another user needs root");
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_kept_policy_is_found);
	tcase_add_test(tcase, an_empty_state_knows_nothing);
	tcase_add_loop_test(tcase, a_state_that_cannot_be_trusted_defers, 0, 4);
	tcase_add_test(tcase, a_state_that_appears_is_used);
	tcase_add_test(tcase, an_excuse_wins_and_needs_nobody);
	tcase_add_test(tcase, an_ended_excuse_does_not_work);
	tcase_add_test(tcase, require_makes_a_testing_policy_enforce);
	tcase_add_test(tcase, sts_85_a_literal_has_no_policy);
	tcase_add_loop_test(tcase, sts_33_the_resolvers_line, 0,
	    sizeof(lines) / sizeof(lines[0]));
	tcase_add_test(tcase, a_bad_configuration_is_told_by_line);
}

int
main(void)
{
	Suite *suite = suite_create("sts");
	TCase *tcase = tcase_create("library");

	if (geteuid() == 0)
		add_tests(tcase);
	else
		tcase_add_test(tcase, skipped_not_root);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
