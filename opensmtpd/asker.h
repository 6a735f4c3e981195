/* SPDX-License-Identifier: ISC */
/*
 * Questions for the resolver that a spawner keeps, and what it answers.
 * Equal questions are one.  Nothing waits: a question that cannot be put is
 * refused, one that gets no answer ends without, and a resolver that says
 * nothing for too long is ended.
 */
#ifndef STS_ASKER_H
#define STS_ASKER_H

#include <poll.h>

#include "base/addr.h"
#include "base/log.h"
#include "spawner.h"

#define STS_ASKER_OPEN_MAX 1024 /* questions */

enum sts_asker_verb { /* of mta-sts-resolve -s */
	STS_ASKER_POLICY,
	STS_ASKER_MX,
	STS_ASKER_PROBE,
	STS_ASKER_VERB_MAX
};

/* Octets of the longest name, "HOST ADDRESS" of PROBE, with its NUL. */
#define STS_ASKER_NAME_MAX (STS_DOMAIN_MAX + STS_ADDR_TEXT + 1)

/* LINE, LEN octets, is what was answered, borrowed; NULL: there will be no
 * answer.  It may ask again. */
typedef void (*sts_asker_fn)(void *arg, enum sts_asker_verb verb,
    const char *name, const char *line, size_t len);

struct sts_asker;

/* A SPAWNER (borrowed) and LOG may be NULL: nobody is there to be asked.  A
 * resolver at work says something within PATIENCE ms. */
STS_MUST_USE enum sts_rc sts_asker_new(const struct sts_spawner *spawner,
    int64_t patience, const struct sts_log *log, sts_asker_fn answered,
    void *arg, struct sts_asker **asker, struct sts_error *err);
void sts_asker_free(struct sts_asker *asker);

/* True: ANSWERED will be called, not from in here.  NAME is normalised, and
 * of a probe may be followed by a space and an address. */
bool sts_asker_ask(struct sts_asker *asker, enum sts_asker_verb verb,
    const char *name, int64_t now);

/* What to wait for before the next step, when there is anything. */
#define STS_ASKER_FDS 2
void sts_asker_poll(const struct sts_asker *asker,
    struct pollfd poller[STS_ASKER_FDS]);

/* Are there questions open? */
bool sts_asker_busy(const struct sts_asker *asker);

/* Read and write what goes without waiting; end what is overdue at NOW. */
void sts_asker_step(struct sts_asker *asker, int64_t now);

#endif
