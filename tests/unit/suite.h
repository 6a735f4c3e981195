/* SPDX-License-Identifier: ISC */
/* What every test program ends with. */
#ifndef SUITE_H
#define SUITE_H

#include <check.h>

/* Run SUITE, release it; the exit status of the program. */
int suite_run(Suite *suite);

#endif
