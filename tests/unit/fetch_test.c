/* SPDX-License-Identifier: ISC */
/*
 * Fetches from real TLS servers on loopback (fetch_server.py): RFC 8461, 3.2,
 * 3.3, 7.1, 7.2 and 8.2.  A host is <behaviour>.<certificate>.test.
 */
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/addr.h"
#include "resolve/dial.h"
#include "resolve/fetch.h"
#include "resolve/http.h"
#include "suite.h"
#include "webhost.h"

#define PATIENCE_MS 8000
#define SHORT_MS    500
#define MANY        48

static unsigned https, old_tls, plain, mute; /* ports */

static struct sts_loop *loop;
static struct sts_fetcher *fetcher;

static int kept[16]; /* descriptors of a test, closed after it */
static size_t kept_count;

struct outcome {
	int calls;
	struct sts_fetch_result result;
	char body[70000];
};
static struct outcome outcome;

static void
start_server(void)
{
	unsigned port[4];

	webhost_start("fetch_test", "tests/unit/fetch_server.py", port, 4);
	https = port[0];
	old_tls = port[1];
	plain = port[2];
	mute = port[3];
}

static void
make_fetcher(const char *proxy)
{
	ck_assert_int_eq(sts_fetcher_new(loop, webhost_ca, NULL, proxy,
			     &fetcher, NULL),
	    STS_OK);
}

static void
setup(void)
{
	memset(&outcome, 0, sizeof(outcome));
	ck_assert_int_eq(sts_loop_new(&loop, NULL), STS_OK);
	make_fetcher(NULL);
}

static int
keep(int fd)
{
	ck_assert_uint_lt(kept_count, sizeof(kept) / sizeof(kept[0]));
	ck_assert_int_ne(fd, -1);
	kept[kept_count++] = fd;
	return fd;
}

static void
teardown(void)
{
	while (kept_count > 0)
		(void)close(kept[--kept_count]);
	sts_fetcher_free(fetcher);
	sts_loop_free(loop);
}

static void
note(void *arg, const struct sts_fetch_result *result)
{
	struct outcome *out = arg;

	out->calls++;
	out->result = *result;
	if (result->error.rc != STS_OK) {
		ck_assert_ptr_null(result->body);
		return;
	}
	ck_assert_uint_lt(result->len, sizeof(out->body));
	memcpy(out->body, result->body, result->len);
	out->body[result->len] = '\0';
}

static struct sts_fetch *
start(const char *host, unsigned port, const char *addresses, int64_t ms)
{
	struct sts_addr addr[16];
	struct sts_fetch *fetch;
	char copy[256], *next = copy, *text;
	size_t count = 0;

	(void)snprintf(copy, sizeof(copy), "%s", addresses);
	while (*copy != '\0' && (text = strsep(&next, " ")) != NULL)
		ck_assert(sts_addr_parse(text, &addr[count++]));
	fetch = sts_fetch_start(fetcher, host, port, addr, count, ms, note,
	    &outcome);
	ck_assert_ptr_nonnull(fetch);
	ck_assert_int_eq(outcome.calls, 0);
	return fetch;
}

static void
run(const char *what)
{
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_msg(outcome.calls == 1, "%s: %d calls", what, outcome.calls);
}

static void
get_from(const char *host, unsigned port, const char *addresses, int64_t ms)
{
	outcome.calls = 0;
	(void)start(host, port, addresses, ms);
	run(host);
}

static void
get(const char *host)
{
	get_from(host, https, "127.0.0.1", PATIENCE_MS);
}

static void
expect(const char *what, enum sts_rc rc, const char *text)
{
	const struct sts_error *err = &outcome.result.error;

	ck_assert_msg(err->rc == rc, "%s: %s, not %s: %s", what,
	    sts_rc_name(err->rc), sts_rc_name(rc), err->text);
	ck_assert_msg(strstr(err->text, text) != NULL, "%s: \"%s\" in \"%s\"",
	    what, text, err->text);
	ck_assert_msg(strchr(err->text, '\033') == NULL, "%s: not escaped",
	    what);
}

