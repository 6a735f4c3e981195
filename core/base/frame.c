/* SPDX-License-Identifier: ISC */
/*
 * Frames in an append-only file, see frame.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/frame.h"
#include "base/siphash.h"

#define TAG_MAX    16
#define LENGTH_MAX 10 /* digits */
#define SUM_LEN    16

enum sts_rc
sts_frame_add(struct sts_buf *buf, const char *tag, const char *payload,
    size_t len)
{
	(void)sts_buf_printf(buf, "\n%s %zu %016" PRIx64 " ", tag, len,
	    sts_checksum(payload, len));
	(void)sts_buf_add(buf, payload, len);
	return sts_buf_add(buf, "\n", 1);
}

void
sts_frame_init(struct sts_frame_reader *reader, const char *data, size_t len)
{
	memset(reader, 0, sizeof(*reader));
	reader->data = data;
	reader->len = len;
}

/* Does LINE begin with the header that its own payload would get? */
static bool
line_is_frame(const char *line, size_t len, const char *tag,
    const char **payload, size_t *payload_len)
{
	char head[TAG_MAX + LENGTH_MAX + SUM_LEN + 4];
	const char *p = line, *end = line + len;
	size_t size;
	int spaces, head_len;

	for (spaces = 0; p < end && spaces < 3; p++)
		spaces += *p == ' ';
	if (spaces < 3)
		return false;
	size = (size_t)(end - p);
	head_len = snprintf(head, sizeof(head), "%s %zu %016" PRIx64 " ", tag,
	    size, sts_checksum(p, size));
	if (head_len < 0 || (size_t)head_len >= sizeof(head) ||
	    (size_t)head_len != (size_t)(p - line) ||
	    memcmp(head, line, (size_t)head_len) != 0)
		return false;
	*payload = p;
	*payload_len = size;
	return true;
}

bool
sts_frame_next(struct sts_frame_reader *reader, const char *tag,
    const char **payload, size_t *len)
{
	const char *line, *newline;
	size_t left;

	while (reader->at < reader->len) {
		line = reader->data + reader->at;
		left = reader->len - reader->at;
		newline = memchr(line, '\n', left);
		if (newline == NULL) { /* torn at the end */
			reader->at = reader->len;
			reader->skipped++;
			return false;
		}
		reader->at += (size_t)(newline - line) + 1;
		if (newline == line)
			continue;
		if (line_is_frame(line, (size_t)(newline - line), tag, payload,
			len))
			return true;
		reader->skipped++;
	}
	return false;
}
