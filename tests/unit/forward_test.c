/* SPDX-License-Identifier: ISC */
/*
 * From the journal to a collector: each session once and in order, none lost
 * by a socket that refuses, by DNS that fails, or by a crash.  The collector
 * is one of our own.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "command/forward.h"
#include "report/collector.h"
#include "report/journal.h"
#include "report/text.h"
#include "scratch.h"
#include "suite.h"

#define DAY_END  1795478399 /* 2026-11-23 23:59:59 UTC */
#define NOW      (DAY_END + 3600)
#define RECORD   "v=TLSRPTv1; rua=mailto:r@receive.example"
#define SENT_MAX 1000
#define POLICY   "version: STSv1\r\nmode: testing\r\nmx: a\r\nmax_age: 86400\r\n"

static char *path;
static struct sts_dir *dir;
static struct sts_config config;
static struct sts_forward_count count;
static unsigned dns_port;
static atomic_uint dns_queries;
static atomic_bool dns_works;

/* ---- DNS ------------------------------------------------------------------------ */

/* The domain's first label says what is there: "nx", "other", "fail". */
static bool
is(const unsigned char *name, const char *label)
{
	const size_t at = sizeof("\5_smtp\4_tls") - 1;

	return name[at] >= strlen(label) &&
	       memcmp(name + at + 1, label, strlen(label)) == 0;
}

static ssize_t
answer(unsigned char *packet, ssize_t len)
{
	static const unsigned char head[] = { 0xc0, 12, 0, 16, 0, 1, 0, 0, 0,
		60, 0 };
	const unsigned char *name = packet + 12;
	const char *text = is(name, "other") ? "v=spf1 -all" : RECORD;
	ssize_t end = 12;

	dns_queries++;
	while (end < len && packet[end] != 0)
		end += packet[end] + 1;
	end += 5;
	packet[2] = 0x81;
	packet[3] = 0x80;
	memset(packet + 6, 0, 6);
	if (is(name, "nx"))
		packet[3] |= 3;
	if (is(name, "fail") && !dns_works)
		packet[3] |= 2;
	if ((packet[3] & 15) != 0)
		return end;
	packet[7] = 1;
	memcpy(packet + end, head, sizeof(head));
	end += (ssize_t)sizeof(head);
	packet[end++] = (unsigned char)(strlen(text) + 1);
	packet[end++] = (unsigned char)strlen(text);
	memcpy(packet + end, text, strlen(text));
	return end + (ssize_t)strlen(text);
}

static void *
serve(void *arg)
{
	unsigned char packet[1024];
	struct sockaddr_in from;
	int fd = *(int *)arg;
	socklen_t size;
	ssize_t len;

	for (;;) {
		size = sizeof(from);
		len = recvfrom(fd, packet, 512, 0, (struct sockaddr *)&from,
		    &size);
		if (len < 30)
			continue;
		len = answer(packet, len);
		(void)sendto(fd, packet, (size_t)len, 0,
		    (struct sockaddr *)&from, size);
	}
	return NULL;
}

static void
start_dns(void)
{
	static int fd;
	struct sockaddr_in addr = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(addr);
	pthread_t thread;

	fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&addr, size), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&addr, &size), 0);
	dns_port = ntohs(addr.sin_port);
	ck_assert_int_eq(pthread_create(&thread, NULL, serve, &fd), 0);
}

/* ---- a collector ------------------------------------------------------------------- */

static char sent[SENT_MAX][STS_DOMAIN_MAX + 1];
static char last_record[256], last_policy[256];
static size_t sents, room;
static bool crashes; /* when there is no more room */
static void (*meanwhile)(void);

enum sts_rc
sts_collector_open(const char *name, struct sts_collector **out,
    struct sts_error *err)
{
	(void)err;
	ck_assert_str_eq(name, "/run/collector");
	*out = NULL;
	return STS_OK;
}

void
sts_collector_close(struct sts_collector *collector)
{
	ck_assert_ptr_null(collector);
}

