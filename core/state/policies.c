/* SPDX-License-Identifier: ISC */
/*
 * Policy files, see policies.h.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "state/policies.h"
#include "state/seal.h"
#include "state/shard.h"

#define SEAL_NAME "mta-sts-policy 1"
#define HEAD_MAX  1024 /* octets of all that is not the policy's text */
#define FILE_MAX  (HEAD_MAX + STS_POLICY_TEXT_MAX)

void
sts_entry_free(struct sts_entry *entry)
{
	if (entry == NULL)
		return;
	sts_policy_free(entry->policy);
	free(entry);
}

enum sts_rc
sts_entry_format(const struct sts_entry *entry, struct sts_buf *buf)
{
	struct sts_buf body;
	enum sts_rc rc;

	sts_buf_init(&body, FILE_MAX);
	(void)sts_buf_printf(&body, "domain: %s\nid: %s\n", entry->domain,
	    entry->id);
	(void)sts_buf_printf(&body, "fetched: %" PRId64 "\nboot-id: %s\n",
	    entry->fetched.wall, entry->fetched.boot_id);
	(void)sts_buf_printf(&body, "boottime: %" PRId64 "\n",
	    entry->fetched.boot);
	(void)sts_buf_printf(&body,
	    "expires: %" PRId64 "\ndropped: %" PRId64 "\n\n", entry->expires,
	    entry->dropped);
	rc = sts_buf_add(&body, entry->policy->text, entry->policy->text_len);
	if (rc == STS_OK)
		rc = sts_seal_add(buf, SEAL_NAME, body.data, body.len);
	sts_buf_clear(&body);
	return rc;
}

/* id of RFC 8461, 3.1; empty when a renewal never saw a record. */
static bool
id_valid(const char *id)
{
	for (; *id != '\0'; id++)
		if (!sts_ascii_alnum((unsigned char)*id))
			return false;
	return true;
}

static bool
read_head(struct sts_seal_reader *r, struct sts_entry *entry)
{
	struct sts_now *at = &entry->fetched;

	(void)sts_seal_word(r, "domain", entry->domain, sizeof(entry->domain));
	(void)sts_seal_word(r, "id", entry->id, sizeof(entry->id));
	(void)sts_seal_number(r, "fetched", &at->wall);
	(void)sts_seal_word(r, "boot-id", at->boot_id, sizeof(at->boot_id));
	(void)sts_seal_number(r, "boottime", &at->boot);
	(void)sts_seal_number(r, "expires", &entry->expires);
	(void)sts_seal_number(r, "dropped", &entry->dropped);
	if (r->failed || r->at == r->end || *r->at != '\n')
		return false;
	r->at++;
	return sts_domain_valid(entry->domain, strlen(entry->domain)) &&
	       id_valid(entry->id);
}

static enum sts_rc
read_entry(struct sts_seal_reader *r, struct sts_entry *entry,
    struct sts_error *err)
{
	if (!read_head(r, entry))
		return sts_error_set(err, STS_EDAMAGED, "not a policy file");
	if (sts_policy_parse(r->at, (size_t)(r->end - r->at), &entry->policy,
		NULL, err) != STS_OK)
		return sts_error_set(err, STS_EDAMAGED,
		    "policy file without a valid policy");
	return STS_OK;
}

enum sts_rc
sts_entry_parse(const char *text, size_t len, struct sts_entry **out,
    struct sts_error *err)
{
	struct sts_seal_reader r;
	struct sts_entry *entry;
	enum sts_rc rc;

	if (len > FILE_MAX || !sts_seal_open(&r, SEAL_NAME, text, len))
		return sts_error_set(err, STS_EDAMAGED,
		    "policy file with a wrong checksum");
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	rc = read_entry(&r, entry, err);
	if (rc != STS_OK) {
		sts_entry_free(entry);
		return rc;
	}
	*out = entry;
	return STS_OK;
}

