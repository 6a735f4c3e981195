/* SPDX-License-Identifier: ISC */
/*
 * HTTPS by libcurl, driven by our loop, see fetch.h.  libcurl is told what
 * it must not do; certificate and host name are checked by verify.c.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "base/addr.h"
#include "base/buf.h"
#include "base/clock.h"
#include "config.h"
#include "resolve/dial.h"
#include "resolve/fetch.h"
#include "resolve/fetcher.h"
#include "resolve/http.h"
#include "verify/verify.h"

#define BODY_MAX    65536 /* RFC 8461, 3.3 suggests it */
#define HEADER_MAX  32768 /* all header lines, interim answers included */
#define URL_MAX     (STS_DOMAIN_MAX + sizeof("https://:65535") + STS_URI_MAX)
#define RESOLVE_MAX (STS_DOMAIN_MAX + STS_ADDR_TEXT + sizeof("+:65535:[]"))
#define TYPE_MAX    64

#define SET(easy, option, value)                                               \
	(curl_easy_setopt((easy), CURLOPT_##option, (value)) == CURLE_OK)

struct kind {                                   /* of exchange */
	const char *host, *answer, *before_end; /* in words */
	enum sts_rc (*judge)(long status, const char *type,
	    struct sts_error *err);
};

static const struct kind policy = { "policy host", "policy",
	"before the end of the policy", sts_http_judge };
static const struct kind report = { "report host", "answer",
	"before the end of the answer", sts_http_judge_post };

struct sts_fetch {
	struct sts_fetcher *fetcher;
	const struct kind *kind;
	struct sts_verify *verify;
	struct sts_timer *deadline;
	struct sts_dial *dial; /* while it connects */
	CURL *easy;
	struct curl_slist *resolve, *fields;
	struct sts_buf body;
	size_t header_len;
	bool proxy_first; /* TLS with an https proxy is yet to come */
	bool in_head;     /* the status line was seen */
	bool head_good;   /* status and type are what we want */
	bool starved;     /* no memory to watch a descriptor */
	int fd;           /* connected, not yet libcurl's; or -1 */
	struct sts_error error;
	char reason[CURL_ERROR_SIZE];
	struct sts_uri uri;
	const void *data; /* to be sent, the caller's */
	size_t data_len;
	char peer[STS_ADDR_TEXT];
	int64_t start, timeout;
	sts_fetch_fn fn;
	void *arg;
	size_t count;
	struct sts_addr addr[];
};

static bool
is_proxied(const struct sts_fetch *fetch)
{
	return fetch->fetcher->proxy[0] != '\0';
}

static bool
is_blank(const char *line, size_t len)
{
	return len > 0 && (line[0] == '\r' || line[0] == '\n');
}

static void
refuse_head(struct sts_fetch *fetch)
{
	(void)sts_error_set(&fetch->error, STS_EFETCH,
	    "the %s's header is larger than %d octets", fetch->kind->host,
	    HEADER_MAX);
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
		refuse_head(fetch);
		return 0;
	}
	if (fetch->head_good) /* a trailer */
		return len;
	if (!fetch->in_head && !sts_http_is_status(line, len)) {
		(void)sts_error_set(&fetch->error, STS_EFETCH,
		    "not an answer of HTTP: no status line of HTTP/1");
		return 0;
	}
	fetch->in_head = !is_blank(line, len);
	if (fetch->in_head)
		return len;
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return len;
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_CONTENT_TYPE, &type);
	if (fetch->kind->judge(status, type, &fetch->error) != STS_OK)
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
		    "the %s is larger than %d octets", fetch->kind->answer,
		    BODY_MAX);
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
	if (fetch->kind == &report)
		sts_verify_tolerate(fetch->verify);
	return CURLE_OK;
}

/* What libcurl would open, dial.c has connected; it is libcurl's then. */
static curl_socket_t
hand_over(void *arg, curlsocktype purpose, struct curl_sockaddr *addr)
{
	struct sts_fetch *fetch = arg;
	int fd = fetch->fd;

	(void)purpose;
	(void)addr;
	fetch->fd = -1;
	return fd == -1 ? CURL_SOCKET_BAD : fd;
}

