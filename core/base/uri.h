/* SPDX-License-Identifier: ISC */
/*
 * The URIs of a TLSRPT record's "rua" (RFC 8460, 3): https and mailto, in
 * ASCII, with "!", "," and ";" encoded.  Pure.  What is wrong with one is
 * STS_ERECORD.
 */
#ifndef STS_URI_H
#define STS_URI_H

#include "base/mail.h"

#define STS_URI_MAX        1024 /* octets of one */
#define STS_URI_HTTPS_PORT 443

struct sts_uri {
	char host[STS_DOMAIN_MAX + 1]; /* normalised, never an address */
	unsigned port;
	char target[STS_URI_MAX]; /* path and query as they are sent: "/..." */
};

/*
 * "https://" host [":" port] path ["?" query]; a fragment is left out.
 * Neither user nor password, and no address for a host: no name in DNS, no
 * place for a report.
 */
STS_MUST_USE enum sts_rc sts_uri_https(const char *text, size_t len,
    struct sts_uri *uri, struct sts_error *err);

/*
 * The one address of a mailto URI, decoded, which sts_mail_valid() takes;
 * header fields behind a "?" are left out (RFC 6068).
 */
STS_MUST_USE enum sts_rc sts_uri_mailto(const char *text, size_t len,
    char address[STS_MAIL_MAX + 1], struct sts_error *err);

#endif
