/* SPDX-License-Identifier: ISC */
/*
 * A day's reports, see day.h.
 */
#include <sys/random.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "report/check.h"
#include "report/day.h"
#include "report/gzip.h"
#include "report/text.h"

#define DAY_SECONDS 86400

struct sts_day {
	const struct sts_day_setup *setup;
	char name[STS_JOURNAL_DAY];
	int journal; /* the state's own, or -1 */
	struct sts_aggregate *sum;
	const struct sts_element **element; /* of the domain in hand */
};

/* ---- adding up ---------------------------------------------------------------- */

struct adding {
	struct sts_aggregate *sum;
	size_t bad; /* sessions of what is no domain */
	enum sts_rc rc;
	struct sts_error *err;
};

/* A TLSA result may be wanted by the MX host's own domain too (RFC 8460,
 * 1.1): it is in the reports of both. */
static void
add_host(struct adding *adding, const struct sts_session *session)
{
	struct sts_session of_host = *session;

	if (sts_domain_normalize(session->mx, strlen(session->mx),
		of_host.domain, NULL) == STS_OK &&
	    strcmp(of_host.domain, session->domain) != 0)
		adding->rc =
		    sts_aggregate_add(adding->sum, &of_host, adding->err);
}

static bool
add_session(void *arg, const struct sts_session *session)
{
	struct adding *adding = arg;

	if (!sts_domain_valid(session->domain, strlen(session->domain))) {
		adding->bad++;
		return true;
	}
	adding->rc = sts_aggregate_add(adding->sum, session, adding->err);
	if (adding->rc == STS_OK && session->type == STS_TYPE_TLSA)
		add_host(adding, session);
	return adding->rc == STS_OK;
}

static enum sts_rc
add_journal(struct sts_day *day, int fd, size_t *skipped, struct sts_error *err)
{
	struct adding adding = { .sum = day->sum, .err = err };
	size_t bad = 0;
	enum sts_rc rc;

	rc =
	    sts_journal_each_at(fd, day->name, add_session, &adding, &bad, err);
	*skipped += bad + adding.bad;
	if (rc == STS_ENODATA)
		return STS_OK;
	return rc == STS_OK ? adding.rc : rc;
}

static enum sts_rc
add_all(struct sts_day *day, size_t *skipped, struct sts_error *err)
{
	const struct sts_day_setup *setup = day->setup;
	enum sts_rc rc = STS_OK;
	size_t i;

	if (day->journal != -1)
		rc = add_journal(day, day->journal, skipped, err);
	for (i = 0; i < setup->others && rc == STS_OK; i++)
		rc = add_journal(day, setup->other[i], skipped, err);
	if (rc == STS_OK)
		rc = sts_aggregate_finish(day->sum, err);
	if (rc != STS_OK)
		return rc;
	day->element = calloc(sts_aggregate_count(day->sum) + 1,
	    sizeof(struct sts_element *));
	return day->element == NULL
		   ? sts_error_set(err, STS_ENOMEM, "no memory")
		   : STS_OK;
}

enum sts_rc
sts_day_open(const struct sts_day_setup *setup, const char *name,
    struct sts_day **out, size_t *skipped, struct sts_error *err)
{
	struct sts_day *day = calloc(1, sizeof(*day));
	enum sts_rc rc;

	*skipped = 0;
	if (day == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	day->setup = setup;
	(void)snprintf(day->name, sizeof(day->name), "%s", name);
	if (sts_dir_opendir(setup->dir, "journal", &day->journal, err) !=
	    STS_OK)
		day->journal = -1;
	rc = sts_aggregate_new(&day->sum, err);
	if (rc == STS_OK)
		rc = add_all(day, skipped, err);
	if (rc != STS_OK) {
		sts_day_free(day);
		return rc;
	}
	*out = day;
	return STS_OK;
}

void
sts_day_free(struct sts_day *day)
{
	if (day == NULL)
		return;
	if (day->journal != -1)
		(void)close(day->journal);
	sts_aggregate_free(day->sum);
	free(day->element);
	free(day);
}

void
sts_day_hosts(const struct sts_day *day,
    void (*each)(void *arg, const char *host), void *arg)
{
	const struct sts_element *element;
	size_t i;

	for (i = 0; i < sts_aggregate_count(day->sum); i++) {
		element = sts_aggregate_element(day->sum, i);
		if (element->type == STS_TYPE_TLSA)
			each(arg, element->policy_domain);
	}
}

struct making {
	struct sts_day *day;
	struct sts_queued queued;
	int64_t now;
	sts_day_fn each;
	void *arg;
};

/* ---- policies ----------------------------------------------------------------- */

static void
give_policy(void *arg, const struct sts_element *element, struct sts_buf *text)
{
	const struct making *making = arg;
	const struct sts_day *day = making->day;
	const struct sts_day_setup *setup = day->setup;

	if (element->type == STS_TYPE_TLSA && setup->tlsa != NULL)
		setup->tlsa(setup->arg, element->policy_domain, text);
	if (element->type == STS_TYPE_STS && element->policy_hash != 0)
		(void)!sts_text_find(setup->dir, day->journal, setup->other,
		    setup->others, element->domain, element->policy_hash, text);
}

/* ---- reports ------------------------------------------------------------------ */

static enum sts_rc
draw(uint64_t *number, struct sts_error *err)
{
	if (getrandom(number, sizeof(*number), 0) == (ssize_t)sizeof(*number))
		return STS_OK;
	return sts_error_sys(err, STS_ELOCAL, "getrandom");
}

static enum sts_rc
give_part(void *arg, unsigned part, const char *id, const struct sts_buf *text,
    struct sts_error *err)
{
	struct making *making = arg;
	struct sts_queued *queued = &making->queued;
	enum sts_rc rc;

