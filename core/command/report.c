/* SPDX-License-Identifier: ISC */
/*
 * "report": for a timer.  Closes the days that are over, makes their reports
 * (RFC 8460), sends what is due, and forgets what is old.  One run at a time;
 * one that is interrupted anywhere is carried on by the next.  Where the site
 * has a collector, it gets the sessions instead.
 */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/closing.h"
#include "command/forward.h"
#include "command/sender.h"
#include "report/expected.h"
#include "report/gzip.h"
#include "report/letter.h"

#define NAME_MAX_LEN 255 /* octets of a file's name */

struct reporting {
	struct sts_call *call;
	struct sts_state *state;
	struct sts_dir *dir;
	struct sts_crew crew;
	struct sts_closing closing;
	struct sts_sender_count count;
	struct sts_forward_count forwarded;
	size_t lost;  /* reports that were too old */
	size_t shown; /* reports that went to the caller */
	int output;   /* directory for them */
};

/* ---- journals of other hosts ------------------------------------------------------- */

static enum sts_rc
open_others(struct reporting *r, struct sts_error *err)
{
	struct sts_closing *closing = &r->closing;
	int i, fd;

	if (r->call->argc > STS_CLOSING_OTHERS)
		return sts_error_set(err, STS_EUSAGE,
		    "more than %d journals of other hosts", STS_CLOSING_OTHERS);
	for (i = 0; i < r->call->argc; i++) {
		fd = open(r->call->argv[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd == -1)
			return sts_error_sys(err, STS_ESYS, "%s",
			    r->call->argv[i]);
		closing->other[closing->others++] = fd;
	}
	return STS_OK;
}

/* ---- reports for the caller ---------------------------------------------------------- */

static enum sts_rc
print_report(void *arg, const struct sts_queued *queued,
    const struct sts_buf *text, struct sts_error *err)
{
	struct reporting *r = arg;

	(void)queued;
	r->shown++;
	if (printf("%s\n", sts_buf_text(text)) < 0)
		return sts_error_sys(err, STS_ESYS, "standard output");
	return STS_OK;
}

static enum sts_rc
write_file(int dir, const char *name, const struct sts_buf *body,
    struct sts_error *err)
{
	int fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	ssize_t n;

	if (fd == -1)
		return sts_error_sys(err, STS_ESYS, "%s", name);
	n = write(fd, body->data, body->len);
	if (close(fd) == 0 && n == (ssize_t)body->len)
		return STS_OK;
	(void)sts_error_sys(err, STS_ESYS, "%s", name);
	(void)unlinkat(dir, name, 0);
	return STS_ESYS;
}

/* A name that is longer than a file's may be gives way to the report's
 * own, which is short. */
static enum sts_rc
write_named(struct reporting *r, const struct sts_queued *queued,
    const struct sts_buf *body, struct sts_error *err)
{
	const struct sts_letter letter = {
		.from = r->call->config.report_from,
		.domain = queued->domain,
		.begin = queued->begin,
		.end = queued->end,
		.part = queued->part == 1 ? 0 : queued->part,
	};
	struct sts_buf name;
	enum sts_rc rc;

	sts_buf_init(&name, 4 * NAME_MAX_LEN);
	rc = sts_letter_filename(&letter, &name, err);
	if (rc == STS_OK && name.len > NAME_MAX_LEN) {
		sts_buf_reset(&name);
		rc = sts_buf_printf(&name, "%s.json.gz", queued->id);
	}
	if (rc == STS_OK)
		rc = write_file(r->output, sts_buf_text(&name), body, err);
	sts_buf_clear(&name);
	return rc;
}

static enum sts_rc
write_report(void *arg, const struct sts_queued *queued,
    const struct sts_buf *text, struct sts_error *err)
{
	struct reporting *r = arg;
	struct sts_buf body;
	enum sts_rc rc;

	r->shown++;
	sts_buf_init(&body, STS_QUEUE_BODY);
	rc = sts_gzip(sts_buf_text(text), text->len, &body, err);
	if (rc == STS_OK)
		rc = write_named(r, queued, &body, err);
	sts_buf_clear(&body);
	return rc;
}

static enum sts_rc
show(struct reporting *r, struct sts_error *err)
{
	const char *path = r->call->output;
	enum sts_rc rc;

	if (path == NULL)
		return sts_closing_show(&r->closing, true, print_report, r,
		    err);
	r->output = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->output == -1)
		return sts_error_sys(err, STS_ESYS, "%s", path);
	rc = sts_closing_show(&r->closing, false, write_report, r, err);
	(void)close(r->output);
	if (rc == STS_OK && r->call->verbose)
		sts_print("report", "%zu written", r->shown);
	return rc;
}

