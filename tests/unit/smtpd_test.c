/* SPDX-License-Identifier: ISC */
/*
 * What smtpd says to a filter: lines of 6.8 (protocol 0.6) and of 7.4 and
 * later (0.7), and what none of them says.
 */
#include <arpa/inet.h>

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "../../opensmtpd/smtpd.h"
#include "suite.h"

static struct sts_smtpd_event event;

static enum sts_rc
parse(const char *text)
{
	static char line[4096];

	(void)snprintf(line, sizeof(line), "%s", text);
	return sts_smtpd_parse(line, strlen(line), &event, NULL);
}

static const struct good_case {
	const char *line;
	enum sts_smtpd_kind kind;
	enum sts_smtpd_result result;
	const char *first, *second;
} good[] = {
	{ "config|ready", STS_SMTPD_CONFIG, 0, "ready", "" },
	{ "config|subsystem|smtp-out", STS_SMTPD_CONFIG, 0, "subsystem",
	    "smtp-out" },
	{ "config|admd|a|b", STS_SMTPD_CONFIG, 0, "admd", "a|b" },
	{ "report|0.7|1.0|smtp-in|link-auth|a1|pass|joe", STS_SMTPD_LINK_AUTH,
	    STS_SMTPD_PASS, "", "" },
	{ "report|0.7|1.0|smtp-in|link-auth|a1|fail|pass", STS_SMTPD_LINK_AUTH,
	    STS_SMTPD_FAIL, "", "" },
	{ "report|0.7|1.0|smtp-in|link-auth|a1|error|a|pass",
	    STS_SMTPD_LINK_AUTH, STS_SMTPD_FAIL, "", "" },
	{ "report|0.6|1.0|smtp-in|link-auth|a1|joe|pass", STS_SMTPD_LINK_AUTH,
	    STS_SMTPD_PASS, "", "" },
	{ "report|0.6|1.0|smtp-in|link-auth|a1|pass|fail", STS_SMTPD_LINK_AUTH,
	    STS_SMTPD_FAIL, "", "" },
	{ "report|0.6|1.0|smtp-in|link-auth|a1|pass|x|fail",
	    STS_SMTPD_LINK_AUTH, STS_SMTPD_FAIL, "", "" },
	{ "report|0.12|1|smtp-in|link-auth|a1|pass|fail", STS_SMTPD_LINK_AUTH,
	    STS_SMTPD_PASS, "", "" },
	{ "report|0.7|1.0|smtp-in|link-disconnect|a1",
	    STS_SMTPD_LINK_DISCONNECT, 0, "", "" },
	{ "report|0.7|1.0|smtp-out|link-greeting|a1|mx.test",
	    STS_SMTPD_LINK_GREETING, 0, "mx.test", "" },
	{ "report|0.7|1.0|smtp-out|link-identify|a1|EHLO|relay.test",
	    STS_SMTPD_LINK_IDENTIFY, 0, "EHLO", "relay.test" },
	{ "report|0.7|1.0|smtp-out|link-tls|a1|TLSv1.3:X:256",
	    STS_SMTPD_LINK_TLS, 0, "TLSv1.3:X:256", "" },
	{ "report|0.7|1.0|smtp-out|tx-begin|a1|0a0b0c0d", STS_SMTPD_TX_BEGIN, 0,
	    "0a0b0c0d", "" },
	{ "report|0.7|1.0|smtp-out|tx-mail|a1|0a0b|ok|a@b.test",
	    STS_SMTPD_TX_MAIL, STS_SMTPD_PASS, "0a0b", "a@b.test" },
	{ "report|0.7|1.0|smtp-out|tx-mail|a1|0a0b|ok|", STS_SMTPD_TX_MAIL,
	    STS_SMTPD_PASS, "0a0b", "" },
	{ "report|0.7|1.0|smtp-out|tx-rcpt|a1|0a0b|permfail|a|b@c.test",
	    STS_SMTPD_TX_RCPT, STS_SMTPD_FAIL, "0a0b", "a|b@c.test" },
	{ "report|0.7|1.0|smtp-out|tx-data|a1|0a0b|tempfail", STS_SMTPD_TX_DATA,
	    STS_SMTPD_TEMPFAIL, "0a0b", "" },
	{ "report|0.7|1.0|smtp-out|tx-commit|a1|0a0b|123", STS_SMTPD_TX_COMMIT,
	    0, "0a0b", "123" },
	{ "report|0.7|1.0|smtp-out|tx-rollback|a1|0a0b", STS_SMTPD_TX_ROLLBACK,
	    0, "0a0b", "" },
	{ "report|0.7|1.0|smtp-out|tx-reset|a1|0a0b", STS_SMTPD_TX_RESET, 0, "",
	    "" },
	{ "report|0.7|1.0|smtp-out|tx-reset|a1", STS_SMTPD_TX_RESET, 0, "",
	    "" },
	{ "report|0.7|1.0|smtp-out|protocol-server|a1|250-a|b",
	    STS_SMTPD_PROTOCOL_SERVER, 0, "250-a|b", "" },
	{ "report|0.7|1.0|smtp-out|protocol-client|a1|EHLO x",
	    STS_SMTPD_PROTOCOL_CLIENT, 0, "EHLO x", "" },
	{ "report|0.7|1.0|smtp-out|timeout|a1", STS_SMTPD_TIMEOUT, 0, "", "" },
	/* what we do not want is no fault of smtpd's */
	{ "report|0.7|1.0|smtp-in|tx-rcpt|a1|0a0b|ok|a@b.test", STS_SMTPD_OTHER,
	    0, "", "" },
	{ "report|0.9|1.0|smtp-in|something-new|a1|x", STS_SMTPD_OTHER, 0, "",
	    "" },
	{ "filter|0.7|1.0|smtp-in|rcpt-to|a1|b2|a@b.test", STS_SMTPD_RCPT_TO, 0,
	    "a@b.test", "" },
	{ "filter|0.6|1.0|smtp-in|rcpt-to|a1|b2|a|b@c.test", STS_SMTPD_RCPT_TO,
	    0, "a|b@c.test", "" },
	{ "filter|0.7|1.0|smtp-in|rcpt-to|a1|b2|", STS_SMTPD_RCPT_TO, 0, "",
	    "" },
};
#define GOOD ((int)(sizeof(good) / sizeof(good[0])))

