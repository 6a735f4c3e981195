/* SPDX-License-Identifier: ISC */
/*
 * For a program that only carries lines, or reads what strangers wrote: give
 * up, for good, what it never needs, so that whoever gets hold of it holds
 * little.
 */
#ifndef STS_SANDBOX_H
#define STS_SANDBOX_H

#include "base/error.h"

struct sts_sandbox {
	const char *writable;      /* directory with all that may be changed, */
	const char *readable;      /* one that may be read; NULL: none */
	const char *const *inputs; /* files and directories that may be read as
				      well, then NULL; NULL: none */
};

/*
 * From now on no program is started, no process traced, no socket made but
 * for this machine, and no file reached but those.  STS_ESYS: some of it
 * could not be given up, the rest was; an older kernel knows less and that is
 * no error.  Nothing at all happens on systems without such means.
 */
STS_MUST_USE enum sts_rc sts_sandbox_enter(const struct sts_sandbox *sandbox,
    struct sts_error *err);

#endif