/* ---- one run -------------------------------------------------------------------------- */

/* What is too old to be told, and what mail cannot be on its way any more. */
static enum sts_rc
tidy(struct reporting *r, struct sts_error *err)
{
	char day[STS_JOURNAL_DAY];
	enum sts_rc rc;

	if (r->closing.suspect) {
		(void)sts_complain(STS_EXIT_NO,
		    "the clock is implausible: nothing is forgotten or given "
		    "up");
		return STS_OK;
	}
	sts_expected_sweep(r->dir, r->closing.now);
	rc = sts_closing_forget(r->dir, &r->call->config, r->closing.now, day,
	    err);
	if (rc == STS_OK)
		rc = sts_queue_sweep(r->dir, day, &r->lost, err);
	if (r->lost > 0)
		(void)sts_complain(STS_EXIT_NO,
		    "%zu reports of days before %s were never sent", r->lost,
		    day);
	return rc;
}

static enum sts_rc
send_due(struct reporting *r, struct sts_error *err)
{
	const struct sts_sender_setup setup = {
		.config = &r->call->config,
		.dir = r->dir,
		.crew = &r->crew,
		.now = r->call->now,
		.suspect = r->closing.suspect,
		.verbose = r->call->verbose,
	};
	size_t lost;
	enum sts_rc rc;

	rc = sts_closing_queue(&r->closing, err);
	if (rc == STS_OK)
		rc = sts_sender_run(&setup, &r->count, err);
	if (rc == STS_OK) /* days of which all is sent */
		rc = sts_queue_sweep(r->dir, "", &lost, err);
	return rc;
}

static enum sts_exit
summarize(const struct reporting *r)
{
	const struct sts_sender_count *count = &r->count;
	enum sts_exit status = STS_EXIT_YES;
	struct sts_json *json;

	if (count->failed + count->given_up + r->lost > 0)
		status = STS_EXIT_NO;
	if (count->trouble || r->closing.trouble)
		status = STS_EXIT_UNSURE;
	if (!r->call->json) {
		sts_print("report",
		    "%zu days closed, %zu reports made, %zu sent, %zu failed, "
		    "%zu given up, %zu unwanted, %zu waiting",
		    r->closing.days, r->closing.reports, count->sent,
		    count->failed, count->given_up + r->lost, count->unwanted,
		    count->waiting);
		return status;
	}
	json = sts_json_new();
	sts_json_int(json, "days", (int64_t)r->closing.days);
	sts_json_int(json, "reports", (int64_t)r->closing.reports);
	sts_json_int(json, "sent", (int64_t)count->sent);
	sts_json_int(json, "failed", (int64_t)count->failed);
	sts_json_int(json, "given_up", (int64_t)(count->given_up + r->lost));
	sts_json_int(json, "passed", (int64_t)count->passed);
	sts_json_int(json, "unwanted", (int64_t)count->unwanted);
	sts_json_int(json, "waiting", (int64_t)count->waiting);
	sts_json_int(json, "damaged_records", (int64_t)r->closing.skipped);
	return sts_print_json(json, status);
}

static enum sts_rc
forward(struct reporting *r, struct sts_error *err)
{
	const struct sts_forward_setup setup = {
		.config = &r->call->config,
		.dir = r->dir,
		.crew = &r->crew,
		.now = r->closing.now,
		.suspect = r->closing.suspect,
	};

	return sts_forward_run(&setup, &r->forwarded, err);
}

