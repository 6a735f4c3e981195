/* SPDX-License-Identifier: ISC */
/*
 * DNS over the wire, against the scripted server: what c-ares makes of each
 * fault is a fact that these tests hold.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns_server.h"
#include "resolve/dns.h"
#include "suite.h"

#define MANY 512

static struct sts_loop *loop;
static struct sts_dns *dns;
static unsigned port;
static unsigned called, succeeded;
static bool inside; /* sts_dns_query() */
static struct sts_dns_query *victim;

struct got { /* the last answer */
	enum sts_dns_status status;
	bool ad;
	uint32_t ttl;
	size_t count, len;
	char text[300];
	char reason[128];
};
static struct got got;

/* "server" is ours, anything else an address. */
static void
write_address(char value[64], const char *text)
{
	if (strcmp(text, "server") == 0)
		(void)snprintf(value, 64, "127.0.0.1:%u", port);
	else
		(void)snprintf(value, 64, "%s", text);
}

static void
open_dns(const char *first, const char *second, bool trust_ad)
{
	char values[2][64];
	struct sts_config_item items[2] = { { .value = values[0] },
		{ .value = values[1] } };
	struct sts_config_list list = { .item = items,
		.count = second == NULL ? 1 : 2 };

	write_address(values[0], first);
	if (second != NULL)
		write_address(values[1], second);
	ck_assert_int_eq(sts_dns_new(loop, &list, trust_ad, &dns, NULL),
	    STS_OK);
}

static void
start_server(void)
{
	port = dns_server_start();
}

