/* SPDX-License-Identifier: ISC */
/*
 * What smtpd asks of a table and what it is told, whichever of its protocols
 * carries it: text.h (OpenSMTPD 7.6 and later) or imsg.h (6.8 to 7.5).
 */
#ifndef STS_REQUEST_H
#define STS_REQUEST_H

#include "base/error.h"

enum sts_request_op {
	STS_REQUEST_CHECK,  /* is KEY there? */
	STS_REQUEST_LOOKUP, /* the value of KEY */
	STS_REQUEST_FETCH,  /* any value, without a key */
	STS_REQUEST_UPDATE, /* read your configuration again */
	STS_REQUEST_OTHER,
	STS_REQUEST_MAX
};

enum sts_request_service { /* those we offer: table(5) */
	STS_SERVICE_DOMAIN,
	STS_SERVICE_RELAYHOST,
	STS_SERVICE_MAILADDR,
	STS_SERVICE_OTHER,
	STS_SERVICE_MAX
};

struct sts_request {
	enum sts_request_op op;
	enum sts_request_service service;
	const char *key; /* borrowed; NULL: none could be made out */
};

enum sts_reply_kind {
	STS_REPLY_FOUND, /* of an update: it is done */
	STS_REPLY_NOT_FOUND,
	STS_REPLY_ERROR,
	STS_REPLY_MAX
};

struct sts_reply {
	enum sts_reply_kind kind;
	char text[2 * STS_ERROR_MAX]; /* FOUND: the value, ERROR: why */
};

/* What a protocol calls as it reads. */
struct sts_request_user {
	void (*answer)(void *arg, const struct sts_request *request,
	    struct sts_reply *reply);
	void (*send)(void *arg, const void *data, size_t len);
	void (*complain)(void *arg, const char *what); /* of smtpd's words */
	void *arg;
};

const char *sts_request_op_name(enum sts_request_op op);
const char *sts_request_service_name(enum sts_request_service service);

/* OTHER for a name that is none. */
enum sts_request_op sts_request_op_named(const char *name);
enum sts_request_service sts_request_service_named(const char *name);

/*
 * Have USER answer what makes sense, refuse the rest, and leave in REPLY
 * what any protocol can say: one line of ASCII, not empty where words belong.
 */
void sts_request_answer(const struct sts_request_user *user,
    const struct sts_request *request, struct sts_reply *reply);

#endif
