/* SPDX-License-Identifier: ISC */
/*
 * The module as Exim sees it: what it answers with a state that knows, with
 * none, with a resolver that answers, hangs or lies, and to hostile calls.
 * A shell script plays the resolver; it counts how often it is run.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char state_path[600], config_path[600], program_path[600];
#define STS_MODULE_PATHS                                                       \
	{                                                                      \
		.config = config_path, .state = state_path,                    \
		.program = program_path, .unchecked = true                     \
	}
#include "../../exim/module.c"

#include "report/journal.h"
#include "scratch.h"
#include "sts.h"
#include "suite.h"

static const char policy[] = "version: STSv1\\010mode: %s\\010mx: "
			     "mx1.example.com\\010mx: *.example.net\\010"
			     "max_age: 604800\\010";

static char *top; /* holds the state, the configuration and the program */

static void
write_file(const char *path, const char *text, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	(void)close(fd);
}

/* A script that notes its run and then does TEXT; $5 is the domain. */
static void
set_resolver(const char *text)
{
	char script[8192];

	(void)snprintf(script, sizeof(script),
	    "#!/bin/sh\necho run >>runs\n%s\n", text);
	write_file(program_path, script, 0755);
}

/* An answer for DOMAIN with a policy of MODE, live. */
static void
resolver_says(const char *domain, const char *mode)
{
	char script[4096], text[512];

	(void)snprintf(text, sizeof(text), policy, mode);
	(void)snprintf(script, sizeof(script),
	    "cat <<'END'\npolicy %s answer=policy cause=ok source=live "
	    "stored=0 tlsrpt=1 id=1 expires=1999999999 text=\"%s\" "
	    "reason=\"\"\nEND",
	    domain, text);
	set_resolver(script);
}

static int
runs(void)
{
	char path[700];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/runs", state_path);
	return stat(path, &st) == -1 ? 0 : (int)(st.st_size / 4);
}

static void
setup(void)
{
	top = scratch_of_root();
	(void)snprintf(state_path, sizeof(state_path), "%s/state", top);
	(void)snprintf(config_path, sizeof(config_path), "%s/conf", top);
	(void)snprintf(program_path, sizeof(program_path), "%s/resolve", top);
	ck_assert_int_eq(mkdir(state_path, 0700), 0);
	ck_assert_int_eq(chown(state_path, SCRATCH_UID, SCRATCH_UID), 0);
	write_file(config_path, "timeout 1s\nlog-level error\n", 0644);
	set_resolver("exit 1");
}

static void
teardown(void)
{
	sts_ask_clear(&ask);
	memset(&ask.unkept, 0, sizeof(ask.unkept));
	scratch_free(top);
}

static const char *
call(dlfunc *function, const char *domain)
{
	uschar *argv[] = { (uschar *)(uintptr_t)domain, NULL };
	uschar *yield = NULL;

	ck_assert_int_eq(function(&yield, 1, argv), 0);
	ck_assert_ptr_nonnull(yield);
	return (const char *)yield;
}

#define ck_mode(domain, mode) ck_assert_str_eq(call(sts_mode, domain), mode)

START_TEST(a_live_policy_is_enforced)
{
	resolver_says("example.com", "enforce");
	ck_mode("Example.COM.", "enforce");
	ck_assert_str_eq(call(sts_reject, "example.com"),
	    "^(?!(mx1\\.example\\.com|[^.]+\\.example\\.net)$)");
	ck_assert_ptr_nonnull(strstr(call(sts_reason, "example.com"),
	    "example.com"));
	ck_assert_int_eq(runs(), 1);
}
END_TEST

static const struct {
	const char *mx, *pattern;
} patterns[] = {
	{ "mx: 192.0.2.1\\010mx: mx.example", "^(?!(mx\\.example)$)" },
	{ "mx: 192.0.2.1", "*" },
	{ "mx: MX-1.example", "^(?!(mx-1\\.example)$)" },
	{ "mx: *.a.example", "^(?!([^.]+\\.a\\.example)$)" },
};

