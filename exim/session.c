/* SPDX-License-Identifier: ISC */
/*
 * Results of TLS sessions, see session.h.  Exim's error numbers differ from
 * release to release and its TLS libraries word a bad certificate each in
 * its own way, so fields decide first and text only refines.
 */
#include <string.h>

#include "session.h"

static const struct {
	const char *name;
	enum sts_exim_event_kind kind;
} event_names[] = {
	{ "tcp:connect", STS_EXIM_CONNECT },
	{ "smtp:connect", STS_EXIM_GREETING },
	{ "smtp:ehlo", STS_EXIM_EHLO },
	{ "tcp:close", STS_EXIM_CLOSE },
	{ "dane:fail", STS_EXIM_DANE_FAIL },
	{ "msg:host:defer", STS_EXIM_HOST_DEFER },
};

enum sts_exim_event_kind
sts_exim_event_kind(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(event_names) / sizeof(event_names[0]); i++)
		if (strcmp(event_names[i].name, name) == 0)
			return event_names[i].kind;
	return STS_EXIM_OTHER;
}

/* What msg:host:defer begins with when TLS was the trouble. */
static const struct cause {
	const char *prefix;
	enum sts_session_result result;
	const char *reason;
	bool certificate; /* look at it for a better result */
} causes[] = {
	{ "a TLS session is required, but the server did not offer",
	    STS_SESSION_STARTTLS_NOT_SUPPORTED, "STARTTLS not offered", false },
	{ "a TLS session is required, but", STS_SESSION_STARTTLS_NOT_SUPPORTED,
	    "STARTTLS refused", false },
	{ "SMTP error from remote mail server after STARTTLS",
	    STS_SESSION_STARTTLS_NOT_SUPPORTED, "STARTTLS refused", false },
	{ "TLSA record problem", STS_SESSION_TLSA_INVALID,
	    "TLSA records unusable", false },
	{ "TLS session: (certificate verification failed): certificate revoked",
	    STS_SESSION_CERTIFICATE_NOT_TRUSTED, "certificate revoked", false },
	{ "TLS session: (certificate verification failed)",
	    STS_SESSION_CERTIFICATE_NOT_TRUSTED, "certificate not trusted",
	    true },
	/* What tls:cert refused, see MTASTS_NAMELESS in the configuration. */
	{ "TLS session: (gnutls_handshake): Error in the certificate",
	    STS_SESSION_CERTIFICATE_HOST_MISMATCH,
	    "certificate without a host name", true },
	{ "TLS session:", STS_SESSION_VALIDATION_FAILURE,
	    "TLS handshake failed", false },
};

static const struct cause *
find_cause(const char *text)
{
	size_t i;

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		if (strncmp(text, causes[i].prefix, strlen(causes[i].prefix)) ==
		    0)
			return &causes[i];
	return NULL;
}

static void
copy(char *out, size_t size, const char *text)
{
	size_t len = strnlen(text, size - 1);

	memcpy(out, text, len);
	out[len] = '\0';
}

static void
set_result(struct sts_exim_session *session, enum sts_session_result result,
    const char *reason)
{
	session->outcome.result = result;
	session->outcome.reason = reason;
}

/* Whose session this is. */
static void
identify(struct sts_exim_session *session, const struct sts_exim_event *event)
{
	struct sts_exim_outcome *outcome = &session->outcome;

	outcome->strict = event->strict;
	outcome->up = false;
	outcome->dane = event->facts.dane || session->dane_failed;
	copy(outcome->domain, sizeof(outcome->domain), event->domain);
	copy(outcome->host, sizeof(outcome->host), event->host);
	copy(outcome->address, sizeof(outcome->address), event->address);
	if (event->facts.our_address[0] != '\0')
		memcpy(outcome->our_address, event->facts.our_address,
		    sizeof(outcome->our_address));
}

/*
 * Why the certificate was not verified.  GnuTLS checks chain and dates before
 * the name, and its "certificate invalid" tells neither from the other.
 */
static void
judge_certificate(struct sts_exim_session *session,
    const struct sts_exim_event *event)
{
	const struct sts_facts *facts = &event->facts;
	bool failed = event->kind == STS_EXIM_HOST_DEFER;

	if (facts->not_after != 0 && facts->not_after < event->now)
		set_result(session, STS_SESSION_CERTIFICATE_EXPIRED,
		    "certificate expired");
	else if (facts->not_after == 0 ||
		 (failed && strstr(event->data, "invalid") != NULL) ||
		 sts_facts_names_host(facts, event->host))
		set_result(session, STS_SESSION_CERTIFICATE_NOT_TRUSTED,
		    "certificate not trusted");
	else
		set_result(session, STS_SESSION_CERTIFICATE_HOST_MISMATCH,
		    "certificate for another name");
}

/*
 * TLS is up: is it what the policy would want?  Where nothing was demanded
 * it may be older than RFC 8461 (4) allows, or verified by the certificate's
 * CN alone.
 */