static int
is_connected(void *arg, curl_socket_t fd, curlsocktype purpose)
{
	(void)arg;
	(void)fd;
	(void)purpose;
	return CURL_SOCKOPT_ALREADY_CONNECTED;
}

enum whom {
	NOBODY,
	HOST,
	ANSWER
};

static const struct {
	CURLcode code;
	enum sts_rc rc;
	const char *before;
	enum whom whom;
	const char *behind;
} causes[] = {
	{ CURLE_OUT_OF_MEMORY, STS_ELOCAL, "no memory", NOBODY, "" },
	{ CURLE_FAILED_INIT, STS_ELOCAL, "libcurl", NOBODY, "" },
	{ CURLE_COULDNT_RESOLVE_HOST, STS_ELOCAL, "libcurl", NOBODY, "" },
	{ CURLE_COULDNT_RESOLVE_PROXY, STS_ELOCAL, "proxy", NOBODY, "" },
	{ CURLE_COULDNT_CONNECT, STS_ELOCAL, "proxy", NOBODY, "" },
	{ CURLE_SSL_CONNECT_ERROR, STS_EFETCH, "no TLS session with the ", HOST,
	    "" },
	{ CURLE_PARTIAL_FILE, STS_EFETCH, "the ", ANSWER,
	    " did not arrive whole" },
	{ CURLE_RECV_ERROR, STS_EFETCH, "connection to the ", HOST, "" },
	{ CURLE_SEND_ERROR, STS_EFETCH, "connection to the ", HOST, "" },
	{ CURLE_GOT_NOTHING, STS_EFETCH, "the ", HOST, " did not answer" },
};

/* Has more come than a header may have, and no end of it?  A line longer than
 * libcurl takes is lack of memory to it, up to 8.5. */
static bool
is_endless_head(const struct sts_fetch *fetch)
{
	return !fetch->head_good &&
	       sts_verify_received(fetch->verify) > HEADER_MAX;
}

/* What libcurl says, in its words behind ours. */
static void
explain_code(struct sts_fetch *fetch, CURLcode code)
{
	const char *reason = fetch->reason;
	const char *whom[] = { "", fetch->kind->host, fetch->kind->answer };
	char words[STS_ERROR_MAX];
	size_t i;

	if (is_endless_head(fetch)) {
		refuse_head(fetch);
		return;
	}
	if (code == CURLE_RECV_ERROR && fetch->head_good)
		code = CURLE_PARTIAL_FILE;
	if (reason[0] == '\0')
		reason = curl_easy_strerror(code);
	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].code != code)
			continue;
		(void)snprintf(words, sizeof(words),
		    "%s%s%s: ", causes[i].before, whom[causes[i].whom],
		    causes[i].behind);
		(void)sts_http_reason(&fetch->error, causes[i].rc, words,
		    reason);
		return;
	}
	(void)sts_http_reason(&fetch->error, STS_EFETCH,
	    "not an answer of HTTP: ", reason);
}

/* How far it had come when the time was over. */
static const char *
phase(const struct sts_fetch *fetch)
{
	curl_off_t tls = 0;

	if (fetch->easy == NULL)
		return "connecting";
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_APPCONNECT_TIME_T, &tls);
	if (tls == 0)
		return "in the TLS handshake";
	return fetch->head_good ? fetch->kind->before_end
				: "before the end of the header";
}

static void
explain_timeout(struct sts_fetch *fetch)
{
	(void)sts_error_set(&fetch->error,
	    fetch->starved ? STS_ELOCAL : STS_EFETCH,
	    "the %s timed out after %lld ms, %s", fetch->kind->host,
	    (long long)fetch->timeout, phase(fetch));
}

/* Certificate and host name; the sentence is verify.c's. */
static void
explain_certificate(struct sts_fetch *fetch)
{
	struct sts_error found;
	enum sts_rc rc = sts_verify_result(fetch->verify, &found);

	if (rc != STS_OK)
		(void)sts_error_set(&fetch->error,
		    rc == STS_ELOCAL ? rc : STS_EWEBPKI,
		    "the policy host's %.*s", STS_ERROR_MAX - 32, found.text);
}

