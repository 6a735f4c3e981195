/* SPDX-License-Identifier: ISC */
/*
 * Which MX host of a domain to probe next, and what the probes prove: the
 * best one first; when it says nothing for a while, or has failed, the next
 * one beside it.  Pure.
 */
#ifndef STS_RACE_H
#define STS_RACE_H

#include "state/mx.h"

#define STS_RACE_STAGGER 2000 /* ms of silence until the next one starts */
#define STS_RACE_ABREAST 4    /* at most */

enum sts_race_state {
	STS_RACE_WAITING,
	STS_RACE_RUNNING,
	STS_RACE_PASSED,
	STS_RACE_FAILED,
	STS_RACE_UNPROVED, /* could not be probed, by our own fault */
	STS_RACE_STATE_MAX
};

struct sts_race_host {
	enum sts_race_state state;
	bool marked; /* as failed, in the MX list that it is of */
	char name[STS_DOMAIN_MAX + 1];
};

struct sts_race {
	size_t count; /* 0: all zero, not begun */
	size_t begun; /* so many hosts have been started, the best first */
	int64_t last; /* ms: when the last one was */
	struct sts_race_host *host; /* owned */
};

/* COUNT hosts in the order of sts_choice_order(), at least one. */
STS_MUST_USE enum sts_rc sts_race_init(struct sts_race *race,
    const struct sts_mx_host *const *order, size_t count,
    struct sts_error *err);
void sts_race_clear(struct sts_race *race);

/* The host to start at NOW, which is then RUNNING; NULL: none. */
struct sts_race_host *sts_race_next(struct sts_race *race, int64_t now);

/* The one called NAME if it is running. */
struct sts_race_host *sts_race_running(struct sts_race *race, const char *name);

/* No more probes: those that are not over prove nothing. */
void sts_race_stop(struct sts_race *race);

/*
 * PASSED: a host did.  FAILED: all did.  RUNNING: some may yet pass.
 * UNPROVED: none is left that may, and not all have failed.
 */
enum sts_race_state sts_race_outcome(const struct sts_race *race);

#endif
