/* SPDX-License-Identifier: ISC */
/*
 * SipHash-2-4 (Aumasson and Bernstein): keyed for tables that strangers
 * fill, with a zero key as the checksum of what we write to disk.
 */
#ifndef STS_SIPHASH_H
#define STS_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct sts_siphash_key {
	uint64_t k0, k1;
};

uint64_t sts_siphash(const struct sts_siphash_key *key, const void *data,
    size_t len);

/* The checksum: SipHash under the zero key. */
uint64_t sts_checksum(const void *data, size_t len);

#endif
