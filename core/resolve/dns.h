/* SPDX-License-Identifier: ISC */
/*
 * DNS questions and their answers, told apart as RFC 8461 needs them: what
 * the zone says with authority, and what we could not find out.
 */
#ifndef STS_DNS_H
#define STS_DNS_H

#include "base/addr.h"
#include "base/config.h"
#include "resolve/loop.h"

#define STS_DNS_RR_MAX 128 /* records kept of one answer */

enum sts_dns_type {
	STS_DNS_A,
	STS_DNS_AAAA,
	STS_DNS_MX,
	STS_DNS_TXT,
	STS_DNS_TLSA,
	STS_DNS_TYPE_MAX
};

enum sts_dns_status {
	STS_DNS_OK,
	STS_DNS_NXDOMAIN,
	STS_DNS_NODATA,  /* the name exists, this type does not */
	STS_DNS_FAILURE, /* SERVFAIL, REFUSED, bogus, malformed, CNAME loop */
	STS_DNS_TIMEOUT,
	STS_DNS_LOCAL, /* our own fault: no server, descriptors, memory */
	STS_DNS_STATUS_MAX
};
const char *sts_dns_type_name(enum sts_dns_type type);
const char *sts_dns_status_name(enum sts_dns_status status);

struct sts_rr {
	uint32_t ttl;
	unsigned preference;  /* MX */
	struct sts_addr addr; /* A, AAAA */
	/* TXT: joined strings; MX: name without root dot, "." for the root
	 * alone, odd octets escaped; TLSA: rdata. */
	size_t len;
	char *data; /* NUL behind it; owned by the answer */
};

struct sts_dns_answer {
	enum sts_dns_type type;
	enum sts_dns_status status;
	bool ad;      /* authenticated data, as the resolver says (see trust) */
	uint32_t ttl; /* least of the chain; of a negative answer: SOA's */
	size_t count; /* STS_DNS_OK: >= 1 */
	struct sts_rr *rr;
	char reason[128]; /* for people, when status is not OK */
};
void sts_dns_answer_clear(struct sts_dns_answer *answer);
void sts_dns_answer_fail(struct sts_dns_answer *answer,
    enum sts_dns_status status, const char *reason);

/* The IANA number. */
int sts_dns_type_number(enum sts_dns_type type);

/*
 * Pure: LEN octets of a DNS message that answers TYPE for NAME.  CNAMEs are
 * followed inside the message.  Fills ANSWER in every case.
 */
void sts_dns_parse(const unsigned char *message, size_t len, const char *name,
    enum sts_dns_type type, struct sts_dns_answer *answer);

struct sts_dns;

/* Called once for each query, never from inside sts_dns_query(); ANSWER is
 * cleared after it returns. */
typedef void (*sts_dns_fn)(void *arg, const struct sts_dns_answer *answer);

/* RESOLVERS "address[:port]" each, or none for resolv.conf.  AD is believed
 * only from loopback or with TRUST_AD. */
STS_MUST_USE enum sts_rc sts_dns_new(struct sts_loop *loop,
    const struct sts_config_list *resolvers, bool trust_ad,
    struct sts_dns **dns, struct sts_error *err);
/* Pending queries are not called.  Not from inside an FN. */
void sts_dns_free(struct sts_dns *dns);

/* At most 64 are under way, the rest wait their turn.  FN comes at the
 * latest after TIMEOUT_MS.  The result cancels, only before FN was called. */
struct sts_dns_query;
STS_MUST_USE struct sts_dns_query *sts_dns_query(struct sts_dns *dns,
    const char *name, enum sts_dns_type type, int64_t timeout_ms, sts_dns_fn fn,
    void *arg);
void sts_dns_cancel(struct sts_dns_query *query);

#endif
