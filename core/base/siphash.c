/* SPDX-License-Identifier: ISC */
/*
 * SipHash-2-4, written from the paper's description.
 */
#include "base/siphash.h"

struct lanes {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
rotate(uint64_t x, unsigned bits)
{
	return (x << bits) | (x >> (64 - bits));
}

static void
rounds(struct lanes *s, unsigned count)
{
	while (count-- > 0) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

/* Up to eight octets, little-endian. */
static uint64_t
load(const unsigned char *p, size_t len)
{
	uint64_t word = 0;
	size_t i;

	for (i = 0; i < len; i++)
		word |= (uint64_t)p[i] << (8 * i);
	return word;
}

uint64_t
sts_siphash(const struct sts_siphash_key *key, const void *data, size_t len)
{
	const unsigned char *p = data;
	struct lanes s = {
		key->k0 ^ 0x736f6d6570736575ULL,
		key->k1 ^ 0x646f72616e646f6dULL,
		key->k0 ^ 0x6c7967656e657261ULL,
		key->k1 ^ 0x7465646279746573ULL,
	};
	uint64_t word, last = (uint64_t)len << 56;

	for (; len >= 8; p += 8, len -= 8) {
		word = load(p, 8);
		s.v3 ^= word;
		rounds(&s, 2);
		s.v0 ^= word;
	}
	last |= load(p, len);
	s.v3 ^= last;
	rounds(&s, 2);
	s.v0 ^= last;
	s.v2 ^= 0xff;
	rounds(&s, 4);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t
sts_checksum(const void *data, size_t len)
{
	static const struct sts_siphash_key zero = { 0, 0 };

	return sts_siphash(&zero, data, len);
}
