/* SPDX-License-Identifier: ISC */
/*
 * Probes of real SMTP servers on loopback (smtp_server.py): RFC 8461, 4.2 and
 * 7.1, RFC 3207.  A host is ok.<certificate>.test.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "mailer.h"
#include "resolve/probe.h"
#include "suite.h"

#define PATIENCE_MS 8000
#define SHORT_MS    400

static struct sts_loop *loop;
static struct sts_trust *trust;
static struct sts_probed probed;
static int calls;

static void
setup(void)
{
	mailer_start();
	ck_assert_int_eq(sts_loop_new(&loop, NULL), STS_OK);
	ck_assert_int_eq(sts_trust_new(mailer_ca, NULL, &trust, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_trust_free(trust);
	sts_loop_free(loop);
	mailer_stop();
}

static void
note(void *arg, const struct sts_probed *result)
{
	(void)arg;
	calls++;
	probed = *result;
}

static struct sts_probe *
start(const char *behaviour, const char *host, const char *address, int64_t ms)
{
	struct sts_probe_target target = { .host = host, .helo = "us.test" };
	struct sts_probe *probe;

	target.port = mailer_port(behaviour);
	ck_assert(sts_addr_parse(address, &target.addr));
	calls = 0;
	probe = sts_probe_start(loop, trust, &target, ms, note, NULL);
	ck_assert_ptr_nonnull(probe);
	ck_assert_int_eq(calls, 0);
	return probe;
}

static void
expect(const char *what, enum sts_rc rc, const char *text)
{
	ck_assert_msg(calls == 1, "%s: %d calls", what, calls);
	ck_assert_msg(probed.result == rc, "%s: %s, not %s: %s", what,
	    sts_rc_name(probed.result), sts_rc_name(rc), probed.reason);
	ck_assert_msg(strstr(probed.reason, text) != NULL,
	    "%s: \"%s\" in \"%s\"", what, text, probed.reason);
	ck_assert_msg(strchr(probed.reason, '\033') == NULL, "%s: not escaped",
	    what);
}

static void
run(const char *behaviour, const char *host, int64_t ms)
{
	(void)start(behaviour, host, "127.0.0.1", ms);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
}

/* clang-format off */
static const struct {
	const char *behaviour, *host;
	enum sts_rc rc;
	const char *text;
	const char *heard; /* NULL: as it may be */
} rows[] = {
	{ "ok", "ok.good.test", STS_OK, "verified",
	    "EHLO us.test,STARTTLS,TLSv1.3 for ok.good.test,QUIT,EOF" },
	{ "ok", "ok.chain.test", STS_OK, "verified", NULL },
	{ "ok", "ok.expired.test", STS_ECERTDATE,
	    "certificate expired 2020-03-01", NULL },
	{ "ok", "ok.future.test", STS_ECERTTRUST, "not valid before", NULL },
	{ "ok", "ok.self.test", STS_ECERTTRUST, "self-signed", NULL },
	{ "ok", "ok.unknown.test", STS_ECERTTRUST, "issued by CN=other", NULL },
	{ "ok", "ok.nochain.test", STS_ECERTTRUST, "CN=middle", NULL },
	{ "ok", "ok.client.test", STS_ECERTTRUST, "purpose", NULL },
	{ "ok", "ok.provider.test", STS_ECERTNAME,
	    "is for *.provider.example, not for ok.provider.test", NULL },
	{ "ok", "ok.cnonly.test", STS_ECERTNAME, "no dNSName", NULL },
	{ "ok", "a.b.good.test", STS_ETLS, "unrecognized name", NULL },
	{ "ok", "nobody.elsewhere.test", STS_ETLS, "unrecognized name", NULL },
	{ "multi", "ok.good.test", STS_OK, "verified", NULL },
	{ "dripped", "ok.good.test", STS_OK, "verified", NULL },
	{ "small", "ok.good.test", STS_OK, "verified", NULL },
	{ "busy", "ok.good.test", STS_EUNREACHABLE,
	    "at the greeting: 421 too busy", "QUIT,EOF" },
	{ "nomail", "ok.good.test", STS_EUNREACHABLE,
	    "at the greeting: 554 mail\\027 here", "QUIT,EOF" },
	{ "shut", "ok.good.test", STS_EUNREACHABLE,
	    "connection closed at the greeting", "" },
	{ "garbage", "ok.good.test", STS_EUNREACHABLE, "no reply of SMTP",
	    "EOF" },
	{ "nul", "ok.good.test", STS_EUNREACHABLE, "no reply of SMTP", "EOF" },
	{ "large", "ok.good.test", STS_EUNREACHABLE, "no reply of SMTP", NULL },
	{ "line", "ok.good.test", STS_EUNREACHABLE, "no reply of SMTP", NULL },
	{ "early", "ok.good.test", STS_EUNREACHABLE,
	    "text behind the reply at the greeting", NULL },
	{ "noesmtp", "ok.good.test", STS_ESTARTTLS, "after EHLO: 502 what?",
	    "EHLO us.test,QUIT,EOF" },
	{ "later", "ok.good.test", STS_EUNREACHABLE, "after EHLO: 421 later",
	    "EHLO us.test,QUIT,EOF" },
	{ "ehloshut", "ok.good.test", STS_EUNREACHABLE,
	    "connection closed after EHLO", "EHLO us.test" },
	{ "plain", "ok.good.test", STS_ESTARTTLS, "STARTTLS is not offered",
	    "EHLO us.test,QUIT,EOF" },
	{ "first", "ok.good.test", STS_ESTARTTLS, "is not offered", NULL },
	{ "similar", "ok.good.test", STS_ESTARTTLS, "is not offered", NULL },
	{ "mixed", "ok.good.test", STS_EUNREACHABLE, "no reply of SMTP", NULL },
	{ "ehloearly", "ok.good.test", STS_EUNREACHABLE,
	    "text behind the reply after EHLO", NULL },
	{ "refused", "ok.good.test", STS_ESTARTTLS,
	    "after STARTTLS: 454 TLS not available",
	    "EHLO us.test,STARTTLS,QUIT,EOF" },
	{ "never", "ok.good.test", STS_ESTARTTLS, "502 never", NULL },
	{ "odd", "ok.good.test", STS_ESTARTTLS, "after STARTTLS: 250 ok", NULL },
	{ "tlsgarbage", "ok.good.test", STS_ESTARTTLS, "no reply of SMTP",
	    NULL },
	{ "tlsshut", "ok.good.test", STS_ESTARTTLS,
	    "connection closed after STARTTLS", "EHLO us.test,STARTTLS" },
	{ "injected", "ok.good.test", STS_ETLS,
	    "text behind the reply after STARTTLS",
	    "EHLO us.test,STARTTLS,EOF" },
	{ "late", "ok.good.test", STS_ETLS, "no TLS session: wrong version",
	    NULL },
	{ "goneshut", "ok.good.test", STS_ETLS,
	    "connection closed in the TLS handshake", NULL },
	{ "old", "ok.good.test", STS_ETLS, "no TLS session:", NULL },
};
/* clang-format on */

