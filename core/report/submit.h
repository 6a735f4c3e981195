/* SPDX-License-Identifier: ISC */
/*
 * A message handed to the local MTA, by the program that takes mail from
 * standard input: "PROGRAM -t -i -f FROM", as sendmail and its likes have it.
 */
#ifndef STS_SUBMIT_H
#define STS_SUBMIT_H

#include "base/error.h"

#define STS_SUBMIT_TIMEOUT_MS 60000

/*
 * LEN octets of MESSAGE, whose "To" says whom it goes to.  PROGRAM is an
 * absolute path and runs as we do, with no environment of ours; it may gain
 * privileges.  Blocks for TIMEOUT_MS at most, then the program is killed.
 * STS_OK: it took all and ended with status 0, so the MTA has the message.
 * STS_ELOCAL, STS_ETIMEOUT: it may or may not have; ERR has the status and
 * the first that the program said.
 */
STS_MUST_USE enum sts_rc sts_submit(const char *program, const char *from,
    const void *message, size_t len, int64_t timeout_ms, struct sts_error *err);

#endif
