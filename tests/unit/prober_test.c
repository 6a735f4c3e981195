/* SPDX-License-Identifier: ISC */
/*
 * What lies between a question and a probe: addresses, memory, joining; and
 * MX lists with addresses and with the mark of this machine.  The servers are
 * smtp_server.py's, which has the zone too.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "hurt.h"
#include "mailer.h"
#include "resolve/mxask.h"
#include "resolve/prober.h"
#include "resolve/self.h"
#include "state/probes.h"
#include "suite.h"

#define PATIENCE_MS 8000

static struct sts_loop *loop;
static struct sts_dns *dns;
static struct sts_prober *prober;
static struct sts_config config;
static struct sts_network allow[2];
static struct sts_probed probed;
static int calls;

static struct sts_prober_setup
usual(void)
{
	return (struct sts_prober_setup){
		.loop = loop,
		.dns = dns,
		.ca_file = mailer_ca,
		.allow = allow,
		.allow_count = 2,
		.dir = hurt_dir,
		.helo = "us.test",
		.port = mailer_port("ok"),
	};
}

static void
use(struct sts_prober_setup setup)
{
	sts_prober_free(prober);
	ck_assert_int_eq(sts_prober_new(&setup, &prober, NULL), STS_OK);
}

static void
setup(void)
{
	struct sts_error err;
	char text[100];

	hurt_setup();
	mailer_start();
	(void)snprintf(text, sizeof(text), "resolver 127.0.0.1:%u\n",
	    mailer_port("dns"));
	ck_assert_int_eq(sts_config_init(&config, NULL), STS_OK);
	ck_assert_int_eq(sts_config_parse(&config, "f", text, strlen(text),
			     NULL),
	    STS_OK);
	ck_assert_int_eq(sts_network_parse("127.0.0.0/8", &allow[0], &err),
	    STS_OK);
	ck_assert_int_eq(sts_network_parse("::1", &allow[1], &err), STS_OK);
	ck_assert_int_eq(sts_loop_new(&loop, NULL), STS_OK);
	ck_assert_int_eq(sts_dns_new(loop, &config.resolver, false, &dns, NULL),
	    STS_OK);
	use(usual());
}

static void
teardown(void)
{
	sts_prober_free(prober);
	sts_dns_free(dns);
	sts_loop_free(loop);
	sts_config_clear(&config);
	mailer_stop();
	hurt_teardown();
}

static void
note(void *arg, const struct sts_probed *result)
{
	(void)arg;
	calls++;
	probed = *result;
	if (calls == 1)
		sts_loop_stop(loop);
}

static struct sts_asked *
ask(const char *host, const char *address)
{
	struct sts_asked *asked;
	struct sts_addr addr;

	ck_assert(sts_addr_parse(address, &addr));
	asked = sts_prober_ask(prober, host, &addr, PATIENCE_MS, note, NULL);
	ck_assert_ptr_nonnull(asked);
	return asked;
}

static void
run(void)
{
	calls = 0;
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, 1);
}

static void
expect(enum sts_rc rc, const char *text)
{
	ck_assert_msg(probed.result == rc &&
			  strstr(probed.reason, text) != NULL,
	    "%s at %s: %s, not %s: %s", probed.host, probed.address,
	    sts_rc_name(probed.result), sts_rc_name(rc), probed.reason);
}

static void
remember(enum sts_rc result, int64_t age)
{
	struct sts_probed old = { .host = "pass.good.test",
		.address = "127.0.0.1",
		.result = result,
		.tls = "TLSv1.2",
		.reason = "remembered" };
	struct sts_now now;

	sts_clock_now(&now);
	old.at = now.wall - age;
	ck_assert_int_eq(sts_probes_put(hurt_dir, &old, NULL), STS_OK);
}

START_TEST(what_was_found_is_not_asked_again)
{
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	ck_assert_ptr_nonnull(strstr(mailer_heard(), "TLSv1.3"));
	remember(STS_ECERTDATE, 200);
	use(usual());
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_ECERTDATE, "remembered");
	ck_assert_str_eq(probed.tls, "TLSv1.2");
	(void)ask("pass.good.test", "127.0.0.4");
	run();
	expect(STS_ESTARTTLS, "not offered");
	(void)ask("other.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
}
END_TEST

START_TEST(what_is_old_or_ahead_is_asked_again)
{
	struct sts_prober_setup fresh = usual();

	remember(STS_ECERTDATE, STS_PROBED_FOR);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	remember(STS_ECERTDATE, -100);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	remember(STS_ECERTDATE, 10);
	fresh.fresh = true;
	use(fresh);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	use(usual());
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
}
END_TEST

START_TEST(a_failure_is_remembered_too)
{
	(void)ask("pass.good.test", "127.0.0.2");
	run();
	expect(STS_EUNREACHABLE, "refused");
	ck_assert_int_eq(sts_probes_get(hurt_dir, "pass.good.test", "127.0.0.2",
			     probed.at, &probed),
	    STS_OK);
	expect(STS_EUNREACHABLE, "refused");
}
END_TEST

START_TEST(our_own_fault_is_forgotten)
{
	struct sts_prober_setup wrong = usual();

	wrong.ca_file = "/nonexistent";
	use(wrong);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_ELOCAL, "/nonexistent");
	ck_assert_int_eq(sts_probes_get(hurt_dir, "pass.good.test", "127.0.0.1",
			     probed.at, &probed),
	    STS_ENODATA);
}
END_TEST

START_TEST(only_global_and_allowed_addresses_are_connected_to)
{
	struct sts_prober_setup strict = usual();

	(void)ask("pass.good.test", "10.0.0.1");
	run();
	expect(STS_EUNREACHABLE, "not a global address");
	strict.allow_count = 0;
	use(strict);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_EUNREACHABLE, "not a global address");
	ck_assert_int_eq(sts_probes_get(hurt_dir, "pass.good.test", "127.0.0.1",
			     probed.at, &probed),
	    STS_ENODATA);
}
END_TEST

START_TEST(without_a_state_it_works_as_well)
{
	struct sts_prober_setup none = usual();

	none.dir = NULL;
	use(none);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
}
END_TEST

static void
count(void *arg, const struct sts_probed *result)
{
	int *told = arg;

	ck_assert_int_eq(result->result, STS_OK);
	if (++*told == 9)
		sts_loop_stop(loop);
}

START_TEST(equal_questions_share_a_probe)
{
	struct sts_prober_setup none = usual();
	struct sts_asked *asked[10];
	struct sts_addr addr;
	int told = 0;
	size_t i;

	none.dir = NULL; /* memory cannot help */
	use(none);
	ck_assert(sts_addr_parse("127.0.0.1", &addr));
	for (i = 0; i < 10; i++) {
		asked[i] = sts_prober_ask(prober, "pass.good.test", &addr,
		    PATIENCE_MS, count, &told);
		ck_assert_ptr_nonnull(asked[i]);
	}
	sts_prober_cancel(asked[4]);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(told, 9);
	ck_assert_ptr_nonnull(strstr(mailer_heard(), "pass.good.test"));
	/* Had there been another conversation it would be told first. */
	(void)ask("best.good.test", "127.0.0.1");
	run();
	ck_assert_ptr_nonnull(strstr(mailer_heard(), "best.good.test"));
}
END_TEST

