/* SPDX-License-Identifier: ISC */
/*
 * The line with which mta-sts-resolve answers "policy DOMAIN", written and
 * read here.  It carries the policy text itself, so the answer counts even
 * when the state could not take it (disk full).  Pure.
 *
 *   policy DOMAIN answer=A cause=C source=S stored=0|1 tlsrpt=0|1
 *       [id=I expires=E text="..."] reason="..."
 */
#ifndef STS_ANSWER_H
#define STS_ANSWER_H

#include "base/buf.h"
#include "policy/policy.h"
#include "policy/record.h"

/* Octets of a line: every one of the text's may need four. */
#define STS_ANSWER_LINE_MAX (4 * STS_POLICY_TEXT_MAX + 4096)

struct sts_answer_line {
	char domain[STS_DOMAIN_MAX + 1];
	enum sts_answer answer;
	enum sts_rc cause; /* why UNKNOWN or DAMAGED, STS_OK otherwise */
	char source[16];   /* "cache", "live" */
	bool stored;       /* the state has it too */
	bool tlsrpt;
	char id[STS_ID_MAX + 1];
	int64_t expires;
	struct sts_policy *policy; /* answer POLICY; owned */
	char reason[STS_ERROR_MAX];
};

enum sts_rc sts_answer_format(const struct sts_answer_line *line,
    struct sts_buf *buf);

/* LEN octets without newline.  On STS_OK LINE goes to sts_answer_clear(). */
STS_MUST_USE enum sts_rc sts_answer_parse(const char *text, size_t len,
    struct sts_answer_line *line, struct sts_error *err);
void sts_answer_clear(struct sts_answer_line *line);

#endif
