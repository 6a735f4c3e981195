/* SPDX-License-Identifier: ISC */
/*
 * What the measurements share: a clock, medians, two things measured by
 * turns, and a state to look into.  Figures and ratios, never thresholds.
 */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>

/* Are we root?  If not, say that WHAT is not measured, and why. */
bool bench_root(const char *what, const char *why);

double bench_now(void); /* microseconds */

/* Sorts VALUE. */
double bench_median(double *value, size_t count);

struct bench_side {
	const char *what;
	void (*run)(void *arg); /* once */
	void *arg;
};

/*
 * Run both by turns, each round long enough for the clock, and print a line:
 * medians of the rounds, and the median of their ratios.
 */
void bench_pair(const struct bench_side *ours, const struct bench_side *limit);

/* The least that a lookup can cost: open, read and close the file ARG. */
void bench_read(void *arg);

/* Start argv ARG and wait for its end, which must be good. */
void bench_spawn(void *arg);

/* The path of TOOL, built beside this program, in OUT of SIZE. */
const char *bench_tool(const char *tool, char *out, size_t size);

/* A policy of DOMAIN in the state PATH, fresh, so that a lookup ends there. */
extern const char bench_policy[];
void bench_fill(const char *path, const char *domain);

/* The file of DOMAIN's policy in the state PATH; goes to free(). */
char *bench_policy_file(const char *path, const char *domain);

#endif
