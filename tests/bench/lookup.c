/* SPDX-License-Identifier: ISC */
/*
 * What a cached lookup costs, as root (it switches to the state's owner, as
 * in Exim's routers) and as the owner: inside a process beside the least that
 * reading the same file can cost, and as a process of its own beside one that
 * only reads it.
 */
#include <sys/wait.h>

#include <err.h>
#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"
#include "mta-sts.h"
#include "scratch.h"

#define DOMAIN "example.com"

static void
look(void *arg)
{
	struct sts *sts = arg;
	struct sts_result *result;
	struct sts_error error;

	if (sts_lookup(sts, DOMAIN, &result, &error) != STS_OK)
		errx(1, "%s", error.text);
	if (sts_result_mode(result) != STS_MODE_ENFORCE ||
	    !sts_result_fresh(result))
		errx(1, "not from the cache: %s", sts_result_reason(result));
	sts_result_free(result);
}

static void
inside(const char *what, const char *path, char *file)
{
	struct sts_options options = { .config = "/dev/null", .state = path };
	struct sts_error error;
	struct sts *sts;

	if (sts_new(&options, &sts, &error) != STS_OK)
		errx(1, "%s", error.text);
	bench_pair(&(struct bench_side){ what, look, sts },
	    &(struct bench_side){ "open+read+close", bench_read, file });
	sts_free(sts);
}

static void
alone(const char *what, char *path, char *file)
{
	char look_tool[512], read_tool[512], domain[] = DOMAIN;
	char *looks[] = { look_tool, path, domain, NULL };
	char *reads[] = { read_tool, file, NULL };

	(void)bench_tool("tests/bench/once/look", look_tool, sizeof(look_tool));
	(void)bench_tool("tests/bench/once/read", read_tool, sizeof(read_tool));
	bench_pair(&(struct bench_side){ what, bench_spawn, looks },
	    &(struct bench_side){ "process that reads", bench_spawn, reads });
}

int
main(void)
{
	char *path, *file;
	int status = 1;
	pid_t child;

	if (!bench_root("LOOKUPS", "a state lies below root's directories"))
		return 0;
	(void)setenv("B", "/run", 1);
	path = scratch_new();
	bench_fill(path, DOMAIN);
	file = bench_policy_file(path, DOMAIN);
	inside("lookup as root", path, file);
	alone("process, lookup as root", path, file);
	child = fork();
	if (child == 0) {
		if (setgroups(0, NULL) == -1 || setgid(SCRATCH_UID) == -1 ||
		    setuid(SCRATCH_UID) == -1)
			err(1, "owner");
		inside("lookup as owner", path, file);
		_exit(0);
	}
	if (child == -1 || waitpid(child, &status, 0) == -1)
		warn("owner");
	free(file);
	scratch_free(path);
	return status == 0 ? 0 : 1;
}
