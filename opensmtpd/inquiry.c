/* SPDX-License-Identifier: ISC */
/*
 * Inquiries, see inquiry.h.  Each step takes what it needs from the state
 * and goes on at once, or asks the resolver and is called again; when the
 * resolver cannot be asked, the state's word is the last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "choice.h"
#include "inquiry.h"
#include "race.h"
#include "sts.h"

#define REOPEN_EVERY 1000 /* ms between two looks for a damaged state */

struct client {
	struct client *next;
	struct sts_inquiry_client who;
	int64_t until;
};

enum step { /* what the resolver has been asked for */
	STEP_POLICY,
	STEP_MX,
	STEP_PROBE
};

struct inquiry {
	struct inquiry *next;
	char domain[STS_DOMAIN_MAX + 1];
	enum step step;
	bool probes;     /* somebody waits, or waited, in the stage */
	bool state_only; /* one too many: nothing is asked */
	int64_t begun;
	struct sts_result *result; /* of mode enforce; owned */
	struct sts_race race;
	struct client *clients;
};

struct sts_inquiries {
	struct sts *sts;
	const char *salt;
	struct sts_inquiry_io io;
	struct inquiry *open;
	size_t count;
	int64_t now;
	int64_t reopen; /* not before */
};

enum sts_rc
sts_inquiries_new(struct sts *sts, const char *salt,
    const struct sts_inquiry_io *io, struct sts_inquiries **out,
    struct sts_error *err)
{
	struct sts_inquiries *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	all->sts = sts;
	all->salt = salt;
	all->io = *io;
	*out = all;
	return STS_OK;
}

bool
sts_inquiry_busy(const struct sts_inquiries *all)
{
	return all->open != NULL;
}

/* ---- answers to sessions ------------------------------------------------- */

/* WHY in words that may stand in an SMTP reply, or "" to proceed. */
static void
refuse(char text[STS_INQUIRY_TEXT_MAX], const char *domain, const char *why)
{
	struct sts_buf buf;
	size_t len = strlen(why);

	sts_buf_init(&buf, STS_INQUIRY_TEXT_MAX - 1);
	(void)sts_buf_printf(&buf, "451 4.7.0 MTA-STS of %s: ", domain);
	while (sts_buf_escaped(&buf, why, len) == STS_EUSAGE) {
		buf.rc = STS_OK; /* too long: say less */
		len /= 2;
	}
	(void)snprintf(text, STS_INQUIRY_TEXT_MAX, "%s", sts_buf_text(&buf));
	sts_buf_clear(&buf);
}

static void
answer(struct sts_inquiries *all, const struct sts_inquiry_client *who,
    const char *refusal)
{
	bool proceed = !who->stage || refusal[0] == '\0';

	all->io.answer(all->io.arg, who, proceed ? NULL : refusal);
}

static void
free_inquiry(struct inquiry *inquiry)
{
	struct client *client;

	while ((client = inquiry->clients) != NULL) {
		inquiry->clients = client->next;
		free(client);
	}
	sts_race_clear(&inquiry->race);
	sts_result_free(inquiry->result);
	free(inquiry);
}

/* It is over: everybody who waits is told, and INQUIRY is no more. */
static void
end(struct sts_inquiries *all, struct inquiry *inquiry, const char *refusal)
{
	struct inquiry **at = &all->open;
	struct client *client;

	while (*at != inquiry)
		at = &(*at)->next;
	*at = inquiry->next;
	all->count--;
	for (client = inquiry->clients; client != NULL; client = client->next)
		answer(all, &client->who, refusal);
	free_inquiry(inquiry);
}

static void
end_refusing(struct sts_inquiries *all, struct inquiry *inquiry,
    const char *why)
{
	char text[STS_INQUIRY_TEXT_MAX];

	refuse(text, inquiry->domain, why);
	end(all, inquiry, text);
}

void
sts_inquiries_free(struct sts_inquiries *all)
{
	struct inquiry *inquiry;

	if (all == NULL)
		return;
	while ((inquiry = all->open) != NULL) {
		all->open = inquiry->next;
		free_inquiry(inquiry);
	}
	free(all);
}

/* ---- what the state says -------------------------------------------------- */

static bool
get_list(struct sts_inquiries *all, const char *domain,
    struct sts_mx_list *list)
{
	struct sts_state *state = sts_state_of(all->sts, NULL);

	return state != NULL &&
	       sts_mx_get(sts_state_dir(state), domain, list, NULL) == STS_OK;
}

static size_t
order_hosts(const struct sts_inquiries *all, const struct sts_result *result,
    const struct sts_mx_list *list, const struct sts_mx_host **order)
{
	struct sts_now now;

	sts_clock_glance(&now);
	return sts_choice_order(result, list, all->salt, now.wall, order);
}

