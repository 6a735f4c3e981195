/* SPDX-License-Identifier: ISC */
/*
 * What sessions are told and the resolver is asked, for a domain in every
 * condition, with a scripted resolver, a clock of our own and a real state
 * below /run.  Needs root.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/inquiry.h"
#include "../../opensmtpd/race.h"
#include "desk.h"
#include "site.h"
#include "suite.h"

#define FAIL(host, result)                                                     \
	"probe " host " result=" result                                        \
	" address=192.0.2.1 tls=- at=1795438481 reason=\"it is so\""
#define PASS(host)                                                             \
	"probe " host                                                          \
	" result=ok address=192.0.2.1 tls=TLSv1.3 at=1795438481 reason=\"\""
#define POLICY(domain, mode, pattern)                                          \
	"policy " domain                                                       \
	" answer=policy cause=ok source=live stored=0 tlsrpt=0 id=2 "          \
	"expires=4102444800 text=\"version: STSv1\\010mode: " mode             \
	"\\010mx: " pattern "\\010max_age: 604800\\010\" reason=\"\""
#define NONE(domain)                                                           \
	"policy " domain                                                       \
	" answer=none cause=ok source=live stored=0 tlsrpt=0 reason=\"\""

static struct sts *sts;
static struct sts_standing standing;
static struct sts_inquiries *all;
static struct sts_buf asked, told, learnt;
static bool resolver; /* is there one */
static int64_t now;

static bool
ask(void *arg, enum sts_asker_verb verb, const char *name, int64_t when)
{
	static const char *const verbs[] = { "policy", "mx", "probe" };

	(void)arg;
	ck_assert_int_eq(when, now);
	if (resolver)
		(void)sts_buf_printf(&asked, "%s %s\n", verbs[verb], name);
	return resolver;
}

static void
answer(void *arg, const struct sts_inquiry_client *client, const char *refusal)
{
	(void)arg;
	ck_assert_uint_eq(client->token, client->session + 100);
	(void)sts_buf_printf(&told, "%d %s\n", (int)client->session,
	    refusal == NULL ? "proceed" : refusal);
}

static void
learned(void *arg, const char *domain, const struct sts_probed *probed)
{
	(void)arg;
	(void)sts_buf_printf(&learnt, "%s %s %s\n", domain, probed->host,
	    sts_rc_name(probed->result));
}

static void
setup(void)
{
	const struct sts_inquiry_io io = { ask, answer, learned, NULL };
	struct sts_options options = { .state = site_state };
	char config[200];
	FILE *file;

	site_setup();
	desk_fill(site_state);
	(void)snprintf(config, sizeof(config), "%s/filter.conf", site_base);
	file = fopen(config, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fprintf(file, "require ruled.test mx mx2.good.test\n"
				       "excuse excused.test until 2099-01-01 "
				       "reason \"x\"\n"),
	    0);
	ck_assert_int_eq(fclose(file), 0);
	options.config = config;
	ck_assert_int_eq(sts_new(&options, &sts, NULL), STS_OK);
	standing = (struct sts_standing){ .sts = sts };
	ck_assert_int_eq(sts_inquiries_new(&standing, &io, &all, NULL), STS_OK);
	sts_buf_init(&asked, 65536);
	sts_buf_init(&told, 65536);
	sts_buf_init(&learnt, 65536);
	resolver = true;
	now = 1000;
}

static void
teardown(void)
{
	sts_inquiries_free(all);
	sts_buf_clear(&asked);
	sts_buf_clear(&told);
	sts_buf_clear(&learnt);
	sts_free(sts);
	site_teardown();
}

static void
begin(const char *domain, unsigned session, bool stage)
{
	struct sts_inquiry_client who = { session, session + 100, stage };

	sts_inquiry_begin(all, domain, &who, now);
}

/* The resolver's LINE; NULL: there will be none. */
static void
hear(enum sts_asker_verb verb, const char *name, const char *line)
{
	sts_inquiry_answered(all, verb, name, line,
	    line == NULL ? 0 : strlen(line), now);
}