START_TEST(a_cancelled_question_ends_its_probe)
{
	struct sts_asked *asked = ask("pass.good.test", "127.0.0.3");

	sts_prober_cancel(ask("pass.good.test", "127.0.0.3"));
	sts_prober_cancel(asked);
	sts_prober_cancel(ask("pass.good.test", "10.0.0.1"));
	sts_prober_cancel(NULL);
	calls = 0;
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, 0);
}
END_TEST

/* ---- all addresses of a host ------------------------------------------- */

static const struct {
	const char *host;
	enum sts_rc rc;
	const char *address, *text;
	int64_t least, most; /* ms it may take */
} rounds[] = {
	{ "pass.good.test", STS_OK, "127.0.0.1", "verified", 0, 1500 },
	{ "both.good.test", STS_OK, "127.0.0.1", "verified", 0, 1500 },
	{ "best.good.test", STS_OK, "127.0.0.1", "verified", 0, 1500 },
	{ "turn.good.test", STS_OK, "127.0.0.1", "verified",
	    STS_ROUND_STAGGER_MS, STS_ROUND_STAGGER_MS + 1500 },
	{ "worst.good.test", STS_ESTARTTLS, "127.0.0.4", "not offered", 0,
	    1500 },
	{ "gone.good.test", STS_EUNREACHABLE, "", "has no address", 0, 1500 },
	{ "broken.good.test", STS_EUNREACHABLE, "", "of broken.good.test", 0,
	    PATIENCE_MS + 1000 },
	{ "private.good.test", STS_EUNREACHABLE, "10.0.0.1", "not a global", 0,
	    1500 },
};

