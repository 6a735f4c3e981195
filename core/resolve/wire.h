/* SPDX-License-Identifier: ISC */
/*
 * Reading a DNS message octet by octet, never beyond its end.  Pure.
 */
#ifndef STS_WIRE_H
#define STS_WIRE_H

#include "base/error.h"

#define STS_WIRE_NAME_MAX 255

struct sts_wire {
	const unsigned char *data;
	size_t len;
	size_t at; /* what is read next; the readers move it */
};

/* An uncompressed name in lower case, so that equality is memcmp(). */
struct sts_wire_name {
	unsigned char octets[STS_WIRE_NAME_MAX];
	size_t len;
};

/* False: not there, or malformed. */
STS_MUST_USE bool sts_wire_get16(struct sts_wire *wire, unsigned *value);
STS_MUST_USE bool sts_wire_get32(struct sts_wire *wire, uint32_t *value);
STS_MUST_USE bool sts_wire_get_name(struct sts_wire *wire,
    struct sts_wire_name *name);

/* "a.example" or "a.example."; false: no name that DNS can have. */
STS_MUST_USE bool sts_wire_name_of(const char *text,
    struct sts_wire_name *name);
bool sts_wire_same(const struct sts_wire_name *a,
    const struct sts_wire_name *b);

/* New text without root dot, "." for the root; what no host name has is
 * escaped as \DDD.  NULL: no memory. */
char *sts_wire_text(const struct sts_wire_name *name, size_t *len);

#endif
