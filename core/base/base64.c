/* SPDX-License-Identifier: ISC */
/*
 * Base64, see base64.h.
 */
#include "base/base64.h"

/* LEFT octets, of which there are at least one and three count. */
static void
encode(const unsigned char *p, size_t left, char out[4])
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = (unsigned)p[0] << 16;

	if (left > 1)
		bits |= (unsigned)p[1] << 8;
	if (left > 2)
		bits |= p[2];
	out[0] = digits[bits >> 18];
	out[1] = digits[bits >> 12 & 63];
	out[2] = digits[bits >> 6 & 63];
	out[3] = digits[bits & 63];
	if (left < 3)
		out[3] = '=';
	if (left < 2)
		out[2] = '=';
}

enum sts_rc
sts_base64_add(struct sts_buf *buf, const void *data, size_t len)
{
	const unsigned char *octets = data;
	char quad[4];
	size_t i;

	for (i = 0; i < len; i += 3) {
		encode(octets + i, len - i, quad);
		if (sts_buf_add(buf, quad, sizeof(quad)) != STS_OK)
			break;
	}
	return buf->rc;
}
