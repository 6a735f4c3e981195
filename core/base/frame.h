/* SPDX-License-Identifier: ISC */
/*
 * Records in an append-only text file that may be torn at any byte: each
 * begins and ends with a newline and carries its length and checksum, so a
 * reader finds the next whole one.  "\n<tag> <len> <sum> <payload>\n"; the
 * payload is escaped text without newlines.  Pure.
 */
#ifndef STS_FRAME_H
#define STS_FRAME_H

#include "base/buf.h"

/* Append one frame that holds PAYLOAD (no newline, no NUL in it) to BUF. */
enum sts_rc sts_frame_add(struct sts_buf *buf, const char *tag,
    const char *payload, size_t len);

struct sts_frame_reader {
	const char *data;
	size_t len;
	size_t at;
	size_t skipped; /* damaged or torn records passed over so far */
};

void sts_frame_init(struct sts_frame_reader *reader, const char *data,
    size_t len);

/* Next whole frame with TAG: a borrowed slice of data; false at the end. */
bool sts_frame_next(struct sts_frame_reader *reader, const char *tag,
    const char **payload, size_t *len);

#endif
