/* SPDX-License-Identifier: ISC */
/*
 * Moments, see clock.h.
 */
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

#define BOOT_ID_FILE    "/proc/sys/kernel/random/boot_id"
#define SAME_BOOT_DRIFT 3600
#define CROSS_BOOT_GAP  (30 * 86400)

#ifdef CLOCK_BOOTTIME
#define BOOT_CLOCK CLOCK_BOOTTIME
#else
#define BOOT_CLOCK CLOCK_MONOTONIC
#endif

static void
read_boot_id(char out[STS_BOOT_ID_MAX + 1])
{
	ssize_t n = -1;
	int fd;

	fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);
	if (fd != -1) {
		n = read(fd, out, STS_BOOT_ID_MAX);
		(void)close(fd);
	}
	if (n != STS_BOOT_ID_MAX) {
		memcpy(out, "-", 2);
		return;
	}
	out[STS_BOOT_ID_MAX] = '\0';
}

void
sts_clock_glance(struct sts_now *now)
{
	struct timespec ts;

	memset(now, 0, sizeof(*now));
	if (clock_gettime(CLOCK_REALTIME, &ts) == 0)
		now->wall = ts.tv_sec;
	if (clock_gettime(BOOT_CLOCK, &ts) == 0)
		now->boot = ts.tv_sec;
}

void
sts_clock_complete(struct sts_now *now)
{
	if (now->boot_id[0] == '\0')
		read_boot_id(now->boot_id);
}

void
sts_clock_now(struct sts_now *now)
{
	sts_clock_glance(now);
	sts_clock_complete(now);
}

int64_t
sts_clock_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return 0;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool
sts_clock_suspect(const struct sts_now *now, const struct sts_now *seen)
{
	bool same =
	    strcmp(now->boot_id, seen->boot_id) == 0 && now->boot >= seen->boot;
	int64_t elapsed = same ? now->boot - seen->boot : now->boot;
	int64_t ahead = now->wall - seen->wall - elapsed;

	return ahead > (same ? SAME_BOOT_DRIFT : CROSS_BOOT_GAP);
}

bool
sts_clock_agrees(const struct sts_now *now, const struct sts_now *seen)
{
	int64_t ahead = (now->wall - seen->wall) - (now->boot - seen->boot);

	return strcmp(now->boot_id, seen->boot_id) == 0 &&
	       now->boot >= seen->boot && ahead <= SAME_BOOT_DRIFT &&
	       ahead >= -SAME_BOOT_DRIFT;
}
