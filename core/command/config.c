/* SPDX-License-Identifier: ISC */
/*
 * "config": the configuration as it was understood, as a file that says the
 * same.
 */
#include <stdio.h>

#include "command/command.h"

static void
print_keywords(void)
{
	const char *name;
	bool repeats;
	size_t i;

	for (i = 0; (name = sts_config_keyword(i, &repeats)) != NULL; i++)
		(void)puts(name);
}

/* BUF becomes value J of keyword I; false when there are not so many. */
static bool
get_value(const struct sts_config *config, size_t i, size_t j,
    struct sts_buf *buf)
{
	sts_buf_reset(buf);
	return sts_config_value(config, i, j, buf) == STS_OK;
}

static enum sts_exit
print_text(const struct sts_config *config, struct sts_buf *buf)
{
	const char *name;
	bool repeats;
	size_t i, j;

	for (i = 0; (name = sts_config_keyword(i, &repeats)) != NULL; i++)
		for (j = 0; get_value(config, i, j, buf); j++)
			(void)printf("%-15s %s\n", name, sts_buf_text(buf));
	return STS_EXIT_YES;
}

static enum sts_exit
print_json(const struct sts_config *config, struct sts_buf *buf)
{
	struct sts_json *json = sts_json_new();
	const char *name;
	bool repeats;
	size_t i, j;

	for (i = 0; (name = sts_config_keyword(i, &repeats)) != NULL; i++) {
		if (!repeats) {
			sts_json_str(json, name,
			    get_value(config, i, 0, buf) ? sts_buf_text(buf)
							 : NULL);
			continue;
		}
		sts_json_array(json, name);
		for (j = 0; get_value(config, i, j, buf); j++)
			sts_json_str(json, NULL, sts_buf_text(buf));
		sts_json_close(json);
	}
	return sts_print_json(json, STS_EXIT_YES);
}

/* A rule that has ended does nothing: its owner may think otherwise. */
static void
warn_ended(const struct sts_call *call)
{
	const struct sts_rule *rule = call->rules.rule;
	struct sts_now now;
	size_t i;

	sts_clock_now(&now);
	for (i = 0; i < call->rules.count; i++, rule++)
		if (rule->until != 0 && now.wall >= rule->until)
			(void)sts_complain(STS_EXIT_YES,
			    "%s:%u: the rule for %s has ended",
			    call->config.path, rule->line, rule->domain);
}

enum sts_exit
sts_run_config(struct sts_call *call)
{
	struct sts_buf buf;
	enum sts_exit status;

	if (call->keywords) {
		print_keywords();
		return STS_EXIT_YES;
	}
	sts_buf_init(&buf, 2 * STS_CONFIG_LINE_MAX);
	status = call->json ? print_json(&call->config, &buf)
			    : print_text(&call->config, &buf);
	sts_buf_clear(&buf);
	warn_ended(call);
	return status;
}
