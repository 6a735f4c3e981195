/* SPDX-License-Identifier: ISC */
/*
 * A scripted world behind struct sts_io: what DNS and the policy hosts say is
 * set by the test, time stands until the test or an answer moves it.
 */
#ifndef SCRIPT_H
#define SCRIPT_H

#include "resolve/resolver.h"

#define SCRIPT_DOMAINS 4
#define SCRIPT_EVENTS  32

enum script_txt {
	SCRIPT_TXT_NXDOMAIN,
	SCRIPT_TXT_NODATA,
	SCRIPT_TXT_VALID,
	SCRIPT_TXT_OTHER, /* only an SPF record */
	SCRIPT_TXT_TWO,   /* two MTA-STS records */
	SCRIPT_TXT_BAD,   /* a malformed one */
	SCRIPT_TXT_SERVFAIL,
	SCRIPT_TXT_TIMEOUT,
	SCRIPT_TXT_LOCAL,
	SCRIPT_TXT_REFUSE, /* the question cannot even be asked */
	SCRIPT_TXT_MAX
};

enum script_host {
	SCRIPT_HOST_GOOD, /* serves the policy text */
	SCRIPT_HOST_FAILS,
	SCRIPT_HOST_WEBPKI,
	SCRIPT_HOST_LOCAL,
	SCRIPT_HOST_NO_ADDRESS,
	SCRIPT_HOST_PRIVATE, /* 127.0.0.1 */
	SCRIPT_HOST_DNS_FAILS,
	SCRIPT_HOST_REFUSE, /* the fetch cannot be started */
	SCRIPT_HOST_MAX
};

struct script_domain {
	char name[STS_DOMAIN_MAX + 1];
	enum script_txt txt;
	enum script_host host;
	char id[STS_ID_MAX + 1];
	char policy[512];
	uint32_t ttl;
	bool tlsrpt;
	unsigned txt_asked, fetched; /* counters */
};

struct script_event {
	struct sts_job *job; /* NULL: slot is free */
	enum {
		SCRIPT_QUERY,
		SCRIPT_FETCH,
		SCRIPT_SLEEP
	} kind;
	enum sts_dns_type type;
	char name[STS_DOMAIN_MAX + 1];
};

struct script {
	struct sts_io io;
	struct sts_now now;
	int64_t ms;
	struct script_domain domain[SCRIPT_DOMAINS];
	struct script_event event[SCRIPT_EVENTS];
	uint64_t seed;    /* order of answers; 0: as asked */
	unsigned sleeps;  /* counter */
	char trace[8192]; /* everything told since script_reset_trace() */
	size_t trace_len;
};

struct script_result { /* of one job */
	bool done;
	enum sts_answer answer;
	enum sts_rc cause;
	enum sts_mode mode; /* of the policy, NONE otherwise */
	char source[16];
	char reason[STS_ERROR_MAX];
	char policy[512]; /* its text, "" otherwise */
	bool stored;
	bool tlsrpt;
};

void script_init(struct script *script);
struct script_domain *script_add(struct script *script, const char *name);
void script_reset_trace(struct script *script);

/* Answer one waiting event, false when there is none. */
bool script_step(struct script *script);

/* Start a job and answer until it ends. */
struct script_result script_ask(struct script *script,
    const struct sts_resolver_options *options, const char *domain);

/* Start a job; RESULT is filled when it ends. */
void script_start(struct script *script,
    const struct sts_resolver_options *options, const char *domain,
    struct script_result *result);

/* Both clocks. */
void script_advance(struct script *script, int64_t seconds);

#endif
