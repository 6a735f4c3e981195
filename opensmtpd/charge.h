/* SPDX-License-Identifier: ISC */
/*
 * Whose mail a session carried that ended before it named a recipient:
 * smtpd reports an address at most.  So what the table told smtpd to use is
 * kept, domain by domain, until mail of the domain was seen to go there or
 * it is too long ago.  Pure; bounded: the oldest makes room.
 */
#ifndef STS_CHARGE_H
#define STS_CHARGE_H

#include "base/addr.h"

#define STS_CHARGE_MAX       2048   /* entries */
#define STS_CHARGE_LIFE      900000 /* ms: smtpd has given up long before */
#define STS_CHARGE_ADDRESSES 8      /* of a host */
#define STS_CHARGE_AT_ONCE   16     /* entries that share one session */

struct sts_charge {
	char domain[STS_DOMAIN_MAX + 1]; /* "": unused */
	char host[STS_DOMAIN_MAX + 1];
	int64_t chosen; /* ms, the last time */
	int64_t opened; /* ms, the first time since it was heard of */
	bool heard;     /* since then, somebody answered where HOST is */
	bool open;      /* since it was chosen, no mail went there */
	size_t count;
	struct sts_addr address[STS_CHARGE_ADDRESSES];
};

struct sts_charges;

STS_MUST_USE enum sts_rc sts_charges_new(struct sts_charges **charges,
    struct sts_error *err);
void sts_charges_free(struct sts_charges *charges);

/* ADDRESS, COUNT of them, is where HOST is known to be. */
void sts_charge_chosen(struct sts_charges *charges, const char *domain,
    const char *host, const struct sts_addr *address, size_t count,
    int64_t now);

/* A connection to DEST was made. */
void sts_charge_heard(struct sts_charges *charges, const struct sts_addr *dest);

/* What was chosen for DOMAIN and is at DEST, or else was chosen last; NULL:
 * nothing was.  Borrowed until the next choice. */
struct sts_charge *sts_charge_find(struct sts_charges *charges,
    const char *domain, const struct sts_addr *dest);

/*
 * Into OUT: whose session to DEST it was that failed.  Those that are open;
 * else the one that was last; and if none is known to be at DEST, the only
 * one that has not been heard of.
 */
size_t sts_charge_failed(struct sts_charges *charges,
    const struct sts_addr *dest, int64_t now,
    struct sts_charge *out[STS_CHARGE_AT_ONCE]);

/* Into OUT: open since SINCE or longer, and not heard of.  Now they are. */
size_t sts_charge_suspects(struct sts_charges *charges, int64_t since,
    int64_t now, struct sts_charge *out[STS_CHARGE_AT_ONCE]);

#endif
