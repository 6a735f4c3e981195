/* SPDX-License-Identifier: ISC */
/*
 * Scripted answers, see teller.h.
 */
#include <stdio.h>
#include <string.h>

#include "teller.h"

struct sts_buf teller_sent;
const char *teller_update;
unsigned teller_asked;
const char *teller_complaint;

static void
answer(void *arg, const struct sts_request *request, struct sts_reply *reply)
{
	const char *key = request->key, *text = "";

	(void)arg;
	teller_asked++;
	if (request->op == STS_REQUEST_UPDATE)
		key = teller_update;
	reply->kind = STS_REPLY_FOUND;
	if (strcmp(key, "yes") == 0) {
		text = TELLER_VALUE;
	} else if (strcmp(key, "no") == 0) {
		reply->kind = STS_REPLY_NOT_FOUND;
	} else if (strcmp(key, "empty") != 0) {
		reply->kind = STS_REPLY_ERROR;
		text = strcmp(key, "silent") == 0 ? "" : "a\nb\xff|\x7f";
	}
	(void)snprintf(reply->text, sizeof(reply->text), "%s", text);
}

static void
keep(void *arg, const void *data, size_t len)
{
	(void)arg;
	(void)sts_buf_add(&teller_sent, data, len);
}

static void
complain(void *arg, const char *what)
{
	(void)arg;
	teller_complaint = what;
}

const struct sts_request_user teller = { answer, keep, complain, NULL };

void
teller_setup(void)
{
	sts_buf_init(&teller_sent, 1 << 20);
	teller_update = "yes";
	teller_asked = 0;
	teller_complaint = NULL;
}

void
teller_teardown(void)
{
	sts_buf_clear(&teller_sent);
}
