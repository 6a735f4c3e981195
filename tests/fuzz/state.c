/* SPDX-License-Identifier: ISC */
/* Files of the state that hold text: policy files, ledger, journal. */
#include <string.h>

#include "base/frame.h"
#include "fuzz.h"
#include "report/event.h"
#include "state/policies.h"

static void
policy_file(const char *text, size_t len)
{
	struct sts_entry *entry;
	struct sts_buf buf;

	if (sts_entry_parse(text, len, &entry, NULL) != STS_OK)
		return;
	/* Any other octet would have been damage. */
	sts_buf_init(&buf, 2 * len + 4096);
	HOLDS(sts_entry_format(entry, &buf) == STS_OK);
	HOLDS(buf.len == len && memcmp(buf.data, text, len) == 0);
	sts_buf_clear(&buf);
	sts_entry_free(entry);
}

static void
journal_line(const char *text, size_t len)
{
	struct sts_session session;

	if (sts_session_parse(text, len, &session, NULL) == STS_OK)
		HOLDS(strlen(session.domain) <= STS_DOMAIN_MAX);
}

static void
frames(const char *text, size_t len)
{
	struct sts_frame_reader reader;
	const char *payload;
	size_t size;

	sts_frame_init(&reader, text, len);
	while (sts_frame_next(&reader, "session", &payload, &size)) {
		HOLDS(payload >= text && payload + size <= text + len);
		journal_line(payload, size);
	}
	/* Without the checksum in the way. */
	journal_line(text, len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	policy_file((const char *)data, len);
	frames((const char *)data, len);
	return 0;
}
