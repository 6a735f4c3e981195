/* SPDX-License-Identifier: ISC */
/*
 * The table protocol of lines, see text.h.
 */
#include <stdio.h>
#include <string.h>

#include "text.h"

#define TEXT_MAX  65536 /* smtpd's keys have 1023 octets at most */
#define WORD_MAX  32    /* of an operation and of an id */
#define VERSION   "0.1"
#define REPLY_MAX (2 * WORD_MAX + sizeof(((struct sts_reply *)0)->text) + 32)

enum sts_rc
sts_text_init(struct sts_text *text, const struct sts_request_user *user)
{
	sts_lines_init(&text->lines, TEXT_MAX);
	text->user = user;
	text->registered = false;
	/* A line that no memory was left for could not be answered. */
	return sts_buf_room(&text->lines.buf, TEXT_MAX) != NULL ? STS_OK
								: STS_ENOMEM;
}

void
sts_text_clear(struct sts_text *text)
{
	sts_lines_clear(&text->lines);
}

/* The field at *REST, which then is the rest behind it; NULL: none left. */
static char *
cut(char **rest)
{
	char *field = *rest, *bar;

	if (field == NULL)
		return NULL;
	bar = strchr(field, '|');
	if (bar != NULL)
		*bar++ = '\0';
	*rest = bar;
	return field;
}

/* May it be said back to smtpd? */
static bool
is_word(const char *word)
{
	size_t len;

	if (word == NULL)
		return false;
	for (len = 0; word[len] != '\0'; len++)
		if (word[len] <= ' ' || word[len] > '~')
			return false;
	return len > 0 && len <= WORD_MAX;
}

static void
say(const struct sts_text *text, const char *line, int len)
{
	text->user->send(text->user->arg, line, (size_t)len);
}

/* ---- requests ---------------------------------------------------------- */

static void
reply_to(const struct sts_text *text, const struct sts_request *request,
    const char *op, const char *id)
{
	static const char *const plain[] = {
		[STS_REPLY_FOUND] = "found",
		[STS_REPLY_NOT_FOUND] = "not-found",
		[STS_REPLY_ERROR] = "error",
	};
	struct sts_reply reply;
	const char *word;
	char line[REPLY_MAX];
	bool words;

	sts_request_answer(text->user, request, &reply);
	word = plain[reply.kind];
	words = reply.kind == STS_REPLY_ERROR;
	if (reply.kind == STS_REPLY_FOUND) {
		words = request->op == STS_REQUEST_LOOKUP;
		if (request->op == STS_REQUEST_UPDATE)
			word = "ok";
	}
	say(text, line,
	    snprintf(line, sizeof(line), "%s-result|%s|%s%s%s\n", op, id, word,
		words ? "|" : "", words ? reply.text : ""));
}

/* TIME|NAME|OP[|SERVICE]|ID[|KEY]; the key is all that is left. */
static void
take_request(const struct sts_text *text, char *rest)
{
	struct sts_request request = { .service = STS_SERVICE_OTHER };
	char *op, *first, *id;

	(void)cut(&rest);
	(void)cut(&rest);
	op = cut(&rest);
	first = cut(&rest);
	if (!is_word(op) || first == NULL) {
		text->user->complain(text->user->arg,
		    "a request without an operation");
		return;
	}
	request.op = sts_request_op_named(op);
	id = rest != NULL ? cut(&rest) : first; /* an update has no service */
	if (!is_word(id)) {
		text->user->complain(text->user->arg,
		    "a request without an id");
		return;
	}
	if (id != first)
		request.service = sts_request_service_named(first);
	request.key = rest;
	reply_to(text, &request, op, id);
}

/* ---- handshake --------------------------------------------------------- */

static void
take_config(struct sts_text *text, char *rest)
{
	static const char services[] = "register|domain\n"
				       "register|relayhost\n"
				       "register|mailaddr\n"
				       "register|ready\n";
	const char *key = cut(&rest);

	if (strcmp(key, "protocol") == 0 &&
	    (rest == NULL || strcmp(rest, VERSION) != 0))
		text->user->complain(text->user->arg,
		    "a protocol that is not " VERSION);
	if (strcmp(key, "ready") != 0 || text->registered)
		return;
	text->registered = true;
	say(text, services, sizeof(services) - 1);
}

static void
take_line(void *arg, char *line, size_t len)
{
	struct sts_text *text = arg;
	char *rest = line, *word;

	(void)len;
	if (line == NULL) {
		text->user->complain(text->user->arg,
		    "a line that is too long or holds a NUL");
		return;
	}
	word = cut(&rest);
	if (strcmp(word, "config") == 0 && rest != NULL)
		take_config(text, rest);
	else if (strcmp(word, "table") == 0 && cut(&rest) != NULL)
		take_request(text, rest);
	else
		text->user->complain(text->user->arg, "an unknown line");
}

void
sts_text_feed(struct sts_text *text, const char *data, size_t len)
{
	sts_lines_feed(&text->lines, data, len, take_line, text);
}
