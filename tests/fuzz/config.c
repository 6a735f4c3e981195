/* SPDX-License-Identifier: ISC */
/* A configuration file and the rules in it. */
#include "fuzz.h"
#include "policy/rule.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_config config;
	struct sts_error error = { .rc = STS_OK };
	struct sts_rules rules;

	if (sts_config_init(&config, NULL) != STS_OK)
		return 0;
	if (sts_config_parse(&config, "fuzz", (const char *)data, len,
		&error) != STS_OK) {
		HOLDS(error.text[0] != '\0');
	} else if (sts_rules_load(&config, &rules, NULL) == STS_OK) {
		(void)sts_rules_find(&rules, STS_RULE_EXCUSE, "a.example", 0);
		sts_rules_clear(&rules);
	}
	sts_config_clear(&config);
	return 0;
}
