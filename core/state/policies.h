/* SPDX-License-Identifier: ISC */
/*
 * policies/ab/example.com: one file per domain that has a policy, text that
 * an administrator can read, its first line a checksum of the rest.  "ab" is
 * two hex digits of the name's checksum; all 256 exist, so that a missing one
 * is seen as damage.
 */
#ifndef STS_POLICIES_H
#define STS_POLICIES_H

#include "base/clock.h"
#include "policy/policy.h"
#include "policy/record.h"
#include "state/dir.h"

struct sts_entry {
	char domain[STS_DOMAIN_MAX + 1];
	char id[STS_ID_MAX + 1];
	struct sts_now fetched; /* the last HTTPS 200 */
	int64_t expires; /* wall seconds: fetched + max_age (RFC 8461, 3.2) */
	int64_t dropped; /* wall seconds; 0, or an expired policy let go */
	struct sts_policy *policy; /* owned */
};

void sts_entry_free(struct sts_entry *entry);

/* Pure: the file's text, and back.  STS_EDAMAGED for any other octet. */
enum sts_rc sts_entry_format(const struct sts_entry *entry,
    struct sts_buf *buf);
STS_MUST_USE enum sts_rc sts_entry_parse(const char *text, size_t len,
    struct sts_entry **entry, struct sts_error *err);

/* A new entry for TEXT, fetched NOW under ID.  STS_EPOLICY if it is bad. */
STS_MUST_USE enum sts_rc sts_entry_new(const char *domain, const char *id,
    const char *text, size_t len, const struct sts_now *now,
    struct sts_entry **entry, struct sts_error *err);

/* STS_OK, STS_ENODATA (no file), STS_EDAMAGED (anything else). */
STS_MUST_USE enum sts_rc sts_policies_get(struct sts_dir *dir,
    const char *domain, struct sts_entry **entry, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_policies_put(struct sts_dir *dir,
    const struct sts_entry *entry, struct sts_error *err);
STS_MUST_USE enum sts_rc sts_policies_remove(struct sts_dir *dir,
    const char *domain, struct sts_error *err);

/* The same below another directory than policies/, while it is made anew. */
#define STS_POLICIES "policies"
STS_MUST_USE enum sts_rc sts_policies_get_in(struct sts_dir *dir,
    const char *top, const char *domain, struct sts_entry **entry,
    struct sts_error *err);
STS_MUST_USE enum sts_rc sts_policies_put_in(struct sts_dir *dir,
    const char *top, const struct sts_entry *entry, struct sts_error *err);

/* Every file's domain, in no order; EACH returns false to stop. */
STS_MUST_USE enum sts_rc sts_policies_each(struct sts_dir *dir,
    bool (*each)(void *arg, const char *domain), void *arg,
    struct sts_error *err);

#endif
