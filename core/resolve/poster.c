/* SPDX-License-Identifier: ISC */
/*
 * Reports to https URIs, see poster.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "resolve/address.h"
#include "resolve/poster.h"

#define TRIED_MAX 8 /* addresses */
#define DNS_SHARE 2 /* part of the time that DNS may take */

struct sts_poster {
	struct sts_poster_setup setup;
	struct sts_fetcher *fetcher; /* NULL: not needed yet */
};

struct sts_post {
	struct sts_poster *poster;
	struct sts_address *address; /* while they are looked up */
	struct sts_fetch *fetch;     /* while it is sent */
	struct sts_uri uri;
	struct sts_fetch_report report;
	int64_t start, timeout;
	sts_poster_fn fn;
	void *arg;
};

enum sts_rc
sts_poster_new(const struct sts_poster_setup *setup, struct sts_poster **poster,
    struct sts_error *err)
{
	struct sts_poster *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	new->setup = *setup;
	*poster = new;
	return STS_OK;
}

void
sts_poster_free(struct sts_poster *poster)
{
	if (poster == NULL)
		return;
	sts_fetcher_free(poster->fetcher);
	free(poster);
}

void
sts_poster_cancel(struct sts_post *post)
{
	if (post == NULL)
		return;
	sts_address_cancel(post->address);
	sts_fetch_cancel(post->fetch);
	free(post);
}

static void
tell(struct sts_post *post, struct sts_posted *posted)
{
	sts_poster_fn fn = post->fn;
	void *arg = post->arg;

	posted->ms = sts_clock_ms() - post->start;
	free(post);
	fn(arg, posted);
}

static void
tell_error(struct sts_post *post, const struct sts_error *error)
{
	struct sts_posted posted = { .error = *error };

	tell(post, &posted);
}

static void
sent(void *arg, const struct sts_fetch_result *result)
{
	struct sts_post *post = arg;
	struct sts_posted posted = {
		.error = result->error,
		.status = result->status,
	};

	(void)snprintf(posted.peer, sizeof(posted.peer), "%s", result->peer);
	tell(post, &posted);
}

/* A stranger chose the host, as he chose that of a policy (RFC 8461, 10.3);
 * those of its addresses that may be connected to. */
static size_t
sift(const struct sts_poster_setup *setup, const struct sts_addresses *found,
    struct sts_addr addr[TRIED_MAX])
{
	size_t i, count = 0;

	for (i = 0; i < found->count && count < TRIED_MAX; i++)
		if (sts_addr_global(&found->addr[i]) ||
		    sts_addr_in(&found->addr[i], setup->allow,
			setup->allow_count))
			addr[count++] = found->addr[i];
	return count;
}

/* The trust store is parsed once, and only in a process that needs it. */
static enum sts_rc
need_fetcher(struct sts_poster *poster, struct sts_error *err)
{
	const struct sts_poster_setup *setup = &poster->setup;

	if (poster->fetcher != NULL)
		return STS_OK;
	return sts_fetcher_new(setup->loop, setup->ca_file, setup->ca_dir,
	    setup->proxy, &poster->fetcher, err);
}

static enum sts_rc
begin(struct sts_post *post, const struct sts_addresses *found,
    struct sts_error *err)
{
	struct sts_poster *poster = post->poster;
	int64_t left = post->start + post->timeout - sts_clock_ms();
	struct sts_addr addr[TRIED_MAX];
	char text[STS_ADDR_TEXT];
	size_t count;

	if (found->count == 0) {
		*err = found->error;
		return err->rc;
	}
	count = sift(&poster->setup, found, addr);
	if (count == 0)
		return sts_error_set(err, STS_EFETCH,
		    "the report host has no global address, only %s; see "
		    "allow-network",
		    sts_addr_text(&found->addr[0], text));
	if (need_fetcher(poster, err) != STS_OK)
		return STS_ELOCAL;
	post->fetch = sts_fetch_post(poster->fetcher, &post->report, addr,
	    count, left > 0 ? left : 0, sent, post);
	if (post->fetch == NULL)
		return sts_error_set(err, STS_ELOCAL, "no memory");
	return STS_OK;
}

static void
resolved(void *arg, const struct sts_addresses *found)
{
	struct sts_post *post = arg;
	struct sts_error error = { .rc = STS_OK };

	post->address = NULL;
	if (begin(post, found, &error) != STS_OK)
		tell_error(post, &error);
}

struct sts_post *
sts_poster_send(struct sts_poster *poster,
    const struct sts_fetch_report *report, int64_t timeout_ms, sts_poster_fn fn,
    void *arg)
{
	struct sts_post *post = calloc(1, sizeof(*post));

	if (post == NULL)
		return NULL;
	post->poster = poster;
	post->uri = *report->uri;
	post->report = *report;
	post->report.uri = &post->uri;
	post->start = sts_clock_ms();
	post->timeout = timeout_ms;
	post->fn = fn;
	post->arg = arg;
	post->address = sts_address_start(poster->setup.dns, post->uri.host,
	    timeout_ms / DNS_SHARE, resolved, post);
	if (post->address != NULL)
		return post;
	free(post);
	return NULL;
}
