/* SPDX-License-Identifier: ISC */
/*
 * From what smtpd reports, the table chooses and a probe finds to the
 * journal, the health of MX hosts and the freshness of a policy, in a real
 * state below /run.
 */
#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../opensmtpd/outbound.h"
#include "policy/probed.h"
#include "report/journal.h"
#include "scratch.h"
#include "suite.h"

#define ADDRESS "198.51.100.11"
#define OTHER   "198.51.100.66"

static char *base, state_path[96];
static struct sts *sts;
static struct sts_state *state;
static struct sts_outbound *outbound;
static struct sts_error err;
static int64_t now;
static char asked[512];    /* "VERB NAME;VERB NAME;" of all questions */
static char journal[2048]; /* "DOMAIN RESULT MX;" of all records */
static bool deaf;          /* the resolver cannot be asked */

static bool
ask(void *arg, enum sts_asker_verb verb, const char *name, int64_t when)
{
	size_t len = strlen(asked);

	ck_assert_ptr_eq(arg, &asked);
	ck_assert_int_eq(when, now);
	(void)snprintf(asked + len, sizeof(asked) - len, "%s %s;",
	    verb == STS_ASKER_MX ? "mx" : "probe", name);
	return !deaf;
}

static void
learn(const char *domain, const char *mode)
{
	struct sts_entry *entry;
	struct sts_known known;
	struct sts_now moment;
	char text[160];

	(void)snprintf(text, sizeof(text),
	    "version: STSv1\nmode: %s\nmx: mx.%s\nmax_age: 604800\n", mode,
	    domain);
	sts_clock_now(&moment);
	sts_state_load(state, domain, &moment, &known);
	ck_assert(sts_entry_new(domain, "id1", text, strlen(text), &moment,
		      &entry, &err) == STS_OK);
	ck_assert(sts_state_learn(state, entry, &known, &moment, &err) ==
		  STS_OK);
	moment.wall -= 120; /* long enough to be doubted */
	ck_assert(sts_state_confirm(state, domain, "id1", true, 3600, &moment,
		      &err) == STS_OK);
	sts_entry_free(entry);
	sts_known_clear(&known);
}

/* DOMAIN has no policy, and wants reports or not. */
static void
learn_none(const char *domain, bool tlsrpt)
{
	struct sts_known known;
	struct sts_now moment;

	sts_clock_now(&moment);
	sts_state_load(state, domain, &moment, &known);
	ck_assert(sts_state_absent(state, &known, domain, tlsrpt, 3600, &moment,
		      &err) == STS_OK);
	sts_known_clear(&known);
}

static int64_t
wall(void)
{
	struct sts_now moment;

	sts_clock_now(&moment);
	return moment.wall;
}

static void
keep_list(const char *domain, const char *host, const char *address)
{
	struct sts_mx_list list = { .until = wall() + 3600, .count = 1 };

	(void)snprintf(list.domain, sizeof(list.domain), "%s", domain);
	(void)snprintf(list.host[0].name, sizeof(list.host[0].name), "%s",
	    host);
	(void)snprintf(list.host[0].address[0], sizeof(list.host[0].address[0]),
	    "%s", address);
	list.host[0].address_count = 1;
	ck_assert(sts_mx_put(sts_state_dir(state), &list, &err) == STS_OK);
}

static bool
failed(const char *domain)
{
	struct sts_mx_list list;

	ck_assert(sts_mx_get(sts_state_dir(state), domain, &list, &err) ==
		  STS_OK);
	return list.host[0].failed != 0;
}

static bool
fresh(const char *domain)
{
	struct sts_result *result;
	bool is;

	ck_assert(sts_lookup(sts, domain, &result, &err) == STS_OK);
	is = sts_result_fresh(result);
	sts_result_free(result);
	return is;
}