static void
setup(void)
{
	memset(&got, 0, sizeof(got));
	called = succeeded = 0;
	dns = NULL;
	ck_assert_int_eq(sts_loop_new(&loop, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_dns_free(dns);
	sts_loop_free(loop);
}

static void
take(void *arg, const struct sts_dns_answer *answer)
{
	ck_assert(!inside);
	ck_assert_ptr_eq(arg, &got);
	called++;
	succeeded += answer->status == STS_DNS_OK;
	got.status = answer->status;
	got.ad = answer->ad;
	got.ttl = answer->ttl;
	got.count = answer->count;
	(void)snprintf(got.reason, sizeof(got.reason), "%s", answer->reason);
	if (answer->count == 0)
		return;
	got.len = answer->rr[0].len;
	(void)snprintf(got.text, sizeof(got.text), "%s", answer->rr[0].data);
}

static struct sts_dns_query *
query(const char *name, int64_t timeout_ms)
{
	struct sts_dns_query *new;

	inside = true;
	new = sts_dns_query(dns, name, STS_DNS_TXT, timeout_ms, take, &got);
	inside = false;
	ck_assert_ptr_nonnull(new);
	return new;
}

static void
ask(const char *name, int64_t timeout_ms)
{
	unsigned before = called;

	(void)query(name, timeout_ms);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, before + 1);
}

static const struct {
	const char *name;
	enum sts_dns_status status;
	bool ad;
	const char *text; /* or reason */
} cases[] = {
	{ "ok.example", STS_DNS_OK, false, "hello" },
	{ "ad.example", STS_DNS_OK, true, "hello" },
	{ "nx.example", STS_DNS_NXDOMAIN, false, "no such name" },
	{ "nxad.example", STS_DNS_NXDOMAIN, true, "no such name" },
	{ "nodata.example", STS_DNS_NODATA, false, "no such record" },
	{ "wrongid.example", STS_DNS_OK, false, "hello" },
	{ "wrongname.example", STS_DNS_OK, false, "hello" },
	{ "a..example", STS_DNS_NXDOMAIN, false, "no name that DNS can have" },
	{ "_mta-sts.ok.onion", STS_DNS_NXDOMAIN, false,
	    "no name that DNS can have" },
};

START_TEST(each_answer_has_its_status)
{
	open_dns("server", NULL, false);
	ask(cases[_i].name, 4000);
	ck_assert_msg(got.status == cases[_i].status, "%s: %s (%s)",
	    cases[_i].name, sts_dns_status_name(got.status), got.reason);
	ck_assert_msg(got.ad == cases[_i].ad, "%s: ad", cases[_i].name);
	ck_assert_str_eq(got.status == STS_DNS_OK ? got.text : got.reason,
	    cases[_i].text);
	if (got.status == STS_DNS_OK)
		ck_assert_uint_eq(got.ttl, 300);
}
END_TEST

START_TEST(sts_15_a_server_that_fails_is_neither_nodata_nor_local)
{
	static const struct {
		const char *name, *reason;
	} fails[] = {
		{ "servfail.example", "SERVFAIL" },
		{ "refused.example", "REFUSED" },
		{ "notimp.example", "NOTIMP" },
		{ "formerr.example", "FORMERR" },
		{ "garbage.example", "" },
	};
	size_t i;

	open_dns("server", NULL, false);
	for (i = 0; i < sizeof(fails) / sizeof(fails[0]); i++) {
		ask(fails[i].name, 3000);
		ck_assert_msg(got.status == STS_DNS_FAILURE, "%s: %s (%s)",
		    fails[i].name, sts_dns_status_name(got.status), got.reason);
		ck_assert_msg(strstr(got.reason, fails[i].reason) != NULL &&
				  got.reason[0] != '\0',
		    "%s: %s", fails[i].name, got.reason);
	}
}
END_TEST

START_TEST(query_wants_ad_recursion_and_edns)
{
	open_dns("server", NULL, false);
	ask("flags.example", 3000);
	ck_assert_str_eq(got.text, "ad=1 edns=1232 rd=1");
}
END_TEST

START_TEST(ad_is_believed_only_from_loopback_or_by_order)
{
	open_dns("server", "192.0.2.1", false);
	ask("ad.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_OK);
	ck_assert(!got.ad);
	sts_dns_free(dns);
	open_dns("server", "192.0.2.1", true);
	ask("ad.example", 3000);
	ck_assert(got.ad);
}
END_TEST

START_TEST(truncated_answer_comes_by_tcp)
{
	open_dns("server", NULL, false);
	ask("tc.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_OK);
	ck_assert_uint_eq(got.count, 1);
	ck_assert_uint_eq(got.len, 12 * 250);
}
END_TEST

START_TEST(answer_within_the_edns_size_needs_no_tcp)
{
	open_dns("server", NULL, false);
	ask("medium.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_OK);
	ck_assert_uint_eq(got.len, 150 * strlen("hello"));
	ck_assert_uint_eq(dns_server_queries(), 1);
}
END_TEST

START_TEST(silence_ends_at_the_deadline)
{
	int64_t start = sts_clock_ms();

	open_dns("server", NULL, false);
	ask("silent.example", 200);
	ck_assert_int_eq(got.status, STS_DNS_TIMEOUT);
	ck_assert_int_ge(sts_clock_ms() - start, 200);
	/* What c-ares keeps of it is not waited for by anybody. */
	ck_assert_int_lt(sts_clock_ms() - start, 1000);
	ask("ok.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_OK);
}
END_TEST

START_TEST(late_answer_is_dropped)
{
	open_dns("server", NULL, false);
	(void)query("late.example", 100);
	(void)query("silent.example", 900); /* keeps the loop running */
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, 2);
	ck_assert_int_eq(got.status, STS_DNS_TIMEOUT);
}
END_TEST

START_TEST(lost_datagram_is_repeated_in_time)
{
	int64_t start = sts_clock_ms();

	open_dns("server", NULL, false);
	ask("lost.example", 5000);
	ck_assert_int_eq(got.status, STS_DNS_OK);
	ck_assert_int_lt(sts_clock_ms() - start, 2500);
}
END_TEST

START_TEST(sts_01_name_is_absolute_whatever_the_environment_says)
{
	ck_assert_int_eq(setenv("LOCALDOMAIN", "evil.example", 1), 0);
	ck_assert_int_eq(setenv("RES_OPTIONS",
			     "ndots:5 attempts:9 timeout:30 rotate", 1),
	    0);
	open_dns("server", NULL, false);
	ask("nx", 3000);
	ck_assert_int_eq(got.status, STS_DNS_NXDOMAIN);
	ck_assert_uint_eq(dns_server_queries(), 1);
	ck_assert_str_eq(dns_server_last(), "nx");
}
END_TEST

START_TEST(next_server_is_asked_when_one_is_dead)
{
	open_dns("127.0.0.1:1", "server", false);
	ask("ok.example", 4000);
	ck_assert_int_eq(got.status, STS_DNS_OK);
}
END_TEST

/* The resolver is not there: DNS is broken, but not by our process. */
START_TEST(sts_15_refused_connection_is_a_failure)
{
	open_dns("127.0.0.1:1", NULL, false);
	ask("ok.example", 4000);
	ck_assert_int_eq(got.status, STS_DNS_FAILURE);
}
END_TEST

START_TEST(want_of_descriptors_is_our_own_fault)
{
	struct rlimit limit = { 0, 0 };
	int fd = open("/dev/null", O_RDONLY);

	open_dns("server", NULL, false);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)fd; /* no number below is free */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ask("ok.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_LOCAL);
	ck_assert_str_eq(got.reason, "Too many open files");
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ask("ok.example", 3000); /* and it is over when it is over */
	ck_assert_int_eq(got.status, STS_DNS_OK);
	ask("silent.example", 100);
	ck_assert_int_eq(got.status, STS_DNS_TIMEOUT);
	close(fd);
}
END_TEST

/* EACCES here; without a route it is ENETUNREACH by the same way. */
START_TEST(resolv_conf_that_cannot_be_opened_is_our_own_fault)
{
	struct rlimit limit = { 0, 0 };
	struct sts_error err;
	int fd = open("/dev/null", O_RDONLY);

	if (access("/etc/resolv.conf", F_OK) == -1)
		return; /* c-ares's default is right then */
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(sts_dns_new(loop, NULL, false, &dns, &err),
	    STS_ELOCAL);
	ck_assert_int_eq(err.sys, EMFILE);
	limit.rlim_cur = limit.rlim_max; /* sanitizers need some at the end */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	close(fd);
}
END_TEST

START_TEST(server_that_cannot_be_sent_to_is_our_own_fault)
{
	open_dns("255.255.255.255", NULL, false);
	ask("ok.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_LOCAL);
}
END_TEST

/* A network of our own, where even loopback is down. */
START_TEST(machine_without_a_network_is_our_own_fault)
{
	if (unshare(CLONE_NEWNET) == -1 &&
	    unshare(CLONE_NEWUSER | CLONE_NEWNET) == -1)
		return; /* the test above holds the same path */
	open_dns("server", NULL, false);
	ask("ok.example", 3000);
	ck_assert_int_eq(got.status, STS_DNS_LOCAL);
	ck_assert_str_eq(got.reason, "Network is unreachable");
}
END_TEST

START_TEST(hundreds_at_once_are_sent_64_at_a_time)
{
	char name[32];
	unsigned i;

	open_dns("server", NULL, false);
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "held%u.example", i);
		(void)query(name, 20000);
	}
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, MANY);
	ck_assert_int_eq(got.status, STS_DNS_OK);
	ck_assert_uint_eq(dns_server_queries(), MANY);
	ck_assert_uint_le(dns_server_most(), 64);
	ck_assert_uint_gt(dns_server_most(), 32);
}
END_TEST

/* 64 that nobody answers give their places up when their time is over. */
START_TEST(silent_queries_do_not_block_the_queue_for_ever)
{
	char name[32];
	unsigned i;

	open_dns("server", NULL, false);
	for (i = 0; i < 64; i++) {
		(void)snprintf(name, sizeof(name), "silent%u.example", i);
		(void)query(name, 200);
	}
	(void)query("ok.example", 3000);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, 65);
	ck_assert_uint_eq(succeeded, 1); /* whichever ended last */
}
END_TEST

START_TEST(queue_counts_into_the_deadline)
{
	char name[32];
	unsigned i;

	open_dns("server", NULL, false);
	for (i = 0; i < 64; i++) {
		(void)snprintf(name, sizeof(name), "silent%u.example", i);
		(void)query(name, 600);
	}
	(void)query("ok.example", 100);
	victim = query("silent.example", 700);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, 66);
	ck_assert_int_eq(got.status, STS_DNS_TIMEOUT);
	ck_assert_str_ne(dns_server_last(), "ok.example");
}
END_TEST

