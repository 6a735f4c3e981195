/* SPDX-License-Identifier: ISC */
/* "query --probe": every address of every MX host of a domain is tried. */
#ifndef STS_PROBING_H
#define STS_PROBING_H

#include "command/crew.h"
#include "policy/probed.h"

struct sts_probing { /* what was found, host by host; all zero at first */
	struct sts_probed *probed;
	size_t count;
};

/*
 * Probe the hosts of LIST, or HOST alone if it is not NULL, with PROBER; FN
 * is called once, perhaps before this returns.  All but PROBING must outlive
 * that, and PROBING goes to sts_probing_clear().
 */
void sts_probing_start(struct sts_probing *probing, struct sts_crew *crew,
    struct sts_prober *prober, const struct sts_mx_list *list, const char *host,
    void (*fn)(void *arg), void *arg);
void sts_probing_clear(struct sts_probing *probing);

/* What was found of HOST: for people with LABEL in front, and as JSON. */
void sts_probing_print(const struct sts_probing *probing, const char *host,
    const char *label);
void sts_probing_json(const struct sts_probing *probing, const char *host,
    struct sts_json *json);

/*
 * NO: an address of HOST fails at TLS, or none can be reached.  UNSURE: our
 * own fault.  YES: mail goes through, or HOST was not probed.
 */
enum sts_exit sts_probing_status(const struct sts_probing *probing,
    const char *host);

#endif
