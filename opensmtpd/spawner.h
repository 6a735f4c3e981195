/* SPDX-License-Identifier: ISC */
/*
 * A process that keeps mta-sts-resolve running for the filter, which then
 * needs no right to start anything.  Whatever becomes of the resolver costs
 * answers and no more: it is started again after a pause that grows.
 */
#ifndef STS_SPAWNER_H
#define STS_SPAWNER_H

#include "base/error.h"

#define STS_SPAWNER_PAUSE     1000  /* ms, doubled each time */
#define STS_SPAWNER_PAUSE_MAX 60000 /* and what a good life lasts */

/* Lines that the spawner itself puts among the answers. */
#define STS_SPAWNER_HERE "!here" /* a resolver was started */
#define STS_SPAWNER_GONE "!gone" /* it has ended, be it in mid-line */

struct sts_spawner { /* our ends; asking and answers do not block */
	int ask;     /* verbs; what one resolver did not read the next does */
	int answer;  /* lines */
	int control; /* closed: resolver and spawner end */
};

/*
 * Fork.  The spawner holds none of our descriptors but standard error, which
 * the resolver has as well.  PROGRAM is absolute, ARGV is its.
 */
STS_MUST_USE enum sts_rc sts_spawner_start(const char *program,
    char *const *argv, struct sts_spawner *spawner, struct sts_error *err);

/* The resolver hangs: end it.  What it was asked is lost. */
void sts_spawner_kill(const struct sts_spawner *spawner);

/* Close our ends. */
void sts_spawner_stop(struct sts_spawner *spawner);

#endif
