/* SPDX-License-Identifier: ISC */
/*
 * The scripted world, see script.h.
 */
#include <arpa/inet.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

static void
script_now(void *arg, struct sts_now *now)
{
	struct script *script = arg;

	*now = script->now;
}

static int64_t
script_ms(void *arg)
{
	struct script *script = arg;

	return script->ms;
}

static void
script_trace(void *arg, const char *domain, const char *line)
{
	struct script *script = arg;
	size_t room = sizeof(script->trace) - script->trace_len;
	int n;

	n = snprintf(script->trace + script->trace_len, room, "%s %s\n", domain,
	    line);
	if (n > 0 && (size_t)n < room)
		script->trace_len += (size_t)n;
}

static struct script_domain *
find(struct script *script, const char *name)
{
	size_t i;

	for (i = 0; i < SCRIPT_DOMAINS; i++)
		if (strcmp(script->domain[i].name, name) == 0)
			return &script->domain[i];
	fprintf(stderr, "script: no domain %s\n", name);
	abort();
}

static struct script_event *
free_event(struct script *script)
{
	size_t i;

	for (i = 0; i < SCRIPT_EVENTS; i++)
		if (script->event[i].job == NULL)
			return &script->event[i];
	abort();
}

static bool
is_record(const char *name)
{
	return strncmp(name, "_mta-sts.", 9) == 0;
}

static enum sts_rc
script_query(void *arg, struct sts_job *job, enum sts_dns_type type,
    const char *name, int64_t timeout_ms)
{
	struct script *script = arg;
	struct script_domain *domain = find(script, sts_job_domain(job));
	struct script_event *event;

	(void)timeout_ms;
	if (is_record(name)) {
		domain->txt_asked++;
		if (domain->txt == SCRIPT_TXT_REFUSE)
			return STS_ELOCAL;
	}
	event = free_event(script);
	event->job = job;
	event->kind = SCRIPT_QUERY;
	event->type = type;
	(void)snprintf(event->name, sizeof(event->name), "%s", name);
	return STS_OK;
}

static enum sts_rc
script_fetch(void *arg, struct sts_job *job, const char *host,
    const struct sts_addr *addr, size_t count, int64_t timeout_ms,
    struct sts_error *err)
{
	struct script *script = arg;
	struct script_domain *domain = find(script, sts_job_domain(job));
	struct script_event *event;

	(void)host;
	(void)addr;
	(void)timeout_ms;
	if (count == 0)
		abort();
	if (domain->host == SCRIPT_HOST_REFUSE)
		return sts_error_set(err, STS_ELOCAL, "scripted refusal");
	domain->fetched++;
	event = free_event(script);
	event->job = job;
	event->kind = SCRIPT_FETCH;
	return STS_OK;
}

static enum sts_rc
script_sleep(void *arg, struct sts_job *job, int64_t ms)
{
	struct script *script = arg;
	struct script_event *event = free_event(script);

	script->ms += ms;
	script->sleeps++;
	event->job = job;
	event->kind = SCRIPT_SLEEP;
	return STS_OK;
}

static void
script_cancel(void *arg, struct sts_job *job)
{
	struct script *script = arg;
	size_t i;

	for (i = 0; i < SCRIPT_EVENTS; i++)
		if (script->event[i].job == job)
			script->event[i].job = NULL;
}

void
script_init(struct script *script)
{
	memset(script, 0, sizeof(*script));
	script->io = (struct sts_io){
		.arg = script,
		.now = script_now,
		.ms = script_ms,
		.query = script_query,
		.fetch = script_fetch,
		.sleep = script_sleep,
		.cancel = script_cancel,
		.trace = script_trace,
	};
	script->now.wall = 1700000000;
	script->now.boot = 1000;
	memset(script->now.boot_id, 'a', STS_BOOT_ID_MAX);
}

struct script_domain *
script_add(struct script *script, const char *name)
{
	struct script_domain *domain = find(script, "");

	(void)snprintf(domain->name, sizeof(domain->name), "%s", name);
	(void)snprintf(domain->id, sizeof(domain->id), "1");
	(void)snprintf(domain->policy, sizeof(domain->policy),
	    "version: STSv1\nmode: enforce\nmx: mx.%s\nmax_age: 604800\n",
	    name);
	domain->txt = SCRIPT_TXT_VALID;
	domain->ttl = 300;
	return domain;
}

void
script_reset_trace(struct script *script)
{
	script->trace_len = 0;
	script->trace[0] = '\0';
}

void
script_advance(struct script *script, int64_t seconds)
{
	script->now.wall += seconds;
	script->now.boot += seconds;
	script->ms += seconds * 1000;
}

/* ---- answers ----------------------------------------------------------- */

static const enum sts_dns_status txt_status[SCRIPT_TXT_MAX] = {
	[SCRIPT_TXT_NXDOMAIN] = STS_DNS_NXDOMAIN,
	[SCRIPT_TXT_NODATA] = STS_DNS_NODATA,
	[SCRIPT_TXT_SERVFAIL] = STS_DNS_FAILURE,
	[SCRIPT_TXT_TIMEOUT] = STS_DNS_TIMEOUT,
	[SCRIPT_TXT_LOCAL] = STS_DNS_LOCAL,
};

