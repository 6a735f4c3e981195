/* SPDX-License-Identifier: ISC */
/*
 * HTTPS by libcurl, driven by our loop, see fetch.h.  libcurl is told what
 * it must not do; certificate and host name are checked by verify.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <curl/curl.h>

#include "base/buf.h"
#include "base/clock.h"
#include "config.h"
#include "resolve/addr.h"
#include "resolve/fetch.h"
#include "resolve/http.h"
#include "resolve/route.h"
#include "verify/verify.h"

#define BODY_MAX    65536 /* RFC 8461, 3.3 suggests it */
#define HEADER_MAX  32768 /* all header lines, interim answers included */
#define URL_MAX     (STS_DOMAIN_MAX + sizeof("https://:65535" STS_POLICY_PATH))
#define RESOLVE_MAX (STS_DOMAIN_MAX + sizeof("+:65535:"))

#define SET(easy, option, value)                                               \
	(curl_easy_setopt((easy), CURLOPT_##option, (value)) == CURLE_OK)
#define SET_MULTI(multi, option, value)                                        \
	(curl_multi_setopt((multi), CURLMOPT_##option, (value)) == CURLM_OK)

struct sts_fetcher {
	struct sts_loop *loop;
	struct sts_timer *timer; /* libcurl's */
	struct sts_trust *trust;
	CURLM *multi;
	char *proxy; /* "": none, whatever the environment says */
};

struct sts_fetch {
	struct sts_fetcher *fetcher;
	struct sts_verify *verify;
	struct sts_timer *deadline;
	CURL *easy;
	struct curl_slist *resolve;
	struct sts_buf body;
	size_t header_len;
	bool proxy_first; /* TLS with an https proxy is yet to come */
	bool head_good;   /* status and type are what we want */
	int sys;          /* errno of a fault of ours, or 0 */
	struct sts_error error;
	char reason[CURL_ERROR_SIZE];
	int64_t start, timeout;
	sts_fetch_fn fn;
	void *arg;
	size_t count;
	struct sts_addr addr[];
};

static bool
is_blank(const char *line, size_t len)
{
	return len > 0 && (line[0] == '\r' || line[0] == '\n');
}

/* One header line; what is no multiple of LEN ends the transfer. */
static size_t
take_header(char *line, size_t size, size_t len, void *arg)
{
	struct sts_fetch *fetch = arg;
	const char *type = NULL;
	long status = 0;

	(void)size;
	fetch->header_len += len;
	if (fetch->header_len > HEADER_MAX) {
		(void)sts_error_set(&fetch->error, STS_EFETCH,
		    "header larger than %d octets", HEADER_MAX);
		return 0;
	}
	if (!is_blank(line, len) || fetch->head_good)
		return len;
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return len;
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_TYPE, &type);
	if (sts_http_judge(status, type, &fetch->error) != STS_OK)
		return 0;
	fetch->head_good = true;
	return len;
}

static size_t
take_body(char *data, size_t size, size_t len, void *arg)
{
	struct sts_fetch *fetch = arg;
	enum sts_rc rc;

	(void)size;
	rc = sts_buf_add(&fetch->body, data, len);
	if (rc == STS_OK)
		return len;
	if (rc == STS_ENOMEM)
		(void)sts_error_set(&fetch->error, STS_ELOCAL, "no memory");
	else
		(void)sts_error_set(&fetch->error, STS_EFETCH,
		    "body larger than %d octets", BODY_MAX);
	return 0;
}

/* libcurl comes here for an https proxy first, whose certificate is checked
 * against the system's CAs, not ours. */
static CURLcode
set_trust(CURL *easy, void *ssl_ctx, void *arg)
{
	struct sts_fetch *fetch = arg;

	(void)easy;
	if (fetch->proxy_first) {
		fetch->proxy_first = false;
		return CURLE_OK;
	}
	if (sts_verify_attach(fetch->verify, ssl_ctx, &fetch->error) != STS_OK)
		return CURLE_ABORTED_BY_CALLBACK;
	return CURLE_OK;
}

/* A machine without IPv6 is no fault; one without descriptors is. */
static curl_socket_t
open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct sts_fetch *fetch = arg;
	int fd;

	(void)purpose;
	fd =
	    socket(addr->family, addr->socktype | SOCK_CLOEXEC, addr->protocol);
	if (fd == -1 && errno != EAFNOSUPPORT)
		fetch->sys = errno;
	return fd == -1 ? CURL_SOCKET_BAD : fd;
}

/* Is it we who cannot reach any of the addresses? */
static int
local_fault(const struct sts_fetch *fetch)
{
	int fault = fetch->sys;
	size_t i;

	for (i = 0; fetch->sys == 0 && i < fetch->count; i++) {
		fault = sts_route_fault(&fetch->addr[i]);
		if (fault == 0)
			return 0;
	}
	return fault;
}

static const struct {
	CURLcode code;
	enum sts_rc rc;
	const char *words;
} causes[] = {
	{ CURLE_OUT_OF_MEMORY, STS_ELOCAL, "no memory: " },
	{ CURLE_FAILED_INIT, STS_ELOCAL, "libcurl: " },
	{ CURLE_COULDNT_RESOLVE_HOST, STS_ELOCAL, "libcurl: " },
	{ CURLE_COULDNT_RESOLVE_PROXY, STS_ELOCAL, "proxy: " },
	{ CURLE_SSL_CONNECT_ERROR, STS_EFETCH, "TLS handshake: " },
	{ CURLE_PARTIAL_FILE, STS_EFETCH, "body cut short: " },
	{ CURLE_RECV_ERROR, STS_EFETCH, "answer cut short: " },
	{ CURLE_GOT_NOTHING, STS_EFETCH, "no answer: " },
};

/* What libcurl says, in its words behind ours. */
static void
explain_code(struct sts_fetch *fetch, CURLcode code)
{
	const char *reason = fetch->reason;
	size_t i;

	if (reason[0] == '\0')
		reason = curl_easy_strerror(code);
	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].code != code)
			continue;
		(void)sts_http_reason(&fetch->error, causes[i].rc,
		    causes[i].words, reason);
		return;
	}
	(void)sts_http_reason(&fetch->error, STS_EFETCH, "", reason);
}