static void
later(int64_t ms)
{
	now += ms;
	sts_inquiry_tick(all, now);
}

static void
expect(const char *asking, const char *telling)
{
	ck_assert_str_eq(sts_buf_text(&asked), asking);
	ck_assert_str_eq(sts_buf_text(&told), telling);
	sts_buf_reset(&asked);
	sts_buf_reset(&told);
}

/* When HOST of DOMAIN failed. */
static int64_t
failed(const char *domain, const char *host)
{
	static struct sts_mx_list list;
	bool fresh;
	size_t i;

	ck_assert(sts_standing_list(&standing, domain, &list, &fresh));
	for (i = 0; i < list.count; i++)
		if (strcmp(list.host[i].name, host) == 0)
			return list.host[i].failed;
	ck_abort_msg("no %s of %s", host, domain);
}

#define HELD    "1 451 4.7.0 MTA-STS of "
#define NO_MX   ": its MX hosts are not known yet\n"
#define NO_ONE  ": its policy permits none of its MX hosts\n"
#define TRYING  ": its MX hosts are still being tried\n"
#define ALL_BAD ": no MX host can be reached with verified TLS\n"

/* ---- with a state alone -------------------------------------------------- */

static const struct state_case {
	const char *domain, *told; /* in the stage; begins with */
} alone[] = {
	{ "enforce.test", "1 proceed\n" },
	{ "Enforce.TEST.", "1 proceed\n" },
	{ "testing.test", "1 proceed\n" },
	{ "none.test", "1 proceed\n" },
	{ "excused.test", "1 proceed\n" },
	{ "ruled.test", "1 proceed\n" },
	{ "old.test", "1 proceed\n" },
	{ "unsure.test", "1 proceed\n" },
	{ "unknown.test", HELD "unknown.test: " },
	{ "listless.test", HELD "listless.test" NO_MX },
	{ "broken.test", HELD "broken.test" NO_MX },
	{ "forged.test", HELD "forged.test" NO_ONE },
	{ "null.test", HELD "null.test" NO_ONE },
	/* of no such domain can there be a policy */
	{ "[192.0.2.1]", "1 proceed\n" },
	{ "192.0.2.1", "1 proceed\n" },
	{ "", "1 proceed\n" },
	{ "a..b", "1 proceed\n" },
	{ "sp ace", "1 proceed\n" },
};
#define ALONE ((int)(sizeof(alone) / sizeof(alone[0])))

START_TEST(without_a_resolver_the_state_decides)
{
	const struct state_case *c = &alone[_i];

	resolver = false;
	begin(c->domain, 1, true);
	ck_assert_msg(strncmp(sts_buf_text(&told), c->told, strlen(c->told)) ==
			  0,
	    "%s: %s", c->domain, sts_buf_text(&told));
	ck_assert(!sts_inquiry_busy(all));
	sts_buf_reset(&told);
	begin(c->domain, 1, false);
	expect("", "1 proceed\n");
}
END_TEST

/* ---- asking ---------------------------------------------------------------- */

static const struct asked_case {
	const char *domain;
	bool stage;
	const char *asked, *told;
} first[] = {
	{ "none.test", true, "", "1 proceed\n" },
	{ "testing.test", true, "", "1 proceed\n" },
	{ "excused.test", true, "", "1 proceed\n" },
	{ "unknown.test", true, "policy unknown.test\n", "" },
	{ "unsure.test", true, "policy unsure.test\n", "" },
	{ "listless.test", true, "mx listless.test\n", "" },
	{ "broken.test", true, "mx broken.test\n", "" },
	{ "old.test", true, "mx old.test\n", "" },
	{ "enforce.test", true, "probe mx1.good.test\n", "" },
	{ "ruled.test", true, "probe mx2.good.test\n", "" },
	{ "forged.test", true, "mx forged.test\n", "" },
	{ "unknown.test", false, "policy unknown.test\n", "" },
	{ "old.test", false, "mx old.test\n", "" },
	{ "enforce.test", false, "", "1 proceed\n" },
	{ "forged.test", false, "mx forged.test\n", "" },
	{ "[192.0.2.1]", true, "", "1 proceed\n" },
};
#define FIRST ((int)(sizeof(first) / sizeof(first[0])))