static void
cancel_victim(void *arg, const struct sts_dns_answer *answer)
{
	take(arg, answer);
	sts_dns_cancel(victim);
	victim = NULL;
}

START_TEST(cancelled_query_is_never_told)
{
	open_dns("server", NULL, false);
	sts_dns_cancel(query("ok.example", 3000)); /* not sent yet */
	victim = query("late.example", 3000);      /* under way */
	ck_assert_ptr_nonnull(sts_dns_query(dns, "held.example", STS_DNS_TXT,
	    3000, cancel_victim, &got));
	(void)query("silent.example", 900);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_ptr_null(victim);
	ck_assert_uint_eq(called, 2);
}
END_TEST

static void
ask_again(void *arg, const struct sts_dns_answer *answer)
{
	take(arg, answer);
	(void)query("ad.example", 3000);
}

START_TEST(callback_may_ask_again)
{
	open_dns("server", NULL, false);
	ck_assert_ptr_nonnull(sts_dns_query(dns, "ok.example", STS_DNS_TXT,
	    3000, ask_again, &got));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, 2);
	ck_assert(got.ad);
}
END_TEST

static void
stop(void *arg)
{
	sts_loop_stop(arg);
}

START_TEST(pending_queries_go_with_their_owner)
{
	open_dns("server", NULL, false);
	(void)query("silent.example", 3000);
	(void)query("silent1.example", 10); /* an orphan by then */
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 100, stop, loop));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	(void)query("silent2.example", 3000); /* not sent */
	ck_assert_uint_eq(called, 1);
	sts_dns_free(dns);
	dns = NULL;
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(called, 1);
}
END_TEST

