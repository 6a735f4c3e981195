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

#define SEAL_NAME      "mta-sts-mx 2"
#define SEAL_OLD       "mta-sts-mx 1" /* without self and addresses */
#define ADDRESS_OCTETS (STS_ADDR_TEXT + 16)
#define HOST_OCTETS    (STS_DOMAIN_MAX + 96 + STS_MX_ADDRESSES * ADDRESS_OCTETS)
#define FILE_MAX       (1024 + STS_MX_LIST_MAX * HOST_OCTETS)
#define PREFERENCE_MAX 65535

static enum sts_rc
format_host(const struct sts_mx_host *host, struct sts_buf *body)
{
	size_t i;

	(void)sts_buf_printf(body,
	    "preference: %u\nfailed: %" PRId64
	    "\nself: %d\nname: %s\naddresses: %zu\n",
	    host->preference, host->failed, host->self, host->name,
	    host->address_count);
	for (i = 0; i < host->address_count; i++)
		(void)sts_buf_printf(body, "address: %s\n", host->address[i]);
	return body->rc;
}

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
		rc = format_host(&list->host[i], &body);
	if (rc == STS_OK)
		rc = sts_seal_add(buf, SEAL_NAME, body.data, body.len);
	sts_buf_clear(&body);
	return rc;
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

/* As it would be written, so that equal addresses are equal texts. */
static bool
read_address(struct sts_seal_reader *r, char address[STS_ADDR_TEXT])
{
	char word[STS_ADDR_TEXT];
	struct sts_addr addr;

	return sts_seal_word(r, "address", word, sizeof(word)) &&
	       sts_addr_parse(word, &addr) &&
	       strcmp(sts_addr_text(&addr, address), word) == 0;
}

static bool
read_addresses(struct sts_seal_reader *r, struct sts_mx_host *host)
{
	int64_t count;
	size_t i;

	if (!sts_seal_number(r, "addresses", &count) ||
	    count > STS_MX_ADDRESSES)
		return false;
	host->address_count = (size_t)count;
	for (i = 0; i < host->address_count; i++)
		if (!read_address(r, host->address[i]))
			return false;
	return true;
}

static bool
read_host(struct sts_seal_reader *r, struct sts_mx_host *host)
{
	int64_t preference;

	if (!sts_seal_number(r, "preference", &preference) ||
	    preference > PREFERENCE_MAX ||
	    !sts_seal_number(r, "failed", &host->failed) ||
	    !read_bool(r, "self", &host->self) ||
	    !sts_seal_word(r, "name", host->name, sizeof(host->name)) ||
	    !read_addresses(r, host))
		return false;
	host->preference = (unsigned)preference;
	return host->name[0] == '\0' ||
	       sts_domain_valid(host->name, strlen(host->name));
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

/* Without the mark of this machine a list must not be used: it is missing. */
static bool
is_old(const struct sts_buf *buf)
{
	struct sts_seal_reader r;

	return sts_seal_open(&r, SEAL_OLD, sts_buf_text(buf), buf->len);
}

enum sts_rc
sts_mx_get(struct sts_dir *dir, const char *domain, struct sts_mx_list *list,
    struct sts_error *err)
{
	struct sts_buf buf;
	enum sts_rc rc;

	sts_buf_init(&buf, FILE_MAX);
	rc = sts_shard_read(dir, STS_MX, domain, &buf, err);
	if (rc == STS_OK && is_old(&buf))
		rc = sts_error_set(err, STS_ENODATA,
		    "an MX list of %s from an older version", domain);
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

static struct sts_mx_host *
find_host(struct sts_mx_list *list, const char *name)
{
	size_t i;

	for (i = 0; i < list->count; i++)
		if (strcmp(list->host[i].name, name) == 0)
			return &list->host[i];
	return NULL;
}

enum sts_rc
sts_mx_renew(struct sts_dir *dir, struct sts_mx_list *list,
    struct sts_error *err)
{
	struct sts_mx_list old;
	struct sts_mx_host *host;
	size_t i;

	if (sts_mx_get(dir, list->domain, &old, NULL) != STS_OK)
		old.count = 0;
	for (i = 0; i < list->count; i++) {
		host = find_host(&old, list->host[i].name);
		if (host != NULL)
			list->host[i].failed = host->failed;
	}
	return sts_mx_put(dir, list, err);
}

enum sts_rc
sts_mx_fail(struct sts_dir *dir, const char *domain, const char *name,
    int64_t wall, struct sts_error *err)
{
	struct sts_mx_list list;
	struct sts_mx_host *host;
	enum sts_rc rc;

	rc = sts_mx_get(dir, domain, &list, err);
	if (rc != STS_OK)
		return rc;
	host = find_host(&list, name);
	if (host == NULL)
		return sts_error_set(err, STS_ENODATA, "%s is no MX host of %s",
		    name, domain);
	if (host->failed == wall)
		return STS_OK;
	host->failed = wall;
	return sts_mx_put(dir, &list, err);
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