START_TEST(a_round_ends_with_the_first_that_passes)
{
	int64_t begun = sts_clock_ms(), ms;

	ck_assert_ptr_nonnull(sts_round_start(prober, rounds[_i].host,
	    PATIENCE_MS, note, NULL));
	run();
	ms = sts_clock_ms() - begun;
	expect(rounds[_i].rc, rounds[_i].text);
	ck_assert_str_eq(probed.host, rounds[_i].host);
	ck_assert_str_eq(probed.address, rounds[_i].address);
	ck_assert_msg(ms >= rounds[_i].least && ms <= rounds[_i].most,
	    "%s: %lld ms", rounds[_i].host, (long long)ms);
}
END_TEST

START_TEST(a_round_has_one_deadline)
{
	int64_t begun = sts_clock_ms();

	ck_assert_ptr_nonnull(sts_round_start(prober, "turn.good.test", 500,
	    note, NULL));
	run();
	expect(STS_EUNREACHABLE, "timed out");
	ck_assert_int_lt(sts_clock_ms() - begun, 1500);
}
END_TEST

/* ---- MX lists ---------------------------------------------------------- */

static struct sts_mx_list list;
static struct sts_error error;

static void
list_came(void *arg, const char *domain, struct sts_mx_list *came,
    const struct sts_error *err)
{
	calls++;
	ck_assert_str_eq(domain, arg);
	memset(&list, 0, sizeof(list));
	if (came != NULL)
		list = *came;
	else
		error = *err;
	sts_loop_stop(loop);
}

static void
look_up(const char *domain)
{
	static char name[STS_DOMAIN_MAX + 1];

	(void)snprintf(name, sizeof(name), "%s", domain);
	error.rc = STS_OK;
	ck_assert_ptr_nonnull(sts_mxask_start(dns, &config, domain, PATIENCE_MS,
	    list_came, name));
	run();
}

START_TEST(a_list_has_addresses)
{
	look_up("list.test");
	ck_assert_uint_eq(list.count, 6);
	ck_assert_str_eq(list.host[0].name, "far.good.test");
	ck_assert_uint_eq(list.host[0].address_count, 3);
	ck_assert_str_eq(list.host[0].address[0], "2001:db8::1");
	ck_assert_str_eq(list.host[0].address[1], "203.0.113.1");
	ck_assert_str_eq(list.host[0].address[2], "203.0.113.2");
	ck_assert_uint_eq(list.host[3].address_count, 0);
	ck_assert_uint_eq(list.host[5].address_count, STS_MX_ADDRESSES);
	ck_assert_str_eq(list.host[5].address[6], "2001:db8::4");
	ck_assert_str_eq(list.host[5].address[7], "203.0.113.3");
}
END_TEST

START_TEST(other_lists_and_none)
{
	look_up("null.test");
	ck_assert_uint_eq(list.count, 1);
	ck_assert_str_eq(list.host[0].name, "");
	ck_assert(!list.host[0].self);
	look_up("implicit.test");
	ck_assert(list.implicit);
	ck_assert_uint_eq(list.host[0].address_count, 1);
	look_up("nosuch.test");
	ck_assert_int_eq(error.rc, STS_ENODATA);
	look_up("broken.test");
	ck_assert_int_eq(error.rc, STS_EDNS);
}
END_TEST

static void
say_self(const char *value)
{
	char text[100];

	(void)snprintf(text, sizeof(text), "self %s\n", value);
	ck_assert_int_eq(sts_config_parse(&config, "f", text, strlen(text),
			     NULL),
	    STS_OK);
}

