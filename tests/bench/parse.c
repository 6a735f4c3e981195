/* SPDX-License-Identifier: ISC */
/*
 * What the parsers cost, each beside copying the same octets and finding
 * their lines: nothing that keeps a text can do less.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "bench.h"
#include "policy/answer.h"
#include "policy/record.h"
#include "policy/rule.h"
#include "report/event.h"

#define RULES    10000
#define TEXT_MAX (2 << 20)

struct text {
	const char *data;
	size_t len;
};

static void
good(enum sts_rc rc)
{
	if (rc != STS_OK)
		errx(1, "%s", sts_rc_name(rc));
}

static void
copy(void *arg)
{
	const struct text *text = arg;
	char *data = malloc(text->len + 1), *at = data;
	static volatile size_t lines; /* so that the search is not left out */

	if (data == NULL)
		err(1, NULL);
	memcpy(data, text->data, text->len);
	data[text->len] = '\0';
	while ((at = memchr(at, '\n', text->len - (size_t)(at - data))) != NULL)
		lines += ++at != NULL;
	(void)lines;
	free(data);
}

static void
record(void *arg)
{
	const struct text *text = arg;
	struct sts_txt_rr rr = { text->data, text->len };
	struct sts_record parsed;

	good(sts_record_parse(&rr, 1, &parsed, NULL));
}

static void
policy(void *arg)
{
	const struct text *text = arg;
	struct sts_policy *parsed;

	good(sts_policy_parse(text->data, text->len, &parsed, NULL, NULL));
	sts_policy_free(parsed);
}

static void
config(void *arg)
{
	const struct text *text = arg;
	struct sts_config parsed;
	struct sts_rules rules;

	good(sts_config_init(&parsed, NULL));
	good(sts_config_parse(&parsed, "bench", text->data, text->len, NULL));
	good(sts_rules_load(&parsed, &rules, NULL));
	sts_rules_clear(&rules);
	sts_config_clear(&parsed);
}

static void
answer(void *arg)
{
	const struct text *text = arg;
	struct sts_answer_line parsed;

	good(sts_answer_parse(text->data, text->len, &parsed, NULL));
	sts_answer_clear(&parsed);
}

static void
session(void *arg)
{
	const struct text *text = arg;
	struct sts_session parsed;

	good(sts_session_parse(text->data, text->len, &parsed, NULL));
}

/* ---- texts ------------------------------------------------------------- */

static void
make_record(struct sts_buf *buf)
{
	(void)sts_buf_str(buf, "v=STSv1; id=20261123T000000;");
}

static void
make_policy(struct sts_buf *buf)
{
	(void)sts_buf_str(buf, bench_policy);
}

static void
make_large_policy(struct sts_buf *buf)
{
	unsigned i;

	(void)sts_buf_str(buf, bench_policy);
	for (i = 0; buf->len + 40 < STS_POLICY_TEXT_MAX; i++)
		(void)sts_buf_printf(buf, "mx: mx%u.example.net\n", i);
}

static void
make_config(struct sts_buf *buf)
{
	(void)sts_buf_str(buf, "# settings\nstate /var/lib/mta-sts/exim\n"
			       "timeout 10s\nresolver 127.0.0.1\n"
			       "on-dns-error defer\nlog-level notice\n"
			       "excuse broken.example until 2026-12-31 "
			       "reason \"ticket 42\"\n");
}

static void
make_rules(struct sts_buf *buf)
{
	unsigned i;

	for (i = 0; i < RULES; i++)
		(void)sts_buf_printf(buf,
		    "require d%u.example mx *.d%u.example until 2030-01-01 "
		    "reason \"contract %u\"\n",
		    i, i, i);
}

static void
make_answer(struct sts_buf *buf)
{
	struct sts_answer_line line = { .domain = "example.com",
		.answer = STS_ANSWER_POLICY,
		.source = "cache",
		.stored = true,
		.id = "1",
		.expires = 1800000000,
		.reason = "cached" };

	good(sts_policy_parse(bench_policy, strlen(bench_policy), &line.policy,
	    NULL, NULL));
	good(sts_answer_format(&line, buf));
	sts_answer_clear(&line);
}

static void
make_session(struct sts_buf *buf)
{
	struct sts_session made = { .at = 1795000000,
		.domain = "example.com",
		.mode = STS_MODE_ENFORCE,
		.policy_hash = 77,
		.mx = "mx1.example.com",
		.mx_address = "192.0.2.1",
		.our_address = "192.0.2.2",
		.result = STS_SESSION_CERTIFICATE_EXPIRED,
		.reason = "certificate expired",
		.mta = "exim" };

	good(sts_session_format(&made, buf));
}

static const struct {
	const char *what;
	void (*make)(struct sts_buf *buf);
	void (*parse)(void *text);
} cases[] = {
	{ "parse TXT record", make_record, record },
	{ "parse policy", make_policy, policy },
	{ "parse policy of 64 KiB", make_large_policy, policy },
	{ "parse configuration", make_config, config },
	{ "parse 10000 rules", make_rules, config },
	{ "parse resolver's line", make_answer, answer },
	{ "parse journal event", make_session, session },
};

int
main(void)
{
	char beside[64];
	struct sts_buf buf;
	struct text text;
	size_t i;

	sts_buf_init(&buf, TEXT_MAX);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sts_buf_reset(&buf);
		cases[i].make(&buf);
		good(buf.rc);
		text = (struct text){ buf.data, buf.len };
		(void)snprintf(beside, sizeof(beside), "copy %zu octets",
		    buf.len);
		bench_pair(&(struct bench_side){ cases[i].what, cases[i].parse,
			       &text },
		    &(struct bench_side){ beside, copy, &text });
	}
	sts_buf_clear(&buf);
	return 0;
}
