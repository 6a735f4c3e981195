/* SPDX-License-Identifier: ISC */
/*
 * Handing over sessions, see forward.h.  A day's sessions are set apart, and
 * read twice: for the domains that DNS is asked about, and to be told.  How
 * many are told is written down now and then, so that a crash tells few again.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/domain.h"
#include "command/closing.h"
#include "command/forward.h"
#include "policy/record.h"
#include "report/collector.h"
#include "report/journal.h"
#include "report/text.h"

#define TLSRPT_PREFIX "_smtp._tls."
#define DNS_MS        10000
#define SETTLE_MS     100   /* a delivery that had the file open has written */
#define STEP          100   /* sessions */
#define PATIENCE      86400 /* seconds, for DNS */

struct wish { /* what a domain asks for */
	struct forward *forward;
	char domain[STS_DOMAIN_MAX + 1];
	bool asked;
	bool failed;  /* DNS could not tell */
	char *record; /* NULL: it asks for nothing */
};

struct forward {
	const struct sts_forward_setup *setup;
	struct sts_forward_count *count;
	struct sts_collector *collector;
	struct wish **wish; /* sorted */
	size_t wishes, room;
	char (*day)[STS_JOURNAL_DAY];
	size_t days;
	int journal;
	/* Of the day in hand. */
	const char *name;
	uint64_t told, at; /* sessions */
	enum sts_rc rc;
	struct sts_error *err;
};

/* ---- who asks for reports ------------------------------------------------------ */