START_TEST(what_is_missing_is_asked_for)
{
	begin(first[_i].domain, 1, first[_i].stage);
	expect(first[_i].asked, first[_i].told);
}
END_TEST

START_TEST(a_wish_is_no_more_than_that)
{
	sts_inquiry_begin(all, "old.test", NULL, now);
	expect("mx old.test\n", "");
	hear(STS_ASKER_MX, "old.test", "mx old.test ad=0 ...");
	expect("", "");
	ck_assert(!sts_inquiry_busy(all));
	sts_inquiry_begin(all, "[192.0.2.1]", NULL, now);
	sts_inquiry_begin(all, "enforce.test", NULL, now);
	expect("", "");
}
END_TEST

START_TEST(all_who_ask_for_a_domain_share_one_inquiry)
{
	unsigned i;

	for (i = 1; i <= 200; i++)
		begin("unknown.test", i, true);
	expect("policy unknown.test\n", "");
	hear(STS_ASKER_POLICY, "unknown.test", NONE("unknown.test"));
	for (i = 1; i <= 200; i++) {
		char line[32];

		(void)snprintf(line, sizeof(line), "%u proceed\n", i);
		ck_assert_ptr_nonnull(strstr(sts_buf_text(&told), line));
	}
	ck_assert(!sts_inquiry_busy(all));
}
END_TEST

START_TEST(an_answer_counts_though_it_was_not_stored)
{
	begin("unknown.test", 1, true);
	hear(STS_ASKER_POLICY, "unknown.test",
	    POLICY("unknown.test", "testing", "*.good.test"));
	expect("policy unknown.test\n", "1 proceed\n");
	begin("unsure.test", 1, true);
	hear(STS_ASKER_POLICY, "unsure.test",
	    POLICY("unsure.test", "enforce", "mx2.good.test"));
	expect("policy unsure.test\nprobe mx2.good.test\n", "");
}
END_TEST

static const char *const no_answers[] = { NULL, "",
	"error policy unsure.test cause=local reason=\"no memory\"",
	"policy other.test answer=none cause=ok source=live stored=0 "
	"tlsrpt=0 reason=\"\"",
	"policy unsure.test answer=" };

START_TEST(without_an_answer_the_state_decides)
{
	begin("unsure.test", 1, true);
	hear(STS_ASKER_POLICY, "unsure.test", no_answers[_i]);
	expect("policy unsure.test\nprobe mx1.good.test\n", "");
	begin("unknown.test", 2, true);
	hear(STS_ASKER_POLICY, "unknown.test", no_answers[_i]);
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&told),
	    "2 451 4.7.0 MTA-STS of unknown.test: "));
}
END_TEST

START_TEST(a_list_is_asked_for_once)
{
	const struct desk_host host = { 10, "mx7.good.test", 0 };

	begin("listless.test", 1, true);
	hear(STS_ASKER_MX, "listless.test", NULL);
	expect("mx listless.test\n", HELD "listless.test" NO_MX);
	begin("listless.test", 1, true);
	desk_list(site_state, "listless.test", 4102444800, &host, 1);
	hear(STS_ASKER_MX, "listless.test", "mx listless.test ...");
	expect("mx listless.test\nprobe mx7.good.test\n", "");
	begin("old.test", 2, true);
	hear(STS_ASKER_MX, "old.test", NULL);
	expect("mx old.test\nprobe mx1.good.test\n", "");
}
END_TEST

