/* SPDX-License-Identifier: ISC */
/*
 * From octets to reports, see unpack.h.
 */
#include <string.h>

#include "inbox/mbox.h"
#include "inbox/mime.h"
#include "inbox/unpack.h"
#include "report/gzip.h"

/* Of a message: did anything come of it? */
struct letter {
	const struct sts_unpack_sink *sink;
	bool answered;
};

/* Behind blanks and the mark of byte order: an object? */
static bool
is_json(const char *data, size_t len)
{
	size_t i = 0;

	if (len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0)
		i = 3;
	while (i < len && strchr(" \t\r\n", data[i]) != NULL && data[i] != '\0')
		i++;
	return i < len && data[i] == '{';
}

enum sts_unpack_kind
sts_unpack_kind(const char *data, size_t len)
{
	if (len == 0)
		return STS_UNPACK_EMPTY;
	if (sts_gzip_is(data, len))
		return STS_UNPACK_GZIP;
	if (is_json(data, len))
		return STS_UNPACK_JSON;
	return sts_mbox_is(data, len) ? STS_UNPACK_MBOX : STS_UNPACK_MESSAGE;
}

size_t
sts_unpack_max(enum sts_unpack_kind kind)
{
	return kind == STS_UNPACK_JSON ? STS_UNPACK_JSON_MAX
				       : STS_UNPACK_MESSAGE_MAX;
}

static void
parse(const char *data, size_t len, size_t part,
    const struct sts_unpack_sink *sink)
{
	struct sts_received *report;
	struct sts_error err;

	if (sts_received_parse(data, len, &report, &err) != STS_OK) {
		sink->bad(sink->arg, part, &err);
		return;
	}
	if (!sink->report(sink->arg, report, &err))
		sink->bad(sink->arg, part, &err);
	if (report->odd.rc != STS_OK)
		sink->bad(sink->arg, part, &report->odd);
	sts_received_free(report);
}

/* ---- messages ------------------------------------------------------------ */

static bool
is_type(const struct sts_mime_part *part, const char *prefix)
{
	return strncmp(part->type, prefix, strlen(prefix)) == 0;
}

/* JSON that somebody merely wrote in a text need not be a report. */
static bool
is_prose(const struct sts_mime_part *part, const char *data, size_t len)
{
	struct sts_received *report;

	if (!is_type(part, "text/"))
		return false;
	if (sts_received_parse(data, len, &report, NULL) != STS_OK)
		return true;
	sts_received_free(report);
	return false;
}

/* Senders call it application/gzip, octet-stream, text: the content tells. */
static void
take_content(struct letter *letter, const struct sts_mime_part *part,
    const char *data, size_t len)
{
	const struct sts_unpack_sink *sink = letter->sink;
	struct sts_error err;

	if (is_json(data, len)) {
		if (is_prose(part, data, len))
			return;
		parse(data, len, part->number, sink);
	} else if (is_type(part, "application/tlsrpt")) {
		(void)sts_error_set(&err, STS_EUSAGE,
		    len == 0 ? "is empty" : "is no JSON");
		sink->bad(sink->arg, part->number, &err);
	} else {
		return;
	}
	letter->answered = true;
}

static void
take_part(void *arg, const struct sts_mime_part *part)
{
	struct letter *letter = arg;
	struct sts_buf unfolded;
	struct sts_error err;

	if (!sts_gzip_is(part->data, part->len)) {
		take_content(letter, part, part->data, part->len);
		return;
	}
	sts_buf_init(&unfolded, STS_UNPACK_JSON_MAX);
	if (sts_gunzip(part->data, part->len, &unfolded, &err) == STS_OK) {
		take_content(letter, part, sts_buf_text(&unfolded),
		    unfolded.len);
	} else {
		letter->sink->bad(letter->sink->arg, part->number, &err);
		letter->answered = true;
	}
	sts_buf_clear(&unfolded);
}

static void
unpack_message(const char *data, size_t len, const struct sts_unpack_sink *sink)
{
	struct letter letter = { .sink = sink };
	struct sts_error err;
	bool claims;
	enum sts_rc rc;

	rc = sts_mime_each(data, len, take_part, &letter, &claims, &err);
	if (rc == STS_OK && claims && !letter.answered)
		rc = sts_error_set(&err, STS_EUSAGE,
		    "says that it is a TLS report, and has none in it");
	if (rc != STS_OK)
		sink->bad(sink->arg, 0, &err);
}

/* ---- files --------------------------------------------------------------- */

static void
unpack_gzip(const char *data, size_t len, const struct sts_unpack_sink *sink)
{
	struct sts_buf unfolded;
	struct sts_error err;

	sts_buf_init(&unfolded, STS_UNPACK_JSON_MAX);
	if (sts_gunzip(data, len, &unfolded, &err) == STS_OK)
		parse(sts_buf_text(&unfolded), unfolded.len, 0, sink);
	else
		sink->bad(sink->arg, 0, &err);
	sts_buf_clear(&unfolded);
}

void
sts_unpack(enum sts_unpack_kind kind, const char *data, size_t len,
    const struct sts_unpack_sink *sink)
{
	struct sts_error err;

	switch (kind) {
	case STS_UNPACK_JSON:
		parse(data, len, 0, sink);
		break;
	case STS_UNPACK_GZIP:
		unpack_gzip(data, len, sink);
		break;
	case STS_UNPACK_MBOX:
	case STS_UNPACK_MESSAGE:
		unpack_message(data, len, sink);
		break;
	case STS_UNPACK_EMPTY:
	case STS_UNPACK_KIND_MAX:
		(void)sts_error_set(&err, STS_EUSAGE, "is empty");
		sink->bad(sink->arg, 0, &err);
		break;
	}
}
