/* SPDX-License-Identifier: ISC */
/*
 * What each target defines, for libFuzzer or replay.c to call, and what
 * targets share (input.c).
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "state/state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A property that must hold whatever the input. */
#define HOLDS(condition) ((condition) ? (void)0 : __builtin_trap())

/* Cut the next line off what lies between *AT and END; false at the end. */
bool fuzz_line(const char **at, const char *end, struct sts_buf *line);

/*
 * Append an append-only file to OUT: each line that begins with '+' as the
 * frame that the rest of it would have, since no search ever finds a
 * checksum; every other line as it is.  False when it does not fit.
 */
bool fuzz_frames(const char *tag, const uint8_t *data, size_t len,
    struct sts_buf *out);

/* The same for a sealed file NAME: '+' stands for its first line. */
bool fuzz_seal(const char *name, const uint8_t *data, size_t len,
    struct sts_buf *out);

/*
 * A bracket around what uses hurt_state, hurt_dir and hurt_now (unit/hurt.h):
 * a state made once, in memory if possible, open for writing without syncing,
 * removed at exit.  Inside we are its owner, who need not switch each time.
 */
void fuzz_begin(void);
void fuzz_end(void);

/* A policy of example.com in mode enforce, fetched at hurt_now. */
struct sts_entry *fuzz_entry(void);

#endif