START_TEST(server_is_judged)
{
	const char *what = rows[_i].behaviour, *line;
	int64_t begun = sts_clock_ms();

	run(what, rows[_i].host, PATIENCE_MS);
	expect(what, rows[_i].rc, rows[_i].text);
	ck_assert_str_eq(probed.host, rows[_i].host);
	ck_assert_str_eq(probed.address, "127.0.0.1");
	ck_assert_int_lt(sts_clock_ms() - begun, PATIENCE_MS);
	if (rows[_i].heard == NULL)
		return;
	line = mailer_heard();
	ck_assert_msg(strcmp(line, rows[_i].heard) == 0,
	    "%s: heard \"%s\", not \"%s\"", what, line, rows[_i].heard);
}
END_TEST

START_TEST(version_and_time_are_told)
{
	struct sts_now now;

	run("ok", "ok.good.test", PATIENCE_MS);
	ck_assert_str_eq(probed.tls, "TLSv1.3");
	sts_clock_now(&now);
	ck_assert_int_le(probed.at, now.wall);
	ck_assert_int_ge(probed.at, now.wall - 10);
	run("ok", "ok.expired.test", PATIENCE_MS);
	ck_assert_str_eq(probed.tls, "TLSv1.3");
	run("plain", "ok.good.test", PATIENCE_MS);
	ck_assert_str_eq(probed.tls, "");
	run("old", "ok.good.test", PATIENCE_MS);
	ck_assert_str_eq(probed.tls, "");
}
END_TEST

