/* SPDX-License-Identifier: ISC */
/* Policy texts that must be accepted or refused, see policy_case.h. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy_case.h"

struct sts_policy *
policy_parse_len(const char *text, size_t len)
{
	struct sts_policy *policy = NULL;
	struct sts_error err = { .text = "" };
	enum sts_rc rc;

	rc = sts_policy_parse(text, len, &policy, NULL, &err);
	ck_assert_msg(rc == STS_OK, "\"%s\": %s", text, err.text);
	ck_assert_uint_eq(policy->text_len, len);
	ck_assert_mem_eq(policy->text, text, len);
	return policy;
}

struct sts_policy *
policy_parse(const char *text)
{
	return policy_parse_len(text, strlen(text));
}

void
policy_accept(const char *text, size_t warnings)
{
	struct sts_policy *policy = policy_parse(text);

	ck_assert_msg(policy->warning_count == warnings, "\"%s\": %zu warnings",
	    text, policy->warning_count);
	sts_policy_free(policy);
}

void
policy_refuse_len(const char *text, size_t len, unsigned line, unsigned byte,
    const char *why)
{
	struct sts_policy_where where = { 99, 99 };
	struct sts_policy *policy = NULL;
	struct sts_error err = { .text = "" };
	enum sts_rc rc;
	char *copy = malloc(len + 1);

	/* A block of the exact size, so that a sanitizer sees overreads. */
	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, len);
	copy = realloc(copy, len == 0 ? 1 : len);
	rc = sts_policy_parse(copy, len, &policy, &where, &err);
	free(copy);
	ck_assert_msg(rc == STS_EPOLICY, "\"%s\" was accepted", text);
	ck_assert_ptr_null(policy);
	ck_assert_msg(where.line == line && where.byte == byte,
	    "\"%s\": line %u byte %u", text, where.line, where.byte);
	ck_assert_msg(strstr(err.text, why) != NULL, "\"%s\": %s", text,
	    err.text);
}

void
policy_refuse(const char *text, unsigned line, unsigned byte, const char *why)
{
	policy_refuse_len(text, strlen(text), line, byte, why);
}

void
policy_refuse_line(const char *line, unsigned at, const char *why)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), GOOD "%s", line);
	policy_refuse(text, 5, (unsigned)strlen(GOOD) + at, why);
}

void
policy_accept_line(const char *line, size_t warnings)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), GOOD "%s", line);
	policy_accept(text, warnings);
}
