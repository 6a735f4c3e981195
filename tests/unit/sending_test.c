/* SPDX-License-Identifier: ISC */
/*
 * What OpenSMTPD 6.8 and 7.4 to 7.9 report of the sessions in which they
 * send, and the news that each must be.
 */
#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/sending.h"
#include "suite.h"

#define ID 0x9a3c5f10b7e2d846

/* clang-format off */
#define CONNECT	   "link-connect|mx.example.com|pass|192.0.2.9:40112|" \
		   "198.51.100.11:25"
#define GREETING   "protocol-server|220 mx.example.com ESMTP", \
		   "link-greeting|mx.example.com"
#define EHLO	   "protocol-client|EHLO relay.example", \
		   "link-identify|EHLO|relay.example"
#define HELO	   "protocol-client|HELO relay.example", \
		   "link-identify|HELO|relay.example"
#define OFFER	   "protocol-server|250-mx.example.com", \
		   "protocol-server|250-PIPELINING", \
		   "protocol-server|250 STARTTLS"
#define NO_OFFER   "protocol-server|250-mx.example.com", \
		   "protocol-server|250 PIPELINING"
#define STARTTLS   "protocol-client|STARTTLS"
#define GRANTED	   "protocol-server|220 2.0.0 Ready to start TLS"
#define TLS	   "link-tls|TLSv1.3:TLS_AES_256_GCM_SHA384:256"
#define IN_CLEAR   CONNECT, GREETING, EHLO, OFFER, STARTTLS
#define SECURE	   IN_CLEAR, GRANTED, EHLO, TLS, NO_OFFER
#define SECURE_6_8 IN_CLEAR, GRANTED, TLS, EHLO, NO_OFFER
#define MAIL	   "protocol-client|MAIL FROM:<a@relay.example>", \
		   "protocol-server|250 2.1.0 Ok", \
		   "tx-begin|1c9b0c2f", "tx-mail|1c9b0c2f|ok|a@relay.example"
#define RCPT(to)   "protocol-client|RCPT TO:<" to ">", \
		   "tx-envelope|1c9b0c2f|1c9b0c2f2ab40dd1", \
		   "protocol-server|250 2.1.5 Ok", \
		   "tx-rcpt|1c9b0c2f|ok|" to
#define DATA	   "protocol-client|DATA", "protocol-server|354 Go on", \
		   "tx-data|1c9b0c2f|ok", "protocol-client|.", \
		   "protocol-server|250 2.0.0 Ok", "tx-commit|1c9b0c2f|318", \
		   "tx-reset|1c9b0c2f"
#define QUIT	   "protocol-client|QUIT", "protocol-server|221 2.0.0 Bye", END
#define END	   "link-disconnect"

