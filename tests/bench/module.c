/* SPDX-License-Identifier: ISC */
/*
 * What ${dlfunc} costs Exim, measured on the module itself: a new process, as
 * each delivery is, loads it, asks of a domain (configuration, state, policy),
 * of another (policy), and of that again (memory).  Exec is not counted, nor
 * the first use of stack, heap and libc, which Exim has long behind it.
 * Beside it what loading a module that does nothing costs, and the least that
 * reading the policy's file can.  The state is the built-in path, so a tmpfs
 * stands in for its parent in a mount namespace of our own.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "config.h"

#define DOMAIN "example.com"
#define SECOND "example.org"
#define OWNER  65534
#define RUNS   500

#define WARM_SIZE 65536
#define SHARED_FD 9 /* of the samples, in each measured process */

typedef int dlfunc(unsigned char **yield, int argc, unsigned char *argv[]);

struct sample {
	double load, bare, read, first, second, again;
};

/* STS_STATE_BASE "/exim", its parent's parent a tmpfs that none else sees. */
static void
make_room(const char *state)
{
	char above[] = STS_STATE_BASE;

	*strrchr(above, '/') = '\0';
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		err(1, "mount namespace");
	if (mount("tmpfs", above, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755") ==
	    -1)
		err(1, "%s", above);
	if (mkdir(STS_STATE_BASE, 0755) == -1 || mkdir(state, 0700) == -1 ||
	    chown(state, OWNER, OWNER) == -1)
		err(1, "%s", state);
}

static double
time_call(dlfunc *mode, const char *domain)
{
	unsigned char *argv[] = { (unsigned char *)(uintptr_t)domain, NULL };
	unsigned char *yield = NULL;
	double start = bench_now();
	int rc = mode(&yield, 1, argv);
	double took = bench_now() - start;

	if (rc != 0 || strcmp((const char *)yield, "enforce") != 0)
		errx(1, "sts_mode: %d %s", rc, (const char *)yield);
	return took;
}

/* Stack, heap and libc as they are in a process that has done something. */
static void
warm_up(void)
{
	char line[WARM_SIZE], *heap = malloc(sizeof(line));

	if (heap == NULL)
		err(1, "malloc");
	(void)snprintf(line, sizeof(line), "%*d", (int)sizeof(line) - 1, 1);
	(void)memcpy(heap, line, sizeof(line));
	(void)strtoll(strchr(heap, '1'), NULL, 10);
	free(heap);
}

static double
time_load(const char *path, void **handle)
{
	double start = bench_now();

	*handle = dlopen(path, RTLD_LAZY);
	if (*handle == NULL)
		errx(1, "%s", dlerror());
	return bench_now() - start;
}

/* The module and one that does nothing, each as often the first. */
static void *
load(const char *module, bool bare_first, struct sample *sample)
{
	char bare[512];
	void *handle, *other;

	(void)bench_tool("tests/bench/once/bare.so", bare, sizeof(bare));
	if (bare_first)
		sample->bare = time_load(bare, &other);
	sample->load = time_load(module, &handle);
	if (!bare_first)
		sample->bare = time_load(bare, &other);
	return handle;
}

/* One delivery, in a process of its own. */
static void
measure(const char *module, char *file, unsigned long number,
    struct sample *sample)
{
	union {
		void *object;
		dlfunc *function;
	} mode;
	void *handle;
	double start;

	warm_up();
	handle = load(module, number % 2 == 0, sample);
	mode.object = dlsym(handle, "sts_mode");
	if (mode.object == NULL)
		errx(1, "%s", dlerror());
	start = bench_now();
	bench_read(file);
	sample->read = bench_now() - start;
	sample->first = time_call(mode.function, DOMAIN);
	sample->second = time_call(mode.function, SECOND);
	sample->again = time_call(mode.function, SECOND);
}

/* Median of one field of all samples. */
static double
median(const struct sample *samples, size_t offset)
{
	static double value[RUNS];
	size_t i;

	for (i = 0; i < RUNS; i++)
		memcpy(&value[i], (const char *)&samples[i] + offset,
		    sizeof(value[i]));
	return bench_median(value, RUNS);
}

static struct sample *
map_samples(int fd)
{
	void *samples = mmap(NULL, RUNS * sizeof(struct sample),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (samples == MAP_FAILED)
		err(1, "mmap");
	return samples;
}

/* This program again: "bench MODULE FILE NUMBER". */
static void
run_one(const char *module, const char *file, int number)
{
	char text_number[16];
	int status;
	pid_t pid;

	(void)snprintf(text_number, sizeof(text_number), "%d", number);
	pid = fork();
	if (pid == 0) {
		(void)execl("/proc/self/exe", "bench", module, file,
		    text_number, (char *)NULL);
		err(1, "exec");
	}
	if (waitpid(pid, &status, 0) != pid || status != 0)
		errx(1, "a measurement failed");
}

static void
show(const char *what, const struct sample *samples, size_t ours,
    const char *limit, size_t least)
{
	double time = median(samples, ours), beside = median(samples, least);

	(void)printf("%-26s%9.2f us   %-26s%9.2f us   ratio %6.2f\n", what,
	    time, limit, beside, time / beside);
}

static void
measure_all(const char *module, const char *file)
{
	int i, fd = memfd_create("samples", 0);
	struct sample *samples;

	if (fd == -1 || ftruncate(fd, RUNS * sizeof(*samples)) == -1 ||
	    dup2(fd, SHARED_FD) == -1)
		err(1, "shared memory");
	samples = map_samples(SHARED_FD);
	for (i = 0; i < RUNS; i++)
		run_one(module, file, i);
	show("load module", samples, offsetof(struct sample, load),
	    "load one that does nothing", offsetof(struct sample, bare));
	show("ask, first domain", samples, offsetof(struct sample, first),
	    "open+read+close", offsetof(struct sample, read));
	show("ask, second domain", samples, offsetof(struct sample, second),
	    "open+read+close", offsetof(struct sample, read));
	show("ask again", samples, offsetof(struct sample, again),
	    "open+read+close", offsetof(struct sample, read));
}

int
main(int argc, char *argv[])
{
	const char *state = STS_STATE_BASE "/exim";
	unsigned long number;
	char module[512], *file;

	if (argc == 4) {
		number = strtoul(argv[3], NULL, 10);
		measure(argv[1], argv[2], number,
		    &map_samples(SHARED_FD)[number]);
		return 0;
	}
	if (!bench_root("THE MODULE", "Exim asks as root"))
		return 0;
	make_room(state);
	bench_fill(state, DOMAIN);
	bench_fill(state, SECOND);
	file = bench_policy_file(state, DOMAIN);
	measure_all(bench_tool("exim/mta-sts.so", module, sizeof(module)),
	    file);
	free(file);
	return 0;
}
