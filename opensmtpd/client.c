/* SPDX-License-Identifier: ISC */
/*
 * Sessions of smtp-in, see client.h: a hash over entries of a fixed number.
 */
#include <stdlib.h>
#include <string.h>

#include "client.h"

#define BUCKETS 4096 /* a power of two; smtpd's numbers are random */

struct entry {
	struct entry *next; /* in its bucket, or of those that are free */
	uint64_t session;
	struct sts_client client;
};

struct sts_clients {
	const struct sts_client_rules *rules;
	struct entry *vacant;
	struct entry *bucket[BUCKETS];
	struct entry entry[STS_CLIENT_MAX];
};

enum sts_rc
sts_clients_new(const struct sts_client_rules *rules, struct sts_clients **out,
    struct sts_error *err)
{
	struct sts_clients *clients = calloc(1, sizeof(*clients));
	size_t i;

	if (clients == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	clients->rules = rules;
	for (i = 0; i < STS_CLIENT_MAX; i++) {
		clients->entry[i].next = clients->vacant;
		clients->vacant = &clients->entry[i];
	}
	*out = clients;
	return STS_OK;
}

void
sts_clients_free(struct sts_clients *clients)
{
	free(clients);
}

/* ---- what a peer is ------------------------------------------------------ */

static bool
sends_out(const struct sts_client_rules *rules,
    const struct sts_smtpd_peer *source)
{
	if (source->local)
		return true;
	if (source->addr.family == 0)
		return false;
	if (rules->count == 0)
		return sts_addr_loopback(&source->addr);
	return sts_addr_in(&source->addr, rules->network, rules->count);
}

static bool
is_stage(const struct sts_client_rules *rules,
    const struct sts_smtpd_peer *dest)
{
	return sts_addr_equal(&rules->address, &dest->addr) &&
	       rules->port == dest->port;
}

/* ---- the table ------------------------------------------------------------ */

/* Where the pointer to the entry of SESSION is, or would be. */
static struct entry **
place(struct sts_clients *clients, uint64_t session)
{
	struct entry **at = &clients->bucket[session & (BUCKETS - 1)];

	while (*at != NULL && (*at)->session != session)
		at = &(*at)->next;
	return at;
}

static void
connect_client(struct sts_clients *clients, const struct sts_smtpd_event *event)
{
	struct entry **at = place(clients, event->session);
	struct entry *entry = *at;

	if (entry == NULL && clients->vacant != NULL) {
		entry = clients->vacant;
		clients->vacant = entry->next;
		entry->next = NULL;
		entry->session = event->session;
		*at = entry;
	}
	if (entry == NULL)
		return;
	entry->client.outbound = sends_out(clients->rules, &event->source);
	entry->client.local = event->source.local;
	entry->client.stage =
	    entry->client.outbound && is_stage(clients->rules, &event->dest);
}

static void
disconnect_client(struct sts_clients *clients, uint64_t session)
{
	struct entry **at = place(clients, session), *entry = *at;

	if (entry == NULL)
		return;
	*at = entry->next;
	entry->next = clients->vacant;
	clients->vacant = entry;
}

void
sts_client_event(struct sts_clients *clients,
    const struct sts_smtpd_event *event)
{
	struct entry *entry = *place(clients, event->session);

	if (event->kind == STS_SMTPD_LINK_CONNECT)
		connect_client(clients, event);
	else if (event->kind == STS_SMTPD_LINK_DISCONNECT)
		disconnect_client(clients, event->session);
	else if (event->kind == STS_SMTPD_LINK_AUTH && entry != NULL &&
		 event->result == STS_SMTPD_PASS)
		entry->client.outbound = true;
}

struct sts_client
sts_client_of(struct sts_clients *clients, uint64_t session)
{
	const struct entry *entry = *place(clients, session);

	return entry == NULL ? (struct sts_client){ false, false, false }
			     : entry->client;
}