START_TEST(only_names_are_permitted)
{
	char script[1024];

	(void)snprintf(script, sizeof(script),
	    "cat <<'END'\npolicy example.com answer=policy cause=ok source=live "
	    "stored=0 tlsrpt=1 id=1 expires=1999999999 text=\"version: "
	    "STSv1\\010mode: enforce\\010%s\\010max_age: 1\\010\" "
	    "reason=\"\"\nEND",
	    patterns[_i].mx);
	set_resolver(script);
	ck_mode("example.com", "enforce");
	ck_assert_str_eq(call(sts_reject, "example.com"), patterns[_i].pattern);
}
END_TEST

/* PCRE2 takes no more, and Exim dies of what PCRE2 does not take. */
START_TEST(a_policy_too_long_for_a_pattern_rejects_all)
{
	char script[1024];

	(void)snprintf(script, sizeof(script),
	    "mx=$(i=0; while [ $i -lt 1000 ]; do i=$((i + 1));"
	    " printf 'mx: host%%s.long.example.net\\\\010' $i; done)\n"
	    "printf '%%s%%s%%s\\n' 'policy example.com answer=policy cause=ok "
	    "source=live stored=0 tlsrpt=1 id=1 expires=1999999999 "
	    "text=\"version: STSv1\\010mode: enforce\\010' \"$mx\" "
	    "'max_age: 1\\010\" reason=\"\"'");
	set_resolver(script);
	ck_mode("example.com", "enforce");
	ck_assert_str_eq(call(sts_reject, "example.com"), "*");
}
END_TEST

START_TEST(testing_and_none_are_told)
{
	resolver_says("example.com", "testing");
	ck_mode("example.com", "testing");
	ck_assert_str_eq(call(sts_reject, "example.com"), "*");
	resolver_says("example.net", "none");
	ck_mode("example.net", "none");
}
END_TEST

#define OTHERS                                                                 \
	"policy example.net answer=none cause=ok source=live stored=0 "        \
	"tlsrpt=0 reason=\\\"\\\""

static const char *const bad_resolvers[] = { "exit 1", "kill -9 $$", "sleep 30",
	"echo garbage", "printf 'policy example.com'", "echo \"" OTHERS "\"",
	"yes" };

START_TEST(without_an_answer_mail_waits)
{
	set_resolver(bad_resolvers[_i]);
	ck_mode("example.com", "defer");
	ck_assert_str_eq(call(sts_reject, "example.com"), "*");
	ck_assert_uint_gt(strlen(call(sts_reason, "example.com")), 10);
	ck_mode("example.com", "defer");
	ck_assert_int_le(runs(), 1);
}
END_TEST

START_TEST(unknown_by_dns_is_no_fault_of_ours)
{
	write_file(config_path, "on-dns-error defer\n", 0644);
	set_resolver("echo 'policy example.com answer=unknown cause=dns "
		     "source=live stored=0 tlsrpt=0 reason=\"SERVFAIL\"'");
	ck_mode("example.com", "unknown");
	ck_assert_str_eq(call(sts_reject, "example.com"), "*");
}
END_TEST

START_TEST(without_a_state_mail_waits)
{
	resolver_says("example.com", "enforce");
	ck_assert_int_eq(rmdir(state_path), 0);
	ck_mode("example.com", "defer");
	ck_assert_str_eq(call(sts_reject, "example.com"), "*");
}
END_TEST

START_TEST(a_state_of_root_means_that_mail_waits)
{
	resolver_says("example.com", "none");
	ck_assert_int_eq(chown(state_path, 0, 0), 0);
	ck_mode("example.com", "defer");
	ck_assert_int_eq(runs(), 0);
}
END_TEST

START_TEST(with_a_bad_configuration_mail_waits)
{
	write_file(config_path, "timeuot 1s\n", 0644);
	ck_mode("example.com", "defer");
	ck_assert_ptr_nonnull(strstr(call(sts_reason, "example.com"), "conf"));
}
END_TEST

