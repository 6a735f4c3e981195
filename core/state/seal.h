/* SPDX-License-Identifier: ISC */
/*
 * Small text files that an administrator can read: a first line with name,
 * version and checksum of all that follows, then "key: value" lines in fixed
 * order.  The reader takes what the writer writes and no other octet.  Pure.
 */
#ifndef STS_SEAL_H
#define STS_SEAL_H

#include "base/buf.h"

/* Append the first line and BODY to BUF.  NAME is "mta-sts-policy 1". */
enum sts_rc sts_seal_add(struct sts_buf *buf, const char *name,
    const char *body, size_t len);

struct sts_seal_reader {
	const char *at;
	const char *end;
	bool failed; /* sticky */
};

/* False, and failed, when name or checksum is not right. */
bool sts_seal_open(struct sts_seal_reader *r, const char *name,
    const char *text, size_t len);

/* The value of the line "KEY: ", which must be the next; OUT of SIZE. */
bool sts_seal_word(struct sts_seal_reader *r, const char *key, char *out,
    size_t size);

/* The same for a number >= 0 without leading zeros. */
bool sts_seal_number(struct sts_seal_reader *r, const char *key,
    int64_t *number);

/* Digits alone, as printf would write them; false for any other text. */
bool sts_seal_digits(const char *text, int64_t *number);

#endif