enum sts_rc
sts_entry_new(const char *domain, const char *id, const char *text, size_t len,
    const struct sts_now *now, struct sts_entry **out, struct sts_error *err)
{
	struct sts_policy_where where;
	struct sts_entry *entry;
	enum sts_rc rc;

	if (!sts_domain_valid(domain, strlen(domain)) ||
	    strlen(id) > STS_ID_MAX || !id_valid(id))
		return sts_error_set(err, STS_EUSAGE, "bad domain or id");
	entry = calloc(1, sizeof(*entry));
	if (entry == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	rc = sts_policy_parse(text, len, &entry->policy, &where, err);
	if (rc != STS_OK) {
		if (rc == STS_EPOLICY && where.line != 0)
			(void)sts_error_prefix(err,
			    "the policy is invalid in line %u, octet %u",
			    where.line, where.byte);
		else if (rc == STS_EPOLICY)
			(void)sts_error_prefix(err, "the policy is invalid");
		sts_entry_free(entry);
		return rc;
	}
	memcpy(entry->domain, domain, strlen(domain));
	memcpy(entry->id, id, strlen(id));
	entry->fetched = *now;
	entry->expires = now->wall + entry->policy->max_age;
	*out = entry;
	return STS_OK;
}

enum sts_rc
sts_policies_get_in(struct sts_dir *dir, const char *top, const char *domain,
    struct sts_entry **out, struct sts_error *err)
{
	struct sts_entry *entry;
	struct sts_buf buf;
	enum sts_rc rc;

	sts_buf_init(&buf, FILE_MAX);
	rc = sts_shard_read(dir, top, domain, &buf, err);
	if (rc == STS_OK)
		rc = sts_entry_parse(sts_buf_text(&buf), buf.len, &entry, err);
	sts_buf_clear(&buf);
	if (rc != STS_OK)
		return rc;
	/* One domain's policy must not leak to another (RFC 8461, 3.4). */
	if (strcmp(entry->domain, domain) != 0) {
		sts_entry_free(entry);
		return sts_error_set(err, STS_EDAMAGED,
		    "policy file of another domain");
	}
	*out = entry;
	return STS_OK;
}

enum sts_rc
sts_policies_put_in(struct sts_dir *dir, const char *top,
    const struct sts_entry *entry, struct sts_error *err)
{
	char path[STS_SHARD_PATH_MAX];
	struct sts_buf buf;
	enum sts_rc rc;

	rc = sts_shard_path(top, entry->domain, path, err);
	if (rc != STS_OK)
		return rc;
	sts_buf_init(&buf, FILE_MAX);
	rc = sts_entry_format(entry, &buf);
	if (rc == STS_OK)
		rc = sts_dir_write(dir, path, buf.data, buf.len, err);
	else
		(void)sts_error_set(err, rc, "%s: no memory", path);
	sts_buf_clear(&buf);
	return rc;
}

enum sts_rc
sts_policies_get(struct sts_dir *dir, const char *domain,
    struct sts_entry **entry, struct sts_error *err)
{
	return sts_policies_get_in(dir, STS_POLICIES, domain, entry, err);
}

enum sts_rc
sts_policies_put(struct sts_dir *dir, const struct sts_entry *entry,
    struct sts_error *err)
{
	return sts_policies_put_in(dir, STS_POLICIES, entry, err);
}

enum sts_rc
sts_policies_remove(struct sts_dir *dir, const char *domain,
    struct sts_error *err)
{
	char path[STS_SHARD_PATH_MAX];
	enum sts_rc rc;

	rc = sts_shard_path(STS_POLICIES, domain, path, err);
	if (rc == STS_OK)
		rc = sts_dir_remove(dir, path, err);
	return rc;
}

enum sts_rc
sts_policies_each(struct sts_dir *dir,
    bool (*each)(void *arg, const char *domain), void *arg,
    struct sts_error *err)
{
	return sts_shard_each(dir, STS_POLICIES, each, arg, err);
}
