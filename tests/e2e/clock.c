/* SPDX-License-Identifier: ISC */
/*
 * A clock that a case can set, preloaded into every process of a machine.
 * /etc/clock holds three numbers of seconds: by how much the wall clock is
 * off, how much more time has passed since boot, and, unless 0, the second at
 * which the wall clock stands still.  CLOCK_MONOTONIC stays: time limits are
 * real.
 */
#include <sys/time.h>

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static long wall, boot, still;

__attribute__((constructor)) static void
load(void)
{
	char text[64] = "", *end;
	int fd;

	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	fd = open("/etc/clock", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || read(fd, text, sizeof(text) - 1) == -1)
		_exit(120);
	(void)close(fd);
	wall = strtol(text, &end, 10);
	boot = strtol(end, &end, 10);
	still = strtol(end, NULL, 10);
}

int
clock_gettime(clockid_t id, struct timespec *ts)
{
	int rc;

	if (real_clock_gettime == NULL)
		load();
	rc = real_clock_gettime(id, ts);
	if (rc == 0 && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE))
		ts->tv_sec = still != 0 ? still : ts->tv_sec + wall;
	if (rc == 0 && id == CLOCK_BOOTTIME)
		ts->tv_sec += boot;
	return rc;
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}
