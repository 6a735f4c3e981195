/* SPDX-License-Identifier: ISC */
/*
 * Sessions that want one more word, see waiting.h.  The asker answers every
 * question that it takes, so nothing here can wait for ever.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "policy/probed.h"
#include "waiting.h"

struct waiting {
	struct waiting *next;
	struct sts_session session;
	bool checked;
	enum sts_asker_verb verb; /* what was asked */
	char question[STS_ASKER_NAME_MAX];
};

struct sts_waitings {
	struct sts *sts;
	const struct sts_outbound_io *io;
	size_t count;
	struct waiting *first;
};

enum sts_rc
sts_waitings_new(struct sts *sts, const struct sts_outbound_io *io,
    struct sts_waitings **out, struct sts_error *err)
{
	struct sts_waitings *waitings = calloc(1, sizeof(*waitings));

	if (waitings == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	waitings->sts = sts;
	waitings->io = io;
	*out = waitings;
	return STS_OK;
}

void
sts_waitings_free(struct sts_waitings *waitings)
{
	struct waiting *waiting;

	if (waitings == NULL)
		return;
	while ((waiting = waitings->first) != NULL) {
		waitings->first = waiting->next;
		sts_account_record(waitings->sts, &waiting->session);
		free(waiting);
	}
	free(waitings);
}

/* ---- which host it was ---------------------------------------------------- */

static bool
is_at(const struct sts_mx_host *host, const char *address)
{
	size_t i;

	for (i = 0; i < host->address_count; i++)
		if (strcmp(host->address[i], address) == 0)
			return true;
	return false;
}

/* Of two names of one machine, that which the policy knows. */
static const struct sts_mx_host *
find_host(const struct sts_mx_list *list, const struct sts_result *result,
    const char *address)
{
	const struct sts_mx_host *host, *found = NULL;
	size_t i;

	for (i = 0; i < list->count; i++) {
		host = &list->host[i];
		if (host->name[0] == '\0' || !is_at(host, address))
			continue;
		if (found == NULL || sts_result_mx_match(result, host->name))
			found = host;
		if (sts_result_mx_match(result, host->name))
			break;
	}
	return found;
}

/* False when the list that we have should be asked for. */
static bool
name_host(struct sts_waitings *waitings, struct sts_session *session,
    const struct sts_result *result)
{
	struct sts_state *state = sts_state_of(waitings->sts, NULL);
	const struct sts_mx_host *host;
	struct sts_mx_list list;
	struct sts_now now;

	if (state == NULL || sts_mx_get(sts_state_dir(state), session->domain,
				 &list, NULL) != STS_OK)
		return false;
	host = find_host(&list, result, session->mx_address);
	if (host != NULL)
		memcpy(session->mx, host->name, sizeof(session->mx));
	sts_clock_glance(&now);
	return host != NULL || list.until > now.wall;
}

/* ---- what a probe says ---------------------------------------------------- */

static bool
is_bound(const struct sts_session *session)
{
	return session->type == STS_TYPE_STS && session->mode != STS_MODE_NONE;
}

static bool
wants_host(const struct waiting *waiting)
{
	const struct sts_session *session = &waiting->session;

	return session->mx[0] == '\0' && session->mx_address[0] != '\0' &&
	       (is_bound(session) || session->result != STS_SESSION_SUCCESS);
}

/* Why TLS failed; and whether it would have, had it been verified. */
static bool
wants_probe(const struct waiting *waiting)
{
	const struct sts_session *session = &waiting->session;

	if (session->mx[0] == '\0' || session->mx_address[0] == '\0' ||
	    !(waiting->checked || is_bound(session)))
		return false;
	return session->result == STS_SESSION_VALIDATION_FAILURE ||
	       (session->result == STS_SESSION_SUCCESS && !waiting->checked);
}

/* A session that had TLS was not one without STARTTLS, whatever a later
 * probe met. */
static void
believe(struct sts_session *session, const char *line, size_t len)
{
	enum sts_session_result result;
	struct sts_probed probed;

	if (line == NULL ||
	    sts_probed_parse(line, len, &probed, NULL) != STS_OK ||
	    strcmp(probed.address, session->mx_address) != 0 ||
	    !sts_account_result(probed.result, &result) ||
	    (session->result == STS_SESSION_SUCCESS &&
		result == STS_SESSION_STARTTLS_NOT_SUPPORTED))
		return;
	sts_account_outcome(session, result, probed.reason);
}

/* ---- the way --------------------------------------------------------------- */

static bool
ask(struct sts_waitings *waitings, struct waiting *waiting,
    enum sts_asker_verb verb, int64_t now)
{
	const struct sts_session *session = &waiting->session;