#define NO_LIST   "its MX hosts are not known yet"
#define NONE_LEFT "its policy permits none of its MX hosts"

/* A directory that was moved away or made anew is found by its name alone. */
static enum sts_rc
look(struct sts_inquiries *all, const char *domain, struct sts_result **result,
    struct sts_error *err)
{
	enum sts_rc rc = sts_lookup(all->sts, domain, result, err);

	if (rc != STS_OK || sts_result_answer(*result) != STS_ANSWER_DAMAGED ||
	    all->now < all->reopen)
		return rc;
	all->reopen = all->now + REOPEN_EVERY;
	sts_result_free(*result);
	sts_state_leave(all->sts);
	return sts_lookup(all->sts, domain, result, err);
}

/* Why RESULT and the list that is there do not let mail go; "": they do. */
static void
state_says(struct sts_inquiries *all, const char *domain,
    const struct sts_result *result, char text[STS_INQUIRY_TEXT_MAX])
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_mx_list list;

	text[0] = '\0';
	if (sts_result_mode(result) == STS_MODE_DEFER)
		refuse(text, domain, sts_result_reason(result));
	if (sts_result_mode(result) != STS_MODE_ENFORCE)
		return;
	if (!get_list(all, domain, &list))
		refuse(text, domain, NO_LIST);
	else if (order_hosts(all, result, &list, order) == 0)
		refuse(text, domain, NONE_LEFT);
}

/* INQUIRY is under way: what holds by now for somebody in the stage? */
static void
holds_now(struct sts_inquiries *all, const struct inquiry *inquiry,
    char text[STS_INQUIRY_TEXT_MAX])
{
	struct sts_result *result;
	struct sts_error err;

	if (inquiry->step == STEP_PROBE) {
		refuse(text, inquiry->domain,
		    "its MX hosts are still being tried");
		return;
	}
	if (look(all, inquiry->domain, &result, &err) != STS_OK) {
		refuse(text, inquiry->domain, err.text);
		return;
	}
	state_says(all, inquiry->domain, result, text);
	sts_result_free(result);
}

static void
distrust(struct sts_inquiries *all, const char *domain)
{
	struct sts_state *state = sts_state_of(all->sts, NULL);
	struct sts_error err;
	struct sts_now now;

	sts_clock_now(&now);
	if (state != NULL &&
	    sts_state_distrust(state, domain, &now, &err) != STS_OK)
		sts_log(sts_log_of(all->sts), STS_LOG_WARNING,
		    "re-check not noted domain=%s: %s", domain, err.text);
}

/* ---- steps ----------------------------------------------------------------- */

static bool
ask(struct sts_inquiries *all, struct inquiry *inquiry, enum step step,
    enum sts_asker_verb verb, const char *name)
{
	inquiry->step = step;
	return !inquiry->state_only &&
	       all->io.ask(all->io.arg, verb, name, all->now);
}

/* Policy and list are as good as they get. */
static void
choose(struct sts_inquiries *all, struct inquiry *inquiry)
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_mx_list list;
	size_t count;

	if (!get_list(all, inquiry->domain, &list)) {
		end_refusing(all, inquiry, NO_LIST);
		return;
	}
	count = order_hosts(all, inquiry->result, &list, order);
	if (count == 0) {
		distrust(all, inquiry->domain);
		all->io.learned(all->io.arg, inquiry->domain, "", STS_EMXPOLICY,
		    NULL);
		end_refusing(all, inquiry, NONE_LEFT);
	} else {
		end(all, inquiry, "");
	}
}

static void
find_hosts(struct sts_inquiries *all, struct inquiry *inquiry)
{
	struct sts_mx_list list;
	struct sts_now now;

	sts_clock_glance(&now);
	if ((get_list(all, inquiry->domain, &list) && list.until > now.wall) ||
	    !ask(all, inquiry, STEP_MX, STS_ASKER_MX, inquiry->domain))
		choose(all, inquiry);
}

/* RESULT, which is taken over, is as good as it gets. */
static void
obey(struct sts_inquiries *all, struct inquiry *inquiry,
    struct sts_result *result)
{
	inquiry->result = result;
	switch (sts_result_mode(result)) {
	case STS_MODE_ENFORCE:
		find_hosts(all, inquiry);
		return;
	case STS_MODE_DEFER:
		end_refusing(all, inquiry, sts_result_reason(result));
		return;
	case STS_MODE_NONE:
	case STS_MODE_TESTING:
	case STS_MODE_MAX:
		end(all, inquiry, "");
		return;
	}
}