enum sts_rc
sts_collector_send(struct sts_collector *collector, const char *record,
    const struct sts_session *session, const struct sts_buf *policy,
    struct sts_error *err)
{
	ck_assert_ptr_null(collector);
	if (strncmp(session->domain, "big", 3) == 0)
		return sts_error_set(err, STS_EUSAGE, "too long");
	if (sents == room && crashes)
		_exit(0);
	if (sents == room)
		return sts_error_set(err, STS_ESYS, "refused");
	if (meanwhile != NULL)
		meanwhile();
	(void)snprintf(last_record, sizeof(last_record), "%s", record);
	(void)snprintf(last_policy, sizeof(last_policy), "%s",
	    sts_buf_text(policy));
	(void)snprintf(sent[sents++], sizeof(sent[0]), "%s", session->domain);
	return STS_OK;
}

/* ---- one world ----------------------------------------------------------------------- */

static void
setup(void)
{
	struct sts_error err;
	char text[200];

	if (dns_port == 0)
		start_dns();
	dns_works = false;
	path = scratch_new();
	ck_assert_int_eq(sts_dir_open(path,
			     STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC,
			     &dir, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_dir_mkdir(dir, "tmp", NULL), STS_OK);
	ck_assert_int_eq(sts_dir_mkdir(dir, "journal", NULL), STS_OK);
	ck_assert_int_eq(sts_config_init(&config, NULL), STS_OK);
	(void)snprintf(text, sizeof(text),
	    "resolver 127.0.0.1:%u\nreport-collector /run/collector\n"
	    "report-suppress hushed.example\n",
	    dns_port);
	ck_assert_msg(sts_config_parse(&config, "f", text, strlen(text),
			  &err) == STS_OK,
	    "%s", err.text);
	sents = 0;
	room = SENT_MAX;
	crashes = false;
	meanwhile = NULL;
}

static void
teardown(void)
{
	sts_config_clear(&config);
	sts_dir_free(dir);
	scratch_free(path);
}

static void
add(int64_t at, const char *domain)
{
	struct sts_session session = { .at = at,
		.type = STS_TYPE_STS,
		.policy_hash = sts_checksum(POLICY, strlen(POLICY)),
		.result = STS_SESSION_SUCCESS };

	(void)snprintf(session.domain, sizeof(session.domain), "%s", domain);
	ck_assert_int_eq(sts_journal_add(dir, &session, NULL), STS_OK);
}

static enum sts_rc
run(void)
{
	struct sts_forward_setup forward = {
		.config = &config, .dir = dir, .now = NOW
	};
	struct sts_crew crew;
	struct sts_error err;
	enum sts_rc rc;

	ck_assert_int_eq(sts_crew_open(&crew, &config, NULL, &err), STS_OK);
	forward.crew = &crew;
	rc = sts_forward_run(&forward, &count, &err);
	sts_crew_close(&crew);
	return rc;
}

static bool
see_day(void *arg, const char *day)
{
	(void)day;
	++*(size_t *)arg;
	return true;
}

static void
nothing_is_left(void)
{
	size_t days = 0;

	ck_assert_int_eq(sts_journal_taken_days(dir, see_day, &days, NULL),
	    STS_OK);
	ck_assert_uint_eq(days, 0);
}

/* ---- what is told ---------------------------------------------------------------------- */

START_TEST(each_session_is_told_once_and_in_order)
{
	unsigned before = dns_queries;

	add(DAY_END + 1, "third.example"); /* of the next day */
	add(DAY_END, "first.example");
	add(DAY_END, "second.example");
	add(DAY_END, "first.example");
	ck_assert_int_eq(sts_text_put(dir, "third.example", POLICY,
			     strlen(POLICY), NULL),
	    STS_OK);
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 4);
	ck_assert_str_eq(sent[0], "first.example");
	ck_assert_str_eq(sent[1], "second.example");
	ck_assert_str_eq(sent[2], "first.example");
	ck_assert_str_eq(sent[3], "third.example");
	ck_assert_str_eq(last_record, RECORD);
	ck_assert_str_eq(last_policy, POLICY);
	ck_assert_uint_eq(dns_queries - before, 3);
	nothing_is_left();
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(sents, 4);
}
END_TEST

