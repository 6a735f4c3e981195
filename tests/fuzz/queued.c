/* SPDX-License-Identifier: ISC */
/*
 * The state of a report that somebody else has written: it is refused, or it
 * is what we would have written ourselves, so nothing is sent anywhere that
 * no record named.
 */
#include <string.h>

#include "fuzz.h"
#include "hurt.h"
#include "report/queue.h"

#define DAY      "2026-11-23"
#define FILE     "reports/" DAY "/0000001"
#define FILE_MAX 65536

static void
check(const struct sts_queued *queued)
{
	static char before[FILE_MAX], after[FILE_MAX];
	size_t len = hurt_get(FILE, before, sizeof(before));
	size_t i;

	for (i = 0; i < queued->count; i++)
		HOLDS(queued->rua[i].state < STS_RUA_STATE_MAX &&
		      strlen(queued->rua[i].uri) <= STS_URI_MAX);
	HOLDS(sts_queue_write(hurt_dir, queued, NULL) == STS_OK);
	HOLDS(hurt_get(FILE, after, sizeof(after)) == len &&
	      memcmp(before, after, len) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_queued queued;
	struct sts_buf file;

	fuzz_begin();
	sts_buf_init(&file, FILE_MAX);
	if (fuzz_seal("mta-sts-report 1", data, len, &file)) {
		HOLDS(sts_queue_begin(hurt_dir, DAY, NULL) == STS_OK);
		hurt_put(FILE, file.data, file.len);
		if (sts_queue_read(hurt_dir, DAY, 1, &queued, NULL) == STS_OK)
			check(&queued);
	}
	sts_buf_clear(&file);
	fuzz_end();
	return 0;
}