static enum sts_exit
summarize_forwarded(const struct reporting *r)
{
	const struct sts_forward_count *count = &r->forwarded;
	enum sts_exit status = STS_EXIT_YES;
	struct sts_json *json;

	if (count->waiting + count->given_up + r->lost > 0)
		status = STS_EXIT_NO;
	if (!r->call->json) {
		sts_print("report",
		    "%zu sessions handed over, %zu unwanted, %zu waiting, "
		    "%zu given up",
		    count->sent, count->unwanted, count->waiting,
		    count->given_up);
		return status;
	}
	json = sts_json_new();
	sts_json_int(json, "sessions", (int64_t)count->sent);
	sts_json_int(json, "unwanted", (int64_t)count->unwanted);
	sts_json_int(json, "waiting", (int64_t)count->waiting);
	sts_json_int(json, "given_up", (int64_t)count->given_up);
	sts_json_int(json, "damaged_records", (int64_t)count->skipped);
	return sts_print_json(json, status);
}

static bool
collects(const struct reporting *r)
{
	return r->call->config.report_collector != NULL;
}

static bool
shows(const struct reporting *r)
{
	return r->call->dry_run || r->call->output != NULL;
}

static enum sts_rc
do_work(struct reporting *r, struct sts_error *err)
{
	if (collects(r))
		return forward(r, err);
	if (r->call->config.report_from == NULL)
		return sts_error_set(err, STS_ECONFIG,
		    "%s: without report-from there are no reports",
		    r->call->config.path);
	return shows(r) ? show(r, err) : send_due(r, err);
}

/* As the owner of the state, with all that is needed at hand. */
static enum sts_rc
work(struct reporting *r, struct sts_error *err)
{
	enum sts_rc rc = STS_OK;
	struct sts_now now;
	int lock = -1;

	sts_clock_now(&now);
	r->closing.now = now.wall;
	r->closing.suspect = sts_state_suspect(r->state, &now);
	r->closing.config = &r->call->config;
	r->closing.dir = r->dir;
	r->closing.crew = &r->crew;
	if (!shows(r)) {
		rc = sts_queue_lock(r->dir, &lock, err);
		if (rc == STS_OK)
			rc = tidy(r, err);
	}
	if (rc == STS_OK)
		rc = do_work(r, err);
	if (lock != -1)
		(void)close(lock);
	return rc;
}

static enum sts_exit
run(struct reporting *r)
{
	struct sts_error err;
	enum sts_rc rc;

	rc = open_others(r, &err);
	if (rc == STS_OK)
		rc = sts_crew_open(&r->crew, &r->call->config, r->state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	rc = work(r, &err);
	sts_crew_close(&r->crew);
	if (rc == STS_EBUSY) { /* it does what we would */
		(void)sts_complain(STS_EXIT_YES, "report: %s", err.text);
		return STS_EXIT_YES;
	}
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	if (shows(r))
		return r->closing.trouble ? STS_EXIT_UNSURE : STS_EXIT_YES;
	return collects(r) ? summarize_forwarded(r) : summarize(r);
}

/* Words that do not go with what the site has chosen. */
static enum sts_exit
check_call(const struct reporting *r)
{
	const struct sts_call *call = r->call;

	if (call->argc > 0 && !call->journal)
		return sts_complain(STS_EXIT_USAGE,
		    "report: \"%s\" is too much without --journal",
		    call->argv[0]);
	if (collects(r) && (call->journal || shows(r)))
		return sts_complain(STS_EXIT_USAGE,
		    "report: with report-collector there is no %s",
		    call->journal   ? "--journal"
		    : call->dry_run ? "--dry-run"
				    : "--output");
	return STS_EXIT_YES;
}

enum sts_exit
sts_run_report(struct sts_call *call)
{
	struct reporting r = { .call = call };
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;
	size_t i;

	status = check_call(&r);
	if (status != STS_EXIT_YES)
		return status;
	rc = sts_call_state(call, STS_DIR_WRITE, &r.state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	r.dir = sts_state_dir(r.state);
	status = run(&r);
	for (i = 0; i < r.closing.others; i++)
		(void)close(r.closing.other[i]);
	sts_state_free(r.state);
	return status;
}