/* It is not waited for until a lie that said it lives long has gone. */
START_TEST(a_list_that_permits_nobody_is_asked_for_again)
{
	begin("forged.test", 1, true);
	expect("mx forged.test\n", "");
	hear(STS_ASKER_MX, "forged.test", "mx forged.test ...");
	expect("", HELD "forged.test" NO_ONE);
	begin("forged.test", 2, true);
	expect("mx forged.test\n", "");
	desk_list(site_state, "forged.test", 4102444800,
	    (const struct desk_host[]){ { 10, "mx1.good.test", 0 } }, 1);
	hear(STS_ASKER_MX, "forged.test", "mx forged.test ...");
	expect("probe mx1.good.test\n", "");
}
END_TEST

/* ---- probes ------------------------------------------------------------------ */

START_TEST(a_host_that_passes_lets_mail_go)
{
	begin("enforce.test", 1, true);
	hear(STS_ASKER_PROBE, "mx1.good.test", PASS("mx1.good.test"));
	expect("probe mx1.good.test\n", "1 proceed\n");
	ck_assert_int_eq(failed("enforce.test", "mx1.good.test"), 0);
	ck_assert_str_eq(sts_buf_text(&learnt),
	    "enforce.test mx1.good.test ok\n");
}
END_TEST

START_TEST(one_that_fails_is_passed_over)
{
	begin("enforce.test", 1, true);
	hear(STS_ASKER_PROBE, "mx1.good.test",
	    FAIL("mx1.good.test", "certificate-name"));
	expect("probe mx1.good.test\nprobe mx2.good.test\n", "");
	ck_assert_int_gt(failed("enforce.test", "mx1.good.test"), 0);
	hear(STS_ASKER_PROBE, "mx2.good.test", PASS("mx2.good.test"));
	expect("", "1 proceed\n");
	ck_assert_int_eq(failed("enforce.test", "mx2.good.test"), 0);
	/* the next one begins with the host that works */
	begin("enforce.test", 2, true);
	expect("probe mx2.good.test\n", "");
}
END_TEST

START_TEST(a_silent_one_is_overtaken)
{
	begin("enforce.test", 1, true);
	later(STS_RACE_STAGGER);
	expect("probe mx1.good.test\nprobe mx2.good.test\n", "");
	hear(STS_ASKER_PROBE, "mx2.good.test", PASS("mx2.good.test"));
	expect("", "1 proceed\n");
	ck_assert_int_gt(failed("enforce.test", "mx1.good.test"), 0);
	/* a word that comes too late is nobody's */
	hear(STS_ASKER_PROBE, "mx1.good.test", PASS("mx1.good.test"));
	expect("", "");
}
END_TEST

START_TEST(one_that_works_again_is_no_longer_passed_over)
{
	const struct desk_host hosts[] = { { 10, "mx1.good.test", 4102444700 },
		{ 20, "mx2.good.test", 4102444800 } };

	desk_list(site_state, "enforce.test", 4102444800, hosts, 2);
	begin("enforce.test", 1, true);
	expect("probe mx1.good.test\n", "");
	hear(STS_ASKER_PROBE, "mx1.good.test", PASS("mx1.good.test"));
	expect("", "1 proceed\n");
	ck_assert_int_eq(failed("enforce.test", "mx1.good.test"), 0);
}
END_TEST

