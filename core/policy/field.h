/* SPDX-License-Identifier: ISC */
/*
 * What the grammars of the TXT records and of the policy have in common
 * (RFC 8461, 3.1 and 3.2; RFC 8460, 3): names and blanks.  Pure.
 */
#ifndef STS_FIELD_H
#define STS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#define STS_FIELD_NAME_MAX 32

/* WSP of RFC 5234. */
bool sts_field_is_blank(char c);

/* How many blanks TEXT begins with, how long it is without those at its end. */
size_t sts_field_blanks(const char *text, size_t len);
size_t sts_field_trimmed(const char *text, size_t len);

/* Length of the field name that TEXT begins with, 0 when there is none. */
size_t sts_field_name(const char *text, size_t len);

#endif