/* clang-format off */
static const struct {
	const char *row, *host;
	enum sts_rc rc;
	const char *text;
} answers[] = {
	{ "STS-18", "status-200.good.test", STS_OK, "" },
	{ "STS-18", "status-201.good.test", STS_EFETCH, "answered 201 (only" },
	{ "STS-18", "status-202.good.test", STS_EFETCH, "answered 202 (only" },
	{ "STS-18", "status-203.good.test", STS_EFETCH, "answered 203 (only" },
	{ "STS-18", "status-204.good.test", STS_EFETCH, "answered 204 (only" },
	{ "STS-18", "status-206.good.test", STS_EFETCH, "answered 206 (only" },
	{ "STS-18", "status-304.good.test", STS_EFETCH, "answered 304 (only" },
	{ "STS-18", "status-401.good.test", STS_EFETCH, "answered 401 (only" },
	{ "STS-18", "status-404.good.test", STS_EFETCH, "answered 404 (only" },
	{ "STS-18", "status-410.good.test", STS_EFETCH, "answered 410 (only" },
	{ "STS-18", "status-500.good.test", STS_EFETCH, "answered 500 (only" },
	{ "STS-18", "status-503.good.test", STS_EFETCH, "answered 503 (only" },
	{ "STS-18", "interim.good.test", STS_OK, "" },
	{ "STS-18", "interim-endless.good.test", STS_EFETCH,
	    "header is larger than 32768 octets" },
	{ "STS-18", "raw-garbage.good.test", STS_EFETCH, "not an answer of HTTP" },
	{ "STS-18", "raw-09.good.test", STS_EFETCH, "not an answer of HTTP" },
	{ "STS-18", "raw-nothing.good.test", STS_EFETCH, "" },
	{ "STS-18", "reset.good.test", STS_EFETCH, "" },
	{ "STS-19", "status-301.good.test", STS_EFETCH,
	    "answered 301 (a redirect is never followed)" },
	{ "STS-19", "status-302.good.test", STS_EFETCH, "answered 302 (a redir" },
	{ "STS-19", "status-303.good.test", STS_EFETCH, "answered 303 (a redir" },
	{ "STS-19", "status-307.good.test", STS_EFETCH, "answered 307 (a redir" },
	{ "STS-19", "status-308.good.test", STS_EFETCH, "answered 308 (a redir" },
	{ "STS-19", "absolute-301.good.test", STS_EFETCH, "answered 301 (a redir" },
	{ "STS-19", "absolute-308.good.test", STS_EFETCH, "answered 308 (a redir" },
	{ "STS-21", "type-utf8.good.test", STS_OK, "" },
	{ "STS-21", "type-html.good.test", STS_EFETCH,
	    "Content-Type is text/html" },
	{ "STS-21", "type-none.good.test", STS_EFETCH, "no Content-Type" },
	{ "STS-21", "type-escape.good.test", STS_EFETCH,
	    "Content-Type is text/\\027[31m" },
	{ "STS-23", "size-0.good.test", STS_OK, "" },
	{ "STS-23", "size-65536.good.test", STS_OK, "" },
	{ "STS-23", "size-65537.good.test", STS_EFETCH,
	    "the policy is larger than 65536 octets" },
	{ "STS-23", "chunked-65536.good.test", STS_OK, "" },
	{ "STS-23", "chunked-65537.good.test", STS_EFETCH, "is larger" },
	{ "STS-23", "endless.good.test", STS_EFETCH, "is larger" },
	{ "STS-23", "headers.good.test", STS_EFETCH, "header is larger" },
	{ "STS-23", "line.good.test", STS_EFETCH, "larger than" },
	{ "STS-24", "cut-0.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-24", "cut-16.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-24", "cut-31.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-24", "cut-49.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-24", "cutchunk-16.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-24", "cutchunk-49.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-24", "lengths-same.good.test", STS_OK, "" },
	{ "STS-24", "lengths-zeros.good.test", STS_OK, "" },
	{ "STS-24", "lengths-plus.good.test", STS_EFETCH, "Content-Length" },
	{ "STS-24", "lengths-more.good.test", STS_EFETCH, "Content-Length" },
	{ "STS-24", "lengths-less.good.test", STS_EFETCH, "Content-Length" },
	{ "STS-24", "lengths-huge.good.test", STS_EFETCH, "Content-Length" },
	{ "STS-24", "open-notify.good.test", STS_OK, "" },
	{ "STS-24", "open-cut.good.test", STS_EFETCH, "did not arrive whole" },
	{ "STS-25", "ok.chain.test", STS_OK, "" },
	{ "STS-25", "ok.expired.test", STS_EWEBPKI,
	    "certificate expired 2020-03-01" },
	{ "STS-25", "ok.future.test", STS_EWEBPKI,
	    "not valid before 2098-01-01" },
	{ "STS-25", "ok.self.test", STS_EWEBPKI, "self-signed" },
	{ "STS-25", "ok.unknown.test", STS_EWEBPKI, "issued by CN=other" },
	{ "STS-25", "ok.nochain.test", STS_EWEBPKI, "issued by CN=middle" },
	{ "STS-25", "ok.nochain.test", STS_EWEBPKI,
	    "(an unknown CA, or an intermediate is missing)" },
	{ "STS-26", "ok.cnonly.test", STS_EWEBPKI, "is for no dNSName" },
	{ "STS-27", "ok.good.test", STS_OK, "" },
	{ "STS-27", "ok.partial.test", STS_EWEBPKI, "is for o*.partial.test" },
	{ "STS-30", "ok.provider.test", STS_EWEBPKI,
	    "is for *.provider.example, not for ok.provider.test" },
};
/* clang-format on */

