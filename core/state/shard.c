/* SPDX-License-Identifier: ISC */
/*
 * Directories of one file a domain, see shard.h.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "state/shard.h"

#define TOP_MAX  32
#define NEW_NAME "%s.new"

unsigned
sts_shard_of(const char *domain)
{
	return (unsigned)(sts_checksum(domain, strlen(domain)) % STS_SHARDS);
}

enum sts_rc
sts_shard_path(const char *top, const char *domain,
    char out[STS_SHARD_PATH_MAX], struct sts_error *err)
{
	int n;

	if (!sts_domain_valid(domain, strlen(domain)))
		return sts_error_set(err, STS_EUSAGE, "not a domain name");
	n = snprintf(out, STS_SHARD_PATH_MAX, "%s/%02x/%s", top,
	    sts_shard_of(domain), domain);
	if (n < 0 || n >= STS_SHARD_PATH_MAX)
		return sts_error_set(err, STS_EUSAGE, "%s: too long", top);
	return STS_OK;
}

/* No file: because there is none, or because its directory is gone? */
static enum sts_rc
judge_absence(struct sts_dir *dir, const char *top, const char *domain,
    struct sts_error *err)
{
	char shard[TOP_MAX + 4];
	enum sts_rc rc;

	(void)snprintf(shard, sizeof(shard), "%s/%02x", top,
	    sts_shard_of(domain));
	rc = sts_dir_exists(dir, shard, err);
	if (rc == STS_OK)
		return sts_error_set(err, STS_ENODATA, "%s: no file", domain);
	if (rc != STS_ENODATA)
		return rc;
	rc = sts_dir_exists(dir, top, err);
	if (rc == STS_ENODATA)
		rc = sts_dir_exists(dir, STS_LEDGER_FILE, err);
	if (rc == STS_OK)
		return sts_error_set(err, STS_EDAMAGED, "%s is missing", shard);
	return rc;
}

enum sts_rc
sts_shard_read(struct sts_dir *dir, const char *top, const char *domain,
    struct sts_buf *buf, struct sts_error *err)
{
	char path[STS_SHARD_PATH_MAX];
	enum sts_rc rc;

	rc = sts_shard_path(top, domain, path, err);
	if (rc == STS_OK)
		rc = sts_dir_read(dir, path, buf, err);
	if (rc == STS_ENODATA)
		rc = judge_absence(dir, top, domain, err);
	return rc;
}

static enum sts_rc
make_shards(struct sts_dir *dir, const char *top, struct sts_error *err)
{
	char shard[TOP_MAX + 8];
	enum sts_rc rc;
	unsigned i;

	rc = sts_dir_mkdir(dir, top, err);
	for (i = 0; i < STS_SHARDS && rc == STS_OK; i++) {
		(void)snprintf(shard, sizeof(shard), "%s/%02x", top, i);
		rc = sts_dir_mkdir(dir, shard, err);
	}
	return rc;
}

enum sts_rc
sts_shard_make(struct sts_dir *dir, const char *top, struct sts_error *err)
{
	char fresh[TOP_MAX];
	enum sts_rc rc;

	rc = sts_dir_exists(dir, top, err);
	if (rc != STS_ENODATA)
		return rc;
	(void)snprintf(fresh, sizeof(fresh), NEW_NAME, top);
	rc = make_shards(dir, fresh, err);
	if (rc == STS_OK)
		rc = sts_dir_rename(dir, fresh, top, err);
	/* Two that start at once: one has renamed, its work serves both. */
	if (rc != STS_OK && sts_dir_exists(dir, top, NULL) == STS_OK)
		return STS_OK;
	return rc;
}

/* ---- walking over all files -------------------------------------------- */

static enum sts_rc
open_shard(struct sts_dir *dir, const char *name, DIR **out,
    struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	rc = sts_dir_opendir(dir, name, &fd, err);
	if (rc != STS_OK)
		return rc;
	*out = fdopendir(fd);
	if (*out == NULL) {
		(void)close(fd);
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	return STS_OK;
}

static enum sts_rc
each_of_shard(struct sts_dir *dir, const char *shard,
    bool (*each)(void *arg, const char *domain), void *arg, bool *go,
    struct sts_error *err)
{
	const struct dirent *entry;
	enum sts_rc rc;
	DIR *list;

	rc = open_shard(dir, shard, &list, err);
	if (rc != STS_OK)
		return rc;
	errno = 0;
	while (*go && (entry = readdir(list)) != NULL) {
		if (sts_domain_valid(entry->d_name, strlen(entry->d_name)))
			*go = each(arg, entry->d_name);
		errno = 0;
	}
	if (*go && errno != 0)
		rc = sts_error_sys(err, STS_EDAMAGED, "%s", shard);
	(void)closedir(list);
	return rc;
}

enum sts_rc
sts_shard_each(struct sts_dir *dir, const char *top,
    bool (*each)(void *arg, const char *domain), void *arg,
    struct sts_error *err)
{
	char shard[TOP_MAX + 4];
	enum sts_rc rc;
	bool go = true;
	unsigned i;

	rc = sts_dir_exists(dir, top, err);
	if (rc == STS_ENODATA)
		return STS_OK;
	for (i = 0; i < STS_SHARDS && go && rc == STS_OK; i++) {
		(void)snprintf(shard, sizeof(shard), "%s/%02x", top, i);
		rc = each_of_shard(dir, shard, each, arg, &go, err);
		if (rc == STS_ENODATA)
			rc = sts_error_set(err, STS_EDAMAGED, "%s is missing",
			    shard);
	}
	return rc;
}

struct clearing {
	struct sts_dir *dir;
	const char *top;
	enum sts_rc rc;
	struct sts_error *err;
};

static bool
clear_file(void *arg, const char *domain)
{
	struct clearing *c = arg;
	char path[STS_SHARD_PATH_MAX];

	c->rc = sts_shard_path(c->top, domain, path, c->err);
	if (c->rc == STS_OK)
		c->rc = sts_dir_remove(c->dir, path, c->err);
	return c->rc == STS_OK;
}

static enum sts_rc
clear_shard(struct clearing *c, unsigned i)
{
	char shard[TOP_MAX + 4];
	enum sts_rc rc;
	bool go = true;

	(void)snprintf(shard, sizeof(shard), "%s/%02x", c->top, i);
	rc = each_of_shard(c->dir, shard, clear_file, c, &go, c->err);
	if (rc == STS_ENODATA)
		return STS_OK;
	if (rc == STS_OK)
		rc = c->rc;
	if (rc == STS_OK)
		rc = sts_dir_rmdir(c->dir, shard, c->err);
	return rc;
}

enum sts_rc
sts_shard_clear(struct sts_dir *dir, const char *top, struct sts_error *err)
{
	struct clearing c = { dir, top, STS_OK, err };
	enum sts_rc rc = STS_OK;
	unsigned i;

	for (i = 0; i < STS_SHARDS && rc == STS_OK; i++)
		rc = clear_shard(&c, i);
	if (rc == STS_OK)
		rc = sts_dir_rmdir(dir, top, err);
	return rc;
}
