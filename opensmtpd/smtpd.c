/* SPDX-License-Identifier: ISC */
/*
 * Lines of smtpd, see smtpd.h.  One table says what an event is called, who
 * wants it and how the rest of its line is read.  Peers choose parts of some
 * lines: where such a part may hold "|" it is what the known parts leave.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "smtpd.h"

#define HEX_DIGITS  16       /* of a session or token, at most */
#define WALL_DIGITS 12       /* of a time, before its point */
#define AUTH_TURNED 7        /* minor version that has the result first */
#define VERSION     "0."     /* any other one is not for us */
#define UNIX        "unix:"  /* begins the address of smtpd's socket */
#define AS_FILTER   "filter" /* first word of what wants an answer */

/* Cut the first field off *TEXT; NULL when there is none. */
static char *
first(char **text)
{
	char *field = *text;

	if (field == NULL)
		return NULL;
	*text = strchr(field, '|');
	if (*text != NULL)
		*(*text)++ = '\0';
	return field;
}

/* Cut the last field off TEXT; NULL when it is the only one. */
static char *
last(char *text)
{
	char *bar = text == NULL ? NULL : strrchr(text, '|');

	if (bar == NULL)
		return NULL;
	*bar = '\0';
	return bar + 1;
}

/* ---- the rest of a line, NULL when there is nothing -------------------- */

typedef bool (*read_fn)(char *rest, unsigned minor,
    struct sts_smtpd_event *event);

static bool
read_nothing(char *rest, unsigned minor, struct sts_smtpd_event *event)
{
	(void)rest;
	(void)minor;
	(void)event;
	return true;
}

static bool
read_text(char *rest, unsigned minor, struct sts_smtpd_event *event)
{
	(void)minor;
	event->text[0] = rest;
	return rest != NULL;
}

/* word[|text] */
static bool
read_pair(char *rest, unsigned minor, struct sts_smtpd_event *event)
{
	(void)minor;
	event->text[0] = first(&rest);
	event->text[1] = rest == NULL ? "" : rest;
	return event->text[0] != NULL;
}

static const struct {
	const char *name;
	enum sts_smtpd_result result;
} results[] = {
	{ "ok", STS_SMTPD_PASS },
	{ "permfail", STS_SMTPD_FAIL },
	{ "tempfail", STS_SMTPD_TEMPFAIL },
};

/* message|result[|address] */
static bool
read_result(char *rest, unsigned minor, struct sts_smtpd_event *event)
{
	const char *result;
	size_t i;

	(void)minor;
	event->text[0] = first(&rest);
	result = first(&rest);
	event->text[1] = rest == NULL ? "" : rest;
	for (i = 0; i < sizeof(results) / sizeof(results[0]); i++)
		if (result != NULL && strcmp(results[i].name, result) == 0)
			event->result = results[i].result;
	return event->result != STS_SMTPD_NO_RESULT;
}

/* result|user, before protocol 0.7 user|result. */
static bool
read_auth(char *rest, unsigned minor, struct sts_smtpd_event *event)
{
	const char *result = minor < AUTH_TURNED ? last(rest) : first(&rest);

	if (result == NULL || rest == NULL)
		return false;
	event->result =
	    strcmp(result, "pass") == 0 ? STS_SMTPD_PASS : STS_SMTPD_FAIL;
	return true;
}

/* A zone in an address, or what we do not know: no address, not an error. */
static void
read_peer(const char *text, struct sts_smtpd_peer *peer)
{
	peer->local = strncmp(text, UNIX, strlen(UNIX)) == 0;
	if (!sts_addr_parse_port(text, &peer->addr, &peer->port))
		*peer = (struct sts_smtpd_peer){ .local = peer->local };
}

/* rdns|fcrdns|source|destination */
static bool
read_connect(char *rest, unsigned minor, struct sts_smtpd_event *event)
{
	const char *dest = last(rest), *source = last(rest);

	(void)minor;
	if (dest == NULL || source == NULL || last(rest) == NULL)
		return false;
	read_peer(source, &event->source);
	read_peer(dest, &event->dest);
	return true;
}

/* ---- events ------------------------------------------------------------- */

#define IN   1 /* wanted of smtp-in */
#define OUT  2 /* wanted of smtp-out */
#define BOTH (IN | OUT)

