/* SPDX-License-Identifier: ISC */
/*
 * What came of the sessions in which smtpd sends, and of those that a probe
 * kept it from: records in the journal, MX hosts that failed, domains whose
 * policy is to be asked for anew.  What smtpd does not say, why TLS failed
 * and whether a certificate that it did not check would have passed, a probe
 * tells; what a probe does not tell in time is recorded without.
 *
 * Bounded in all that it holds; it waits for nobody.  Times are those of
 * sts_clock_ms().
 */
#ifndef STS_OUTBOUND_H
#define STS_OUTBOUND_H

#include "asker.h"
#include "policy/probed.h"
#include "smtpd.h"
#include "sts.h"

struct sts_outbound_io {
	/* See sts_asker_ask(); NAME of a probe is "HOST ADDRESS" or "HOST". */
	bool (*ask)(void *arg, enum sts_asker_verb verb, const char *name,
	    int64_t now);
	void *arg;
};

struct sts_outbound;

/* STS is borrowed. */
STS_MUST_USE enum sts_rc sts_outbound_new(struct sts *sts,
    const struct sts_outbound_io *io, struct sts_outbound **outbound,
    struct sts_error *err);
/* What waits for a probe is recorded without. */
void sts_outbound_free(struct sts_outbound *outbound);

/* A report of smtp-out. */
void sts_outbound_event(struct sts_outbound *outbound,
    const struct sts_smtpd_event *event, int64_t now);

/* The table has told smtpd to use HOST for DOMAIN. */
void sts_outbound_chosen(struct sts_outbound *outbound, const char *domain,
    const char *host, int64_t now);

/* An sts_asker_fn's news; what was not asked for here is passed over. */
void sts_outbound_answered(struct sts_outbound *outbound,
    enum sts_asker_verb verb, const char *name, const char *line, size_t len,
    int64_t now);

/*
 * What an inquiry learned, see struct sts_inquiry_io: recorded, at most once
 * in STS_OUTBOUND_REPEAT for a domain and host.
 */
#define STS_OUTBOUND_REPEAT 300000 /* ms: the time that a probe holds */
void sts_outbound_learned(struct sts_outbound *outbound, const char *domain,
    const struct sts_probed *probed, int64_t now);

/* Let go of what has waited long enough; every second or so while busy. */
void sts_outbound_tick(struct sts_outbound *outbound, int64_t now);
bool sts_outbound_busy(const struct sts_outbound *outbound);

#endif
