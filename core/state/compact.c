/* SPDX-License-Identifier: ISC */
/*
 * Making the ledger shorter, see ledger.h: of the renewals of one domain the
 * last is enough, and a damaged record matters until a later one tells all of
 * its domain anew.  The lock is on the file that is replaced; whoever waited
 * for it finds another file of that name and opens that.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/siphash.h"
#include "state/ledger.h"
#include "state/shard.h"

#define WRITE_MAX ((size_t)256 << 20)

struct mark {
	uint64_t domain; /* its checksum: a clash keeps one line fewer */
	size_t at;       /* which record it is */
};

struct marks {
	struct mark *mark;
	size_t count;
};

struct compaction {
	struct marks renewals; /* sorted once all are there */
	struct marks settlers; /* records that settle any doubt before */
	size_t at;
	bool failed;
	struct sts_buf out;
};

static uint64_t
domain_sum(const char *domain)
{
	return sts_checksum(domain, strlen(domain));
}

static bool
add_mark(struct marks *marks, const char *domain, size_t at)
{
	struct mark *mark;

	mark = reallocarray(marks->mark, marks->count + 1, sizeof(*mark));
	if (mark == NULL)
		return false;
	marks->mark = mark;
	mark[marks->count++] = (struct mark){ domain_sum(domain), at };
	return true;
}

static bool
collect(void *arg, const struct sts_ledger_record *record)
{
	struct compaction *c = arg;
	size_t at = c->at++;

	if (record->event == STS_LEDGER_RENEWED)
		c->failed = !add_mark(&c->renewals, record->domain, at);
	else if (sts_ledger_event_settles(record->event))
		c->failed = !add_mark(&c->settlers, record->domain, at);
	return !c->failed;
}

static int
by_domain(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static void
sort(struct marks *marks)
{
	if (marks->count > 0)
		qsort(marks->mark, marks->count, sizeof(*marks->mark),
		    by_domain);
}

/* Is there a mark of the same domain behind MARK? */
static bool
followed(const struct marks *marks, const struct mark *mark)
{
	size_t low = 0, high = marks->count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (by_domain(&marks->mark[middle], mark) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < marks->count && marks->mark[low].domain == mark->domain;
}

static bool
copy(void *arg, const struct sts_ledger_record *record)
{
	struct compaction *c = arg;
	struct mark mark = { domain_sum(record->domain), c->at++ };

	if (record->event == STS_LEDGER_RENEWED &&
	    followed(&c->renewals, &mark))
		return true;
	if (record->event == STS_LEDGER_MAX && followed(&c->settlers, &mark))
		return true;
	(void)sts_buf_str(&c->out, "\n");
	(void)sts_buf_add(&c->out, record->line, record->line_len);
	(void)sts_buf_str(&c->out, "\n");
	return c->out.rc == STS_OK;
}

static enum sts_rc
compact(struct sts_dir *dir, struct compaction *c, struct sts_error *err)
{
	enum sts_rc rc;
	size_t skipped;

	rc = sts_ledger_scan(dir, collect, c, &skipped, err);
	sort(&c->renewals);
	sort(&c->settlers);
	c->at = 0;
	if (rc == STS_OK && !c->failed)
		rc = sts_ledger_scan(dir, copy, c, &skipped, err);
	if (rc == STS_OK && (c->failed || c->out.rc != STS_OK))
		rc = sts_error_set(err, STS_ENOMEM, "ledger: no memory");
	if (rc == STS_OK)
		rc = sts_dir_write(dir, STS_LEDGER_FILE, sts_buf_text(&c->out),
		    c->out.len, err);
	return rc;
}

enum sts_rc
sts_ledger_compact(struct sts_dir *dir, struct sts_error *err)
{
	struct compaction c = { .at = 0 };
	enum sts_rc rc;
	int fd;

	rc = sts_dir_lock(dir, STS_LEDGER_FILE, O_RDONLY, &fd, err);
	if (rc != STS_OK)
		return rc;
	sts_buf_init(&c.out, WRITE_MAX);
	rc = compact(dir, &c, err);
	sts_buf_clear(&c.out);
	free(c.renewals.mark);
	free(c.settlers.mark);
	(void)close(fd);
	return rc;
}
