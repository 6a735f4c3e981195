/* SPDX-License-Identifier: ISC */
/*
 * Questions and answers, see ask.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "base/clock.h"
#include "base/domain.h"
#include "config.h"
#include "pattern.h"
#include "policy/answer.h"
#include "spawn.h"
#include "sts.h"

#define GRACE_MS   2000 /* for the resolver to tell that its time is over */
#define DOMAIN_ARG 1024 /* octets of an argument that are looked at */

struct sts *
sts_ask_open(struct sts_ask *ask, struct sts_error *err)
{
	const struct sts_options options = { .config = ask->paths.config,
		.state = ask->paths.state,
		.log = ask->log,
		.log_arg = ask->log_arg };
	pid_t pid = getpid();

	if (ask->sts != NULL && ask->pid == pid)
		return ask->sts;
	ask->sts = NULL; /* a forked parent's: not ours to use or to free */
	ask->pid = pid;
	if (sts_new(&options, &ask->sts, err) != STS_OK)
		ask->sts = NULL;
	return ask->sts;
}

/* Run the resolver for DOMAIN; its line is LINE's on STS_OK. */
static enum sts_rc
run_resolver(const struct sts_ask *ask, struct sts *sts, const char *domain,
    struct sts_buf *line, struct sts_error *err)
{
	const char *config = ask->paths.config;
	const char *argv[] = { ask->paths.program, "-d", sts_state_path(sts),
		"-c", config, domain, NULL };
	struct sts_state *state = sts_state_of(sts, err);
	struct sts_spawn spawn;
	enum sts_rc rc;

	if (state == NULL)
		return err->rc;
	if (!ask->paths.unchecked) {
		rc = sts_spawn_check(ask->paths.program, err);
		if (rc != STS_OK)
			return rc;
	}
	if (config == NULL) { /* the resolver has the same built-in one */
		argv[3] = domain;
		argv[4] = NULL;
	}
	spawn = (struct sts_spawn){ .program = ask->paths.program,
		.argv = (char *const *)(const void *)argv,
		.dir = sts_state_path(sts),
		.uid = sts_dir_uid(sts_state_dir(state)),
		.gid = sts_dir_gid(sts_state_dir(state)),
		.deadline = sts_clock_ms() + GRACE_MS +
			    sts_config_of(sts)->timeout * 1000 };
	return sts_spawn_line(&spawn, line, err);
}

/*
 * A live answer, else what the state has by now; ERR keeps what failed.
 * STS_OK with *RESULT the caller's.
 */
static enum sts_rc
refresh(const struct sts_ask *ask, struct sts *sts, const char *domain,
    struct sts_result **result, struct sts_error *err)
{
	struct sts_buf line;
	enum sts_rc rc;

	sts_buf_init(&line, STS_ANSWER_LINE_MAX);
	rc = run_resolver(ask, sts, domain, &line, err);
	if (rc == STS_OK)
		rc = sts_result_parse(sts, domain, sts_buf_text(&line),
		    line.len, result, err);
	sts_buf_clear(&line);
	if (rc == STS_OK) {
		err->text[0] = '\0'; /* of a failure on the way that was met */
		return rc;
	}
	sts_log(sts_log_of(sts), STS_LOG_WARNING,
	    "resolver failed domain=%s: %s", domain, err->text);
	return sts_lookup(sts, domain, result, NULL);
}

/* Is DNS all that is to blame for knowing nothing? */
static bool
held_by_dns(const struct sts_result *result)
{
	struct sts_error why = { 0 };

	return sts_result_answer(result) == STS_ANSWER_UNKNOWN &&
	       sts_result_verdict(result, "", &why) == STS_VERDICT_REFUSE &&
	       why.rc == STS_EDNS;
}

void
sts_ask_blame(struct sts_ask_answer *answer, const char *why)
{
	char text[STS_ERROR_MAX + 2 * STS_DOMAIN_MAX];

	(void)snprintf(text, sizeof(text),
	    "MTA-STS permits none of the MX hosts of %s that can be used: %s",
	    answer->domain, why);
	sts_pattern_sentence(text, answer->reason, sizeof(answer->reason));
}

