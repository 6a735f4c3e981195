/* SPDX-License-Identifier: ISC */
/*
 * Reports sent to real TLS servers on loopback (post_server.py): RPT-53 to
 * RPT-56.  A host is <behaviour>.<certificate>.test.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "resolve/io.h"
#include "suite.h"
#include "webhost.h"

#define PATIENCE_MS 8000
#define SHORT_MS    600
#define MANY        24
#define SMALL       "report"
#define GZIP        "application/tlsrpt+gzip"

enum port {
	HTTPS,
	OLD_TLS,
	PROXY,
	DNS,
	NOBODY,
	PORTS
};

static unsigned port[PORTS];
static struct sts_loop *loop;
static struct sts_config config;
static struct sts_net *net;
static struct sts_poster *poster;
static struct sts_posted posted;
static int calls;
static char big[16000000]; /* more than sockets hold */

static void
start_server(void)
{
	webhost_start("post_test", "tests/unit/post_server.py", port, NOBODY);
	port[NOBODY] = 1;
}

/* As sts_net_poster_setup() has it from a configuration with MORE. */
static void
use(const char *more)
{
	struct sts_poster_setup setup;
	char text[1000];

	(void)snprintf(text, sizeof(text), "resolver 127.0.0.1:%u\n%s",
	    port[DNS], more);
	ck_assert_int_eq(sts_config_init(&config, NULL), STS_OK);
	ck_assert_int_eq(sts_config_parse(&config, "f", text, strlen(text),
			     NULL),
	    STS_OK);
	ck_assert_int_eq(sts_net_new(&config, loop, &net, NULL), STS_OK);
	sts_net_poster_setup(net, &setup);
	ck_assert_int_eq(sts_poster_new(&setup, &poster, NULL), STS_OK);
}

static void
drop(void)
{
	sts_poster_free(poster);
	sts_net_free(net);
	sts_config_clear(&config);
}

static void
setup(void)
{
	memset(big, 'b', sizeof(big));
	calls = 0;
	ck_assert_int_eq(sts_loop_new(&loop, NULL), STS_OK);
	use("allow-network 127.0.0.0/8\n");
}

static void
teardown(void)
{
	drop();
	sts_loop_free(loop);
}

static void
note(void *arg, const struct sts_posted *result)
{
	(void)arg;
	calls++;
	posted = *result;
}

static struct sts_post *
start(const char *host, enum port to, const void *data, size_t len, int64_t ms)
{
	struct sts_uri uri;
	struct sts_fetch_report report = {
		.uri = &uri,
		.type = GZIP,
		.data = data,
		.len = len,
	};
	struct sts_post *post;
	char text[300];

	(void)snprintf(text, sizeof(text), "https://%s:%u/v1/r?x=%%2C#y", host,
	    port[to]);
	ck_assert_int_eq(sts_uri_https(text, strlen(text), &uri, NULL), STS_OK);
	post = sts_poster_send(poster, &report, ms, note, NULL);
	ck_assert_ptr_nonnull(post);
	return post;
}

static void
run(const char *what, int wanted)
{
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_msg(calls == wanted, "%s: %d calls", what, calls);
	calls = 0;
}

static void
expect(const char *what, enum sts_rc rc, const char *text)
{
	const struct sts_error *err = &posted.error;

	ck_assert_msg(err->rc == rc, "%s: %s, not %s: %s", what,
	    sts_rc_name(err->rc), sts_rc_name(rc), err->text);
	if (rc != STS_OK)
		ck_assert_msg(strstr(err->text, text) != NULL,
		    "%s: \"%s\" in \"%s\"", what, text, err->text);
	ck_assert_ptr_null(strchr(err->text, '\033'));
}

static void
post_to(const char *host, enum port to)
{
	(void)start(host, to, SMALL, strlen(SMALL), PATIENCE_MS);
	run(host, 1);
}

