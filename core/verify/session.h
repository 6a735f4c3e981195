/* SPDX-License-Identifier: ISC */
/*
 * One TLS session as client, verified by verify.h.  It does no I/O: octets
 * that came are fed, octets to be sent are taken.
 */
#ifndef STS_SESSION_H
#define STS_SESSION_H

#include "base/buf.h"
#include "verify/verify.h"

enum sts_session_step {
	STS_SESSION_MORE, /* feed what comes, after sending what is taken */
	STS_SESSION_DONE, /* the handshake is over and the peer verified */
	STS_SESSION_FAILED
};

struct sts_session;

/* With HOST, a normalised name, as SNI and as the name that must be in the
 * certificate.  STS_ECERTNAME when no certificate can have it. */
STS_MUST_USE enum sts_rc sts_session_new(struct sts_trust *trust,
    const char *host, struct sts_session **session, struct sts_error *err);
void sts_session_free(struct sts_session *session);

/* LEN octets came from the peer.  False: no memory. */
STS_MUST_USE bool sts_session_feed(struct sts_session *session,
    const void *data, size_t len);

/*
 * Go on with the handshake.  On FAILED ERR has STS_ECERTNAME, ECERTDATE or
 * ECERTTRUST, STS_ELOCAL, or STS_ETLS for anything else.
 */
STS_MUST_USE enum sts_session_step
sts_session_shake(struct sts_session *session, struct sts_error *err);

/* Encrypt TEXT, and the end of the session behind it; best effort. */
void sts_session_part(struct sts_session *session, const char *text);

/* Move what is to be sent to BUF, which fails when it is too much. */
void sts_session_take(struct sts_session *session, struct sts_buf *buf);

/* "TLSv1.3" when both sides have agreed on one, else "".  Borrowed. */
const char *sts_session_version(const struct sts_session *session);

#endif
