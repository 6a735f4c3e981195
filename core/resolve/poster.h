/* SPDX-License-Identifier: ISC */
/*
 * Reports to https URIs (RFC 8460, 5.4): addresses of the host, judged as
 * those of a policy host are, then one POST.  Several at the same time.
 */
#ifndef STS_POSTER_H
#define STS_POSTER_H

#include "resolve/fetch.h"

struct sts_poster_setup { /* what is pointed to must outlive the poster */
	struct sts_loop *loop;
	struct sts_dns *dns;
	const char *ca_file, *ca_dir, *proxy; /* as of sts_fetcher_new() */
	const struct sts_network *allow;      /* besides what is global */
	size_t allow_count;
};

struct sts_posted {
	/* STS_OK: the host has the report.  STS_ENODATA, EDNS: no address.
	 * STS_EFETCH: not reached, or it would not have it.  STS_ELOCAL: our
	 * own fault. */
	struct sts_error error;
	long status;              /* HTTP, 0: none came */
	char peer[STS_ADDR_TEXT]; /* "": not connected, or by a proxy */
	int64_t ms;               /* it took */
};

/* Called once, never from inside sts_poster_send(). */
typedef void (*sts_poster_fn)(void *arg, const struct sts_posted *posted);

struct sts_poster;
struct sts_post; /* under way */

STS_MUST_USE enum sts_rc sts_poster_new(const struct sts_poster_setup *setup,
    struct sts_poster **poster, struct sts_error *err);
/* After all its posts ended or were cancelled. */
void sts_poster_free(struct sts_poster *poster);

/* REPORT's URI is copied, its type and data are borrowed until FN was called.
 * All of it takes TIMEOUT_MS at most.  NULL: no memory. */
STS_MUST_USE struct sts_post *sts_poster_send(struct sts_poster *poster,
    const struct sts_fetch_report *report, int64_t timeout_ms, sts_poster_fn fn,
    void *arg);
void sts_poster_cancel(struct sts_post *post); /* before FN was called */

#endif
