/* SPDX-License-Identifier: ISC */
/*
 * The real struct sts_io: DNS, HTTPS and timers of one process, on one loop.
 */
#ifndef STS_IO_H
#define STS_IO_H

#include "base/config.h"
#include "resolve/poster.h"
#include "resolve/prober.h"
#include "resolve/resolver.h"

struct sts_net;

/* CONFIG is read now and not kept. */
STS_MUST_USE enum sts_rc sts_net_new(const struct sts_config *config,
    struct sts_loop *loop, struct sts_net **net, struct sts_error *err);
void sts_net_free(struct sts_net *net);

const struct sts_io *sts_net_io(struct sts_net *net);
struct sts_dns *sts_net_dns(struct sts_net *net);

/* Receives every line of every job from now on; NULL: nobody does. */
void sts_net_trace(struct sts_net *net,
    void (*fn)(void *arg, const char *domain, const char *line), void *arg);

/*
 * Options for jobs on STATE (may be NULL) as CONFIG has them.  The networks
 * in it belong to NET.
 */
void sts_net_options(const struct sts_net *net, const struct sts_config *config,
    struct sts_state *state, struct sts_resolver_options *options);

/* The same for probes. */
void sts_net_prober_setup(const struct sts_net *net,
    const struct sts_config *config, struct sts_state *state,
    struct sts_prober_setup *setup);

/* And for reports. */
void sts_net_poster_setup(const struct sts_net *net,
    struct sts_poster_setup *setup);

#endif