static bool
find_field(const struct sts_fetch *fetch, const char *name, size_t nth,
    struct curl_header **field)
{
	return curl_easy_header(fetch->easy, name, nth, CURLH_HEADER, -1,
		   field) == CURLHE_OK;
}

/* Is LEN what every Content-Length says?  libcurl believes the last of them,
 * takes a sign, and what is too large for none (RFC 9112, 6.3). */
static bool
is_length(const struct sts_fetch *fetch, size_t len)
{
	struct curl_header *field;
	size_t i;

	for (i = 0; find_field(fetch, "Content-Length", i, &field); i++)
		if (strspn(field->value, "0123456789") !=
			strlen(field->value) ||
		    strtoull(field->value, NULL, 10) != len)
			return false;
	return true;
}

/* Why the body may not be whole, or NULL.  Where nothing but the end of the
 * connection tells its end, an attacker can bring it about, but not make TLS
 * say so. */
static const char *
find_gap(const struct sts_fetch *fetch)
{
	struct curl_header *field;

	if (find_field(fetch, "Transfer-Encoding", 0, &field))
		return NULL; /* libcurl saw the last chunk */
	if (!is_length(fetch, fetch->body.len))
		return "its length is not its Content-Length";
	if (find_field(fetch, "Content-Length", 0, &field) ||
	    sts_verify_closed(fetch->verify))
		return NULL;
	return "connection closed without close_notify";
}

/* Was all of a report sent, and welcome?  What becomes of the answer's body
 * then is of no interest: sent again, the report would be there twice. */
static bool
is_accepted(const struct sts_fetch *fetch)
{
	curl_off_t sent = 0;

	if (fetch->kind != &report || !fetch->head_good)
		return false;
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_SIZE_UPLOAD_T, &sent);
	return (size_t)sent >= fetch->data_len;
}

/* Why a policy may not be whole, or a report may not have arrived. */
static const char *
find_flaw(const struct sts_fetch *fetch)
{
	return fetch->kind == &policy ? find_gap(fetch)
				      : "it came before the report was sent";
}

/* Why it failed, unless a callback knew it already. */
static void
explain(struct sts_fetch *fetch, CURLcode code)
{
	struct sts_error *err = &fetch->error;
	const char *flaw;

	if (is_accepted(fetch)) {
		err->rc = STS_OK;
		return;
	}
	if (fetch->kind == &policy)
		explain_certificate(fetch);
	if (err->rc != STS_OK)
		return;
	if (code == CURLE_OPERATION_TIMEDOUT)
		explain_timeout(fetch);
	else if (code != CURLE_OK)
		explain_code(fetch, code);
	else if (!fetch->head_good)
		(void)sts_error_set(err, STS_EFETCH, "the %s did not answer",
		    fetch->kind->host);
	else if ((flaw = find_flaw(fetch)) != NULL)
		(void)sts_error_set(err, STS_EFETCH,
		    "the %s did not arrive whole: %s", fetch->kind->answer,
		    flaw);
}

static void
fetch_free(struct sts_fetch *fetch)
{
	if (fetch->deadline != NULL)
		sts_loop_cancel(fetch->fetcher->loop, fetch->deadline);
	sts_dial_cancel(fetch->dial);
	if (fetch->easy != NULL) {
		(void)curl_multi_remove_handle(fetch->fetcher->multi,
		    fetch->easy);
		curl_easy_cleanup(fetch->easy);
	}
	if (fetch->fd != -1)
		(void)close(fetch->fd);
	curl_slist_free_all(fetch->resolve);
	curl_slist_free_all(fetch->fields);
	sts_verify_free(fetch->verify);
	sts_buf_clear(&fetch->body);
	free(fetch);
}

void
sts_fetch_finish(struct sts_fetch *fetch, int curl_code)
{
	CURLcode code = (CURLcode)curl_code;
	struct sts_fetch_result result = { .status = 0 };

	explain(fetch, code);
	(void)curl_easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE,
	    &result.status);
	(void)snprintf(result.peer, sizeof(result.peer), "%s", fetch->peer);
	result.ms = sts_clock_ms() - fetch->start;
	result.error = fetch->error;
	if (fetch->error.rc == STS_OK && fetch->kind == &policy) {
		result.body = sts_buf_text(&fetch->body);
		result.len = fetch->body.len;
	}
	fetch->fn(fetch->arg, &result);
	fetch_free(fetch);
}

