/* SPDX-License-Identifier: ISC */
/*
 * A received report: whatever it says, it counts once, its table is plain
 * ASCII, its JSON is JSON and its page is text between our own tags.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "inbox/listing.h"
#include "inbox/page.h"

#define NOW      1795824000 /* 2026-11-28 */
#define TEXT_MAX (64 * 1024 * 1024)

static void
check_table(const struct sts_tally *tally, struct sts_buf *buf)
{
	size_t i;

	sts_listing_totals(tally, buf);
	HOLDS(sts_listing_table(tally, buf) == STS_OK);
	for (i = 0; i < buf->len; i++)
		HOLDS(buf->data[i] == '\n' ||
		      (buf->data[i] >= ' ' && buf->data[i] <= '~'));
	sts_buf_reset(buf);
}

static void
check_json(const struct sts_tally *tally, struct sts_buf *buf)
{
	const char *line, *end;
	struct sts_json_doc *doc;

	HOLDS(sts_listing_json(tally, buf) == STS_OK);
	for (line = sts_buf_text(buf); *line != '\0'; line = end + 1) {
		end = strchr(line, '\n');
		HOLDS(end != NULL);
		HOLDS(sts_json_read(line, (size_t)(end - line), &doc, NULL) ==
		      STS_OK);
		sts_json_doc_free(doc);
	}
	sts_buf_reset(buf);
}

/* As many of each tag are closed as are opened: a text that was one would
 * not be. */
static void
check_page(const struct sts_tally *tally, struct sts_buf *buf)
{
	const char *p;
	long depth = 0;

	HOLDS(sts_page(tally, NOW, buf) == STS_OK);
	HOLDS(strlen(buf->data) == buf->len);
	for (p = strchr(buf->data + 1, '<'); p != NULL;
	     p = strchr(p + 1, '<')) {
		HOLDS(p[1] == '/' || (p[1] >= 'a' && p[1] <= 'z'));
		if (p[1] == '/')
			depth--;
		else if (strchr(p, '>')[-1] != '/')
			depth++;
	}
	HOLDS(depth == 0);
	for (p = buf->data; *p != '\0'; p++)
		HOLDS(*p == '\n' || (unsigned char)*p >= ' ');
	HOLDS(strstr(buf->data, "<script") == NULL);
	sts_buf_reset(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sts_siphash_key key = { 5, 6 };
	const struct sts_tally_limits limits = { .now = NOW };
	struct sts_received *report;
	struct sts_tally *tally;
	struct sts_buf buf;

	if (sts_received_parse((const char *)data, len, &report, NULL) !=
	    STS_OK)
		return 0;
	tally = sts_tally_new(&key, &limits);
	HOLDS(tally != NULL);
	HOLDS(sts_tally_add(tally, report) == STS_TALLY_COUNTED);
	HOLDS(sts_tally_add(tally, report) == STS_TALLY_AGAIN);
	sts_received_free(report);
	sts_buf_init(&buf, TEXT_MAX);
	check_table(tally, &buf);
	check_json(tally, &buf);
	check_page(tally, &buf);
	sts_buf_clear(&buf);
	sts_tally_free(tally);
	return 0;
}
