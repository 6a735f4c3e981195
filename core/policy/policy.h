/* SPDX-License-Identifier: ISC */
/*
 * The policy text of RFC 8461, 3.2, parsed strictly.  Pure.
 */
#ifndef STS_POLICY_H
#define STS_POLICY_H

#include "base/error.h"

#define STS_POLICY_TEXT_MAX 65536    /* octets, RFC 8461, 3.3 */
#define STS_MAX_AGE_MAX     31557600 /* seconds, RFC 8461, 3.2 */
#define STS_POLICY_WARNINGS 16       /* kept; more are counted only */

struct sts_policy_warning {
	unsigned line;
	const char *text; /* constant */
};

struct sts_policy { /* one block: free with sts_policy_free() */
	enum sts_mode mode;
	int64_t max_age; /* seconds, clamped */
	size_t mx_count;
	const char **mx;  /* lower case, file order, into the same block */
	const char *text; /* as served, text_len octets */
	size_t text_len;
	size_t warning_count;
	struct sts_policy_warning warning[STS_POLICY_WARNINGS];
};

struct sts_policy_where { /* of an error; 0 when it concerns the whole text */
	unsigned line;    /* from 1 */
	unsigned byte;    /* offset in the text, from 1 */
};

/*
 * Parse LEN bytes of policy text.  On STS_OK *POLICY is new and must go to
 * sts_policy_free(); the text is copied, TEXT may be released at once.
 * STS_EPOLICY with WHERE (may be NULL) otherwise.
 */
STS_MUST_USE enum sts_rc sts_policy_parse(const char *text, size_t len,
    struct sts_policy **policy, struct sts_policy_where *where,
    struct sts_error *err);
void sts_policy_free(struct sts_policy *policy);

#endif
