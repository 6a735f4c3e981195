/* SPDX-License-Identifier: ISC */
/*
 * The one line of "query" that says what will happen to mail for a domain and
 * why: a row for each kind of finding.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "command/findings.h"
#include "suite.h"

#define NOW     1763895600 /* 2025-11-23T11:00:00Z */
#define EXPIRES (NOW + 86400)

enum rules {
	NO_RULE,
	REQUIRE, /* any host */
	REQUIRE_A,
	EXCUSE
};

struct row {
	const char *policy; /* mode and mx lines, NULL: none */
	const char *hosts;  /* blank between them, NULL: no list, "-": empty */
	enum sts_answer answer;
	enum sts_rc trouble;
	const char *reason;
	enum rules rules;
	const char *summary; /* behind "x.example: " */
	int64_t expires;
};

#define ENFORCE "mode: enforce\nmx: a.x.example\n"
#define POLICY  STS_ANSWER_POLICY, STS_OK, "fetched"
#define KEPT    "(kept, expires 2025-11-24T11:00:00Z)"

/* clang-format off */
static const struct row rows[] = {
	/* No policy: whatever the cause says. */
	{ NULL, "a.x.example", STS_ANSWER_NONE, STS_ENODATA,
	    "there is no TXT record at _mta-sts", NO_RULE,
	    "no policy, mail passes: there is no TXT record at _mta-sts", 0 },
	{ NULL, "a.x.example", STS_ANSWER_NONE, STS_EFETCH, "WHY", NO_RULE,
	    "no policy, mail passes: WHY", 0 },
	{ NULL, NULL, STS_ANSWER_UNKNOWN, STS_EDNS, "DNS failed (SERVFAIL)",
	    NO_RULE, "cannot tell, mail passes: DNS failed (SERVFAIL)", 0 },
	{ NULL, NULL, STS_ANSWER_UNKNOWN, STS_ELOCAL, "WHY", NO_RULE,
	    "cannot tell, mail waits: WHY", 0 },
	{ NULL, NULL, STS_ANSWER_DAMAGED, STS_EDAMAGED, "WHY", NO_RULE,
	    "cannot tell, mail waits: WHY", 0 },

	/* Each lot of MX hosts. */
	{ ENFORCE, "a.x.example", POLICY, NO_RULE,
	    "enforce, verified TLS demanded: a.x.example", 0 },
	{ ENFORCE, "mx.evil", POLICY, NO_RULE,
	    "enforce, no MX permitted: mx.evil is not a.x.example", 0 },
	{ ENFORCE "mx: *.y.example\n", "mx.evil b.evil c.evil", POLICY,
	    NO_RULE, "enforce, no MX permitted: mx.evil and 2 more are not "
	    "among a.x.example, *.y.example", 0 },
	{ ENFORCE, "a.x.example mx.evil", POLICY, NO_RULE,
	    "enforce, not every MX permitted: mx.evil is not a.x.example", 0 },
	{ ENFORCE, "", POLICY, NO_RULE,
	    "enforce, no mail taken: the domain has a null MX", 0 },
	{ ENFORCE, NULL, POLICY, NO_RULE,
	    "enforce, verified TLS demanded: no list", 0 },
	{ "mode: enforce\nmx: *.y\n", "1.y 2.y 3.y 4.y 5.y 6.y", POLICY,
	    NO_RULE,
	    "enforce, verified TLS demanded: 1.y, 2.y, 3.y, 4.y and 2 more",
	    0 },
	{ ENFORCE, "-", POLICY, NO_RULE,
	    "enforce, no MX permitted: no MX record names a host", 0 },

	/* Each mode. */
	{ "mode: testing\nmx: a.x.example\n", "a.x.example", POLICY, NO_RULE,
	    "testing, mail passes (if enforced: verified TLS demanded): "
	    "a.x.example", 0 },
	{ "mode: testing\nmx: a.x.example\n", "mx.evil", POLICY, NO_RULE,
	    "testing, mail passes (if enforced: no MX permitted): mx.evil is "
	    "not a.x.example", 0 },
	{ "mode: none\n", "a.x.example", POLICY, NO_RULE,
	    "none, mail passes: the domain has turned its policy off", 0 },

	/* A policy that stands without being confirmed. */
	{ ENFORCE, "a.x.example", STS_ANSWER_POLICY, STS_ENODATA, "WHY",
	    NO_RULE, "enforce " KEPT ", verified TLS demanded: a.x.example, "
	    "although WHY", 0 },
	{ "mode: testing\nmx: a.x.example\n", "a.x.example",
	    STS_ANSWER_POLICY, STS_EFETCH, "WHY", NO_RULE, "testing " KEPT
	    ", mail passes (if enforced: verified TLS demanded): a.x.example, "
	    "although WHY", 0 },
	{ "mode: none\n", NULL, STS_ANSWER_POLICY, STS_EWEBPKI, "WHY",
	    NO_RULE, "none " KEPT ", mail passes: the domain has turned its "
	    "policy off, although WHY", 0 },
	{ ENFORCE, "mx.evil", STS_ANSWER_POLICY, STS_EDNS, "WHY", NO_RULE,
	    "enforce (kept, expired 2025-11-23T11:00:00Z), no MX permitted: "
	    "mx.evil is not a.x.example, although WHY", NOW },

	/* Rules. */
	{ ENFORCE, "mx.evil", POLICY, EXCUSE,
	    "excused, mail passes: the local rule in line 7 says: why not",
	    0 },
	{ NULL, "mx.evil", STS_ANSWER_NONE, STS_ENODATA, "WHY", REQUIRE,
	    "enforce (by the local rule in line 7), verified TLS demanded: "
	    "mx.evil", 0 },
	{ NULL, "mx.evil", STS_ANSWER_NONE, STS_ENODATA, "WHY", REQUIRE_A,
	    "enforce (by the local rule in line 7), no MX permitted: mx.evil "
	    "is not a.x.example", 0 },
	{ "mode: enforce\nmx: b.x.example\n", "b.x.example", POLICY,
	    REQUIRE_A, "enforce (by the local rule in line 7), no MX "
	    "permitted: b.x.example is not in both the policy and the local "
	    "rule", 0 },
	{ NULL, NULL, STS_ANSWER_DAMAGED, STS_EDAMAGED, "WHY", REQUIRE,
	    "cannot tell, mail waits: WHY", 0 },
};
/* clang-format on */
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static struct sts_findings found;
static struct sts_outcome outcome;
static struct sts_entry entry;
static char pattern[] = "a.x.example";
static char *patterns[] = { pattern };
static char reason[] = "why not";
static struct sts_rule rule;

