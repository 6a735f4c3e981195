/* SPDX-License-Identifier: ISC */
/*
 * Many lookups at once, see crew.h.
 */
#include <string.h>

#include "command/crew.h"

enum sts_rc
sts_crew_open(struct sts_crew *crew, const struct sts_config *config,
    struct sts_state *state, struct sts_error *err)
{
	enum sts_rc rc;

	memset(crew, 0, sizeof(*crew));
	rc = sts_loop_new(&crew->loop, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_net_new(config, crew->loop, &crew->net, err);
	if (rc != STS_OK) {
		sts_loop_free(crew->loop);
		return rc;
	}
	sts_net_options(crew->net, config, state, &crew->options);
	crew->limit = (size_t)config->parallel;
	return STS_OK;
}

void
sts_crew_close(struct sts_crew *crew)
{
	sts_net_free(crew->net);
	sts_loop_free(crew->loop);
}

/* A lookup may end within START: the flag turns that into a loop. */
static void
start_more(struct sts_crew *crew)
{
	if (crew->starting)
		return;
	crew->starting = true;
	while (crew->next < crew->count && crew->active < crew->limit) {
		crew->active++;
		crew->start(crew->arg, crew->next++);
	}
	crew->starting = false;
}

enum sts_rc
sts_crew_run(struct sts_crew *crew, size_t count,
    void (*start)(void *arg, size_t i), void *arg, struct sts_error *err)
{
	crew->count = count;
	crew->next = 0;
	crew->start = start;
	crew->arg = arg;
	start_more(crew);
	if (crew->active == 0)
		return STS_OK;
	return sts_loop_run(crew->loop, err);
}

void
sts_crew_done(struct sts_crew *crew)
{
	crew->active--;
	start_more(crew);
	if (crew->active == 0)
		sts_loop_stop(crew->loop);
}