START_TEST(all_that_fail_hold_the_mail)
{
	struct sts_result *result;

	begin("enforce.test", 1, true);
	hear(STS_ASKER_PROBE, "mx1.good.test",
	    FAIL("mx1.good.test", "unreachable"));
	hear(STS_ASKER_PROBE, "mx2.good.test",
	    FAIL("mx2.good.test", "starttls"));
	expect("probe mx1.good.test\nprobe mx2.good.test\n",
	    HELD "enforce.test" ALL_BAD);
	ck_assert(!sts_inquiry_busy(all));
	ck_assert_int_gt(failed("enforce.test", "mx2.good.test"), 0);
	ck_assert_int_eq(sts_lookup(sts, "enforce.test", &result, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_result_mode(result), STS_MODE_ENFORCE);
	sts_result_free(result);
}
END_TEST

static const char *const our_faults[] = { NULL, FAIL("mx1.good.test", "local"),
	FAIL("mx1.good.test", "usage"),
	"error probe mx1.good.test cause=local reason=\"x\"", "probe" };

START_TEST(what_is_our_fault_proves_nothing)
{
	begin("enforce.test", 1, true);
	hear(STS_ASKER_PROBE, "mx1.good.test", our_faults[_i]);
	expect("probe mx1.good.test\nprobe mx2.good.test\n", "");
	hear(STS_ASKER_PROBE, "mx2.good.test", FAIL("mx2.good.test", "tls"));
	/* smtpd verifies on its own */
	expect("", "1 proceed\n");
	ck_assert_int_eq(failed("enforce.test", "mx1.good.test"), 0);
}
END_TEST

START_TEST(one_probe_serves_all_domains_of_a_host)
{
	const struct desk_host host = { 10, "mx1.good.test", 0 };

	desk_list(site_state, "listless.test", 4102444800, &host, 1);
	begin("enforce.test", 1, true);
	begin("listless.test", 2, true);
	begin("old.test", 3, true);
	hear(STS_ASKER_MX, "old.test", NULL);
	hear(STS_ASKER_PROBE, "mx1.good.test", PASS("mx1.good.test"));
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&told), "1 proceed\n"));
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&told), "2 proceed\n"));
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&told), "3 proceed\n"));
}
END_TEST

START_TEST(who_comes_to_the_stage_has_it_probed)
{
	begin("unsure.test", 1, false);
	begin("unsure.test", 2, true);
	hear(STS_ASKER_POLICY, "unsure.test", NULL);
	expect("policy unsure.test\nprobe mx1.good.test\n", "");
}
END_TEST

/* ---- time ----------------------------------------------------------------- */

static const struct late_case {
	const char *domain;
	bool stage;
	const char *told; /* begins with */
} late[] = {
	{ "unknown.test", false, "1 proceed\n" },
	{ "unknown.test", true, HELD "unknown.test: " },
	{ "unsure.test", true, "1 proceed\n" },
	{ "old.test", true, "1 proceed\n" },
	{ "listless.test", true, HELD "listless.test" NO_MX },
	{ "enforce.test", true, HELD "enforce.test" TRYING },
};
#define LATE ((int)(sizeof(late) / sizeof(late[0])))

START_TEST(nobody_waits_for_long)
{
	const struct late_case *c = &late[_i];

	begin(c->domain, 1, c->stage);
	sts_buf_reset(&asked);
	later(STS_INQUIRY_WAIT - 1);
	ck_assert_str_eq(sts_buf_text(&told), "");
	later(1);
	ck_assert_msg(strncmp(sts_buf_text(&told), c->told, strlen(c->told)) ==
			  0,
	    "%s: %s", c->domain, sts_buf_text(&told));
	ck_assert(sts_inquiry_busy(all));
	sts_buf_reset(&told);
	later(STS_INQUIRY_WAIT);
	ck_assert_str_eq(sts_buf_text(&told), "");
}
END_TEST

START_TEST(the_work_goes_on_when_nobody_is_left)
{
	begin("enforce.test", 1, true);
	later(STS_INQUIRY_WAIT);
	expect("probe mx1.good.test\nprobe mx2.good.test\n",
	    HELD "enforce.test" TRYING);
	hear(STS_ASKER_PROBE, "mx2.good.test", PASS("mx2.good.test"));
	expect("", "");
	ck_assert_int_gt(failed("enforce.test", "mx1.good.test"), 0);
	ck_assert(!sts_inquiry_busy(all));
}
END_TEST

START_TEST(probes_end_some_time)
{
	begin("enforce.test", 1, true);
	later(STS_INQUIRY_LIFE + 1);
	ck_assert(!sts_inquiry_busy(all));
}
END_TEST

