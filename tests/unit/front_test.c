/* SPDX-License-Identifier: ISC */
/*
 * The filter's conversation with smtpd: what it registers, for whom it asks,
 * and that every request gets one answer.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../opensmtpd/front.h"
#include "../../opensmtpd/quota.h"
#include "suite.h"

#define CONNECT(session, source, dest)                                         \
	"report|0.7|1.0|smtp-in|link-connect|" session "|h|pass|" source       \
	"|" dest
#define RCPT(session, address)                                                 \
	"filter|0.7|1.0|smtp-in|rcpt-to|" session "|7|" address
#define ANSWER(session)                                                        \
	"filter-result|00000000000000" session "|0000000000000007|"

static struct sts_front front;
static struct sts_client_rules rules;
static struct sts_network network[2];
static struct sts_buf said, asked;
static int complaints, outgoings;

static void
say(void *arg, const char *line)
{
	(void)arg;
	(void)sts_buf_printf(&said, "%s\n", line);
}

static void
inquire(void *arg, const char *domain, const struct sts_inquiry_client *client)
{
	(void)arg;
	(void)sts_buf_printf(&asked, "%s %llx %s\n", domain,
	    (unsigned long long)client->session,
	    client->stage ? "stage" : "prefetch");
}

static void
outgoing(void *arg, const struct sts_smtpd_event *event)
{
	(void)arg;
	(void)event;
	outgoings++;
}

static bool
is_report(void *arg, const char *recipient)
{
	(void)arg;
	return strcmp(recipient, "r@report.example") == 0;
}

static void
complain(void *arg, const char *why)
{
	(void)arg;
	(void)why;
	complaints++;
}

static void
setup(void)
{
	const struct sts_front_user user = { say, inquire, outgoing, is_report,
		complain, NULL };

	rules = (struct sts_client_rules){ .count = 0 };
	ck_assert(sts_addr_parse_port("127.0.0.1:26", &rules.address,
	    &rules.port));
	sts_buf_init(&said, 65536);
	sts_buf_init(&asked, 65536);
	ck_assert_int_eq(sts_front_init(&front, &rules, &user, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_front_clear(&front);
	sts_buf_clear(&said);
	sts_buf_clear(&asked);
}

static void
tell(const char *text)
{
	static char line[4096];

	(void)snprintf(line, sizeof(line), "%s", text);
	sts_front_line(&front, line, strlen(line));
}

/* What was said and asked since the last time. */
static void
expect(const char *saying, const char *asking)
{
	ck_assert_str_eq(sts_buf_text(&said), saying);
	ck_assert_str_eq(sts_buf_text(&asked), asking);
	sts_buf_reset(&said);
	sts_buf_reset(&asked);
}

START_TEST(it_registers_once_for_what_there_is)
{
	tell("config|smtpd-version|7.6.0");
	tell("config|subsystem|smtp-in");
	expect("", "");
	tell("config|ready");
	expect("register|report|smtp-in|link-connect\n"
	       "register|report|smtp-in|link-auth\n"
	       "register|report|smtp-in|link-disconnect\n"
	       "register|filter|smtp-in|rcpt-to\n"
	       "register|ready\n",
	    "");
	tell("config|ready");
	expect("", "");
}
END_TEST

START_TEST(it_registers_for_outgoing_sessions_where_smtpd_has_them)
{
	tell("config|subsystem|smtp-out");
	tell("config|ready");
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&said),
	    "register|report|smtp-out|tx-rcpt\n"));
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&said), "register|ready\n"));
	tell("report|0.7|1.0|smtp-out|tx-begin|a1|0a0b");
	tell("report|0.7|1.0|smtp-out|of-some-day|a1|0a0b");
	ck_assert_int_eq(outgoings, 1);
}
END_TEST

static const struct session_case {
	const char *connect;
	const char *asked; /* "": it proceeds at once */
} sessions[] = {
	{ CONNECT("a1", "unix:/run/smtpd.sock", "unix:/run/smtpd.sock"),
	    "b.test a1 prefetch\n" },
	{ CONNECT("a1", "127.0.0.1:99", "127.0.0.1:26"), "b.test a1 stage\n" },
	{ CONNECT("a1", "127.9.9.9:99", "127.0.0.1:25"),
	    "b.test a1 prefetch\n" },
	{ CONNECT("a1", "[::1]:99", "[::1]:26"), "b.test a1 prefetch\n" },
	{ CONNECT("a1", "192.0.2.1:99", "192.0.2.2:25"), "" },
	/* a stranger at the stage is a stranger */
	{ CONNECT("a1", "192.0.2.1:99", "127.0.0.1:26"), "" },
	{ CONNECT("a1", "junk", "127.0.0.1:26"), "" },
	{ CONNECT("a2", "127.0.0.1:99", "127.0.0.1:26"), "" },
	{ "config|ready", "" },
};
#define SESSIONS ((int)(sizeof(sessions) / sizeof(sessions[0])))

