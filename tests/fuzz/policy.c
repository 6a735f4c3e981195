/* SPDX-License-Identifier: ISC */
/* A policy body as a web server may serve it. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "fuzz.h"
#include "policy/match.h"
#include "policy/policy.h"

static void
same(const struct sts_policy *policy, const char *text, size_t len)
{
	struct sts_policy *again;
	size_t i;

	HOLDS(sts_policy_parse(text, len, &again, NULL, NULL) == STS_OK);
	HOLDS(again->mode == policy->mode);
	HOLDS(again->max_age == policy->max_age);
	HOLDS(again->mx_count == policy->mx_count);
	for (i = 0; i < policy->mx_count; i++)
		HOLDS(strcmp(again->mx[i], policy->mx[i]) == 0);
	sts_policy_free(again);
}

static void
well_formed(const struct sts_policy *policy)
{
	size_t i, at;

	HOLDS(policy->mode <= STS_MODE_ENFORCE);
	HOLDS(policy->max_age >= 0 && policy->max_age <= STS_MAX_AGE_MAX);
	HOLDS(policy->mx_count > 0 || policy->mode == STS_MODE_NONE);
	for (i = 0; i < policy->mx_count; i++) {
		HOLDS(sts_match_pattern_valid(policy->mx[i],
		    strlen(policy->mx[i])));
		for (at = 0; policy->mx[i][at] != '\0'; at++)
			HOLDS(policy->mx[i][at] < 'A' ||
			      policy->mx[i][at] > 'Z');
	}
}

/* Written anew it says the same; what comes later changes nothing. */
static void
rewritten(const struct sts_policy *policy)
{
	struct sts_buf buf;
	size_t i;

	sts_buf_init(&buf, 2 * STS_POLICY_TEXT_MAX);
	(void)sts_buf_printf(&buf, "max_age:%" PRId64 "\r\nversion:STSv1\n",
	    policy->max_age);
	for (i = 0; i < policy->mx_count; i++)
		(void)sts_buf_printf(&buf, "mx:%s\n", policy->mx[i]);
	(void)sts_buf_printf(&buf, "mode:%s", sts_mode_name(policy->mode));
	if (buf.len <= STS_POLICY_TEXT_MAX)
		same(policy, buf.data, buf.len);
	sts_buf_reset(&buf);
	(void)sts_buf_add(&buf, policy->text, policy->text_len);
	(void)sts_buf_str(&buf, "\nmode: none\nmax_age: 0\nversion: x\nmx: _");
	if (buf.len <= STS_POLICY_TEXT_MAX)
		same(policy, buf.data, buf.len);
	sts_buf_clear(&buf);
}

/* The position lies in the text, on the line that it names. */
static void
well_placed(const struct sts_policy_where *where, const char *text, size_t len)
{
	unsigned line = 1;
	size_t i;

	HOLDS((where->line == 0) == (where->byte == 0));
	HOLDS(where->byte <= len);
	for (i = 0; i + 1 < where->byte; i++)
		line += text[i] == '\n';
	HOLDS(where->line == 0 || where->line == line);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_policy_where where = { 1, 0 };
	struct sts_error error = { .rc = STS_OK };
	const char *text = (const char *)data;
	struct sts_policy *policy;

	if (sts_policy_parse(text, len, &policy, &where, &error) != STS_OK) {
		HOLDS(error.rc == STS_EPOLICY && error.text[0] != '\0');
		well_placed(&where, text, len);
		return 0;
	}
	well_formed(policy);
	HOLDS(policy->text_len == len && policy->text[len] == '\0');
	HOLDS(memcmp(policy->text, text, len) == 0);
	same(policy, text, len);
	rewritten(policy);
	sts_policy_free(policy);
	return 0;
}
