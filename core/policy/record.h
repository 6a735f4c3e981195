/* SPDX-License-Identifier: ISC */
/*
 * The TXT record at _mta-sts.<domain> (RFC 8461, 3.1) and, of the same
 * grammar, the one at _smtp._tls.<domain> (RFC 8460, 3).  Pure: octets in.
 */
#ifndef STS_RECORD_H
#define STS_RECORD_H

#include "base/uri.h"

#define STS_ID_MAX  32
#define STS_RUA_MAX 16 /* URIs kept of a TLSRPT record */

struct sts_txt_rr { /* one TXT RR, its character-strings joined; any octets */
	const char *data;
	size_t len;
};

struct sts_record {
	char id[STS_ID_MAX + 1];
};

struct sts_tlsrpt_record {
	size_t count;
	/* mailto: (address only) and https:, scheme in lower case, encoded;
	 * sts_uri_mailto() or sts_uri_https() takes each. */
	char *rua[STS_RUA_MAX];
};

/*
 * Pick and parse the one MTA-STS record among the RRset.  STS_ENODATA when
 * none claims to be one, STS_ERECORD when several do or the one is malformed.
 */
STS_MUST_USE enum sts_rc sts_record_parse(const struct sts_txt_rr *txt,
    size_t count, struct sts_record *record, struct sts_error *err);

/* The same for TLSRPT; on STS_OK RECORD goes to sts_tlsrpt_record_clear(). */
STS_MUST_USE enum sts_rc sts_tlsrpt_record_parse(const struct sts_txt_rr *txt,
    size_t count, struct sts_tlsrpt_record *record, struct sts_error *err);
void sts_tlsrpt_record_clear(struct sts_tlsrpt_record *record);

#endif
