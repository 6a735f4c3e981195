/* SPDX-License-Identifier: ISC */
/*
 * The line with which mta-sts-resolve answers "probe HOST [ADDRESS]", written
 * and read here: what a delivery that insists on verified TLS would have met.
 * Pure.
 *
 *   probe HOST result=R address=A tls=V at=WALL reason="..."
 *
 * "-" stands for an address or a version of which there is none.
 */
#ifndef STS_PROBED_H
#define STS_PROBED_H

#include "base/addr.h"
#include "base/buf.h"

#define STS_PROBED_LINE_MAX 1024

struct sts_probed {
	char host[STS_DOMAIN_MAX + 1];
	char address[STS_ADDR_TEXT]; /* it was found at; "": never got there */

	/*
	 * STS_OK, STS_ESTARTTLS, STS_ECERTNAME, STS_ECERTDATE, STS_ECERTTRUST,
	 * STS_ETLS; STS_EUNREACHABLE says nothing of TLS, STS_ELOCAL (and
	 * anything else) nothing of the host.
	 */
	enum sts_rc result;
	char tls[16]; /* "TLSv1.3"; "": no session */
	int64_t at;   /* wall seconds: when it was found */
	char reason[128];
};

/* Append LINE to BUF, without newline. */
enum sts_rc sts_probed_format(const struct sts_probed *line,
    struct sts_buf *buf);

/* LEN octets without newline. */
STS_MUST_USE enum sts_rc sts_probed_parse(const char *text, size_t len,
    struct sts_probed *line, struct sts_error *err);

#endif
