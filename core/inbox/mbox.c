/* SPDX-License-Identifier: ISC */
/*
 * An mbox in pieces, see mbox.h.  A line that begins with "From ", has a time
 * in it and stands behind an empty line begins a message; another one is text
 * of the message, for not all who write an mbox put a ">" before it.
 */
#include <string.h>

#include "base/domain.h"
#include "inbox/mbox.h"

#define FROM "From "

void
sts_mbox_init(struct sts_mbox *mbox, size_t max, sts_mbox_fn fn, void *arg)
{
	memset(mbox, 0, sizeof(*mbox));
	sts_buf_init(&mbox->message, max);
	mbox->fn = fn;
	mbox->arg = arg;
	mbox->blank = true;
}

bool
sts_mbox_is(const char *data, size_t len)
{
	return len >= strlen(FROM) && memcmp(data, FROM, strlen(FROM)) == 0;
}

static void
finish(struct sts_mbox *mbox)
{
	if (mbox->open)
		mbox->fn(mbox->arg, sts_buf_text(&mbox->message),
		    mbox->message.len, mbox->too_large);
	sts_buf_reset(&mbox->message);
	mbox->too_large = false;
}

/* 2DIGIT ":" 2DIGIT, as "Mon Nov 23 10:00:00 2026" has it */
static bool
has_time(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);

	return colon != NULL && colon - line >= 2 &&
	       len - (size_t)(colon - line) >= 3 &&
	       sts_ascii_digit((unsigned char)colon[-2]) &&
	       sts_ascii_digit((unsigned char)colon[-1]) &&
	       sts_ascii_digit((unsigned char)colon[1]) &&
	       sts_ascii_digit((unsigned char)colon[2]);
}

/* An address may have a colon in it: the one of a time is among the last. */
static bool
is_separator(const struct sts_mbox *mbox)
{
	const char *at = mbox->head, *end = mbox->head + mbox->head_len;

	if (!mbox->blank || !sts_mbox_is(mbox->head, mbox->head_len))
		return false;
	if (!mbox->open)
		return true;
	at += strlen(FROM);
	while (at < end && *at != ' ')
		at++;
	return has_time(at, (size_t)(end - at));
}

static void
end_line(struct sts_mbox *mbox)
{
	size_t len = mbox->head_len;

	if (is_separator(mbox)) {
		sts_buf_cut(&mbox->message, mbox->line);
		finish(mbox);
		mbox->open = true;
	}
	mbox->blank = len == 0 || (len == 1 && mbox->head[0] == '\r');
	mbox->head_len = 0;
	mbox->line = mbox->message.len;
}

/* Part of a line, with its newline if it ends in one. */
static void
add(struct sts_mbox *mbox, const char *data, size_t len, bool ends)
{
	size_t room = sizeof(mbox->head) - mbox->head_len;
	size_t text = ends ? len - 1 : len;

	memcpy(mbox->head + mbox->head_len, data, text < room ? text : room);
	mbox->head_len += text < room ? text : room;
	if (sts_buf_add(&mbox->message, data, len) != STS_OK)
		mbox->too_large = true;
	if (ends)
		end_line(mbox);
}

void
sts_mbox_feed(struct sts_mbox *mbox, const char *data, size_t len)
{
	const char *end = data + len, *newline;
	size_t part;

	for (; data < end; data += part) {
		newline = memchr(data, '\n', (size_t)(end - data));
		part = newline == NULL ? (size_t)(end - data)
				       : (size_t)(newline + 1 - data);
		add(mbox, data, part, newline != NULL);
	}
}

void
sts_mbox_end(struct sts_mbox *mbox)
{
	if (mbox->head_len > 0)
		end_line(mbox);
	finish(mbox);
	sts_buf_clear(&mbox->message);
}
