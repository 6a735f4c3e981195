/* SPDX-License-Identifier: ISC */
/*
 * The states of one lookup, see resolver.h.  Every step either waits for an
 * answer of struct sts_io or ends in finish(), which frees the job; so each
 * function that may finish is the last thing its caller does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "resolve/failing.h"
#include "resolve/judge.h"
#include "resolve/resolver.h"

#define ADDR_MAX        16
#define LEASE_POLL_MS   25
#define LEASE_SLACK_S   2
#define TLSRPT_LIMIT_MS 2000 /* a report record may cost no more */
#define DNS_SHARE       2    /* of the time, the record may use one half */
#define RECORD_PREFIX   "_mta-sts."
#define TLSRPT_PREFIX   "_smtp._tls."
#define HOST_PREFIX     "mta-sts."
#define NAME_MAX_OCTETS (STS_DOMAIN_MAX + 16)

enum step {             /* what the job waits for */
	STEP_RECORD,    /* the two TXT records */
	STEP_LEASE,     /* somebody else's fetch */
	STEP_ADDRESSES, /* A and AAAA of the policy host */
	STEP_FETCH,
	STEP_MAX
};

static const char *const step_names[] = {
	[STEP_RECORD] = "record",
	[STEP_LEASE] = "lease",
	[STEP_ADDRESSES] = "addresses",
	[STEP_FETCH] = "fetch",
};
_Static_assert(sizeof(step_names) / sizeof(step_names[0]) == STEP_MAX,
    "step_names matches enum step");

struct sts_job {
	const struct sts_io *io;
	const struct sts_resolver_options *options;
	sts_job_fn fn;
	void *arg;
	void *slot; /* the I/O side's */
	char domain[STS_DOMAIN_MAX + 1];

	enum step step;
	unsigned pending; /* answers this step still waits for */
	int64_t deadline; /* io->ms */
	struct sts_now now;
	struct sts_known known;
	struct sts_lease *lease;

	enum sts_txt txt;
	uint32_t ttl;
	struct sts_record record; /* of a valid TXT */
	bool tlsrpt;
	struct sts_error reason; /* the last thing worth telling */

	struct sts_addr addr[ADDR_MAX];
	size_t addr_count;
	size_t refused;                  /* addresses that were not global */
	struct sts_addr refusal;         /* the last of them */
	enum sts_dns_status addr_status; /* worst of the two */
};

static void act(struct sts_job *job, enum sts_action action);
static void begin_fetch(struct sts_job *job);

static void __attribute__((format(printf, 2, 3)))
trace(struct sts_job *job, const char *format, ...)
{
	char line[2 * STS_ERROR_MAX];
	va_list ap;

	if (job->io->trace == NULL)
		return;
	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	job->io->trace(job->io->arg, job->domain, line);
}

static void
enter_step(struct sts_job *job, enum step step)
{
	job->step = step;
	job->pending = 0;
	trace(job, "step: %s", step_names[step]);
}

static int64_t
remaining(const struct sts_job *job)
{
	int64_t left = job->deadline - job->io->ms(job->io->arg);

	return left < 0 ? 0 : left;
}

static void __attribute__((format(printf, 3, 4)))
set_reason(struct sts_job *job, enum sts_rc rc, const char *format, ...)
{
	va_list ap;

	job->reason.rc = rc;
	va_start(ap, format);
	(void)vsnprintf(job->reason.text, sizeof(job->reason.text), format, ap);
	va_end(ap);
}

/* A store that failed costs a later lookup some work; it never changes the
 * answer, so it is only told. */
static bool
stored(struct sts_job *job, enum sts_rc rc, const struct sts_error *err)
{
	if (rc != STS_OK)
		trace(job, "state: not stored: %s", err->text);
	return rc == STS_OK;
}

static void
job_free(struct sts_job *job)
{
	job->io->cancel(job->io->arg, job);
	sts_lease_free(job->lease);
	sts_known_clear(&job->known);
	free(job);
}

/* Seconds until the back-off ends. */
static long long
patience(const struct sts_job *job)
{
	return (long long)(job->known.failed.until - job->now.wall);
}

