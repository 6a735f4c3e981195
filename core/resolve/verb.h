/* SPDX-License-Identifier: ISC */
/*
 * The lines that "mta-sts-resolve -s" is told, "VERB DOMAIN", and the one it
 * answers when nothing comes of them.  Pure.
 */
#ifndef STS_VERB_H
#define STS_VERB_H

#include "base/buf.h"

#define STS_VERB_LINE_MAX 1024

struct sts_verb_reader { /* all zero to begin with */
	char line[STS_VERB_LINE_MAX];
	size_t len;
	bool bad; /* too long, or a NUL in it: the rest is skipped */
};

struct sts_verb { /* borrowed until the next octet */
	const char *word;
	const char *name; /* NULL: no such line, WORD is how it begins */
};

/* True when C ends a line: VERB is what it said. */
STS_MUST_USE bool sts_verb_take(struct sts_verb_reader *reader, char c,
    struct sts_verb *verb);

/* The longest that follows: every octet of line and reason may need four. */
#define STS_VERB_ANSWER_MAX (4 * (STS_VERB_LINE_MAX + STS_ERROR_MAX) + 256)

/* error VERB DOMAIN cause=C reason="..." */
enum sts_rc sts_verb_fail(struct sts_buf *line, const char *verb,
    const char *domain, const struct sts_error *error);

#endif
