/* SPDX-License-Identifier: ISC */
/*
 * The answers of a table, see clerk.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/domain.h"
#include "choice.h"
#include "clerk.h"
#include "memory.h"
#include "report/expected.h"
#include "self.h"
#include "sts.h"

#define WISH_EVERY   1 /* s between two equal wishes */
#define FOLLOW_EVERY 1 /* s between two looks for the state */

struct sts_clerk {
	const struct sts_options *options;
	struct sts *sts;
	struct sts_memory *memory;
	char self[STS_DOMAIN_MAX + 1]; /* "": our name is no domain */
	int64_t followed;              /* boot seconds */
	struct sts_mx_list list;       /* large, so not on the stack */
};

/* One question under way. */
struct question {
	const struct sts_now *now;
	char domain[STS_DOMAIN_MAX + 1];
	struct sts_memo *memo;
	struct sts_result *result;
	struct sts_reply *reply;
};

enum sts_rc
sts_clerk_new(const struct sts_options *options, struct sts_clerk **out,
    struct sts_error *err)
{
	struct sts_clerk *clerk = calloc(1, sizeof(*clerk));
	enum sts_rc rc;

	if (clerk == NULL || (clerk->memory = sts_memory_new()) == NULL) {
		free(clerk);
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	clerk->options = options;
	sts_self_name(clerk->self);
	rc = sts_new(options, &clerk->sts, err);
	if (rc != STS_OK) {
		sts_clerk_free(clerk);
		return rc;
	}
	*out = clerk;
	return STS_OK;
}

void
sts_clerk_free(struct sts_clerk *clerk)
{
	if (clerk == NULL)
		return;
	sts_free(clerk->sts);
	sts_memory_free(clerk->memory);
	free(clerk);
}

const struct sts_log *
sts_clerk_log(const struct sts_clerk *clerk)
{
	return sts_log_of(clerk->sts);
}

static void answer_with(struct sts_reply *reply, enum sts_reply_kind kind,
    const char *format, ...) STS_PRINTF(3, 4);

static void
answer_with(struct sts_reply *reply, enum sts_reply_kind kind,
    const char *format, ...)
{
	va_list ap;

	reply->kind = kind;
	va_start(ap, format);
	(void)vsnprintf(reply->text, sizeof(reply->text), format, ap);
	va_end(ap);
}

/* ---- configuration and state ------------------------------------------- */

/* What cannot be read leaves in force what we have. */
static void
update(struct sts_clerk *clerk, struct sts_reply *reply)
{
	struct sts_error err;
	struct sts *sts;

	if (sts_new(clerk->options, &sts, &err) != STS_OK) {
		sts_log(sts_clerk_log(clerk), STS_LOG_ERROR,
		    "%s; the configuration stays what it was", err.text);
		answer_with(reply, STS_REPLY_ERROR, "%s", err.text);
		return;
	}
	sts_free(clerk->sts);
	clerk->sts = sts;
	sts_self_name(clerk->self);
	answer_with(reply, STS_REPLY_FOUND, "%s", "");
}

/* Of a directory that was moved away or made again we would see the old one
 * for ever. */
static void
follow(struct sts_clerk *clerk, const struct sts_now *now)
{
	if (now->boot - clerk->followed < FOLLOW_EVERY)
		return;
	clerk->followed = now->boot;
	sts_state_follow(clerk->sts);
}

static enum sts_rc
look(struct sts_clerk *clerk, struct question *q, struct sts_error *err)
{
	follow(clerk, q->now);
	return sts_lookup(clerk->sts, q->domain, &q->result, err);
}

static void
wish(struct sts_clerk *clerk, struct question *q, enum sts_wish_kind kind,
    const char *host)
{
	struct sts_wish text = { .kind = kind };
	int64_t *last = &q->memo->wished[kind];

	/* What was chosen is told each time: it counts attempts. */
	if (kind != STS_WISH_CHOSEN && *last != STS_MEMO_NEVER &&
	    q->now->boot - *last < WISH_EVERY)
		return;
	*last = q->now->boot;
	memcpy(text.domain, q->domain, sizeof(text.domain));
	(void)snprintf(text.host, sizeof(text.host), "%s", host);
	sts_wish_send(sts_state_path(clerk->sts), &text);
}

/* This machine, by the system's word for it or the operator's. */
static bool
is_self(const struct sts_clerk *clerk, const char *domain)
{
	const struct sts_config_list *names = &sts_config_of(clerk->sts)->self;
	size_t i;

	for (i = 0; i < names->count; i++)
		if (strcasecmp(names->item[i].value, domain) == 0)
			return true;
	return strcmp(clerk->self, domain) == 0;
}

/* ---- which domains ----------------------------------------------------- */

static void
answer_domain(struct sts_clerk *clerk, struct question *q)
{
	(void)clerk;
	switch (sts_result_mode(q->result)) {
	case STS_MODE_NONE:
	case STS_MODE_TESTING:
		answer_with(q->reply, STS_REPLY_NOT_FOUND, "%s", "");
		return;
	case STS_MODE_ENFORCE:
		answer_with(q->reply, STS_REPLY_FOUND, "%s", q->domain);
		return;
	case STS_MODE_DEFER:
	case STS_MODE_MAX:
		break;
	}
	answer_with(q->reply, STS_REPLY_ERROR, "%s: %s", q->domain,
	    sts_result_reason(q->result));
}

/* ---- which MX host ----------------------------------------------------- */

/* Has HOST failed since it was chosen?  Whatever the clock was then. */
static bool
failed_since(const struct sts_memo *memo, const struct sts_mx_host *host)
{
	return host->failed != 0 && host->failed != memo->failed;
}

/* The one that was chosen lately if it still may be, else the best. */
static const struct sts_mx_host *
choose(struct question *q, const struct sts_mx_host *const *order, size_t count)
{
	struct sts_memo *memo = q->memo;
	size_t i;

	for (i = 0; i < count; i++)
		if (strcmp(order[i]->name, memo->host) == 0)
			break;
	if (i < count && !failed_since(memo, order[i]) &&
	    q->now->boot - memo->chosen < STS_CLERK_STABLE)
		return order[i];
	memcpy(memo->host, order[0]->name, sizeof(memo->host));
	memo->failed = order[0]->failed;
	memo->chosen = q->now->boot;
	return order[0];
}

static enum sts_rc
read_list(struct sts_clerk *clerk, struct question *q, struct sts_error *err)
{
	struct sts_state *state = sts_state_of(clerk->sts, err);

	if (state == NULL)
		return err->rc;
	return sts_mx_get(sts_state_dir(state), q->domain, &clerk->list, err);
}

static void
answer_relayhost(struct sts_clerk *clerk, struct question *q)
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX], *host;
	struct sts_error err;
	size_t count;

	if (sts_result_mode(q->result) == STS_MODE_DEFER) {
		answer_domain(clerk, q);
		return;
	}
	if (read_list(clerk, q, &err) != STS_OK) {
		wish(clerk, q, STS_WISH_MX, "");
		answer_with(q->reply, STS_REPLY_ERROR,
		    "%s: its MX hosts are not known yet: %s", q->domain,
		    err.text);
		return;
	}
	count = sts_choice_order(q->result, &clerk->list, clerk->self,
	    q->now->wall, order);
	if (count == 0 || clerk->list.until <= q->now->wall)
		wish(clerk, q, STS_WISH_MX, "");
	if (count == 0) {
		answer_with(q->reply, STS_REPLY_ERROR,
		    "%s: no MX permitted by policy", q->domain);
		return;
	}
	host = choose(q, order, count);
	answer_with(q->reply, STS_REPLY_FOUND, "smtp+tls://%s", host->name);
	wish(clerk, q, STS_WISH_CHOSEN, host->name);
}

