/* SPDX-License-Identifier: ISC */
/*
 * Growing byte buffer with a maximum given at birth.  After a failed append
 * the contents are what they were and every later append fails as well, so a
 * caller may check once at the end.  data is always NUL-terminated; the NUL
 * is not counted in len or max.
 */
#ifndef STS_BUF_H
#define STS_BUF_H

#include "base/error.h"

struct sts_buf {
	char *data; /* NULL until the first append */
	size_t len;
	size_t size;
	size_t max;
	enum sts_rc rc; /* sticky: STS_OK, STS_ENOMEM or STS_EUSAGE (max) */
};

void sts_buf_init(struct sts_buf *buf, size_t max);
void sts_buf_clear(struct sts_buf *buf); /* release; may be used again */
void sts_buf_reset(struct sts_buf *buf); /* len = 0, rc = STS_OK */

enum sts_rc sts_buf_add(struct sts_buf *buf, const void *data, size_t len);
enum sts_rc sts_buf_str(struct sts_buf *buf, const char *text);
enum sts_rc sts_buf_printf(struct sts_buf *buf, const char *format, ...)
    STS_PRINTF(2, 3);

/* Room for LEN bytes to be written at the result; then sts_buf_grew(). */
char *sts_buf_room(struct sts_buf *buf, size_t len);
void sts_buf_grew(struct sts_buf *buf, size_t len);

/* Drop what is behind the first LEN octets, of which there are so many. */
void sts_buf_cut(struct sts_buf *buf, size_t len);

/* The text, or "" when nothing was appended.  Borrowed until the next call. */
const char *sts_buf_text(const struct sts_buf *buf);

/* Hand the bytes over to the caller, who free()s them; buf is empty then. */
char *sts_buf_take(struct sts_buf *buf);

/* Append DATA with control bytes, '\\' and non-ASCII as \DDD (RFC 1035, 5.1). */
enum sts_rc sts_buf_escaped(struct sts_buf *buf, const void *data, size_t len);

/* The same, and ALSO in this way: what would end a word or a quotation. */
enum sts_rc sts_buf_escaped_also(struct sts_buf *buf, const void *data,
    size_t len, char also);

/* Append what was escaped so; STS_EUSAGE when TEXT is not such a text. */
enum sts_rc sts_buf_unescaped(struct sts_buf *buf, const char *text,
    size_t len);

#endif
