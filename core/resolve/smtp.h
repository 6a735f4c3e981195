/* SPDX-License-Identifier: ISC */
/*
 * Replies of an SMTP server, octet by octet (RFC 5321, 4.2), with bounds on
 * line and reply.  Pure.
 */
#ifndef STS_SMTP_H
#define STS_SMTP_H

#include "base/error.h"

#define STS_SMTP_LINE_MAX  2048  /* RFC 5321 has 512 */
#define STS_SMTP_REPLY_MAX 16384 /* octets of all its lines */
#define STS_SMTP_TEXT_MAX  80    /* octets kept of what it says */

enum sts_smtp_step {
	STS_SMTP_MORE, /* the reply goes on */
	STS_SMTP_DONE, /* it has been read */
	STS_SMTP_BAD   /* it is no reply of SMTP */
};

struct sts_smtp_reply { /* all zero to begin with */
	unsigned code;
	bool starttls; /* a line behind the first offers it (RFC 3207, 4) */
	char text[STS_SMTP_TEXT_MAX + 1]; /* of the last line; not escaped */

	/* the reader's own */
	char line[STS_SMTP_LINE_MAX];
	size_t len;   /* of the line */
	size_t total; /* octets so far */
	size_t lines;
};

/* The next octet; nothing may follow DONE or BAD. */
STS_MUST_USE enum sts_smtp_step sts_smtp_take(struct sts_smtp_reply *reply,
    char c);

#endif
