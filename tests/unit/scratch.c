/* SPDX-License-Identifier: ISC */
/*
 * Scratch directories, see scratch.h.  Under $B if they may, so that "make
 * clean" takes what a killed test leaves.
 */
#include <sys/stat.h>

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scratch.h"

static int
remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

char *
scratch_new(void)
{
	const char *base = getenv("B");
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/scratch-XXXXXX",
	    base != NULL ? base : "build");
	if (mkdtemp(path) == NULL) {
		perror(path);
		abort();
	}
	if (geteuid() == 0 && chown(path, SCRATCH_UID, SCRATCH_UID) == -1)
		abort();
	return strdup(path);
}

char *
scratch_of_root(void)
{
	char path[] = "/run/mta-sts-test-XXXXXX";

	if (mkdtemp(path) == NULL || chmod(path, 0755) == -1) {
		perror(path);
		abort();
	}
	return strdup(path);
}

void
scratch_free(char *path)
{
	(void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(path);
}
