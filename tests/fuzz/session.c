/* SPDX-License-Identifier: ISC */
/*
 * Events of Exim's transport in any order, with anything the peer may have
 * said: each line is an event's letter, "s" for the strict transport, a
 * letter for the facts, and the event's data.
 */
#include <string.h>

#include "fuzz.h"
#include "../../exim/session.h"

#define EVENTS_MAX 64

/* What the connection was, as the configuration would pack it. */
static const char *const facts[] = {
	"cipher= cv=0 dane=no ip= na= san=",
	"cipher= cv=0 dane=no ip=192.0.2.9 na= san=",
	"cipher=x cv=1 dane=no ip=192.0.2.9 na=2000 san=mx.example.com",
	"cipher=x cv=0 dane=yes ip=192.0.2.9 na=2000 san=mx.example.org",
	"cipher=x cv=0 dane=no ip=192.0.2.9 na=2000 san=mx.example.org",
	"cipher=x cv=0 dane=no ip=192.0.2.9 na=2000 san=mx.example.com",
	"cipher=x cv=0 dane=no ip=2001:db8::9 na=1 san=*.example.com",
	"cipher=x cv=0 dane=no ip= na= san=",
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

static const char *const names[] = { "tcp:connect", "smtp:connect", "smtp:ehlo",
	"tcp:close", "dane:fail", "msg:host:defer", "msg:delivery" };
#define NAMES (sizeof(names) / sizeof(names[0]))

struct tally {
	size_t connects, outcomes;
	bool secure; /* some event had verified TLS */
};

static void
judge(struct tally *tally, const struct sts_exim_outcome *outcome)
{
	/* A connection counts once at most. */
	HOLDS(++tally->outcomes <= tally->connects);
	HOLDS(outcome->result < STS_SESSION_MAX);
	HOLDS(outcome->reason != NULL);
	HOLDS(memchr(outcome->domain, 0, sizeof(outcome->domain)) != NULL);
	HOLDS(memchr(outcome->host, 0, sizeof(outcome->host)) != NULL);
	HOLDS(memchr(outcome->address, 0, sizeof(outcome->address)) != NULL);
	/* No word of the peer makes a failure a success. */
	if (outcome->result == STS_SESSION_SUCCESS)
		HOLDS(tally->secure);
}

static void
step(struct sts_exim_session *session, struct tally *tally, const char *line)
{
	struct sts_exim_event event = { .data = line + 3,
		.domain = "example.com",
		.host = "mx.example.com",
		.address = "192.0.2.1",
		.now = 1000 };
	struct sts_exim_outcome outcome;

	event.kind = sts_exim_event_kind(names[(unsigned char)line[0] % NAMES]);
	event.strict = line[1] == 's';
	HOLDS(sts_facts_parse(facts[(unsigned char)line[2] % FACTS],
		  &event.facts, NULL) == STS_OK);
	tally->connects += event.kind == STS_EXIM_CONNECT;
	if (tally->connects == 0)
		return; /* nothing happens before a connection */
	tally->secure =
	    tally->secure || event.facts.verified || event.facts.dane;
	if (sts_exim_session_step(session, &event, &outcome))
		judge(tally, &outcome);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len;
	struct sts_exim_session session = { 0 };
	struct tally tally = { 0, 0, false };
	struct sts_exim_outcome outcome;
	struct sts_buf line;
	size_t i;

	sts_buf_init(&line, 4096);
	for (i = 0; i < EVENTS_MAX && fuzz_line(&at, end, &line); i++)
		if (line.len >= 3)
			step(&session, &tally, line.data);
	if (sts_exim_session_flush(&session, &outcome))
		judge(&tally, &outcome);
	HOLDS(!sts_exim_session_flush(&session, &outcome));
	sts_buf_clear(&line);
	return 0;
}
