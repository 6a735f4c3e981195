/* SPDX-License-Identifier: ISC */
/* The operator's rules: each line is 'r' or 'e' and the rule's text. */
#include <string.h>

#include "base/domain.h"
#include "base/word.h"
#include "fuzz.h"
#include "policy/match.h"
#include "policy/rule.h"

#define DAY 86400

static void
well_formed(const struct sts_rule *rule)
{
	const char *domain = rule->domain;
	size_t i;

	if (strncmp(domain, "*.", 2) == 0)
		domain += 2;
	HOLDS(sts_domain_valid(domain, strlen(domain)));
	HOLDS(rule->until >= 0 && rule->until % DAY == 0);
	for (i = 0; i < rule->mx_count; i++)
		HOLDS(sts_match_pattern_valid(rule->mx[i],
		    strlen(rule->mx[i])));
	/* An exception ends some day, says why and widens nothing else. */
	if (rule->kind == STS_RULE_EXCUSE)
		HOLDS(rule->until > 0 && rule->reason[0] != '\0' &&
		      rule->mx_count == 0);
}

/* Written anew, all but its date, it is the same rule. */
static void
rewritten(const struct sts_rule *rule)
{
	struct sts_error err;
	struct sts_rule again;
	struct sts_buf buf;
	size_t i;

	sts_buf_init(&buf, 8 * STS_CONFIG_LINE_MAX);
	(void)sts_buf_str(&buf, rule->domain);
	for (i = 0; i < rule->mx_count; i++)
		(void)sts_buf_printf(&buf, " mx %s", rule->mx[i]);
	(void)sts_buf_str(&buf, " until 2030-01-01");
	if (rule->reason[0] != '\0') {
		(void)sts_buf_str(&buf, " reason ");
		(void)sts_word_add(&buf, rule->reason);
	}
	HOLDS(sts_rule_parse(rule->kind, sts_buf_text(&buf), &again, &err) ==
	      STS_OK);
	HOLDS(strcmp(again.domain, rule->domain) == 0);
	HOLDS(strcmp(again.reason, rule->reason) == 0);
	HOLDS(again.until == (int64_t)21916 * DAY);
	HOLDS(again.mx_count == rule->mx_count);
	for (i = 0; i < rule->mx_count; i++)
		HOLDS(strcmp(again.mx[i], rule->mx[i]) == 0);
	sts_rule_clear(&again);
	sts_buf_clear(&buf);
}

/* It is found for its own domain, to the last second, and for no longer. */
static void
found(const struct sts_rule *rule)
{
	struct sts_rule copy = *rule;
	const struct sts_rules rules = { &copy, 1 };
	bool wild = rule->domain[0] == '*';
	char below[STS_DOMAIN_MAX + 4] = "a";
	const char *name = wild ? below : rule->domain;

	(void)memcpy(below + 1, rule->domain + 1, strlen(rule->domain + 1) + 1);
	if (strlen(name) > STS_DOMAIN_MAX)
		return;
	HOLDS(sts_rules_find(&rules, rule->kind, name, rule->until - 1) ==
	      &copy);
	HOLDS((sts_rules_find(&rules, rule->kind, name, rule->until) == NULL) ==
	      (rule->until != 0));
	if (wild)
		HOLDS(sts_rules_find(&rules, rule->kind, rule->domain + 2, 0) ==
		      NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len;
	struct sts_error err = { .rc = STS_OK };
	struct sts_rule rule;
	struct sts_buf line;

	sts_buf_init(&line, STS_CONFIG_LINE_MAX);
	while (fuzz_line(&at, end, &line)) {
		if (line.len == 0 || strlen(line.data) != line.len)
			continue;
		err.text[0] = '\0';
		if (sts_rule_parse(line.data[0] == 'e' ? STS_RULE_EXCUSE
						       : STS_RULE_REQUIRE,
			line.data + 1, &rule, &err) != STS_OK) {
			HOLDS(err.rc == STS_ECONFIG && err.text[0] != '\0');
			continue;
		}
		well_formed(&rule);
		rewritten(&rule);
		found(&rule);
		sts_rule_clear(&rule);
	}
	sts_buf_clear(&line);
	return 0;
}
