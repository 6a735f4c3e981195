/* SPDX-License-Identifier: ISC */
/*
 * Asks the routing table, see route.h: to connect a datagram socket is to
 * look up a route and no more.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "resolve/route.h"

#define ANY_PORT 443

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
name_of(const struct sts_addr *addr, union name *name)
{
	memset(name, 0, sizeof(*name));
	if (addr->family == AF_INET) {
		name->v4.sin_family = AF_INET;
		name->v4.sin_port = htons(ANY_PORT);
		name->v4.sin_addr = addr->u.v4;
		return sizeof(name->v4);
	}
	name->v6.sin6_family = AF_INET6;
	name->v6.sin6_port = htons(ANY_PORT);
	name->v6.sin6_addr = addr->u.v6;
	return sizeof(name->v6);
}

int
sts_route_fault(const struct sts_addr *addr)
{
	union name name;
	socklen_t len = name_of(addr, &name);
	int fd, fault;

	fd = socket(addr->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return errno;
	fault = connect(fd, &name.any, len) == -1 ? errno : 0;
	(void)close(fd);
	return fault;
}
