/* SPDX-License-Identifier: ISC */
/*
 * Words of a configuration line: bare, or in quotes, in which \" and \\ stand
 * for these two.  A word that begins with "#" begins a comment.  Pure.
 */
#ifndef STS_WORD_H
#define STS_WORD_H

#include "base/buf.h"

/*
 * The next word of *TEXT, which then points behind it, into WORD.
 * STS_ENODATA at the end or at a comment, STS_ECONFIG for a bad quote.
 */
STS_MUST_USE enum sts_rc sts_word_next(const char **text, struct sts_buf *word,
    struct sts_error *err);

/* Append VALUE to BUF, in quotes if it would not be read back otherwise. */
enum sts_rc sts_word_add(struct sts_buf *buf, const char *value);

#endif
