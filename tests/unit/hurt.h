/* SPDX-License-Identifier: ISC */
/*
 * A state directory for one test, and the ways in which its files get hurt.
 */
#ifndef HURT_H
#define HURT_H

#include "base/buf.h"
#include "state/state.h"

extern char *hurt_path; /* of the directory */
extern struct sts_dir *hurt_dir;
extern struct sts_state *hurt_state;
extern struct sts_now hurt_now;

void hurt_setup(void); /* check fixtures: a writer's state, layout made */
void hurt_teardown(void);
void hurt_reopen(enum sts_dir_flags flags); /* STS_DIR_ANYWHERE is added */

/* Below the directory, by the test's own hand.  They abort on failure. */
void hurt_file(const char *name, char out[1024]); /* its whole path */
void hurt_put(const char *name, const void *data, size_t len);
size_t hurt_get(const char *name, char *data, size_t size);
void hurt_remove(const char *name);                   /* with all below it */
void hurt_policy(const char *domain, char out[1024]); /* name of its file */

/* All that can stand where a file should: NULL behind the last. */
struct hurt_way {
	const char *what;
	void (*replace)(const char *path); /* what is there is removed first */
};
extern const struct hurt_way hurt_ways[];
#define HURT_WAYS 7

/* "version: STSv1", MODE, mx.example.com, MAX_AGE, learned now. */
void hurt_learn(const char *domain, const char *id, const char *mode,
    long max_age);
struct sts_entry *hurt_entry(const char *domain, const char *id,
    const char *mode, long max_age);
void hurt_load(const char *domain, struct sts_known *known);
void hurt_expect(const char *domain, enum sts_known_kind kind,
    enum sts_answer answer);

/* Run FN in a child with a mount namespace and SIZE octets of tmpfs on the
 * test's directory; false (and loudly) when we may not. */
bool hurt_on_tmpfs(const char *size, void (*fn)(void));

#endif
