/* SPDX-License-Identifier: ISC */
/*
 * A state with what a table may be asked for: a domain in every condition.
 */
#ifndef DESK_H
#define DESK_H

#include <stddef.h>
#include <stdint.h>

struct desk_host {
	unsigned preference;
	const char *name;
	int64_t failed;
};

/*
 * Into the state PATH: enforce, testing, listless (no MX list), broken (one
 * that is damaged), old (one past its time), unsure (not checked lately),
 * forged and null (no host permitted), ruled (an MX list alone), none; each
 * ".test".  The policy lists "*.good.test".  Aborts on failure.
 */
void desk_fill(const char *path);

/* Policies and MX lists of n0.test to n<COUNT - 1>.test. */
void desk_many(const char *path, unsigned count);

/* The MX list of DOMAIN; UNTIL in wall seconds. */
void desk_list(const char *path, const char *domain, int64_t until,
    const struct desk_host *host, size_t count);

/* A report was handed over for ADDRESS at WALL. */
void desk_expect(const char *path, const char *address, int64_t wall);

#endif
