/* SPDX-License-Identifier: ISC */
/*
 * An empty directory for one test, owned by somebody who is not root, as a
 * state directory must be.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#define SCRATCH_UID 65534

/* The path goes to scratch_free(), which removes everything below it. */
char *scratch_new(void);
void scratch_free(char *path);

#endif