void
sts_fetch_starve(struct sts_fetch *fetch)
{
	fetch->starved = true;
}

static void
run_deadline(void *arg)
{
	struct sts_fetch *fetch = arg;

	fetch->deadline = NULL;
	sts_fetch_finish(fetch, CURLE_OPERATION_TIMEDOUT);
}

/* What is not here and could surprise is off by default: netrc, cookies,
 * credentials, compression, Alt-Svc, HSTS, HTTP/0.9. */
static const struct {
	CURLoption option;
	long value;
} numbers[] = {
	{ CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1 },
	{ CURLOPT_HTTPGET, 1 }, /* unless it is a report */
	{ CURLOPT_PATH_AS_IS, 1 },
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

/*
 * "+HOST:PORT:ADDRESS": with the plus libcurl forgets it after a minute, else
 * it would keep every host it ever saw.
 */
static bool
set_address(struct sts_fetch *fetch)
{
	char text[RESOLVE_MAX];
	bool v6 = strchr(fetch->peer, ':') != NULL;

	(void)snprintf(text, sizeof(text), "+%s:%u:%s%s%s", fetch->uri.host,
	    fetch->uri.port, v6 ? "[" : "", fetch->peer, v6 ? "]" : "");
	fetch->resolve = curl_slist_append(NULL, text);
	return fetch->resolve != NULL &&
	       SET(fetch->easy, RESOLVE, fetch->resolve) &&
	       SET(fetch->easy, OPENSOCKETFUNCTION, hand_over) &&
	       SET(fetch->easy, OPENSOCKETDATA, fetch) &&
	       SET(fetch->easy, SOCKOPTFUNCTION, is_connected);
}

static bool
set_target(struct sts_fetch *fetch)
{
	CURL *easy = fetch->easy;
	char url[URL_MAX];

	(void)snprintf(url, sizeof(url), "https://%s:%u%s", fetch->uri.host,
	    fetch->uri.port, fetch->uri.target);
	return SET(easy, PROTOCOLS_STR, "https") && SET(easy, URL, url) &&
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
	       SET(easy, HEADERFUNCTION, take_header) &&
	       SET(easy, HEADERDATA, fetch) &&
	       SET(easy, WRITEFUNCTION, take_body) &&
	       SET(easy, WRITEDATA, fetch) &&
	       SET(easy, ERRORBUFFER, fetch->reason) &&
	       SET(easy, PRIVATE, fetch);
}

/* The certificate may be anybody's (RFC 8460, 3).  Without "Expect:" a large
 * report would wait a second for leave to be sent. */
static bool
set_report(struct sts_fetch *fetch)
{
	CURL *easy = fetch->easy;

	return SET(easy, SSL_VERIFYPEER, 0L) && SET(easy, SSL_VERIFYHOST, 0L) &&
	       SET(easy, POST, 1L) && SET(easy, POSTFIELDS, fetch->data) &&
	       SET(easy, POSTFIELDSIZE_LARGE, (curl_off_t)fetch->data_len) &&
	       SET(easy, HTTPHEADER, fetch->fields);
}

/* libcurl begins at its first timer, not in here. */
static bool
launch(struct sts_fetch *fetch)
{
	fetch->easy = curl_easy_init();
	return fetch->easy != NULL && set_numbers(fetch->easy) &&
	       set_target(fetch) && set_calls(fetch) &&
	       (fetch->kind == &policy || set_report(fetch)) &&
	       (is_proxied(fetch) || set_address(fetch)) &&
	       curl_multi_add_handle(fetch->fetcher->multi, fetch->easy) ==
		   CURLM_OK;
}

static void
dialled(void *arg, int fd, const struct sts_addr *addr,
    const struct sts_error *err)
{
	struct sts_fetch *fetch = arg;

	fetch->dial = NULL;
	fetch->fd = fd;
	if (fd == -1) {
		fetch->error = *err;
		(void)sts_error_prefix(&fetch->error, "no connection to the %s",
		    fetch->kind->host);
		sts_fetch_finish(fetch, CURLE_COULDNT_CONNECT);
		return;
	}
	(void)sts_addr_text(addr, fetch->peer);
	if (!launch(fetch))
		sts_fetch_finish(fetch, CURLE_OUT_OF_MEMORY);
}

/* The name of the host is looked up by a proxy, if there is one. */
static bool
begin(struct sts_fetch *fetch)
{
	struct sts_loop *loop = fetch->fetcher->loop;

	fetch->verify = sts_verify_new(fetch->fetcher->trust, fetch->uri.host);
	fetch->deadline =
	    sts_loop_timer(loop, fetch->timeout, run_deadline, fetch);
	if (fetch->verify == NULL || fetch->deadline == NULL)
		return false;
	if (is_proxied(fetch))
		return launch(fetch);
	fetch->dial = sts_dial_start(loop, fetch->addr, fetch->count,
	    fetch->uri.port, dialled, fetch);
	return fetch->dial != NULL;
}

static struct sts_fetch *
new_fetch(struct sts_fetcher *fetcher, const struct kind *kind,
    const struct sts_addr *addr, size_t count, int64_t timeout_ms)
{
	struct sts_fetch *fetch =
	    calloc(1, sizeof(*fetch) + count * sizeof(*addr));

	if (fetch == NULL)
		return NULL;
	fetch->fetcher = fetcher;
	fetch->kind = kind;
	fetch->start = sts_clock_ms();
	fetch->timeout = timeout_ms;
	fetch->proxy_first = strncmp(fetcher->proxy, "https://", 8) == 0;
	fetch->fd = -1;
	fetch->count = count;
	if (count > 0)
		memcpy(fetch->addr, addr, count * sizeof(*addr));
	sts_buf_init(&fetch->body, BODY_MAX);
	return fetch;
}

static struct sts_fetch *
begin_or_free(struct sts_fetch *fetch, sts_fetch_fn fn, void *arg)
{
	fetch->fn = fn;
	fetch->arg = arg;
	if (begin(fetch))
		return fetch;
	fetch_free(fetch);
	return NULL;
}

struct sts_fetch *
sts_fetch_start(struct sts_fetcher *fetcher, const char *host, unsigned port,
    const struct sts_addr *addr, size_t count, int64_t timeout_ms,
    sts_fetch_fn fn, void *arg)
{
	struct sts_fetch *fetch =
	    new_fetch(fetcher, &policy, addr, count, timeout_ms);

	if (fetch == NULL)
		return NULL;
	(void)snprintf(fetch->uri.host, sizeof(fetch->uri.host), "%s", host);
	fetch->uri.port = port;
	(void)snprintf(fetch->uri.target, sizeof(fetch->uri.target), "%s",
	    STS_POLICY_PATH);
	return begin_or_free(fetch, fn, arg);
}

static bool
add_field(struct sts_fetch *fetch, const char *field)
{
	struct curl_slist *longer = curl_slist_append(fetch->fields, field);

	if (longer != NULL)
		fetch->fields = longer;
	return longer != NULL;
}

struct sts_fetch *
sts_fetch_post(struct sts_fetcher *fetcher, const struct sts_fetch_report *post,
    const struct sts_addr *addr, size_t count, int64_t timeout_ms,
    sts_fetch_fn fn, void *arg)
{
	struct sts_fetch *fetch =
	    new_fetch(fetcher, &report, addr, count, timeout_ms);
	char type[TYPE_MAX];

	if (fetch == NULL)
		return NULL;
	fetch->uri = *post->uri;
	fetch->data = post->len > 0 ? post->data : ""; /* NULL: from stdin */
	fetch->data_len = post->len;
	(void)snprintf(type, sizeof(type), "Content-Type: %s", post->type);
	if (add_field(fetch, type) && add_field(fetch, "Expect:"))
		return begin_or_free(fetch, fn, arg);
	fetch_free(fetch);
	return NULL;
}

void
sts_fetch_cancel(struct sts_fetch *fetch)
{
	if (fetch != NULL)
		fetch_free(fetch);
}
