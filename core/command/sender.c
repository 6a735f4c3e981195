/* SPDX-License-Identifier: ISC */
/*
 * Sending reports, see sender.h.  One report at a time goes to its places one
 * after the other; many reports are under way at once.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/siphash.h"
#include "base/uri.h"
#include "command/closing.h"
#include "command/sender.h"
#include "report/expected.h"
#include "report/letter.h"
#include "report/submit.h"
#include "resolve/poster.h"

#define TLSRPT_PREFIX "_smtp._tls."
#define DNS_MS        10000
#define POST_MS       60000
#define LETTER_MAX    (2 * STS_QUEUE_BODY)
#define FIRST_RETRY   900   /* seconds */
#define LAST_RETRY    14400 /* doubling up to that */
#define TYPE          "application/tlsrpt+gzip"

struct report { /* which: its files */
	char day[STS_JOURNAL_DAY];
	unsigned number;
};

struct tally { /* what went to one rua in this run */
	uint64_t sum;
	int64_t count;
};

struct sender {
	const struct sts_sender_setup *setup;
	struct sts_sender_count *count;
	struct sts_poster *poster;
	int64_t now;
	int64_t started; /* reports, in this run */
	bool unsigned_told;
	struct report *report;
	size_t reports;
	struct tally *tally;
	size_t tallies;
};

struct parcel { /* a report under way */
	struct sender *sender;
	struct sts_queued queued;
	struct sts_buf body;
	struct sts_uri uri; /* that it is being posted to */
	size_t next;        /* rua */
	bool failed;        /* one of them did */
};

int64_t
sts_sender_patience(unsigned tries)
{
	int64_t wait = FIRST_RETRY;

	while (tries-- > 1 && wait < LAST_RETRY)
		wait *= 2;
	return wait < LAST_RETRY ? wait : LAST_RETRY;
}

/* ---- words ---------------------------------------------------------------------- */

static void
complain(struct parcel *parcel, const char *to, const char *why)
{
	const struct sts_queued *queued = &parcel->queued;

	(void)sts_complain(STS_EXIT_NO, "report %s %s%s%s: %s", queued->day,
	    queued->domain, to[0] == '\0' ? "" : " to ", to, why);
}

/* Of our own doing: what went wrong is not the receiver's fault. */
static void
trouble(struct parcel *parcel, const struct sts_error *err)
{
	parcel->sender->count->trouble = true;
	complain(parcel, "", err->text);
}

static void
announce(const struct parcel *parcel, const char *to)
{
	const struct sts_queued *queued = &parcel->queued;

	if (parcel->sender->setup->verbose)
		sts_print("sent", "%s %s to %s", queued->day, queued->domain,
		    to);
}

/* ---- the end of a try ------------------------------------------------------------ */

static void
parcel_free(struct parcel *parcel)
{
	struct sender *sender = parcel->sender;

	sts_buf_clear(&parcel->body);
	free(parcel);
	sts_crew_done(sender->setup->crew);
}

static bool
store(struct parcel *parcel)
{
	struct sts_error err;

	if (sts_queue_write(parcel->sender->setup->dir, &parcel->queued,
		&err) == STS_OK)
		return true;
	trouble(parcel, &err);
	return false;
}

static void
drop(struct parcel *parcel)
{
	struct sts_error err;

	if (sts_queue_remove(parcel->sender->setup->dir, &parcel->queued,
		&err) != STS_OK)
		trouble(parcel, &err);
	parcel_free(parcel);
}

static size_t
waiting(const struct sts_queued *queued)
{
	size_t i, count = 0;

	for (i = 0; i < queued->count; i++)
		count += queued->rua[i].state == STS_RUA_WAITING;
	return count;
}

static bool
is_too_late(const struct parcel *parcel)
{
	return !parcel->sender->setup->suspect && parcel->queued.first != 0 &&
	       parcel->sender->now - parcel->queued.first >= STS_QUEUE_RETRY;
}

/* RFC 8460, 5.5: a day of tries, then no more. */
static void
give_up(struct parcel *parcel)
{
	struct sts_queued *queued = &parcel->queued;
	size_t i;

	for (i = 0; i < queued->count; i++) {
		if (queued->rua[i].state != STS_RUA_WAITING)
			continue;
		queued->rua[i].state = STS_RUA_FAILED;
		parcel->sender->count->given_up++;
		complain(parcel, queued->rua[i].uri,
		    "given up after a day of tries");
	}
	if (!queued->asked) {
		parcel->sender->count->given_up++;
		complain(parcel, "",
		    "given up: for a day DNS could not tell who wants it");
	}
	drop(parcel);
}

