/* SPDX-License-Identifier: ISC */
/*
 * Making the ledger shorter, see ledger.h: of the renewals of one domain the
 * last is enough.  The lock is on the file that is replaced; whoever waited
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

struct renewal {
	uint64_t domain; /* its checksum: a clash keeps one line fewer */
	size_t at;       /* which record it is */
};

struct compaction {
	struct renewal *renewal; /* of every domain's last one, once sorted */
	size_t renewals;
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
collect(void *arg, const struct sts_ledger_record *record)
{
	struct compaction *c = arg;
	struct renewal *r;
	size_t at = c->at++;

	if (record->event != STS_LEDGER_RENEWED)
		return true;
	r = reallocarray(c->renewal, c->renewals + 1, sizeof(*r));
	if (r == NULL) {
		c->failed = true;
		return false;
	}
	c->renewal = r;
	r[c->renewals].domain = domain_sum(record->domain);
	r[c->renewals++].at = at;
	return true;
}

static int
by_domain(const void *a, const void *b)
{
	const struct renewal *x = a, *y = b;

	if (x->domain != y->domain)
		return x->domain < y->domain ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

/* Is there a later renewal of the same domain? */
static bool
replaced(const struct compaction *c, const struct renewal *r)
{
	const struct renewal *found;

	found = bsearch(r, c->renewal, c->renewals, sizeof(*r), by_domain);
	return found != NULL && found + 1 < c->renewal + c->renewals &&
	       found[1].domain == r->domain;
}

static bool
copy(void *arg, const struct sts_ledger_record *record)
{
	struct compaction *c = arg;
	struct renewal r = { domain_sum(record->domain), c->at++ };

	if (record->event == STS_LEDGER_RENEWED && replaced(c, &r))
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

	rc = sts_ledger_each(dir, collect, c, &skipped, err);
	if (rc == STS_OK && c->renewals > 0)
		qsort(c->renewal, c->renewals, sizeof(*c->renewal), by_domain);
	c->at = 0;
	if (rc == STS_OK && !c->failed)
		rc = sts_ledger_each(dir, copy, c, &skipped, err);
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
	struct compaction c = { .renewal = NULL };
	enum sts_rc rc;
	int fd;

	rc = sts_dir_lock(dir, STS_LEDGER_FILE, O_RDONLY, &fd, err);
	if (rc != STS_OK)
		return rc;
	sts_buf_init(&c.out, WRITE_MAX);
	rc = compact(dir, &c, err);
	sts_buf_clear(&c.out);
	free(c.renewal);
	(void)close(fd);
	return rc;
}
