/* SPDX-License-Identifier: ISC */
/*
 * What smtpd's sessions wait for: per recipient domain, policy, MX list and,
 * in the stage, a host that passes a probe.  Everybody who asks for a domain
 * joins the one inquiry there is; nobody waits longer than
 * STS_INQUIRY_WAIT, and the work goes on when nobody is left.
 *
 * No network and no process here: what is not in the state is asked of the
 * resolver through a function, and comes back by sts_inquiry_answered().
 */
#ifndef STS_INQUIRY_H
#define STS_INQUIRY_H

#include "asker.h"
#include "policy/probed.h"
#include "standing.h"

#define STS_INQUIRY_WAIT     5000  /* ms that a session is held */
#define STS_INQUIRY_LIFE     60000 /* ms that hosts are probed */
#define STS_INQUIRY_OPEN_MAX 1024  /* domains; others: what the state says */

/* A session that waits for one answer. */
struct sts_inquiry_client {
	uint64_t session, token; /* smtpd's */
	bool stage; /* it may be refused; else it proceeds whatever we learn */
};

struct sts_inquiry_io {
	/* See sts_asker_ask(). */
	bool (*ask)(void *arg, enum sts_asker_verb verb, const char *name,
	    int64_t now);
	/* REFUSAL as sts_standing_refuse() words it; NULL: proceed. */
	void (*answer)(void *arg, const struct sts_inquiry_client *client,
	    const char *refusal);
	/* What came of a probe for DOMAIN; STS_EMXPOLICY, of no host: its
	 * policy permits none. */
	void (*learned)(void *arg, const char *domain,
	    const struct sts_probed *probed);
	void *arg;
};

struct sts_inquiries;

/* STANDING is borrowed. */
STS_MUST_USE enum sts_rc sts_inquiries_new(struct sts_standing *standing,
    const struct sts_inquiry_io *io, struct sts_inquiries **inquiries,
    struct sts_error *err);
void sts_inquiries_free(struct sts_inquiries *all);

/*
 * NAME as an address has it.  WHO, copied, is answered once: from in here or
 * later.  NULL: nobody waits, the state is to be made fresh.
 */
void sts_inquiry_begin(struct sts_inquiries *all, const char *name,
    const struct sts_inquiry_client *who, int64_t now);

/* An sts_asker_fn's news. */
void sts_inquiry_answered(struct sts_inquiries *all, enum sts_asker_verb verb,
    const char *name, const char *line, size_t len, int64_t now);

/* Answer who has waited long enough, and start what is due. */
void sts_inquiry_tick(struct sts_inquiries *all, int64_t now);
bool sts_inquiry_busy(const struct sts_inquiries *all);

#endif
