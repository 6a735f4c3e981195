/* SPDX-License-Identifier: ISC */
/*
 * The table protocol of imsg messages, see imsg.h.
 */
#include <string.h>
#include <unistd.h>

#include "imsg.h"

#define API_VERSION 2

enum type { /* enum table_proc_type of OpenSMTPD */
	TYPE_OK,
	TYPE_FAIL,
	TYPE_OPEN,
	TYPE_CLOSE,
	TYPE_UPDATE,
	TYPE_CHECK,
	TYPE_LOOKUP,
	TYPE_FETCH,
	TYPE_MAX
};

struct header {
	uint32_t type;
	uint16_t len; /* with the header */
	uint16_t flags;
	uint32_t peerid;
	uint32_t pid;
};
_Static_assert(sizeof(struct header) == 16, "no holes in an imsg header");

/* The part of a message that is not read yet. */
struct reader {
	const unsigned char *at;
	size_t left;
};

static bool
take(struct reader *reader, void *out, size_t len)
{
	if (reader->left < len)
		return false;
	memcpy(out, reader->at, len);
	reader->at += len;
	reader->left -= len;
	return true;
}

/* The rest, a text with one NUL, which ends it; borrowed, or NULL. */
static const char *
take_key(const struct reader *reader)
{
	const unsigned char *nul = memchr(reader->at, '\0', reader->left);

	if (nul == NULL || nul != reader->at + reader->left - 1)
		return NULL;
	return (const char *)reader->at;
}

/* ---- replies ----------------------------------------------------------- */

static void
say(const struct sts_imsg *imsg, enum type type, const void *data, size_t len)
{
	unsigned char message[sizeof(struct header) + sizeof(int) +
			      sizeof(((struct sts_reply *)0)->text)];
	struct header header = {
		.type = type,
		.len = (uint16_t)(sizeof(header) + len),
		.pid = (uint32_t)getpid(),
	};

	memcpy(message, &header, sizeof(header));
	if (len > 0)
		memcpy(message + sizeof(header), data, len);
	imsg->user->send(imsg->user->arg, message, header.len);
}

static void
reply_to(const struct sts_imsg *imsg, const struct sts_request *request)
{
	static const int numbers[] = {
		[STS_REPLY_FOUND] = 1,
		[STS_REPLY_NOT_FOUND] = 0,
		[STS_REPLY_ERROR] = -1,
	};
	unsigned char data[sizeof(int) + sizeof(((struct sts_reply *)0)->text)];
	struct sts_reply reply;
	size_t len = sizeof(int);
	int number;

	sts_request_answer(imsg->user, request, &reply);
	number = numbers[reply.kind];
	if (request->op == STS_REQUEST_UPDATE && number == -1)
		number = 0;
	memcpy(data, &number, sizeof(number));
	if (request->op == STS_REQUEST_LOOKUP && number == 1) {
		memcpy(data + len, reply.text, strlen(reply.text) + 1);
		len += strlen(reply.text) + 1;
	}
	say(imsg, TYPE_OK, data, len);
}

/* ---- requests ---------------------------------------------------------- */

static enum sts_request_service
service_of(uint32_t number)
{
	/* enum table_service of OpenSMTPD */
	switch (number) {
	case 0x002:
		return STS_SERVICE_DOMAIN;
	case 0x040:
		return STS_SERVICE_MAILADDR;
	case 0x200:
		return STS_SERVICE_RELAYHOST;
	default:
		return STS_SERVICE_OTHER;
	}
}

/* One that cannot be read has no service and no key, and is refused. */
static void
take_request(const struct sts_imsg *imsg, enum sts_request_op op,
    struct reader *reader)
{
	struct sts_request request = { .op = op, .service = STS_SERVICE_OTHER };
	uint32_t service;
	size_t params;

	if (take(reader, &service, sizeof(service)) &&
	    take(reader, &params, sizeof(params)) && params == 0) {
		request.service = service_of(service);
		request.key = take_key(reader);
	}
	reply_to(imsg, &request);
}

static void
take_open(const struct sts_imsg *imsg, struct reader *reader)
{
	uint32_t version;

	if (take(reader, &version, sizeof(version)) && version == API_VERSION) {
		say(imsg, TYPE_OK, NULL, 0);
		return;
	}
	imsg->user->complain(imsg->user->arg,
	    "a version of the protocol that is not 2");
	say(imsg, TYPE_FAIL, NULL, 0);
}

static void
take_message(const struct sts_imsg *imsg, const struct header *header)
{
	struct reader reader = { imsg->data + sizeof(*header),
		header->len - sizeof(*header) };

	switch (header->type) {
	case TYPE_OPEN:
		take_open(imsg, &reader);
		break;
	case TYPE_CLOSE:
		break; /* the end of the stream is what counts */
	case TYPE_UPDATE:
		reply_to(imsg,
		    &(struct sts_request){ .op = STS_REQUEST_UPDATE });
		break;
	case TYPE_CHECK:
		take_request(imsg, STS_REQUEST_CHECK, &reader);
		break;
	case TYPE_LOOKUP:
		take_request(imsg, STS_REQUEST_LOOKUP, &reader);
		break;
	case TYPE_FETCH:
		take_request(imsg, STS_REQUEST_FETCH, &reader);
		break;
	default:
		imsg->user->complain(imsg->user->arg, "an unknown message");
		take_request(imsg, STS_REQUEST_OTHER, &reader);
	}
}

/* ---- messages ---------------------------------------------------------- */

bool
sts_imsg_begins(unsigned char first)
{
	uint32_t open = TYPE_OPEN;
	unsigned char octet;

	memcpy(&octet, &open, 1);
	return first == octet;
}

void
sts_imsg_init(struct sts_imsg *imsg, const struct sts_request_user *user)
{
	imsg->user = user;
	imsg->len = 0;
	imsg->lost = false;
}

/* Append until there are WANT octets; false when DATA ends before. */
static bool
gather(struct sts_imsg *imsg, struct reader *data, size_t want)
{
	size_t len;

	if (imsg->len >= want)
		return true;
	len = want - imsg->len < data->left ? want - imsg->len : data->left;
	(void)take(data, imsg->data + imsg->len, len);
	imsg->len += len;
	return imsg->len == want;
}

void
sts_imsg_feed(struct sts_imsg *imsg, const void *data, size_t len)
{
	struct reader stream = { data, len };
	struct header header;

	while (!imsg->lost && gather(imsg, &stream, sizeof(header))) {
		memcpy(&header, imsg->data, sizeof(header));
		imsg->lost =
		    header.len < sizeof(header) || header.len > STS_IMSG_MAX;
		if (imsg->lost)
			imsg->user->complain(imsg->user->arg,
			    "a message of an impossible length");
		if (imsg->lost || !gather(imsg, &stream, header.len))
			return;
		imsg->len = 0;
		take_message(imsg, &header);
	}
}
