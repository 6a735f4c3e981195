/* SPDX-License-Identifier: ISC */
/*
 * A day of the journal that somebody else has written into, between two
 * records of our own: neither is lost, whatever stands there.
 */
#include <string.h>

#include "fuzz.h"
#include "hurt.h"
#include "report/journal.h"

#define DAY      "2026-11-23"
#define FILE_MAX (1 << 20)

struct seen {
	size_t count;
	int64_t first, last; /* when the sessions at both ends were */
};

static const struct sts_session own = {
	.domain = "example.com",
	.type = STS_TYPE_STS,
	.mode = STS_MODE_ENFORCE,
	.policy_hash = UINT64_C(0xfedcba9876543210),
	.mx = "mx.example.com",
	.mx_address = "192.0.2.1",
	.result = STS_SESSION_CERTIFICATE_EXPIRED,
	.reason = "certificate expired",
	.mta = "exim",
};

/* What was read is written so that it is read again. */
static bool
each(void *arg, const struct sts_session *session)
{
	struct sts_buf first, second;
	struct sts_session again;
	struct seen *seen = arg;

	sts_buf_init(&first, 8192);
	sts_buf_init(&second, 8192);
	HOLDS(sts_session_format(session, &first) == STS_OK);
	HOLDS(sts_session_parse(first.data, first.len, &again, NULL) == STS_OK);
	HOLDS(again.at == session->at && again.result == session->result &&
	      again.policy_hash == session->policy_hash);
	HOLDS(sts_session_format(&again, &second) == STS_OK);
	HOLDS(strcmp(first.data, second.data) == 0);
	HOLDS(session->at >= 0 && session->type < STS_TYPE_MAX &&
	      session->mode < STS_MODE_MAX &&
	      session->result < STS_SESSION_MAX);
	sts_buf_clear(&first);
	sts_buf_clear(&second);
	if (seen->count++ == 0)
		seen->first = session->at;
	seen->last = session->at;
	return true;
}

static bool
add_own(struct sts_buf *file, int64_t at)
{
	struct sts_session session = own;
	struct sts_buf line;
	bool fits;

	session.at = at;
	sts_buf_init(&line, 8192);
	(void)sts_buf_str(&line, "+");
	HOLDS(sts_session_format(&session, &line) == STS_OK);
	fits =
	    fuzz_frames("session", (const uint8_t *)line.data, line.len, file);
	sts_buf_clear(&line);
	return fits;
}

static size_t
count_lines(const struct sts_buf *file)
{
	size_t i, lines = 0;

	for (i = 1; i < file->len; i++)
		lines += file->data[i] == '\n' && file->data[i - 1] != '\n';
	return lines;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen seen = { 0, -1, -1 };
	struct sts_buf file;
	size_t skipped = 0;

	fuzz_begin();
	sts_buf_init(&file, FILE_MAX);
	if (add_own(&file, 1) && fuzz_frames("session", data, len, &file) &&
	    add_own(&file, 2)) {
		hurt_put("journal/" DAY, file.data, file.len);
		HOLDS(sts_journal_each(hurt_dir, DAY, each, &seen, &skipped,
			  NULL) == STS_OK);
		HOLDS(seen.count >= 2 && seen.first == 1 && seen.last == 2);
		HOLDS(seen.count + skipped == count_lines(&file));
	}
	sts_buf_clear(&file);
	fuzz_end();
	return 0;
}