static const struct {
	const char *rule;
	const char *expect;
	const char *line[64];
} cases[] = {
	{ "verified", "connected +example.com:secure",
	    { SECURE, MAIL, RCPT("b@example.com"), DATA, QUIT } },
	{ "verified by 6.8", "connected +example.com:secure",
	    { SECURE_6_8, MAIL, RCPT("b@example.com"), DATA, QUIT } },
	{ "once for a session and domain",
	    "connected +example.com:secure =example.com:secure "
	    "+example.net:secure =example.com:secure",
	    { SECURE, MAIL, RCPT("b@example.com"), RCPT("c@Example.COM"),
		RCPT("b@example.net"), DATA, MAIL, RCPT("d@example.com"),
		DATA, QUIT } },
	{ "a refused recipient had its TLS", "connected +example.com:secure",
	    { SECURE, MAIL, "protocol-client|RCPT TO:<b@example.com>",
		"protocol-server|550 5.1.1 Who?", "tx-rollback|1c9b0c2f",
		"tx-reset|1c9b0c2f", "protocol-client|RSET",
		"protocol-server|250 Ok", QUIT } },
	{ "a refused sender tells no domain", "connected",
	    { SECURE, "protocol-client|MAIL FROM:<a@relay.example>",
		"protocol-server|451 4.7.1 Later", "protocol-client|RSET",
		"protocol-server|250 Ok", QUIT } },
	{ "not reached", "unreached", { END } },
	{ "not reached after long", "unreached", { "timeout", END } },
	{ "unwelcome", "connected ended:untried",
	    { CONNECT, "protocol-server|554 No", END } },
	{ "silent", "connected ended:untried", { CONNECT, "timeout", END } },
	{ "lost before EHLO is answered", "connected ended:untried",
	    { CONNECT, GREETING, EHLO, "protocol-server|250-mx", END } },
	{ "EHLO is not answered now", "connected ended:untried",
	    { CONNECT, GREETING, EHLO, "protocol-server|421 Busy", END } },
	{ "EHLO is refused", "connected ended:untried",
	    { CONNECT, GREETING, EHLO, "protocol-server|554 No", END } },
	{ "EHLO is not known", "connected ended:no STARTTLS",
	    { CONNECT, GREETING, EHLO, "protocol-server|502 What?", END } },
	{ "not offered", "connected ended:no STARTTLS",
	    { CONNECT, GREETING, EHLO, NO_OFFER, END } },
	{ "not granted", "connected ended:no STARTTLS",
	    { IN_CLEAR, "protocol-server|454 4.7.0 No", END } },
	{ "not granted in several lines", "connected ended:no STARTTLS",
	    { IN_CLEAR, "protocol-server|454-No", "protocol-server|454 No",
		END } },
	{ "not answered", "connected ended:failed", { IN_CLEAR, END } },
	{ "failed", "connected ended:failed", { IN_CLEAR, GRANTED, END } },
	{ "failed in 6.8", "connected ended:failed",
	    { IN_CLEAR, GRANTED, TLS, END } },
	{ "not offered, optional", "connected +example.com:no STARTTLS",
	    { CONNECT, GREETING, EHLO, NO_OFFER, MAIL, RCPT("b@example.com"),
		DATA, QUIT } },
	{ "not granted, optional", "connected +example.com:no STARTTLS",
	    { IN_CLEAR, "protocol-server|502 No", MAIL, RCPT("b@example.com"),
		DATA, QUIT } },
	{ "HELO, optional", "connected +example.com:no STARTTLS",
	    { CONNECT, GREETING, EHLO, "protocol-server|500 What?", HELO,
		"protocol-server|250 mx", MAIL, RCPT("b@example.com"), DATA,
		QUIT } },
	{ "failed, optional", "connected connected +example.com:failed",
	    { IN_CLEAR, GRANTED, CONNECT, GREETING, EHLO, OFFER, MAIL,
		RCPT("b@example.com"), DATA, QUIT } },
	{ "failed, optional, and then not reached",
	    "connected connected ended?:failed",
	    { IN_CLEAR, GRANTED, CONNECT, END } },
	{ "not offered, optional, and the sender refused",
	    "connected ended?:no STARTTLS",
	    { CONNECT, GREETING, EHLO, NO_OFFER,
		"protocol-client|MAIL FROM:<a@relay.example>",
		"protocol-server|451 4.7.1 Later", QUIT } },
	{ "an answer in clear is no TLS", "connected ended:no STARTTLS",
	    { CONNECT, GREETING, EHLO, NO_OFFER, TLS, END } },
	{ "what the server says is no command", "connected ended:no STARTTLS",
	    { CONNECT, GREETING, EHLO, "protocol-server|250-EHLO x",
		"protocol-server|250 RCPT TO:<b@example.com>", END } },
	{ "parameters, and a quoted local part",
	    "connected +example.com:secure",
	    { SECURE, MAIL, "protocol-client|RCPT TO:<\"x@y>\\\"\"@example.com>"
		" NOTIFY=NEVER ORCPT=rfc822;z@example.net" } },
	{ "no domain", "connected",
	    { SECURE, MAIL, RCPT("b@[192.0.2.1]"), RCPT("b"), RCPT("b@-"),
		"protocol-client|RCPT TO:<\"b@example.com>",
		"protocol-client|RCPT TO:", QUIT } },
	{ "the stage", "",
	    { "link-connect|localhost|pass|127.0.0.1:40112|127.0.0.1:10026",
		GREETING, EHLO, NO_OFFER, MAIL, RCPT("b@example.com"), END } },
	{ "an MX on this machine", "",
	    { "link-connect|x|pass|[::1]:40112|[::1]:25", GREETING, EHLO,
		NO_OFFER, END } },
	{ "a configured relay", "",
	    { "link-connect|x|pass|192.0.2.9:40112|192.0.2.1:587", GREETING,
		EHLO, NO_OFFER, END } },
	{ "an address that cannot be read", "",
	    { "link-connect|x|pass|192.0.2.9:40112|somewhere", GREETING, EHLO,
		NO_OFFER, END } },
	{ "IPv6", "connected ended:no STARTTLS",
	    { "link-connect|x|pass|[2001:db8::9]:40112|[2001:db8::1]:25",
		GREETING, EHLO, NO_OFFER, END } },
};
/* clang-format on */

static struct sts_sendings *sendings;
static struct sts_sending_news news;

