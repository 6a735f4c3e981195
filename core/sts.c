/* SPDX-License-Identifier: ISC */
/*
 * The public library: rules first, then the state, and one verdict from
 * both.  See mta-sts.h and sts_lookup(3).
 */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "config.h"
#include "policy/answer.h"
#include "policy/verdict.h"
#include "sts.h"

struct sts {
	struct sts_config config;
	struct sts_rules rules;
	struct sts_log log;
	char *state_path;
	struct sts_state *state; /* NULL until it could be opened */
};

struct sts_result {
	struct sts_basis basis;    /* rules are borrowed from the struct sts */
	struct sts_policy *policy; /* what basis.policy points to */
	struct sts_permitted permitted;
	enum sts_mode mode;
	bool fresh;
	bool tlsrpt;
	int64_t expires;
	char domain[STS_DOMAIN_MAX + 1];
	char id[STS_ID_MAX + 1];
	char detail[STS_ERROR_MAX]; /* what basis.detail points to */
	struct sts_error reason;
};

enum sts_rc
sts_new(const struct sts_options *options, struct sts **out,
    struct sts_error *err)
{
	const char *file = options->config, *path;
	struct sts *sts = calloc(1, sizeof(*sts));
	enum sts_rc rc;

	if (sts == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	rc = sts_config_read(&sts->config,
	    file != NULL ? file : STS_CONFIG_FILE, file == NULL, err);
	if (rc != STS_OK) {
		free(sts);
		return rc;
	}
	sts->log = (struct sts_log){ options->log, options->log_arg,
		sts->config.log_level };
	path = sts->config.state != NULL ? sts->config.state : options->state;
	sts->state_path = strdup(path != NULL ? path : STS_STATE_BASE);
	if (sts->state_path == NULL)
		rc = sts_error_set(err, STS_ENOMEM, "no memory");
	else
		rc = sts_rules_load(&sts->config, &sts->rules, err);
	if (rc != STS_OK) {
		sts_free(sts);
		return rc;
	}
	*out = sts;
	return STS_OK;
}

void
sts_free(struct sts *sts)
{
	if (sts == NULL)
		return;
	sts_state_free(sts->state);
	free(sts->state_path);
	sts_rules_clear(&sts->rules);
	sts_config_clear(&sts->config);
	free(sts);
}

const struct sts_config *
sts_config_of(const struct sts *sts)
{
	return &sts->config;
}

const char *
sts_state_path(const struct sts *sts)
{
	return sts->state_path;
}

const struct sts_log *
sts_log_of(const struct sts *sts)
{
	return &sts->log;
}

struct sts_state *
sts_state_of(struct sts *sts, struct sts_error *err)
{
	if (sts->state == NULL && sts_state_open(sts->state_path, STS_DIR_READ,
				      &sts->state, err) != STS_OK)
		sts->state = NULL;
	return sts->state;
}

void
sts_state_follow(struct sts *sts)
{
	struct stat held, named;

	if (sts->state == NULL ||
	    (fstat(sts_dir_fd(sts_state_dir(sts->state)), &held) == 0 &&
		lstat(sts->state_path, &named) == 0 &&
		held.st_dev == named.st_dev && held.st_ino == named.st_ino))
		return;
	sts_state_free(sts->state);
	sts->state = NULL;
}

/* ---- results ----------------------------------------------------------- */

/* From a filled basis to mode, patterns and reason. */
static enum sts_rc
conclude(struct sts_result *result, struct sts_error *err)
{
	result->mode = sts_verdict_mode(&result->basis);
	sts_verdict_reason(&result->basis, &result->reason);
	return sts_verdict_permitted(&result->basis, &result->permitted, err);
}

static void
apply_rules(const struct sts *sts, struct sts_result *result, int64_t wall)
{
	struct sts_basis *basis = &result->basis;

	basis->excuse =
	    sts_rules_find(&sts->rules, STS_RULE_EXCUSE, result->domain, wall);
	basis->require =
	    sts_rules_find(&sts->rules, STS_RULE_REQUIRE, result->domain, wall);
	basis->on_dns_error = sts->config.on_dns_error;
	basis->detail = result->detail;
}

static enum sts_rc
result_new(const struct sts *sts, const char *domain, int64_t wall,
    struct sts_result **out, struct sts_error *err)
{
	struct sts_result *result = calloc(1, sizeof(*result));
	enum sts_rc rc;

	if (result == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	rc = sts_domain_normalize(domain, strlen(domain), result->domain, err);
	if (rc != STS_OK) {
		free(result);
		return rc;
	}
	apply_rules(sts, result, wall);
	*out = result;
	return STS_OK;
}

static enum sts_rc
result_finish(struct sts_result *result, struct sts_result **out,
    struct sts_error *err)
{
	enum sts_rc rc = conclude(result, err);

