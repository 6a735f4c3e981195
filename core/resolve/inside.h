/* SPDX-License-Identifier: ISC */
/*
 * What prober.c and round.c share and nobody else sees.
 */
#ifndef STS_RESOLVE_INSIDE_H
#define STS_RESOLVE_INSIDE_H

#include "resolve/prober.h"

struct flight;

struct sts_prober {
	struct sts_prober_setup setup;
	struct sts_trust *trust; /* NULL: not needed yet */
	struct flight *flight;   /* all that are under way */
};

#endif
