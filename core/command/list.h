/* SPDX-License-Identifier: ISC */
/*
 * A list of policies as text, to be kept, compared, edited and given to other
 * machines; mta-sts(1) describes it.  Pure.  Domains are in order, so that no
 * two are the same and that lists can be compared.
 */
#ifndef STS_LIST_H
#define STS_LIST_H

#include "state/policies.h"

#define STS_LIST_MAX ((size_t)256 << 20) /* octets of a whole list */

/* Write a list: sticky errors are in BUF. */
void sts_list_begin(struct sts_buf *buf);
void sts_list_add(struct sts_buf *buf, const struct sts_entry *entry);
void sts_list_end(struct sts_buf *buf);

struct sts_list {
	const char *text;
	size_t len, at;
	unsigned line; /* how many were read */
	unsigned bad;  /* the line of an error; 0: the list as a whole */
	char last[STS_DOMAIN_MAX + 1];
};

void sts_list_open(struct sts_list *list, const char *text, size_t len);

/* First line and checksum; STS_EUSAGE, see bad, otherwise. */
STS_MUST_USE enum sts_rc sts_list_check(struct sts_list *list,
    struct sts_error *err);

/*
 * The next policy, to be freed, fetched no later than wall seconds NOW.
 * STS_ENODATA behind the last; STS_ENOMEM; any other error: that policy is
 * not as it must be, see bad, and the next call goes on behind it.
 */
STS_MUST_USE enum sts_rc sts_list_next(struct sts_list *list, int64_t now,
    struct sts_entry **entry, struct sts_error *err);

#endif
