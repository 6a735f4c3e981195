/* SPDX-License-Identifier: ISC */
/*
 * An mbox (RFC 4155) in pieces, each message given back once all of it has
 * come.  Pure.
 */
#ifndef STS_MBOX_H
#define STS_MBOX_H

#include "base/buf.h"

/* A message without its "From " line.  TOO_LARGE: it is only the beginning of
 * one that had more octets than it may. */
typedef void (*sts_mbox_fn)(void *arg, const char *data, size_t len,
    bool too_large);

struct sts_mbox {
	sts_mbox_fn fn;
	void *arg;
	struct sts_buf message;
	size_t line;   /* where in message the line under way begins */
	char head[80]; /* of that line */
	size_t head_len;
	bool blank;     /* the line before is empty, or there is none */
	bool open;      /* a message is under way */
	bool too_large; /* and it is */
};

/* FN is called with messages of MAX octets at most. */
void sts_mbox_init(struct sts_mbox *mbox, size_t max, sts_mbox_fn fn,
    void *arg);
void sts_mbox_feed(struct sts_mbox *mbox, const char *data, size_t len);
/* All has come: the last message, and release. */
void sts_mbox_end(struct sts_mbox *mbox);

/* Does DATA begin as an mbox does? */
bool sts_mbox_is(const char *data, size_t len);

#endif