/* What the state alone tells, of which it remembers no more. */
static void
set_stored_reason(struct sts_job *job)
{
	const struct sts_known *known = &job->known;

	if (known->reason[0] != '\0')
		set_reason(job, STS_EDAMAGED, "%s", known->reason);
	else if (known->backoff)
		set_reason(job, STS_EFETCH,
		    "it could not be fetched lately (tried again in %lld s)",
		    patience(job));
	else if (known->answer == STS_ANSWER_POLICY &&
		 known->note.kind == STS_NOTE_CONFIRMED &&
		 known->note.id_hash == 0)
		set_reason(job, STS_ENODATA,
		    "there was no valid record at _mta-sts lately");
	else if (known->answer == STS_ANSWER_POLICY)
		set_reason(job, STS_OK, "as the state has it");
	else if (known->answer == STS_ANSWER_NONE)
		set_reason(job, STS_ENODATA,
		    "there was no valid record at _mta-sts lately");
	else if (known->cause == STS_EDNS)
		set_reason(job, STS_EDNS,
		    "DNS failed lately (asked again "
		    "in %lld s)",
		    patience(job));
	else
		set_reason(job, STS_ELOCAL, "the state knows nothing of it");
}

/* Hand OUTCOME over and end the job. */
static void
deliver(struct sts_job *job, struct sts_outcome *outcome)
{
	outcome->domain = job->domain;
	outcome->reason = job->reason.text;
	outcome->trouble = job->reason.rc;
	outcome->tlsrpt = job->tlsrpt;
	trace(job, "answer: %s, %s", sts_answer_name(outcome->answer),
	    job->reason.text);
	/* Whoever waits for the lease may look as soon as we know. */
	sts_lease_free(job->lease);
	job->lease = NULL;
	job->fn(job->arg, outcome);
	job_free(job);
}

static void
finish(struct sts_job *job, enum sts_answer answer, enum sts_rc cause,
    bool is_stored)
{
	struct sts_outcome outcome = {
		.answer = answer,
		.cause = cause,
		.source = "live",
		.stored = is_stored,
	};

	deliver(job, &outcome);
}

/* The answer that the state gives. */
static void
finish_known(struct sts_job *job)
{
	struct sts_outcome outcome = {
		.answer = job->known.answer,
		.cause = job->known.cause,
		.source = "cache",
		.stored = true,
	};

	if (outcome.answer == STS_ANSWER_POLICY)
		outcome.entry = job->known.entry;
	deliver(job, &outcome);
}

static void
load(struct sts_job *job)
{
	job->io->now(job->io->arg, &job->now);
	sts_known_clear(&job->known);
	if (job->options->state == NULL) {
		memset(&job->known, 0, sizeof(job->known));
		job->known.answer = STS_ANSWER_UNKNOWN;
		job->known.tlsrpt = true;
		return;
	}
	sts_state_load(job->options->state, job->domain, &job->now,
	    &job->known);
	trace(job, "state: %s, answer %s%s%s", sts_known_name(job->known.kind),
	    sts_answer_name(job->known.answer),
	    job->known.fresh ? ", fresh" : "",
	    job->known.suspect ? ", clock suspect" : "");
}

/* DECIDE's first axis, after the options that bear on it. */
static enum sts_known_kind
known_kind(const struct sts_job *job)
{
	const struct sts_known *known = &job->known;

	if (known->kind == STS_KNOWN_DAMAGED &&
	    job->options->on_error == STS_ON_ERROR_LIVE)
		return STS_KNOWN_NONE;
	if (known->kind == STS_KNOWN_EXPIRED &&
	    known->answer != STS_ANSWER_POLICY) /* past its grace */
		return STS_KNOWN_NONE;
	if (known->kind == STS_KNOWN_FRESH && job->options->force)
		return STS_KNOWN_STALE;
	return known->kind;
}

static enum sts_doubt
doubt(const struct sts_job *job)
{
	bool backoff = job->known.backoff && !job->options->force &&
		       !(job->txt == STS_TXT_CHANGED &&
			   sts_known_may_fetch(&job->known, job->record.id));

	if (job->known.suspect)
		return backoff ? STS_DOUBT_BOTH : STS_DOUBT_SUSPECT;
	return backoff ? STS_DOUBT_BACKOFF : STS_DOUBT_NONE;
}

static bool
has_record(const struct sts_job *job)
{
	return job->txt == STS_TXT_SAME || job->txt == STS_TXT_CHANGED;
}

/* ---- what each action does to the state ------------------------------ */