/* clang-format off */
static const struct {
	const char *row, *host;
	enum sts_rc rc;
	const char *text;
	long status;
} answers[] = {
	{ "RPT-55", "status-200.good.test", STS_OK, "", 200 },
	{ "RPT-55", "status-201.good.test", STS_OK, "", 201 },
	{ "RPT-55", "status-202.good.test", STS_OK, "", 202 },
	{ "RPT-55", "status-204.good.test", STS_OK, "", 204 },
	{ "RPT-55", "status-299.good.test", STS_OK, "", 299 },
	{ "RPT-55", "status-300.good.test", STS_EFETCH,
	    "answered 300 (only 2xx will do)", 300 },
	{ "RPT-55", "status-301.good.test", STS_EFETCH,
	    "answered 301 (a redirect is never followed)", 301 },
	{ "RPT-55", "status-302.good.test", STS_EFETCH, "302 (a redir", 302 },
	{ "RPT-55", "status-307.good.test", STS_EFETCH, "307 (a redir", 307 },
	{ "RPT-55", "status-308.good.test", STS_EFETCH, "308 (a redir", 308 },
	{ "RPT-55", "status-400.good.test", STS_EFETCH,
	    "the report host answered 400 (only 2xx", 400 },
	{ "RPT-55", "status-401.good.test", STS_EFETCH, "401 (only 2xx", 401 },
	{ "RPT-55", "status-404.good.test", STS_EFETCH, "404 (only 2xx", 404 },
	{ "RPT-55", "status-417.good.test", STS_EFETCH, "417 (only 2xx", 417 },
	{ "RPT-55", "status-429.good.test", STS_EFETCH, "429 (only 2xx", 429 },
	{ "RPT-55", "status-500.good.test", STS_EFETCH, "500 (only 2xx", 500 },
	{ "RPT-55", "status-503.good.test", STS_EFETCH, "503 (only 2xx", 503 },
	{ "RPT-55", "interim.good.test", STS_OK, "", 200 },
	{ "RPT-55", "endless-200.good.test", STS_OK, "", 200 },
	{ "RPT-55", "endless-500.good.test", STS_EFETCH, "answered 500", 500 },
	{ "RPT-55", "short.good.test", STS_OK, "", 200 },
	{ "RPT-55", "reset-late.good.test", STS_OK, "", 200 },
	{ "RPT-55", "reset.good.test", STS_EFETCH, "report host", 0 },
	{ "RPT-55", "nothing.good.test", STS_EFETCH, "report host", 0 },
	{ "RPT-55", "garbage.good.test", STS_EFETCH,
	    "not an answer of HTTP", 0 },
	{ "RPT-55", "headers.good.test", STS_EFETCH,
	    "the report host's header is larger than 32768 octets", 200 },
	{ "RPT-55", "line.good.test", STS_EFETCH, "is larger than", 200 },
	{ "RPT-56", "ok.chain.test", STS_OK, "", 200 },
	{ "RPT-56", "ok.self.test", STS_OK, "", 200 },
	{ "RPT-56", "ok.expired.test", STS_OK, "", 200 },
	{ "RPT-56", "ok.unknown.test", STS_OK, "", 200 },
	{ "RPT-56", "ok.nochain.test", STS_OK, "", 200 },
	{ "RPT-56", "ok.provider.test", STS_OK, "", 200 },
	{ "RPT-56", "ok.nowhere.test", STS_EFETCH,
	    "no TLS session with the report host: ", 0 },
};
/* clang-format on */

START_TEST(answer_is_judged)
{
	char what[100];

	(void)snprintf(what, sizeof(what), "%s %s", answers[_i].row,
	    answers[_i].host);
	post_to(answers[_i].host, HTTPS);
	expect(what, answers[_i].rc, answers[_i].text);
	ck_assert_int_eq(posted.status, answers[_i].status);
	ck_assert_str_eq(posted.peer, "127.0.0.1");
	ck_assert_int_lt(posted.ms, PATIENCE_MS);
}
END_TEST

/* What the server read, up to "Host: <behaviour>". */
static void
expect_request(const char *host, const char *path)
{
	const char *line = webhost_line();
	char wanted[300];

	(void)snprintf(wanted, sizeof(wanted), "POST %s HTTP/1.1|Host: %s:%u|",
	    path, host, port[HTTPS]);
	ck_assert_msg(strncmp(line, wanted, strlen(wanted)) == 0, "%s", line);
}

/* The test server's lines are of all tests, those of others come first. */
static void
skip_lines(const char *host)
{
	post_to(host, HTTPS);
	while (strstr(webhost_line(), host) == NULL)
		continue;
}

START_TEST(rpt_54_request_is_fixed)
{
	char wanted[400];

	skip_lines("ok.deep.test");
	post_to("ok.good.test", HTTPS);
	(void)snprintf(wanted, sizeof(wanted),
	    "POST /v1/r?x=%%2C HTTP/1.1|Host: ok.good.test:%u|"
	    "User-Agent: mta-sts/0.1.0|Accept: */*|Content-Type: " GZIP
	    "|Content-Length: 6||6|" SMALL,
	    port[HTTPS]);
	ck_assert_str_eq(webhost_line(), wanted);
}
END_TEST

