/* SPDX-License-Identifier: ISC */
/*
 * One TLS report (RFC 8460, 4.4) that somebody sent, read with as much
 * indulgence as its senders need: what is missing, null or "" is "" or 0.
 * Pure.
 */
#ifndef STS_RECEIVED_H
#define STS_RECEIVED_H

#include "base/json.h"

/* No text is NULL; all are as they came and borrowed from the report. */
struct sts_received_failure {
	const char *result; /* "certificate-expired" ... */
	const char *mx, *helo;
	const char *sender, *address; /* sending-mta-ip, receiving-ip */
	const char *reason, *information;
	int64_t sessions;
};

struct sts_received_policy {
	const char *type; /* "sts", "tlsa", "no-policy-found" */
	const char *domain;
	char mode[8]; /* what the policy said: "testing", or "" */
	int64_t succeeded, failed;
	struct sts_received_failure *failure;
	size_t failures;
};

struct sts_received {
	struct sts_json_doc *doc;
	const char *organization; /* never "": else of contact-info */
	const char *contact, *id;
	int64_t start, end; /* date-range; 0: it does not tell */
	uint64_t checksum;  /* of what it says, however it is written */
	struct sts_received_policy *policy;
	size_t policies;
	struct sts_error odd; /* the first thing that could not be read */
};

/* STS_EUSAGE when TEXT is no JSON, or some that is no report. */
STS_MUST_USE enum sts_rc sts_received_parse(const char *text, size_t len,
    struct sts_received **report, struct sts_error *err);
void sts_received_free(struct sts_received *report);

#endif
