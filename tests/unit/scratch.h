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

/*
 * For code that judges the parents of a state directory: the same, root's,
 * below /run, since the tree may lie in /tmp.  Needs root.
 */
char *scratch_of_root(void);

#endif
