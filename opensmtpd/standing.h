/* SPDX-License-Identifier: ISC */
/*
 * How a domain stands by the state and the operator's rules, and the few
 * things that become known by trying: nothing here waits for anybody.
 */
#ifndef STS_STANDING_H
#define STS_STANDING_H

#include "choice.h"

#define STS_STANDING_FOLLOW   1000 /* ms between two looks for the state */
#define STS_STANDING_TEXT_MAX 400  /* octets of a refusal */

struct sts_standing {
	struct sts *sts;               /* borrowed */
	char salt[STS_DOMAIN_MAX + 1]; /* as the table's */
	int64_t follow;                /* ms: not before */
};

/* sts_lookup(), in the state that has its name by now. */
STS_MUST_USE enum sts_rc sts_standing_look(struct sts_standing *standing,
    const char *domain, int64_t now, struct sts_result **result,
    struct sts_error *err);

/* Is there a list of DOMAIN's MX hosts?  FRESH: it need not be renewed. */
bool sts_standing_list(struct sts_standing *standing, const char *domain,
    struct sts_mx_list *list, bool *fresh);

/* sts_choice_order() of now. */
size_t sts_standing_order(const struct sts_standing *standing,
    const struct sts_result *result, const struct sts_mx_list *list,
    const struct sts_mx_host *order[STS_MX_LIST_MAX]);

/* "451 ..." of printable ASCII: mail to DOMAIN waits, because of WHY. */
void sts_standing_refuse(char text[STS_STANDING_TEXT_MAX], const char *domain,
    const char *why);

/* Why RESULT, and the list that is there, hold mail to DOMAIN; "": they let
 * it go. */
void sts_standing_say(struct sts_standing *standing, const char *domain,
    const struct sts_result *result, char text[STS_STANDING_TEXT_MAX]);

/* HOST is passed over for a while, or no longer.  A failure to keep that is
 * logged. */
void sts_standing_mark(struct sts_standing *standing, const char *domain,
    const char *host, bool failed);

#endif