START_TEST(nothing_is_sent_as_nothing)
{
	skip_lines("ok.deep.test");
	(void)start("ok.good.test", HTTPS, NULL, 0, SHORT_MS);
	run("empty", 1);
	expect("empty", STS_OK, "");
	ck_assert_ptr_nonnull(strstr(webhost_line(), "|Content-Length: 0||0|"));
}
END_TEST

START_TEST(rpt_53_large_report_arrives_whole)
{
	int64_t begin = sts_clock_ms();
	const char *line;

	skip_lines("ok.deep.test");
	(void)start("ok.good.test", HTTPS, big, sizeof(big), PATIENCE_MS);
	run("large", 1);
	expect("large", STS_OK, "");
	line = webhost_line();
	ck_assert_ptr_nonnull(strstr(line,
	    "|Content-Length: 16000000||16000000|bbbbbbbb"));
	ck_assert_ptr_null(strstr(line, "Expect"));
	ck_assert_int_lt(sts_clock_ms() - begin, 4000);
}
END_TEST

START_TEST(rpt_55_redirect_is_not_followed)
{
	skip_lines("ok.deep.test");
	post_to("status-307.good.test", HTTPS);
	post_to("status-302.good.test", HTTPS);
	post_to("ok.good.test", HTTPS);
	expect_request("status-307.good.test", "/v1/r?x=%2C");
	expect_request("status-302.good.test", "/v1/r?x=%2C");
	expect_request("ok.good.test", "/v1/r?x=%2C");
}
END_TEST

/* Nobody says of a report that he did not read that he has it. */
START_TEST(success_before_the_report_was_sent_is_none)
{
	(void)start("early-200.good.test", HTTPS, big, sizeof(big),
	    PATIENCE_MS);
	run("early", 1);
	expect("early", STS_EFETCH, "report host");
	(void)start("early-413.good.test", HTTPS, big, sizeof(big),
	    PATIENCE_MS);
	run("early", 1);
	ck_assert_int_eq(posted.error.rc, STS_EFETCH);
}
END_TEST

static void
expect_timeout(const char *host, size_t len, const char *phase)
{
	int64_t begin = sts_clock_ms(), took;
	char text[STS_ERROR_MAX];

	(void)start(host, HTTPS, big, len, SHORT_MS);
	run(host, 1);
	took = sts_clock_ms() - begin;
	(void)snprintf(text, sizeof(text), "the report host timed out after ");
	expect(host, STS_EFETCH, text);
	expect(host, STS_EFETCH, phase);
	ck_assert_int_ge(took, SHORT_MS - 5);
	ck_assert_int_lt(took, SHORT_MS + 500);
}

START_TEST(deadline_is_absolute)
{
	expect_timeout("silent.good.test", 10, "before the end of the header");
	expect_timeout("drip-head.good.test", 10, "");
	expect_timeout("unread.good.test", sizeof(big),
	    "before the end of the header");
}
END_TEST

START_TEST(slow_answer_to_a_report_that_is_welcome)
{
	int64_t begin = sts_clock_ms();

	(void)start("drip-body.good.test", HTTPS, SMALL, 6, SHORT_MS);
	run("drip", 1);
	expect("drip", STS_OK, "");
	ck_assert_int_eq(posted.status, 200);
	ck_assert_int_lt(sts_clock_ms() - begin, SHORT_MS + 500);
}
END_TEST

START_TEST(old_tls_and_no_tls_fail)
{
	post_to("ok.good.test", OLD_TLS);
	expect("TLS 1.1", STS_EFETCH, "no TLS session with the report host: ");
	post_to("ok.good.test", PROXY);
	expect("no TLS", STS_EFETCH, "no TLS session with the report host: ");
}
END_TEST

START_TEST(private_address_is_refused)
{
	post_to("private.good.test", HTTPS);
	expect("private", STS_EFETCH, "no global address, only 10.1.2.3");
	ck_assert_str_eq(posted.peer, "");
	post_to("mixed.good.test", HTTPS);
	expect("mixed", STS_OK, "");
	ck_assert_str_eq(posted.peer, "127.0.0.1");
	drop();
	use("");
	post_to("ok.good.test", HTTPS);
	expect("loopback", STS_EFETCH,
	    "no global address, only 127.0.0.1; see allow-network");
}
END_TEST

