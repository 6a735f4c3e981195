/* SPDX-License-Identifier: ISC */
/*
 * One domain's way from question to answer (RFC 8461, 3): state, TXT, DECIDE,
 * lease, addresses, fetch, store.  It decides and does no network I/O of its
 * own: struct sts_io does, the real one in io.c, a scripted one in the tests.
 */
#ifndef STS_RESOLVER_H
#define STS_RESOLVER_H

#include "base/addr.h"
#include "resolve/decide.h"
#include "resolve/fetch.h"

struct sts_outcome { /* of one job; all borrowed until the callback returns */
	const char *domain;
	enum sts_answer answer;
	enum sts_rc cause;   /* why UNKNOWN or DAMAGED; of a failed fetch too */
	const char *reason;  /* one sentence */
	enum sts_rc trouble; /* what it tells of; STS_OK: that all is well */
	const char *source;  /* "cache", "live", "ledger" */
	const struct sts_entry *entry; /* answer POLICY */
	bool tlsrpt;
	bool stored; /* false: the state could not take it */
};

struct sts_job;

struct sts_io {
	void *arg;
	void (*now)(void *arg, struct sts_now *now);
	int64_t (*ms)(void *arg); /* as sts_clock_ms() */
	/* Each of the three answers later through sts_job_answer(),
	 * sts_job_fetched(), sts_job_woken(), once, unless cancelled. */
	enum sts_rc (*query)(void *arg, struct sts_job *job,
	    enum sts_dns_type type, const char *name, int64_t timeout_ms);
	enum sts_rc (*fetch)(void *arg, struct sts_job *job, const char *host,
	    const struct sts_addr *addr, size_t count, int64_t timeout_ms,
	    struct sts_error *err);
	enum sts_rc (*sleep)(void *arg, struct sts_job *job, int64_t ms);
	void (*cancel)(void *arg, struct sts_job *job); /* all of the job's */
	/* One line of what happens, for "query -v"; may be NULL. */
	void (*trace)(void *arg, const char *domain, const char *line);
};

struct sts_resolver_options {
	struct sts_state *state; /* NULL: a third uid, live lookup only */
	int64_t timeout_ms;      /* for one whole job */
	enum sts_on_error on_error;
	const struct sts_network *allow; /* addresses besides global ones */
	size_t allow_count;
	bool force;   /* ask DNS and HTTPS although the state is fresh */
	bool offline; /* the state alone */
};

typedef void (*sts_job_fn)(void *arg, const struct sts_outcome *outcome);

/*
 * Start on normalised DOMAIN; FN is called once, perhaps before this
 * returns, and the job is gone when it comes back.  IO and OPTIONS must
 * outlive the job.
 */
STS_MUST_USE enum sts_rc sts_job_start(const struct sts_io *io,
    const struct sts_resolver_options *options, const char *domain,
    sts_job_fn fn, void *arg, struct sts_error *err);

/* Answers to the calls of struct sts_io; the job may be gone afterwards. */
void sts_job_answer(struct sts_job *job, const char *name,
    const struct sts_dns_answer *answer);
void sts_job_fetched(struct sts_job *job,
    const struct sts_fetch_result *result);
void sts_job_woken(struct sts_job *job);

/* Slot for the I/O side's bookkeeping of this job. */
void **sts_job_io(struct sts_job *job);
const char *sts_job_domain(const struct sts_job *job);

#endif
