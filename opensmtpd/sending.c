/* SPDX-License-Identifier: ISC */
/*
 * Sessions of smtp-out, see sending.h.  Where the action does not insist on
 * TLS, smtpd connects a second time in the same session after a handshake
 * that failed, and goes on in clear; the first connection is what counts.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "sending.h"

#define BUCKETS 1024 /* a power of two; smtpd's numbers are random */
#define MX_PORT 25

enum phase {             /* of a connection; what brings it there */
	PHASE_OPEN,      /* link-connect */
	PHASE_EHLO,      /* EHLO or HELO, not answered yet */
	PHASE_CLEAR,     /* ... answered, or not known there */
	PHASE_STARTTLS,  /* STARTTLS, not answered yet */
	PHASE_HANDSHAKE, /* ... granted */
	PHASE_SETTLED,   /* whether there is TLS is known */
	PHASE_MAX
};

struct sending {
	struct sending *next; /* in its bucket */
	uint64_t id;
	enum phase phase;
	enum sts_sending_tls tls;
	bool foreign; /* not to an MX */
	bool lax;     /* it goes on without TLS */
	struct sts_addr source, dest;
	size_t count;
	uint64_t domain[STS_SENDING_DOMAINS]; /* checksums of names */
};

struct sts_sendings {
	size_t count;
	size_t lost; /* sessions that there was no room for */
	struct sending *bucket[BUCKETS];
};

static const char *const tls_names[] = {
	[STS_SENDING_UNTRIED] = "untried",
	[STS_SENDING_NO_STARTTLS] = "no STARTTLS",
	[STS_SENDING_FAILED] = "failed",
	[STS_SENDING_SECURE] = "secure",
};
_Static_assert(sizeof(tls_names) / sizeof(tls_names[0]) == STS_SENDING_TLS_MAX,
    "tls_names matches enum sts_sending_tls");

const char *
sts_sending_tls_name(enum sts_sending_tls tls)
{
	return (unsigned)tls < STS_SENDING_TLS_MAX ? tls_names[tls] : "unknown";
}