	if (rc != STS_OK) {
		sts_result_free(result);
		return rc;
	}
	*out = result;
	return STS_OK;
}

/* Take over what the state knows; the policy changes hands. */
static void
take_known(struct sts_result *result, struct sts_known *known)
{
	struct sts_basis *basis = &result->basis;

	basis->answer = known->answer;
	basis->cause = known->cause;
	result->fresh = known->fresh;
	result->tlsrpt = known->tlsrpt;
	memcpy(result->detail, known->reason, sizeof(result->detail));
	if (known->answer != STS_ANSWER_POLICY)
		return;
	result->policy = known->entry->policy;
	known->entry->policy = NULL;
	basis->policy = result->policy;
	result->expires = known->entry->expires;
	(void)snprintf(result->id, sizeof(result->id), "%s", known->entry->id);
}

enum sts_rc
sts_lookup(struct sts *sts, const char *domain, struct sts_result **out,
    struct sts_error *err)
{
	struct sts_result *result;
	struct sts_state *state;
	struct sts_known known;
	struct sts_now now;
	enum sts_rc rc;

	sts_clock_glance(&now);
	rc = result_new(sts, domain, now.wall, &result, err);
	if (rc != STS_OK)
		return rc;
	state = sts_state_of(sts, &result->reason);
	if (state == NULL) {
		result->basis.answer = STS_ANSWER_DAMAGED;
		result->basis.cause = result->reason.rc;
		memcpy(result->detail, result->reason.text,
		    sizeof(result->detail));
	} else {
		sts_state_load(state, result->domain, &now, &known);
		take_known(result, &known);
		sts_known_clear(&known);
	}
	if (result->basis.excuse != NULL)
		result->fresh = true;
	return result_finish(result, out, err);
}

/* Take over what the resolver's line says; the policy changes hands. */
static void
take_line(struct sts_result *result, struct sts_answer_line *line)
{
	result->basis.answer = line->answer;
	result->basis.cause = line->cause;
	result->fresh = true;
	result->tlsrpt = line->tlsrpt;
	result->expires = line->expires;
	result->policy = line->policy;
	result->basis.policy = line->policy;
	line->policy = NULL;
	memcpy(result->id, line->id, sizeof(result->id));
	memcpy(result->detail, line->reason, sizeof(result->detail));
}

enum sts_rc
sts_result_parse(struct sts *sts, const char *domain, const char *text,
    size_t len, struct sts_result **out, struct sts_error *err)
{
	struct sts_answer_line line;
	struct sts_result *result = NULL;
	struct sts_now now;
	enum sts_rc rc;

	rc = sts_answer_parse(text, len, &line, err);
	if (rc != STS_OK)
		return rc;
	sts_clock_glance(&now);
	rc = result_new(sts, domain, now.wall, &result, err);
	if (rc == STS_OK && strcmp(result->domain, line.domain) != 0)
		rc = sts_error_set(err, STS_EDAMAGED,
		    "an answer for %s, not %s", line.domain, result->domain);
	if (rc == STS_OK) {
		take_line(result, &line);
		rc = result_finish(result, out, err);
	} else {
		sts_result_free(result);
	}
	sts_answer_clear(&line);
	return rc;
}

void
sts_result_free(struct sts_result *result)
{
	if (result == NULL)
		return;
	sts_permitted_clear(&result->permitted);
	sts_policy_free(result->policy);
	free(result);
}

bool
sts_result_fresh(const struct sts_result *result)
{
	return result->fresh;
}

enum sts_answer
sts_result_answer(const struct sts_result *result)
{
	return result->basis.answer;
}

enum sts_mode
sts_result_mode(const struct sts_result *result)
{
	return result->mode;
}

enum sts_verdict
sts_result_verdict(const struct sts_result *result, const char *host,
    struct sts_error *why)
{
	return sts_verdict_mx(&result->basis, host, why);
}

bool
sts_result_mx_match(const struct sts_result *result, const char *host)
{
	return sts_verdict_mx_match(&result->basis, host);
}

bool
sts_result_mx_any(const struct sts_result *result)
{
	return result->permitted.any;
}

size_t
sts_result_mx_count(const struct sts_result *result)
{
	return result->permitted.count;
}

const char *
sts_result_mx(const struct sts_result *result, size_t i)
{
	return i < result->permitted.count ? result->permitted.mx[i] : NULL;
}

int64_t
sts_result_expires(const struct sts_result *result)
{
	return result->expires;
}

const char *
sts_result_id(const struct sts_result *result)
{
	return result->id;
}

const char *
sts_result_reason(const struct sts_result *result)
{
	return result->reason.text;
}

bool
sts_result_tlsrpt(const struct sts_result *result)
{
	return result->tlsrpt;
}

uint64_t
sts_result_policy_hash(const struct sts_result *result)
{
	if (result->policy == NULL)
		return 0;
	return sts_checksum(result->policy->text, result->policy->text_len);
}

enum sts_mode
sts_result_published(const struct sts_result *result)
{
	return result->policy == NULL ? STS_MODE_NONE : result->policy->mode;
}