static void
setup(void)
{
	const struct sts_outbound_io io = { ask, asked };
	struct sts_options options = { .config = "/dev/null" };

	base = scratch_of_root();
	(void)snprintf(state_path, sizeof(state_path), "%s/state", base);
	ck_assert_int_eq(mkdir(state_path, 0700), 0);
	ck_assert_int_eq(chown(state_path, SCRATCH_UID, SCRATCH_UID), 0);
	options.state = state_path;
	ck_assert(sts_state_open(state_path, STS_DIR_WRITE, &state, &err) ==
		  STS_OK);
	ck_assert(sts_new(&options, &sts, &err) == STS_OK);
	ck_assert(sts_outbound_new(sts, &io, &outbound, &err) == STS_OK);
	now = 1000000;
	asked[0] = '\0';
	deaf = false;
	learn("enforce.example", "enforce");
	learn("testing.example", "testing");
	learn("none.example", "none");
	learn_none("plain.example", true);
	learn_none("silent.example", false);
}

static void
teardown(void)
{
	sts_outbound_free(outbound);
	sts_free(sts);
	sts_state_free(state);
	scratch_free(base);
}

/* ---- what is told ----------------------------------------------------------- */

static void
report(const char *event)
{
	size_t name = strcspn(event, "|");
	struct sts_smtpd_event parsed;
	char line[512];
	int len;

	len = snprintf(line, sizeof(line),
	    "report|0.7|1795430400.5|smtp-out|%.*s|00000000000000a1%s",
	    (int)name, event, event + name);
	ck_assert(sts_smtpd_parse(line, (size_t)len, &parsed, &err) == STS_OK);
	sts_outbound_event(outbound, &parsed, now);
}

enum ending {
	REFUSED,     /* no connection */
	UNWELCOME,   /* no greeting */
	CLEAR,       /* no STARTTLS, and no mail */
	BROKEN,      /* TLS failed, and no mail */
	SECURE,      /* mail over TLS */
	CLEAR_MAIL,  /* mail, no STARTTLS */
	BROKEN_MAIL, /* mail in clear after TLS failed */
};

static void
connect_to(const char *address)
{
	char line[128];

	(void)snprintf(line, sizeof(line),
	    "link-connect|x|pass|192.0.2.9:40112|%s:25", address);
	report(line);
}

static void
converse(enum ending ending)
{
	report("protocol-server|220 x");
	report("protocol-client|EHLO y");
	report("protocol-server|250 STARTTLS");
	if (ending == CLEAR || ending == CLEAR_MAIL)
		return;
	report("protocol-client|STARTTLS");
	report("protocol-server|220 Go");
	if (ending == SECURE)
		report("protocol-client|EHLO y");
	if (ending == BROKEN_MAIL) {
		connect_to(ADDRESS);
		converse(CLEAR_MAIL);
	}
}

static void
session(const char *domain, const char *address, enum ending ending)
{
	char line[300];

	if (ending != REFUSED)
		connect_to(address);
	if (ending > UNWELCOME)
		converse(ending);
	if (ending >= SECURE) {
		report("protocol-client|MAIL FROM:<a@y>");
		(void)snprintf(line, sizeof(line),
		    "protocol-client|RCPT TO:<b@%s>", domain);
		report(line);
		report(line);
	}
	report("link-disconnect");
}

/* The answer to a probe; DOMAIN's host at ADDRESS. */
static char *
probed(const char *domain, enum sts_rc rc, const char *address, int64_t at)
{
	static char text[1024];
	struct sts_probed line = { .result = rc, .at = at };
	struct sts_buf buf;

	(void)snprintf(line.host, sizeof(line.host), "mx.%s", domain);
	(void)snprintf(line.address, sizeof(line.address), "%s", address);
	(void)snprintf(line.reason, sizeof(line.reason), "because");
	sts_buf_init(&buf, sizeof(text));
	ck_assert(sts_probed_format(&line, &buf) == STS_OK);
	memcpy(text, buf.data, buf.len + 1);
	sts_buf_clear(&buf);
	return text;
}

static void
answer(enum sts_asker_verb verb, const char *name, const char *line)
{
	sts_outbound_answered(outbound, verb, name, line,
	    line == NULL ? 0 : strlen(line), now);
}

/* ---- what came of it -------------------------------------------------------- */

static bool
each_session(void *arg, const struct sts_session *record)
{
	size_t len = strlen(journal);

	(void)arg;
	ck_assert_str_eq(record->mta, "opensmtpd");
	(void)snprintf(journal + len, sizeof(journal) - len, "%s %s %s;",
	    record->domain, sts_session_result_name(record->result),
	    record->mx);
	return true;
}

