/* SPDX-License-Identifier: ISC */
/*
 * Probes side by side, see race.h.
 */
#include <stdlib.h>
#include <string.h>

#include "race.h"

enum sts_rc
sts_race_init(struct sts_race *race, const struct sts_mx_host *const *order,
    size_t count, struct sts_error *err)
{
	size_t i;

	race->host = calloc(count, sizeof(*race->host));
	if (race->host == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	for (i = 0; i < count; i++) {
		memcpy(race->host[i].name, order[i]->name,
		    sizeof(race->host[i].name));
		race->host[i].marked = order[i]->failed != 0;
	}
	race->count = count;
	race->begun = 0;
	return STS_OK;
}

void
sts_race_clear(struct sts_race *race)
{
	free(race->host);
	*race = (struct sts_race){ .host = NULL };
}

static size_t
tally(const struct sts_race *race, enum sts_race_state state)
{
	size_t i, n = 0;

	for (i = 0; i < race->count; i++)
		n += race->host[i].state == state;
	return n;
}

struct sts_race_host *
sts_race_next(struct sts_race *race, int64_t now)
{
	struct sts_race_host *host;

	if (race->begun == race->count || tally(race, STS_RACE_PASSED) > 0 ||
	    tally(race, STS_RACE_RUNNING) >= STS_RACE_ABREAST)
		return NULL;
	host = &race->host[race->begun];
	if (race->begun > 0 && host[-1].state == STS_RACE_RUNNING &&
	    now - race->last < STS_RACE_STAGGER)
		return NULL;
	host->state = STS_RACE_RUNNING;
	race->begun++;
	race->last = now;
	return host;
}

struct sts_race_host *
sts_race_running(struct sts_race *race, const char *name)
{
	size_t i;

	for (i = 0; i < race->begun; i++)
		if (race->host[i].state == STS_RACE_RUNNING &&
		    strcmp(race->host[i].name, name) == 0)
			return &race->host[i];
	return NULL;
}

void
sts_race_stop(struct sts_race *race)
{
	size_t i;

	for (i = 0; i < race->count; i++)
		if (race->host[i].state == STS_RACE_RUNNING ||
		    race->host[i].state == STS_RACE_WAITING)
			race->host[i].state = STS_RACE_UNPROVED;
	race->begun = race->count;
}

enum sts_race_state
sts_race_outcome(const struct sts_race *race)
{
	if (tally(race, STS_RACE_PASSED) > 0)
		return STS_RACE_PASSED;
	if (tally(race, STS_RACE_RUNNING) + tally(race, STS_RACE_WAITING) > 0)
		return STS_RACE_RUNNING;
	return tally(race, STS_RACE_FAILED) == race->count ? STS_RACE_FAILED
							   : STS_RACE_UNPROVED;
}