/* Nobody looks for a policy that a report does not heed: what came of that
 * would be reported in its turn. */
START_TEST(reports_make_no_policy_be_looked_up)
{
	tell(CONNECT("a1", "unix:/run/smtpd.sock", "unix:/run/smtpd.sock"));
	tell("filter|0.7|1.0|smtp-in|rcpt-to|a1|70|r@report.example");
	ck_assert_str_eq(sts_buf_text(&asked), "");
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&said), "proceed"));
	sts_buf_reset(&said);
	tell(CONNECT("a3", "127.0.0.1:99", "127.0.0.1:26")); /* the hop */
	tell("filter|0.7|1.0|smtp-in|rcpt-to|a3|71|r@report.example");
	expect("", "report.example a3 stage\n");
	tell(CONNECT("a4", "127.0.0.1:99", "127.0.0.1:25")); /* no program */
	tell("filter|0.7|1.0|smtp-in|rcpt-to|a4|72|r@report.example");
	expect("", "report.example a4 prefetch\n");
}
END_TEST

START_TEST(only_outbound_sessions_count)
{
	const struct session_case *c = &sessions[_i];

	tell(c->connect);
	sts_buf_reset(&said);
	tell(RCPT("a1", "a@b.test"));
	expect(c->asked[0] == '\0' ? ANSWER("a1") "proceed\n" : "", c->asked);
}
END_TEST

START_TEST(networks_take_the_place_of_this_machine)
{
	ck_assert_int_eq(sts_network_parse("10.0.0.0/8", &network[0], NULL),
	    STS_OK);
	ck_assert_int_eq(sts_network_parse("2001:db8::/32", &network[1], NULL),
	    STS_OK);
	rules.network = network;
	rules.count = 2;
	tell(CONNECT("a1", "10.9.9.9:9", "192.0.2.2:25"));
	tell(CONNECT("a2", "[2001:db8::7]:9", "192.0.2.2:25"));
	tell(CONNECT("a3", "127.0.0.1:9", "127.0.0.1:26"));
	tell(RCPT("a1", "a@b.test"));
	tell(RCPT("a2", "a@b.test"));
	expect("", "b.test a1 prefetch\nb.test a2 prefetch\n");
	tell(RCPT("a3", "a@b.test"));
	expect(ANSWER("a3") "proceed\n", "");
}
END_TEST

START_TEST(who_logs_in_sends_out)
{
	tell(CONNECT("a1", "192.0.2.1:99", "192.0.2.2:587"));
	tell("report|0.7|1.0|smtp-in|link-auth|a1|fail|joe");
	tell(RCPT("a1", "a@b.test"));
	expect(ANSWER("a1") "proceed\n", "");
	tell("report|0.7|1.0|smtp-in|link-auth|a1|pass|joe");
	tell(RCPT("a1", "a@b.test"));
	expect("", "b.test a1 prefetch\n");
	tell("report|0.7|1.0|smtp-in|link-disconnect|a1");
	tell(RCPT("a1", "a@b.test"));
	expect(ANSWER("a1") "proceed\n", "");
	/* a number that comes again is another session */
	tell(CONNECT("a1", "192.0.2.1:99", "192.0.2.2:587"));
	tell(RCPT("a1", "a@b.test"));
	expect(ANSWER("a1") "proceed\n", "");
}
END_TEST

START_TEST(old_smtpd_turns_the_words_of_a_login)
{
	tell(CONNECT("a1", "192.0.2.1:99", "192.0.2.2:587"));
	tell("report|0.6|1.0|smtp-in|link-auth|a1|pass|fail");
	tell(RCPT("a1", "a@b.test"));
	expect(ANSWER("a1") "proceed\n", "");
	tell("report|0.6|1.0|smtp-in|link-auth|a1|joe|pass");
	tell(RCPT("a1", "a@b.test"));
	expect("", "b.test a1 prefetch\n");
}
END_TEST