	waiting->verb = verb;
	(void)snprintf(waiting->question, sizeof(waiting->question), "%s%s%s",
	    verb == STS_ASKER_MX ? session->domain : session->mx,
	    verb == STS_ASKER_MX ? "" : " ",
	    verb == STS_ASKER_MX ? "" : session->mx_address);
	return waitings->io->ask(waitings->io->arg, verb, waiting->question,
	    now);
}

/* True when WAITING, of a domain of which RESULT is known, has to wait. */
static bool
must_wait(struct sts_waitings *waitings, struct waiting *waiting,
    const struct sts_result *result, bool may_ask, int64_t now)
{
	struct sts_session *session = &waiting->session;

	if (wants_host(waiting) && !name_host(waitings, session, result) &&
	    may_ask && ask(waitings, waiting, STS_ASKER_MX, now))
		return true;
	if (!waiting->checked && session->mx[0] != '\0' &&
	    sts_account_judge(session, result))
		return false;
	return wants_probe(waiting) &&
	       ask(waitings, waiting, STS_ASKER_PROBE, now);
}

/* WAITING, which is in no list, goes as far as it can. */
static void
advance(struct sts_waitings *waitings, struct waiting *waiting, bool may_ask,
    int64_t now)
{
	struct sts_result *result;
	bool waits = false;

	if (sts_lookup(waitings->sts, waiting->session.domain, &result, NULL) ==
	    STS_OK) {
		waits = must_wait(waitings, waiting, result, may_ask, now);
		sts_result_free(result);
	}
	if (waits) {
		waiting->next = waitings->first;
		waitings->first = waiting;
		waitings->count++;
		return;
	}
	sts_account_record(waitings->sts, &waiting->session);
	free(waiting);
}

void
sts_waiting_add(struct sts_waitings *waitings,
    const struct sts_session *session, bool checked, int64_t now)
{
	struct sts_session alone = *session;
	struct waiting *waiting = NULL;

	if (waitings->count < STS_WAITING_MAX)
		waiting = calloc(1, sizeof(*waiting));
	if (waiting == NULL) {
		sts_account_record(waitings->sts, &alone);
		return;
	}
	waiting->session = *session;
	waiting->checked = checked;
	advance(waitings, waiting, true, now);
}

/* All that wait for this answer, in a list of their own. */
static struct waiting *
take(struct sts_waitings *waitings, enum sts_asker_verb verb, const char *name)
{
	struct waiting **at = &waitings->first, *taken = NULL, *waiting;

	while ((waiting = *at) != NULL) {
		if (waiting->verb != verb ||
		    strcmp(waiting->question, name) != 0) {
			at = &waiting->next;
			continue;
		}
		*at = waiting->next;
		waiting->next = taken;
		taken = waiting;
		waitings->count--;
	}
	return taken;
}

void
sts_waiting_answered(struct sts_waitings *waitings, enum sts_asker_verb verb,
    const char *name, const char *line, size_t len, int64_t now)
{
	struct waiting *waiting, *next;

	for (waiting = take(waitings, verb, name); waiting != NULL;
	     waiting = next) {
		next = waiting->next;
		if (verb == STS_ASKER_MX) {
			advance(waitings, waiting, false, now);
			continue;
		}
		believe(&waiting->session, line, len);
		sts_account_record(waitings->sts, &waiting->session);
		free(waiting);
	}
}