/* ---- whose mail is a report of ours ------------------------------------ */

/* Never an error, for which smtpd would refuse the mail of others. */
static void
answer_mailaddr(struct sts_clerk *clerk, const char *address,
    const struct sts_now *now, struct sts_reply *reply)
{
	struct sts_state *state = NULL;
	bool begins;

	follow(clerk, now);
	if (sts_config_of(clerk->sts)->report_from != NULL)
		state = sts_state_of(clerk->sts, NULL);
	begins = state != NULL &&
		 sts_expected_begins(sts_state_dir(state), address, now->wall);
	answer_with(reply, begins ? STS_REPLY_FOUND : STS_REPLY_NOT_FOUND, "%s",
	    begins ? address : "");
}

/* ---- all questions ----------------------------------------------------- */

static void
answer_key(struct sts_clerk *clerk, const struct sts_request *request,
    struct question *q)
{
	struct sts_error err;

	if (look(clerk, q, &err) != STS_OK) {
		answer_with(q->reply, STS_REPLY_ERROR, "%s: %s", q->domain,
		    err.text);
		return;
	}
	q->memo = sts_memory_of(clerk->memory, q->domain, q->now->boot);
	if (!sts_result_fresh(q->result))
		wish(clerk, q, STS_WISH_POLICY, "");
	if (request->service == STS_SERVICE_RELAYHOST)
		answer_relayhost(clerk, q);
	else
		answer_domain(clerk, q);
	sts_result_free(q->result);
}

void
sts_clerk_answer(struct sts_clerk *clerk, const struct sts_request *request,
    const struct sts_now *now, struct sts_reply *reply)
{
	struct question q = { .now = now, .reply = reply };
	const char *key = request->key;

	if (request->op == STS_REQUEST_UPDATE) {
		update(clerk, reply);
		return;
	}
	if (request->service == STS_SERVICE_MAILADDR) {
		answer_mailaddr(clerk, key, now, reply);
		return;
	}
	/* An address literal, junk and this machine have no policy. */
	if (sts_domain_normalize(key, strlen(key), q.domain, NULL) != STS_OK ||
	    is_self(clerk, q.domain)) {
		answer_with(reply, STS_REPLY_NOT_FOUND, "%s", "");
		return;
	}
	answer_key(clerk, request, &q);
}
