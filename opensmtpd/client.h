/* SPDX-License-Identifier: ISC */
/*
 * The sessions in which smtpd receives mail, and what we must know of each:
 * does it send mail out, so that we may fetch for it, and did it come to the
 * stage's listener.  Bounded; one that is not known sends nothing out.
 */
#ifndef STS_CLIENT_H
#define STS_CLIENT_H

#include "smtpd.h"

#define STS_CLIENT_MAX 16384 /* sessions at once; smtpd takes far fewer */

struct sts_client_rules {
	/* Sources whose mail goes out (config), COUNT 0: this machine. */
	const struct sts_network *network;
	size_t count;
	/* The stage's listener, family 0: there is none. */
	struct sts_addr address;
	unsigned port;
};

struct sts_client { /* all false: nothing is done for it */
	bool outbound;
	bool local; /* a program here, by smtpd's socket */
	bool stage; /* outbound, and at the stage's listener */
};

struct sts_clients;

/* RULES are borrowed. */
STS_MUST_USE enum sts_rc sts_clients_new(const struct sts_client_rules *rules,
    struct sts_clients **clients, struct sts_error *err);
void sts_clients_free(struct sts_clients *clients);

/* A report of smtp-in. */
void sts_client_event(struct sts_clients *clients,
    const struct sts_smtpd_event *event);

struct sts_client sts_client_of(struct sts_clients *clients, uint64_t session);

#endif
