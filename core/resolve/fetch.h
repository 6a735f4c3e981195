/* SPDX-License-Identifier: ISC */
/*
 * One policy by HTTPS (RFC 8461, 3.3): GET, status 200 only, no redirects,
 * text/plain, 64 KiB, certificate for the policy host, one absolute deadline.
 * Or one report (RFC 8460, 5.4): POST, any 2xx, no redirects, any certificate,
 * and no more than 64 KiB of answer.
 */
#ifndef STS_FETCH_H
#define STS_FETCH_H

#include "base/uri.h"
#include "resolve/dns.h"

#define STS_POLICY_PORT 443
#define STS_POLICY_PATH "/.well-known/mta-sts.txt"

struct sts_fetch_result {
	struct sts_error error; /* rc STS_OK, EFETCH, EWEBPKI, ELOCAL */
	long status;            /* HTTP, 0: none came */
	const char *body; /* STS_OK: borrowed until the callback returns */
	size_t len;
	int64_t ms; /* it took */
	char peer[46];
};

/* Called once, never from inside sts_fetch_start(). */
typedef void (*sts_fetch_fn)(void *arg, const struct sts_fetch_result *result);

struct sts_fetcher; /* libcurl multi handle, trust store */
struct sts_fetch;

/* CA_FILE, CA_DIR: NULL for the system's.  PROXY: URL or NULL. */
STS_MUST_USE enum sts_rc sts_fetcher_new(struct sts_loop *loop,
    const char *ca_file, const char *ca_dir, const char *proxy,
    struct sts_fetcher **fetcher, struct sts_error *err);
/* After all its fetches ended or were cancelled. */
void sts_fetcher_free(struct sts_fetcher *fetcher);

/*
 * GET https://HOST:PORT/.well-known/mta-sts.txt from ADDR (COUNT of them,
 * at most 8, tried with fall-over), the whole of it within TIMEOUT_MS.  PORT is
 * STS_POLICY_PORT but in tests.  NULL: no memory.
 */
STS_MUST_USE struct sts_fetch *sts_fetch_start(struct sts_fetcher *fetcher,
    const char *host, unsigned port, const struct sts_addr *addr, size_t count,
    int64_t timeout_ms, sts_fetch_fn fn, void *arg);

struct sts_fetch_report {
	const struct sts_uri *uri;
	const char *type; /* "application/tlsrpt+gzip" or such */
	const void *data; /* borrowed until FN was called */
	size_t len;
};

/*
 * POST it from ADDR, as above.  STS_OK: all of it was sent and the host said
 * 2xx, whatever became of the rest of its answer; the result has no body.
 * Whose certificate it is does not matter: a report must get through where a
 * certificate is what is broken (RFC 8460, 3 and 7).
 */
STS_MUST_USE struct sts_fetch *sts_fetch_post(struct sts_fetcher *fetcher,
    const struct sts_fetch_report *post, const struct sts_addr *addr,
    size_t count, int64_t timeout_ms, sts_fetch_fn fn, void *arg);

void sts_fetch_cancel(struct sts_fetch *fetch); /* before FN was called */

#endif