/* Which of list.test's hosts are this machine, a digit each. */
static void
expect_self(const char *wanted)
{
	char got[8] = "";
	size_t i;

	look_up("list.test");
	for (i = 0; i < list.count; i++)
		got[i] = list.host[i].self ? '1' : '0';
	ck_assert_str_eq(got, wanted);
}

/* pass.good.test is on loopback. */
START_TEST(sts_56_this_machine_is_known)
{
	expect_self("010000");
	say_self("US.test");
	expect_self("011000");
	say_self("203.0.113.99");
	expect_self("011010");
	say_self("2001:db8::1");
	expect_self("111011");
}
END_TEST

START_TEST(the_name_of_this_machine_is_said)
{
	char name[STS_DOMAIN_MAX + 1], host[256];

	ck_assert_int_eq(gethostname(host, sizeof(host)), 0);
	sts_self_name(&config, name);
	ck_assert_str_eq(name, host);
	say_self("203.0.113.99");
	say_self("US.test");
	say_self("other.test");
	sts_self_name(&config, name);
	ck_assert_str_eq(name, "us.test");
}
END_TEST

/* ---- what is remembered ------------------------------------------------ */

/* More than the file has room for: the newest are there. */
START_TEST(the_newest_stay)
{
	struct sts_probed one = {
		.address = "192.0.2.1", .tls = "TLSv1.3", .reason = "x"
	};
	int there = 0, i;

	for (i = 0; i < 20000; i++) {
		(void)snprintf(one.host, sizeof(one.host), "mx%d.test", i);
		one.at = 1700000000 + i / 100;
		ck_assert_int_eq(sts_probes_put(hurt_dir, &one, NULL), STS_OK);
	}
	for (i = 19000; i < 20000; i++) {
		(void)snprintf(one.host, sizeof(one.host), "mx%d.test", i);
		there += sts_probes_get(hurt_dir, one.host, one.address,
			     1700000199, &probed) == STS_OK;
	}
	ck_assert_int_gt(there, 980);
}
END_TEST

START_TEST(a_hurt_slot_is_empty)
{
	static char text[16 * 1024 * 1024];
	size_t len, at;

	remember(STS_OK, 0);
	len = hurt_get("probed", text, sizeof(text));
	ck_assert_uint_eq(len, sizeof(text));
	for (at = 0; text[at] == '\0'; at++)
		continue;
	text[at + 60] ^= 1;
	hurt_put("probed", text, len);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	hurt_put("probed", text, 10);
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	hurt_remove("probed");
	(void)ask("pass.good.test", "127.0.0.1");
	run();
	expect(STS_OK, "verified");
	ck_assert_int_eq(sts_probes_get(hurt_dir, "pass.good.test", "127.0.0.1",
			     probed.at, &probed),
	    STS_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("prober");
	TCase *tc = tcase_create("loopback");

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_add_unchecked_fixture(tc, mailer_certs, NULL);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_found_is_not_asked_again);
	tcase_add_test(tc, what_is_old_or_ahead_is_asked_again);
	tcase_add_test(tc, a_failure_is_remembered_too);
	tcase_add_test(tc, our_own_fault_is_forgotten);
	tcase_add_test(tc, only_global_and_allowed_addresses_are_connected_to);
	tcase_add_test(tc, without_a_state_it_works_as_well);
	tcase_add_test(tc, equal_questions_share_a_probe);
	tcase_add_test(tc, a_cancelled_question_ends_its_probe);
	tcase_add_loop_test(tc, a_round_ends_with_the_first_that_passes, 0,
	    sizeof(rounds) / sizeof(rounds[0]));
	tcase_add_test(tc, a_round_has_one_deadline);
	tcase_add_test(tc, a_list_has_addresses);
	tcase_add_test(tc, other_lists_and_none);
	tcase_add_test(tc, sts_56_this_machine_is_known);
	tcase_add_test(tc, the_name_of_this_machine_is_said);
	tcase_add_test(tc, the_newest_stay);
	tcase_add_test(tc, a_hurt_slot_is_empty);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