static bool
each_day(void *arg, const char *day)
{
	size_t skipped;

	(void)arg;
	ck_assert(sts_journal_each(sts_state_dir(state), day, each_session,
		      NULL, &skipped, &err) == STS_OK);
	return true;
}

static const char *
recorded(void)
{
	journal[0] = '\0';
	ck_assert(sts_journal_days(sts_state_dir(state), each_day, NULL,
		      &err) == STS_OK);
	return journal;
}

/* ---- without a probe --------------------------------------------------------- */

#define HOST "mx.enforce.example"

/* clang-format off */
static const struct {
	const char *rule;
	const char *domain;
	bool chosen;
	enum ending ending;
	const char *expect;
	bool fails, doubts;
} plain[] = {
	{ "verified", "enforce.example", true, SECURE,
	    "enforce.example success " HOST ";", false, false },
	{ "no STARTTLS", "enforce.example", true, CLEAR,
	    "enforce.example starttls-not-supported " HOST ";", true, true },
	{ "no greeting", "enforce.example", true, UNWELCOME, "", true, false },
	{ "testing, no STARTTLS", "testing.example", false, CLEAR_MAIL,
	    "testing.example starttls-not-supported mx.testing.example;",
	    false, false },
	{ "mode none tells of success", "none.example", false, SECURE,
	    "none.example success ;", false, false },
	{ "and of nothing else", "none.example", false, CLEAR_MAIL, "", false,
	    false },
	{ "no policy", "plain.example", false, SECURE,
	    "plain.example success ;", false, false },
	{ "no policy, no STARTTLS", "plain.example", false, CLEAR_MAIL,
	    "plain.example starttls-not-supported mx.plain.example;", false,
	    false },
	{ "no policy, TLS failed", "plain.example", false, BROKEN_MAIL,
	    "plain.example validation-failure mx.plain.example;", false,
	    false },
	{ "nobody asked", "silent.example", false, SECURE, "", false, false },
	{ "nobody knows", "unknown.example", false, SECURE, "", false, false },
};
/* clang-format on */

START_TEST(smtpd_alone_tells)
{
	const char *domain = plain[_i].domain;
	char host[64];

	(void)snprintf(host, sizeof(host), "mx.%s", domain);
	keep_list(domain, host, ADDRESS);
	if (plain[_i].chosen)
		sts_outbound_chosen(outbound, domain, host, now);
	session(domain, ADDRESS, plain[_i].ending);
	ck_assert_str_eq(asked, "");
	ck_assert_msg(strcmp(recorded(), plain[_i].expect) == 0, "%s: \"%s\"",
	    plain[_i].rule, journal);
	ck_assert(failed(domain) == plain[_i].fails);
	if (plain[_i].chosen)
		ck_assert(fresh(domain) == !plain[_i].doubts);
}
END_TEST

/* ---- with one ------------------------------------------------------------------ */

static const struct {
	enum sts_rc rc;
	const char *failed, *passed; /* what smtpd met, checked or not */
} probes[] = {
	{ STS_OK, "validation-failure", "success" },
	{ STS_ESTARTTLS, "starttls-not-supported", "success" },
	{ STS_ECERTNAME, "certificate-host-mismatch",
	    "certificate-host-mismatch" },
	{ STS_ECERTDATE, "certificate-expired", "certificate-expired" },
	{ STS_ECERTTRUST, "certificate-not-trusted",
	    "certificate-not-trusted" },
	{ STS_ETLS, "validation-failure", "validation-failure" },
	{ STS_EUNREACHABLE, "validation-failure", "success" },
	{ STS_ELOCAL, "validation-failure", "success" },
};

START_TEST(a_probe_tells_why_tls_failed)
{
	char expect[128];

	keep_list("enforce.example", HOST, ADDRESS);
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	session("enforce.example", ADDRESS, BROKEN);
	ck_assert_str_eq(asked, "probe " HOST " " ADDRESS ";");
	ck_assert(failed("enforce.example"));
	ck_assert(!fresh("enforce.example"));
	ck_assert_str_eq(recorded(), "");
	answer(STS_ASKER_PROBE, HOST " " ADDRESS,
	    probed("enforce.example", probes[_i].rc, ADDRESS, 1));
	(void)snprintf(expect, sizeof(expect), "enforce.example %s " HOST ";",
	    probes[_i].failed);
	ck_assert_str_eq(recorded(), expect);
}
END_TEST

