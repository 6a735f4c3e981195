/* SPDX-License-Identifier: ISC */
/*
 * write(2), pwrite(2) and ftruncate(2) for files of the state.  Above the
 * file size limit that a caller of the MTA may have set they fail with EFBIG;
 * the SIGXFSZ that comes with it would kill the MTA.
 */
#ifndef STS_WRITE_H
#define STS_WRITE_H

#include <sys/types.h>

#include "base/error.h"

STS_MUST_USE ssize_t sts_write(int fd, const void *data, size_t len);
STS_MUST_USE ssize_t sts_pwrite(int fd, const void *data, size_t len, off_t at);
STS_MUST_USE int sts_ftruncate(int fd, off_t size);

#endif
