/* SPDX-License-Identifier: ISC */
/*
 * "policy parse" and "policy match": the pure parsers on local input.
 */
#include <inttypes.h>
#include <string.h>

#include "command/command.h"
#include "policy/match.h"
#include "policy/policy.h"

static enum sts_exit
print_valid_json(const struct sts_policy *policy)
{
	struct sts_json *json = sts_json_new();
	char warning[STS_ERROR_MAX];
	size_t i;

	sts_json_bool(json, "valid", true);
	sts_json_str(json, "version", "STSv1");
	sts_json_str(json, "mode", sts_mode_name(policy->mode));
	sts_json_int(json, "max_age", policy->max_age);
	sts_json_array(json, "mx");
	for (i = 0; i < policy->mx_count; i++)
		sts_json_str(json, NULL, policy->mx[i]);
	sts_json_close(json);
	sts_json_array(json, "warnings");
	for (i = 0; i < policy->warning_count && i < STS_POLICY_WARNINGS; i++) {
		(void)snprintf(warning, sizeof(warning), "line %u: %s",
		    policy->warning[i].line, policy->warning[i].text);
		sts_json_str(json, NULL, warning);
	}
	sts_json_close(json);
	return sts_print_json(json, STS_EXIT_YES);
}

static enum sts_exit
print_valid(const struct sts_policy *policy)
{
	char span[STS_TIME_TEXT];
	size_t i;

	(void)puts("valid");
	sts_print("version", "STSv1");
	sts_print("mode", "%s", sts_mode_name(policy->mode));
	sts_print("max_age", "%" PRId64 " (%s)", policy->max_age,
	    sts_span_text(policy->max_age, span));
	for (i = 0; i < policy->mx_count; i++)
		sts_print("mx", "%s", policy->mx[i]);
	for (i = 0; i < policy->warning_count && i < STS_POLICY_WARNINGS; i++)
		sts_print("warning", "line %u: %s", policy->warning[i].line,
		    policy->warning[i].text);
	if (policy->warning_count > STS_POLICY_WARNINGS)
		sts_print("warning", "%zu more",
		    policy->warning_count - STS_POLICY_WARNINGS);
	return STS_EXIT_YES;
}

static enum sts_exit
print_invalid_json(const struct sts_error *err,
    const struct sts_policy_where *where)
{
	struct sts_json *json = sts_json_new();

	sts_json_bool(json, "valid", false);
	sts_json_str(json, "error", err->text);
	sts_json_int(json, "line", where->line);
	sts_json_int(json, "byte", where->byte);
	return sts_print_json(json, STS_EXIT_NO);
}

static enum sts_exit
print_invalid(const struct sts_error *err, const struct sts_policy_where *where)
{
	if (where->line == 0)
		sts_print("invalid", "%s", err->text);
	else
		sts_print("invalid", "line %u, byte %u: %s", where->line,
		    where->byte, err->text);
	return STS_EXIT_NO;
}

static enum sts_exit
parse_text(const struct sts_call *call, const struct sts_buf *text)
{
	struct sts_policy_where where = { 0, 0 };
	struct sts_policy *policy;
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	rc = sts_policy_parse(sts_buf_text(text), text->len, &policy, &where,
	    &err);
	if (rc == STS_EPOLICY)
		return call->json ? print_invalid_json(&err, &where)
				  : print_invalid(&err, &where);
	if (rc != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "%s", err.text);
	status = call->json ? print_valid_json(policy) : print_valid(policy);
	sts_policy_free(policy);
	return status;
}

enum sts_exit
sts_run_policy_parse(struct sts_call *call)
{
	enum sts_exit status = STS_EXIT_UNSURE;
	struct sts_buf text;

	sts_buf_init(&text, STS_POLICY_TEXT_MAX + 1);
	if (sts_call_read(call->argv[0], STS_POLICY_TEXT_MAX, &text))
		status = parse_text(call, &text);
	sts_buf_clear(&text);
	return status;
}

static enum sts_exit
print_match(const struct sts_call *call, bool match)
{
	enum sts_exit status = match ? STS_EXIT_YES : STS_EXIT_NO;
	struct sts_json *json;

	if (call->json) {
		json = sts_json_new();
		sts_json_bool(json, "match", match);
		return sts_print_json(json, status);
	}
	(void)puts(match ? "match" : "no match");
	return status;
}

/* A pattern that is none matches nothing, as in a policy (STS-48). */
static enum sts_exit
match_pattern(const struct sts_call *call)
{
	const char *pattern = call->mx;

	if (!sts_match_pattern_valid(pattern, strlen(pattern))) {
		(void)sts_complain(STS_EXIT_NO,
		    "\"%s\" is not an mx pattern and matches nothing", pattern);
		return print_match(call, false);
	}
	return print_match(call, sts_match_mx(pattern, call->argv[0]));
}

static enum sts_exit
match_text(const struct sts_call *call, const struct sts_buf *text)
{
	struct sts_policy_where where = { 0, 0 };
	struct sts_policy *policy;
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	rc = sts_policy_parse(sts_buf_text(text), text->len, &policy, &where,
	    &err);
	if (rc == STS_EPOLICY)
		return sts_complain(STS_EXIT_USAGE, "%s:%u: %s", call->argv[0],
		    where.line, err.text);
	if (rc != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "%s", err.text);
	status = print_match(call,
	    sts_match_any(policy->mx, policy->mx_count, call->argv[1]) != -1);
	sts_policy_free(policy);
	return status;
}

enum sts_exit
sts_run_policy_match(struct sts_call *call)
{
	enum sts_exit status = STS_EXIT_UNSURE;
	struct sts_buf text;

	if (call->mx != NULL && call->argc == 1)
		return match_pattern(call);
	if (call->mx != NULL || call->argc != 2)
		return sts_complain(STS_EXIT_USAGE,
		    "policy match: expects FILE HOST or --mx PATTERN HOST");
	sts_buf_init(&text, STS_POLICY_TEXT_MAX + 1);
	if (sts_call_read(call->argv[0], STS_POLICY_TEXT_MAX, &text))
		status = match_text(call, &text);
	sts_buf_clear(&text);
	return status;
}