	queued->number++;
	queued->part = part;
	(void)snprintf(queued->id, sizeof(queued->id), "%s", id);
	rc = sts_check_report(sts_buf_text(text), text->len, err);
	if (rc != STS_OK)
		return sts_error_prefix(err, "%s", queued->domain);
	return making->each(making->arg, queued, text, err);
}

/* COUNT elements, all of one domain. */
static enum sts_rc
make_report(struct making *making, size_t count, struct sts_error *err)
{
	const struct sts_day *day = making->day;
	const struct sts_day_setup *setup = day->setup;
	const struct sts_render_calls calls = { give_policy, give_part,
		making };
	struct sts_queued *queued = &making->queued;
	uint64_t unique, delay;
	struct sts_render_head head = {
		.organization = setup->organization,
		.contact = setup->contact,
		.begin = queued->begin,
		.end = queued->end,
	};
	char id[STS_JOURNAL_DAY + 20];
	enum sts_rc rc;

	rc = draw(&unique, err);
	if (rc == STS_OK)
		rc = draw(&delay, err);
	if (rc != STS_OK)
		return rc;
	(void)snprintf(id, sizeof(id), "%s.%016" PRIx64, day->name, unique);
	head.id = id;
	queued->due =
	    making->now + (int64_t)(delay % ((uint64_t)setup->delay + 1));
	(void)snprintf(queued->domain, sizeof(queued->domain), "%s",
	    day->element[0]->domain);
	return sts_render(&head, day->element, count, &calls, err);
}

enum sts_rc
sts_day_render(struct sts_day *day, int64_t now, sts_day_fn each, void *arg,
    struct sts_error *err)
{
	const struct sts_day_setup *setup = day->setup;
	struct making making = {
		.day = day, .now = now, .each = each, .arg = arg
	};
	size_t i, count = 0, total = sts_aggregate_count(day->sum);
	const struct sts_element *element, *next;
	enum sts_rc rc = STS_OK;

	(void)snprintf(making.queued.day, sizeof(making.queued.day), "%s",
	    day->name);
	making.queued.begin = sts_journal_begin(day->name);
	making.queued.end = making.queued.begin + DAY_SECONDS - 1;
	for (i = 0; i < total && rc == STS_OK; i++) {
		element = sts_aggregate_element(day->sum, i);
		day->element[count++] = element;
		next = i + 1 < total ? sts_aggregate_element(day->sum, i + 1)
				     : NULL;
		if (next != NULL && strcmp(next->domain, element->domain) == 0)
			continue;
		if (setup->wanted(setup->arg, element->domain))
			rc = make_report(&making, count, err);
		if (rc == STS_EUSAGE) { /* one of them must not cost all */
			setup->complain(setup->arg, err->text);
			rc = STS_OK;
		}
		count = 0;
	}
	return rc;
}

/* ---- the queue ---------------------------------------------------------------- */

struct queuing {
	struct sts_dir *dir;
	size_t count;
};

static enum sts_rc
queue_one(void *arg, const struct sts_queued *queued,
    const struct sts_buf *text, struct sts_error *err)
{
	struct queuing *queuing = arg;
	struct sts_buf body;
	enum sts_rc rc;

	sts_buf_init(&body, STS_QUEUE_BODY);
	rc = sts_gzip(sts_buf_text(text), text->len, &body, err);
	if (rc == STS_OK)
		rc = sts_queue_add(queuing->dir, queued, &body, err);
	if (rc == STS_OK)
		queuing->count++;
	sts_buf_clear(&body);
	return rc;
}

enum sts_rc
sts_day_queue(struct sts_day *day, int64_t now, size_t *count,
    struct sts_error *err)
{
	struct sts_dir *dir = day->setup->dir;
	struct queuing queuing = { dir, 0 };
	enum sts_rc rc;

	rc = sts_queue_begin(dir, day->name, err);
	if (rc == STS_OK)
		rc = sts_day_render(day, now, queue_one, &queuing, err);
	if (rc == STS_OK)
		rc = sts_queue_commit(dir, day->name, err);
	if (rc == STS_OK)
		rc = sts_journal_done(dir, day->name, err);
	*count = queuing.count;
	return rc;
}
