/* SPDX-License-Identifier: ISC */
/* A configuration file and the rules in it. */
#include <string.h>

#include "fuzz.h"
#include "policy/rule.h"

#define PRINTED_MAX (1 << 20)

/* The whole of CONFIG as a file would say it. */
static void
print(const struct sts_config *config, struct sts_buf *out)
{
	struct sts_buf value;
	bool repeats;
	size_t i, j;

	sts_buf_init(&value, 2 * STS_CONFIG_LINE_MAX);
	for (i = 0; sts_config_keyword(i, &repeats) != NULL; i++) {
		for (j = 0; j == 0 || repeats; j++) {
			sts_buf_reset(&value);
			if (sts_config_value(config, i, j, &value) != STS_OK)
				break;
			(void)sts_buf_printf(out, "%s %s\n",
			    sts_config_keyword(i, &repeats),
			    sts_buf_text(&value));
		}
	}
	sts_buf_clear(&value);
}

/* What is printed of it is read back as the same. */
static void
printed(const struct sts_config *config)
{
	struct sts_config again;
	struct sts_buf first, second;

	sts_buf_init(&first, PRINTED_MAX);
	sts_buf_init(&second, PRINTED_MAX);
	print(config, &first);
	HOLDS(sts_config_init(&again, NULL) == STS_OK);
	HOLDS(sts_config_parse(&again, "again", sts_buf_text(&first), first.len,
		  NULL) == STS_OK);
	print(&again, &second);
	HOLDS(strcmp(sts_buf_text(&first), sts_buf_text(&second)) == 0);
	sts_config_clear(&again);
	sts_buf_clear(&first);
	sts_buf_clear(&second);
}

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
		sts_config_clear(&config);
		return 0;
	}
	printed(&config);
	if (sts_rules_load(&config, &rules, NULL) == STS_OK) {
		HOLDS(rules.count ==
		      config.require.count + config.excuse.count);
		(void)sts_rules_find(&rules, STS_RULE_EXCUSE, "a.example", 0);
		sts_rules_clear(&rules);
	}
	sts_config_clear(&config);
	return 0;
}
