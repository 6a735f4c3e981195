/* SPDX-License-Identifier: ISC */
/*
 * What ${dlfunc} costs Exim, measured on the module itself: a new process, as
 * each delivery is, that has loaded it asks of a domain (configuration, state,
 * policy), of another (policy), and of that again (memory).  Exec and dlopen
 * are not counted, nor the first use of stack, heap and libc, which Exim has
 * long behind it.  Beside it the least that reading the policy's file can
 * cost.  The state is the built-in path, so a tmpfs stands in for its parent
 * in a mount namespace of our own.  Figures only.
 */
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <dlfcn.h>
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "state/state.h"

#define DOMAIN "example.com"
#define SECOND "example.org"
#define OWNER  65534
#define RUNS   500

#define WARM_SIZE 65536
#define SHARED_FD 9 /* of the samples, in each measured process */

typedef int dlfunc(unsigned char **yield, int argc, unsigned char *argv[]);

static const char text[] = "version: STSv1\nmode: enforce\n"
			   "mx: mx1.example.com\nmx: *.example.net\n"
			   "max_age: 604800\n";

struct sample {
	double read, first, second, again;
};

static double
now_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

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

static void
fill_state(const char *path, const char *domain)
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
	if (sts_entry_new(domain, "1", text, strlen(text), &now, &entry,
		&error) != STS_OK ||
	    sts_state_learn(state, entry, &known, &now, &error) != STS_OK ||
	    sts_state_confirm(state, domain, "1", false, 3600, &now, &error) !=
		STS_OK)
		errx(1, "%s", error.text);
	sts_entry_free(entry);
	sts_known_clear(&known);
	sts_state_free(state);
}

static double
time_read(const char *file)
{
	double start = now_us();
	char room[8192];
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd == -1 || read(fd, room, sizeof(room)) <= 0)
		err(1, "%s", file);
	(void)close(fd);
	return now_us() - start;
}

static double
time_call(dlfunc *mode, const char *domain)
{
	unsigned char *argv[] = { (unsigned char *)(uintptr_t)domain, NULL };
	unsigned char *yield = NULL;
	double start = now_us();
	int rc = mode(&yield, 1, argv);
	double took = now_us() - start;

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

/* One delivery, in a process of its own. */
static void
measure(const char *module, const char *file, struct sample *sample)
{
	union {
		void *object;
		dlfunc *function;
	} mode;
	void *handle = dlopen(module, RTLD_LAZY);

	warm_up();
	if (handle == NULL)
		errx(1, "%s", dlerror());
	mode.object = dlsym(handle, "sts_mode");
	if (mode.object == NULL)
		errx(1, "%s", dlerror());
	sample->read = time_read(file);
	sample->first = time_call(mode.function, DOMAIN);
	sample->second = time_call(mode.function, SECOND);
	sample->again = time_call(mode.function, SECOND);
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
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
	qsort(value, RUNS, sizeof(value[0]), compare);
	return value[RUNS / 2];
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
	(void)printf("module  first domain %6.2f us   second %6.2f us   "
		     "again %6.2f us   open+read+close %6.2f us"
		     "   (medians of %d processes)\n",
	    median(samples, offsetof(struct sample, first)),
	    median(samples, offsetof(struct sample, second)),
	    median(samples, offsetof(struct sample, again)),
	    median(samples, offsetof(struct sample, read)), RUNS);
}

int
main(int argc, char *argv[])
{
	const char *base = getenv("B"), *state = STS_STATE_BASE "/exim";
	char module[512];
	glob_t found;

	if (argc == 4) {
		measure(argv[1], argv[2],
		    &map_samples(SHARED_FD)[strtoul(argv[3], NULL, 10)]);
		return 0;
	}
	if (geteuid() != 0)
		errx(1, "needs root: Exim asks as root");
	make_room(state);
	fill_state(state, DOMAIN);
	fill_state(state, SECOND);
	if (glob(STS_STATE_BASE "/exim/policies/*/" DOMAIN, 0, NULL, &found) !=
	    0)
		errx(1, "no policy file");
	(void)snprintf(module, sizeof(module), "%s/exim/mta-sts.so",
	    base != NULL ? base : "build");
	measure_all(module, found.gl_pathv[0]);
	globfree(&found);
	return 0;
}
