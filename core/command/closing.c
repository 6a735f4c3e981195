/* SPDX-License-Identifier: ISC */
/*
 * Days that are over, see closing.h.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mail.h"
#include "command/closing.h"
#include "command/tlsa.h"
#include "report/text.h"

#define DAY_SECONDS 86400

struct days {
	char (*name)[STS_JOURNAL_DAY];
	size_t count;
	bool failed; /* no memory */
};

/* What is done with the reports of a day. */
struct use {
	struct sts_closing *closing;
	struct sts_tlsas tlsas;
	sts_day_fn each; /* NULL: they are queued */
	void *arg;
};

bool
sts_closing_suppressed(const struct sts_config *config, const char *text)
{
	const struct sts_config_list *list = &config->report_suppress;
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcasecmp(list->item[i].value, text) == 0)
			return true;
	return false;
}

/* ---- which days ---------------------------------------------------------------- */

static bool
add_day(void *arg, const char *day)
{
	struct days *days = arg;
	void *grown;

	grown = reallocarray(days->name, days->count + 1, sizeof(*days->name));
	days->failed = grown == NULL;
	if (days->failed)
		return false;
	days->name = grown;
	memcpy(days->name[days->count++], day, STS_JOURNAL_DAY);
	return true;
}

static int
compare_days(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Of all journals, sorted; some more than once. */
static enum sts_rc
find_days(const struct sts_closing *closing, struct days *days,
    struct sts_error *err)
{
	enum sts_rc rc;
	size_t i;

	rc = sts_journal_days(closing->dir, add_day, days, err);
	for (i = 0; i < closing->others && rc == STS_OK; i++)
		rc = sts_journal_days_at(closing->other[i], add_day, days, err);
	if (rc == STS_OK && days->failed)
		rc = sts_error_set(err, STS_ENOMEM, "no memory");
	if (rc == STS_OK && days->count > 0)
		qsort(days->name, days->count, sizeof(*days->name),
		    compare_days);
	return rc;
}

static bool
is_over(const struct sts_closing *closing, const char *day)
{
	int64_t begin = sts_journal_begin(day);

	return begin != -1 &&
	       begin + DAY_SECONDS + STS_CLOSING_WAIT <= closing->now;
}

/* Copies of other hosts' days outlive our memory of having reported them. */
static bool
is_forgotten(const struct sts_closing *closing, const char *day)
{
	return !closing->suspect &&
	       sts_journal_begin(day) <
		   closing->now - closing->config->report_keep;
}

/* ---- one day -------------------------------------------------------------------- */

static bool
is_wanted(void *arg, const char *domain)
{
	const struct use *use = arg;

	return !sts_closing_suppressed(use->closing->config, domain);
}

static void
give_tlsa(void *arg, const char *host, struct sts_buf *text)
{
	const struct use *use = arg;

	sts_tlsas_give(&use->tlsas, host, text);
}

static void
tell(void *arg, const char *why)
{
	struct use *use = arg;

	use->closing->trouble = true;
	(void)sts_complain(STS_EXIT_UNSURE, "%s", why);
}

static void
add_host(void *arg, const char *host)
{
	struct use *use = arg;

	if (!sts_tlsas_add(&use->tlsas, host))
		tell(use, "no memory for TLSA records");
}

static const char *
organization(const struct sts_config *config)
{
	return config->report_org != NULL
		   ? config->report_org
		   : sts_mail_domain(config->report_from);
}

static enum sts_rc
use_day(struct use *use, struct sts_day *day, struct sts_error *err)
{
	struct sts_closing *closing = use->closing;
	size_t count = 0;
	enum sts_rc rc;

	sts_day_hosts(day, add_host, use);
	rc = sts_tlsas_look(&use->tlsas, closing->crew, err);
	if (rc != STS_OK)
		return rc;
	if (use->each != NULL)
		return sts_day_render(day, closing->now, use->each, use->arg,
		    err);
	rc = sts_day_queue(day, closing->now, &count, err);
	if (rc == STS_OK)
		closing->reports += count;
	return rc;
}

static enum sts_rc
take_day(struct use *use, const char *name, struct sts_error *err)
{
	struct sts_closing *closing = use->closing;
	const struct sts_day_setup setup = {
		.dir = closing->dir,
		.other = closing->other,
		.others = closing->others,
		.contact = closing->config->report_from,
		.organization = organization(closing->config),
		.delay = closing->config->report_delay,
		.wanted = is_wanted,
		.tlsa = give_tlsa,
		.complain = tell,
		.arg = use,
	};
	struct sts_day *day;
	size_t skipped;
	enum sts_rc rc;

	rc = sts_day_open(&setup, name, &day, &skipped, err);
	if (rc != STS_OK)
		return rc;
	closing->skipped += skipped;
	closing->days++;
	if (skipped > 0)
		(void)sts_complain(STS_EXIT_NO,
		    "journal %s: %zu damaged records passed over", name,
		    skipped);
	rc = use_day(use, day, err);
	sts_day_free(day);
	return rc;
}

/* Only what is not in the queue, nor was. */
static enum sts_rc
is_new(const struct sts_closing *closing, const char *day, bool *new,
    struct sts_error *err)
{
	enum sts_rc rc = sts_queue_is_whole(closing->dir, day, err);

	*new = rc == STS_ENODATA && !sts_journal_is_done(closing->dir, day) &&
	       !is_forgotten(closing, day);
	return rc == STS_ENODATA ? STS_OK : rc;
}

/* A run that ended behind "whole" did not come to empty the journal. */
static enum sts_rc
queue_day(struct use *use, const char *day, struct sts_error *err)
{
	struct sts_closing *closing = use->closing;
	bool new = false;
	enum sts_rc rc;

	rc = is_new(closing, day, &new, err);
	if (rc != STS_OK)
		return rc;
	if (!new && !sts_journal_is_done(closing->dir, day) &&
	    sts_queue_is_whole(closing->dir, day, err) == STS_OK)
		return sts_journal_done(closing->dir, day, err);
	if (!new)
		return STS_OK;
	rc = sts_journal_close(closing->dir, day, err);
	return rc == STS_OK ? take_day(use, day, err) : rc;
}

static enum sts_rc
each_day(struct use *use, bool unfinished, struct sts_error *err)
{
	struct sts_closing *closing = use->closing;
	struct days days = { NULL, 0, false };
	bool new;
	enum sts_rc rc;
	size_t i;

	rc = find_days(closing, &days, err);
	for (i = 0; i < days.count && rc == STS_OK; i++) {
		if ((i > 0 && strcmp(days.name[i - 1], days.name[i]) == 0) ||
		    (!unfinished && !is_over(closing, days.name[i])))
			continue;
		if (use->each == NULL) {
			rc = queue_day(use, days.name[i], err);
			continue;
		}
		rc = is_new(closing, days.name[i], &new, err);
		if (rc == STS_OK && new)
			rc = take_day(use, days.name[i], err);
	}
	free(days.name);
	sts_tlsas_clear(&use->tlsas);
	return rc;
}

enum sts_rc
sts_closing_queue(struct sts_closing *closing, struct sts_error *err)
{
	struct use use = { .closing = closing };

	return each_day(&use, false, err);
}

enum sts_rc
sts_closing_show(struct sts_closing *closing, bool unfinished, sts_day_fn each,
    void *arg, struct sts_error *err)
{
	struct use use = { .closing = closing, .each = each, .arg = arg };

	return each_day(&use, unfinished, err);
}

enum sts_rc
sts_closing_forget(struct sts_dir *dir, const struct sts_config *config,
    int64_t now, char day[STS_JOURNAL_DAY], struct sts_error *err)
{
	int64_t oldest = now - config->report_keep;

	if (!sts_journal_day(oldest, day))
		return sts_error_set(err, STS_ELOCAL, "the clock is not set");
	sts_text_sweep(dir, oldest);
	return sts_journal_expire(dir, day, err);
}
