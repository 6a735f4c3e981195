/* SPDX-License-Identifier: ISC */
/*
 * Inquiries, see inquiry.h.  Each step takes what it needs from the state
 * and goes on at once, or asks the resolver and is called again; when the
 * resolver cannot be asked, the state's word is the last.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/domain.h"
#include "inquiry.h"
#include "race.h"
#include "sts.h"

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
	struct sts_standing *standing; /* borrowed */
	struct sts_inquiry_io io;
	struct inquiry *open;
	size_t count;
	int64_t now;
};

enum sts_rc
sts_inquiries_new(struct sts_standing *standing,
    const struct sts_inquiry_io *io, struct sts_inquiries **out,
    struct sts_error *err)
{
	struct sts_inquiries *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	all->standing = standing;
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
	char text[STS_STANDING_TEXT_MAX];

	sts_standing_refuse(text, inquiry->domain, why);
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

/* INQUIRY is under way: what holds by now for somebody in the stage? */
static void
holds_now(struct sts_inquiries *all, const struct inquiry *inquiry,
    char text[STS_STANDING_TEXT_MAX])
{
	struct sts_result *result;
	struct sts_error err;

	if (inquiry->step == STEP_PROBE) {
		sts_standing_refuse(text, inquiry->domain,
		    "its MX hosts are still being tried");
		return;
	}
	if (sts_standing_look(all->standing, inquiry->domain, all->now, &result,
		&err) != STS_OK) {
		sts_standing_refuse(text, inquiry->domain, err.text);
		return;
	}
	sts_standing_say(all->standing, inquiry->domain, result, text);
	sts_result_free(result);
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

/* The winner is what the table has to answer: those before it step back. */
static void
pass_over(struct sts_inquiries *all, struct inquiry *inquiry)
{
	struct sts_race_host *host = inquiry->race.host;

	for (; host->state != STS_RACE_PASSED; host++)
		if (host->state != STS_RACE_FAILED)
			sts_standing_mark(all->standing, inquiry->domain,
			    host->name, true);
	if (host->marked)
		sts_standing_mark(all->standing, inquiry->domain, host->name,
		    false);
}

/* Start the probes that are due; end if there is nothing to wait for. */
static void
run_race(struct sts_inquiries *all, struct inquiry *inquiry)
{
	struct sts_race_host *host;

	if (all->now - inquiry->begun > STS_INQUIRY_LIFE)
		sts_race_stop(&inquiry->race);
	while ((host = sts_race_next(&inquiry->race, all->now)) != NULL)
		if (!ask(all, inquiry, STEP_PROBE, STS_ASKER_PROBE, host->name))
			host->state = STS_RACE_UNPROVED;
	switch (sts_race_outcome(&inquiry->race)) {
	case STS_RACE_PASSED:
		pass_over(all, inquiry);
		end(all, inquiry, "");
		return;
	case STS_RACE_UNPROVED: /* smtpd itself verifies what it meets */
		end(all, inquiry, "");
		return;
	case STS_RACE_FAILED:
		sts_account_distrust(all->standing->sts, inquiry->domain);
		end_refusing(all, inquiry,
		    "no MX host can be reached with verified TLS");
		return;
	case STS_RACE_WAITING:
	case STS_RACE_RUNNING:
	case STS_RACE_STATE_MAX:
		return;
	}
}

/* The policy permits none of the hosts that there are. */
static void
end_without_host(struct sts_inquiries *all, struct inquiry *inquiry)
{
	const struct sts_probed refused = { .result = STS_EMXPOLICY };
	char text[STS_STANDING_TEXT_MAX];

	sts_standing_say(all->standing, inquiry->domain, inquiry->result, text);
	sts_account_distrust(all->standing->sts, inquiry->domain);
	all->io.learned(all->io.arg, inquiry->domain, &refused);
	end(all, inquiry, text);
}

/* Policy and list are as good as they get. */
static void
choose(struct sts_inquiries *all, struct inquiry *inquiry)
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_mx_list list;
	struct sts_error err;
	size_t count;
	bool fresh;

	if (!sts_standing_list(all->standing, inquiry->domain, &list, &fresh)) {
		end_refusing(all, inquiry, "its MX hosts are not known yet");
		return;
	}
	count =
	    sts_standing_order(all->standing, inquiry->result, &list, order);
	if (count == 0)
		end_without_host(all, inquiry);
	else if (!inquiry->probes)
		end(all, inquiry, "");
	else if (sts_race_init(&inquiry->race, order, count, &err) != STS_OK)
		end_refusing(all, inquiry, err.text);
	else
		run_race(all, inquiry);
}

/* A list that permits nobody is asked for anew however fresh it is: it may be
 * mended by now, or it was a lie. */
static bool
has_hosts(struct sts_inquiries *all, const struct inquiry *inquiry)
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_mx_list list;
	bool fresh;

