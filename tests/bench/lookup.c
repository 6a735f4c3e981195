/* SPDX-License-Identifier: ISC */
/*
 * What a cached lookup costs inside a process, as root (it switches to the
 * state's owner, as in Exim's routers) and as the owner, beside the least
 * that reading the same file can cost: open, read, close.  Figures only.
 */
#include <sys/wait.h>

#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mta-sts.h"
#include "scratch.h"
#include "state/state.h"

#define DOMAIN "example.com"
#define RUNS   20000

static const char text[] = "version: STSv1\nmode: enforce\n"
			   "mx: mx1.example.com\nmx: *.example.net\n"
			   "max_age: 604800\n";

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* A state that knows DOMAIN's policy; fresh, so that a lookup ends there. */
static void
fill_state(const char *path)
{
	struct sts_state *state;
	struct sts_entry *entry;
	struct sts_known known;
	struct sts_error error;
	struct sts_now now;

	sts_clock_now(&now);
	if (sts_state_open(path, STS_DIR_WRITE, &state, &error) != STS_OK)
		errx(1, "%s", error.text);
	sts_state_load(state, DOMAIN, &now, &known);
	if (sts_entry_new(DOMAIN, "1", text, strlen(text), &now, &entry,
		&error) != STS_OK ||
	    sts_state_learn(state, entry, &known, &now, &error) != STS_OK ||
	    sts_state_confirm(state, DOMAIN, "1", false, 3600, &now, &error) !=
		STS_OK)
		errx(1, "%s", error.text);
	sts_entry_free(entry);
	sts_known_clear(&known);
	sts_state_free(state);
}

static void
read_once(const char *file)
{
	char room[8192];
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, room, sizeof(room)) <= 0)
		err(1, "%s", file);
	(void)close(fd);
}

static void
look_once(struct sts *sts)
{
	struct sts_result *result;
	struct sts_error error;

	if (sts_lookup(sts, DOMAIN, &result, &error) != STS_OK)
		errx(1, "%s", error.text);
	if (sts_result_mode(result) != STS_MODE_ENFORCE ||
	    !sts_result_fresh(result))
		errx(1, "not from the cache: %s", sts_result_reason(result));
	sts_result_free(result);
}

static double
time_reads(const char *file)
{
	double start = now_us();
	unsigned i;

	for (i = 0; i < RUNS; i++)
		read_once(file);
	return (now_us() - start) / RUNS;
}

static double
time_lookups(const char *path)
{
	struct sts_options options = { .config = "/dev/null", .state = path };
	struct sts_error error;
	struct sts *sts;
	double start;
	unsigned i;

	if (sts_new(&options, &sts, &error) != STS_OK)
		errx(1, "%s", error.text);
	look_once(sts);
	start = now_us();
	for (i = 0; i < RUNS; i++)
		look_once(sts);
	start = now_us() - start;
	sts_free(sts);
	return start / RUNS;
}

static void
show(const char *who, const char *path, const char *file)
{
	double bare = time_reads(file), lookup = time_lookups(path);

	(void)printf("lookup  as %-6s %6.2f us   open+read+close %6.2f us"
		     "   ratio %.1f\n",
	    who, lookup, bare, lookup / bare);
	(void)fflush(stdout);
}

int
main(void)
{
	glob_t found;
	char *path, pattern[512];
	int status = 1;
	pid_t child;

	if (geteuid() != 0)
		errx(1, "needs root: a state lies below root's directories");
	(void)setenv("B", "/run", 1);
	path = scratch_new();
	fill_state(path);
	(void)snprintf(pattern, sizeof(pattern), "%s/policies/*/" DOMAIN, path);
	if (glob(pattern, 0, NULL, &found) != 0)
		errx(1, "%s: no such file", pattern);
	show("root", path, found.gl_pathv[0]);
	child = fork();
	if (child == 0) {
		if (setgroups(0, NULL) == -1 || setgid(SCRATCH_UID) == -1 ||
		    setuid(SCRATCH_UID) == -1)
			err(1, "owner");
		show("owner", path, found.gl_pathv[0]);
		_exit(0);
	}
	if (child == -1 || waitpid(child, &status, 0) == -1)
		warn("owner");
	globfree(&found);
	scratch_free(path);
	return status == 0 ? 0 : 1;
}
