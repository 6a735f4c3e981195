/* SPDX-License-Identifier: ISC */
/* A policy file: after '+' without its first line. */
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"

#define FILE_MAX (1 << 18)

static void
well_formed(const struct sts_entry *entry)
{
	const char *id;

	HOLDS(sts_domain_valid(entry->domain, strlen(entry->domain)));
	for (id = entry->id; *id != '\0'; id++)
		HOLDS(sts_ascii_alnum((unsigned char)*id));
	HOLDS(entry->fetched.wall >= 0 && entry->fetched.boot >= 0);
	HOLDS(entry->expires >= 0 && entry->dropped >= 0);
	HOLDS(entry->policy->mode <= STS_MODE_ENFORCE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_buf file, again;
	struct sts_entry *entry;

	sts_buf_init(&file, FILE_MAX);
	sts_buf_init(&again, FILE_MAX);
	if (fuzz_seal("mta-sts-policy 1", data, len, &file) &&
	    sts_entry_parse(sts_buf_text(&file), file.len, &entry, NULL) ==
		STS_OK) {
		well_formed(entry);
		/* Any other octet would have been damage. */
		HOLDS(sts_entry_format(entry, &again) == STS_OK);
		HOLDS(again.len == file.len &&
		      memcmp(again.data, file.data, file.len) == 0);
		sts_entry_free(entry);
	}
	sts_buf_clear(&file);
	sts_buf_clear(&again);
	return 0;
}