	return sts_standing_list(all->standing, inquiry->domain, &list,
		   &fresh) &&
	       fresh &&
	       sts_standing_order(all->standing, inquiry->result, &list,
		   order) > 0;
}

static void
find_hosts(struct sts_inquiries *all, struct inquiry *inquiry)
{
	if (has_hosts(all, inquiry) ||
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

	if (sts_standing_look(all->standing, inquiry->domain, all->now, &result,
		&err) != STS_OK)
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
	char text[STS_STANDING_TEXT_MAX];

	if (fresh)
		inquiry = open_inquiry(all, domain);
	if (who != NULL && (inquiry == NULL || !join(all, inquiry, who))) {
		sts_standing_refuse(text, domain, "no memory");
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

	if (line != NULL &&
	    sts_result_parse(all->standing->sts, inquiry->domain, line, len,
		&result, NULL) == STS_OK)
		obey(all, inquiry, result);
	else
		find_policy(all, inquiry, false);
}

/* What a probe can find wrong with a host; all else is wrong with us. */
static const enum sts_rc faults[] = { STS_ESTARTTLS, STS_ECERTNAME,
	STS_ECERTDATE, STS_ECERTTRUST, STS_ETLS, STS_EUNREACHABLE };

static enum sts_race_state
proves(enum sts_rc result)
{
	size_t i;

	for (i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i] == result)
			return STS_RACE_FAILED;
	return result == STS_OK ? STS_RACE_PASSED : STS_RACE_UNPROVED;
}

/* A host's probe proves something of each domain that it is an MX of. */
static void
take_probe(struct sts_inquiries *all, struct inquiry *inquiry, const char *name,
    const char *line, size_t len)
{
	struct sts_race_host *host = sts_race_running(&inquiry->race, name);
	struct sts_probed probed;

	if (host == NULL)
		return;
	host->state = STS_RACE_UNPROVED;
	if (line != NULL &&
	    sts_probed_parse(line, len, &probed, NULL) == STS_OK) {
		host->state = proves(probed.result);
		all->io.learned(all->io.arg, inquiry->domain, &probed);
	}
	if (host->state == STS_RACE_FAILED)
		sts_standing_mark(all->standing, inquiry->domain, name, true);
	run_race(all, inquiry);
}

void
sts_inquiry_answered(struct sts_inquiries *all, enum sts_asker_verb verb,
    const char *name, const char *line, size_t len, int64_t now)
{
	struct inquiry *inquiry, *next;

	all->now = now;
	for (inquiry = all->open; inquiry != NULL; inquiry = next) {
		next = inquiry->next;
		if (verb == STS_ASKER_PROBE) {
			take_probe(all, inquiry, name, line, len);
			continue;
		}
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
	char text[STS_STANDING_TEXT_MAX] = "";
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
		if (inquiry->step == STEP_PROBE)
			run_race(all, inquiry);
	}
}
