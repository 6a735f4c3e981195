/* SPDX-License-Identifier: ISC */
/*
 * "refresh": for a timer.  Renews what is due before it can run out, whatever
 * DNS says (RFC 8461, 10.2), and tells the operator what could not be.  When
 * a policy is due is spread by the state, how many at once by the crew.
 */
#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/closing.h"
#include "command/crew.h"
#include "command/names.h"

/* A ledger of more octets for each policy is worth rewriting. */
#define LEDGER_MIN        (1024 * 1024)
#define LEDGER_PER_POLICY 8192

struct refresh {
	const struct sts_call *call;
	struct sts_state *state;
	struct sts_crew crew;
	struct sts_names names;
	struct sts_now now;
	size_t due, renewed, failed, unsure, seen;
	bool progress;
};

static void
say_progress(const struct refresh *refresh)
{
	if (refresh->progress)
		(void)fprintf(stderr, "\r%zu of %zu", refresh->seen,
		    refresh->names.count);
}

static void
job_done(struct refresh *refresh)
{
	refresh->seen++;
	say_progress(refresh);
	sts_crew_done(&refresh->crew);
}

static void
say_failure(struct refresh *refresh, const struct sts_outcome *outcome)
{
	char until[STS_TIME_TEXT];

	if (refresh->progress)
		(void)fputc('\r', stderr);
	(void)sts_complain(STS_EXIT_NO, "%s: not renewed: %s%s%s",
	    outcome->domain, outcome->reason,
	    outcome->entry == NULL ? "" : "; its policy holds until ",
	    outcome->entry == NULL
		? ""
		: sts_time_text(outcome->entry->expires, until));
}

enum result {
	RESULT_RENEWED,
	RESULT_GONE,
	RESULT_FAILED,
	RESULT_UNSURE
};

/* A policy that turns itself off may fail unseen (RFC 8461, 3.3). */
static enum result
judge(const struct refresh *refresh, const struct sts_outcome *outcome)
{
	const struct sts_entry *entry = outcome->entry;

	if (entry != NULL && entry->fetched.wall >= refresh->now.wall)
		return RESULT_RENEWED;
	if (entry != NULL && entry->policy->mode == STS_MODE_NONE)
		return RESULT_GONE;
	if (outcome->answer == STS_ANSWER_NONE && outcome->cause == STS_OK)
		return RESULT_GONE;
	if (outcome->answer == STS_ANSWER_DAMAGED ||
	    outcome->cause == STS_ELOCAL)
		return RESULT_UNSURE;
	return RESULT_FAILED;
}

static void
finished(void *arg, const struct sts_outcome *outcome)
{
	struct refresh *refresh = arg;
	enum result result = judge(refresh, outcome);

	refresh->renewed += result == RESULT_RENEWED;
	refresh->failed += result == RESULT_FAILED;
	refresh->unsure += result == RESULT_UNSURE;
	if (result == RESULT_FAILED || result == RESULT_UNSURE)
		say_failure(refresh, outcome);
	job_done(refresh);
}

static bool
is_due(const struct refresh *refresh, const struct sts_known *known)
{
	if (known->kind == STS_KNOWN_NONE) /* let go: only remembered */
		return false;
	return refresh->call->all || known->kind != STS_KNOWN_FRESH;
}

static void
start(void *arg, size_t i)
{
	struct refresh *refresh = arg;
	const char *domain = refresh->names.name[i];
	struct sts_known known;
	struct sts_error err;
	bool due;

	sts_state_load(refresh->state, domain, &refresh->now, &known);
	due = is_due(refresh, &known);
	sts_known_clear(&known);
	if (!due) {
		job_done(refresh);
		return;
	}
	refresh->due++;
	if (sts_job_start(sts_net_io(refresh->crew.net), &refresh->crew.options,
		domain, finished, refresh, &err) == STS_OK)
		return;
	refresh->unsure++;
	(void)sts_complain(STS_EXIT_UNSURE, "%s: %s", domain, err.text);
	job_done(refresh);
}

static void
tidy_ledger(const struct refresh *refresh)
{
	struct sts_dir *dir = sts_state_dir(refresh->state);
	struct sts_error err;
	struct stat st;
	int fd, rc;

	if (sts_dir_openat(dir, "ledger", O_RDONLY, &fd, &err) != STS_OK)
		return;
	rc = fstat(fd, &st);
	(void)close(fd);
	if (rc == -1 || st.st_size < LEDGER_MIN ||
	    (size_t)st.st_size < LEDGER_PER_POLICY * refresh->names.count)
		return;
	if (sts_ledger_compact(dir, &err) != STS_OK)
		(void)sts_complain(STS_EXIT_UNSURE, "ledger: %s", err.text);
}

/* Where no reports are made, nobody else forgets the sessions. */
static void
tidy_journal(const struct refresh *refresh)
{
	char day[STS_JOURNAL_DAY];
	struct sts_error err;

	if (sts_state_suspect(refresh->state, &refresh->now))
		return;
	if (sts_closing_forget(sts_state_dir(refresh->state),
		&refresh->call->config, refresh->now.wall, day, &err) != STS_OK)
		(void)sts_complain(STS_EXIT_UNSURE, "journal: %s", err.text);
}

static enum sts_exit
summarize(const struct refresh *refresh)
{
	enum sts_exit status = STS_EXIT_YES;
	struct sts_json *json;

	if (refresh->failed > 0)
		status = STS_EXIT_NO;
	if (refresh->unsure > 0)
		status = STS_EXIT_UNSURE;
	if (!refresh->call->json) {
		sts_print("refresh",
		    "%zu policies, %zu due, %zu renewed, %zu failed",
		    refresh->names.count, refresh->due, refresh->renewed,
		    refresh->failed + refresh->unsure);
		return status;
	}
	json = sts_json_new();
	sts_json_int(json, "policies", (int64_t)refresh->names.count);
	sts_json_int(json, "due", (int64_t)refresh->due);
	sts_json_int(json, "renewed", (int64_t)refresh->renewed);
	sts_json_int(json, "failed",
	    (int64_t)(refresh->failed + refresh->unsure));
	return sts_print_json(json, status);
}

static enum sts_rc
refresh_all(struct refresh *refresh, struct sts_error *err)
{
	enum sts_rc rc;

	rc =
	    sts_names_load(sts_state_dir(refresh->state), &refresh->names, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_crew_open(&refresh->crew, &refresh->call->config,
	    refresh->state, err);
	if (rc != STS_OK)
		return rc;
	refresh->crew.options.force = refresh->call->all;
	rc = sts_crew_run(&refresh->crew, refresh->names.count, start, refresh,
	    err);
	sts_crew_close(&refresh->crew);
	if (refresh->progress)
		(void)fputs("\r", stderr);
	tidy_ledger(refresh);
	tidy_journal(refresh);
	return rc;
}

enum sts_exit
sts_run_refresh(struct sts_call *call)
{
	struct refresh refresh = { .call = call,
		.progress = isatty(STDERR_FILENO) == 1 };
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	rc = sts_call_state(call, STS_DIR_WRITE, &refresh.state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	sts_clock_now(&refresh.now);
	rc = refresh_all(&refresh, &err);
	status = rc == STS_OK
		     ? summarize(&refresh)
		     : sts_complain(sts_exit_status(rc), "%s", err.text);
	sts_names_clear(&refresh.names);
	sts_state_free(refresh.state);
	return status;
}
