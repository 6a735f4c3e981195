/* SPDX-License-Identifier: ISC */
/*
 * What fetch.c and fetcher.c share and nobody else sees.
 */
#ifndef STS_FETCHER_H
#define STS_FETCHER_H

#include "resolve/fetch.h"
#include "verify/verify.h"

struct sts_fetcher {
	struct sts_loop *loop;
	struct sts_timer *timer; /* libcurl's */
	struct sts_trust *trust;
	void *multi; /* CURLM */
	char *proxy; /* "": none, whatever the environment says */
};

/* It ended with this CURLcode: tell, and free it. */
void sts_fetch_finish(struct sts_fetch *fetch, int curl_code);

/* There is no memory to watch its descriptor. */
void sts_fetch_starve(struct sts_fetch *fetch);

#endif
