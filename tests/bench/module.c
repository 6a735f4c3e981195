/* SPDX-License-Identifier: ISC */
/*
 * What ${dlfunc} costs Exim, measured on the module itself: a new process, as
 * each delivery is, that has loaded it asks of a domain (configuration, state,
 * policy), of another (policy), and of that again (memory).  Fork and dlopen
 * are not counted.  Beside it the least that reading the policy's file can
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

/* One delivery, in a child. */
static void
measure(const char *module, const char *file, struct sample *sample)
{
	union {
		void *object;
		dlfunc *function;
	} mode;
	void *handle = dlopen(module, RTLD_LAZY);

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

static void
measure_all(const char *module, const char *file)
{
	struct sample *samples;
	int status;
	size_t i;
	pid_t pid;

	samples = mmap(NULL, RUNS * sizeof(*samples), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (samples == MAP_FAILED)
		err(1, "mmap");
	for (i = 0; i < RUNS; i++) {
		pid = fork();
		if (pid == 0) {
			measure(module, file, &samples[i]);
			_exit(0);
		}
		if (waitpid(pid, &status, 0) != pid || status != 0)
			errx(1, "a measurement failed");
	}
	(void)printf("module  first domain %6.2f us   second %6.2f us   "
		     "again %6.2f us   open+read+close %6.2f us"
		     "   (medians of %d processes)\n",
	    median(samples, offsetof(struct sample, first)),
	    median(samples, offsetof(struct sample, second)),
	    median(samples, offsetof(struct sample, again)),
	    median(samples, offsetof(struct sample, read)), RUNS);
}

int
main(void)
{
	const char *base = getenv("B"), *state = STS_STATE_BASE "/exim";
	char module[512];
	glob_t found;

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
