/* SPDX-License-Identifier: ISC */
/*
 * Reports of smtp-out in any order, about a few sessions at once, with
 * anything that a server may have said: each line is a session's letter, an
 * event's letter, and the event's data.
 */
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"
#include "../../opensmtpd/sending.h"

#define EVENTS_MAX 256
#define SESSIONS   4

static const struct sts_smtpd_event events[] = {
	{ .kind = STS_SMTPD_LINK_CONNECT,
	    .dest = { .addr = { .family = AF_INET, .u.v4.s_addr = 1 },
		.port = 25 } },
	{ .kind = STS_SMTPD_LINK_CONNECT, .dest = { .port = 25 } },
	{ .kind = STS_SMTPD_LINK_DISCONNECT },
	{ .kind = STS_SMTPD_LINK_TLS },
	{ .kind = STS_SMTPD_TX_BEGIN },
	{ .kind = STS_SMTPD_PROTOCOL_CLIENT },
	{ .kind = STS_SMTPD_PROTOCOL_SERVER },
	{ .kind = STS_SMTPD_TIMEOUT },
};
#define EVENTS (sizeof(events) / sizeof(events[0]))

struct tally {
	bool connected; /* to an MX */
	bool starttls;  /* smtpd has asked for it, and somebody has answered */
	bool asked;
};

/* What was said of a session, as far as the news must rest on it. */
static void
note(struct tally *tally, const struct sts_smtpd_event *event)
{
	if (event->kind == STS_SMTPD_LINK_CONNECT)
		*tally = (struct tally){ event->dest.addr.family != 0,
			tally->starttls, tally->asked };
	else if (event->kind == STS_SMTPD_PROTOCOL_CLIENT)
		tally->asked =
		    tally->asked || strcmp(event->text[0], "STARTTLS") == 0;
	else if (event->kind == STS_SMTPD_PROTOCOL_SERVER && tally->asked &&
		 event->text[0][0] == '2')
		tally->starttls = true;
}

static void
judge(const struct tally *tally, const struct sts_sending_news *news)
{
	size_t len = strlen(news->domain);

	HOLDS(news->tls < STS_SENDING_TLS_MAX);
	if (news->kind == STS_SENDING_RECIPIENT) {
		HOLDS(tally->connected);
		HOLDS(news->tls != STS_SENDING_UNTRIED);
		HOLDS(sts_domain_valid(news->domain, len));
	}
	if (news->kind == STS_SENDING_ENDED)
		HOLDS(tally->connected && news->tls != STS_SENDING_SECURE);
	/* No word of the server's makes a session secure that smtpd did not
	 * secure. */
	if (news->tls == STS_SENDING_SECURE)
		HOLDS(tally->starttls);
}

static void
step(struct sts_sendings *sendings, struct tally tally[SESSIONS],
    const char *line)
{
	size_t id = (unsigned char)line[0] % SESSIONS;
	struct sts_smtpd_event event = events[(unsigned char)line[1] % EVENTS];
	struct sts_sending_news news;

	event.outgoing = true;
	event.session = id;
	event.text[0] = line + 2;
	event.text[1] = "";
	note(&tally[id], &event);
	sts_sending_event(sendings, &event, &news);
	judge(&tally[id], &news);
	if (event.kind == STS_SMTPD_LINK_DISCONNECT)
		tally[id] = (struct tally){ false, false, false };
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len;
	struct tally tally[SESSIONS] = { { false, false, false } };
	struct sts_sendings *sendings;
	struct sts_buf line;
	size_t i;

	if (sts_sendings_new(&sendings, NULL) != STS_OK)
		return 0;
	sts_buf_init(&line, 4096);
	for (i = 0; i < EVENTS_MAX && fuzz_line(&at, end, &line); i++)
		if (line.len >= 2)
			step(sendings, tally, line.data);
	sts_buf_clear(&line);
	sts_sendings_free(sendings);
	return 0;
}
