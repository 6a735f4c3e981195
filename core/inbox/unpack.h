/* SPDX-License-Identifier: ISC */
/*
 * From octets to the reports in them: JSON, gzip, a mail message.  What they
 * are is seen from their beginning, never from a name; names inside are not
 * looked at.  Pure.
 */
#ifndef STS_UNPACK_H
#define STS_UNPACK_H

#include "inbox/received.h"

#define STS_UNPACK_MESSAGE_MAX (25 * 1024 * 1024)
#define STS_UNPACK_JSON_MAX    (64 * 1024 * 1024)

enum sts_unpack_kind {
	STS_UNPACK_EMPTY,
	STS_UNPACK_JSON,
	STS_UNPACK_GZIP,
	STS_UNPACK_MBOX, /* for sts_mbox_feed() */
	STS_UNPACK_MESSAGE,
	STS_UNPACK_KIND_MAX
};
/* From the first 64 octets of it, at least. */
enum sts_unpack_kind sts_unpack_kind(const char *data, size_t len);

/* No more octets than this can be of KIND. */
size_t sts_unpack_max(enum sts_unpack_kind kind);

struct sts_unpack_sink {
	void *arg;
	/* A report, which is gone on return.  False: ERR is wrong with it. */
	bool (*report)(void *arg, const struct sts_received *report,
	    struct sts_error *err);
	/* Something that should be one and cannot be read.  PART of a message,
	 * or 0. */
	void (*bad)(void *arg, size_t part, const struct sts_error *err);
};

/* All reports in DATA, which is as a whole of KIND, to SINK. */
void sts_unpack(enum sts_unpack_kind kind, const char *data, size_t len,
    const struct sts_unpack_sink *sink);

#endif
