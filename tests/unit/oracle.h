/* SPDX-License-Identifier: ISC */
/*
 * What promise 1 demands, in its own words and without a line of core: the
 * policies that were really served, and until when each of them holds.
 */
#ifndef ORACLE_H
#define ORACLE_H

#include <stdbool.h>
#include <stdint.h>

#define ORACLE_DOMAINS 4
#define ORACLE_SERVED  64 /* policies remembered of one domain */

struct oracle_policy {
	char text[512];
	int64_t deadline;
	bool kept; /* the state said that it holds it */
};

struct oracle {
	struct oracle_policy served[ORACLE_DOMAINS][ORACLE_SERVED];
	unsigned count[ORACLE_DOMAINS]; /* the newest is the last */
};

/* TEXT was served at WALL; KEPT: the lookup that got it said "stored". */
void oracle_serve(struct oracle *oracle, int domain, const char *text,
    int64_t wall, bool kept);

/* The operator or the published policy has let it go. */
void oracle_forget(struct oracle *oracle, int domain);

/* Must a lookup at WALL end with a policy?  Then with one of those that
 * oracle_allows(): the newest that was kept, or one served after it. */
bool oracle_demands(const struct oracle *oracle, int domain, int64_t wall);
bool oracle_allows(const struct oracle *oracle, int domain, const char *text);

/* Was TEXT ever served? */
bool oracle_knows(const struct oracle *oracle, int domain, const char *text);

#endif