static bool
note_kept(struct sts_job *job)
{
	struct sts_state *state = job->options->state;
	struct sts_error err;
	enum sts_rc rc = STS_OK;

	if (state == NULL)
		return false;
	if (job->known.backoff)
		rc = sts_state_rechecked(state, &job->known, job->domain,
		    &job->now, &err);
	else if (job->txt == STS_TXT_SAME)
		rc = sts_state_confirm(state, job->domain, job->record.id,
		    job->tlsrpt, job->ttl, &job->now, &err);
	else if (job->txt == STS_TXT_NONE || job->txt == STS_TXT_INVALID)
		rc = sts_state_vanished(state, &job->known, job->domain,
		    job->tlsrpt, job->ttl, job->reason.text, &job->now, &err);
	else if (job->txt == STS_TXT_FAILURE)
		rc = sts_state_unresolved(state, &job->known, job->domain,
		    &job->now, &err);
	return stored(job, rc, &err);
}

static bool
note_absent(struct sts_job *job)
{
	struct sts_state *state = job->options->state;
	struct sts_error err;
	enum sts_rc rc;

	if (state == NULL)
		return false;
	if (has_record(job)) /* only a back-off leads here */
		rc = sts_state_rechecked(state, &job->known, job->domain,
		    &job->now, &err);
	else
		rc = sts_state_absent(state, &job->known, job->domain,
		    job->tlsrpt, job->ttl, &job->now, &err);
	return stored(job, rc, &err);
}

/* FETCHING: the policy could not be had; else DNS could not tell. */
static bool
note_failure(struct sts_job *job, bool fetching)
{
	struct sts_state *state = job->options->state;
	struct sts_error err;
	enum sts_rc rc;

	if (state == NULL)
		return false;
	rc = fetching ? sts_state_unfetched(state, &job->known, job->domain,
			    has_record(job) ? job->record.id : "", job->tlsrpt,
			    job->reason.text, &job->now, &err)
		      : sts_state_unresolved(state, &job->known, job->domain,
			    &job->now, &err);
	return stored(job, rc, &err);
}

/* ---- what the domain's owner should know ------------------------------------ */

/* A policy of mode none may fail unseen, and one that nobody holds may be
 * absent (RFC 8461, 6). */
static void
complain(struct sts_job *job, enum sts_rc cause, const char *text, size_t len)
{
	const struct sts_entry *held = NULL;
	struct sts_failing failing = {
		.domain = job->domain,
		.cause = cause,
		.reason = job->reason.text,
		.text = text,
		.len = len,
	};

	if (job->known.answer == STS_ANSWER_POLICY)
		held = job->known.entry;
	failing.held = held;
	if (job->options->state == NULL || !job->tlsrpt ||
	    (held == NULL && !has_record(job)) ||
	    (held != NULL && held->policy->mode == STS_MODE_NONE))
		return;
	sts_failing_note(job->options->state, &failing, &job->now);
}

static void
finish_defer(struct sts_job *job)
{
	bool damaged = job->known.answer == STS_ANSWER_DAMAGED;

	if (damaged && job->reason.text[0] == '\0')
		set_reason(job, STS_EDAMAGED, "%s", job->known.reason);
	finish(job, damaged ? STS_ANSWER_DAMAGED : STS_ANSWER_UNKNOWN,
	    damaged ? STS_EDAMAGED : STS_ELOCAL, false);
}

static void
act(struct sts_job *job, enum sts_action action)
{
	bool ok;

	switch (action) {
	case STS_ACTION_KEEP:
		(void)note_kept(job);
		if (!has_record(job) && job->txt != STS_TXT_LOCAL)
			complain(job, STS_EFETCH, NULL, 0);
		if (job->known.backoff && has_record(job))
			set_stored_reason(job);
		finish_known(job);
		return;
	case STS_ACTION_FETCH:
		begin_fetch(job);
		return;
	case STS_ACTION_NO_POLICY:
		ok = note_absent(job);
		if (has_record(job))
			set_stored_reason(job);
		finish(job, STS_ANSWER_NONE, STS_OK, ok);
		return;
	case STS_ACTION_UNKNOWN:
		ok = note_failure(job, false);
		finish(job, STS_ANSWER_UNKNOWN, STS_EDNS, ok);
		return;
	case STS_ACTION_DEFER:
	case STS_ACTION_MAX:
		finish_defer(job);
		return;
	}
}

static enum sts_action
decide(struct sts_job *job)
{
	enum sts_known_kind kind = known_kind(job);
	enum sts_doubt doubts = doubt(job);
	enum sts_action action = sts_decide(kind, job->txt, doubts);

	trace(job, "decide: known=%s txt=%s doubt=%s -> %s",
	    sts_known_name(kind), sts_txt_name(job->txt),
	    sts_doubt_name(doubts), sts_action_name(action));
	return action;
}