START_TEST(who_does_not_ask_is_told_nothing)
{
	static const char *const domain[] = { "nx.example", "other.example",
		"hushed.example", "no..domain" };
	size_t i;

	for (i = 0; i < 4; i++)
		add(DAY_END, domain[i]);
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.unwanted, 4);
	ck_assert_uint_eq(sents, 0);
	nothing_is_left();
}
END_TEST

START_TEST(what_dns_cannot_tell_waits_for_a_day)
{
	add(DAY_END, "fail.example");
	add(NOW - 86401, "fail.example");
	add(DAY_END, "a.example");
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 1);
	ck_assert_uint_eq(count.waiting, 1);
	ck_assert_uint_eq(count.given_up, 1);
	dns_works = true;
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 1);
	ck_assert_str_eq(sent[1], "fail.example");
	nothing_is_left();
}
END_TEST

START_TEST(what_the_socket_cannot_take_does_not_stop_the_others)
{
	add(DAY_END, "big.example");
	add(DAY_END, "a.example");
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 1);
	ck_assert_uint_eq(count.given_up, 1);
	nothing_is_left();
}
END_TEST

/* ---- faults ------------------------------------------------------------------------------ */

static void
fill(unsigned sessions)
{
	char domain[32];
	unsigned i;

	for (i = 0; i < sessions; i++) {
		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		add(DAY_END, domain);
	}
}

START_TEST(a_collector_that_refuses_loses_nothing)
{
	char domain[32];
	unsigned i;

	fill(7);
	room = 0;
	ck_assert_int_eq(run(), STS_ESYS);
	room = 4;
	ck_assert_int_eq(run(), STS_ESYS);
	ck_assert_uint_eq(count.sent, 4);
	add(DAY_END, "d7.example");
	room = SENT_MAX;
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent,
	    3); /* what was taken before comes first */
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(sents, 8);
	for (i = 0; i < 8; i++) {
		(void)snprintf(domain, sizeof(domain), "d%u.example", i);
		ck_assert_str_eq(sent[i], domain);
	}
	nothing_is_left();
}
END_TEST

START_TEST(a_crash_tells_a_hundred_again_at_most)
{
	int status;
	pid_t pid;

	fill(300);
	pid = fork();
	ck_assert_int_ne(pid, -1);
	if (pid == 0) {
		room = 299;
		crashes = true;
		(void)!run();
		_exit(1); /* it did not come to that */
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 100);
	ck_assert_str_eq(sent[0], "d200.example");
	ck_assert_str_eq(sent[99], "d299.example");
	nothing_is_left();
}
END_TEST

static void
deliver(void)
{
	meanwhile = NULL;
	add(DAY_END, "later.example");
}

START_TEST(deliveries_go_on_meanwhile)
{
	fill(2);
	meanwhile = deliver;
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 2);
	ck_assert_int_eq(run(), STS_OK);
	ck_assert_uint_eq(count.sent, 1);
	ck_assert_str_eq(sent[2], "later.example");
	nothing_is_left();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("forward");
	TCase *tc = tcase_create("forward");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_session_is_told_once_and_in_order);
	tcase_add_test(tc, who_does_not_ask_is_told_nothing);
	tcase_add_test(tc, what_dns_cannot_tell_waits_for_a_day);
	tcase_add_test(tc,
	    what_the_socket_cannot_take_does_not_stop_the_others);
	tcase_add_test(tc, a_collector_that_refuses_loses_nothing);
	tcase_add_test(tc, a_crash_tells_a_hundred_again_at_most);
	tcase_add_test(tc, deliveries_go_on_meanwhile);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
