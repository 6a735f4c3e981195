/* SPDX-License-Identifier: ISC */
/*
 * One TLS session as RFC 8460 counts it, and its line in the journal.  Pure.
 */
#ifndef STS_EVENT_H
#define STS_EVENT_H

#include "base/buf.h"
#include "policy/policy.h"

enum sts_policy_type { /* RFC 8460, 4.4 */
	STS_TYPE_STS,
	STS_TYPE_TLSA,
	STS_TYPE_NO_POLICY,
	STS_TYPE_MAX
};
const char *sts_policy_type_name(enum sts_policy_type type);

enum sts_session_result { /* RFC 8460, 4.3, and success */
	STS_SESSION_SUCCESS,
	STS_SESSION_STARTTLS_NOT_SUPPORTED,
	STS_SESSION_CERTIFICATE_HOST_MISMATCH,
	STS_SESSION_CERTIFICATE_EXPIRED,
	STS_SESSION_CERTIFICATE_NOT_TRUSTED,
	STS_SESSION_VALIDATION_FAILURE,
	STS_SESSION_TLSA_INVALID,
	STS_SESSION_DNSSEC_INVALID,
	STS_SESSION_DANE_REQUIRED,
	STS_SESSION_STS_POLICY_FETCH_ERROR,
	STS_SESSION_STS_POLICY_INVALID,
	STS_SESSION_STS_WEBPKI_INVALID,
	STS_SESSION_MAX
};
const char *sts_session_result_name(enum sts_session_result result);

struct sts_session {
	int64_t at;                      /* wall seconds of its end */
	char domain[STS_DOMAIN_MAX + 1]; /* policy domain */
	enum sts_policy_type type;
	enum sts_mode mode;
	uint64_t policy_hash; /* sts_checksum() of the text, 0: none */
	char mx[STS_DOMAIN_MAX + 1];
	char mx_address[46];
	char our_address[46];
	enum sts_session_result result;
	char reason[128]; /* failure-reason-code: short, generic */
	char mta[16];     /* "exim", "opensmtpd" */
};

/* The payload of a journal frame, and back. */
enum sts_rc sts_session_format(const struct sts_session *session,
    struct sts_buf *buf);
STS_MUST_USE enum sts_rc sts_session_parse(const char *text, size_t len,
    struct sts_session *session, struct sts_error *err);

#endif
