/* SPDX-License-Identifier: ISC */
/*
 * Shared by the measurements, see bench.h.
 */
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "state/state.h"

#define ROUNDS   11
#define ROUND_US 20000.0

const char bench_policy[] = "version: STSv1\nmode: enforce\n"
			    "mx: mx1.example.com\nmx: *.example.net\n"
			    "max_age: 604800\n";

/* ---- measuring --------------------------------------------------------- */

bool
bench_root(const char *what, const char *why)
{
	if (geteuid() == 0)
		return true;
	(void)printf("\n*** %s NOT MEASURED: needs root, %s ***\n\n", what,
	    why);
	return false;
}

double
bench_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
bench_median(double *value, size_t count)
{
	qsort(value, count, sizeof(*value), compare);
	return value[count / 2];
}

/* Microseconds of one of CALLS calls. */
static double
time_calls(const struct bench_side *side, unsigned calls)
{
	double start = bench_now();
	unsigned i;

	for (i = 0; i < calls; i++)
		side->run(side->arg);
	return (bench_now() - start) / calls;
}

/* How many fill a round, once everything is warm. */
static unsigned
count_calls(const struct bench_side *side)
{
	unsigned calls = 1;

	while (time_calls(side, calls) * calls < ROUND_US / 4)
		calls *= 2;
	return calls * 4;
}

static void
print_time(double us)
{
	if (us < 1)
		(void)printf("%9.1f ns", us * 1e3);
	else if (us < 10000)
		(void)printf("%9.2f us", us);
	else
		(void)printf("%9.2f ms", us / 1e3);
}

void
bench_pair(const struct bench_side *ours, const struct bench_side *limit)
{
	unsigned calls = count_calls(ours), limit_calls = count_calls(limit);
	double time[ROUNDS], limit_time[ROUNDS], ratio[ROUNDS];
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		time[i] = time_calls(ours, calls);
		limit_time[i] = time_calls(limit, limit_calls);
		ratio[i] = time[i] / limit_time[i];
	}
	(void)printf("%-26s", ours->what);
	print_time(bench_median(time, ROUNDS));
	(void)printf("   %-26s", limit->what);
	print_time(bench_median(limit_time, ROUNDS));
	(void)printf("   ratio %6.2f\n", bench_median(ratio, ROUNDS));
	(void)fflush(stdout);
}

/* ---- what is measured -------------------------------------------------- */

void
bench_read(void *arg)
{
	const char *file = arg;
	char room[8192];
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, room, sizeof(room)) <= 0)
		err(1, "%s", file);
	(void)close(fd);
}

void
bench_spawn(void *arg)
{
	char *const *argv = arg;
	int status;
	pid_t pid;

	errno = posix_spawn(&pid, argv[0], NULL, NULL, argv, NULL);
	if (errno != 0)
		err(1, "%s", argv[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "%s failed", argv[0]);
}

const char *
bench_tool(const char *tool, char *out, size_t size)
{
	const char *base = getenv("BUILD");

	(void)snprintf(out, size, "%s/%s", base != NULL ? base : "build", tool);
	return out;
}

/* ---- a state ----------------------------------------------------------- */

void
bench_fill(const char *path, const char *domain)
{
	struct sts_state *state;
	struct sts_entry *entry;
	struct sts_known known;
	struct sts_error error;
	struct sts_now now;

	sts_clock_now(&now);
	if (sts_state_open(path, STS_DIR_WRITE, &state, &error) != STS_OK)
		errx(1, "%s", error.text);
	sts_state_load(state, domain, &now, &known);
	if (sts_entry_new(domain, "1", bench_policy, strlen(bench_policy), &now,
		&entry, &error) != STS_OK ||
	    sts_state_learn(state, entry, &known, &now, &error) != STS_OK ||
	    sts_state_confirm(state, domain, "1", false, 3600, &now, &error) !=
		STS_OK)
		errx(1, "%s", error.text);
	sts_entry_free(entry);
	sts_known_clear(&known);
	sts_state_free(state);
}

char *
bench_policy_file(const char *path, const char *domain)
{
	char pattern[512], *file;
	glob_t found;

	(void)snprintf(pattern, sizeof(pattern), "%s/policies/*/%s", path,
	    domain);
	if (glob(pattern, 0, NULL, &found) != 0)
		errx(1, "%s: no such file", pattern);
	file = strdup(found.gl_pathv[0]);
	globfree(&found);
	return file;
}