START_TEST(answer_is_judged)
{
	char what[100];

	(void)snprintf(what, sizeof(what), "%s %s", answers[_i].row,
	    answers[_i].host);
	get(answers[_i].host);
	expect(what, answers[_i].rc, answers[_i].text);
	if (answers[_i].rc == STS_OK)
		ck_assert_int_eq(outcome.result.status, 200);
	ck_assert_str_eq(outcome.result.peer, "127.0.0.1");
	ck_assert_int_lt(outcome.result.ms, PATIENCE_MS);
}
END_TEST

START_TEST(body_is_handed_over_whole)
{
	get("ok.good.test");
	expect("ok", STS_OK, "");
	ck_assert_str_eq(outcome.body,
	    "version: STSv1\r\nmode: enforce\r\nmx: mx.good.test\r\n"
	    "max_age: 86400\r\n");
	get("chunked-65536.good.test");
	ck_assert_uint_eq(outcome.result.len, 65536);
}
END_TEST

START_TEST(sts_17_request_is_fixed)
{
	char wanted[200];

	get("echo.good.test");
	expect("echo", STS_OK, "");
	(void)snprintf(wanted, sizeof(wanted),
	    "GET /.well-known/mta-sts.txt HTTP/1.1\r\n"
	    "Host: echo.good.test:%u\r\nUser-Agent: mta-sts/0.1.0\r\n"
	    "Accept: */*\r\n\r\n",
	    https);
	ck_assert_str_eq(outcome.body, wanted);
}
END_TEST

START_TEST(sts_20_nothing_is_kept_between_fetches)
{
	get("count-a.good.test");
	ck_assert_str_eq(outcome.body, "1");
	get("count-a.good.test");
	expect("second", STS_OK, "");
	ck_assert_ptr_nonnull(strstr(outcome.body, "GET "));
	ck_assert_ptr_null(strstr(outcome.body, "If-"));
	ck_assert_ptr_null(strstr(outcome.body, "Cookie"));
}
END_TEST

START_TEST(sts_21_media_type)
{
	static const struct {
		const char *type;
		bool text;
	} types[] = {
		{ "text/plain", true },
		{ "TEXT/Plain", true },
		{ " text/plain ", true },
		{ "text/plain;", true },
		{ "text/plain; charset=utf-8", true },
		{ "text/plain;charset=\"US-ASCII\"", true },
		{ "TEXT/Plain; charset=\"UTF-8\"; x=y", true },
		{ "text/plain; x=\";\"; charset=utf-8", true },
		{ "text/plain\t; format=flowed", true },
		{ NULL, false },
		{ "", false },
		{ "text", false },
		{ "text/", false },
		{ "text/html", false },
		{ "text/plai", false },
		{ "text/plainer", false },
		{ "text/plain, text/html", false },
		{ "text /plain", false },
		{ "xtext/plain", false },
		{ "text/html; x=text/plain", false },
	};
	size_t i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		ck_assert_msg(sts_http_is_text(types[i].type) == types[i].text,
		    "\"%s\"", types[i].type == NULL ? "-" : types[i].type);
}
END_TEST

START_TEST(status_line_is_of_http_1)
{
	static const struct {
		const char *line;
		bool status;
	} lines[] = {
		{ "HTTP/1.1 200 OK\r\n", true },
		{ "HTTP/1.0 404 no", true },
		{ "HTTP/1.1 200\n", true },
		{ "HTTP/1.1 200", true },
		{ "HTTP/1.1 2000 OK\r\n", false },
		{ "HTTP/1.1 20 OK\r\n", false },
		{ "HTTP/1.1 OK\r\n", false },
		{ "HTTP/1.1  200 OK\r\n", false },
		{ "HTTP/1 200 OK\r\n", false },
		{ "HTTP/2 200 OK\r\n", false },
		{ "HTTP/2.0 200 OK\r\n", false },
		{ "http/1.1 200 OK\r\n", false },
		{ "ICY 200 OK\r\n", false },
		{ "Host: HTTP/1.1 200", false },
		{ "HTTP/1.1 20", false },
		{ "", false },
	};
	size_t i;

	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		ck_assert_msg(sts_http_is_status(lines[i].line,
				  strlen(lines[i].line)) == lines[i].status,
		    "\"%s\"", lines[i].line);
}
END_TEST