static void
judge_tls(struct sts_exim_session *session, const struct sts_exim_event *event)
{
	const struct sts_facts *facts = &event->facts;

	session->outcome.up = true;
	if (facts->dane)
		set_result(session, STS_SESSION_SUCCESS, "");
	else if (facts->old)
		set_result(session, STS_SESSION_VALIDATION_FAILURE,
		    "TLS older than 1.2");
	else if (!facts->verified)
		judge_certificate(session, event);
	else if (facts->not_after != 0 && facts->names[0] == '\0')
		set_result(session, STS_SESSION_CERTIFICATE_HOST_MISMATCH,
		    "certificate without a host name");
	else
		set_result(session, STS_SESSION_SUCCESS, "");
}

static void
step_connect(struct sts_exim_session *session,
    const struct sts_exim_event *event)
{
	bool again = !event->strict && session->clear_retry[0] != '\0' &&
		     strcmp(session->clear_retry, event->address) == 0;

	memset(session, 0, sizeof(*session));
	session->phase = again ? STS_EXIM_COUNTED : STS_EXIM_CONNECTED;
}

static bool
step_ehlo(struct sts_exim_session *session, const struct sts_exim_event *event)
{
	if (session->phase == STS_EXIM_COUNTED ||
	    session->phase == STS_EXIM_CLOSED)
		return false;
	if (!event->facts.tls) {
		session->phase = STS_EXIM_CLEAR;
		session->starttls = strcasestr(event->data, "STARTTLS") != NULL;
		return false;
	}
	session->phase = STS_EXIM_COUNTED;
	identify(session, event);
	judge_tls(session, event);
	return true;
}

static void
step_close(struct sts_exim_session *session, const struct sts_exim_event *event)
{
	bool spoken = session->phase == STS_EXIM_GREETED ||
		      session->phase == STS_EXIM_CLEAR;

	if (session->phase == STS_EXIM_CONNECTED || spoken)
		session->phase = STS_EXIM_CLOSED;
	if (!spoken)
		return;
	session->held = true;
	identify(session, event);
	if (event->facts.tls)
		judge_tls(session, event);
	else
		set_result(session, STS_SESSION_STARTTLS_NOT_SUPPORTED,
		    session->starttls ? "STARTTLS refused"
				      : "STARTTLS not offered");
}

/* The names that Exim has for it are those of RFC 8460, but for this one: no
 * record of the TLSA set fits the certificate (4.3.2.1). */
#define DANE_MISMATCH "validation-failure"

static void
step_dane_fail(struct sts_exim_session *session,
    const struct sts_exim_event *event)
{
	int i;

	session->dane_failed = true;
	session->dane_result = STS_SESSION_VALIDATION_FAILURE;
	if (strcmp(event->data, DANE_MISMATCH) == 0)
		session->dane_result = STS_SESSION_TLSA_INVALID;
	for (i = 0; i < STS_SESSION_MAX; i++)
		if (i != STS_SESSION_VALIDATION_FAILURE &&
		    strcmp(sts_session_result_name((enum sts_session_result)i),
			event->data) == 0)
			session->dane_result = (enum sts_session_result)i;
}

/* The reason of a failure; one that is not of TLS makes it no session. */
static bool
step_defer(struct sts_exim_session *session, const struct sts_exim_event *event)
{
	const struct cause *cause = find_cause(event->data);

	session->held = false;
	if (cause == NULL || session->phase == STS_EXIM_IDLE ||
	    session->phase == STS_EXIM_COUNTED)
		return false;
	session->phase = STS_EXIM_COUNTED;
	identify(session, event);
	if (!event->strict)
		memcpy(session->clear_retry, session->outcome.address,
		    sizeof(session->clear_retry));
	if (session->dane_failed)
		set_result(session, session->dane_result, "DANE");
	else if (cause->certificate ||
		 strstr(event->data, "certificate verify failed") != NULL)
		judge_certificate(session, event);
	else
		set_result(session, cause->result, cause->reason);
	return true;
}

bool
sts_exim_session_step(struct sts_exim_session *session,
    const struct sts_exim_event *event, struct sts_exim_outcome *out)
{
	bool done = false;

	switch (event->kind) {
	case STS_EXIM_CONNECT:
		done = sts_exim_session_flush(session, out);
		step_connect(session, event);
		return done;
	case STS_EXIM_GREETING:
		if (session->phase == STS_EXIM_CONNECTED &&
		    strncmp(event->data, "220", 3) == 0)
			session->phase = STS_EXIM_GREETED;
		break;
	case STS_EXIM_EHLO:
		done = step_ehlo(session, event);
		break;
	case STS_EXIM_CLOSE:
		step_close(session, event);
		break;
	case STS_EXIM_DANE_FAIL:
		step_dane_fail(session, event);
		break;
	case STS_EXIM_HOST_DEFER:
		done = step_defer(session, event);
		break;
	case STS_EXIM_OTHER:
		break;
	}
	if (done)
		*out = session->outcome;
	return done;
}

bool
sts_exim_session_flush(struct sts_exim_session *session,
    struct sts_exim_outcome *out)
{
	bool held = session->held;

	session->held = false;
	if (held)
		*out = session->outcome;
	return held;
}
