/* SPDX-License-Identifier: ISC */
/*
 * What the configuration's event_action tells of a connection, packed into
 * one argument since Exim passes at most seven:
 *
 *   cipher=C cv=0|1 dane=yes|no ip=OURS na=SECONDS san=NAME\nNAME...
 *
 * Pure.  The peer's certificate supplies the last two: hostile text.
 */
#ifndef STS_FACTS_H
#define STS_FACTS_H

#include "base/error.h"

#define STS_FACTS_MAX 65536 /* octets that are looked at */

struct sts_facts {
	bool tls;             /* a cipher was agreed upon */
	bool old;             /* its version is before TLS 1.2 */
	bool verified;        /* name and chain, by PKIX or DANE */
	bool dane;            /* the TLSA records decided */
	char our_address[46]; /* "" when not known */
	int64_t not_after;    /* of the certificate, 0: not known */
	const char *names;    /* dNSNames, one a line; borrowed */
};

/* STS_EUSAGE when TEXT is anything but the above. */
STS_MUST_USE enum sts_rc sts_facts_parse(const char *text,
    struct sts_facts *facts, struct sts_error *err);

/* Is HOST one of the certificate's names (RFC 9525 wildcards)? */
bool sts_facts_names_host(const struct sts_facts *facts, const char *host);

#endif
