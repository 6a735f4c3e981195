/* SPDX-License-Identifier: ISC */
/*
 * Lines out of a stream, see lines.h.
 */
#include <string.h>

#include "lines.h"

void
sts_lines_init(struct sts_lines *lines, size_t max)
{
	sts_buf_init(&lines->buf, max);
	lines->bad = false;
}

void
sts_lines_clear(struct sts_lines *lines)
{
	sts_buf_clear(&lines->buf);
	lines->bad = false;
}

/* A part of a line without its newline. */
static void
take(struct sts_lines *lines, const char *data, size_t len)
{
	if (lines->bad)
		return;
	lines->bad = memchr(data, '\0', len) != NULL ||
		     sts_buf_add(&lines->buf, data, len) != STS_OK;
}

/* The line is whole; one without any octet has nothing in the buffer. */
static void
finish(struct sts_lines *lines, sts_lines_fn each, void *arg)
{
	char empty[] = "";

	if (lines->bad)
		each(arg, NULL, 0);
	else if (lines->buf.len == 0)
		each(arg, empty, 0);
	else
		each(arg, lines->buf.data, lines->buf.len);
	sts_buf_reset(&lines->buf);
	lines->bad = false;
}

void
sts_lines_feed(struct sts_lines *lines, const char *data, size_t len,
    sts_lines_fn each, void *arg)
{
	const char *end = data + len, *newline;

	while (data < end &&
	       (newline = memchr(data, '\n', (size_t)(end - data))) != NULL) {
		take(lines, data, (size_t)(newline - data));
		finish(lines, each, arg);
		data = newline + 1;
	}
	if (data < end)
		take(lines, data, (size_t)(end - data));
}
