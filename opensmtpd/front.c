/* SPDX-License-Identifier: ISC */
/*
 * The conversation with smtpd, see front.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "front.h"

#define LINE_MAX_LEN (STS_STANDING_TEXT_MAX + 128)

enum sts_rc
sts_front_init(struct sts_front *front, const struct sts_client_rules *rules,
    const struct sts_front_user *user, struct sts_error *err)
{
	*front = (struct sts_front){ .user = *user };
	return sts_clients_new(rules, &front->clients, err);
}

void
sts_front_clear(struct sts_front *front)
{
	sts_clients_free(front->clients);
	front->clients = NULL;
}

/* ---- registration --------------------------------------------------------- */

static void
enroll(const struct sts_front *front, enum sts_smtpd_kind kind, bool outgoing)
{
	const char *name = sts_smtpd_wanted(kind, outgoing);
	char line[LINE_MAX_LEN];

	if (name == NULL)
		return;
	(void)snprintf(line, sizeof(line), "register|%s|%s|%s",
	    kind == STS_SMTPD_RCPT_TO ? "filter" : "report",
	    outgoing ? "smtp-out" : "smtp-in", name);
	front->user.say(front->user.arg, line);
}

static void
enroll_all(struct sts_front *front)
{
	enum sts_smtpd_kind kind;

	for (kind = STS_SMTPD_OTHER; kind < STS_SMTPD_KIND_MAX; kind++) {
		enroll(front, kind, false);
		if (front->outgoing)
			enroll(front, kind, true);
	}
	front->user.say(front->user.arg, "register|ready");
	front->registered = true;
}

static void
configure(struct sts_front *front, const struct sts_smtpd_event *event)
{
	if (strcmp(event->text[0], "subsystem") == 0 &&
	    strcmp(event->text[1], "smtp-out") == 0)
		front->outgoing = true;
	else if (strcmp(event->text[0], "ready") == 0 && !front->registered)
		enroll_all(front);
}

/* ---- requests ------------------------------------------------------------- */

void
sts_front_answer(const struct sts_front *front,
    const struct sts_inquiry_client *client, const char *refusal)
{
	char line[LINE_MAX_LEN];

	(void)snprintf(line, sizeof(line),
	    "filter-result|%016" PRIx64 "|%016" PRIx64 "|%s%s", client->session,
	    client->token, refusal == NULL ? "proceed" : "reject|",
	    refusal == NULL ? "" : refusal);
	front->user.say(front->user.arg, line);
}

/*
 * An address without domain is smtpd's own affair.  A report goes out whatever
 * policy there is, so none is looked up for it: what came of that would be
 * reported in its turn.  Other mail that passes so waits for the table, which
 * knows nothing yet.
 */
static void
request(struct sts_front *front, const struct sts_smtpd_event *event)
{
	struct sts_client client =
	    sts_client_of(front->clients, event->session);
	struct sts_inquiry_client who = { event->session, event->token,
		client.stage };
	const char *at = strrchr(event->text[0], '@');

	if (client.outbound && at != NULL &&
	    (!client.local ||
		!front->user.is_report(front->user.arg, event->text[0])))
		front->user.inquire(front->user.arg, at + 1, &who);
	else
		sts_front_answer(front, &who, NULL);
}

/* What cannot be understood and wants an answer must not pass the stage. */
static void
reject_line(struct sts_front *front, const struct sts_smtpd_event *event,
    const char *why)
{
	struct sts_inquiry_client who = { event->session, event->token,
		sts_client_of(front->clients, event->session).stage };

	front->user.complain(front->user.arg, why);
	if (event->kind == STS_SMTPD_RCPT_TO)
		sts_front_answer(front, &who,
		    who.stage ? "451 4.3.0 Request not understood" : NULL);
}

void
sts_front_line(void *arg, char *line, size_t len)
{
	struct sts_front *front = arg;
	struct sts_smtpd_event event;
	struct sts_error err;

	if (line == NULL)
		front->user.complain(front->user.arg, "too long a line");
	else if (sts_smtpd_parse(line, len, &event, &err) != STS_OK)
		reject_line(front, &event, err.text);
	else if (event.kind == STS_SMTPD_CONFIG)
		configure(front, &event);
	else if (event.kind == STS_SMTPD_RCPT_TO)
		request(front, &event);
	else if (!event.outgoing)
		sts_client_event(front->clients, &event);
	else if (event.kind != STS_SMTPD_OTHER)
		front->user.outgoing(front->user.arg, &event);
}
