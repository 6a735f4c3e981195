/* SPDX-License-Identifier: ISC */
/*
 * A machine in a directory below /run: a state, a configuration that names
 * it, and the command mta-sts, run by a shell.  Needs root.
 */
#ifndef SITE_H
#define SITE_H

#include "base/error.h"

extern char *site_base;
extern char site_state[128];    /* the state directory below it */
extern char site_output[16384]; /* of the last command, NUL behind it */

void site_setup(void);
void site_teardown(void);

/* Exit status of a shell command, or of mta-sts with ARGUMENTS. */
int site_run(const char *format, ...) STS_PRINTF(1, 2);
int site_mta_sts(const char *arguments);

#endif