START_TEST(a_probe_tells_what_testing_would_have_met)
{
	char expect[128];

	keep_list("testing.example", "mx.testing.example", ADDRESS);
	session("testing.example", ADDRESS, SECURE);
	ck_assert_str_eq(asked, "probe mx.testing.example " ADDRESS ";");
	answer(STS_ASKER_PROBE, "mx.testing.example " ADDRESS,
	    probed("testing.example", probes[_i].rc, ADDRESS, 1));
	(void)snprintf(expect, sizeof(expect),
	    "testing.example %s mx.testing.example;", probes[_i].passed);
	ck_assert_str_eq(recorded(), expect);
	ck_assert(!failed("testing.example"));
	ck_assert(fresh("testing.example"));
}
END_TEST

START_TEST(a_probe_elsewhere_tells_nothing)
{
	keep_list("testing.example", "mx.testing.example", ADDRESS);
	session("testing.example", ADDRESS, SECURE);
	answer(STS_ASKER_PROBE, "mx.testing.example " ADDRESS,
	    probed("testing.example", STS_ECERTNAME, OTHER, 1));
	ck_assert_str_eq(recorded(),
	    "testing.example success mx.testing.example;");
}
END_TEST

START_TEST(without_an_answer_smtpd_has_the_last_word)
{
	keep_list("testing.example", "mx.testing.example", ADDRESS);
	session("testing.example", ADDRESS, BROKEN_MAIL);
	answer(STS_ASKER_PROBE, "mx.testing.example " ADDRESS, NULL);
	ck_assert_str_eq(recorded(),
	    "testing.example validation-failure mx.testing.example;");
	deaf = true;
	session("testing.example", ADDRESS, SECURE);
	ck_assert_str_eq(recorded(),
	    "testing.example validation-failure mx.testing.example;"
	    "testing.example success mx.testing.example;");
}
END_TEST

START_TEST(the_end_records_what_waits)
{
	const struct sts_outbound_io io = { ask, asked };

	keep_list("testing.example", "mx.testing.example", ADDRESS);
	session("testing.example", ADDRESS, SECURE);
	ck_assert_str_eq(recorded(), "");
	sts_outbound_free(outbound);
	ck_assert(sts_outbound_new(sts, &io, &outbound, &err) == STS_OK);
	ck_assert_str_eq(recorded(),
	    "testing.example success mx.testing.example;");
}
END_TEST

/* ---- MX lists ------------------------------------------------------------------- */

START_TEST(a_host_outside_the_policy_is_a_failure)
{
	keep_list("testing.example", "mx.elsewhere.example", ADDRESS);
	session("testing.example", ADDRESS, SECURE);
	ck_assert_str_eq(asked, "");
	ck_assert_str_eq(recorded(),
	    "testing.example validation-failure mx.elsewhere.example;");
}
END_TEST

START_TEST(a_list_that_is_missing_is_asked_for)
{
	session("testing.example", ADDRESS, SECURE);
	ck_assert_str_eq(asked, "mx testing.example;");
	keep_list("testing.example", "mx.testing.example", ADDRESS);
	answer(STS_ASKER_MX, "testing.example", "mx testing.example");
	ck_assert_str_eq(asked,
	    "mx testing.example;probe mx.testing.example " ADDRESS ";");
	answer(STS_ASKER_PROBE, "mx.testing.example " ADDRESS,
	    probed("testing.example", STS_ECERTNAME, ADDRESS, 1));
	ck_assert_str_eq(recorded(), "testing.example "
				     "certificate-host-mismatch "
				     "mx.testing.example;");
}
END_TEST

START_TEST(an_address_of_no_host_is_recorded_without)
{
	keep_list("testing.example", "mx.testing.example", OTHER);
	session("testing.example", ADDRESS, SECURE);
	ck_assert_str_eq(asked, "");
	ck_assert_str_eq(recorded(), "testing.example success ;");
}
END_TEST

START_TEST(what_works_again_has_not_failed)
{
	keep_list("enforce.example", HOST, ADDRESS);
	ck_assert(sts_mx_fail(sts_state_dir(state), "enforce.example", HOST,
		      wall(), &err) == STS_OK);
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	session("enforce.example", ADDRESS, SECURE);
	ck_assert(!failed("enforce.example"));
}
END_TEST

