/* SPDX-License-Identifier: ISC */
/*
 * The sessions in which smtpd sends: from its reports of smtp-out to the one
 * result of each, as a TLS report counts it (RFC 8460, 4.3).  Pure, bounded.
 *
 * All turns on the commands that smtpd gives, since it gives none before it
 * is content: the EHLO that follows a granted STARTTLS is sent over TLS, and
 * where the action verifies, verified, in every release (6.8 reports
 * link-tls before it verifies; later ones report nothing of a failure).
 * RCPT TO names the domain even where no tx-rcpt follows, as after a refusal
 * of the only recipient.
 */
#ifndef STS_SENDING_H
#define STS_SENDING_H

#include "smtpd.h"

#define STS_SENDING_MAX     4096 /* sessions at once */
#define STS_SENDING_DOMAINS 64   /* of a session; others are not counted */

enum sts_sending_tls {
	STS_SENDING_UNTRIED, /* it did not come so far */
	STS_SENDING_NO_STARTTLS,
	STS_SENDING_FAILED, /* after STARTTLS; why, smtpd does not say */
	STS_SENDING_SECURE,
	STS_SENDING_TLS_MAX
};
const char *sts_sending_tls_name(enum sts_sending_tls tls);

enum sts_sending_kind {
	STS_SENDING_NOTHING,   /* no news */
	STS_SENDING_CONNECTED, /* DEST has answered */
	STS_SENDING_RECIPIENT, /* mail of DOMAIN is under way; TLS is known */
	STS_SENDING_ENDED,     /* before any recipient; not when SECURE */
	STS_SENDING_UNREACHED, /* there was no connection, nobody knows to whom */
};

struct sts_sending_news {
	enum sts_sending_kind kind;
	struct sts_addr source, dest;
	enum sts_sending_tls tls;
	bool first;  /* RECIPIENT: the first of DOMAIN in this session */
	bool strict; /* ENDED: without TLS nothing would have been sent */
	char domain[STS_DOMAIN_MAX + 1];
};

struct sts_sendings;

STS_MUST_USE enum sts_rc sts_sendings_new(struct sts_sendings **sendings,
    struct sts_error *err);
void sts_sendings_free(struct sts_sendings *sendings);

/*
 * A report of smtp-out.  No news comes of a connection that stays in this
 * machine, which is the stage's, or that goes to another port than 25, which
 * is to a relay that somebody configured and not to an MX.
 */
void sts_sending_event(struct sts_sendings *sendings,
    const struct sts_smtpd_event *event, struct sts_sending_news *news);

#endif