static void
answer_record(const struct script_domain *domain, struct sts_job *job,
    const char *name)
{
	char first[64], second[] = "v=spf1 -all";
	struct sts_rr rr[2] = { { .ttl = domain->ttl, .data = first },
		{ .ttl = domain->ttl, .data = second } };
	struct sts_dns_answer answer = {
		.type = STS_DNS_TXT,
		.status = txt_status[domain->txt],
		.ttl = domain->ttl,
		.rr = rr,
		.reason = "scripted",
	};

	(void)snprintf(first, sizeof(first), "v=STSv1; id=%s;",
	    domain->txt == SCRIPT_TXT_BAD ? "not-an-id" : domain->id);
	rr[0].len = strlen(first);
	rr[1].len = strlen(second);
	if (answer.status == STS_DNS_OK)
		answer.count = domain->txt == SCRIPT_TXT_BAD ? 1 : 2;
	if (domain->txt == SCRIPT_TXT_OTHER)
		rr[0] = rr[1];
	if (domain->txt == SCRIPT_TXT_TWO)
		rr[1] = rr[0];
	sts_job_answer(job, name, &answer);
}

static void
answer_tlsrpt(const struct script_domain *domain, struct sts_job *job,
    const char *name)
{
	char text[] = "v=TLSRPTv1; rua=mailto:r@example.com";
	struct sts_rr rr = { .ttl = 300, .data = text, .len = strlen(text) };
	struct sts_dns_answer answer = {
		.type = STS_DNS_TXT,
		.status = domain->tlsrpt ? STS_DNS_OK : STS_DNS_NXDOMAIN,
		.count = domain->tlsrpt ? 1 : 0,
		.rr = &rr,
	};

	sts_job_answer(job, name, &answer);
}

static void
answer_address(const struct script_domain *domain, struct sts_job *job,
    const char *name, enum sts_dns_type type)
{
	struct sts_rr rr = { .ttl = 300, .addr = { .family = AF_INET } };
	struct sts_dns_answer answer = {
		.type = type,
		.status = STS_DNS_NODATA,
		.rr = &rr,
	};

	if (domain->host == SCRIPT_HOST_DNS_FAILS) {
		answer.status = STS_DNS_FAILURE;
		(void)snprintf(answer.reason, sizeof(answer.reason),
		    "scripted");
	} else if (type == STS_DNS_A &&
		   domain->host != SCRIPT_HOST_NO_ADDRESS) {
		answer.status = STS_DNS_OK;
		answer.count = 1;
		rr.addr.u.v4.s_addr =
		    htonl(domain->host == SCRIPT_HOST_PRIVATE ? 0x7f000001
							      : 0x08080808);
	}
	sts_job_answer(job, name, &answer);
}

static void
answer_fetch(const struct script_domain *domain, struct sts_job *job)
{
	static const enum sts_rc rc[SCRIPT_HOST_MAX] = {
		[SCRIPT_HOST_FAILS] = STS_EFETCH,
		[SCRIPT_HOST_WEBPKI] = STS_EWEBPKI,
		[SCRIPT_HOST_LOCAL] = STS_ELOCAL,
	};
	struct sts_fetch_result result = {
		.error = { .rc = rc[domain->host], .text = "scripted" },
		.body = domain->policy,
		.len = strlen(domain->policy),
		.status = 200,
	};

	sts_job_fetched(job, &result);
}

static struct script_event *
choose(struct script *script)
{
	size_t i, n = 0, pick = 0;

	for (i = 0; i < SCRIPT_EVENTS; i++)
		n += script->event[i].job != NULL;
	if (n == 0)
		return NULL;
	if (script->seed != 0) {
		script->seed = script->seed * 6364136223846793005ULL + 1;
		pick = (size_t)(script->seed >> 33) % n;
	}
	for (i = 0;; i++)
		if (script->event[i].job != NULL && pick-- == 0)
			return &script->event[i];
}

bool
script_step(struct script *script)
{
	struct script_event *chosen = choose(script), event;
	struct script_domain *domain;

	if (chosen == NULL)
		return false;
	event = *chosen;
	chosen->job = NULL;
	domain = find(script, sts_job_domain(event.job));
	if (event.kind == SCRIPT_SLEEP)
		sts_job_woken(event.job);
	else if (event.kind == SCRIPT_FETCH)
		answer_fetch(domain, event.job);
	else if (is_record(event.name))
		answer_record(domain, event.job, event.name);
	else if (event.type == STS_DNS_TXT)
		answer_tlsrpt(domain, event.job, event.name);
	else
		answer_address(domain, event.job, event.name, event.type);
	return true;
}

static void
ended(void *arg, const struct sts_outcome *outcome)
{
	struct script_result *result = arg;

	result->done = true;
	result->answer = outcome->answer;
	result->cause = outcome->cause;
	result->stored = outcome->stored;
	result->tlsrpt = outcome->tlsrpt;
	(void)snprintf(result->source, sizeof(result->source), "%s",
	    outcome->source);
	(void)snprintf(result->reason, sizeof(result->reason), "%s",
	    outcome->reason);
	if (outcome->entry == NULL)
		return;
	result->mode = outcome->entry->policy->mode;
	(void)snprintf(result->policy, sizeof(result->policy), "%.*s",
	    (int)outcome->entry->policy->text_len,
	    outcome->entry->policy->text);
}

void
script_start(struct script *script, const struct sts_resolver_options *options,
    const char *domain, struct script_result *result)
{
	struct sts_error err;

	memset(result, 0, sizeof(*result));
	if (sts_job_start(&script->io, options, domain, ended, result, &err) !=
	    STS_OK)
		abort();
}

struct script_result
script_ask(struct script *script, const struct sts_resolver_options *options,
    const char *domain)
{
	struct script_result result;

	script_start(script, options, domain, &result);
	while (!result.done && script_step(script))
		continue;
	if (!result.done)
		abort();
	return result;
}
