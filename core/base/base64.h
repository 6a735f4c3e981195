/* SPDX-License-Identifier: ISC */
/* Base64 (RFC 4648, 4), one way: out.  Pure. */
#ifndef STS_BASE64_H
#define STS_BASE64_H

#include "base/buf.h"

/* Append LEN octets of DATA in base64, padded, without a newline. */
enum sts_rc sts_base64_add(struct sts_buf *buf, const void *data, size_t len);

#endif
