/* SPDX-License-Identifier: ISC */
/*
 * The operator's own rules (DESIGN: "require" adds to what is published,
 * "excuse" wins over everything, visibly, until its end date).  Pure.
 *
 *   DOMAIN [mx PATTERN]... [until YYYY-MM-DD] [reason "TEXT"]
 *
 * DOMAIN may be "*.example" for every subdomain at any depth.  "until"
 * includes that day, UTC.  An excuse must carry both until and reason.
 */
#ifndef STS_RULE_H
#define STS_RULE_H

#include "base/config.h"

enum sts_rule_kind {
	STS_RULE_REQUIRE,
	STS_RULE_EXCUSE
};

struct sts_rule {
	enum sts_rule_kind kind;
	char domain[STS_DOMAIN_MAX + 3];
	size_t mx_count;
	char **mx;
	int64_t until; /* first second after it, 0: for ever */
	char *reason;  /* "" when none was given */
	unsigned line;
};

struct sts_rules {
	struct sts_rule *rule;
	size_t count;
};

STS_MUST_USE enum sts_rc sts_rule_parse(enum sts_rule_kind kind,
    const char *text, struct sts_rule *rule, struct sts_error *err);
void sts_rule_clear(struct sts_rule *rule);

/* All rules of CONFIG; errors name file:line. */
STS_MUST_USE enum sts_rc sts_rules_load(const struct sts_config *config,
    struct sts_rules *rules, struct sts_error *err);
void sts_rules_clear(struct sts_rules *rules);

/*
 * The rule of KIND for normalised DOMAIN that has not ended at WALL, the
 * exact name before the longest "*."; NULL when there is none.  Borrowed.
 */
const struct sts_rule *sts_rules_find(const struct sts_rules *rules,
    enum sts_rule_kind kind, const char *domain, int64_t wall);

#endif
