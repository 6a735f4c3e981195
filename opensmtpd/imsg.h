/* SPDX-License-Identifier: ISC */
/*
 * The table protocol of OpenSMTPD 6.8 to 7.5, its API version 2: imsg
 * messages in the machine's own byte order and sizes.  Whatever comes is
 * taken; after a length that cannot be, nothing more is understood.
 *
 *   u32 type, u16 len, u16 flags, u32 peerid, u32 pid, then by type
 *   OPEN    u32 version, name        -> OK
 *   CHECK   u32 service, size_t 0, key, NUL   -> OK, int 1 | 0 | -1
 *   LOOKUP  u32 service, size_t 0, key, NUL   -> the same, value, NUL if 1
 *   UPDATE                           -> OK, int 1 | 0
 */
#ifndef STS_IMSG_H
#define STS_IMSG_H

#include "request.h"

#define STS_IMSG_MAX 16384 /* octets of a message */

struct sts_imsg {
	const struct sts_request_user *user; /* borrowed */
	size_t len;
	bool lost;
	unsigned char data[STS_IMSG_MAX]; /* a message that has no end yet */
};

/* Is it this protocol whose first octet is FIRST? */
bool sts_imsg_begins(unsigned char first);

void sts_imsg_init(struct sts_imsg *imsg, const struct sts_request_user *user);
void sts_imsg_feed(struct sts_imsg *imsg, const void *data, size_t len);

#endif
