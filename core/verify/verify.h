/* SPDX-License-Identifier: ISC */
/*
 * Certificate and host name, as RFC 8461 (3.3, 4.2) and RFC 9525 have them:
 * dNSName only, no common name, wildcard only as the whole left-most label.
 */
#ifndef STS_VERIFY_H
#define STS_VERIFY_H

#include "base/error.h"

struct sts_trust; /* a parsed set of CAs, made once per process */

/*
 * FILE: PEM bundle, DIR: hashed directory, looked up by need.  Both NULL:
 * the system's, a directory before a bundle.  The environment is not asked.
 */
STS_MUST_USE enum sts_rc sts_trust_new(const char *file, const char *dir,
    struct sts_trust **trust, struct sts_error *err);
void sts_trust_free(struct sts_trust *trust);

struct sts_verify; /* one connection's check; remembers why it failed */

STS_MUST_USE struct sts_verify *sts_verify_new(struct sts_trust *trust,
    const char *host);
void sts_verify_free(struct sts_verify *verify);

/* Set trust, host name, TLS >= 1.2 and strict flags on SSL_CTX; libcurl alone
 * would fall back to the common name.  The SSL_CTX, given once, keeps VERIFY
 * alive, whoever frees it before. */
STS_MUST_USE enum sts_rc sts_verify_attach(struct sts_verify *verify,
    void *ssl_ctx, struct sts_error *err);

/* Go on whatever is found, which is remembered all the same. */
void sts_verify_tolerate(struct sts_verify *verify);

/*
 * What verification found: STS_OK, or STS_ECERTNAME, ECERTDATE, ECERTTRUST
 * with a sentence ("certificate expired 2026-01-02, CN ...").
 */
enum sts_rc sts_verify_result(const struct sts_verify *verify,
    struct sts_error *err);

/* Did the peer end the session with close_notify? */
bool sts_verify_closed(const struct sts_verify *verify);

/* What the peer sent after the handshake, in octets, still encrypted. */
size_t sts_verify_received(const struct sts_verify *verify);

#endif