static void
try_later(struct parcel *parcel)
{
	struct sts_queued *queued = &parcel->queued;

	if (is_too_late(parcel)) {
		give_up(parcel);
		return;
	}
	if (parcel->failed)
		queued->due =
		    parcel->sender->now + sts_sender_patience(queued->tries);
	parcel->sender->count->waiting++;
	(void)store(parcel);
	parcel_free(parcel);
}

static void
conclude(struct parcel *parcel)
{
	if (parcel->queued.asked && waiting(&parcel->queued) == 0)
		drop(parcel);
	else
		try_later(parcel);
}

/* ---- one rua ---------------------------------------------------------------------- */

static void try_next(struct parcel *parcel);

/* So many are enough for one receiver and run (RFC 8460, 7). */
static bool
has_enough(struct sender *sender, const char *uri)
{
	uint64_t sum = sts_checksum(uri, strlen(uri));
	struct tally *grown;
	size_t i;

	for (i = 0; i < sender->tallies; i++)
		if (sender->tally[i].sum == sum)
			return ++sender->tally[i].count >
			       sender->setup->config->report_per_rua;
	grown =
	    reallocarray(sender->tally, sender->tallies + 1, sizeof(*grown));
	if (grown == NULL)
		return true;
	sender->tally = grown;
	grown[sender->tallies++] = (struct tally){ sum, 1 };
	return false;
}

static void
settle(struct parcel *parcel, enum sts_rua_state state)
{
	parcel->queued.rua[parcel->next].state = state;
	(void)store(parcel);
}

static void
accepted(struct parcel *parcel)
{
	announce(parcel, parcel->queued.rua[parcel->next].uri);
	parcel->sender->count->sent++;
	settle(parcel, STS_RUA_SENT);
}

static void
refused(struct parcel *parcel, const struct sts_error *err)
{
	parcel->failed = true;
	parcel->sender->count->failed++;
	complain(parcel, parcel->queued.rua[parcel->next].uri, err->text);
}

static void
posted(void *arg, const struct sts_posted *result)
{
	struct parcel *parcel = arg;

	if (result->error.rc == STS_OK)
		accepted(parcel);
	else
		refused(parcel, &result->error);
	parcel->next++;
	try_next(parcel);
}

static enum sts_rc
submit(struct parcel *parcel, const char *address, struct sts_error *err)
{
	const struct sts_sender_setup *setup = parcel->sender->setup;
	const struct sts_config *config = setup->config;
	const struct sts_queued *queued = &parcel->queued;
	const struct sts_letter letter = {
		.from = config->report_from,
		.organisation = config->report_org,
		.to = address,
		.domain = queued->domain,
		.report_id = queued->id,
		.begin = queued->begin,
		.end = queued->end,
		.part = queued->part == 1 ? 0 : queued->part,
		.date = parcel->sender->now,
		.gz = parcel->body.data,
		.gz_len = parcel->body.len,
	};
	struct sts_buf text;
	enum sts_rc rc;

	sts_buf_init(&text, LETTER_MAX);
	rc = sts_letter_build(&letter, &text, err);
	if (rc == STS_OK) /* the MTA must know it before it has it */
		rc = sts_expected_add(setup->dir, address, parcel->sender->now,
		    err);
	if (rc == STS_OK)
		rc = sts_submit(config->report_sendmail, config->report_from,
		    text.data, text.len, STS_SUBMIT_TIMEOUT_MS, err);
	sts_buf_clear(&text);
	return rc;
}

static void
mail(struct parcel *parcel, const char *address)
{
	struct sts_error err;

	if (submit(parcel, address, &err) == STS_OK)
		accepted(parcel);
	else
		refused(parcel, &err);
	parcel->next++;
}

/* RFC 8460, 3: mail reports are signed.  Who signs is the MTA, so its
 * operator has to say that it does. */
static bool
is_signed(struct sender *sender)
{
	if (!sender->setup->config->report_dkim && !sender->unsigned_told) {
		sender->unsigned_told = true;
		(void)sts_complain(STS_EXIT_NO,
		    "no report goes by mail, since report-dkim does not say "
		    "that the MTA signs it");
	}
	return sender->setup->config->report_dkim;
}

