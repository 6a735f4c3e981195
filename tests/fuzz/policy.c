/* SPDX-License-Identifier: ISC */
/* A policy body as a web server may serve it. */
#include <string.h>

#include "fuzz.h"
#include "policy/match.h"
#include "policy/policy.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_policy *policy, *again;
	struct sts_policy_where where;
	struct sts_error error = { .rc = STS_OK };
	size_t i;

	if (sts_policy_parse((const char *)data, len, &policy, &where,
		&error) != STS_OK) {
		HOLDS(error.rc != STS_OK && error.text[0] != '\0');
		HOLDS(where.byte <= len + 1);
		return 0;
	}
	for (i = 0; i < policy->mx_count; i++)
		HOLDS(sts_match_pattern_valid(policy->mx[i],
		    strlen(policy->mx[i])));
	(void)sts_match_any(policy->mx, policy->mx_count, "mx.example.com");
	/* The text is kept as it was served. */
	HOLDS(sts_policy_parse(policy->text, policy->text_len, &again, NULL,
		  NULL) == STS_OK);
	HOLDS(again->mx_count == policy->mx_count);
	sts_policy_free(again);
	sts_policy_free(policy);
	return 0;
}
