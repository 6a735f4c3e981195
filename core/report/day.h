/* SPDX-License-Identifier: ISC */
/*
 * One day of sessions on its way into reports: from the journals that have it
 * to the queue, or to whoever takes finished reports.
 */
#ifndef STS_DAY_H
#define STS_DAY_H

#include "report/queue.h"

struct sts_day_setup { /* all borrowed while the day is there */
	struct sts_dir *dir;
	const int *other; /* copies of journal directories of other hosts */
	size_t others;
	const char *contact, *organization; /* of reports */
	int64_t delay; /* s, at most, until a report is due */
	/* Is a report about DOMAIN, a normalised name, to be made? */
	bool (*wanted)(void *arg, const char *domain);
	/* TLSA records of HOST, one a line; NULL: none are known. */
	void (*tlsa)(void *arg, const char *host, struct sts_buf *text);
	/* A report that would not be one is left out, and why is told. */
	void (*complain)(void *arg, const char *why);
	void *arg;
};

struct sts_day;

/* Add up all sessions of DAY; *SKIPPED damaged records passed. */
STS_MUST_USE enum sts_rc sts_day_open(const struct sts_day_setup *setup,
    const char *day, struct sts_day **out, size_t *skipped,
    struct sts_error *err);
void sts_day_free(struct sts_day *day);

/* Every MX host that had TLSA records, each once or more. */
void sts_day_hosts(const struct sts_day *day,
    void (*each)(void *arg, const char *host), void *arg);

/* Each report that is made of it: QUEUED without files, TEXT its JSON. */
typedef enum sts_rc (*sts_day_fn)(void *arg, const struct sts_queued *queued,
    const struct sts_buf *text, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_day_render(struct sts_day *day, int64_t now,
    sts_day_fn each, void *arg, struct sts_error *err);

/* Into the queue, whole; then the journal's own are done with. */
STS_MUST_USE enum sts_rc sts_day_queue(struct sts_day *day, int64_t now,
    size_t *count, struct sts_error *err);

#endif
