/* SPDX-License-Identifier: ISC */
/*
 * What came of sessions, see outbound.h.  sending.c says what smtpd met and
 * charge.c whose mail it was; here it is told to the state and, by way of
 * waiting.c, to the journal.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account.h"
#include "base/siphash.h"
#include "charge.h"
#include "sending.h"
#include "waiting.h"

#define MTA "opensmtpd"

/* After a session without connection smtpd is given so much time, in ms, to
 * reach the others that it was told of. */
#define SUSPICION 15000

#define SUSPECTS_MAX 64   /* hosts being probed for that */
#define REFUSED_MAX  16   /* hosts of one domain that are recorded */
#define LEARNED_MAX  1024 /* domains and hosts that were recorded lately */

struct suspect {
	char domain[STS_DOMAIN_MAX + 1]; /* "": unused */
	char host[STS_DOMAIN_MAX + 1];
	int64_t wall; /* a probe must be this young to clear it */
};

struct learned {
	uint64_t sum; /* of domain and host */
	int64_t until;
};

struct sts_outbound {
	struct sts *sts;
	struct sts_outbound_io io;
	struct sts_sendings *sendings;
	struct sts_charges *charges;
	struct sts_waitings *waitings;
	bool suspicious; /* somebody could not be reached */
	int64_t since;   /* ms: when that was said */
	int64_t last;    /* ms: when it was said last */
	struct suspect suspect[SUSPECTS_MAX];
	size_t next_learned;
	struct learned learned[LEARNED_MAX];
};

enum sts_rc
sts_outbound_new(struct sts *sts, const struct sts_outbound_io *io,
    struct sts_outbound **out, struct sts_error *err)
{
	struct sts_outbound *outbound = calloc(1, sizeof(*outbound));
	enum sts_rc rc;

	if (outbound == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	outbound->sts = sts;
	outbound->io = *io;
	rc = sts_sendings_new(&outbound->sendings, err);
	if (rc == STS_OK)
		rc = sts_charges_new(&outbound->charges, err);
	if (rc == STS_OK)
		rc = sts_waitings_new(sts, &outbound->io, &outbound->waitings,
		    err);
	if (rc != STS_OK) {
		sts_outbound_free(outbound);
		return rc;
	}
	*out = outbound;
	return STS_OK;
}

void
sts_outbound_free(struct sts_outbound *outbound)
{
	if (outbound == NULL)
		return;
	sts_waitings_free(outbound->waitings);
	sts_charges_free(outbound->charges);
	sts_sendings_free(outbound->sendings);
	free(outbound);
}

/* ---- the MX list in the state ---------------------------------------------- */

static bool
get_list(struct sts_outbound *outbound, const char *domain,
    struct sts_mx_list *list)
{
	struct sts_state *state = sts_state_of(outbound->sts, NULL);

	return state != NULL &&
	       sts_mx_get(sts_state_dir(state), domain, list, NULL) == STS_OK;
}

/* WALL 0: it works.  A host that is in no list is nobody's next choice. */
static void
mark(struct sts_outbound *outbound, const char *domain, const char *host,
    int64_t wall)
{
	struct sts_state *state = sts_state_of(outbound->sts, NULL);
	struct sts_error err;
	enum sts_rc rc;

	if (state == NULL)
		return;
	rc = sts_mx_fail(sts_state_dir(state), domain, host, wall, &err);
	if (rc != STS_OK && rc != STS_ENODATA)
		sts_log(sts_log_of(outbound->sts), STS_LOG_INFO,
		    "health not noted domain=%s mx=%s: %s", domain, host,
		    err.text);
}

static int64_t
wall_now(void)
{
	struct sts_now now;

	sts_clock_glance(&now);
	return now.wall;
}

static size_t
addresses_of(const struct sts_mx_list *list, const char *name,
    struct sts_addr address[STS_MX_ADDRESSES])
{
	size_t i, j, count = 0;

