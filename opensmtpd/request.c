/* SPDX-License-Identifier: ISC */
/*
 * Requests to a table, see request.h.
 */
#include <stdio.h>
#include <string.h>

#include "request.h"

static const char *const op_names[] = {
	[STS_REQUEST_CHECK] = "check",
	[STS_REQUEST_LOOKUP] = "lookup",
	[STS_REQUEST_FETCH] = "fetch",
	[STS_REQUEST_UPDATE] = "update",
	[STS_REQUEST_OTHER] = "other",
};
_Static_assert(sizeof(op_names) / sizeof(op_names[0]) == STS_REQUEST_MAX,
    "op_names matches enum sts_request_op");

static const char *const service_names[] = {
	[STS_SERVICE_DOMAIN] = "domain",
	[STS_SERVICE_RELAYHOST] = "relayhost",
	[STS_SERVICE_MAILADDR] = "mailaddr",
	[STS_SERVICE_OTHER] = "other",
};
_Static_assert(sizeof(service_names) / sizeof(service_names[0]) ==
		   STS_SERVICE_MAX,
    "service_names matches enum sts_request_service");

const char *
sts_request_op_name(enum sts_request_op op)
{
	return op_names[op];
}

const char *
sts_request_service_name(enum sts_request_service service)
{
	return service_names[service];
}

enum sts_request_op
sts_request_op_named(const char *name)
{
	enum sts_request_op op = 0;

	while (op < STS_REQUEST_OTHER && strcmp(name, op_names[op]) != 0)
		op++;
	return op;
}

enum sts_request_service
sts_request_service_named(const char *name)
{
	enum sts_request_service service = 0;

	while (service < STS_SERVICE_OTHER &&
	       strcmp(name, service_names[service]) != 0)
		service++;
	return service;
}

/* Why no table could answer it, or NULL. */
static const char *
objection(const struct sts_request *request)
{
	if (request->op == STS_REQUEST_UPDATE)
		return NULL;
	if (request->op == STS_REQUEST_OTHER)
		return "no such operation";
	if (request->service == STS_SERVICE_OTHER)
		return "no such service here";
	if (request->op == STS_REQUEST_FETCH)
		return "nothing here can be fetched without a key";
	if (request->key == NULL)
		return "no key in the request";
	return NULL;
}

static void
clean(char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

void
sts_request_answer(const struct sts_request_user *user,
    const struct sts_request *request, struct sts_reply *reply)
{
	const char *no = objection(request);

	reply->kind = STS_REPLY_ERROR;
	reply->text[0] = '\0';
	if (no == NULL)
		user->answer(user->arg, request, reply);
	else
		(void)snprintf(reply->text, sizeof(reply->text), "%s", no);
	clean(reply->text);
	if (request->op == STS_REQUEST_LOOKUP && reply->text[0] == '\0' &&
	    reply->kind == STS_REPLY_FOUND)
		reply->kind = STS_REPLY_ERROR;
	if (reply->kind == STS_REPLY_ERROR && reply->text[0] == '\0')
		(void)snprintf(reply->text, sizeof(reply->text),
		    "no reason known");
}