/* The policy came after the mail had been accepted: smtpd verifies nothing. */
START_TEST(an_enforced_domain_on_the_plain_way_is_looked_at)
{
	keep_list("enforce.example", HOST, ADDRESS);
	session("enforce.example", ADDRESS, SECURE);
	ck_assert_str_eq(asked, "probe " HOST " " ADDRESS ";");
}
END_TEST

/* ---- who could not be reached ----------------------------------------------------- */

START_TEST(suspects_are_probed_when_time_has_passed)
{
	keep_list("enforce.example", HOST, ADDRESS);
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	ck_assert(!sts_outbound_busy(outbound));
	session("", "", REFUSED);
	ck_assert(sts_outbound_busy(outbound));
	now += 1000;
	sts_outbound_tick(outbound, now);
	ck_assert_str_eq(asked, "");
	now += 30000;
	sts_outbound_tick(outbound, now);
	ck_assert_str_eq(asked, "probe " HOST ";");
	ck_assert(!failed("enforce.example"));
	ck_assert(!sts_outbound_busy(outbound));
	answer(STS_ASKER_PROBE, HOST,
	    probed("enforce.example", STS_EUNREACHABLE, "", wall()));
	ck_assert(failed("enforce.example"));
	ck_assert_str_eq(recorded(), "");
	ck_assert(fresh("enforce.example"));
}
END_TEST

START_TEST(a_suspect_is_cleared_by_a_young_probe_only)
{
	bool young = _i == 1;

	keep_list("enforce.example", HOST, ADDRESS);
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	session("", "", REFUSED);
	now += 30000;
	sts_outbound_tick(outbound, now);
	answer(STS_ASKER_PROBE, HOST,
	    probed("enforce.example", STS_OK, ADDRESS,
		young ? wall() : wall() - 60));
	ck_assert(failed("enforce.example") == !young);
}
END_TEST

START_TEST(what_was_heard_of_is_no_suspect)
{
	keep_list("enforce.example", HOST, ADDRESS);
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	session("", "", REFUSED);
	session("enforce.example", ADDRESS, SECURE);
	now += 30000;
	sts_outbound_tick(outbound, now);
	ck_assert_str_eq(asked, "");
	ck_assert(!failed("enforce.example"));
}
END_TEST

/* Where somebody is down all the time, others are found out nevertheless. */
START_TEST(suspicion_does_not_wait_for_calm)
{
	int i;

	keep_list("enforce.example", HOST, ADDRESS);
	session("", "", REFUSED);
	now += 1;
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	for (i = 0; i < 40; i++) {
		session("", "", REFUSED);
		now += 1000;
		sts_outbound_tick(outbound, now);
	}
	ck_assert_str_eq(asked, "probe " HOST ";");
}
END_TEST

START_TEST(a_suspect_that_cannot_be_probed_is_passed_over)
{
	deaf = true;
	keep_list("enforce.example", HOST, ADDRESS);
	sts_outbound_chosen(outbound, "enforce.example", HOST, now);
	session("", "", REFUSED);
	now += 30000;
	sts_outbound_tick(outbound, now);
	ck_assert(failed("enforce.example"));
}
END_TEST

/* ---- what a probe kept smtpd from -------------------------------------------------- */

/* An inquiry's probe of HOST, "" for all of them. */
static void
learn_probe(const char *host, enum sts_rc rc)
{
	struct sts_probed line = { .result = rc };

	(void)snprintf(line.host, sizeof(line.host), "%s", host);
	(void)snprintf(line.address, sizeof(line.address), ADDRESS);
	sts_outbound_learned(outbound, "enforce.example", &line, now);
}

START_TEST(a_probe_that_failed_is_a_session_once)
{
	learn_probe(HOST, STS_ECERTDATE);
	now += STS_OUTBOUND_REPEAT - 1;
	learn_probe(HOST, STS_ECERTDATE);
	ck_assert_str_eq(recorded(),
	    "enforce.example certificate-expired " HOST ";");
	now += 1;
	learn_probe(HOST, STS_ECERTDATE);
	ck_assert_str_eq(recorded(),
	    "enforce.example certificate-expired " HOST ";"
	    "enforce.example certificate-expired " HOST ";");
}
END_TEST