/* Where DOMAIN is, or belongs. */
static size_t
place_of(const struct forward *forward, const char *domain)
{
	size_t low = 0, high = forward->wishes, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (strcmp(forward->wish[middle]->domain, domain) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct wish *
find_wish(const struct forward *forward, const char *domain)
{
	size_t place = place_of(forward, domain);

	if (place == forward->wishes ||
	    strcmp(forward->wish[place]->domain, domain) != 0)
		return NULL;
	return forward->wish[place];
}

static enum sts_rc
add_wish(struct forward *forward, const char *domain)
{
	size_t place = place_of(forward, domain);
	struct wish *wish;
	void *grown;

	if (forward->wishes == forward->room) {
		grown = reallocarray(forward->wish, 2 * forward->room + 16,
		    sizeof(struct wish *));
		if (grown == NULL)
			return STS_ENOMEM;
		forward->wish = grown;
		forward->room = 2 * forward->room + 16;
	}
	wish = calloc(1, sizeof(*wish));
	if (wish == NULL)
		return STS_ENOMEM;
	wish->forward = forward;
	memcpy(wish->domain, domain, strlen(domain) + 1);
	memmove(forward->wish + place + 1, forward->wish + place,
	    (forward->wishes - place) * sizeof(struct wish *));
	forward->wish[place] = wish;
	forward->wishes++;
	return STS_OK;
}

static bool
is_reported(const struct forward *forward, const struct sts_session *session)
{
	return sts_domain_valid(session->domain, strlen(session->domain)) &&
	       !sts_closing_suppressed(forward->setup->config, session->domain);
}

static bool
collect(void *arg, const struct sts_session *session)
{
	struct forward *forward = arg;

	if (forward->at++ < forward->told || !is_reported(forward, session) ||
	    find_wish(forward, session->domain) != NULL)
		return true;
	forward->rc = add_wish(forward, session->domain);
	if (forward->rc != STS_OK)
		(void)sts_error_set(forward->err, forward->rc, "no memory");
	return forward->rc == STS_OK;
}

/* The one of them that is a record, if all are as RFC 8460 has them. */
static void
read_record(struct wish *wish, const struct sts_dns_answer *answer)
{
	struct sts_txt_rr txt[STS_DNS_RR_MAX];
	struct sts_tlsrpt_record record;
	size_t i;

	for (i = 0; i < answer->count; i++)
		txt[i] = (struct sts_txt_rr){ answer->rr[i].data,
			answer->rr[i].len };
	if (sts_tlsrpt_record_parse(txt, answer->count, &record, NULL) !=
	    STS_OK)
		return;
	sts_tlsrpt_record_clear(&record);
	for (i = 0; i < answer->count && wish->record == NULL; i++) {
		if (sts_tlsrpt_record_parse(&txt[i], 1, &record, NULL) !=
		    STS_OK)
			continue;
		sts_tlsrpt_record_clear(&record);
		wish->record = strdup(txt[i].data);
		wish->failed = wish->record == NULL;
	}
}

static void
answered(void *arg, const struct sts_dns_answer *answer)
{
	struct wish *wish = arg;

	wish->failed = answer->status > STS_DNS_NODATA;
	if (wish->failed)
		(void)sts_complain(STS_EXIT_NO, "%s: %s", wish->domain,
		    answer->reason);
	else if (answer->status == STS_DNS_OK)
		read_record(wish, answer);
	sts_crew_done(wish->forward->setup->crew);
}

static void
ask(void *arg, size_t i)
{
	struct forward *forward = arg;
	struct sts_crew *crew = forward->setup->crew;
	char name[sizeof(TLSRPT_PREFIX) + STS_DOMAIN_MAX];
	struct wish *wish = forward->wish[i];
	bool asks = !wish->asked;

	(void)snprintf(name, sizeof(name), TLSRPT_PREFIX "%s", wish->domain);
	wish->asked = true;
	if (asks && strlen(name) <= STS_DOMAIN_MAX) {
		if (sts_dns_query(sts_net_dns(crew->net), name, STS_DNS_TXT,
			DNS_MS, answered, wish) != NULL)
			return;
		wish->failed = true;
	}
	sts_crew_done(crew);
}

/* ---- telling --------------------------------------------------------------------- */

/* A session whose domain could not be asked waits among those to come. */
static enum sts_rc
put_back(struct forward *forward, const struct sts_session *session)
{
	const struct sts_forward_setup *setup = forward->setup;

	if (!setup->suspect && session->at < setup->now - PATIENCE) {
		forward->count->given_up++;
		return STS_OK;
	}
	forward->count->waiting++;
	return sts_journal_add(setup->dir, session, forward->err);
}

static enum sts_rc
hand_over(struct forward *forward, const char *record,
    const struct sts_session *session)
{
	struct sts_buf policy;
	enum sts_rc rc;

	sts_buf_init(&policy, STS_POLICY_TEXT_MAX);
	if (session->type == STS_TYPE_STS && session->policy_hash != 0)
		(void)!sts_text_find(forward->setup->dir, forward->journal,
		    NULL, 0, session->domain, session->policy_hash, &policy);
	rc = sts_collector_send(forward->collector, record, session, &policy,
	    forward->err);
	sts_buf_clear(&policy);
	if (rc == STS_EUSAGE) { /* one of them must not cost all */
		(void)sts_complain(STS_EXIT_NO, "%s: %s", session->domain,
		    forward->err->text);
		forward->count->given_up++;
		return STS_OK;
	}
	forward->count->sent += rc == STS_OK;
	return rc;
}

static enum sts_rc
tell(struct forward *forward, const struct sts_session *session)
{
	const struct wish *wish = find_wish(forward, session->domain);

	if (is_reported(forward, session)) {
		if (wish == NULL || wish->failed) /* NULL: came just now */
			return put_back(forward, session);
		if (wish->record != NULL)
			return hand_over(forward, wish->record, session);
	}
	forward->count->unwanted++;
	return STS_OK;
}

static bool
tell_next(void *arg, const struct sts_session *session)
{
	struct forward *forward = arg;

	if (forward->at++ < forward->told)
		return true;
	forward->rc = tell(forward, session);
	if (forward->rc != STS_OK)
		return false;
	forward->told++;
	if (forward->told % STEP == 0)
		forward->rc = sts_journal_tell(forward->setup->dir,
		    forward->name, forward->told, forward->err);
	return forward->rc == STS_OK;
}

/* ---- days -------------------------------------------------------------------------- */

static enum sts_rc
read_taken(struct forward *forward, sts_journal_fn each, size_t *skipped)
{
	enum sts_rc rc;

	forward->at = 0;
	forward->rc = STS_OK;
	rc = sts_journal_taken(forward->setup->dir, forward->name, each,
	    forward, skipped, forward->err);
	return rc == STS_OK ? forward->rc : rc;
}

/* What was told is on the disk, whatever ended it. */
static enum sts_rc
tell_taken(struct forward *forward)
{
	struct sts_dir *dir = forward->setup->dir;
	size_t skipped = 0;
	enum sts_rc rc;

	rc = read_taken(forward, tell_next, &skipped);
	if (rc == STS_OK) {
		forward->count->skipped += skipped;
		return sts_journal_drop(dir, forward->name, forward->err);
	}
	(void)!sts_journal_tell(dir, forward->name, forward->told, NULL);
	return rc;
}

static enum sts_rc
forward_day(struct forward *forward, const char *name)
{
	static const struct timespec settle = { 0, SETTLE_MS * 1000000 };
	const struct sts_forward_setup *setup = forward->setup;
	size_t skipped;
	enum sts_rc rc;
	bool fresh;

	rc = sts_journal_take(setup->dir, name, &fresh, forward->err);
	if (rc != STS_OK)
		return rc == STS_ENODATA ? STS_OK : rc;
	if (fresh)
		(void)nanosleep(&settle, NULL);
	forward->name = name;
	forward->told = sts_journal_told(setup->dir, name);
	rc = read_taken(forward, collect, &skipped);
	if (rc == STS_OK)
		rc = sts_crew_run(setup->crew, forward->wishes, ask, forward,
		    forward->err);
	return rc == STS_OK ? tell_taken(forward) : rc;
}

static bool
add_day(void *arg, const char *day)
{
	struct forward *forward = arg;
	void *grown;

	grown = reallocarray(forward->day, forward->days + 1,
	    sizeof(*forward->day));
	if (grown == NULL) {
		forward->rc =
		    sts_error_set(forward->err, STS_ENOMEM, "no memory");
		return false;
	}
	forward->day = grown;
	memcpy(forward->day[forward->days++], day, STS_JOURNAL_DAY);
	return true;
}

static enum sts_rc
forward_all(struct forward *forward)
{
	struct sts_dir *dir = forward->setup->dir;
	enum sts_rc rc;
	size_t i;

	rc = sts_journal_taken_days(dir, add_day, forward, forward->err);
	if (rc == STS_OK)
		rc = forward->rc;
	if (rc == STS_OK)
		rc = sts_dir_opendir(dir, "journal", &forward->journal,
		    forward->err);
	for (i = 0; i < forward->days && rc == STS_OK; i++)
		rc = forward_day(forward, forward->day[i]);
	return rc;
}

enum sts_rc
sts_forward_run(const struct sts_forward_setup *setup,
    struct sts_forward_count *count, struct sts_error *err)
{
	struct forward forward = {
		.setup = setup, .count = count, .journal = -1, .err = err
	};
	enum sts_rc rc;
	size_t i;

	memset(count, 0, sizeof(*count));
	rc = sts_collector_open(setup->config->report_collector,
	    &forward.collector, err);
	if (rc != STS_OK)
		return rc;
	rc = forward_all(&forward);
	for (i = 0; i < forward.wishes; i++) {
		free(forward.wish[i]->record);
		free(forward.wish[i]);
	}
	free(forward.wish);
	free(forward.day);
	if (forward.journal != -1)
		(void)close(forward.journal);
	sts_collector_close(forward.collector);
	return rc;
}
