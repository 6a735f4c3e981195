/* SPDX-License-Identifier: ISC */
/*
 * All domains that have a policy file, see names.h.
 */
#include <stdlib.h>
#include <string.h>

#include "command/names.h"

static bool
add_name(void *arg, const char *domain)
{
	struct sts_names *names = arg;
	char **name;

	name = reallocarray(names->name, names->count + 1, sizeof(*name));
	if (name != NULL) {
		names->name = name;
		name[names->count] = strdup(domain);
	}
	names->failed = name == NULL || name[names->count] == NULL;
	if (!names->failed)
		names->count++;
	return !names->failed;
}

static int
compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

enum sts_rc
sts_names_load(struct sts_dir *dir, struct sts_names *names,
    struct sts_error *err)
{
	enum sts_rc rc;

	memset(names, 0, sizeof(*names));
	rc = sts_policies_each(dir, add_name, names, err);
	if (rc == STS_OK && names->failed)
		rc = sts_error_set(err, STS_ENOMEM, "no memory");
	if (rc != STS_OK)
		sts_names_clear(names);
	else if (names->count > 0)
		qsort(names->name, names->count, sizeof(*names->name), compare);
	return rc;
}

void
sts_names_clear(struct sts_names *names)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
	memset(names, 0, sizeof(*names));
}

bool
sts_names_have(const struct sts_names *names, const char *name)
{
	return names->count > 0 && bsearch(&name, names->name, names->count,
				       sizeof(*names->name), compare) != NULL;
}