/* ---- the record ------------------------------------------------------ */

static const char *
held_id(const struct sts_job *job)
{
	return job->known.entry == NULL ? NULL : job->known.entry->id;
}

static void
take_record(struct sts_job *job, const char *name,
    const struct sts_dns_answer *answer)
{
	struct sts_error why;

	trace(job, "dns: TXT %s: %s, %zu RR, ttl %u%s%s", name,
	    sts_dns_status_name(answer->status), answer->count, answer->ttl,
	    answer->reason[0] == '\0' ? "" : ", ", answer->reason);
	if (strncmp(name, TLSRPT_PREFIX, strlen(TLSRPT_PREFIX)) == 0) {
		job->tlsrpt = sts_judge_tlsrpt(answer, job->tlsrpt);
	} else {
		job->txt =
		    sts_judge_record(answer, held_id(job), &job->record, &why);
		job->reason = why;
		job->ttl = answer->ttl;
	}
	if (--job->pending == 0)
		act(job, decide(job));
}

static enum sts_rc
ask(struct sts_job *job, enum sts_dns_type type, const char *prefix,
    int64_t timeout_ms)
{
	char name[NAME_MAX_OCTETS];
	enum sts_rc rc;

	(void)snprintf(name, sizeof(name), "%s%s", prefix, job->domain);
	if (strlen(name) > STS_DOMAIN_MAX)
		return STS_EDOMAIN;
	rc = job->io->query(job->io->arg, job, type, name, timeout_ms);
	if (rc == STS_OK)
		job->pending++;
	return rc;
}

static void
begin_record(struct sts_job *job)
{
	int64_t left = remaining(job), tlsrpt_ms = left / DNS_SHARE;
	enum sts_rc rc;

	enter_step(job, STEP_RECORD);
	rc = ask(job, STS_DNS_TXT, RECORD_PREFIX, left / DNS_SHARE);
	if (rc == STS_EDOMAIN) { /* RFC 8461, 3.1: no such name can exist */
		set_reason(job, STS_ENODATA,
		    "the name is too long to have a record at _mta-sts");
		finish(job, STS_ANSWER_NONE, STS_OK, false);
		return;
	}
	if (rc != STS_OK) {
		set_reason(job, STS_ELOCAL, "DNS cannot be asked");
		job->txt = STS_TXT_LOCAL;
		act(job, decide(job));
		return;
	}
	if (tlsrpt_ms > TLSRPT_LIMIT_MS)
		tlsrpt_ms = TLSRPT_LIMIT_MS;
	if (ask(job, STS_DNS_TXT, TLSRPT_PREFIX, tlsrpt_ms) != STS_OK)
		trace(job, "dns: report record not asked for");
}

/* ---- lease, addresses, fetch ------------------------------------------ */

static void
finish_fetched(struct sts_job *job, enum sts_fetched fetched, enum sts_rc cause)
{
	enum sts_known_kind kind = known_kind(job);
	enum sts_action action = sts_decide_fetched(kind, fetched);
	bool ok = false;

	trace(job, "fetched: known=%s fetch=%s -> %s", sts_known_name(kind),
	    sts_fetched_name(fetched), sts_action_name(action));
	if (fetched == STS_FETCHED_FAILURE)
		ok = note_failure(job, true);
	if (action == STS_ACTION_KEEP)
		finish_known(job);
	else if (action == STS_ACTION_NO_POLICY)
		finish(job, STS_ANSWER_NONE, cause, ok);
	else
		finish_defer(job);
}

/* The policy host's fault. */
static void
fail_fetch(struct sts_job *job, enum sts_rc cause)
{
	complain(job, cause, NULL, 0);
	finish_fetched(job, STS_FETCHED_FAILURE, cause);
}

static void
begin_addresses(struct sts_job *job)
{
	int64_t left = remaining(job) / DNS_SHARE;
	enum sts_rc rc4, rc6;

	enter_step(job, STEP_ADDRESSES);
	job->addr_count = job->refused = 0;
	job->addr_status = STS_DNS_OK;
	rc4 = ask(job, STS_DNS_A, HOST_PREFIX, left);
	rc6 = ask(job, STS_DNS_AAAA, HOST_PREFIX, left);
	if (rc4 == STS_OK || rc6 == STS_OK)
		return;
	set_reason(job, STS_ELOCAL,
	    "DNS cannot be asked for the policy host's address");
	finish_fetched(job, STS_FETCHED_LOCAL, STS_ELOCAL);
}