START_TEST(a_probe_that_says_nothing_of_tls_is_none)
{
	learn_probe(HOST, STS_OK);
	learn_probe(HOST, STS_EUNREACHABLE);
	learn_probe(HOST, STS_ELOCAL);
	ck_assert_str_eq(recorded(), "");
	learn_probe(HOST, STS_ECERTDATE);
	ck_assert_str_eq(recorded(),
	    "enforce.example certificate-expired " HOST ";");
}
END_TEST

START_TEST(a_domain_without_permitted_host_fails)
{
	learn_probe("", STS_EMXPOLICY);
	learn_probe("", STS_EMXPOLICY);
	ck_assert_str_eq(recorded(), "enforce.example validation-failure ;");
	ck_assert(!fresh("enforce.example"));
}
END_TEST

/* COUNT hosts of enforce.example, of which the first is no host's name. */
static void
keep_refused(size_t count)
{
	struct sts_mx_list list = { .until = wall() + 3600, .count = count };
	size_t i;

	(void)snprintf(list.domain, sizeof(list.domain), "enforce.example");
	for (i = 1; i < count; i++)
		(void)snprintf(list.host[i].name, sizeof(list.host[i].name),
		    "mx%zu.evil.example", i);
	ck_assert(sts_mx_put(sts_state_dir(state), &list, &err) == STS_OK);
}

START_TEST(each_host_that_is_refused_is_named)
{
	keep_refused(3);
	learn_probe("", STS_EMXPOLICY);
	learn_probe("", STS_EMXPOLICY);
	ck_assert_str_eq(recorded(),
	    "enforce.example validation-failure mx1.evil.example;"
	    "enforce.example validation-failure mx2.evil.example;");
}
END_TEST

START_TEST(many_that_are_refused_are_not_all_named)
{
	size_t records = 0;
	const char *at;

	keep_refused(STS_MX_LIST_MAX);
	learn_probe("", STS_EMXPOLICY);
	for (at = recorded(); (at = strchr(at, ';')) != NULL; at++)
		records++;
	ck_assert_uint_eq(records, 16);
}
END_TEST

static Suite *
outbound_suite(void)
{
	Suite *suite = suite_create("outbound");
	TCase *tcase = tcase_create("sessions");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, smtpd_alone_tells, 0,
	    (int)(sizeof(plain) / sizeof(plain[0])));
	tcase_add_loop_test(tcase, a_probe_tells_why_tls_failed, 0,
	    (int)(sizeof(probes) / sizeof(probes[0])));
	tcase_add_loop_test(tcase, a_probe_tells_what_testing_would_have_met, 0,
	    (int)(sizeof(probes) / sizeof(probes[0])));
	tcase_add_test(tcase, a_probe_elsewhere_tells_nothing);
	tcase_add_test(tcase, without_an_answer_smtpd_has_the_last_word);
	tcase_add_test(tcase, the_end_records_what_waits);
	tcase_add_test(tcase, a_host_outside_the_policy_is_a_failure);
	tcase_add_test(tcase, a_list_that_is_missing_is_asked_for);
	tcase_add_test(tcase, an_address_of_no_host_is_recorded_without);
	tcase_add_test(tcase, what_works_again_has_not_failed);
	tcase_add_test(tcase, an_enforced_domain_on_the_plain_way_is_looked_at);
	tcase_add_test(tcase, suspects_are_probed_when_time_has_passed);
	tcase_add_loop_test(tcase, a_suspect_is_cleared_by_a_young_probe_only,
	    0, 2);
	tcase_add_test(tcase, what_was_heard_of_is_no_suspect);
	tcase_add_test(tcase, suspicion_does_not_wait_for_calm);
	tcase_add_test(tcase, a_suspect_that_cannot_be_probed_is_passed_over);
	tcase_add_test(tcase, a_probe_that_failed_is_a_session_once);
	tcase_add_test(tcase, a_probe_that_says_nothing_of_tls_is_none);
	tcase_add_test(tcase, a_domain_without_permitted_host_fails);
	tcase_add_test(tcase, each_host_that_is_refused_is_named);
	tcase_add_test(tcase, many_that_are_refused_are_not_all_named);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return suite_run(outbound_suite());
}