static void
explain_connect(struct sts_fetch *fetch, CURLcode code)
{
	bool proxied = fetch->fetcher->proxy[0] != '\0';
	int fault = proxied ? fetch->sys : local_fault(fetch);

	if (fault != 0) {
		errno = fault;
		(void)sts_error_sys(&fetch->error, STS_ELOCAL,
		    "cannot connect to any of %zu addresses", fetch->count);
		return;
	}
	explain_code(fetch, code);
	if (proxied)
		fetch->error.rc = STS_ELOCAL;
}

static void
explain_timeout(struct sts_fetch *fetch)
{
	if (fetch->sys != 0) {
		errno = fetch->sys;
		(void)sts_error_sys(&fetch->error, STS_ELOCAL, "no connection");
		return;
	}
	(void)sts_error_set(&fetch->error, STS_EFETCH,
	    "timed out after %lld ms", (long long)fetch->timeout);
}

/* Why it failed, unless a callback knew it already. */
static void
explain(struct sts_fetch *fetch, CURLcode code)
{
	struct sts_error *err = &fetch->error;
	enum sts_rc found = sts_verify_result(fetch->verify, err);

	if (found != STS_OK && found != STS_ELOCAL)
		err->rc = STS_EWEBPKI;
	if (err->rc != STS_OK)
		return;
	if (code == CURLE_OPERATION_TIMEDOUT)
		explain_timeout(fetch);
	else if (code == CURLE_COULDNT_CONNECT)
		explain_connect(fetch, code);
	else if (code != CURLE_OK)
		explain_code(fetch, code);
	else if (!fetch->head_good)
		(void)sts_error_set(err, STS_EFETCH, "no answer");
}

