/* SPDX-License-Identifier: ISC */
/*
 * A ledger that others have written into, behind our record of a policy of
 * example.com: the policy stands, or is in doubt, unless a whole record says
 * otherwise, and making the file shorter changes nothing of that.
 */
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"
#include "hurt.h"
#include "state/shard.h"

#define DOMAIN   "example.com"
#define FILE_MAX (1 << 20)

struct seen {
	size_t whole, damaged;
	bool last_damaged; /* of those of DOMAIN */
};

static bool
each(void *arg, const struct sts_ledger_record *record)
{
	struct seen *seen = arg;

	HOLDS(strlen(record->domain) <= STS_DOMAIN_MAX);
	if (strcmp(record->domain, DOMAIN) == 0)
		seen->last_damaged = record->event == STS_LEDGER_MAX;
	if (record->event == STS_LEDGER_MAX) {
		seen->damaged++;
		HOLDS(sts_domain_valid(record->domain, strlen(record->domain)));
		return true;
	}
	seen->whole++;
	HOLDS(record->event < STS_LEDGER_MAX && record->mode < STS_MODE_MAX);
	HOLDS(record->at >= 0 && record->expires >= 0);
	HOLDS(record->text[record->text_len] == '\0');
	HOLDS(strlen(record->reason) <= record->line_len);
	HOLDS(memchr(record->line, '\n', record->line_len) == NULL);
	return true;
}

/* The record that is ours, as it was written the first time. */
static void
own_record(struct sts_buf *file)
{
	static char record[1024];
	static size_t len;
	struct sts_entry *entry;

	if (len == 0) {
		entry = fuzz_entry();
		HOLDS(sts_ledger_add(hurt_dir, STS_LEDGER_LEARNED, DOMAIN,
			  entry, &hurt_now, NULL, NULL) == STS_OK);
		sts_entry_free(entry);
		len = hurt_get(STS_LEDGER_FILE, record, sizeof(record));
	}
	(void)sts_buf_add(file, record, len);
}

static enum sts_rc
find(struct sts_buf *text)
{
	struct sts_entry *entry;
	enum sts_rc rc = sts_ledger_find(hurt_dir, DOMAIN, &entry, NULL);

	sts_buf_reset(text);
	HOLDS(rc == STS_OK || rc == STS_ENODATA || rc == STS_EDAMAGED);
	if (rc != STS_OK)
		return rc;
	HOLDS(strcmp(entry->domain, DOMAIN) == 0);
	HOLDS(sts_entry_format(entry, text) == STS_OK);
	sts_entry_free(entry);
	return rc;
}

static void
check(void)
{
	struct seen seen = { .whole = 0 }, after = { .whole = 0 };
	struct sts_buf before, behind;
	size_t skipped, left;
	enum sts_rc rc;

	sts_buf_init(&before, FILE_MAX);
	sts_buf_init(&behind, FILE_MAX);
	HOLDS(sts_ledger_scan(hurt_dir, each, &seen, &skipped, NULL) == STS_OK);
	HOLDS(seen.whole >= 1 && seen.damaged <= skipped);
	rc = find(&before);
	if (seen.whole == 1)
		HOLDS(rc == STS_OK || rc == STS_EDAMAGED);
	if (seen.whole == 1 && seen.damaged == 0)
		HOLDS(rc == STS_OK && strstr(before.data, "mode: enforce"));
	if (seen.last_damaged)
		HOLDS(rc == STS_EDAMAGED);
	HOLDS(sts_ledger_compact(hurt_dir, NULL) == STS_OK);
	HOLDS(sts_ledger_scan(hurt_dir, each, &after, &left, NULL) == STS_OK);
	HOLDS(after.whole <= seen.whole);
	HOLDS(find(&behind) == rc);
	HOLDS(strcmp(sts_buf_text(&before), sts_buf_text(&behind)) == 0);
	sts_buf_clear(&before);
	sts_buf_clear(&behind);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_buf file;

	fuzz_begin();
	sts_buf_init(&file, FILE_MAX);
	own_record(&file);
	if (fuzz_frames("ledger", data, len, &file)) {
		hurt_put(STS_LEDGER_FILE, file.data, file.len);
		check();
	}
	sts_buf_clear(&file);
	fuzz_end();
	return 0;
}
