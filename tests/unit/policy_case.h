/* SPDX-License-Identifier: ISC */
/* Policy texts that must be accepted or refused, for the tests of them. */
#ifndef POLICY_CASE_H
#define POLICY_CASE_H

#include "policy/policy.h"

#define HEAD         "version: STSv1\nmode: enforce\nmax_age: 86400\n"
#define GOOD         HEAD "mx: mx.example.com\n"
#define COUNT(table) (sizeof(table) / sizeof(table[0]))

/* A text that must be good; free the policy. */
struct sts_policy *policy_parse_len(const char *text, size_t len);
struct sts_policy *policy_parse(const char *text);

/* TEXT is a good policy with WARNINGS. */
void policy_accept(const char *text, size_t warnings);

/* TEXT is refused for the octet at BYTE of LINE; the error says WHY. */
void policy_refuse_len(const char *text, size_t len, unsigned line,
    unsigned byte, const char *why);
void policy_refuse(const char *text, unsigned line, unsigned byte,
    const char *why);

/* The same for GOOD and then LINE, refused for its octet AT (from 1). */
void policy_accept_line(const char *line, size_t warnings);
void policy_refuse_line(const char *line, unsigned at, const char *why);

#endif
