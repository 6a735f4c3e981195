/* SPDX-License-Identifier: ISC */
/*
 * TLSA records of MX hosts, as DNS has them when a report is made: an MTA
 * does not tell which it saw.  Only those that DNSSEC vouches for.
 */
#ifndef STS_TLSA_H
#define STS_TLSA_H

#include "command/crew.h"

struct sts_tlsa_host {
	char name[STS_DOMAIN_MAX + 1];
	struct sts_buf text; /* "3 1 1 0123...", a record a line */
};

struct sts_tlsas {
	struct sts_tlsa_host *host;
	size_t count;
	struct sts_crew *crew; /* while they are looked up */
};

/* One more to look up; a host that is there is not added again.  False: no
 * memory. */
STS_MUST_USE bool sts_tlsas_add(struct sts_tlsas *tlsas, const char *host);
/* Look up all of them; what cannot be is left empty. */
STS_MUST_USE enum sts_rc sts_tlsas_look(struct sts_tlsas *tlsas,
    struct sts_crew *crew, struct sts_error *err);
void sts_tlsas_give(const struct sts_tlsas *tlsas, const char *host,
    struct sts_buf *text);
void sts_tlsas_clear(struct sts_tlsas *tlsas);

/* Pure: LEN octets of RDATA as RFC 8460, 4.4 writes them, with a newline;
 * nothing when they are none. */
void sts_tlsa_text(const unsigned char *rdata, size_t len,
    struct sts_buf *text);

#endif
