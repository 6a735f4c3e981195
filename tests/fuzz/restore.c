/* SPDX-License-Identifier: ISC */
/*
 * policies/ made anew from a ledger that others have written into: what it
 * then holds is what the ledger says, one file a domain.
 */
#include <string.h>

#include "fuzz.h"
#include "hurt.h"
#include "state/restore.h"
#include "state/shard.h"

#define FILE_MAX (1 << 16)

/* The file says of its domain what the ledger adds up to. */
static bool
each(void *arg, const char *domain)
{
	struct sts_entry *entry, *told;
	struct sts_error err;
	enum sts_rc rc, known;

	(void)arg;
	rc = sts_policies_get(hurt_dir, domain, &entry, &err);
	known = sts_ledger_find(hurt_dir, domain, &told, &err);
	HOLDS(rc == known);
	if (rc != STS_OK)
		return true;
	HOLDS(strcmp(entry->domain, domain) == 0);
	HOLDS(entry->expires == told->expires);
	HOLDS(strcmp(entry->id, told->id) == 0);
	HOLDS(entry->policy->text_len == told->policy->text_len);
	HOLDS(memcmp(entry->policy->text, told->policy->text,
		  entry->policy->text_len) == 0);
	sts_entry_free(entry);
	sts_entry_free(told);
	return true;
}

/* A policy that the ledger knows has a file, and one in doubt a bad one. */
static bool
each_record(void *arg, const struct sts_ledger_record *record)
{
	struct sts_entry *entry = NULL, *told = NULL;
	enum sts_rc rc = sts_ledger_find(hurt_dir, record->domain, &told, NULL);

	(void)arg;
	HOLDS(sts_policies_get(hurt_dir, record->domain, &entry, NULL) == rc);
	sts_entry_free(entry);
	sts_entry_free(told);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_buf file;
	size_t skipped;

	fuzz_begin();
	sts_buf_init(&file, FILE_MAX);
	if (fuzz_frames("ledger", data, len, &file)) {
		hurt_put(STS_LEDGER_FILE, sts_buf_text(&file), file.len);
		hurt_remove(STS_POLICIES);
		HOLDS(sts_restore_layout(hurt_dir, NULL) == STS_OK);
		HOLDS(sts_policies_each(hurt_dir, each, NULL, NULL) == STS_OK);
		HOLDS(sts_ledger_scan(hurt_dir, each_record, NULL, &skipped,
			  NULL) == STS_OK);
	}
	sts_buf_clear(&file);
	fuzz_end();
	return 0;
}
