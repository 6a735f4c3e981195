/* SPDX-License-Identifier: ISC */
/*
 * What the result types of RFC 8460, 4.3 mean, to who runs the domain.
 */
#ifndef STS_MEANING_H
#define STS_MEANING_H

/* A part of a sentence; "" when RESULT is none of them. */
const char *sts_meaning(const char *result);

#endif