static void
fill_policy(const struct row *row)
{
	char text[256];
	int len = snprintf(text, sizeof(text),
	    "version: STSv1\nmax_age: 604800\n%s", row->policy);

	ck_assert_int_eq(sts_policy_parse(text, (size_t)len, &entry.policy,
			     NULL, NULL),
	    STS_OK);
	entry.expires = row->expires == 0 ? EXPIRES : row->expires;
	outcome.entry = &entry;
	found.basis.policy = entry.policy;
}

static void
fill_hosts(const char *hosts)
{
	struct sts_mx_host *host = found.mx.host;
	size_t len;

	if (hosts == NULL) {
		(void)sts_error_set(&found.mx_error, STS_EDNS, "no list");
		return;
	}
	if (strcmp(hosts, "-") == 0)
		return;
	do {
		len = strcspn(hosts, " ");
		(void)snprintf(host->name, sizeof(host->name), "%.*s", (int)len,
		    hosts);
		host++;
		hosts += len;
	} while (*hosts++ == ' ');
	found.mx.count = (size_t)(host - found.mx.host);
}

static void
fill_rule(enum rules rules)
{
	rule = (struct sts_rule){ .line = 7, .reason = reason };
	if (rules == EXCUSE)
		found.basis.excuse = &rule;
	else if (rules != NO_RULE)
		found.basis.require = &rule;
	if (rules == REQUIRE_A) {
		rule.mx = patterns;
		rule.mx_count = 1;
	}
}

static void
fill(const struct row *row)
{
	memset(&found, 0, sizeof(found));
	memset(&entry, 0, sizeof(entry));
	(void)snprintf(found.domain, sizeof(found.domain), "x.example");
	outcome = (struct sts_outcome){ .answer = row->answer,
		.reason = row->reason,
		.trouble = row->trouble };
	found.outcome = &outcome;
	found.basis.answer = row->answer;
	found.basis.cause = row->trouble;
	found.basis.on_dns_error = STS_ON_DNS_ERROR_NONE;
	if (row->policy != NULL)
		fill_policy(row);
	fill_hosts(row->hosts);
	fill_rule(row->rules);
}

START_TEST(one_line_names_what_happens_and_why)
{
	const struct row *row = &rows[_i];
	char text[STS_SUMMARY_MAX], expected[STS_SUMMARY_MAX];

	fill(row);
	sts_summary(&found, NULL, NOW, text);
	(void)snprintf(expected, sizeof(expected), "x.example: %s",
	    row->summary);
	ck_assert_str_eq(text, expected);
	sts_policy_free(entry.policy);
}
END_TEST

START_TEST(one_host_may_be_asked_for)
{
	char text[STS_SUMMARY_MAX];

	fill(&rows[5]);
	sts_summary(&found, "mx.evil", NOW, text);
	ck_assert_str_eq(text,
	    "x.example: enforce, no MX permitted: mx.evil is not a.x.example");
	sts_policy_free(entry.policy);
}
END_TEST

/* Many names of 253 octets: cut, never beyond the end. */
START_TEST(too_long_a_line_is_cut)
{
	char text[STS_SUMMARY_MAX];
	size_t i;

	fill(&rows[11]);
	for (i = 0; i < found.mx.count; i++) {
		memset(found.mx.host[i].name, 'a', STS_DOMAIN_MAX);
		found.mx.host[i].name[STS_DOMAIN_MAX] = '\0';
	}
	sts_summary(&found, NULL, NOW, text);
	ck_assert_ptr_nonnull(strstr(text, "enforce, no MX permitted: aaa"));
	sts_policy_free(entry.policy);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("summary");
	TCase *tcase = tcase_create("summary");

	tcase_add_loop_test(tcase, one_line_names_what_happens_and_why, 0,
	    (int)ROWS);
	tcase_add_test(tcase, one_host_may_be_asked_for);
	tcase_add_test(tcase, too_long_a_line_is_cut);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