/* Sentence and pattern from what is known; FAILED is "" or why no more is. */
static void
conclude(struct sts_ask_answer *answer, const char *failed)
{
	const char *known = sts_result_reason(answer->result), *pattern;
	char text[2 * STS_ERROR_MAX + 3 * STS_DOMAIN_MAX];
	struct sts_buf buf;

	answer->mode = sts_result_mode(answer->result);
	answer->by_dns = held_by_dns(answer->result);
	sts_buf_init(&buf, STS_PATTERN_MAX);
	pattern = sts_pattern_reject(answer->result, &buf);
	answer->pattern = strdup(pattern);
	sts_buf_clear(&buf);
	if (answer->mode == STS_MODE_ENFORCE) {
		sts_ask_blame(answer, known);
		return;
	}
	(void)snprintf(text, sizeof(text), "MTA-STS of %s: %s%s%s",
	    answer->domain, known, failed[0] == '\0' ? "" : ": ", failed);
	sts_pattern_sentence(text, answer->reason, sizeof(answer->reason));
}

static void
give_up(struct sts_ask_answer *answer, enum sts_mode mode, const char *why)
{
	char text[STS_ERROR_MAX + 16];

	answer->mode = mode;
	(void)snprintf(text, sizeof(text), "MTA-STS: %s", why);
	sts_pattern_sentence(text, answer->reason, sizeof(answer->reason));
}

/* MAY_WAIT: run the resolver if the state's answer is not fresh. */
static void
find_out(struct sts_ask *ask, struct sts_ask_answer *answer, bool may_wait)
{
	struct sts_result *newer = NULL;
	struct sts_error err = { 0 };
	struct sts *sts = sts_ask_open(ask, &err);

	if (sts == NULL ||
	    sts_lookup(sts, answer->domain, &answer->result, &err) != STS_OK) {
		answer->result = NULL;
		give_up(answer, STS_MODE_DEFER, err.text);
		if (ask->log != NULL)
			ask->log(ask->log_arg, STS_LOG_ERROR, answer->reason);
		return;
	}
	if (may_wait && !sts_result_fresh(answer->result) &&
	    refresh(ask, sts, answer->domain, &newer, &err) == STS_OK) {
		sts_result_free(answer->result);
		answer->result = newer;
	}
	conclude(answer, err.text);
}

static void
forget(struct sts_ask_answer *answer)
{
	free(answer->pattern);
	sts_result_free(answer->result);
	memset(answer, 0, sizeof(*answer));
}

static struct sts_ask_answer *
recall(struct sts_ask *ask, const char *name)
{
	size_t i;

	for (i = 0; i < ask->used; i++)
		if (strcmp(ask->answer[i].domain, name) == 0)
			return &ask->answer[i];
	return NULL;
}

static struct sts_ask_answer *
answer_of(struct sts_ask *ask, const char *domain, bool may_wait)
{
	char name[STS_DOMAIN_MAX + 1];
	struct sts_ask_answer *answer;
	struct sts_error err;

	if (sts_domain_normalize(domain, strnlen(domain, DOMAIN_ARG), name,
		&err) != STS_OK) {
		give_up(&ask->unkept, STS_MODE_NONE, err.text);
		return &ask->unkept;
	}
	answer = recall(ask, name);
	if (answer != NULL && (!may_wait || answer->until > sts_clock_ms()))
		return answer;
	if (answer == NULL) {
		answer = &ask->answer[ask->next];
		ask->next = (ask->next + 1) % STS_ASK_REMEMBERED;
		if (ask->used < STS_ASK_REMEMBERED)
			ask->used++;
	}
	forget(answer);
	memcpy(answer->domain, name, sizeof(name));
	find_out(ask, answer, may_wait);
	answer->asked = may_wait;
	answer->until = may_wait ? sts_clock_ms() + STS_ASK_KEPT : 0;
	return answer;
}

struct sts_ask_answer *
sts_ask_domain(struct sts_ask *ask, const char *domain)
{
	return answer_of(ask, domain, true);
}

struct sts_ask_answer *
sts_ask_known(struct sts_ask *ask, const char *domain)
{
	return answer_of(ask, domain, false);
}

void
sts_ask_clear(struct sts_ask *ask)
{
	size_t i;

	for (i = 0; i < ask->used; i++)
		forget(&ask->answer[i]);
	if (ask->pid == getpid())
		sts_free(ask->sts);
	ask->sts = NULL;
}