START_TEST(rules_hold_without_a_policy)
{
	write_file(config_path,
	    "require any.example\nrequire one.example mx *.one.example\n"
	    "excuse bad.example until 2099-01-01 reason \"x\"\n",
	    0644);
	set_resolver("echo \"policy $5 answer=none cause=ok source=live "
		     "stored=0 tlsrpt=0 reason=\\\"\\\"\"");
	ck_mode("any.example", "enforce");
	ck_assert_str_eq(call(sts_reject, "any.example"), "^$");
	ck_mode("one.example", "enforce");
	ck_assert_str_eq(call(sts_reject, "one.example"),
	    "^(?!([^.]+\\.one\\.example)$)");
	ck_mode("bad.example", "none");
}
END_TEST

static const char *const junk[] = { "[192.0.2.1]", "192.0.2.1", "a b", "a\nb",
	"-x.example", "$domain", "}{", "b\303\274cher.example", "..", "." };

START_TEST(junk_has_no_policy)
{
	ck_mode(junk[_i], "none");
	ck_assert_str_eq(call(sts_reject, junk[_i]), "*");
	ck_assert_uint_gt(strlen(call(sts_reason, junk[_i])), 10);
	ck_assert_int_eq(runs(), 0);
}
END_TEST

START_TEST(hostile_calls_return_ok)
{
	dlfunc *const all[] = { sts_mode, sts_reject, sts_reason, sts_pass,
		sts_event };
	static char big[200000];
	uschar *nothing[] = { NULL }, *argv[20], *yield;
	size_t f;
	int i;

	memset(big, 'a', sizeof(big) - 1);
	for (i = 0; i < 20; i++)
		argv[i] = (uschar *)big;
	for (f = 0; f < sizeof(all) / sizeof(all[0]); f++) {
		yield = NULL;
		ck_assert_int_eq(all[f](&yield, 0, nothing), 0);
		ck_assert_ptr_nonnull(yield);
		ck_assert_int_eq(all[f](&yield, 0, NULL), 0);
		ck_assert_int_eq(all[f](&yield, 1, nothing), 0);
		for (i = 1; i < 20; i++)
			ck_assert_int_eq(all[f](&yield, i, argv), 0);
	}
	ck_assert_str_eq((char *)yield, "");
	ck_mode("", "defer");
	ck_mode(big, "defer");
}
END_TEST

START_TEST(a_message_passes_with_all_six_arguments)
{
	const char *text[] = { "me@here.example", "you@there.example", "0",
		"local", "@", " No", "" };
	uschar *argv[7], *yield = NULL;
	int i;

	for (i = 0; i < 7; i++)
		argv[i] = (uschar *)(uintptr_t)text[i];
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(sts_pass(&yield, 6, argv), 0);
		ck_assert_str_eq((char *)yield,
		    i == 0 ? "" : "tls-required-no");
		ck_assert_int_eq(sts_pass(&yield, 5, argv), 0);
		ck_assert_str_eq((char *)yield, "");
		ck_assert_int_eq(sts_pass(&yield, 7, argv), 0);
		ck_assert_str_eq((char *)yield, "");
		sts_ask_clear(&ask);
		write_file(config_path, "tls-required-no yes\n", 0644);
	}
	sts_ask_clear(&ask);
	write_file(config_path, "tls-required-no maybe\n", 0644);
	ck_assert_int_eq(sts_pass(&yield, 6, argv), 0);
	ck_assert_str_eq((char *)yield, "");
}
END_TEST

