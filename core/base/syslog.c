/* SPDX-License-Identifier: ISC */
/*
 * One datagram to the system's log, see syslog.h.  It has no time in it, as
 * on OpenBSD: the receiver knows it, and finding out ours would read the
 * environment's TZ as root.
 */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/syslog.h"

#ifndef _PATH_LOG
#define _PATH_LOG "/dev/log"
#endif
#define DATAGRAM_MAX 1024

static const int priorities[] = {
	[STS_LOG_ERROR] = LOG_ERR,
	[STS_LOG_WARNING] = LOG_WARNING,
	[STS_LOG_NOTICE] = LOG_NOTICE,
	[STS_LOG_INFO] = LOG_INFO,
	[STS_LOG_DEBUG] = LOG_DEBUG,
};
_Static_assert(sizeof(priorities) / sizeof(priorities[0]) == STS_LOG_MAX,
    "priorities matches enum sts_level");

void
sts_syslog(void *name, enum sts_level level, const char *line)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char text[DATAGRAM_MAX];
	int fd, len;

	len = snprintf(text, sizeof(text), "<%d>%s[%ld]: %s",
	    LOG_MAIL | priorities[level],
	    name != NULL ? (const char *)name : "mta-sts", (long)getpid(),
	    line);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(text))
		len = (int)sizeof(text) - 1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return;
	memcpy(address.sun_path, _PATH_LOG, sizeof(_PATH_LOG));
	/* Nobody is there to hear that nobody hears us. */
	(void)sendto(fd, text, (size_t)len, MSG_NOSIGNAL,
	    (const struct sockaddr *)&address, sizeof(address));
	(void)close(fd);
}
