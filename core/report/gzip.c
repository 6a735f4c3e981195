/* SPDX-License-Identifier: ISC */
/*
 * gzip by zlib, see gzip.h.
 */
#include <limits.h>
#include <string.h>

#define ZLIB_CONST
#include <zlib.h>

#include "report/gzip.h"

#define CHUNK  16384
#define WINDOW (15 + 16) /* the largest, and gzip's head and trailer */

static enum sts_rc
zlib_failed(int status, const char *what, struct sts_error *err)
{
	if (status == Z_MEM_ERROR)
		return sts_error_set(err, STS_ENOMEM, "%s: no memory", what);
	return sts_error_set(err, STS_EUSAGE, "%s is damaged", what);
}

static enum sts_rc
too_large(enum sts_rc rc, const struct sts_buf *out, struct sts_error *err)
{
	if (rc == STS_ENOMEM)
		return sts_error_set(err, rc, "no memory");
	return sts_error_set(err, rc, "more than %zu octets", out->max);
}

/* What is in CHUNK and not in front of Z's next octet to OUT. */
static enum sts_rc
flush(const z_stream *z, const unsigned char *chunk, struct sts_buf *out,
    struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_buf_add(out, chunk, CHUNK - z->avail_out);
	return rc == STS_OK ? rc : too_large(rc, out, err);
}

static enum sts_rc
fold(z_stream *z, struct sts_buf *out, struct sts_error *err)
{
	unsigned char chunk[CHUNK];
	enum sts_rc rc = STS_OK;
	int status = Z_OK;

	while (rc == STS_OK && status != Z_STREAM_END) {
		z->next_out = chunk;
		z->avail_out = CHUNK;
		status = deflate(z, Z_FINISH);
		if (status != Z_OK && status != Z_STREAM_END)
			return zlib_failed(status, "gzip", err);
		rc = flush(z, chunk, out, err);
	}
	return rc;
}

enum sts_rc
sts_gzip(const void *data, size_t len, struct sts_buf *out,
    struct sts_error *err)
{
	z_stream z;
	size_t before = out->len;
	enum sts_rc rc;
	int status;

	if (len > UINT_MAX)
		return too_large(STS_EUSAGE, out, err);
	memset(&z, 0, sizeof(z));
	status = deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, WINDOW, 8,
	    Z_DEFAULT_STRATEGY);
	if (status != Z_OK)
		return zlib_failed(status, "gzip", err);
	z.next_in = data;
	z.avail_in = (uInt)len;
	rc = fold(&z, out, err);
	(void)deflateEnd(&z);
	if (rc != STS_OK)
		sts_buf_cut(out, before);
	return rc;
}

bool
sts_gzip_is(const void *data, size_t len)
{
	const unsigned char *p = data;

	return len >= 2 && p[0] == 0x1f && p[1] == 0x8b;
}

/* Zeros behind the last member are padding, as gzip(1) has it. */
static bool
only_padding(const z_stream *z)
{
	uInt i;

	for (i = 0; i < z->avail_in; i++)
		if (z->next_in[i] != 0)
			return false;
	return true;
}

/* From one member to the next; *STATUS stays Z_STREAM_END behind the last. */
static enum sts_rc
next_member(z_stream *z, int *status, struct sts_error *err)
{
	if (only_padding(z))
		return STS_OK;
	if (!sts_gzip_is(z->next_in, z->avail_in))
		return sts_error_set(err, STS_EUSAGE,
		    "gzip: something else follows");
	*status = inflateReset(z);
	return *status == Z_OK ? STS_OK : zlib_failed(*status, "gzip", err);
}

static enum sts_rc
unfold(z_stream *z, struct sts_buf *out, struct sts_error *err)
{
	unsigned char chunk[CHUNK];
	enum sts_rc rc = STS_OK;
	int status = Z_OK;

	while (rc == STS_OK && status != Z_STREAM_END) {
		z->next_out = chunk;
		z->avail_out = CHUNK;
		status = inflate(z, Z_NO_FLUSH);
		if (status == Z_BUF_ERROR)
			return sts_error_set(err, STS_EUSAGE,
			    "gzip ends too early");
		if (status != Z_OK && status != Z_STREAM_END)
			return zlib_failed(status, "gzip", err);
		rc = flush(z, chunk, out, err);
		if (rc == STS_OK && status == Z_STREAM_END)
			rc = next_member(z, &status, err);
	}
	return rc;
}

enum sts_rc
sts_gunzip(const void *data, size_t len, struct sts_buf *out,
    struct sts_error *err)
{
	z_stream z;
	size_t before = out->len;
	enum sts_rc rc;
	int status;

	if (len > UINT_MAX)
		return too_large(STS_EUSAGE, out, err);
	memset(&z, 0, sizeof(z));
	z.next_in = data;
	z.avail_in = (uInt)len;
	status = inflateInit2(&z, WINDOW);
	if (status != Z_OK)
		return zlib_failed(status, "gzip", err);
	rc = unfold(&z, out, err);
	(void)inflateEnd(&z);
	if (rc != STS_OK)
		sts_buf_cut(out, before);
	return rc;
}