static bool
is_suppressed(const struct parcel *parcel, const char *uri, const char *address,
    const char *domain)
{
	const struct sts_config *config = parcel->sender->setup->config;

	return sts_closing_suppressed(config, uri) ||
	       sts_closing_suppressed(config, address) ||
	       sts_closing_suppressed(config, domain);
}

/* True when it is under way, and posted() will be called. */
static bool
try_https(struct parcel *parcel, const char *text)
{
	struct sender *sender = parcel->sender;
	const struct sts_fetch_report report = { &parcel->uri, TYPE,
		parcel->body.data, parcel->body.len };
	struct sts_error err = { .rc = STS_OK };

	if (sts_uri_https(text, strlen(text), &parcel->uri, &err) != STS_OK)
		complain(parcel, text, err.text);
	if (err.rc != STS_OK ||
	    is_suppressed(parcel, text, "", parcel->uri.host)) {
		sender->count->passed++;
		settle(parcel, STS_RUA_PASSED);
	} else if (!has_enough(sender, text)) {
		if (sts_poster_send(sender->poster, &report, POST_MS, posted,
			parcel) != NULL)
			return true;
		(void)sts_error_set(&err, STS_ENOMEM, "no memory");
		refused(parcel, &err);
	}
	parcel->next++;
	return false;
}

static void
try_mail(struct parcel *parcel, const char *text)
{
	struct sender *sender = parcel->sender;
	struct sts_error err = { .rc = STS_OK };
	char address[STS_MAIL_MAX + 1];

	if (sts_uri_mailto(text, strlen(text), address, &err) != STS_OK)
		complain(parcel, text, err.text);
	if (err.rc != STS_OK ||
	    is_suppressed(parcel, text, address, sts_mail_domain(address)) ||
	    !is_signed(sender)) {
		sender->count->passed++;
		settle(parcel, STS_RUA_PASSED);
		parcel->next++;
	} else if (has_enough(sender, text)) {
		parcel->next++;
	} else {
		mail(parcel, address);
	}
}

/* All that can be done at once, up to what has to be waited for. */
static void
try_next(struct parcel *parcel)
{
	struct sts_queued *queued = &parcel->queued;
	const struct sts_queued_rua *rua;

	while (parcel->next < queued->count) {
		rua = &queued->rua[parcel->next];
		if (rua->state != STS_RUA_WAITING)
			parcel->next++;
		else if (strncmp(rua->uri, "https:", 6) != 0)
			try_mail(parcel, rua->uri);
		else if (try_https(parcel, rua->uri))
			return;
	}
	conclude(parcel);
}

/* A report that cannot be marked as tried is not tried: it might be sent
 * again and again. */
static void
begin(struct parcel *parcel)
{
	struct sts_queued *queued = &parcel->queued;
	struct sts_error err;

	sts_buf_init(&parcel->body, STS_QUEUE_BODY);
	if (is_too_late(parcel)) {
		give_up(parcel);
		return;
	}
	if (queued->first == 0)
		queued->first = parcel->sender->now;
	queued->tries++;
	if (!store(parcel)) {
		parcel_free(parcel);
		return;
	}
	if (sts_queue_body(parcel->sender->setup->dir, queued, &parcel->body,
		&err) != STS_OK) {
		trouble(parcel, &err);
		parcel_free(parcel);
		return;
	}
	try_next(parcel);
}

/* ---- who wants it ------------------------------------------------------------------- */

static enum sts_rc
read_record(struct parcel *parcel, const struct sts_dns_answer *answer,
    struct sts_error *err)
{
	struct sts_txt_rr txt[STS_DNS_RR_MAX];
	struct sts_tlsrpt_record record;
	struct sts_queued *queued = &parcel->queued;
	enum sts_rc rc;
	size_t i;

	for (i = 0; i < answer->count; i++)
		txt[i] = (struct sts_txt_rr){ answer->rr[i].data,
			answer->rr[i].len };
	rc = sts_tlsrpt_record_parse(txt, answer->count, &record, err);
	if (rc != STS_OK)
		return rc;
	queued->asked = true;
	queued->count = record.count;
	for (i = 0; i < record.count; i++) {
		queued->rua[i].state = STS_RUA_WAITING;
		(void)snprintf(queued->rua[i].uri, sizeof(queued->rua[i].uri),
		    "%s", record.rua[i]);
	}
	sts_tlsrpt_record_clear(&record);
	return STS_OK;
}

