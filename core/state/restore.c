/* SPDX-License-Identifier: ISC */
/*
 * Restoring the state, see restore.h.  The ledger is played into a directory
 * that gets its name when it is whole; where a record is damaged the domain's
 * file is made a damaged one, so that nothing weaker takes its place.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "state/mx.h"
#include "state/restore.h"
#include "state/shard.h"

#define FRESH     "restored" /* the directory being made */
#define LOCK_FILE "tmp/restore"
#define EVERY     STS_SHARDS
#define SHARD_MAX 32

struct replay {
	struct sts_dir *dir;
	unsigned shard; /* this one alone, or EVERY */
	enum sts_rc rc;
	struct sts_error *err;
};

/* What the records so far add up to is in the file. */
static enum sts_rc
load_sum(const struct replay *replay, const char *domain,
    struct sts_ledger_sum *sum)
{
	enum sts_rc rc;

	memset(sum, 0, sizeof(*sum));
	rc = sts_policies_get_in(replay->dir, FRESH, domain, &sum->entry,
	    replay->err);
	sum->doubt = rc == STS_EDAMAGED;
	return rc == STS_ENODATA || rc == STS_EDAMAGED ? STS_OK : rc;
}

static enum sts_rc
store_sum(const struct replay *replay, const char *domain,
    const struct sts_ledger_sum *sum)
{
	char path[STS_SHARD_PATH_MAX];
	enum sts_rc rc;

	if (sum->entry != NULL && !sum->doubt)
		return sts_policies_put_in(replay->dir, FRESH, sum->entry,
		    replay->err);
	rc = sts_shard_path(FRESH, domain, path, replay->err);
	if (rc == STS_OK && sum->doubt)
		return sts_dir_write(replay->dir, path, "", 0, replay->err);
	if (rc == STS_OK)
		rc = sts_dir_remove(replay->dir, path, replay->err);
	return rc;
}

static bool
replay_record(void *arg, const struct sts_ledger_record *record)
{
	struct replay *replay = arg;
	struct sts_ledger_sum sum;

	if (replay->shard != EVERY &&
	    sts_shard_of(record->domain) != replay->shard)
		return true;
	replay->rc = load_sum(replay, record->domain, &sum);
	if (replay->rc == STS_OK)
		replay->rc = sts_ledger_sum_up(&sum, record, replay->err);
	if (replay->rc == STS_OK)
		replay->rc = store_sum(replay, record->domain, &sum);
	sts_entry_free(sum.entry);
	return replay->rc == STS_OK;
}

/* FRESH, empty, then filled from the ledger, a missing one being empty. */
static enum sts_rc
play(struct sts_dir *dir, unsigned shard, struct sts_error *err)
{
	struct replay replay = { dir, shard, STS_OK, err };
	enum sts_rc rc;
	size_t skipped;

	rc = sts_dir_exists(dir, FRESH, err);
	if (rc == STS_OK) /* of one that was interrupted */
		rc = sts_shard_clear(dir, FRESH, err);
	if (rc == STS_OK || rc == STS_ENODATA)
		rc = sts_shard_make(dir, FRESH, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_ledger_scan(dir, replay_record, &replay, &skipped, err);
	if (rc == STS_ENODATA)
		return STS_OK;
	return rc == STS_OK ? replay.rc : rc;
}

static enum sts_rc
restore_all(struct sts_dir *dir, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_exists(dir, STS_POLICIES, err);
	if (rc != STS_ENODATA)
		return rc;
	rc = play(dir, EVERY, err);
	if (rc == STS_OK)
		rc = sts_dir_rename(dir, FRESH, STS_POLICIES, err);
	return rc;
}

static enum sts_rc
restore_one(struct sts_dir *dir, unsigned shard, struct sts_error *err)
{
	char from[SHARD_MAX], to[SHARD_MAX];
	enum sts_rc rc;

	(void)snprintf(from, sizeof(from), FRESH "/%02x", shard);
	(void)snprintf(to, sizeof(to), STS_POLICIES "/%02x", shard);
	rc = sts_dir_exists(dir, to, err);
	if (rc != STS_ENODATA)
		return rc;
	rc = play(dir, shard, err);
	if (rc == STS_OK)
		rc = sts_dir_rename(dir, from, to, err);
	if (rc == STS_OK)
		rc = sts_shard_clear(dir, FRESH, err);
	return rc;
}

/* ---- the ledger from policies/ ----------------------------------------- */

static bool
relearn(void *arg, const char *domain)
{
	struct replay *replay = arg;
	struct sts_entry *entry;

	if (sts_policies_get(replay->dir, domain, &entry, NULL) != STS_OK)
		return true; /* damaged: nothing to be had from it */
	if (entry->dropped == 0)
		replay->rc = sts_ledger_add(replay->dir, STS_LEDGER_LEARNED,
		    domain, entry, &entry->fetched, "ledger was missing",
		    replay->err);
	sts_entry_free(entry);
	return replay->rc == STS_OK;
}

static enum sts_rc
make_ledger(struct sts_dir *dir, struct sts_error *err)
{
	struct replay replay = { dir, EVERY, STS_OK, err };
	enum sts_rc rc;

	rc = sts_dir_exists(dir, STS_LEDGER_FILE, err);
	if (rc != STS_ENODATA)
		return rc;
	rc = sts_policies_each(dir, relearn, &replay, err);
	if (rc == STS_OK)
		rc = replay.rc;
	if (rc == STS_OK) /* if there was none to record */
		rc = sts_dir_append(dir, STS_LEDGER_FILE, "", 0, true, err);
	return rc;
}

static enum sts_rc
make_layout(struct sts_dir *dir, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_shard_make(dir, STS_MX, err);
	if (rc == STS_OK)
		rc = restore_all(dir, err);
	if (rc == STS_OK)
		rc = make_ledger(dir, err);
	return rc;
}

enum sts_rc
sts_restore_layout(struct sts_dir *dir, struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	if (sts_dir_exists(dir, STS_POLICIES, NULL) == STS_OK &&
	    sts_dir_exists(dir, STS_LEDGER_FILE, NULL) == STS_OK &&
	    sts_dir_exists(dir, STS_MX, NULL) == STS_OK)
		return STS_OK;
	rc = sts_dir_lock(dir, LOCK_FILE, O_RDWR, &fd, err);
	if (rc != STS_OK)
		return rc;
	rc = make_layout(dir, err);
	(void)close(fd);
	return rc;
}

enum sts_rc
sts_restore_shard(struct sts_dir *dir, const char *domain,
    struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	rc = sts_dir_lock(dir, LOCK_FILE, O_RDWR, &fd, err);
	if (rc != STS_OK)
		return rc;
	rc = restore_one(dir, sts_shard_of(domain), err);
	(void)close(fd);
	return rc;
}
