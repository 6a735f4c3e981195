/* SPDX-License-Identifier: ISC */
/*
 * Many lookups at once, so many as the configuration allows, on one loop.
 */
#ifndef STS_CREW_H
#define STS_CREW_H

#include "command/command.h"
#include "resolve/io.h"

struct sts_crew {
	struct sts_loop *loop;
	struct sts_net *net;
	struct sts_resolver_options options;
	size_t limit;  /* at once */
	size_t count;  /* all of them */
	size_t next;   /* the next to be started */
	size_t active; /* under way */
	bool starting;
	void (*start)(void *arg, size_t i);
	void *arg;
};

/* STATE may be NULL.  On STS_OK CREW goes to sts_crew_close(). */
STS_MUST_USE enum sts_rc sts_crew_open(struct sts_crew *crew,
    const struct sts_config *config, struct sts_state *state,
    struct sts_error *err);
void sts_crew_close(struct sts_crew *crew);

/*
 * Call START for each of 0..COUNT-1 and return when sts_crew_done() has been
 * called for each, perhaps from within START.
 */
STS_MUST_USE enum sts_rc sts_crew_run(struct sts_crew *crew, size_t count,
    void (*start)(void *arg, size_t i), void *arg, struct sts_error *err);
void sts_crew_done(struct sts_crew *crew);

#endif
