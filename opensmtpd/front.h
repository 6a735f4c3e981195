/* SPDX-License-Identifier: ISC */
/*
 * The filter's conversation with smtpd: line by line, from the registration
 * to the answers.  It reads and writes nothing itself.  Every request for an
 * answer gets exactly one; smtpd would end at a wrong one.
 */
#ifndef STS_FRONT_H
#define STS_FRONT_H

#include "client.h"
#include "inquiry.h"

struct sts_front_user {
	/* A line for smtpd, without newline. */
	void (*say)(void *arg, const char *line);
	/* DOMAIN as it was given; sts_front_answer() follows, at once or
	 * later. */
	void (*inquire)(void *arg, const char *domain,
	    const struct sts_inquiry_client *client);
	/* A report of smtp-out. */
	void (*outgoing)(void *arg, const struct sts_smtpd_event *event);
	/* Is a report of ours to RECIPIENT being handed over to smtpd? */
	bool (*is_report)(void *arg, const char *recipient);
	/* What smtpd said is not understood. */
	void (*complain)(void *arg, const char *why);
	void *arg;
};

struct sts_front {
	struct sts_front_user user;
	struct sts_clients *clients;
	bool outgoing; /* smtpd has smtp-out for us */
	bool registered;
};

/* RULES are borrowed. */
STS_MUST_USE enum sts_rc sts_front_init(struct sts_front *front,
    const struct sts_client_rules *rules, const struct sts_front_user *user,
    struct sts_error *err);
void sts_front_clear(struct sts_front *front);

/* An sts_lines_fn: ARG is the front. */
void sts_front_line(void *arg, char *line, size_t len);

/* REFUSAL, "4yz ...", or NULL: proceed. */
void sts_front_answer(const struct sts_front *front,
    const struct sts_inquiry_client *client, const char *refusal);

#endif