/* One fetch per domain at a time (RFC 8461, 3.3).  What the state can tell
 * by now ends the job; a usable policy does not wait for a fresher one. */
static void
begin_fetch(struct sts_job *job)
{
	struct sts_state *state = job->options->state;
	struct sts_error err;
	enum sts_action action;
	enum sts_rc rc;

	if (state == NULL) {
		begin_addresses(job);
		return;
	}
	rc = sts_lease_take(sts_state_dir(state), job->domain, &job->now,
	    remaining(job) / 1000 + LEASE_SLACK_S, &job->lease, &err);
	if (rc == STS_EBUSY && job->known.answer == STS_ANSWER_POLICY) {
		set_reason(job, STS_OK,
		    "somebody else is fetching a newer policy");
		finish_known(job);
		return;
	}
	if (rc == STS_EBUSY) {
		trace(job, "lease: %s", err.text);
		enter_step(job, STEP_LEASE);
		if (remaining(job) > 0 &&
		    job->io->sleep(job->io->arg, job, LEASE_POLL_MS) == STS_OK)
			return;
		set_reason(job, STS_ELOCAL,
		    "somebody else was fetching it and did not finish");
		finish_defer(job);
		return;
	}
	if (rc != STS_OK) /* alone is better than not at all */
		trace(job, "lease: none: %s", err.text);
	load(job);
	if (job->known.fresh && !job->options->force) {
		set_reason(job, STS_OK, "somebody else has just fetched it");
		finish_known(job);
		return;
	}
	if (has_record(job))
		job->txt = sts_judge_id(held_id(job), job->record.id);
	action = decide(job);
	if (action == STS_ACTION_FETCH)
		begin_addresses(job);
	else
		act(job, action);
}

static void
learn(struct sts_job *job, const struct sts_entry *entry)
{
	struct sts_state *state = job->options->state;
	struct sts_outcome outcome = {
		.answer = STS_ANSWER_POLICY,
		.source = "live",
		.entry = entry,
	};
	struct sts_error err;

	if (state != NULL)
		outcome.stored = stored(job,
		    sts_state_learn(state, entry, &job->known, &job->now, &err),
		    &err);
	if (outcome.stored && has_record(job) && entry->policy->max_age > 0)
		(void)stored(job,
		    sts_state_confirm(state, job->domain, job->record.id,
			job->tlsrpt, job->ttl, &job->now, &err),
		    &err);
	if (outcome.stored && job->tlsrpt)
		sts_failing_served(state, entry);
	set_reason(job, STS_OK, "fetched");
	deliver(job, &outcome);
}

static void
take_policy(struct sts_job *job, const char *body, size_t len)
{
	const char *id = "";
	struct sts_entry *entry;
	struct sts_error err;
	enum sts_rc rc;

	if (has_record(job))
		id = job->record.id;
	else if (job->known.entry != NULL)
		id = job->known.entry->id;
	rc = sts_entry_new(job->domain, id, body, len, &job->now, &entry, &err);
	if (rc != STS_OK) {
		job->reason = err;
		if (rc == STS_EPOLICY)
			complain(job, rc, body, len);
		finish_fetched(job,
		    rc == STS_EPOLICY ? STS_FETCHED_FAILURE : STS_FETCHED_LOCAL,
		    rc);
		return;
	}
	trace(job, "policy: %s, %zu mx, max_age %lld",
	    sts_mode_name(entry->policy->mode), entry->policy->mx_count,
	    (long long)entry->policy->max_age);
	learn(job, entry);
	sts_entry_free(entry);
}

static void
connect_host(struct sts_job *job)
{
	char host[NAME_MAX_OCTETS];
	struct sts_error err;

	enter_step(job, STEP_FETCH);
	(void)snprintf(host, sizeof(host), HOST_PREFIX "%s", job->domain);
	if (job->io->fetch(job->io->arg, job, host, job->addr, job->addr_count,
		remaining(job), &err) == STS_OK)
		return;
	job->reason = err;
	finish_fetched(job, STS_FETCHED_LOCAL, STS_ELOCAL);
}