START_TEST(the_domain_is_behind_the_last_at)
{
	tell(CONNECT("a1", "127.0.0.1:99", "127.0.0.1:25"));
	tell(RCPT("a1", "\"a@b\"@c.test"));
	expect("", "c.test a1 prefetch\n");
	tell(RCPT("a1", "a|b@c.test"));
	expect("", "c.test a1 prefetch\n");
	tell(RCPT("a1", "postmaster"));
	expect(ANSWER("a1") "proceed\n", "");
}
END_TEST

START_TEST(an_answer_is_one_line)
{
	const struct sts_inquiry_client who = { UINT64_MAX, 1, true };

	sts_front_answer(&front, &who, "451 4.7.0 No");
	expect("filter-result|ffffffffffffffff|0000000000000001|reject|"
	       "451 4.7.0 No\n",
	    "");
}
END_TEST

START_TEST(what_is_not_understood_does_not_pass_the_stage)
{
	tell(CONNECT("a1", "127.0.0.1:99", "127.0.0.1:26"));
	tell(CONNECT("a2", "127.0.0.1:99", "127.0.0.1:25"));
	tell("filter|0.7|1.0|smtp-in|rcpt-to|a1|7");
	expect(ANSWER("a1") "reject|451 4.3.0 Request not understood\n", "");
	tell("filter|0.7|1.0|smtp-in|rcpt-to|a2|7");
	expect(ANSWER("a2") "proceed\n", "");
	tell("filter|0.7");
	tell("junk");
	sts_front_line(&front, NULL, 0);
	expect("", "");
	ck_assert_int_eq(complaints, 5);
}
END_TEST

START_TEST(more_sessions_than_we_remember_do_no_harm)
{
	char line[256];
	int i;

	for (i = 1; i <= STS_CLIENT_MAX + 10; i++) {
		(void)snprintf(line, sizeof(line),
		    "report|0.7|1.0|smtp-in|link-connect|%x|h|pass|"
		    "127.0.0.1:9|127.0.0.1:26",
		    i);
		tell(line);
	}
	tell(RCPT("1", "a@b.test"));
	expect("", "b.test 1 stage\n");
	(void)snprintf(line, sizeof(line),
	    "filter|0.7|1.0|smtp-in|rcpt-to|%x|7|a@b.test", i - 1);
	tell(line);
	ck_assert_ptr_nonnull(strstr(sts_buf_text(&said), "proceed"));
	expect(sts_buf_text(&said), "");
	/* one that leaves makes room */
	tell("report|0.7|1.0|smtp-in|link-disconnect|1");
	tell(CONNECT("a0000001", "127.0.0.1:9", "127.0.0.1:26"));
	tell(RCPT("a0000001", "a@b.test"));
	ck_assert_str_eq(sts_buf_text(&asked), "b.test a0000001 stage\n");
}
END_TEST

START_TEST(the_same_thing_is_done_once_in_a_while)
{
	static struct sts_quota quota = { .every = 1000 };

	ck_assert(sts_quota_take(&quota, "mx a.test", 5000));
	ck_assert(!sts_quota_take(&quota, "mx a.test", 5999));
	ck_assert(sts_quota_take(&quota, "policy a.test", 5999));
	ck_assert(sts_quota_take(&quota, "mx a.test", 6000));
	ck_assert(!sts_quota_take(&quota, "mx a.test", 6001));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("front");
	TCase *tcase = tcase_create("conversation");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_registers_once_for_what_there_is);
	tcase_add_test(tcase,
	    it_registers_for_outgoing_sessions_where_smtpd_has_them);
	tcase_add_test(tcase, reports_make_no_policy_be_looked_up);
	tcase_add_loop_test(tcase, only_outbound_sessions_count, 0, SESSIONS);
	tcase_add_test(tcase, networks_take_the_place_of_this_machine);
	tcase_add_test(tcase, who_logs_in_sends_out);
	tcase_add_test(tcase, old_smtpd_turns_the_words_of_a_login);
	tcase_add_test(tcase, the_domain_is_behind_the_last_at);
	tcase_add_test(tcase, an_answer_is_one_line);
	tcase_add_test(tcase, what_is_not_understood_does_not_pass_the_stage);
	tcase_add_test(tcase, more_sessions_than_we_remember_do_no_harm);
	tcase_add_test(tcase, the_same_thing_is_done_once_in_a_while);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
