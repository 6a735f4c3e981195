/* SPDX-License-Identifier: ISC */
/*
 * libcurl's transfers on our loop, see fetch.h and fetcher.h.
 */
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "resolve/fetch.h"
#include "resolve/fetcher.h"

#define SET(multi, option, value)                                              \
	(curl_multi_setopt((multi), CURLMOPT_##option, (value)) == CURLM_OK)

/* Tell those that are done.  A callback may start and cancel others. */
static void
reap(struct sts_fetcher *fetcher)
{
	struct sts_fetch *fetch = NULL;
	CURLMsg *message;
	CURLcode code;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) !=
	       NULL) {
		code = message->data.result;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &fetch);
		sts_fetch_finish(fetch, code);
	}
}

static void
run_socket(void *arg, int fd, int events)
{
	struct sts_fetcher *fetcher = arg;
	int mask = 0, running;

	if ((events & STS_LOOP_READ) != 0)
		mask |= CURL_CSELECT_IN;
	if ((events & STS_LOOP_WRITE) != 0)
		mask |= CURL_CSELECT_OUT;
	(void)curl_multi_socket_action(fetcher->multi, fd, mask, &running);
	reap(fetcher);
}

static void
run_timer(void *arg)
{
	struct sts_fetcher *fetcher = arg;
	int running;

	fetcher->timer = NULL;
	(void)curl_multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0,
	    &running);
	reap(fetcher);
}

/* An error returned from here would end every transfer: one that cannot be
 * watched ends at its deadline instead. */
static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused)
{
	struct sts_fetcher *fetcher = arg;
	struct sts_fetch *fetch = NULL;
	int events = 0;

	(void)unused;
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= STS_LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= STS_LOOP_WRITE;
	if (sts_loop_watch(fetcher->loop, fd, events, run_socket, fetcher) ==
	    STS_OK)
		return 0;
	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &fetch);
	if (fetch != NULL)
		sts_fetch_starve(fetch);
	return 0;
}

static int
set_timer(CURLM *multi, long ms, void *arg)
{
	struct sts_fetcher *fetcher = arg;

	(void)multi;
	if (fetcher->timer != NULL)
		sts_loop_cancel(fetcher->loop, fetcher->timer);
	fetcher->timer = NULL;
	if (ms >= 0)
		fetcher->timer =
		    sts_loop_timer(fetcher->loop, ms, run_timer, fetcher);
	return 0;
}

static bool
set_up_multi(struct sts_fetcher *fetcher)
{
	CURLM *multi = fetcher->multi;

	return SET(multi, SOCKETFUNCTION, watch_socket) &&
	       SET(multi, SOCKETDATA, fetcher) &&
	       SET(multi, TIMERFUNCTION, set_timer) &&
	       SET(multi, TIMERDATA, fetcher);
}

enum sts_rc
sts_fetcher_new(struct sts_loop *loop, const char *ca_file, const char *ca_dir,
    const char *proxy, struct sts_fetcher **fetcher, struct sts_error *err)
{
	struct sts_fetcher *new;
	enum sts_rc rc;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return sts_error_set(err, STS_ELOCAL, "cannot start libcurl");
	new = calloc(1, sizeof(*new));
	if (new == NULL) {
		curl_global_cleanup();
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	new->loop = loop;
	new->proxy = strdup(proxy == NULL ? "" : proxy);
	new->multi = curl_multi_init();
	rc = sts_trust_new(ca_file, ca_dir, &new->trust, err);
	if (rc == STS_OK &&
	    (new->proxy == NULL || new->multi == NULL || !set_up_multi(new)))
		rc = sts_error_set(err, STS_ENOMEM, "no memory");
	if (rc != STS_OK) {
		sts_fetcher_free(new);
		return rc;
	}
	*fetcher = new;
	return STS_OK;
}

void
sts_fetcher_free(struct sts_fetcher *fetcher)
{
	if (fetcher == NULL)
		return;
	(void)curl_multi_cleanup(fetcher->multi);
	if (fetcher->timer != NULL)
		sts_loop_cancel(fetcher->loop, fetcher->timer);
	sts_trust_free(fetcher->trust);
	free(fetcher->proxy);
	free(fetcher);
	curl_global_cleanup();
}