static void
unwanted(struct parcel *parcel)
{
	parcel->sender->count->unwanted++;
	drop(parcel);
}

/* DNS could not tell: a try of its own. */
static void
ask_later(struct parcel *parcel, const char *why)
{
	struct sts_queued *queued = &parcel->queued;

	complain(parcel, "", why);
	parcel->failed = true;
	parcel->sender->count->failed++;
	if (queued->first == 0)
		queued->first = parcel->sender->now;
	queued->tries++;
	try_later(parcel);
}

static void
answered(void *arg, const struct sts_dns_answer *answer)
{
	struct parcel *parcel = arg;
	struct sts_error err;

	if (answer->status > STS_DNS_NODATA)
		ask_later(parcel, answer->reason);
	else if (answer->status != STS_DNS_OK ||
		 read_record(parcel, answer, &err) != STS_OK)
		unwanted(parcel);
	else
		begin(parcel);
}

static void
ask(struct parcel *parcel)
{
	char name[sizeof(TLSRPT_PREFIX) + STS_DOMAIN_MAX];

	(void)snprintf(name, sizeof(name), TLSRPT_PREFIX "%s",
	    parcel->queued.domain);
	if (strlen(name) > STS_DOMAIN_MAX)
		unwanted(parcel);
	else if (sts_dns_query(sts_net_dns(parcel->sender->setup->crew->net),
		     name, STS_DNS_TXT, DNS_MS, answered, parcel) == NULL)
		ask_later(parcel, "DNS cannot be asked");
}

/* ---- the run ------------------------------------------------------------------------- */

static bool
is_due(struct sender *sender, const struct sts_queued *queued)
{
	bool due = sender->setup->now || sender->now >= queued->due;

	if (!due || sender->started >= sender->setup->config->report_per_run) {
		sender->count->waiting++;
		return false;
	}
	sender->started++;
	return true;
}

static void
start(void *arg, size_t i)
{
	struct sender *sender = arg;
	const struct report *report = &sender->report[i];
	struct parcel *parcel = calloc(1, sizeof(*parcel));
	struct sts_error err = { .text = "no memory" };

	if (parcel == NULL ||
	    sts_queue_read(sender->setup->dir, report->day, report->number,
		&parcel->queued, &err) != STS_OK) {
		sender->count->trouble = true;
		(void)sts_complain(STS_EXIT_UNSURE, "report %s: %s",
		    report->day, err.text);
		free(parcel);
		sts_crew_done(sender->setup->crew);
		return;
	}
	parcel->sender = sender;
	if (!is_due(sender, &parcel->queued))
		parcel_free(parcel);
	else if (parcel->queued.asked)
		begin(parcel);
	else
		ask(parcel);
}

static bool
add_report(void *arg, const char *day, unsigned number)
{
	struct sender *sender = arg;
	struct report *grown;

	grown =
	    reallocarray(sender->report, sender->reports + 1, sizeof(*grown));
	if (grown == NULL) {
		sender->count->trouble = true;
		return false;
	}
	sender->report = grown;
	grown += sender->reports++;
	(void)snprintf(grown->day, sizeof(grown->day), "%s", day);
	grown->number = number;
	return true;
}

static enum sts_rc
open_poster(struct sender *sender, struct sts_error *err)
{
	struct sts_poster_setup setup;

	sts_net_poster_setup(sender->setup->crew->net, &setup);
	return sts_poster_new(&setup, &sender->poster, err);
}

enum sts_rc
sts_sender_run(const struct sts_sender_setup *setup,
    struct sts_sender_count *count, struct sts_error *err)
{
	struct sender sender = { .setup = setup, .count = count };
	struct sts_now now;
	enum sts_rc rc;

	memset(count, 0, sizeof(*count));
	sts_clock_now(&now);
	sender.now = now.wall;
	rc = sts_queue_each(setup->dir, add_report, &sender, err);
	if (rc == STS_OK)
		rc = open_poster(&sender, err);
	if (rc == STS_OK)
		rc = sts_crew_run(setup->crew, sender.reports, start, &sender,
		    err);
	sts_poster_free(sender.poster);
	free(sender.report);
	free(sender.tally);
	return rc;
}