START_TEST(host_without_address)
{
	post_to("nxdomain.good.test", HTTPS);
	expect("NXDOMAIN", STS_ENODATA, "nxdomain.good.test has no address");
	post_to("servfail.good.test", HTTPS);
	expect("SERVFAIL", STS_EDNS, "servfail.good.test");
}
END_TEST

START_TEST(nobody_listens)
{
	post_to("ok.good.test", NOBODY);
	expect("refused", STS_EFETCH, "no connection to the report host");
}
END_TEST

START_TEST(proxy_carries_the_report)
{
	char more[200];

	drop();
	(void)snprintf(more, sizeof(more),
	    "allow-network 127.0.0.0/8\nproxy http://127.0.0.1:%u\n",
	    port[PROXY]);
	use(more);
	post_to("ok.self.test", HTTPS);
	expect("proxy", STS_OK, "");
	ck_assert_int_eq(posted.status, 200);
	ck_assert_str_eq(posted.peer, "");
	post_to("status-500.good.test", HTTPS);
	expect("proxy", STS_EFETCH, "answered 500");
}
END_TEST

START_TEST(broken_trust_store_is_ours)
{
	static const struct sts_network all = { .addr = { .family = AF_INET } };
	struct sts_poster_setup broken = {
		.ca_file = "/nonexistent/ca",
		.allow = &all,
		.allow_count = 1,
	};

	drop();
	use("allow-network 127.0.0.0/8\n");
	sts_poster_free(poster);
	broken.loop = loop;
	broken.dns = sts_net_dns(net);
	ck_assert_int_eq(sts_poster_new(&broken, &poster, NULL), STS_OK);
	post_to("ok.good.test", HTTPS);
	expect("CA", STS_ELOCAL, "/nonexistent/ca");
}
END_TEST

static void
count(void *arg, const struct sts_posted *result)
{
	int *good = arg;

	*good += result->error.rc == STS_OK;
}

START_TEST(several_at_once)
{
	struct sts_uri uri = { .host = "ok.good.test", .target = "/" };
	struct sts_fetch_report report = { &uri, GZIP, big, 100000 };
	int good = 0, i;

	uri.port = port[HTTPS];
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(sts_poster_send(poster, &report,
		    PATIENCE_MS, count, &good));
	(void)start("status-500.good.test", HTTPS, SMALL, 6, PATIENCE_MS);
	run("several", 1);
	expect("several", STS_EFETCH, "answered 500");
	ck_assert_int_eq(good, MANY);
}
END_TEST

static struct sts_post *victim;

static void
cancel_victim(void *arg)
{
	(void)arg;
	sts_poster_cancel(victim);
}

START_TEST(cancelled_ones_are_never_called)
{
	int64_t begin = sts_clock_ms();

	sts_poster_cancel(NULL);
	sts_poster_cancel(start("ok.good.test", HTTPS, SMALL, 6, PATIENCE_MS));
	victim = start("silent.good.test", HTTPS, SMALL, 6, PATIENCE_MS);
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 200, cancel_victim, NULL));
	run("cancelled", 0);
	ck_assert_int_lt(sts_clock_ms() - begin, 2000);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("post");
	TCase *tcase = tcase_create("post");

	tcase_add_unchecked_fixture(tcase, start_server, webhost_stop);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, answer_is_judged, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tcase, rpt_54_request_is_fixed);
	tcase_add_test(tcase, nothing_is_sent_as_nothing);
	tcase_add_test(tcase, rpt_53_large_report_arrives_whole);
	tcase_add_test(tcase, rpt_55_redirect_is_not_followed);
	tcase_add_test(tcase, success_before_the_report_was_sent_is_none);
	tcase_add_test(tcase, deadline_is_absolute);
	tcase_add_test(tcase, slow_answer_to_a_report_that_is_welcome);
	tcase_add_test(tcase, old_tls_and_no_tls_fail);
	tcase_add_test(tcase, private_address_is_refused);
	tcase_add_test(tcase, host_without_address);
	tcase_add_test(tcase, nobody_listens);
	tcase_add_test(tcase, proxy_carries_the_report);
	tcase_add_test(tcase, broken_trust_store_is_ours);
	tcase_add_test(tcase, several_at_once);
	tcase_add_test(tcase, cancelled_ones_are_never_called);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
