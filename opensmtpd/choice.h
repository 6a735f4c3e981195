/* SPDX-License-Identifier: ISC */
/*
 * In which order the MX hosts of a domain are to be tried, and which not at
 * all.  Pure: table and filter come to the same answer.
 */
#ifndef STS_CHOICE_H
#define STS_CHOICE_H

#include "state/mx.h"

#define STS_CHOICE_FAILED_FOR 600 /* s that a failure counts */

/*
 * Hosts of LIST into ORDER, borrowed from it; how many, 0: none permitted.
 * Hosts at or behind the preference of this machine are none (RFC 5321,
 * 5.1), nor is the null MX.  A host that failed within STS_CHOICE_FAILED_FOR
 * s of WALL comes after all that did not.  SALT, the name of this machine,
 * spreads senders over hosts of one preference.
 */
size_t sts_choice_order(const struct sts_result *result,
    const struct sts_mx_list *list, const char *salt, int64_t wall,
    const struct sts_mx_host *order[STS_MX_LIST_MAX]);

/* Did HOST fail so lately that others come first? */
bool sts_choice_failed(const struct sts_mx_host *host, int64_t wall);

#endif
