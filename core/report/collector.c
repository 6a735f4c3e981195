/* SPDX-License-Identifier: ISC */
/*
 * A collector's socket, see collector.h.  The library remembers the first
 * error of a request and tells it at the end, so that is where it is asked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "report/collector.h"
#include "report/render.h"

#ifdef STS_WITH_LIBTLSRPT

#include <tlsrpt.h>

#define PAUSE_MS 10
#define PAUSES   100 /* a second, for a queue that is full */

struct sts_collector {
	struct tlsrpt_connection_t *connection;
	char *path; /* for messages */
};

static const tlsrpt_policy_type_t types[] = {
	[STS_TYPE_STS] = TLSRPT_POLICY_STS,
	[STS_TYPE_TLSA] = TLSRPT_POLICY_TLSA,
	[STS_TYPE_NO_POLICY] = TLSRPT_NO_POLICY_FOUND,
};
_Static_assert(sizeof(types) / sizeof(types[0]) == STS_TYPE_MAX,
    "types matches enum sts_policy_type");

static const tlsrpt_failure_t failures[] = {
	[STS_SESSION_STARTTLS_NOT_SUPPORTED] = TLSRPT_STARTTLS_NOT_SUPPORTED,
	[STS_SESSION_CERTIFICATE_HOST_MISMATCH] =
	    TLSRPT_CERTIFICATE_HOST_MISMATCH,
	[STS_SESSION_CERTIFICATE_EXPIRED] = TLSRPT_CERTIFICATE_EXPIRED,
	[STS_SESSION_CERTIFICATE_NOT_TRUSTED] = TLSRPT_CERTIFICATE_NOT_TRUSTED,
	[STS_SESSION_VALIDATION_FAILURE] = TLSRPT_VALIDATION_FAILURE,
	[STS_SESSION_TLSA_INVALID] = TLSRPT_TLSA_INVALID,
	[STS_SESSION_DNSSEC_INVALID] = TLSRPT_DNSSEC_INVALID,
	[STS_SESSION_DANE_REQUIRED] = TLSRPT_DANE_REQUIRED,
	[STS_SESSION_STS_POLICY_FETCH_ERROR] = TLSRPT_STS_POLICY_FETCH_ERROR,
	[STS_SESSION_STS_POLICY_INVALID] = TLSRPT_STS_POLICY_INVALID,
	[STS_SESSION_STS_WEBPKI_INVALID] = TLSRPT_STS_WEBPKI_INVALID,
};
_Static_assert(sizeof(failures) / sizeof(failures[0]) == STS_SESSION_MAX,
    "failures matches enum sts_session_result");

static enum sts_rc
fail(const struct sts_collector *collector, int code, struct sts_error *err)
{
	int number = tlsrpt_errno_from_error_code(code);

	if (tlsrpt_error_code_is_internal(code))
		return sts_error_set(err, STS_ESYS, "%s: %s", collector->path,
		    tlsrpt_strerror(code));
	if (number == ENOMEM)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	errno = number;
	return sts_error_sys(err, number == EMSGSIZE ? STS_EUSAGE : STS_ESYS,
	    "%s", collector->path);
}

enum sts_rc
sts_collector_open(const char *path, struct sts_collector **out,
    struct sts_error *err)
{
	struct sts_collector *collector = calloc(1, sizeof(*collector));
	enum sts_rc rc;
	int code;

	if (collector != NULL)
		collector->path = strdup(path);
	if (collector == NULL || collector->path == NULL) {
		free(collector);
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	code = tlsrpt_open(&collector->connection, path);
	if (code != 0) {
		rc = fail(collector, code, err);
		collector->connection = NULL;
		sts_collector_close(collector);
		return rc;
	}
	*out = collector;
	return STS_OK;
}

void
sts_collector_close(struct sts_collector *collector)
{
	if (collector == NULL)
		return;
	if (collector->connection != NULL)
		(void)tlsrpt_close(&collector->connection);
	free(collector->path);
	free(collector);
}

/* ---- one request ------------------------------------------------------------- */

static void
add_line(void *arg, const char *line)
{
	(void)tlsrpt_add_policy_string(arg, line);
}

/* The patterns of a valid policy; an invalid one has none. */
static void
add_policy(struct tlsrpt_dr_t *request, const struct sts_buf *text)
{
	struct sts_policy *policy;
	size_t i;

	sts_render_lines(text, add_line, request);
	if (sts_policy_parse(sts_buf_text(text), text->len, &policy, NULL,
		NULL) != STS_OK)
		return;
	for (i = 0; i < policy->mx_count; i++)
		(void)tlsrpt_add_mx_host_pattern(request, policy->mx[i]);
	sts_policy_free(policy);
}

/* What is not known is left out. */
static const char *
known(const char *text)
{
	return text[0] == '\0' ? NULL : text;
}

/* As RFC 5952 writes it, however the MTA did. */
static const char *
address_of(const char *address, char text[STS_ADDR_TEXT])
{
	struct sts_addr addr;

	return sts_addr_parse(address, &addr) ? sts_addr_text(&addr, text)
					      : NULL;
}

static void
add_failure(struct tlsrpt_dr_t *request, const struct sts_session *session)
{
	char ours[STS_ADDR_TEXT], theirs[STS_ADDR_TEXT];

	(void)tlsrpt_add_delivery_request_failure(request,
	    failures[session->result], address_of(session->our_address, ours),
	    known(session->mx), NULL, address_of(session->mx_address, theirs),
	    NULL, known(session->reason));
}

/* The library's error code. */
static int
send_once(struct sts_collector *collector, const char *record,
    const struct sts_session *session, const struct sts_buf *policy)
{
	bool good = session->result == STS_SESSION_SUCCESS;
	struct tlsrpt_dr_t *request;
	int code;

	code = tlsrpt_init_delivery_request(&request, collector->connection,
	    session->domain, record);
	if (code != 0)
		return code;
	(void)tlsrpt_init_policy(request, types[session->type],
	    session->type == STS_TYPE_TLSA ? session->mx : session->domain);
	if (session->type == STS_TYPE_STS)
		add_policy(request, policy);
	if (!good)
		add_failure(request, session);
	(void)tlsrpt_finish_policy(request,
	    good ? TLSRPT_FINAL_SUCCESS : TLSRPT_FINAL_FAILURE);
	return tlsrpt_finish_delivery_request(&request);
}

enum sts_rc
sts_collector_send(struct sts_collector *collector, const char *record,
    const struct sts_session *session, const struct sts_buf *policy,
    struct sts_error *err)
{
	static const struct timespec pause = { 0, PAUSE_MS * 1000000 };
	int i, code;

	code = send_once(collector, record, session, policy);
	for (i = 0; i < PAUSES && code == TLSRPT_ERR_SENDTO + EAGAIN; i++) {
		(void)nanosleep(&pause, NULL);
		code = send_once(collector, record, session, policy);
	}
	return code == 0 ? STS_OK : fail(collector, code, err);
}

#else

enum sts_rc
sts_collector_open(const char *path, struct sts_collector **out,
    struct sts_error *err)
{
	(void)out;
	return sts_error_set(err, STS_ECONFIG,
	    "report-collector %s: built without libtlsrpt", path);
}

void
sts_collector_close(struct sts_collector *collector)
{
	(void)collector; /* there is none */
}

enum sts_rc
sts_collector_send(struct sts_collector *collector, const char *record,
    const struct sts_session *session, const struct sts_buf *policy,
    struct sts_error *err)
{
	(void)collector;
	(void)record;
	(void)session;
	(void)policy;
	return sts_error_set(err, STS_ECONFIG, "built without libtlsrpt");
}

#endif
