/* SPDX-License-Identifier: ISC */
/* What a forked child does until it is the program: see spawn.h. */
#ifndef STS_CHILD_H
#define STS_CHILD_H

#include "spawn.h"

/* First octet of a line that tells why the program could not be started. */
#define STS_CHILD_FAILED '!'

/*
 * Leave the session, fork once more, and become SPAWN's program with OUT as
 * its standard output.  All signals are blocked on entry.  Never returns.
 */
_Noreturn void sts_child_run(const struct sts_spawn *spawn, int out);

#endif
