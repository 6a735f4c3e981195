/* SPDX-License-Identifier: ISC */
/*
 * The oracle, see oracle.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle.h"

static int64_t
max_age(const char *text)
{
	const char *p = strstr(text, "max_age: ");

	return p == NULL ? 0 : strtoll(p + 9, NULL, 10);
}

void
oracle_serve(struct oracle *oracle, int domain, const char *text, int64_t wall,
    bool kept)
{
	struct oracle_policy *list = oracle->served[domain], *new;

	/* The same again that a full disk did not take: it is there once. */
	if (!kept && oracle->count[domain] > 0 &&
	    strcmp(list[oracle->count[domain] - 1].text, text) == 0)
		return;
	if (oracle->count[domain] == ORACLE_SERVED) {
		memmove(list, list + 1, (ORACLE_SERVED - 1) * sizeof(*list));
		oracle->count[domain]--;
	}
	new = &list[oracle->count[domain]++];
	(void)snprintf(new->text, sizeof(new->text), "%s", text);
	new->deadline = wall + max_age(text);
	new->kept = kept;
	if (kept && max_age(text) == 0) /* applies to this attempt only */
		oracle_forget(oracle, domain);
}

void
oracle_forget(struct oracle *oracle, int domain)
{
	unsigned i;

	for (i = 0; i < oracle->count[domain]; i++)
		oracle->served[domain][i].kept = false;
}

/* Index of the newest policy that was kept, or -1. */
static int
newest_kept(const struct oracle *oracle, int domain)
{
	int i;

	for (i = (int)oracle->count[domain] - 1; i >= 0; i--)
		if (oracle->served[domain][i].kept)
			return i;
	return -1;
}

bool
oracle_demands(const struct oracle *oracle, int domain, int64_t wall)
{
	int i = newest_kept(oracle, domain);

	return i >= 0 && oracle->served[domain][i].deadline > wall;
}

bool
oracle_allows(const struct oracle *oracle, int domain, const char *text)
{
	int i = newest_kept(oracle, domain);

	for (; i >= 0 && i < (int)oracle->count[domain]; i++)
		if (strcmp(oracle->served[domain][i].text, text) == 0)
			return true;
	return false;
}

bool
oracle_knows(const struct oracle *oracle, int domain, const char *text)
{
	unsigned i;

	for (i = 0; i < oracle->count[domain]; i++)
		if (strcmp(oracle->served[domain][i].text, text) == 0)
			return true;
	return false;
}