START_TEST(good_line)
{
	const struct good_case *c = &good[_i];

	ck_assert_msg(parse(c->line) == STS_OK, "%s", c->line);
	ck_assert_int_eq(event.kind, c->kind);
	ck_assert_int_eq(event.result, c->result);
	ck_assert_str_eq(event.text[0], c->first);
	ck_assert_str_eq(event.text[1], c->second);
}
END_TEST

static const char *const bad[] = { "", "|", "config", "reports", "report",
	"report|", "report|0.7|1.0|smtp-in|link-disconnect",
	"report|1.0|1.0|smtp-in|link-disconnect|a1",
	"report|0.x|1.0|smtp-in|link-disconnect|a1",
	"report|0.7|now|smtp-in|link-disconnect|a1",
	"report|0.7||smtp-in|link-disconnect|a1",
	"report|0.7|1.0|smtp|link-disconnect|a1",
	"report|0.7|1.0|smtp-in|link-disconnect|",
	"report|0.7|1.0|smtp-in|link-disconnect|xyz",
	"report|0.7|1.0|smtp-in|link-disconnect|0123456789abcdef0",
	"report|0.7|1.0|smtp-in|link-connect|a1|x|pass|1.2.3.4:5",
	"report|0.7|1.0|smtp-in|link-auth|a1|pass",
	"report|0.6|1.0|smtp-in|link-auth|a1|pass",
	"report|0.7|1.0|smtp-out|tx-rcpt|a1|0a0b|maybe|x@y.test",
	"report|0.7|1.0|smtp-out|tx-begin|a1",
	"filter|0.7|1.0|smtp-in|rcpt-to|a1",
	"filter|0.7|1.0|smtp-in|rcpt-to|a1|zz|x@y.test",
	"filter-result|0.7|1.0|smtp-in|rcpt-to|a1|b2|x" };
#define BAD ((int)(sizeof(bad) / sizeof(bad[0])))

START_TEST(bad_line)
{
	ck_assert_msg(parse(bad[_i]) == STS_EDAMAGED, "%s", bad[_i]);
	ck_assert_int_eq(event.kind, STS_SMTPD_OTHER);
}
END_TEST