static void
expect_timeout(const char *host, unsigned port, const char *addresses,
    const char *phase)
{
	int64_t begin = sts_clock_ms();
	char text[STS_ERROR_MAX];

	get_from(host, port, addresses, SHORT_MS);
	(void)snprintf(text, sizeof(text),
	    "the policy host timed out after 500 ms, %s", phase);
	expect(host, STS_EFETCH, text);
	ck_assert_int_ge(outcome.result.ms, SHORT_MS);
	ck_assert_int_lt(sts_clock_ms() - begin, SHORT_MS + 400);
}

START_TEST(sts_22_deadline_is_absolute)
{
	expect_timeout("drip.good.test", https, "127.0.0.1",
	    "before the end of the policy");
	ck_assert_int_eq(outcome.result.status, 200);
	expect_timeout("drip-head.good.test", https, "127.0.0.1",
	    "before the end of the header");
	expect_timeout("silent.good.test", https, "127.0.0.1",
	    "before the end of the header");
	expect_timeout("ok.good.test", mute, "127.0.0.1",
	    "in the TLS handshake");
}
END_TEST

START_TEST(sts_29_old_tls_and_no_tls_fail)
{
	get_from("ok.good.test", old_tls, "127.0.0.1", PATIENCE_MS);
	expect("TLS 1.1", STS_EFETCH, "no TLS session with the policy host: ");
	get_from("ok.good.test", plain, "127.0.0.1", PATIENCE_MS);
	expect("no TLS", STS_EFETCH, "no TLS session with the policy host: ");
}
END_TEST

START_TEST(sts_28_server_refuses_other_names)
{
	get("ok.nowhere.test");
	expect("SNI", STS_EFETCH, "no TLS session with the policy host: ");
}
END_TEST