START_TEST(a_state_that_is_made_anew_is_found)
{
	resolver = false;
	begin("none.test", 1, true);
	expect("", "1 proceed\n");
	ck_assert_int_eq(site_run("mv %s %s.old && cp -a %s.old %s", site_state,
			     site_state, site_state, site_state),
	    0);
	ck_assert_int_eq(site_run("rm -r %s.old/*", site_state), 0);
	later(STS_STANDING_FOLLOW);
	begin("none.test", 1, true);
	expect("", "1 proceed\n");
}
END_TEST

START_TEST(too_many_domains_are_the_state_s)
{
	char domain[64];
	unsigned i;

	for (i = 0; i < STS_INQUIRY_OPEN_MAX; i++) {
		(void)snprintf(domain, sizeof(domain), "d%u.test", i);
		begin(domain, i, true);
	}
	sts_buf_reset(&asked);
	ck_assert_str_eq(sts_buf_text(&told), "");
	begin("enforce.test", 1, true);
	expect("", "1 proceed\n");
	begin("one.more.test", 1, true);
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&told), HELD));
	expect("", sts_buf_text(&told));
	/* those that are known are joined all the same */
	begin("d7.test", 2, true);
	expect("", "");
}
END_TEST

START_TEST(a_refusal_is_printable_and_short)
{
	char why[2000], text[STS_STANDING_TEXT_MAX];
	size_t i;

	memset(why, '\r', sizeof(why));
	why[sizeof(why) - 1] = '\0';
	sts_standing_refuse(text, "a.test", why);
	for (i = 0; text[i] != '\0'; i++)
		ck_assert(text[i] >= 0x20 && text[i] < 0x7f);
	ck_assert_uint_gt(i, 200);
	ck_assert_ptr_nonnull(strstr(text, "451 4.7.0 MTA-STS of a.test: "));
}
END_TEST

static void
add_tests(TCase *tcase)
{
	tcase_add_loop_test(tcase, without_a_resolver_the_state_decides, 0,
	    ALONE);
	tcase_add_loop_test(tcase, what_is_missing_is_asked_for, 0, FIRST);
	tcase_add_test(tcase, a_wish_is_no_more_than_that);
	tcase_add_test(tcase, all_who_ask_for_a_domain_share_one_inquiry);
	tcase_add_test(tcase, an_answer_counts_though_it_was_not_stored);
	tcase_add_loop_test(tcase, without_an_answer_the_state_decides, 0, 5);
	tcase_add_test(tcase, a_list_is_asked_for_once);
	tcase_add_test(tcase, a_list_that_permits_nobody_is_asked_for_again);
	tcase_add_test(tcase, a_host_that_passes_lets_mail_go);
	tcase_add_test(tcase, one_that_fails_is_passed_over);
	tcase_add_test(tcase, a_silent_one_is_overtaken);
	tcase_add_test(tcase, one_that_works_again_is_no_longer_passed_over);
	tcase_add_test(tcase, all_that_fail_hold_the_mail);
	tcase_add_loop_test(tcase, what_is_our_fault_proves_nothing, 0, 5);
	tcase_add_test(tcase, one_probe_serves_all_domains_of_a_host);
	tcase_add_test(tcase, who_comes_to_the_stage_has_it_probed);
	tcase_add_loop_test(tcase, nobody_waits_for_long, 0, LATE);
	tcase_add_test(tcase, the_work_goes_on_when_nobody_is_left);
	tcase_add_test(tcase, probes_end_some_time);
	tcase_add_test(tcase, a_state_that_is_made_anew_is_found);
	tcase_add_test(tcase, too_many_domains_are_the_state_s);
	tcase_add_test(tcase, a_refusal_is_printable_and_short);
}

int
main(void)
{
	Suite *suite = suite_create("inquiry");
	TCase *tcase = tcase_create("inquiry");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_set_timeout(tcase, 60);
	add_tests(tcase);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
