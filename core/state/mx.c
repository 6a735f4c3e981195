/* SPDX-License-Identifier: ISC */
/*
 * MX lists, see mx.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/domain.h"
#include "state/mx.h"
#include "state/seal.h"
#include "state/shard.h"

#define SEAL_NAME      "mta-sts-mx 1"
#define HOST_OCTETS    (STS_DOMAIN_MAX + 48)
#define FILE_MAX       (1024 + STS_MX_LIST_MAX * HOST_OCTETS)
#define PREFERENCE_MAX 65535

static enum sts_rc
format(const struct sts_mx_list *list, struct sts_buf *buf)
{
	struct sts_buf body;
	enum sts_rc rc;
	size_t i;

	sts_buf_init(&body, FILE_MAX);
	rc = sts_buf_printf(&body,
	    "domain: %s\nimplicit: %d\nad: %d\nuntil: %" PRId64
	    "\nhosts: %zu\n",
	    list->domain, list->implicit, list->ad, list->until, list->count);
	for (i = 0; i < list->count; i++)
		rc = sts_buf_printf(&body,
		    "preference: %u\nfailed: %" PRId64 "\nname: %s\n",
		    list->host[i].preference, list->host[i].failed,
		    list->host[i].name);
	if (rc == STS_OK)
		rc = sts_seal_add(buf, SEAL_NAME, body.data, body.len);
	sts_buf_clear(&body);
	return rc;
}

static bool
read_host(struct sts_seal_reader *r, struct sts_mx_host *host)
{
	int64_t preference;

	if (!sts_seal_number(r, "preference", &preference) ||
	    preference > PREFERENCE_MAX ||
	    !sts_seal_number(r, "failed", &host->failed) ||
	    !sts_seal_word(r, "name", host->name, sizeof(host->name)))
		return false;
	host->preference = (unsigned)preference;
	return host->name[0] == '\0' ||
	       sts_domain_valid(host->name, strlen(host->name));
}

static bool
read_bool(struct sts_seal_reader *r, const char *key, bool *value)
{
	int64_t number;

	if (!sts_seal_number(r, key, &number) || number > 1)
		return false;
	*value = number == 1;
	return true;
}

static bool
parse(const char *text, size_t len, struct sts_mx_list *list)
{
	struct sts_seal_reader r;
	int64_t count;
	size_t i;

	memset(list, 0, sizeof(*list));
	if (!sts_seal_open(&r, SEAL_NAME, text, len) ||
	    !sts_seal_word(&r, "domain", list->domain, sizeof(list->domain)) ||
	    !read_bool(&r, "implicit", &list->implicit) ||
	    !read_bool(&r, "ad", &list->ad) ||
	    !sts_seal_number(&r, "until", &list->until) ||
	    !sts_seal_number(&r, "hosts", &count) || count > STS_MX_LIST_MAX)
		return false;
	list->count = (size_t)count;
	for (i = 0; i < list->count; i++)
		if (!read_host(&r, &list->host[i]))
			return false;
	return r.at == r.end;
}

enum sts_rc
sts_mx_get(struct sts_dir *dir, const char *domain, struct sts_mx_list *list,
    struct sts_error *err)
{
	struct sts_buf buf;
	enum sts_rc rc;

	sts_buf_init(&buf, FILE_MAX);
	rc = sts_shard_read(dir, STS_MX, domain, &buf, err);
	if (rc == STS_OK && (!parse(sts_buf_text(&buf), buf.len, list) ||
				strcmp(list->domain, domain) != 0))
		rc = sts_error_set(err, STS_EDAMAGED, "not an MX list of %s",
		    domain);
	sts_buf_clear(&buf);
	return rc;
}

enum sts_rc
sts_mx_put(struct sts_dir *dir, const struct sts_mx_list *list,
    struct sts_error *err)
{
	char path[STS_SHARD_PATH_MAX];
	struct sts_buf buf;
	enum sts_rc rc;

	if (list->count > STS_MX_LIST_MAX)
		return sts_error_set(err, STS_EUSAGE, "too many MX hosts");
	rc = sts_shard_path(STS_MX, list->domain, path, err);
	if (rc == STS_OK)
		rc = sts_dir_room(dir, err);
	if (rc != STS_OK)
		return rc;
	sts_buf_init(&buf, FILE_MAX);
	rc = format(list, &buf);
	if (rc == STS_OK)
		rc = sts_dir_write(dir, path, buf.data, buf.len, err);
	else
		(void)sts_error_set(err, rc, "%s: no memory", path);
	sts_buf_clear(&buf);
	return rc;
}

enum sts_rc
sts_mx_remove(struct sts_dir *dir, const char *domain, struct sts_error *err)
{
	char path[STS_SHARD_PATH_MAX];
	enum sts_rc rc;

	rc = sts_shard_path(STS_MX, domain, path, err);
	if (rc == STS_OK)
		rc = sts_dir_remove(dir, path, err);
	return rc;
}