/* A listener at ADDRESS that drops every further SYN. */
static void
dig_hole(const char *address)
{
	struct sockaddr_in name = { .sin_family = AF_INET };
	int i, fd = keep(socket(AF_INET, SOCK_STREAM, 0));

	name.sin_port = htons((uint16_t)https);
	ck_assert_int_eq(inet_pton(AF_INET, address, &name.sin_addr), 1);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	ck_assert_int_eq(listen(fd, 0), 0);
	for (i = 0; i < 4; i++) {
		fd = keep(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
		(void)connect(fd, (struct sockaddr *)&name, sizeof(name));
	}
}

/* clang-format off */
static const struct {
	const char *addresses;
	int64_t within;
} falls[] = {
	{ "127.0.0.1", 200 },
	{ "127.0.0.3 127.0.0.1", 200 },
	{ "::1 127.0.0.1", 200 },
	{ "::1 127.0.0.3 127.0.0.1 127.0.0.4", 200 },
	{ "2001:db8::1 127.0.0.1", 450 },
	{ "127.0.0.2 127.0.0.1", 450 },
	{ "127.0.0.2 127.0.0.5 127.0.0.1", 700 },
	{ "127.0.0.2 127.0.0.5 127.0.0.3 127.0.0.1", 700 },
	{ "127.0.0.2 127.0.0.5 ::1 127.0.0.1", 700 },
	{ "127.0.0.1 127.0.0.2", 200 },
};
/* clang-format on */

START_TEST(falls_over_to_an_address_that_works)
{
	dig_hole("127.0.0.2");
	dig_hole("127.0.0.5");
	get_from("ok.good.test", https, falls[_i].addresses, 3000);
	expect(falls[_i].addresses, STS_OK, "");
	ck_assert_str_eq(outcome.result.peer, "127.0.0.1");
	ck_assert_msg(outcome.result.ms < falls[_i].within, "%s: %lld ms",
	    falls[_i].addresses, (long long)outcome.result.ms);
}
END_TEST

/* A listener on ::1; 0 where there is no IPv6. */
static unsigned
listen_v6(void)
{
	struct sockaddr_in6 name = { .sin6_family = AF_INET6 };
	socklen_t len = sizeof(name);
	int fd = socket(AF_INET6, SOCK_STREAM, 0);

	name.sin6_addr = in6addr_loopback;
	name.sin6_port = htons((uint16_t)https);
	if (fd == -1)
		return 0;
	if (bind(keep(fd), (struct sockaddr *)&name, len) == -1)
		return 0;
	ck_assert_int_eq(listen(fd, 8), 0);
	return https;
}

static void
connected(void *arg, int fd, const struct sts_addr *addr,
    const struct sts_error *err)
{
	ck_assert_int_eq(err->rc, STS_OK);
	ck_assert_int_eq(addr->family, AF_INET6);
	(void)close(fd);
	*(int64_t *)arg = sts_clock_ms();
}

START_TEST(families_take_turns)
{
	struct sts_addr addr[3];
	int64_t begin = sts_clock_ms(), end = 0;
	unsigned port = listen_v6();

	if (port == 0)
		return;
	dig_hole("127.0.0.2");
	dig_hole("127.0.0.5");
	ck_assert(sts_addr_parse("127.0.0.2", &addr[0]));
	ck_assert(sts_addr_parse("127.0.0.5", &addr[1]));
	ck_assert(sts_addr_parse("::1", &addr[2]));
	ck_assert_ptr_nonnull(sts_dial_start(loop, addr, 3, port, connected,
	    &end));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_ge(end - begin, STS_DIAL_STAGGER_MS);
	ck_assert_int_lt(end - begin, 2 * STS_DIAL_STAGGER_MS);
}
END_TEST

START_TEST(no_address_answers)
{
	get_from("ok.good.test", https, "127.0.0.3 127.0.0.4", PATIENCE_MS);
	expect("refused", STS_EFETCH, "onnect");
	dig_hole("127.0.0.2");
	expect_timeout("ok.good.test", https, "127.0.0.2", "connecting");
	get_from("ok.good.test", https, "", PATIENCE_MS);
	expect("none", STS_EFETCH, "no address");
}
END_TEST

START_TEST(name_of_an_earlier_fetch_is_forgotten)
{
	get_from("ok.good.test", https, "127.0.0.3", PATIENCE_MS);
	expect("refused", STS_EFETCH, "onnect");
	get("ok.good.test");
	expect("other address", STS_OK, "");
	get_from("ok.good.test", https, "127.0.0.3", PATIENCE_MS);
	expect("refused again", STS_EFETCH, "onnect");
}
END_TEST

START_TEST(local_lack_of_descriptors_is_ours)
{
	struct rlimit old, none;
	int fd;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
	(void)start("ok.good.test", https, "127.0.0.1 ::1", PATIENCE_MS);
	fd = dup(0);
	(void)close(fd);
	none = old;
	none.rlim_cur = (rlim_t)fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
	ck_assert_int_eq(outcome.calls, 1);
	expect("EMFILE", STS_ELOCAL, strerror(EMFILE));
}
END_TEST

/* A network namespace of one's own has not even loopback. */
START_TEST(local_lack_of_a_route_is_ours)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
			_exit(77);
		(void)start("ok.good.test", https, "127.0.0.1 2001:db8::1",
		    SHORT_MS);
		ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
		_exit(outcome.result.error.rc == STS_ELOCAL ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	ck_assert(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 77);
}
END_TEST

START_TEST(environment_is_not_asked)
{
	(void)setenv("https_proxy", "http://127.0.0.1:1", 1);
	(void)setenv("HTTPS_PROXY", "http://127.0.0.1:1", 1);
	(void)setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	(void)setenv("SSL_CERT_FILE", "/nonexistent", 1);
	get("ok.good.test");
	expect("proxy in the environment", STS_OK, "");
}
END_TEST

START_TEST(proxy_carries_the_fetch_whatever_no_proxy_says)
{
	char url[64];

	(void)setenv("no_proxy", "*", 1);
	sts_fetcher_free(fetcher);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", plain);
	make_fetcher(url);
	get_from("ok.good.test", https, "127.0.0.3", PATIENCE_MS);
	expect("proxy", STS_OK, "");
	get_from("ok.expired.test", https, "127.0.0.3", PATIENCE_MS);
	expect("proxy", STS_EWEBPKI, "expired");
	sts_fetcher_free(fetcher);
	make_fetcher("http://127.0.0.1:1");
	get("ok.good.test");
	expect("dead proxy", STS_ELOCAL, "onnect");
	(void)unsetenv("no_proxy");
}
END_TEST

static void
count(void *arg, const struct sts_fetch_result *result)
{
	int *good = arg;

	*good += result->error.rc == STS_OK;
}

START_TEST(many_at_once)
{
	struct sts_addr addr;
	int good = 0, i;

	ck_assert(sts_addr_parse("127.0.0.1", &addr));
	for (i = 0; i < MANY; i++)
		ck_assert_ptr_nonnull(sts_fetch_start(fetcher, "ok.good.test",
		    https, &addr, 1, PATIENCE_MS, count, &good));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(good, MANY);
}
END_TEST

static struct sts_fetch *victims[2];

static void
cancel_victims(void *arg)
{
	(void)arg;
	sts_fetch_cancel(victims[0]);
	sts_fetch_cancel(victims[1]);
}

static void
cancel_others(void *arg, const struct sts_fetch_result *result)
{
	(void)arg;
	(void)result;
	cancel_victims(NULL);
	outcome.calls++;
}

START_TEST(cancelled_ones_are_never_called)
{
	int64_t begin = sts_clock_ms();

	sts_fetch_cancel(start("ok.good.test", https, "127.0.0.1", 2000));
	victims[0] = start("silent.good.test", https, "127.0.0.1", 2000);
	victims[1] = start("drip.good.test", https, "127.0.0.1", 2000);
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 200, cancel_victims, NULL));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(outcome.calls, 0);
	ck_assert_int_lt(sts_clock_ms() - begin, 1500);
}
END_TEST