START_TEST(a_forked_process_knows_what_its_parent_did)
{
	struct sts *sts;
	int status;
	pid_t pid;

	resolver_says("example.com", "enforce");
	ck_mode("example.com", "enforce");
	sts = sts_ask_open(&ask, NULL);
	ck_assert_ptr_eq(sts_ask_open(&ask, NULL), sts);
	pid = fork();
	if (pid == 0) {
		ck_mode("example.com", "enforce");
		_exit(runs() == 1 && sts_ask_open(&ask, NULL) != sts ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(more_domains_than_are_remembered)
{
	char domain[64];
	int i;

	set_resolver("echo \"policy $5 answer=none cause=ok source=live "
		     "stored=0 tlsrpt=0 reason=\\\"\\\"\"");
	for (i = 0; i < 2 * STS_ASK_REMEMBERED; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d.example", i);
		ck_mode(domain, "none");
	}
	ck_mode("d0.example", "none");
	ck_assert_int_eq(runs(), 2 * STS_ASK_REMEMBERED + 1);
}
END_TEST

/* ---- events -------------------------------------------------------------- */

static void
event(const char *where, const char *name, const char *data, const char *host,
    const char *facts)
{
	const char *text[] = { where, name, data, "example.com", host,
		"203.0.113.9", facts };
	uschar *argv[ARGUMENTS], *yield = NULL;
	int i;

	for (i = 0; i < ARGUMENTS; i++)
		argv[i] = (uschar *)(uintptr_t)text[i];
	ck_assert_int_eq(sts_event(&yield, ARGUMENTS, argv), 0);
	ck_assert_str_eq((char *)yield, "");
}

static int records; /* of the day that was read last */

static bool
take(void *arg, const struct sts_session *got)
{
	*(struct sts_session *)arg = *got;
	records++;
	return true;
}

static bool
take_day(void *arg, const char *day)
{
	memcpy(arg, day, strlen(day) + 1);
	return true;
}

/* The last record in the journal; false when there is none. */
static bool
journal(struct sts_session *got)
{
	char day[32] = "";
	struct sts_dir *dir;
	size_t skipped;

	ck_assert_int_eq(sts_dir_open(state_path, STS_DIR_READ, &dir, NULL),
	    STS_OK);
	if (sts_journal_days(dir, take_day, day, NULL) == STS_OK &&
	    day[0] != '\0')
		ck_assert_int_eq(sts_journal_each(dir, day, take, got, &skipped,
				     NULL),
		    STS_OK);
	sts_dir_free(dir);
	return day[0] != '\0';
}

#define CLEAR "cipher= cv=0 dane=no ip=192.0.2.1 na= san="
#define GOOD  "cipher=X cv=1 dane=no ip=192.0.2.1 na=1999999999 san=x"

/* The state's layout, as the resolver leaves it. */
static void
lay_out(void)
{
	struct sts_state *state;

	ck_assert_int_eq(sts_state_open(state_path, STS_DIR_WRITE, &state,
			     NULL),
	    STS_OK);
	sts_state_free(state);
}

static void
connect_with_tls(const char *where, const char *host)
{
	event(where, "tcp:connect", "", host, CLEAR);
	event(where, "smtp:connect", "220 hi", host, CLEAR);
	event(where, "smtp:ehlo", "250 STARTTLS", host, CLEAR);
	event(where, "smtp:ehlo", "250 hi", host, GOOD);
	event(where, "tcp:close", "", host, GOOD);
}

START_TEST(a_session_is_recorded_with_its_policy)
{
	struct sts_session got;

	lay_out();
	resolver_says("example.com", "enforce");
	ck_mode("example.com", "enforce");
	connect_with_tls("sts", "mx1.example.com");
	ck_assert(journal(&got));
	ck_assert_int_eq((int)got.result, STS_SESSION_SUCCESS);
	ck_assert_int_eq((int)got.type, STS_TYPE_STS);
	ck_assert_int_eq((int)got.mode, STS_MODE_ENFORCE);
	ck_assert_uint_ne(got.policy_hash, 0);
	ck_assert_str_eq(got.mx, "mx1.example.com");
	ck_assert_str_eq(got.mx_address, "203.0.113.9");
	ck_assert_str_eq(got.our_address, "192.0.2.1");
	ck_assert_str_eq(got.mta, "exim");
}
END_TEST

START_TEST(testing_tells_of_hosts_outside_the_policy)
{
	struct sts_session got;

	lay_out();
	resolver_says("example.com", "testing");
	ck_mode("example.com", "testing");
	connect_with_tls("plain", "mx.evil.example");
	ck_assert(journal(&got));
	ck_assert_int_eq((int)got.result, STS_SESSION_VALIDATION_FAILURE);
	ck_assert_str_eq(got.reason, "MX host not in policy");
	connect_with_tls("plain", "a.example.net");
	ck_assert(journal(&got));
	ck_assert_int_eq((int)got.result, STS_SESSION_SUCCESS);
}
END_TEST

/* The resolver's answer for a domain without a policy, reports wanted or not.
 */
static void
resolver_says_none(int tlsrpt)
{
	char script[256];

	(void)snprintf(script, sizeof(script),
	    "echo 'policy example.com answer=none cause=ok source=live "
	    "stored=0 tlsrpt=%d reason=\"\"'",
	    tlsrpt);
	set_resolver(script);
}

#define EXPIRED "cipher=X cv=0 dane=no ip=192.0.2.1 na=1 san=x"

/* Without a policy nobody asked for a certificate; TLS is TLS. */
START_TEST(rpt_16_24_without_a_policy_any_tls_will_do)
{
	struct sts_session got;

	lay_out();
	resolver_says_none(1);
	ck_mode("example.com", "none");
	event("plain", "tcp:connect", "", "mx.example.com", CLEAR);
	event("plain", "smtp:connect", "220 hi", "mx.example.com", CLEAR);
	event("plain", "smtp:ehlo", "250 STARTTLS", "mx.example.com", CLEAR);
	event("plain", "smtp:ehlo", "250 hi", "mx.example.com", EXPIRED);
	ck_assert(journal(&got));
	ck_assert_int_eq((int)got.type, STS_TYPE_NO_POLICY);
	ck_assert_int_eq((int)got.result, STS_SESSION_SUCCESS);
	event("plain", "tcp:connect", "", "mx.example.com", CLEAR);
	event("plain", "smtp:connect", "220 hi", "mx.example.com", CLEAR);
	event("plain", "smtp:ehlo", "250 hi", "mx.example.com", CLEAR);
	event("plain", "tcp:close", "", "mx.example.com", CLEAR);
	event("plain", "tcp:connect", "", "mx.example.com", CLEAR);
	ck_assert(journal(&got));
	ck_assert_int_eq((int)got.result, STS_SESSION_STARTTLS_NOT_SUPPORTED);
}
END_TEST

START_TEST(who_was_not_asked_about_is_not_told)
{
	struct sts_session got;

	lay_out();
	resolver_says("example.com", "testing");
	ck_assert_str_eq(call(sts_told, "example.com"), "");
	connect_with_tls("plain", "mx1.example.com"); /* a smarthost, say */
	ck_assert(!journal(&got));
	ck_mode("example.com", "testing");
	ck_assert_str_eq(call(sts_told, "example.com"), "yes");
	ck_assert_str_eq(call(sts_told, ""), "");
	connect_with_tls("plain", "mx1.example.com");
	ck_assert(journal(&got));
}
END_TEST

START_TEST(a_refusal_is_recorded_once)
{
	struct sts_session got = { 0 };

	lay_out();
	resolver_says("example.com", "enforce");
	(void)call(sts_reason, "example.com");
	(void)call(sts_reason, "example.com");
	ck_assert(journal(&got));
	ck_assert_int_eq(records, 1);
	ck_assert_int_eq((int)got.result, STS_SESSION_VALIDATION_FAILURE);
	ck_assert_str_eq(got.mx, "");
}
END_TEST

/* All records in the journal, "type mode result mx" each on a line. */
static char told[4096];

static bool
tell(void *arg, const struct sts_session *got)
{
	size_t len = strlen(told);

	(void)arg;
	(void)snprintf(told + len, sizeof(told) - len, "%s %s %s %s\n",
	    sts_policy_type_name(got->type), sts_mode_name(got->mode),
	    sts_session_result_name(got->result), got->mx);
	ck_assert_str_eq(got->domain, "example.com");
	ck_assert_int_eq(got->policy_hash != 0, got->type == STS_TYPE_STS);
	return true;
}

static const char *
all_told(void)
{
	char day[32] = "";
	struct sts_dir *dir;
	size_t skipped;

	told[0] = '\0';
	ck_assert_int_eq(sts_dir_open(state_path, STS_DIR_READ, &dir, NULL),
	    STS_OK);
	if (sts_journal_days(dir, take_day, day, NULL) == STS_OK &&
	    day[0] != '\0')
		ck_assert_int_eq(sts_journal_each(dir, day, tell, NULL,
				     &skipped, NULL),
		    STS_OK);
	sts_dir_free(dir);
	return told;
}

#define NAMELESS "sts enforce validation-failure \n"
#define LONG                                                                   \
	"a.long.label.a.long.label.a.long.label.a.long.label.a.long.label."    \
	"a.long.label.a.long.label.a.long.label.a.long.label.a.long.label."

static const struct {
	const char *hosts, *told;
	const char *named; /* in the sentence */
} refusals[] = {
	{ "", NAMELESS, "example.com" },
	{ "mx.evil.example", "sts enforce validation-failure mx.evil.example\n",
	    "mx.evil.example" },
	{ "MX.Evil.Example.\nmx.evil.example\nb.example\n",
	    "sts enforce validation-failure mx.evil.example\n"
	    "sts enforce validation-failure b.example\n",
	    "mx.evil.example" },
	/* Permitted, but of no use for another reason. */
	{ "mx1.example.com\na.example.net", "", "example.com" },
	{ "mx1.example.com\nx.a.example.net",
	    "sts enforce validation-failure x.a.example.net\n",
	    "x.a.example.net" },
	{ "192.0.2.1\n.\n\n a b\n${x}\n\x01\n" LONG LONG LONG, NAMELESS,
	    "example.com" },
	{ "a${x}.example\nok.example",
	    "sts enforce validation-failure ok.example\n", "ok.example" },
};

START_TEST(a_refusal_names_the_hosts)
{
	const char *text[] = { "example.com", refusals[_i].hosts };
	uschar *argv[2], *yield;
	int i;

	lay_out();
	resolver_says("example.com", "enforce");
	for (i = 0; i < 2; i++)
		argv[i] = (uschar *)(uintptr_t)text[i];
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(sts_reason(&yield, 2, argv), 0);
		ck_assert_ptr_nonnull(strstr((char *)yield, "permits none"));
		ck_assert_ptr_nonnull(strstr((char *)yield,
		    refusals[_i].named));
		ck_assert_ptr_null(strpbrk((char *)yield, "${}\n"));
	}
	ck_assert_str_eq(all_told(), refusals[_i].told);
}
END_TEST

START_TEST(a_refusal_of_many_hosts_is_bounded)
{
	char list[8192] = "", *end;
	const char *line;
	uschar *argv[] = { (uschar *)(uintptr_t) "example.com",
		(uschar *)list };
	uschar *yield;
	int i, lines = 0;

	lay_out();
	resolver_says("example.com", "enforce");
	for (i = 0, end = list; i < 200; i++)
		end += snprintf(end, 32, "mx%d.evil.example\n", i);
	ck_assert_int_eq(sts_reason(&yield, 2, argv), 0);
	for (line = all_told(); *line != '\0'; line++)
		lines += *line == '\n';
	ck_assert_int_eq(lines, 8);
}
END_TEST

#define DANE     "cipher=X cv=1 dane=yes ip=192.0.2.1 na=1999999999 san="
#define TLSA_ONE "tlsa none success "

static const struct {
	const char *mode; /* "": no policy, NULL: and no reports */
	const char *where, *mx, *told;
} dane_sessions[] = {
	{ "enforce", "sts", "mx1.example.com",
	    TLSA_ONE "mx1.example.com\nsts enforce success mx1.example.com\n" },
	{ "testing", "plain", "mx1.example.com",
	    TLSA_ONE "mx1.example.com\nsts testing success mx1.example.com\n" },
	{ "testing", "plain", "mx.evil.example",
	    TLSA_ONE "mx.evil.example\n"
		     "sts testing validation-failure mx.evil.example\n" },
	{ "none", "plain", "mx.evil.example", TLSA_ONE "mx.evil.example\n" },
	{ "", "plain", "mx1.example.com", TLSA_ONE "mx1.example.com\n" },
	{ NULL, "plain", "mx1.example.com", TLSA_ONE "mx1.example.com\n" },
};

START_TEST(dane_and_the_policy_are_two_records)
{
	const char *mode = dane_sessions[_i].mode;
	const char *mx = dane_sessions[_i].mx;
	const char *where = dane_sessions[_i].where;

	lay_out();
	if (mode != NULL && mode[0] != '\0')
		resolver_says("example.com", mode);
	else
		resolver_says_none(mode != NULL);
	(void)call(sts_mode, "example.com");
	event(where, "tcp:connect", "", mx, CLEAR);
	event(where, "smtp:connect", "220 hi", mx, CLEAR);
	event(where, "smtp:ehlo", "250 STARTTLS", mx, CLEAR);
	event(where, "smtp:ehlo", "250 hi", mx, DANE);
	event(where, "tcp:close", "", mx, DANE);
	ck_assert_str_eq(all_told(), dane_sessions[_i].told);
}
END_TEST

START_TEST(dane_that_failed_says_nothing_of_the_policy)
{
	const char *mx = "mx1.example.com";

	lay_out();
	resolver_says("example.com", "enforce");
	(void)call(sts_mode, "example.com");
	event("sts", "tcp:connect", "", mx, CLEAR);
	event("sts", "smtp:connect", "220 hi", mx, CLEAR);
	event("sts", "smtp:ehlo", "250 STARTTLS", mx, CLEAR);
	event("sts", "dane:fail", "validation-failure", mx, CLEAR);
	event("sts", "tcp:close", "", mx, CLEAR);
	event("sts", "msg:host:defer",
	    "TLS session: (certificate verification failed): x", mx, CLEAR);
	ck_assert_str_eq(all_told(),
	    "tlsa none tlsa-invalid mx1.example.com\n");
}
END_TEST

START_TEST(events_never_run_the_resolver)
{
	struct sts_session got;

	lay_out();
	set_resolver("sleep 30");
	connect_with_tls("plain", "mx1.example.com");
	ck_assert_int_eq(runs(), 0);
	ck_assert(!journal(&got)); /* nothing is known of the domain */
}
END_TEST

START_TEST(events_without_a_state_do_nothing)
{
	ck_assert_int_eq(rmdir(state_path), 0);
	connect_with_tls("sts", "mx1.example.com");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("module");
	TCase *tc = tcase_create("module");

	if (geteuid() != 0) {
		puts("SKIPPED: a state directory needs root to be made\n"
		     "0 passed, 0 failed");
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_live_policy_is_enforced);
	tcase_add_loop_test(tc, only_names_are_permitted, 0,
	    sizeof(patterns) / sizeof(patterns[0]));
	tcase_add_test(tc, a_policy_too_long_for_a_pattern_rejects_all);
	tcase_add_test(tc, testing_and_none_are_told);
	tcase_add_loop_test(tc, without_an_answer_mail_waits, 0,
	    sizeof(bad_resolvers) / sizeof(bad_resolvers[0]));
	tcase_add_test(tc, unknown_by_dns_is_no_fault_of_ours);
	tcase_add_test(tc, without_a_state_mail_waits);
	tcase_add_test(tc, a_state_of_root_means_that_mail_waits);
	tcase_add_test(tc, with_a_bad_configuration_mail_waits);
	tcase_add_test(tc, rules_hold_without_a_policy);
	tcase_add_loop_test(tc, junk_has_no_policy, 0,
	    sizeof(junk) / sizeof(junk[0]));
	tcase_add_test(tc, hostile_calls_return_ok);
	tcase_add_test(tc, a_message_passes_with_all_six_arguments);
	tcase_add_test(tc, a_forked_process_knows_what_its_parent_did);
	tcase_add_test(tc, more_domains_than_are_remembered);
	tcase_add_test(tc, a_session_is_recorded_with_its_policy);
	tcase_add_test(tc, testing_tells_of_hosts_outside_the_policy);
	tcase_add_test(tc, rpt_16_24_without_a_policy_any_tls_will_do);
	tcase_add_test(tc, who_was_not_asked_about_is_not_told);
	tcase_add_test(tc, a_refusal_is_recorded_once);
	tcase_add_loop_test(tc, a_refusal_names_the_hosts, 0,
	    sizeof(refusals) / sizeof(refusals[0]));
	tcase_add_test(tc, a_refusal_of_many_hosts_is_bounded);
	tcase_add_loop_test(tc, dane_and_the_policy_are_two_records, 0,
	    sizeof(dane_sessions) / sizeof(dane_sessions[0]));
	tcase_add_test(tc, dane_that_failed_says_nothing_of_the_policy);
	tcase_add_test(tc, events_never_run_the_resolver);
	tcase_add_test(tc, events_without_a_state_do_nothing);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
