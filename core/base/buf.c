/* SPDX-License-Identifier: ISC */
/*
 * Growing byte buffer with a maximum given at birth, see buf.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define BUF_FIRST 256

void
sts_buf_init(struct sts_buf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void
sts_buf_clear(struct sts_buf *buf)
{
	size_t max = buf->max;

	free(buf->data);
	sts_buf_init(buf, max);
}

void
sts_buf_reset(struct sts_buf *buf)
{
	buf->len = 0;
	buf->rc = STS_OK;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* Make sure that LEN more octets and the NUL fit. */
static enum sts_rc
reserve(struct sts_buf *buf, size_t len)
{
	size_t size;
	char *data;

	if (buf->rc != STS_OK)
		return buf->rc;
	if (len > buf->max - buf->len)
		return buf->rc = STS_EUSAGE;
	if (buf->len + len < buf->size)
		return STS_OK;
	size = buf->size == 0 ? BUF_FIRST : buf->size;
	while (size <= buf->len + len)
		size *= 2;
	if (size > buf->max + 1)
		size = buf->max + 1;
	data = realloc(buf->data, size);
	if (data == NULL)
		return buf->rc = STS_ENOMEM;
	buf->data = data;
	buf->size = size;
	return STS_OK;
}

enum sts_rc
sts_buf_add(struct sts_buf *buf, const void *data, size_t len)
{
	if (reserve(buf, len) != STS_OK)
		return buf->rc;
	if (len > 0)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return STS_OK;
}

enum sts_rc
sts_buf_str(struct sts_buf *buf, const char *text)
{
	return sts_buf_add(buf, text, strlen(text));
}

enum sts_rc
sts_buf_printf(struct sts_buf *buf, const char *format, ...)
{
	va_list ap;
	int len;

	va_start(ap, format);
	len = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (len < 0)
		return buf->rc = STS_EUSAGE;
	if (reserve(buf, (size_t)len) != STS_OK)
		return buf->rc;
	va_start(ap, format);
	(void)vsnprintf(buf->data + buf->len, (size_t)len + 1, format, ap);
	va_end(ap);
	buf->len += (size_t)len;
	return STS_OK;
}

char *
sts_buf_room(struct sts_buf *buf, size_t len)
{
	if (reserve(buf, len) != STS_OK)
		return NULL;
	return buf->data + buf->len;
}

void
sts_buf_grew(struct sts_buf *buf, size_t len)
{
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
sts_buf_cut(struct sts_buf *buf, size_t len)
{
	if (len < buf->len) {
		buf->len = len;
		buf->data[len] = '\0';
	}
}

const char *
sts_buf_text(const struct sts_buf *buf)
{
	return buf->data == NULL ? "" : buf->data;
}

char *
sts_buf_take(struct sts_buf *buf)
{
	char *data;

	if (buf->data == NULL && sts_buf_add(buf, "", 0) != STS_OK)
		return NULL;
	data = buf->data;
	sts_buf_init(buf, buf->max);
	return data;
}

enum sts_rc
sts_buf_escaped_also(struct sts_buf *buf, const void *data, size_t len,
    char also)
{
	static const char digits[] = "0123456789";
	const unsigned char *p = data;
	size_t i;
	char esc[4];

	for (i = 0; i < len; i++) {
		if (p[i] >= 0x20 && p[i] < 0x7f && p[i] != '\\' &&
		    p[i] != (unsigned char)also) {
			(void)sts_buf_add(buf, p + i, 1);
			continue;
		}
		esc[0] = '\\';
		esc[1] = digits[p[i] / 100];
		esc[2] = digits[p[i] / 10 % 10];
		esc[3] = digits[p[i] % 10];
		(void)sts_buf_add(buf, esc, sizeof(esc));
	}
	return buf->rc;
}

enum sts_rc
sts_buf_escaped(struct sts_buf *buf, const void *data, size_t len)
{
	return sts_buf_escaped_also(buf, data, len, '\\');
}

/* The octet behind a backslash: three digits, 255 at most; -1 if it is not. */
static int
escape_value(const char *p, size_t left)
{
	int i, value = 0;

	if (left < 3)
		return -1;
	for (i = 0; i < 3; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value > 255 ? -1 : value;
}

enum sts_rc
sts_buf_unescaped(struct sts_buf *buf, const char *text, size_t len)
{
	size_t i;
	int value;
	char c;

	for (i = 0; i < len; i++) {
		c = text[i];
		if (c == '\\') {
			value = escape_value(text + i + 1, len - i - 1);
			if (value == -1)
				return buf->rc = STS_EUSAGE;
			c = (char)value;
			i += 3;
		}
		(void)sts_buf_add(buf, &c, 1);
	}
	return buf->rc;
}
