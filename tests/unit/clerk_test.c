/* SPDX-License-Identifier: ISC */
/*
 * What smtpd is told of a domain, with a real state below /run.  Needs root.
 */
#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../opensmtpd/choice.h"
#include "../../opensmtpd/clerk.h"
#include "../../opensmtpd/wish.h"
#include "base/domain.h"
#include "desk.h"
#include "report/expected.h"
#include "site.h"
#include "suite.h"

static struct sts_clerk *clerk;
static struct sts_reply reply;
static struct sts_now now;
static char config[160];
static struct sts_options options;
static int wishes;

static void
configure(const char *text)
{
	FILE *file = fopen(config, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fprintf(file, "%s", text), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void
setup(void)
{
	site_setup();
	(void)snprintf(config, sizeof(config), "%s/table.conf", site_base);
	configure("require ruled.test mx *.good.test\n"
		  "self Own.TEST\nself 192.0.2.9\n");
	desk_fill(site_state);
	options = (struct sts_options){ .config = config, .state = site_state };
	ck_assert_int_eq(sts_clerk_new(&options, &clerk, NULL), STS_OK);
	ck_assert_int_eq(sts_wish_listen(site_state, &wishes, NULL), STS_OK);
	sts_clock_now(&now);
}

static void
teardown(void)
{
	(void)close(wishes);
	sts_clerk_free(clerk);
	site_teardown();
}

/* The answer in one text: "found VALUE", "not-found", "error WHY". */
static const char *
ask(enum sts_request_op op, enum sts_request_service service, const char *key)
{
	static const char *const names[] = { "found", "not-found", "error" };
	static char text[1024];
	struct sts_request request = { op, service, key };

	sts_clerk_answer(clerk, &request, &now, &reply);
	(void)snprintf(text, sizeof(text), "%s%s%s", names[reply.kind],
	    reply.text[0] == '\0' ? "" : " ", reply.text);
	return text;
}

static const char *
check(const char *key)
{
	return ask(STS_REQUEST_CHECK, STS_SERVICE_DOMAIN, key);
}

static const char *
lookup(const char *key)
{
	return ask(STS_REQUEST_LOOKUP, STS_SERVICE_RELAYHOST, key);
}

/* All wishes that have come, one a line. */
static const char *
wished(void)
{
	static char text[4096];
	struct sts_wish wish;
	size_t at = 0;

	text[0] = '\0';
	while (sts_wish_receive(wishes, &wish, NULL) == STS_OK) {
		at += sts_wish_format(&wish, text + at);
		at += (size_t)snprintf(text + at, 2, "\n");
	}
	return text;
}

static void
starts_with(const char *text, const char *begin)
{
	ck_assert_msg(strncmp(text, begin, strlen(begin)) == 0,
	    "\"%s\" does not begin with \"%s\"", text, begin);
}

static const struct answer_case {
	const char *key;
	const char *check, *checked; /* how it begins; what was wished */
	const char *lookup, *looked;
} cases[] = {
	{ "enforce.test", "found", "", "found smtp+tls://mx1.good.test",
	    "chosen enforce.test mx1.good.test\n" },
	{ "Enforce.TEST.", "found", "", "found smtp+tls://mx1.good.test",
	    "chosen enforce.test mx1.good.test\n" },
	/* withdrawn while mail waited: any host, but always verified */
	{ "testing.test", "not-found", "", "found smtp+tls://mx1.bad.test",
	    "chosen testing.test mx1.bad.test\n" },
	{ "none.test", "not-found", "",
	    "error none.test: its MX hosts are not known yet: ",
	    "mx none.test\n" },
	/* nobody has asked yet */
	{ "unknown.test", "error unknown.test: ", "policy unknown.test\n",
	    "error unknown.test: ", "policy unknown.test\n" },
	{ "listless.test", "found", "",
	    "error listless.test: its MX hosts are not known yet: ",
	    "mx listless.test\n" },
	{ "broken.test", "found", "",
	    "error broken.test: its MX hosts are not known yet: ",
	    "mx broken.test\n" },
	/* old answers serve while new ones are fetched */
	{ "old.test", "found", "", "found smtp+tls://mx1.good.test",
	    "mx old.test\nchosen old.test mx1.good.test\n" },
	{ "unsure.test", "found", "policy unsure.test\n",
	    "found smtp+tls://mx1.good.test",
	    "policy unsure.test\nchosen unsure.test mx1.good.test\n" },
	{ "forged.test", "found", "",
	    "error forged.test: no MX permitted by policy",
	    "mx forged.test\n" },
	{ "null.test", "found", "",
	    "error null.test: no MX permitted by policy", "mx null.test\n" },
	/* the operator's rule makes a policy of nothing */
	{ "ruled.test", "found", "", "found smtp+tls://mx2.good.test",
	    "chosen ruled.test mx2.good.test\n" },
	/* what can have no policy, or is ours */
	{ "own.test", "not-found", "", "not-found", "" },
	{ "x.own.test", "error x.own.test: ", "policy x.own.test\n",
	    "error x.own.test: ", "policy x.own.test\n" },
	{ "[192.0.2.1]", "not-found", "", "not-found", "" },
	{ "[ipv6:2001:db8::1]", "not-found", "", "not-found", "" },
	{ "192.0.2.1", "not-found", "", "not-found", "" },
	{ "", "not-found", "", "not-found", "" },
	{ "a b", "not-found", "", "not-found", "" },
	{ "a|b", "not-found", "", "not-found", "" },
	{ "../../etc/passwd", "not-found", "", "not-found", "" },
};

START_TEST(each_domain_has_its_answer)
{
	const struct answer_case *c = &cases[_i];

	starts_with(check(c->key), c->check);
	ck_assert_str_eq(wished(), c->checked);
	now.boot += 1; /* so that it may be wished for again */
	starts_with(lookup(c->key), c->lookup);
	ck_assert_str_eq(wished(), c->looked);
}
END_TEST

START_TEST(this_machine_is_no_domain_of_others)
{
	char name[STS_DOMAIN_MAX + 1], self[STS_DOMAIN_MAX + 1];

	ck_assert_int_eq(gethostname(name, sizeof(name)), 0);
	ck_assert_int_eq(sts_domain_normalize(name, strlen(name), self, NULL),
	    STS_OK);
	ck_assert_str_eq(check(name), "not-found");
	ck_assert_str_eq(lookup(self), "not-found");
	ck_assert_str_eq(wished(), "");
}
END_TEST

START_TEST(wishes_are_not_repeated_at_once)
{
	int i;

	for (i = 0; i < 10; i++)
		(void)check("unknown.test");
	ck_assert_str_eq(wished(), "policy unknown.test\n");
	(void)lookup("listless.test");
	(void)lookup("listless.test");
	ck_assert_str_eq(wished(), "mx listless.test\n");
	now.boot += 1;
	(void)check("unknown.test");
	ck_assert_str_eq(wished(), "policy unknown.test\n");
	(void)lookup("enforce.test");
	(void)lookup("enforce.test");
	ck_assert_str_eq(wished(), "chosen enforce.test mx1.good.test\n"
				   "chosen enforce.test mx1.good.test\n");
}
END_TEST

/* ---- the choice -------------------------------------------------------- */

#define FIRST  "found smtp+tls://mx1.good.test"
#define SECOND "found smtp+tls://mx2.good.test"

/* enforce.test now has these hosts; FAILED: when the first did. */
static void
relist(const char *first, int64_t failed)
{
	desk_list(site_state, "enforce.test", now.wall + 3600,
	    (const struct desk_host[]){
		{ 10, first, failed }, { 20, "mx2.good.test", 0 } },
	    2);
}

START_TEST(a_choice_stands_for_a_minute)
{
	relist("mx1.good.test", now.wall);
	ck_assert_str_eq(lookup("enforce.test"), SECOND);
	relist("mx1.good.test", 0); /* it is well again, and preferred */
	now.boot += STS_CLERK_STABLE - 1;
	ck_assert_str_eq(lookup("enforce.test"), SECOND);
	now.boot += 1;
	ck_assert_str_eq(lookup("enforce.test"), FIRST);
}
END_TEST

START_TEST(a_failure_ends_it)
{
	ck_assert_str_eq(lookup("enforce.test"), FIRST);
	relist("mx1.good.test", now.wall);
	ck_assert_str_eq(lookup("enforce.test"), SECOND);
	now.boot += 1;
	now.wall += 1;
	ck_assert_str_eq(lookup("enforce.test"), SECOND);
}
END_TEST

/* Where all have failed the one that is tried stays the same, too. */
START_TEST(an_old_failure_does_not)
{
	desk_list(site_state, "enforce.test", now.wall + 3600,
	    (const struct desk_host[]){ { 10, "mx1.good.test", now.wall - 9 },
		{ 20, "mx2.good.test", now.wall } },
	    2);
	ck_assert_str_eq(lookup("enforce.test"), FIRST);
	relist("mx1.good.test", now.wall - 9); /* the other is well again */
	ck_assert_str_eq(lookup("enforce.test"), FIRST);
	relist("mx1.good.test", now.wall);
	ck_assert_str_eq(lookup("enforce.test"), SECOND);
}
END_TEST

START_TEST(who_left_the_list_is_not_chosen)
{
	ck_assert_str_eq(lookup("enforce.test"), FIRST);
	relist("mx3.good.test", 0);
	ck_assert_str_eq(lookup("enforce.test"),
	    "found smtp+tls://mx3.good.test");
	relist("mx3.bad.test", 0); /* a new policy would do the same */
	ck_assert_str_eq(lookup("enforce.test"), SECOND);
}
END_TEST

/* ---- reports ----------------------------------------------------------- */

#define RUA "Tls@Reports.TEST"

static const struct report_case {
	const char *setting;
	int64_t age; /* of what is expected */
	const char *key, *answer;
} reports[] = {
	{ "report-from us@own.test\n", 0, RUA, "found " RUA },
	{ "report-from us@own.test\n", 0, "tls@reports.test",
	    "found tls@reports.test" },
	{ "report-from us@own.test\n", STS_EXPECTED_HANDOVER - 1, RUA,
	    "found " RUA },
	{ "report-from us@own.test\n", STS_EXPECTED_HANDOVER, RUA,
	    "not-found" },
	{ "report-from us@own.test\n", STS_EXPECTED_LIFE, RUA, "not-found" },
	{ "report-from us@own.test\n", -1, RUA, "not-found" },
	{ "report-from us@own.test\n", 0, "tls@reports.test.", "not-found" },
	{ "report-from us@own.test\n", 0, "us@own.test", "not-found" },
	{ "report-from us@own.test\n", 0, "enforce.test", "not-found" },
	{ "report-from us@own.test\n", 0, "", "not-found" },
	{ "", 0, RUA, "not-found" },
};

START_TEST(a_report_is_known_while_it_is_handed_over)
{
	const struct report_case *c = &reports[_i];

	configure(c->setting);
	ck_assert_str_eq(ask(STS_REQUEST_UPDATE, STS_SERVICE_OTHER, NULL),
	    "found");
	desk_expect(site_state, RUA, now.wall - c->age);
	ck_assert_str_eq(ask(STS_REQUEST_CHECK, STS_SERVICE_MAILADDR, c->key),
	    c->answer);
	ck_assert_str_eq(wished(), "");
}
END_TEST

/* An error would hold the mail of others. */
START_TEST(without_a_state_nothing_is_a_report)
{
	configure("report-from us@own.test\n");
	ck_assert_str_eq(ask(STS_REQUEST_UPDATE, STS_SERVICE_OTHER, NULL),
	    "found");
	desk_expect(site_state, RUA, now.wall);
	ck_assert_int_eq(site_run("rm -r %s", site_state), 0);
	now.boot += 1;
	ck_assert_str_eq(ask(STS_REQUEST_CHECK, STS_SERVICE_MAILADDR, RUA),
	    "not-found");
}
END_TEST

/* ---- faults ------------------------------------------------------------ */

START_TEST(a_state_that_is_gone_is_an_error_until_it_is_back)
{
	ck_assert_str_eq(check("enforce.test"), "found enforce.test");
	ck_assert_int_eq(site_run("mv %s %s.away", site_state, site_state), 0);
	ck_assert_int_eq(site_run("mkdir -m 700 %s && chown 65534 %s",
			     site_state, site_state),
	    0);
	/* Its name is looked at once in a second. */
	ck_assert_str_eq(check("enforce.test"), "found enforce.test");
	now.boot += 1;
	starts_with(check("unsure.test"), "error unsure.test: ");
	starts_with(check("enforce.test"), "error enforce.test: ");
	ck_assert_int_eq(site_run("rm -r %s", site_state), 0);
	starts_with(check("enforce.test"), "error enforce.test: ");
	ck_assert_int_eq(site_run("mkdir -m 700 %s && chown 65534 %s",
			     site_state, site_state),
	    0);
	desk_fill(site_state);
	now.boot += 1;
	ck_assert_str_eq(check("enforce.test"), "found enforce.test");
	ck_assert_str_eq(lookup("enforce.test"), FIRST);
}
END_TEST

START_TEST(a_damaged_policy_is_an_error)
{
	ck_assert_int_eq(site_run("find %s/policies -name enforce.test "
				  "-exec truncate -s 9 {} +",
			     site_state),
	    0);
	starts_with(check("enforce.test"), "error enforce.test: ");
	ck_assert_str_eq(wished(), "policy enforce.test\n");
	starts_with(lookup("enforce.test"), "error enforce.test: ");
	ck_assert_str_eq(check("none.test"), "not-found");
}
END_TEST

START_TEST(an_update_reads_the_configuration)
{
	ck_assert_str_eq(check("testing.test"), "not-found");
	configure("require testing.test\n");
	ck_assert_str_eq(check("testing.test"), "not-found");
	ck_assert_str_eq(ask(STS_REQUEST_UPDATE, STS_SERVICE_OTHER, NULL),
	    "found");
	ck_assert_str_eq(check("testing.test"), "found testing.test");
	configure("nonsense\n");
	starts_with(ask(STS_REQUEST_UPDATE, STS_SERVICE_OTHER, NULL), "error ");
	ck_assert_ptr_nonnull(strstr(reply.text, "table.conf:1"));
	ck_assert_str_eq(check("testing.test"), "found testing.test");
}
END_TEST

START_TEST(a_bad_configuration_is_told_at_the_start)
{
	struct sts_clerk *other;
	struct sts_error err;

	configure("nonsense\n");
	ck_assert_int_eq(sts_clerk_new(&options, &other, &err), STS_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, "table.conf:1"));
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
	tcase_add_loop_test(tcase, each_domain_has_its_answer, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, this_machine_is_no_domain_of_others);
	tcase_add_test(tcase, wishes_are_not_repeated_at_once);
	tcase_add_test(tcase, a_choice_stands_for_a_minute);
	tcase_add_test(tcase, a_failure_ends_it);
	tcase_add_test(tcase, an_old_failure_does_not);
	tcase_add_test(tcase, who_left_the_list_is_not_chosen);
	tcase_add_loop_test(tcase, a_report_is_known_while_it_is_handed_over, 0,
	    sizeof(reports) / sizeof(reports[0]));
	tcase_add_test(tcase, without_a_state_nothing_is_a_report);
	tcase_add_test(tcase,
	    a_state_that_is_gone_is_an_error_until_it_is_back);
	tcase_add_test(tcase, a_damaged_policy_is_an_error);
	tcase_add_test(tcase, an_update_reads_the_configuration);
	tcase_add_test(tcase, a_bad_configuration_is_told_at_the_start);
}

int
main(void)
{
	Suite *suite = suite_create("clerk");
	TCase *tcase = tcase_create("answers");

	if (geteuid() == 0)
		add_tests(tcase);
	else
		tcase_add_test(tcase, skipped_not_root);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
