/* SPDX-License-Identifier: ISC */
/*
 * A report as JSON (RFC 8460, 4.4): all elements of one domain and day, in as
 * many parts as keep each below what receivers take.  Pure.
 */
#ifndef STS_RENDER_H
#define STS_RENDER_H

#include "base/buf.h"
#include "report/aggregate.h"

#define STS_RENDER_MAX 10000000 /* octets of a part, before gzip */
#define STS_RENDER_ID  400      /* octets of a report-id, with the NUL */

struct sts_render_head {
	const char *organization; /* UTF-8 */
	const char *contact;      /* mail address; its domain submits */
	const char *id;           /* unique, what stands before the "@" */
	int64_t begin, end;       /* wall seconds, both of the day */
	size_t limit;             /* 0: STS_RENDER_MAX */
};

/*
 * Append the policy of ELEMENT to TEXT, a line for each string: as served
 * (STS), a record a line (TLSA).  Nothing, when it is not known.
 */
typedef void (*sts_render_policy_fn)(void *arg,
    const struct sts_element *element, struct sts_buf *text);

/* Part PART, from 1, with its report-id; TEXT is borrowed until it returns.
 * Any other result than STS_OK ends it all. */
typedef enum sts_rc (*sts_render_part_fn)(void *arg, unsigned part,
    const char *id, const struct sts_buf *text, struct sts_error *err);

struct sts_render_calls {
	sts_render_policy_fn policy;
	sts_render_part_fn part;
	void *arg;
};

/* COUNT elements of one domain. */
STS_MUST_USE enum sts_rc sts_render(const struct sts_render_head *head,
    const struct sts_element *const *element, size_t count,
    const struct sts_render_calls *calls, struct sts_error *err);

/* "2026-11-23T00:00:00Z" of wall seconds. */
#define STS_RENDER_TIME 32
void sts_render_time(int64_t wall, char text[STS_RENDER_TIME]);

/*
 * Each line of TEXT as a report says it.  What I-JSON does not allow (RFC
 * 7493, 2.1), or a C string cannot hold, is shown in the manner of zone files;
 * so is all that is encoded like noncharacters.
 */
void sts_render_lines(const struct sts_buf *text,
    void (*each)(void *arg, const char *line), void *arg);

#endif