/* clang-format off */
static const struct event {
	const char *name;
	unsigned wanted;
	read_fn read;
} events[STS_SMTPD_KIND_MAX] = {
	[STS_SMTPD_LINK_CONNECT] = { "link-connect", BOTH, read_connect },
	[STS_SMTPD_LINK_AUTH] = { "link-auth", IN, read_auth },
	[STS_SMTPD_LINK_DISCONNECT] = { "link-disconnect", BOTH, read_nothing },
	[STS_SMTPD_LINK_GREETING] = { "link-greeting", OUT, read_text },
	[STS_SMTPD_LINK_IDENTIFY] = { "link-identify", OUT, read_pair },
	[STS_SMTPD_LINK_TLS] = { "link-tls", OUT, read_text },
	[STS_SMTPD_TX_BEGIN] = { "tx-begin", OUT, read_text },
	[STS_SMTPD_TX_MAIL] = { "tx-mail", OUT, read_result },
	[STS_SMTPD_TX_RCPT] = { "tx-rcpt", OUT, read_result },
	[STS_SMTPD_TX_DATA] = { "tx-data", OUT, read_result },
	[STS_SMTPD_TX_COMMIT] = { "tx-commit", OUT, read_pair },
	[STS_SMTPD_TX_ROLLBACK] = { "tx-rollback", OUT, read_text },
	[STS_SMTPD_TX_RESET] = { "tx-reset", OUT, read_nothing },
	[STS_SMTPD_PROTOCOL_CLIENT] = { "protocol-client", OUT, read_text },
	[STS_SMTPD_PROTOCOL_SERVER] = { "protocol-server", OUT, read_text },
	[STS_SMTPD_TIMEOUT] = { "timeout", OUT, read_nothing },
	[STS_SMTPD_RCPT_TO] = { "rcpt-to", IN, read_text },
};
/* clang-format on */

static bool
wanted(enum sts_smtpd_kind kind, bool outgoing)
{
	return (events[kind].wanted & (outgoing ? OUT : IN)) != 0;
}

const char *
sts_smtpd_wanted(enum sts_smtpd_kind kind, bool outgoing)
{
	return wanted(kind, outgoing) ? events[kind].name : NULL;
}

/* OTHER for what is none of a filter's requests, or of the reports. */
static enum sts_smtpd_kind
find(const char *name, bool outgoing, bool filter)
{
	enum sts_smtpd_kind kind;

	for (kind = STS_SMTPD_OTHER; kind < STS_SMTPD_KIND_MAX; kind++)
		if (wanted(kind, outgoing) &&
		    (kind == STS_SMTPD_RCPT_TO) == filter &&
		    strcmp(events[kind].name, name) == 0)
			return kind;
	return STS_SMTPD_OTHER;
}

/* ---- what every line has ------------------------------------------------ */

static bool
read_hex(const char *text, uint64_t *number)
{
	size_t len = text == NULL ? 0 : strspn(text, "0123456789abcdefABCDEF");

	if (len == 0 || len > HEX_DIGITS || text[len] != '\0')
		return false;
	*number = strtoull(text, NULL, 16);
	return true;
}

/* Seconds, a point, and a fraction that is nothing to us. */
static bool
read_time(const char *text, int64_t *at)
{
	size_t len = text == NULL ? 0 : strspn(text, "0123456789");

	if (len == 0 || len > WALL_DIGITS ||
	    (text[len] != '.' && text[len] != '\0'))
		return false;
	*at = strtoll(text, NULL, 10);
	return true;
}

static bool
read_version(const char *text, unsigned *minor)
{
	return text != NULL && strncmp(text, VERSION, strlen(VERSION)) == 0 &&
	       sts_addr_number(text + strlen(VERSION), 255, minor);
}

static bool
read_subsystem(const char *text, bool *outgoing)
{
	*outgoing = text != NULL && strcmp(text, "smtp-out") == 0;
	return *outgoing || (text != NULL && strcmp(text, "smtp-in") == 0);
}

/*
 * VERSION|TIME|SUBSYSTEM|EVENT|SESSION[|TOKEN][|REST].  Session and token
 * are read even if what stands before them is not.
 */
static bool
read_event(char *rest, bool filter, struct sts_smtpd_event *event)
{
	enum sts_smtpd_kind kind;
	unsigned minor = 0;
	const char *name;
	bool good;

	good = read_version(first(&rest), &minor);
	good = read_time(first(&rest), &event->at) && good;
	good = read_subsystem(first(&rest), &event->outgoing) && good;
	name = first(&rest);
	if (!read_hex(first(&rest), &event->session))
		return false;
	if (filter) {
		if (!read_hex(first(&rest), &event->token))
			return false;
		event->kind = STS_SMTPD_RCPT_TO;
	}
	if (!good)
		return false;
	kind = find(name, event->outgoing, filter);
	if (kind == STS_SMTPD_OTHER)
		return !filter;
	event->kind = kind;
	return events[kind].read(rest, minor, event);
}

enum sts_rc
sts_smtpd_parse(char *line, size_t len, struct sts_smtpd_event *event,
    struct sts_error *err)
{
	char *rest = line, *word;
	bool good = true;

	*event = (struct sts_smtpd_event){ .text = { "", "" } };
	if (strlen(line) != len)
		return sts_error_set(err, STS_EDAMAGED, "a NUL in a line");
	word = first(&rest);
	if (strcmp(word, "config") == 0) {
		event->kind = STS_SMTPD_CONFIG;
		good = read_pair(rest, 0, event);
	} else if (strcmp(word, "report") == 0) {
		good = read_event(rest, false, event);
	} else {
		good = strcmp(word, AS_FILTER) == 0 &&
		       read_event(rest, true, event);
	}
	if (good)
		return STS_OK;
	if (event->kind != STS_SMTPD_RCPT_TO)
		event->kind = STS_SMTPD_OTHER;
	event->text[0] = event->text[1] = "";
	return sts_error_set(err, STS_EDAMAGED, "not a line of smtpd");
}