static const struct {
	const char *behaviour, *text;
} delays[] = {
	{ "mute", "timed out after 400 ms, at the greeting" },
	{ "slow", "timed out after 400 ms, at the greeting" },
	{ "ehlomute", "timed out after 400 ms, after EHLO" },
	{ "gonemute", "timed out after 400 ms, in the TLS handshake" },
};

START_TEST(there_is_one_deadline)
{
	int64_t begun = sts_clock_ms();

	run(delays[_i].behaviour, "ok.good.test", SHORT_MS);
	expect(delays[_i].behaviour, STS_EUNREACHABLE, delays[_i].text);
	ck_assert_int_ge(sts_clock_ms() - begun, SHORT_MS);
	ck_assert_int_lt(sts_clock_ms() - begun, SHORT_MS + 2000);
}
END_TEST

START_TEST(a_quad_has_no_certificate)
{
	run("ok", "127.0.0.1", PATIENCE_MS);
	expect("quad", STS_ECERTNAME, "which is no host name");
}
END_TEST

START_TEST(nobody_there_is_unreachable)
{
	struct sts_probe_target target = {
		.host = "ok.good.test", .helo = "us.test", .port = 1
	};

	ck_assert(sts_addr_parse("127.0.0.1", &target.addr));
	ck_assert_ptr_nonnull(sts_probe_start(loop, trust, &target, PATIENCE_MS,
	    note, NULL));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	expect("refused", STS_EUNREACHABLE, "Connection refused");
}
END_TEST

/* No more descriptors: that says nothing of the host. */
START_TEST(our_own_fault_is_local)
{
	struct rlimit limit, none;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = (rlim_t)dup(0);
	(void)close((int)none.rlim_cur);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	run("ok", "ok.good.test", PATIENCE_MS);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	expect("descriptors", STS_ELOCAL, "Too many open files");
}
END_TEST

START_TEST(one_can_be_cancelled_anywhere)
{
	static const char *const behaviours[] = { "mute", "ehlomute",
		"gonemute" };
	struct sts_timer *stop;
	struct sts_probe *probe;
	size_t i;
	int ms;

	for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
		for (ms = 0; ms < 60; ms += 20) {
			probe = start(behaviours[i], "ok.good.test",
			    "127.0.0.1", PATIENCE_MS);
			stop = sts_loop_timer(loop, ms,
			    (sts_loop_timer_fn)sts_loop_stop, loop);
			ck_assert_ptr_nonnull(stop);
			ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
			sts_probe_cancel(probe);
			ck_assert_int_eq(calls, 0);
		}
	sts_probe_cancel(NULL);
}
END_TEST

START_TEST(many_at_once)
{
	size_t i;

	for (i = 0; i < 24; i++)
		(void)start("ok", "ok.good.test", "127.0.0.1", PATIENCE_MS);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, 24);
	ck_assert_int_eq(probed.result, STS_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("probe");
	TCase *tc = tcase_create("servers");

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_add_unchecked_fixture(tc, mailer_certs, NULL);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, server_is_judged, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, there_is_one_deadline, 0,
	    sizeof(delays) / sizeof(delays[0]));
	tcase_add_test(tc, version_and_time_are_told);
	tcase_add_test(tc, a_quad_has_no_certificate);
	tcase_add_test(tc, nobody_there_is_unreachable);
	tcase_add_test(tc, our_own_fault_is_local);
	tcase_add_test(tc, one_can_be_cancelled_anywhere);
	tcase_add_test(tc, many_at_once);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