/* No address is left to connect to: whose fault is it? */
static void
no_address(struct sts_job *job)
{
	char text[STS_ADDR_TEXT];

	if (job->refused > 0)
		set_reason(job, STS_EFETCH,
		    "the policy host has no global address (%s is refused)",
		    sts_addr_text(&job->refusal, text));
	else if (job->addr_status == STS_DNS_OK)
		set_reason(job, STS_EFETCH, "the policy host has no address");
	if (job->refused == 0 && job->addr_status == STS_DNS_LOCAL)
		finish_fetched(job, STS_FETCHED_LOCAL, STS_ELOCAL);
	else
		fail_fetch(job, STS_EFETCH);
}

static void
take_addresses(struct sts_job *job, const struct sts_dns_answer *answer)
{
	char text[STS_ADDR_TEXT];
	const struct sts_addr *addr;
	size_t i;

	trace(job, "dns: %s of the policy host: %s, %zu RR",
	    sts_dns_type_name(answer->type),
	    sts_dns_status_name(answer->status), answer->count);
	if (answer->status > STS_DNS_NODATA) {
		job->addr_status = answer->status;
		set_reason(job,
		    answer->status == STS_DNS_LOCAL ? STS_ELOCAL : STS_EFETCH,
		    "DNS failed for the policy host's %s record (%s)",
		    sts_dns_type_name(answer->type), answer->reason);
	}
	for (i = 0; i < answer->count && job->addr_count < ADDR_MAX; i++) {
		addr = &answer->rr[i].addr;
		if (sts_addr_global(addr) ||
		    sts_addr_in(addr, job->options->allow,
			job->options->allow_count)) {
			job->addr[job->addr_count++] = *addr;
			continue;
		}
		job->refused++;
		job->refusal = *addr;
		trace(job, "address: %s refused: not global",
		    sts_addr_text(addr, text));
	}
	if (--job->pending > 0)
		return;
	if (job->addr_count > 0)
		connect_host(job);
	else
		no_address(job);
}

/* ---- entry points ------------------------------------------------------ */

void
sts_job_answer(struct sts_job *job, const char *name,
    const struct sts_dns_answer *answer)
{
	job->io->now(job->io->arg, &job->now);
	if (job->step == STEP_RECORD)
		take_record(job, name, answer);
	else if (job->step == STEP_ADDRESSES)
		take_addresses(job, answer);
}

void
sts_job_fetched(struct sts_job *job, const struct sts_fetch_result *result)
{
	job->io->now(job->io->arg, &job->now);
	trace(job, "fetch: %s, HTTP %ld, %zu octets, %lld ms%s%s",
	    sts_rc_name(result->error.rc), result->status, result->len,
	    (long long)result->ms, result->error.rc == STS_OK ? "" : ": ",
	    result->error.rc == STS_OK ? "" : result->error.text);
	if (result->error.rc == STS_OK) {
		take_policy(job, result->body, result->len);
		return;
	}
	job->reason = result->error;
	if (result->error.rc == STS_ELOCAL || result->error.rc == STS_ENOMEM)
		finish_fetched(job, STS_FETCHED_LOCAL, result->error.rc);
	else
		fail_fetch(job, result->error.rc);
}

void
sts_job_woken(struct sts_job *job)
{
	load(job);
	if (job->known.fresh) {
		set_reason(job, STS_OK, "somebody else has just fetched it");
		finish_known(job);
		return;
	}
	begin_fetch(job);
}

enum sts_rc
sts_job_start(const struct sts_io *io,
    const struct sts_resolver_options *options, const char *domain,
    sts_job_fn fn, void *arg, struct sts_error *err)
{
	struct sts_job *job;

	if (!sts_domain_valid(domain, strlen(domain)))
		return sts_error_set(err, STS_EDOMAIN, "%s: not a domain name",
		    domain);
	job = calloc(1, sizeof(*job));
	if (job == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	job->io = io;
	job->options = options;
	job->fn = fn;
	job->arg = arg;
	(void)snprintf(job->domain, sizeof(job->domain), "%s", domain);
	job->deadline = io->ms(io->arg) + options->timeout_ms;
	load(job);
	job->tlsrpt = job->known.tlsrpt;
	if (options->offline || (job->known.fresh && !options->force)) {
		set_stored_reason(job);
		finish_known(job);
		return STS_OK;
	}
	begin_record(job);
	return STS_OK;
}

void **
sts_job_io(struct sts_job *job)
{
	return &job->slot;
}

const char *
sts_job_domain(const struct sts_job *job)
{
	return job->domain;
}