enum sts_rc
sts_sendings_new(struct sts_sendings **out, struct sts_error *err)
{
	struct sts_sendings *sendings = calloc(1, sizeof(*sendings));

	if (sendings == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	*out = sendings;
	return STS_OK;
}

void
sts_sendings_free(struct sts_sendings *sendings)
{
	struct sending *sending;
	size_t i;

	for (i = 0; sendings != NULL && i < BUCKETS; i++)
		while ((sending = sendings->bucket[i]) != NULL) {
			sendings->bucket[i] = sending->next;
			free(sending);
		}
	free(sendings);
}

/* ---- one connection ------------------------------------------------------- */

static void
settle(struct sending *sending, enum sts_sending_tls tls)
{
	sending->phase = PHASE_SETTLED;
	if (sending->tls == STS_SENDING_UNTRIED)
		sending->tls = tls;
}

/* The connection is over, or mail goes over it. */
static void
conclude(struct sending *sending)
{
	switch (sending->phase) {
	case PHASE_CLEAR:
		settle(sending, STS_SENDING_NO_STARTTLS);
		return;
	case PHASE_STARTTLS:
	case PHASE_HANDSHAKE:
		settle(sending, STS_SENDING_FAILED);
		return;
	case PHASE_OPEN:
	case PHASE_EHLO:
	case PHASE_SETTLED:
	case PHASE_MAX:
		return;
	}
}

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static void
take_command(struct sending *sending, const char *text)
{
	if (begins(text, "EHLO ") || begins(text, "HELO ")) {
		if (sending->phase == PHASE_HANDSHAKE)
			settle(sending, STS_SENDING_SECURE);
		else if (sending->phase != PHASE_SETTLED)
			sending->phase = PHASE_EHLO;
	} else if (strcmp(text, "STARTTLS") == 0) {
		if (sending->phase == PHASE_CLEAR)
			sending->phase = PHASE_STARTTLS;
	} else if (begins(text, "MAIL FROM:")) {
		conclude(sending);
		sending->lax = sending->tls != STS_SENDING_SECURE;
	}
}

/* EHLO is answered, or not known (RFC 5321, 4.2.4): a server that refuses to
 * serve at all tells nothing of TLS. */
static bool
is_final(const char *text)
{
	return text[0] == '2' || begins(text, "50");
}

/* Only the last line of an answer counts. */
static void
take_answer(struct sending *sending, const char *text)
{
	bool yes = text[0] == '2';

	if (strlen(text) > 3 && text[3] == '-')
		return;
	if (sending->phase == PHASE_EHLO && is_final(text))
		sending->phase = PHASE_CLEAR;
	else if (sending->phase == PHASE_STARTTLS && yes)
		sending->phase = PHASE_HANDSHAKE;
	else if (sending->phase == PHASE_STARTTLS)
		settle(sending, STS_SENDING_NO_STARTTLS);
}

/* ---- recipients ----------------------------------------------------------- */

/* The '@' before the domain of a path, NULL: none; a local part may be quoted
 * (RFC 5321, 4.1.2), and parameters may follow the path. */
static const char *
find_at(const char *path)
{
	bool quoted = false;

	for (; *path != '\0' && (quoted || *path != '>'); path++) {
		if (*path == '\\' && path[1] != '\0')
			path++;
		else if (*path == '"')
			quoted = !quoted;
		else if (*path == '@' && !quoted)
			return path;
	}
	return NULL;
}

static bool
read_domain(const char *command, char domain[STS_DOMAIN_MAX + 1])
{
	const char *at;

	if (!begins(command, "RCPT TO:<"))
		return false;
	at = find_at(command + strlen("RCPT TO:<"));
	return at != NULL && sts_domain_normalize(at + 1, strcspn(at + 1, ">"),
				 domain, NULL) == STS_OK;
}

/* Is it new to the session?  Not when there is no room to remember it. */
static bool
add_domain(struct sending *sending, const char *domain)
{
	uint64_t sum = sts_checksum(domain, strlen(domain));
	size_t i;

	for (i = 0; i < sending->count; i++)
		if (sending->domain[i] == sum)
			return false;
	if (sending->count == STS_SENDING_DOMAINS)
		return false;
	sending->domain[sending->count++] = sum;
	return true;
}

/* ---- sessions ------------------------------------------------------------- */

/* Where the pointer to session ID is, or would be. */
static struct sending **
place(struct sts_sendings *sendings, uint64_t id)
{
	struct sending **at = &sendings->bucket[id & (BUCKETS - 1)];

	while (*at != NULL && (*at)->id != id)
		at = &(*at)->next;
	return at;
}

static struct sending *
create(struct sts_sendings *sendings, struct sending **at, uint64_t id)
{
	struct sending *sending = NULL;

	if (sendings->count < STS_SENDING_MAX)
		sending = calloc(1, sizeof(*sending));
	if (sending == NULL) {
		sendings->lost++;
		return NULL;
	}
	sending->id = id;
	sendings->count++;
	*at = sending;
	return sending;
}

static void
tell(const struct sending *sending, enum sts_sending_kind kind,
    struct sts_sending_news *news)
{
	if (sending->foreign)
		return;
	news->kind = kind;
	news->source = sending->source;
	news->dest = sending->dest;
	news->tls = sending->tls;
}

static void
connect_to(struct sts_sendings *sendings, const struct sts_smtpd_event *event,
    struct sts_sending_news *news)
{
	struct sending **at = place(sendings, event->session), *sending = *at;

	if (sending != NULL) {
		conclude(sending);
		sending->lax = true;
	} else {
		sending = create(sendings, at, event->session);
	}
	if (sending == NULL)
		return;
	sending->phase = PHASE_OPEN;
	sending->foreign = event->dest.addr.family == 0 ||
			   sts_addr_loopback(&event->dest.addr) ||
			   event->dest.port != MX_PORT;
	sending->source = event->source.addr;
	sending->dest = event->dest.addr;
	tell(sending, STS_SENDING_CONNECTED, news);
}

/* A session that we never heard of had no connection, unless it is one of
 * those that were lost. */
static void
disconnect(struct sts_sendings *sendings, uint64_t id,
    struct sts_sending_news *news)
{
	struct sending **at = place(sendings, id), *sending = *at;

	if (sending == NULL) {
		if (sendings->lost > 0)
			sendings->lost--;
		else
			news->kind = STS_SENDING_UNREACHED;
		return;
	}
	conclude(sending);
	if (sending->count == 0 && sending->tls != STS_SENDING_SECURE)
		tell(sending, STS_SENDING_ENDED, news);
	news->strict = !sending->lax;
	*at = sending->next;
	sendings->count--;
	free(sending);
}

static void
command(struct sending *sending, const char *text,
    struct sts_sending_news *news)
{
	take_command(sending, text);
	if (sending->phase != PHASE_SETTLED || !read_domain(text, news->domain))
		return;
	tell(sending, STS_SENDING_RECIPIENT, news);
	news->first = add_domain(sending, news->domain);
}

void
sts_sending_event(struct sts_sendings *sendings,
    const struct sts_smtpd_event *event, struct sts_sending_news *news)
{
	struct sending *sending = *place(sendings, event->session);

	memset(news, 0, sizeof(*news));
	if (event->kind == STS_SMTPD_LINK_CONNECT)
		connect_to(sendings, event, news);
	else if (event->kind == STS_SMTPD_LINK_DISCONNECT)
		disconnect(sendings, event->session, news);
	else if (sending != NULL && event->kind == STS_SMTPD_PROTOCOL_CLIENT)
		command(sending, event->text[0], news);
	else if (sending != NULL && event->kind == STS_SMTPD_PROTOCOL_SERVER)
		take_answer(sending, event->text[0]);
}