	for (i = 0; i < list->count; i++)
		for (j = 0; strcmp(list->host[i].name, name) == 0 &&
			    count < STS_MX_ADDRESSES &&
			    j < list->host[i].address_count;
		     j++)
			if (sts_addr_parse(list->host[i].address[j],
				&address[count]))
				count++;
	return count;
}

void
sts_outbound_chosen(struct sts_outbound *outbound, const char *domain,
    const char *host, int64_t now)
{
	struct sts_addr address[STS_MX_ADDRESSES];
	struct sts_mx_list list;
	size_t count = 0;

	if (get_list(outbound, domain, &list))
		count = addresses_of(&list, host, address);
	sts_charge_chosen(outbound->charges, domain, host, address, count, now);
}

/* ---- records ---------------------------------------------------------------- */

static const struct {
	enum sts_session_result result;
	const char *reason;
} outcomes[STS_SENDING_TLS_MAX] = {
	[STS_SENDING_UNTRIED] = { STS_SESSION_MAX, "" }, /* not counted */
	[STS_SENDING_NO_STARTTLS] = { STS_SESSION_STARTTLS_NOT_SUPPORTED,
	    "STARTTLS not offered or refused" },
	[STS_SENDING_FAILED] = { STS_SESSION_VALIDATION_FAILURE,
	    "TLS handshake failed" },
	[STS_SENDING_SECURE] = { STS_SESSION_SUCCESS, "" },
};

static void
put_address(char out[STS_ADDR_TEXT], const struct sts_addr *addr)
{
	if (addr->family != 0)
		(void)sts_addr_text(addr, out);
}

/* A session for DOMAIN; CHARGE: what smtpd was told to use, and to verify. */
static void
record(struct sts_outbound *outbound, const char *domain,
    const struct sts_charge *charge, const struct sts_sending_news *news,
    int64_t now)
{
	struct sts_result *result;
	struct sts_session session;

	if (outcomes[news->tls].result == STS_SESSION_MAX ||
	    sts_lookup(outbound->sts, domain, &result, NULL) != STS_OK)
		return;
	if (charge != NULL && news->tls != STS_SENDING_SECURE)
		sts_account_distrust(outbound->sts, domain);
	if (sts_account_wanted(result)) {
		sts_account_describe(&session, MTA, domain, result);
		sts_account_outcome(&session, outcomes[news->tls].result,
		    outcomes[news->tls].reason);
		put_address(session.mx_address, &news->dest);
		put_address(session.our_address, &news->source);
		if (charge != NULL)
			memcpy(session.mx, charge->host, sizeof(session.mx));
		sts_waiting_add(outbound->waitings, &session, charge != NULL,
		    now);
	}
	sts_result_free(result);
}

/* ---- what smtpd reports ------------------------------------------------------ */

/* Mail that goes in clear is not what the table chose a host for. */
static void
take_recipient(struct sts_outbound *outbound,
    const struct sts_sending_news *news, int64_t now)
{
	struct sts_charge *charge = NULL;

	if (news->tls == STS_SENDING_SECURE)
		charge = sts_charge_find(outbound->charges, news->domain,
		    &news->dest);
	if (charge != NULL && charge->open) {
		charge->open = false;
		mark(outbound, charge->domain, charge->host, 0);
	}
	if (news->first)
		record(outbound, news->domain, charge, news, now);
}

/* Nobody's mail was named: the ledger tells whose it must have been. */
static void
take_end(struct sts_outbound *outbound, const struct sts_sending_news *news,
    int64_t now)
{
	struct sts_charge *charge[STS_CHARGE_AT_ONCE];
	size_t i, count;

	if (!news->strict)
		return;
	count = sts_charge_failed(outbound->charges, &news->dest, now, charge);
	for (i = 0; i < count; i++) {
		mark(outbound, charge[i]->domain, charge[i]->host, wall_now());
		record(outbound, charge[i]->domain, charge[i], news, now);
	}
}

void
sts_outbound_event(struct sts_outbound *outbound,
    const struct sts_smtpd_event *event, int64_t now)
{
	struct sts_sending_news news;

	sts_sending_event(outbound->sendings, event, &news);
	switch (news.kind) {
	case STS_SENDING_CONNECTED:
		sts_charge_heard(outbound->charges, &news.dest);
		return;
	case STS_SENDING_RECIPIENT:
		take_recipient(outbound, &news, now);
		return;
	case STS_SENDING_ENDED:
		take_end(outbound, &news, now);
		return;
	case STS_SENDING_UNREACHED:
		if (!outbound->suspicious)
			outbound->since = now;
		outbound->suspicious = true;
		outbound->last = now;
		return;
	case STS_SENDING_NOTHING:
		return;
	}
}

/* ---- who could not be reached ------------------------------------------------ */

static void
suspect_of(struct sts_outbound *outbound, const struct sts_charge *charge,
    int64_t now)
{
	struct suspect *suspect = outbound->suspect;

	while (suspect < outbound->suspect + SUSPECTS_MAX &&
	       suspect->domain[0] != '\0')
		suspect++;
	if (suspect == outbound->suspect + SUSPECTS_MAX ||
	    !outbound->io.ask(outbound->io.arg, STS_ASKER_PROBE, charge->host,
		now)) {
		mark(outbound, charge->domain, charge->host, wall_now());
		return;
	}
	memcpy(suspect->domain, charge->domain, sizeof(suspect->domain));
	memcpy(suspect->host, charge->host, sizeof(suspect->host));
	suspect->wall = wall_now() - (now - charge->opened) / 1000;
}

void
sts_outbound_tick(struct sts_outbound *outbound, int64_t now)
{
	struct sts_charge *charge[STS_CHARGE_AT_ONCE];
	size_t i, count;

	if (!outbound->suspicious || now - outbound->since < SUSPICION)
		return;
	count = sts_charge_suspects(outbound->charges, outbound->since, now,
	    charge);
	if (count < STS_CHARGE_AT_ONCE) { /* those are all */
		outbound->suspicious = outbound->last > outbound->since;
		outbound->since = outbound->last;
	}
	for (i = 0; i < count; i++)
		suspect_of(outbound, charge[i], now);
}

bool
sts_outbound_busy(const struct sts_outbound *outbound)
{
	return outbound->suspicious;
}

/* One that passed after it had been chosen is none; a fault of our own says
 * nothing, and an older probe nothing new. */
static bool
is_cleared(const struct suspect *suspect, const char *line, size_t len)
{
	struct sts_probed probed;

	if (line == NULL ||
	    sts_probed_parse(line, len, &probed, NULL) != STS_OK)
		return false;
	return probed.result == STS_ELOCAL ||
	       (probed.result == STS_OK && probed.at >= suspect->wall);
}

static void
judge_suspects(struct sts_outbound *outbound, const char *host,
    const char *line, size_t len)
{
	struct suspect *suspect;

	for (suspect = outbound->suspect;
	     suspect < outbound->suspect + SUSPECTS_MAX; suspect++) {
		if (suspect->domain[0] == '\0' ||
		    strcmp(suspect->host, host) != 0)
			continue;
		if (!is_cleared(suspect, line, len))
			mark(outbound, suspect->domain, host, wall_now());
		suspect->domain[0] = '\0';
	}
}

void
sts_outbound_answered(struct sts_outbound *outbound, enum sts_asker_verb verb,
    const char *name, const char *line, size_t len, int64_t now)
{
	if (verb == STS_ASKER_PROBE)
		judge_suspects(outbound, name, line, len);
	sts_waiting_answered(outbound->waitings, verb, name, line, len, now);
}

/* ---- what a probe kept smtpd from --------------------------------------------- */

/* True once in a while for each pair. */
static bool
is_news(struct sts_outbound *outbound, const char *domain, const char *host,
    int64_t now)
{
	struct sts_siphash_key key = { sts_checksum(domain, strlen(domain)),
		0 };
	uint64_t sum = sts_siphash(&key, host, strlen(host));
	struct learned *learned;
	size_t i;

	for (i = 0; i < LEARNED_MAX; i++)
		if (outbound->learned[i].sum == sum &&
		    now < outbound->learned[i].until)
			return false;
	learned = &outbound->learned[outbound->next_learned++ % LEARNED_MAX];
	*learned = (struct learned){ sum, now + STS_OUTBOUND_REPEAT };
	return true;
}

static void
record_probe(struct sts_outbound *outbound, const struct sts_result *known,
    const char *domain, const struct sts_probed *probed)
{
	enum sts_session_result result;
	struct sts_session session;

	if (!sts_account_wanted(known) ||
	    !sts_account_result(probed->result, &result))
		return;
	sts_account_describe(&session, MTA, domain, known);
	sts_account_outcome(&session, result, probed->reason);
	memcpy(session.mx, probed->host, sizeof(session.mx));
	memcpy(session.mx_address, probed->address, sizeof(session.mx_address));
	sts_account_record(outbound->sts, &session);
}

/* False when the policy permits HOST, "": any that is not known. */
static bool
record_refused(struct sts_outbound *outbound, const struct sts_result *known,
    const char *domain, const char *host)
{
	struct sts_session session;

	sts_account_describe(&session, MTA, domain, known);
	(void)snprintf(session.mx, sizeof(session.mx), "%s", host);
	if (!sts_account_judge(&session, known))
		return false;
	sts_account_record(outbound->sts, &session);
	return true;
}

/* No host is permitted: each of them is a failure with its name. */
static void
record_refusal(struct sts_outbound *outbound, const struct sts_result *known,
    const char *domain)
{
	struct sts_mx_list list = { .count = 0 };
	size_t i, refused = 0;

	sts_account_distrust(outbound->sts, domain);
	if (!sts_account_wanted(known))
		return;
	if (!get_list(outbound, domain, &list))
		list.count = 0;
	for (i = 0; i < list.count && refused < REFUSED_MAX; i++)
		if (list.host[i].name[0] != '\0')
			refused += record_refused(outbound, known, domain,
			    list.host[i].name);
	if (refused == 0)
		(void)record_refused(outbound, known, domain, "");
}

void
sts_outbound_learned(struct sts_outbound *outbound, const char *domain,
    const struct sts_probed *probed, int64_t now)
{
	struct sts_result *known;

	if (sts_rc_result_type(probed->result) == NULL ||
	    !is_news(outbound, domain, probed->host, now) ||
	    sts_lookup(outbound->sts, domain, &known, NULL) != STS_OK)
		return;
	if (probed->result == STS_EMXPOLICY)
		record_refusal(outbound, known, domain);
	else
		record_probe(outbound, known, domain, probed);
	sts_result_free(known);
}