static void
setup(void)
{
	ck_assert_int_eq(sts_sendings_new(&sendings, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_sendings_free(sendings);
}

/* "EVENT[|REST]" as smtpd would report it of session ID. */
static void
report(uint64_t id, const char *event)
{
	size_t name = strcspn(event, "|");
	struct sts_smtpd_event parsed;
	char line[1024];
	struct sts_error err;
	int len;

	len = snprintf(line, sizeof(line),
	    "report|0.7|1795430400.123456|smtp-out|%.*s|%016" PRIx64 "%s",
	    (int)name, event, id, event + name);
	ck_assert_int_lt(len, (int)sizeof(line));
	ck_assert_msg(sts_smtpd_parse(line, (size_t)len, &parsed, &err) ==
			  STS_OK,
	    "%s: %s", event, err.text);
	sts_sending_event(sendings, &parsed, &news);
}

static void
describe(char *out, size_t size)
{
	const char *space = out[0] == '\0' ? "" : " ";
	size_t len = strlen(out);

	out += len;
	size -= len;
	switch (news.kind) {
	case STS_SENDING_NOTHING:
		return;
	case STS_SENDING_CONNECTED:
		(void)snprintf(out, size, "%sconnected", space);
		return;
	case STS_SENDING_UNREACHED:
		(void)snprintf(out, size, "%sunreached", space);
		return;
	case STS_SENDING_RECIPIENT:
		(void)snprintf(out, size, "%s%c%s:%s", space,
		    news.first ? '+' : '=', news.domain,
		    sts_sending_tls_name(news.tls));
		return;
	case STS_SENDING_ENDED:
		(void)snprintf(out, size, "%sended%s:%s", space,
		    news.strict ? "" : "?", sts_sending_tls_name(news.tls));
		return;
	}
}

START_TEST(each_session_has_one_result)
{
	char told[1024] = "";
	size_t i;

	for (i = 0; i < 64 && cases[_i].line[i] != NULL; i++) {
		report(ID, cases[_i].line[i]);
		describe(told, sizeof(told));
	}
	ck_assert_msg(strcmp(told, cases[_i].expect) == 0, "%s: \"%s\"",
	    cases[_i].rule, told);
}
END_TEST

START_TEST(news_say_where)
{
	char text[STS_ADDR_TEXT];

	report(ID, CONNECT);
	ck_assert_str_eq(sts_addr_text(&news.dest, text), "198.51.100.11");
	ck_assert_str_eq(sts_addr_text(&news.source, text), "192.0.2.9");
	report(ID, END);
	ck_assert_int_eq(news.kind, STS_SENDING_ENDED);
	ck_assert_str_eq(sts_addr_text(&news.dest, text), "198.51.100.11");
}
END_TEST

START_TEST(sessions_do_not_mix)
{
	static const char *const lines[] = { IN_CLEAR, GRANTED };
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		report(1, lines[i]);
		report(1025, lines[i]); /* in the same bucket */
	}
	report(1, "protocol-client|EHLO relay.example");
	report(1025, END);
	ck_assert_int_eq(news.kind, STS_SENDING_ENDED);
	ck_assert_int_eq(news.tls, STS_SENDING_FAILED);
	report(1, "protocol-client|RCPT TO:<b@example.com>");
	ck_assert_int_eq(news.kind, STS_SENDING_RECIPIENT);
	ck_assert_int_eq(news.tls, STS_SENDING_SECURE);
}
END_TEST

/* One that found no room is none that could not be reached. */
START_TEST(sessions_are_bounded)
{
	uint64_t id;

	for (id = 1; id <= STS_SENDING_MAX + 1; id++)
		report(id, CONNECT);
	ck_assert_int_eq(news.kind, STS_SENDING_NOTHING);
	report(STS_SENDING_MAX + 1, "protocol-server|220 mx");
	report(STS_SENDING_MAX + 1, END);
	ck_assert_int_eq(news.kind, STS_SENDING_NOTHING);
	report(STS_SENDING_MAX + 2, END);
	ck_assert_int_eq(news.kind, STS_SENDING_UNREACHED);
	report(1, END);
	report(STS_SENDING_MAX + 3, CONNECT);
	ck_assert_int_eq(news.kind, STS_SENDING_CONNECTED);
}
END_TEST

START_TEST(domains_of_a_session_are_bounded)
{
	static const char *const lines[] = { SECURE, MAIL };
	char line[64];
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		report(ID, lines[i]);
	for (i = 0; i <= STS_SENDING_DOMAINS; i++) {
		(void)snprintf(line, sizeof(line),
		    "protocol-client|RCPT TO:<b@d%zu.example>", i);
		report(ID, line);
		ck_assert(news.kind == STS_SENDING_RECIPIENT);
		ck_assert(news.first == (i < STS_SENDING_DOMAINS));
	}
	report(ID, END);
	ck_assert_int_eq(news.kind, STS_SENDING_NOTHING);
}
END_TEST

START_TEST(every_result_has_a_name)
{
	ck_assert_str_eq(sts_sending_tls_name(STS_SENDING_SECURE), "secure");
	ck_assert_str_eq(sts_sending_tls_name(STS_SENDING_TLS_MAX), "unknown");
}
END_TEST

static Suite *
sending_suite(void)
{
	Suite *suite = suite_create("sending");
	TCase *tcase = tcase_create("session");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, each_session_has_one_result, 0,
	    (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, news_say_where);
	tcase_add_test(tcase, sessions_do_not_mix);
	tcase_add_test(tcase, sessions_are_bounded);
	tcase_add_test(tcase, domains_of_a_session_are_bounded);
	tcase_add_test(tcase, every_result_has_a_name);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return suite_run(sending_suite());
}
