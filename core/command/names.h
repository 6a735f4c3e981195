/* SPDX-License-Identifier: ISC */
/* The domains of all policy files, sorted, so that output is stable. */
#ifndef STS_NAMES_H
#define STS_NAMES_H

#include "state/policies.h"

struct sts_names {
	char **name;
	size_t count;
	bool failed; /* no memory */
};

/* On STS_OK *NAMES goes to sts_names_clear(). */
STS_MUST_USE enum sts_rc sts_names_load(struct sts_dir *dir,
    struct sts_names *names, struct sts_error *err);
void sts_names_clear(struct sts_names *names);

/* Is NAME among them? */
bool sts_names_have(const struct sts_names *names, const char *name);

#endif
