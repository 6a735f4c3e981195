/* SPDX-License-Identifier: ISC */
/*
 * TLSA records for reports, see tlsa.h.  Hosts of one day are few beside its
 * sessions, so they are searched from end to end.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/tlsa.h"

#define PREFIX     "_25._tcp."
#define TEXT_MAX   8192 /* octets of a host's records */
#define TIMEOUT_MS 5000

struct question {
	struct sts_tlsas *tlsas;
	struct sts_tlsa_host *host;
};

static struct sts_tlsa_host *
find(const struct sts_tlsas *tlsas, const char *host)
{
	size_t i;

	for (i = 0; i < tlsas->count; i++)
		if (strcmp(tlsas->host[i].name, host) == 0)
			return &tlsas->host[i];
	return NULL;
}

bool
sts_tlsas_add(struct sts_tlsas *tlsas, const char *host)
{
	struct sts_tlsa_host *grown;

	if (find(tlsas, host) != NULL)
		return true;
	grown = reallocarray(tlsas->host, tlsas->count + 1, sizeof(*grown));
	if (grown == NULL)
		return false;
	tlsas->host = grown;
	grown += tlsas->count++;
	(void)snprintf(grown->name, sizeof(grown->name), "%s", host);
	sts_buf_init(&grown->text, TEXT_MAX);
	return true;
}

void
sts_tlsa_text(const unsigned char *rdata, size_t len, struct sts_buf *text)
{
	size_t i;

	if (len < 4 || text->len + 2 * len + 16 > text->max)
		return;
	(void)sts_buf_printf(text, "%u %u %u ", rdata[0], rdata[1], rdata[2]);
	for (i = 3; i < len; i++)
		(void)sts_buf_printf(text, "%02x", rdata[i]);
	(void)sts_buf_str(text, "\n");
}

static void
answered(void *arg, const struct sts_dns_answer *answer)
{
	struct question *question = arg;
	const struct sts_rr *rr;
	size_t i;

	for (i = 0;
	     answer->status == STS_DNS_OK && answer->ad && i < answer->count;
	     i++) {
		rr = &answer->rr[i];
		sts_tlsa_text((const unsigned char *)rr->data, rr->len,
		    &question->host->text);
	}
	sts_crew_done(question->tlsas->crew);
	free(question);
}

static void
start(void *arg, size_t i)
{
	struct sts_tlsas *tlsas = arg;
	struct question *question = calloc(1, sizeof(*question));
	char name[sizeof(PREFIX) + STS_DOMAIN_MAX];

	if (question != NULL) {
		question->tlsas = tlsas;
		question->host = &tlsas->host[i];
		(void)snprintf(name, sizeof(name), PREFIX "%s",
		    tlsas->host[i].name);
		if (strlen(name) <= STS_DOMAIN_MAX &&
		    sts_dns_query(sts_net_dns(tlsas->crew->net), name,
			STS_DNS_TLSA, TIMEOUT_MS, answered, question) != NULL)
			return;
	}
	free(question);
	sts_crew_done(tlsas->crew);
}

enum sts_rc
sts_tlsas_look(struct sts_tlsas *tlsas, struct sts_crew *crew,
    struct sts_error *err)
{
	tlsas->crew = crew;
	return sts_crew_run(crew, tlsas->count, start, tlsas, err);
}

void
sts_tlsas_give(const struct sts_tlsas *tlsas, const char *host,
    struct sts_buf *text)
{
	const struct sts_tlsa_host *found = find(tlsas, host);

	if (found != NULL)
		(void)sts_buf_add(text, sts_buf_text(&found->text),
		    found->text.len);
}

void
sts_tlsas_clear(struct sts_tlsas *tlsas)
{
	size_t i;

	for (i = 0; i < tlsas->count; i++)
		sts_buf_clear(&tlsas->host[i].text);
	free(tlsas->host);
	memset(tlsas, 0, sizeof(*tlsas));
}