START_TEST(callback_cancels_others)
{
	struct sts_addr addr;

	ck_assert(sts_addr_parse("127.0.0.1", &addr));
	victims[0] = start("silent.good.test", https, "127.0.0.1", 2000);
	victims[1] = start("ok.good.test", mute, "127.0.0.1", 2000);
	ck_assert_ptr_nonnull(sts_fetch_start(fetcher, "ok.good.test", https,
	    &addr, 1, PATIENCE_MS, cancel_others, NULL));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(outcome.calls, 1);
}
END_TEST

START_TEST(bad_ca_file_is_ours)
{
	struct sts_fetcher *other = NULL;
	struct sts_error err;

	ck_assert_int_eq(sts_fetcher_new(loop, "/nonexistent/ca", NULL, NULL,
			     &other, &err),
	    STS_ELOCAL);
	ck_assert_ptr_nonnull(strstr(err.text, "/nonexistent/ca"));
	ck_assert_ptr_null(other);
}
END_TEST

static void
add_answers(TCase *tcase)
{
	tcase_add_loop_test(tcase, answer_is_judged, 0,
	    sizeof(answers) / sizeof(answers[0]));
	tcase_add_test(tcase, body_is_handed_over_whole);
	tcase_add_test(tcase, sts_17_request_is_fixed);
	tcase_add_test(tcase, sts_20_nothing_is_kept_between_fetches);
	tcase_add_test(tcase, sts_21_media_type);
	tcase_add_test(tcase, status_line_is_of_http_1);
	tcase_add_test(tcase, sts_22_deadline_is_absolute);
	tcase_add_test(tcase, sts_28_server_refuses_other_names);
	tcase_add_test(tcase, sts_29_old_tls_and_no_tls_fail);
}

static void
add_connections(TCase *tcase)
{
	tcase_add_loop_test(tcase, falls_over_to_an_address_that_works, 0,
	    sizeof(falls) / sizeof(falls[0]));
	tcase_add_test(tcase, families_take_turns);
	tcase_add_test(tcase, no_address_answers);
	tcase_add_test(tcase, name_of_an_earlier_fetch_is_forgotten);
	tcase_add_test(tcase, local_lack_of_descriptors_is_ours);
	tcase_add_test(tcase, local_lack_of_a_route_is_ours);
	tcase_add_test(tcase, environment_is_not_asked);
	tcase_add_test(tcase, proxy_carries_the_fetch_whatever_no_proxy_says);
	tcase_add_test(tcase, many_at_once);
	tcase_add_test(tcase, cancelled_ones_are_never_called);
	tcase_add_test(tcase, callback_cancels_others);
	tcase_add_test(tcase, bad_ca_file_is_ours);
}

int
main(void)
{
	Suite *suite = suite_create("fetch");
	TCase *tcase = tcase_create("fetch");

	tcase_add_unchecked_fixture(tcase, start_server, webhost_stop);
	tcase_add_checked_fixture(tcase, setup, teardown);
	add_answers(tcase);
	add_connections(tcase);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
