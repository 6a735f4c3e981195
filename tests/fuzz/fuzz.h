/* SPDX-License-Identifier: ISC */
/* What each target defines, for libFuzzer or replay.c to call. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A property that must hold whatever the input. */
#define HOLDS(condition) ((condition) ? (void)0 : __builtin_trap())

#endif