START_TEST(resolver_that_is_no_address_is_refused)
{
	static const char *const bad[] = { "", "localhost",
		"127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "[::1",
		"[::1]x", "[]:53", "127.0.0.1 " };
	char value[64];
	struct sts_config_item item = { .value = value };
	struct sts_config_list list = { .item = &item, .count = 1 };
	struct sts_error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(value, sizeof(value), "%s", bad[i]);
		ck_assert_msg(sts_dns_new(loop, &list, false, &dns, &err) ==
				  STS_ECONFIG,
		    "%s", bad[i]);
		ck_assert_ptr_null(dns);
	}
	for (i = 0; i < 3; i++) {
		(void)snprintf(value, sizeof(value), "%s",
		    i == 0   ? "::1"
		    : i == 1 ? "[::1]:5353"
			     : "[::1]");
		ck_assert_int_eq(sts_dns_new(loop, &list, false, &dns, &err),
		    STS_OK);
		sts_dns_free(dns);
		dns = NULL;
	}
}
END_TEST

START_TEST(resolv_conf_is_the_default)
{
	ck_assert_int_eq(sts_dns_new(loop, NULL, false, &dns, NULL), STS_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("dns");
	TCase *tc = tcase_create("dns");

	/* The server's thread must be in the process of the test. */
	tcase_add_checked_fixture(tc, start_server, NULL);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_answer_has_its_status, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc,
	    sts_15_a_server_that_fails_is_neither_nodata_nor_local);
	tcase_add_test(tc, query_wants_ad_recursion_and_edns);
	tcase_add_test(tc, ad_is_believed_only_from_loopback_or_by_order);
	tcase_add_test(tc, truncated_answer_comes_by_tcp);
	tcase_add_test(tc, answer_within_the_edns_size_needs_no_tcp);
	tcase_add_test(tc, silence_ends_at_the_deadline);
	tcase_add_test(tc, late_answer_is_dropped);
	tcase_add_test(tc, lost_datagram_is_repeated_in_time);
	tcase_add_test(tc,
	    sts_01_name_is_absolute_whatever_the_environment_says);
	tcase_add_test(tc, next_server_is_asked_when_one_is_dead);
	tcase_add_test(tc, sts_15_refused_connection_is_a_failure);
	tcase_add_test(tc, want_of_descriptors_is_our_own_fault);
	tcase_add_test(tc, resolv_conf_that_cannot_be_opened_is_our_own_fault);
	tcase_add_test(tc, server_that_cannot_be_sent_to_is_our_own_fault);
	tcase_add_test(tc, machine_without_a_network_is_our_own_fault);
	tcase_add_test(tc, hundreds_at_once_are_sent_64_at_a_time);
	tcase_add_test(tc, silent_queries_do_not_block_the_queue_for_ever);
	tcase_add_test(tc, queue_counts_into_the_deadline);
	tcase_add_test(tc, cancelled_query_is_never_told);
	tcase_add_test(tc, callback_may_ask_again);
	tcase_add_test(tc, pending_queries_go_with_their_owner);
	tcase_add_test(tc, resolver_that_is_no_address_is_refused);
	tcase_add_test(tc, resolv_conf_is_the_default);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