/* With MAY_ASK the resolver may be asked to better what the state says. */
static void
find_policy(struct sts_inquiries *all, struct inquiry *inquiry, bool may_ask)
{
	struct sts_result *result;
	struct sts_error err;

	if (look(all, inquiry->domain, &result, &err) != STS_OK)
		end_refusing(all, inquiry, err.text);
	else if (sts_result_fresh(result) || !may_ask ||
		 !ask(all, inquiry, STEP_POLICY, STS_ASKER_POLICY,
		     inquiry->domain))
		obey(all, inquiry, result);
	else
		sts_result_free(result);
}

/* ---- the book -------------------------------------------------------------- */

static struct inquiry *
find(struct sts_inquiries *all, const char *domain)
{
	struct inquiry *inquiry = all->open;

	while (inquiry != NULL && strcmp(inquiry->domain, domain) != 0)
		inquiry = inquiry->next;
	return inquiry;
}

/* False: there is no room for one more. */
static bool
join(struct sts_inquiries *all, struct inquiry *inquiry,
    const struct sts_inquiry_client *who)
{
	struct client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return false;
	client->who = *who;
	client->until = all->now + STS_INQUIRY_WAIT;
	client->next = inquiry->clients;
	inquiry->clients = client;
	inquiry->probes = inquiry->probes || who->stage;
	return true;
}

static struct inquiry *
open_inquiry(struct sts_inquiries *all, const char *domain)
{
	struct inquiry *inquiry = calloc(1, sizeof(*inquiry));

	if (inquiry == NULL)
		return NULL;
	(void)snprintf(inquiry->domain, sizeof(inquiry->domain), "%s", domain);
	inquiry->begun = all->now;
	inquiry->state_only = all->count >= STS_INQUIRY_OPEN_MAX;
	inquiry->next = all->open;
	all->open = inquiry;
	all->count++;
	return inquiry;
}

/* Where the first who asks begins; others find it under way. */
static void
begin(struct sts_inquiries *all, const char *domain,
    const struct sts_inquiry_client *who)
{
	struct inquiry *inquiry = find(all, domain);
	bool fresh = inquiry == NULL;
	char text[STS_INQUIRY_TEXT_MAX];

	if (fresh)
		inquiry = open_inquiry(all, domain);
	if (who != NULL && (inquiry == NULL || !join(all, inquiry, who))) {
		refuse(text, domain, "no memory");
		answer(all, who, text);
	}
	if (fresh && inquiry != NULL)
		find_policy(all, inquiry, true);
}

void
sts_inquiry_begin(struct sts_inquiries *all, const char *name,
    const struct sts_inquiry_client *who, int64_t now)
{
	char domain[STS_DOMAIN_MAX + 1];

	all->now = now;
	if (sts_domain_normalize(name, strlen(name), domain, NULL) == STS_OK)
		begin(all, domain, who);
	else if (who != NULL)
		answer(all, who, ""); /* no policy can be for such a domain */
}

/* ---- news ------------------------------------------------------------------ */

static void
take_policy(struct sts_inquiries *all, struct inquiry *inquiry,
    const char *line, size_t len)
{
	struct sts_result *result;

	if (line != NULL && sts_result_parse(all->sts, inquiry->domain, line,
				len, &result, NULL) == STS_OK)
		obey(all, inquiry, result);
	else
		find_policy(all, inquiry, false);
}

void
sts_inquiry_answered(struct sts_inquiries *all, enum sts_asker_verb verb,
    const char *name, const char *line, size_t len, int64_t now)
{
	struct inquiry *inquiry, *next;

	all->now = now;
	for (inquiry = all->open; inquiry != NULL; inquiry = next) {
		next = inquiry->next;
		if (strcmp(inquiry->domain, name) != 0)
			continue;
		if (verb == STS_ASKER_POLICY && inquiry->step == STEP_POLICY)
			take_policy(all, inquiry, line, len);
		else if (verb == STS_ASKER_MX && inquiry->step == STEP_MX)
			choose(all, inquiry);
	}
}

/* Those who have waited long enough leave. */
static void
release(struct sts_inquiries *all, struct inquiry *inquiry)
{
	struct client **at = &inquiry->clients, *client;
	char text[STS_INQUIRY_TEXT_MAX] = "";
	bool known = false;

	while ((client = *at) != NULL) {
		if (client->until > all->now) {
			at = &client->next;
			continue;
		}
		*at = client->next;
		if (client->who.stage && !known) {
			holds_now(all, inquiry, text);
			known = true;
		}
		answer(all, &client->who, text);
		free(client);
	}
}

void
sts_inquiry_tick(struct sts_inquiries *all, int64_t now)
{
	struct inquiry *inquiry, *next;

	all->now = now;
	for (inquiry = all->open; inquiry != NULL; inquiry = next) {
		next = inquiry->next;
		release(all, inquiry);
	}
}
