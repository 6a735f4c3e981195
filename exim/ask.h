/* SPDX-License-Identifier: ISC */
/*
 * One question, one answer: what Exim must do with mail to a domain.  From
 * the state if that is fresh, else by running the resolver and waiting for
 * it; what is known already outlives every failure of that.
 *
 * Answers are remembered for a while, so that all that Exim asks in the
 * course of one delivery agrees.  A forked process keeps what its parent
 * learned, but opens configuration and state anew.
 */
#ifndef STS_ASK_H
#define STS_ASK_H

#include <sys/types.h>

#include "mta-sts.h"

#define STS_ASK_REMEMBERED 64    /* domains */
#define STS_ASK_KEPT       60000 /* ms */
#define STS_ASK_SENTENCE   300

struct sts_ask_paths {      /* all borrowed for ever */
	const char *config; /* NULL: the built-in one, may be absent */
	const char *state;  /* unless configured */
	const char *program;
	bool unchecked; /* tests: PROGRAM need not be root's */
};

struct sts_ask_answer {
	char domain[STS_DOMAIN_MAX + 1]; /* "" for what is no domain */
	enum sts_mode mode;
	bool by_dns; /* mode "defer", since DNS cannot tell: no fault of ours */
	char *pattern; /* of hosts to ignore; NULL: all */
	char reason[STS_ASK_SENTENCE];
	struct sts_result *result; /* NULL: none could be had */
	bool asked;    /* by a router of ours, in this process or its parents */
	bool refused;  /* a refusal was noted already */
	int64_t until; /* ms, when to forget */
};

struct sts_ask {
	struct sts_ask_paths paths;
	sts_log_fn log;
	void *log_arg;
	struct sts *sts; /* of process pid */
	pid_t pid;
	size_t used; /* answers so far: the rest was never touched */
	size_t next; /* to be overwritten */
	struct sts_ask_answer answer[STS_ASK_REMEMBERED];
	struct sts_ask_answer unkept; /* what is not worth remembering */
};

/* Never NULL; borrowed until the next question. */
struct sts_ask_answer *sts_ask_domain(struct sts_ask *ask, const char *domain);

/* The same without waiting for anything: what was answered, however long
 * ago, or what the state says. */
struct sts_ask_answer *sts_ask_known(struct sts_ask *ask, const char *domain);

/* ANSWER is enforce, and WHY is why no MX host could be used. */
void sts_ask_blame(struct sts_ask_answer *answer, const char *why);

/* What this process works with, or NULL with ERR. */
struct sts *sts_ask_open(struct sts_ask *ask, struct sts_error *err);

void sts_ask_clear(struct sts_ask *ask);

#endif
