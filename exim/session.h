/* SPDX-License-Identifier: ISC */
/*
 * From the events of Exim's smtp transport to the one result of each TLS
 * session, as a TLS report counts it (RFC 8460, 4.3).  Pure: the struct is
 * the caller's, time arrives in the event.
 *
 * Exim says what went wrong after the connection was closed, or not at all,
 * so a session that ended without TLS is held until the next event tells; at
 * the end of the process sts_exim_session_flush() gives it out.
 */
#ifndef STS_SESSION_H
#define STS_SESSION_H

#include "facts.h"
#include "report/event.h"

enum sts_exim_event_kind {
	STS_EXIM_CONNECT,    /* tcp:connect */
	STS_EXIM_GREETING,   /* smtp:connect */
	STS_EXIM_EHLO,       /* smtp:ehlo, in clear and once more over TLS */
	STS_EXIM_CLOSE,      /* tcp:close */
	STS_EXIM_DANE_FAIL,  /* dane:fail */
	STS_EXIM_HOST_DEFER, /* msg:host:defer */
	STS_EXIM_OTHER,      /* nothing that a session depends on */
};

/* All borrowed until the step returns. */
struct sts_exim_event {
	enum sts_exim_event_kind kind;
	bool strict;      /* from the transport that demands verified TLS */
	const char *data; /* $event_data */
	const char *domain;
	const char *host;
	const char *address;
	struct sts_facts facts;
	int64_t now; /* wall seconds */
};

enum sts_exim_event_kind sts_exim_event_kind(const char *name);

struct sts_exim_outcome {
	bool strict;
	bool up;   /* mail went over TLS, whatever it was worth */
	bool dane; /* TLSA records were what counted */
	char domain[STS_DOMAIN_MAX + 1];
	char host[STS_DOMAIN_MAX + 1];
	char address[46];
	char our_address[46];
	enum sts_session_result result;
	const char *reason; /* constant */
};

enum sts_exim_phase {
	STS_EXIM_IDLE,
	STS_EXIM_CONNECTED, /* or about to be: nothing was heard yet */
	STS_EXIM_GREETED,
	STS_EXIM_CLEAR,   /* EHLO answered, no TLS yet */
	STS_EXIM_COUNTED, /* result is known, whatever follows */
	STS_EXIM_CLOSED,
};

struct sts_exim_session { /* all zero to begin with */
	enum sts_exim_phase phase;
	bool starttls; /* was offered */
	bool held;     /* outcome awaits the next event */
	bool dane_failed;
	enum sts_session_result dane_result;
	struct sts_exim_outcome outcome;
	char clear_retry[46]; /* TLS failed here; Exim tries without next */
};

/* True when a session's result is known, now or of an earlier one: OUT. */
bool sts_exim_session_step(struct sts_exim_session *session,
    const struct sts_exim_event *event, struct sts_exim_outcome *out);

/* True when one was still held. */
bool sts_exim_session_flush(struct sts_exim_session *session,
    struct sts_exim_outcome *out);

#endif
