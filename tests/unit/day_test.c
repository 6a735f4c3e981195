/* SPDX-License-Identifier: ISC */
/*
 * From a day's journal to the queue: each session in exactly one report,
 * whenever the work is interrupted.
 */
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/siphash.h"
#include "report/check.h"
#include "report/day.h"
#include "report/gzip.h"
#include "report/text.h"
#include "scratch.h"
#include "suite.h"

#define DAY     "2026-11-23"
#define DAY_END 1795478399 /* 2026-11-23 23:59:59 UTC */
#define NOW     (DAY_END + 7200)

static char *path;
static struct sts_dir *dir;
static struct sts_day_setup setup;
static char complaint[STS_ERROR_MAX];

static bool
want(void *arg, const char *domain)
{
	(void)arg;
	return strcmp(domain, "unwanted.example") != 0;
}

static void
complain(void *arg, const char *why)
{
	(void)arg;
	(void)snprintf(complaint, sizeof(complaint), "%s", why);
}

static void
begin(void)
{
	path = scratch_new();
	ck_assert_int_eq(sts_dir_open(path,
			     STS_DIR_WRITE | STS_DIR_ANYWHERE | STS_DIR_NOSYNC,
			     &dir, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_dir_mkdir(dir, "tmp", NULL), STS_OK);
	ck_assert_int_eq(sts_dir_mkdir(dir, "journal", NULL), STS_OK);
	complaint[0] = '\0';
	setup = (struct sts_day_setup){
		.dir = dir,
		.contact = "tls@reports.example",
		.organization = "Example",
		.delay = 1000,
		.wanted = want,
		.complain = complain,
	};
}

static void
end(void)
{
	sts_dir_free(dir);
	scratch_free(path);
}

static void
add(const char *domain, enum sts_policy_type type, uint64_t hash,
    enum sts_session_result result)
{
	struct sts_session session = { .at = DAY_END,
		.type = type,
		.policy_hash = hash,
		.result = result,
		.mx = "mx.example",
		.mta = "exim" };

	(void)snprintf(session.domain, sizeof(session.domain), "%s", domain);
	ck_assert_int_eq(sts_journal_add(dir, &session, NULL), STS_OK);
}

static struct sts_day *
open_day(void)
{
	struct sts_error err = { .text = "" };
	struct sts_day *day;
	size_t skipped;

	ck_assert_msg(sts_day_open(&setup, DAY, &day, &skipped, &err) == STS_OK,
	    "%s", err.text);
	ck_assert_uint_eq(skipped, 0);
	return day;
}

static size_t
queue_day(void)
{
	struct sts_day *day = open_day();
	struct sts_error err = { .text = "" };
	size_t count;

	ck_assert_msg(sts_day_queue(day, NOW, &count, &err) == STS_OK, "%s",
	    err.text);
	sts_day_free(day);
	return count;
}

struct found {
	size_t count;
	struct sts_queued queued[4];
	struct sts_buf text[4];
};

static struct found found;

static bool
take(void *arg, const char *day, unsigned number)
{
	struct sts_queued *queued = &found.queued[found.count];
	struct sts_buf *text = &found.text[found.count++], body;

	(void)arg;
	ck_assert_str_eq(day, DAY);
	ck_assert_int_eq(sts_queue_read(dir, day, number, queued, NULL),
	    STS_OK);
	sts_buf_init(&body, STS_QUEUE_BODY);
	sts_buf_init(text, STS_QUEUE_BODY);
	ck_assert_int_eq(sts_queue_body(dir, queued, &body, NULL), STS_OK);
	ck_assert_int_eq(sts_gunzip(body.data, body.len, text, NULL), STS_OK);
	sts_buf_clear(&body);
	ck_assert_int_eq(sts_check_report(text->data, text->len, NULL), STS_OK);
	return true;
}

static void
look(void)
{
	size_t i;

	for (i = 0; i < found.count; i++)
		sts_buf_clear(&found.text[i]);
	found.count = 0;
	ck_assert_int_eq(sts_queue_each(dir, take, NULL, NULL), STS_OK);
}

START_TEST(a_report_for_each_domain)
{
	add("b.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	add("unwanted.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	add("a.example", STS_TYPE_NO_POLICY, 0,
	    STS_SESSION_STARTTLS_NOT_SUPPORTED);
	ck_assert_int_eq(sts_journal_close(dir, DAY, NULL), STS_OK);
	ck_assert_uint_eq(queue_day(), 2);
	look();
	ck_assert_uint_eq(found.count, 2);
	ck_assert_str_eq(found.queued[0].domain, "a.example");
	ck_assert_str_eq(found.queued[1].domain, "b.example");
	ck_assert_ptr_nonnull(strstr(found.text[0].data,
	    "\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":1"));
	ck_assert_int_ge(found.queued[0].due, NOW);
	ck_assert_int_le(found.queued[0].due, NOW + 1000);
	ck_assert_int_eq(found.queued[0].end, DAY_END);
	ck_assert_str_ne(found.queued[0].id, found.queued[1].id);
	ck_assert(sts_journal_is_done(dir, DAY));
	ck_assert_str_eq(complaint, "");
}
END_TEST

static unsigned early, late, distinct;
static int64_t before;

static bool
see_due(void *arg, const char *day, unsigned number)
{
	struct sts_queued queued;

	(void)arg;
	ck_assert_int_eq(sts_queue_read(dir, day, number, &queued, NULL),
	    STS_OK);
	early += queued.due < NOW + 3600;
	late += queued.due > NOW + 10800;
	distinct += queued.due != before;
	before = queued.due;
	return true;
}

/* No burst: two hundred reports in four hours. */
START_TEST(rpt_13_delays_are_spread)
{
	char domain[32];
	int i;

	setup.delay = 14400;
	for (i = 0; i < 200; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.example", i);
		add(domain, STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	}
	(void)queue_day();
	ck_assert_int_eq(sts_queue_each(dir, see_due, NULL, NULL), STS_OK);
	ck_assert_uint_gt(early, 20); /* 50 expected: chance is not that odd */
	ck_assert_uint_gt(late, 20);
	ck_assert_uint_gt(distinct, 150);
}
END_TEST

START_TEST(what_is_half_made_is_made_anew)
{
	struct sts_queued half = { .day = DAY, .number = 1 };
	struct sts_buf body;

	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	ck_assert_int_eq(sts_queue_begin(dir, DAY, NULL), STS_OK);
	(void)snprintf(half.domain, sizeof(half.domain), "%s", "half.example");
	sts_buf_init(&body, 10);
	ck_assert_int_eq(sts_queue_add(dir, &half, &body, NULL), STS_OK);
	half.number = 2;
	ck_assert_int_eq(sts_queue_add(dir, &half, &body, NULL), STS_OK);
	look(); /* the day is not whole: nothing is sent of it */
	ck_assert_uint_eq(found.count, 0);
	ck_assert_uint_eq(queue_day(), 1);
	look();
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.queued[0].domain, "a.example");
}
END_TEST

START_TEST(a_report_is_the_same_after_a_restart)
{
	struct sts_queued queued;
	char id[STS_RENDER_ID];

	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	(void)queue_day();
	look();
	(void)snprintf(id, sizeof(id), "%s", found.queued[0].id);
	queued = found.queued[0];
	queued.asked = true;
	queued.count = 2;
	queued.tries = 3;
	queued.first = NOW;
	queued.rua[0].state = STS_RUA_SENT;
	(void)snprintf(queued.rua[0].uri, sizeof(queued.rua[0].uri), "%s",
	    "https://collector.example/x");
	(void)snprintf(queued.rua[1].uri, sizeof(queued.rua[1].uri), "%s",
	    "mailto:a@b.example");
	ck_assert_int_eq(sts_queue_write(dir, &queued, NULL), STS_OK);
	look();
	ck_assert_uint_eq(found.count, 1);
	ck_assert_str_eq(found.queued[0].id, id);
	ck_assert_int_eq(found.queued[0].rua[0].state, STS_RUA_SENT);
	ck_assert_int_eq(found.queued[0].rua[1].state, STS_RUA_WAITING);
	ck_assert_str_eq(found.queued[0].rua[1].uri, "mailto:a@b.example");
	ck_assert_uint_eq(found.queued[0].tries, 3);
}
END_TEST

START_TEST(what_is_sent_is_gone_and_its_day)
{
	size_t lost;

	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	(void)queue_day();
	look();
	ck_assert_int_eq(sts_queue_sweep(dir, "", &lost, NULL), STS_OK);
	look();
	ck_assert_uint_eq(found.count, 1);
	ck_assert_int_eq(sts_queue_remove(dir, &found.queued[0], NULL), STS_OK);
	ck_assert_int_eq(sts_queue_sweep(dir, "", &lost, NULL), STS_OK);
	ck_assert_uint_eq(lost, 0);
	ck_assert_int_eq(sts_queue_is_whole(dir, DAY, NULL), STS_ENODATA);
	ck_assert_int_eq(sts_dir_exists(dir, "reports/" DAY, NULL),
	    STS_ENODATA);
}
END_TEST

START_TEST(what_is_too_old_goes_and_is_counted)
{
	size_t lost;

	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	(void)queue_day();
	ck_assert_int_eq(sts_queue_sweep(dir, DAY, &lost, NULL), STS_OK);
	ck_assert_uint_eq(lost, 0);
	ck_assert_int_eq(sts_queue_sweep(dir, "2026-11-24", &lost, NULL),
	    STS_OK);
	ck_assert_uint_eq(lost, 1);
}
END_TEST

START_TEST(a_damaged_file_is_told)
{
	char file[600];
	struct sts_queued queued;
	int fd;

	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	(void)queue_day();
	(void)snprintf(file, sizeof(file), "%s/reports/" DAY "/0000001", path);
	fd = open(file, O_WRONLY | O_APPEND);
	ck_assert_int_eq(write(fd, "x", 1), 1);
	(void)close(fd);
	ck_assert_int_eq(sts_queue_read(dir, DAY, 1, &queued, NULL),
	    STS_EDAMAGED);
}
END_TEST

START_TEST(one_run_at_a_time)
{
	int one, two;

	ck_assert_int_eq(sts_queue_lock(dir, &one, NULL), STS_OK);
	ck_assert_int_eq(sts_queue_lock(dir, &two, NULL), STS_EBUSY);
	(void)close(one);
	ck_assert_int_eq(sts_queue_lock(dir, &two, NULL), STS_OK);
	(void)close(two);
}
END_TEST

static struct sts_buf shown;

static enum sts_rc
show(void *arg, const struct sts_queued *queued, const struct sts_buf *text,
    struct sts_error *err)
{
	(void)arg;
	(void)queued;
	(void)err;
	return sts_buf_add(&shown, text->data, text->len);
}

/* The policy as served, from beside the journal; of a host, its records. */
START_TEST(policies_are_told_as_they_were)
{
	static const char text[] = "version: STSv1\nmode: testing\n"
				   "mx: mx.example\nmax_age: 1\nodd\n";
	struct sts_day *day;

	ck_assert_int_eq(sts_text_put(dir, "a.example", text, strlen(text),
			     NULL),
	    STS_OK);
	add("a.example", STS_TYPE_STS, sts_checksum(text, strlen(text)),
	    STS_SESSION_STS_POLICY_INVALID);
	add("a.example", STS_TYPE_STS, 1, STS_SESSION_SUCCESS);
	day = open_day();
	sts_buf_init(&shown, 1 << 16);
	ck_assert_int_eq(sts_day_render(day, NOW, show, NULL, NULL), STS_OK);
	sts_day_free(day);
	ck_assert_ptr_nonnull(strstr(shown.data, "\"max_age: 1\",\"odd\"]"));
	ck_assert_ptr_nonnull(strstr(shown.data, "\"policy-string\":[]"));
	sts_buf_clear(&shown);
}
END_TEST

static void
see_host(void *arg, const char *host)
{
	unsigned *hosts = arg;

	ck_assert_str_eq(host, "mx.example");
	(*hosts)++;
}

static void
give_tlsa(void *arg, const char *host, struct sts_buf *text)
{
	(void)arg;
	(void)host;
	(void)sts_buf_str(text, "3 1 1 ab\n2 0 1 cd\n");
}

START_TEST(rpt_02_a_tlsa_result_is_for_both_domains)
{
	struct sts_day *day;
	unsigned hosts = 0;

	setup.tlsa = give_tlsa;
	add("a.example", STS_TYPE_TLSA, 0, STS_SESSION_TLSA_INVALID);
	day = open_day();
	sts_day_hosts(day, see_host, &hosts);
	ck_assert_uint_eq(hosts, 2);
	sts_day_free(day);
	ck_assert_uint_eq(queue_day(), 2);
	look();
	ck_assert_str_eq(found.queued[0].domain, "a.example");
	ck_assert_str_eq(found.queued[1].domain, "mx.example");
	ck_assert_ptr_nonnull(strstr(found.text[0].data,
	    "\"policy-string\":[\"3 1 1 ab\",\"2 0 1 cd\"],"
	    "\"policy-domain\":\"mx.example\"}"));
}
END_TEST

START_TEST(journals_of_other_hosts_are_added)
{
	char other[600];
	struct sts_dir *own = dir, *others;
	char *own_path = path, *others_path;
	int fd;

	begin();
	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	(void)snprintf(other, sizeof(other), "%s/journal", path);
	fd = open(other, O_RDONLY | O_DIRECTORY);
	ck_assert_int_ne(fd, -1);
	others = dir;
	others_path = path;
	dir = own;
	path = own_path;
	setup.dir = dir;
	setup.other = &fd;
	setup.others = 1;
	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	ck_assert_uint_eq(queue_day(), 1);
	look();
	ck_assert_ptr_nonnull(strstr(found.text[0].data,
	    "\"total-successful-session-count\":2,"));
	(void)close(fd);
	sts_dir_free(others);
	scratch_free(others_path);
}
END_TEST

START_TEST(what_is_no_domain_costs_nobody_else)
{
	struct sts_day *day;
	size_t skipped;

	add("a.example", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	add("no..domain", STS_TYPE_NO_POLICY, 0, STS_SESSION_SUCCESS);
	ck_assert_int_eq(sts_day_open(&setup, DAY, &day, &skipped, NULL),
	    STS_OK);
	ck_assert_uint_eq(skipped, 1);
	sts_day_free(day);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("day");
	TCase *tc = tcase_create("day");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_report_for_each_domain);
	tcase_add_test(tc, rpt_13_delays_are_spread);
	tcase_add_test(tc, what_is_half_made_is_made_anew);
	tcase_add_test(tc, a_report_is_the_same_after_a_restart);
	tcase_add_test(tc, what_is_sent_is_gone_and_its_day);
	tcase_add_test(tc, what_is_too_old_goes_and_is_counted);
	tcase_add_test(tc, a_damaged_file_is_told);
	tcase_add_test(tc, one_run_at_a_time);
	tcase_add_test(tc, policies_are_told_as_they_were);
	tcase_add_test(tc, rpt_02_a_tlsa_result_is_for_both_domains);
	tcase_add_test(tc, journals_of_other_hosts_are_added);
	tcase_add_test(tc, what_is_no_domain_costs_nobody_else);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