/* What wants an answer can get one if we know whom to give it to. */
static const char *const answerable[] = {
	"filter|0.7|1.0|smtp-in|rcpt-to|a1|b2",
	"filter|0.7|1.0|smtp-in|mail-from|a1|b2|x@y.test",
	"filter|9.9|1.0|smtp-in|rcpt-to|a1|b2|x@y.test",
	"filter|0.7|1.0|smtp-out|rcpt-to|a1|b2|x@y.test",
};

START_TEST(bad_request_can_be_answered)
{
	ck_assert_int_eq(parse(answerable[_i]), STS_EDAMAGED);
	ck_assert_int_eq(event.kind, STS_SMTPD_RCPT_TO);
	ck_assert_uint_eq(event.session, 0xa1);
	ck_assert_uint_eq(event.token, 0xb2);
	ck_assert_str_eq(event.text[0], "");
}
END_TEST

static const struct peer_case {
	const char *text;
	bool local;
	const char *address; /* NULL: none */
	unsigned port;
} peers[] = {
	{ "192.0.2.1:4321", false, "192.0.2.1", 4321 },
	{ "[2001:db8::1]:25", false, "2001:db8::1", 25 },
	{ "unix:/run/smtpd.sock", true, NULL, 0 },
	{ "[fe80::1%eth0]:25", false, NULL, 0 },
	{ "192.0.2.1:0", false, NULL, 0 },
	{ "192.0.2.1:70000", false, NULL, 0 },
	{ "", false, NULL, 0 },
	{ "junk", false, NULL, 0 },
	{ "unix", false, NULL, 0 },
};
#define PEERS ((int)(sizeof(peers) / sizeof(peers[0])))

START_TEST(peer)
{
	const struct peer_case *c = &peers[_i];
	char line[256], text[STS_ADDR_TEXT];

	/* A name in the DNS can be anything at all. */
	(void)snprintf(line, sizeof(line),
	    "report|0.7|1795438481.473584|smtp-in|link-connect|"
	    "fedcba9876543210|a|unix:x|pass|%s|127.0.0.1:26",
	    c->text);
	ck_assert_int_eq(parse(line), STS_OK);
	ck_assert_int_eq(event.kind, STS_SMTPD_LINK_CONNECT);
	ck_assert_int_eq(event.at, 1795438481);
	ck_assert_uint_eq(event.session, 0xfedcba9876543210);
	ck_assert_int_eq(event.source.local, c->local);
	ck_assert_uint_eq(event.source.port, c->port);
	if (c->address == NULL)
		ck_assert_int_eq(event.source.addr.family, 0);
	else
		ck_assert_str_eq(sts_addr_text(&event.source.addr, text),
		    c->address);
	ck_assert_uint_eq(event.dest.port, 26);
}
END_TEST

START_TEST(a_line_with_nul_is_none)
{
	char line[] = "config|ready\0x";

	ck_assert_int_eq(sts_smtpd_parse(line, sizeof(line) - 1, &event, NULL),
	    STS_EDAMAGED);
}
END_TEST

START_TEST(wanted_events_have_names)
{
	ck_assert_str_eq(sts_smtpd_wanted(STS_SMTPD_RCPT_TO, false), "rcpt-to");
	ck_assert_ptr_null(sts_smtpd_wanted(STS_SMTPD_RCPT_TO, true));
	ck_assert_str_eq(sts_smtpd_wanted(STS_SMTPD_LINK_CONNECT, true),
	    "link-connect");
	ck_assert_ptr_null(sts_smtpd_wanted(STS_SMTPD_TX_BEGIN, false));
	ck_assert_ptr_null(sts_smtpd_wanted(STS_SMTPD_OTHER, true));
	ck_assert_ptr_null(sts_smtpd_wanted(STS_SMTPD_CONFIG, false));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("smtpd");
	TCase *tcase = tcase_create("lines");

	tcase_add_loop_test(tcase, good_line, 0, GOOD);
	tcase_add_loop_test(tcase, bad_line, 0, BAD);
	tcase_add_loop_test(tcase, bad_request_can_be_answered, 0, 4);
	tcase_add_loop_test(tcase, peer, 0, PEERS);
	tcase_add_test(tcase, a_line_with_nul_is_none);
	tcase_add_test(tcase, wanted_events_have_names);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