static void
fetch_free(struct sts_fetch *fetch)
{
	if (fetch->deadline != NULL)
		sts_loop_cancel(fetch->fetcher->loop, fetch->deadline);
	if (fetch->easy != NULL) {
		(void)curl_multi_remove_handle(fetch->fetcher->multi,
		    fetch->easy);
		curl_easy_cleanup(fetch->easy);
	}
	curl_slist_free_all(fetch->resolve);
	sts_verify_free(fetch->verify);
	sts_buf_clear(&fetch->body);
	free(fetch);
}

static void
finish(struct sts_fetch *fetch, CURLcode code)
{
	struct sts_fetch_result result = { .status = 0 };
	const char *peer = NULL;

	explain(fetch, code);
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE,
	    &result.status);
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_PRIMARY_IP, &peer);
	(void)snprintf(result.peer, sizeof(result.peer), "%s",
	    peer == NULL ? "" : peer);
	result.ms = sts_clock_ms() - fetch->start;
	result.error = fetch->error;
	if (fetch->error.rc == STS_OK) {
		result.body = sts_buf_text(&fetch->body);
		result.len = fetch->body.len;
	}
	fetch->fn(fetch->arg, &result);
	fetch_free(fetch);
}

/* Tell those that are done.  A callback may start and cancel others. */
static void
reap(struct sts_fetcher *fetcher)
{
	struct sts_fetch *fetch;
	CURLMsg *message;
	CURLcode code;
	int left;

	while ((message = curl_multi_info_read(fetcher->multi, &left)) !=
	       NULL) {
		code = message->data.result;
		(void)curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
		    &fetch);
		finish(fetch, code);
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
		fetch->sys = ENOMEM;
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

static void
run_deadline(void *arg)
{
	struct sts_fetch *fetch = arg;

	fetch->deadline = NULL;
	finish(fetch, CURLE_OPERATION_TIMEDOUT);
}

static bool
set_up_multi(struct sts_fetcher *fetcher)
{
	CURLM *multi = fetcher->multi;

	return SET_MULTI(multi, SOCKETFUNCTION, watch_socket) &&
	       SET_MULTI(multi, SOCKETDATA, fetcher) &&
	       SET_MULTI(multi, TIMERFUNCTION, set_timer) &&
	       SET_MULTI(multi, TIMERDATA, fetcher);
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

/*
 * "+HOST:PORT:ADDRESS,...": with the plus libcurl forgets it after a minute,
 * else it would keep every host it ever saw.
 */
static struct curl_slist *
resolve_list(const struct sts_fetch *fetch, const char *host, unsigned port)
{
	struct curl_slist *list;
	struct sts_buf buf;
	char text[STS_ADDR_TEXT];
	size_t i;

	sts_buf_init(&buf, RESOLVE_MAX + fetch->count * (STS_ADDR_TEXT + 3));
	(void)sts_buf_printf(&buf, "+%s:%u:", host, port);
	for (i = 0; i < fetch->count; i++)
		(void)sts_buf_printf(&buf,
		    fetch->addr[i].family == AF_INET6 ? "%s[%s]" : "%s%s",
		    i == 0 ? "" : ",", sts_addr_text(&fetch->addr[i], text));
	list = buf.rc != STS_OK ? NULL
				: curl_slist_append(NULL, sts_buf_text(&buf));
	sts_buf_clear(&buf);
	return list;
}

/* What is not here and could surprise is off by default: netrc, cookies,
 * credentials, compression, Alt-Svc, HSTS, HTTP/0.9. */
static const struct {
	CURLoption option;
	long value;
} numbers[] = {
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTPGET, 1 },
	{ CURLOPT_FOLLOWLOCATION, 0 },
	{ CURLOPT_FRESH_CONNECT, 1 },
	{ CURLOPT_FORBID_REUSE, 1 },
	{ CURLOPT_TCP_NODELAY, 1 }, /* else 40 ms for a delayed ACK */
	{ CURLOPT_NOSIGNAL, 1 },
	{ CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2 },
	{ CURLOPT_SSL_VERIFYPEER, 1 },
	{ CURLOPT_SSL_VERIFYHOST, 2 },
	{ CURLOPT_SSL_SESSIONID_CACHE, 0 },
	{ CURLOPT_CA_CACHE_TIMEOUT, 0 }, /* the store is ours */
	{ CURLOPT_SUPPRESS_CONNECT_HEADERS, 1 },
};

static bool
set_numbers(CURL *easy)
{
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (curl_easy_setopt(easy, numbers[i].option,
			numbers[i].value) != CURLE_OK)
			return false;
	return true;
}

static bool
set_target(struct sts_fetch *fetch, const char *host, unsigned port)
{
	CURL *easy = fetch->easy;
	char url[URL_MAX];

	(void)snprintf(url, sizeof(url), "https://%s:%u" STS_POLICY_PATH, host,
	    port);
	fetch->resolve = resolve_list(fetch, host, port);
	return fetch->resolve != NULL && SET(easy, PROTOCOLS_STR, "https") &&
	       SET(easy, URL, url) && SET(easy, RESOLVE, fetch->resolve) &&
	       SET(easy, PROXY, fetch->fetcher->proxy) &&
	       SET(easy, NOPROXY, "") &&
	       SET(easy, USERAGENT, "mta-sts/" STS_VERSION) &&
	       SET(easy, CONNECTTIMEOUT_MS, (long)fetch->timeout);
}

/* Without CAINFO and CAPATH libcurl parses no bundle, which costs 17 ms. */
static bool
set_calls(struct sts_fetch *fetch)
{
	CURL *easy = fetch->easy;

	return SET(easy, CAINFO, NULL) && SET(easy, CAPATH, NULL) &&
	       SET(easy, SSL_CTX_FUNCTION, set_trust) &&
	       SET(easy, SSL_CTX_DATA, fetch) &&
	       SET(easy, OPENSOCKETFUNCTION, open_socket) &&
	       SET(easy, OPENSOCKETDATA, fetch) &&
	       SET(easy, HEADERFUNCTION, take_header) &&
	       SET(easy, HEADERDATA, fetch) &&
	       SET(easy, WRITEFUNCTION, take_body) &&
	       SET(easy, WRITEDATA, fetch) &&
	       SET(easy, ERRORBUFFER, fetch->reason) &&
	       SET(easy, PRIVATE, fetch);
}

/* Without addresses libcurl would ask a resolver of its own. */
static bool
launch(struct sts_fetch *fetch, const char *host, unsigned port)
{
	struct sts_fetcher *fetcher = fetch->fetcher;

	fetch->verify = sts_verify_new(fetcher->trust, host);
	fetch->easy = curl_easy_init();
	if (fetch->verify == NULL || fetch->easy == NULL)
		return false;
	fetch->deadline = sts_loop_timer(fetcher->loop,
	    fetch->count == 0 ? 0 : fetch->timeout, run_deadline, fetch);
	if (fetch->deadline == NULL)
		return false;
	if (fetch->count == 0) {
		(void)sts_error_set(&fetch->error, STS_EFETCH, "no address");
		return true;
	}
	return set_numbers(fetch->easy) && set_target(fetch, host, port) &&
	       set_calls(fetch) &&
	       curl_multi_add_handle(fetcher->multi, fetch->easy) == CURLM_OK;
}

struct sts_fetch *
sts_fetch_start(struct sts_fetcher *fetcher, const char *host, unsigned port,
    const struct sts_addr *addr, size_t count, int64_t timeout_ms,
    sts_fetch_fn fn, void *arg)
{
	struct sts_fetch *fetch;

	fetch = calloc(1, sizeof(*fetch) + count * sizeof(*addr));
	if (fetch == NULL)
		return NULL;
	fetch->fetcher = fetcher;
	fetch->start = sts_clock_ms();
	fetch->timeout = timeout_ms;
	fetch->proxy_first = strncmp(fetcher->proxy, "https://", 8) == 0;
	fetch->fn = fn;
	fetch->arg = arg;
	fetch->count = count;
	if (count > 0)
		memcpy(fetch->addr, addr, count * sizeof(*addr));
	sts_buf_init(&fetch->body, BODY_MAX);
	if (launch(fetch, host, port))
		return fetch;
	fetch_free(fetch);
	return NULL;
}

void
sts_fetch_cancel(struct sts_fetch *fetch)
{
	if (fetch != NULL)
		fetch_free(fetch);
}
