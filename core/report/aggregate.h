/* SPDX-License-Identifier: ISC */
/*
 * Sessions of one day added up as a report tells them (RFC 8460, 4): an
 * element for each policy that was applied, and in it a detail for each kind
 * of failure.  Sessions come one by one, in any order; memory is that of the
 * distinct rows, of which an element has no more than a stated number.  Pure.
 */
#ifndef STS_AGGREGATE_H
#define STS_AGGREGATE_H

#include "report/event.h"

#define STS_AGGREGATE_DETAILS 1000 /* of an element; the rest is merged */

struct sts_detail {
	enum sts_session_result result;
	uint64_t count;
	const char *our_address, *mx, *mx_address, *reason; /* "": none */
};

struct sts_element {
	const char *domain; /* whose report it is in */
	enum sts_policy_type type;
	const char *policy_domain; /* RFC 8460, 1.1: of TLSA the MX host */
	uint64_t policy_hash;      /* of an STS policy's text, 0: none */
	uint64_t success, failure; /* sessions */
	size_t detail_count;
	const struct sts_detail *detail;
};

struct sts_aggregate;

STS_MUST_USE enum sts_rc sts_aggregate_new(struct sts_aggregate **aggregate,
    struct sts_error *err);
void sts_aggregate_free(struct sts_aggregate *aggregate);

/* STS_ENOMEM: nothing was added. */
STS_MUST_USE enum sts_rc sts_aggregate_add(struct sts_aggregate *aggregate,
    const struct sts_session *session, struct sts_error *err);

/*
 * All is there: elements by domain, type and policy, details by result and
 * hosts.  Nothing may be added afterwards.
 */
STS_MUST_USE enum sts_rc sts_aggregate_finish(struct sts_aggregate *aggregate,
    struct sts_error *err);
size_t sts_aggregate_count(const struct sts_aggregate *aggregate);
/* Borrowed until the aggregate is freed. */
const struct sts_element *
sts_aggregate_element(const struct sts_aggregate *aggregate, size_t i);

#endif
