/* SPDX-License-Identifier: ISC */
/*
 * A clock that a case can set, preloaded into every process of a machine.
 * /etc/clock holds four numbers: by how many seconds the wall clock is off,
 * how many more have passed since boot, unless 0 the second at which the wall
 * clock stands still, and by what waits of a minute and more (all of them
 * Exim's) are divided.  CLOCK_MONOTONIC stays: shorter time limits are real.
 *
 * smtpd compares the times of files in its queue, which are real, with what
 * clock_gettime() says at its start, and ends itself over a file from before
 * that which was not there: it has its other times from time().
 */
#include <sys/time.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LONG 60 /* seconds */

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_poll)(struct pollfd *, nfds_t, int);
static unsigned int (*real_alarm)(unsigned int);
static long wall, boot, still, hurry;

__attribute__((constructor)) static void
load(void)
{
	char text[64] = "", *end;
	int fd;

	*(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
	*(void **)&real_poll = dlsym(RTLD_NEXT, "poll");
	*(void **)&real_alarm = dlsym(RTLD_NEXT, "alarm");
	fd = open("/etc/clock", O_RDONLY | O_CLOEXEC);
	if (fd == -1 || read(fd, text, sizeof(text) - 1) == -1)
		_exit(120);
	(void)close(fd);
	wall = strtol(text, &end, 10);
	boot = strtol(end, &end, 10);
	still = strtol(end, &end, 10);
	hurry = strtol(end, NULL, 10);
	if (hurry < 1)
		hurry = 1;
}

static int
tell(clockid_t id, struct timespec *ts)
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
clock_gettime(clockid_t id, struct timespec *ts)
{
	if (strcmp(program_invocation_short_name, "smtpd") != 0)
		return tell(id, ts);
	if (real_clock_gettime == NULL)
		load();
	return real_clock_gettime(id, ts);
}

int
gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec ts;

	(void)zone;
	(void)tell(CLOCK_REALTIME, &ts);
	tv->tv_sec = ts.tv_sec;
	tv->tv_usec = ts.tv_nsec / 1000;
	return 0;
}

time_t
time(time_t *out)
{
	struct timespec ts;

	(void)tell(CLOCK_REALTIME, &ts);
	if (out != NULL)
		*out = ts.tv_sec;
	return ts.tv_sec;
}

int
poll(struct pollfd *fds, nfds_t count, int timeout)
{
	if (timeout >= LONG * 1000)
		timeout /= (int)hurry;
	return real_poll(fds, count, timeout);
}

/* The last second is not lost: zero would mean no alarm. */
unsigned int
alarm(unsigned int seconds)
{
	if (seconds >= LONG)
		seconds = 1 + (seconds - 1) / (unsigned)hurry;
	return real_alarm(seconds);
}
