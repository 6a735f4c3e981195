/* SPDX-License-Identifier: ISC */
/*
 * Connecting, see dial.h.  Not left to libcurl, which gives a silent address
 * half of the time there is, and driven by events not even an end.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "resolve/dial.h"

#define IDLE (-1)

struct attempt {
	int fd; /* IDLE: not begun, or over */
	bool begun;
};

struct sts_dial {
	struct sts_loop *loop;
	struct sts_timer *timer; /* until the next address */
	const struct sts_addr *addr;
	size_t count, begun, over;
	unsigned port;
	int family;     /* of the last attempt */
	bool reachable; /* an address failed, and not by our fault */
	struct sts_error error;
	sts_dial_fn fn;
	void *arg;
	struct attempt attempt[];
};

union name {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t
name_of(const struct sts_addr *addr, unsigned port, union name *name)
{
	memset(name, 0, sizeof(*name));
	if (addr->family == AF_INET) {
		name->v4.sin_family = AF_INET;
		name->v4.sin_port = htons((uint16_t)port);
		name->v4.sin_addr = addr->u.v4;
		return sizeof(name->v4);
	}
	name->v6.sin6_family = AF_INET6;
	name->v6.sin6_port = htons((uint16_t)port);
	name->v6.sin6_addr = addr->u.v6;
	return sizeof(name->v6);
}

static void
forget(const struct sts_dial *dial, int fd)
{
	/* Only to watch can fail. */
	enum sts_rc rc = sts_loop_watch(dial->loop, fd, 0, NULL, NULL);

	(void)rc;
}

static void
hang_up(struct sts_dial *dial, size_t i)
{
	if (dial->attempt[i].fd == IDLE)
		return;
	forget(dial, dial->attempt[i].fd);
	(void)close(dial->attempt[i].fd);
	dial->attempt[i].fd = IDLE;
}

void
sts_dial_cancel(struct sts_dial *dial)
{
	size_t i;

	if (dial == NULL)
		return;
	for (i = 0; i < dial->count; i++)
		hang_up(dial, i);
	if (dial->timer != NULL)
		sts_loop_cancel(dial->loop, dial->timer);
	free(dial);
}

/* Attempt I failed with ERROR; AT_ONCE: before anything was sent, unless
 * the other end is this machine. */
static void
give_up(struct sts_dial *dial, size_t i, int error, bool at_once)
{
	char text[STS_ADDR_TEXT];

	hang_up(dial, i);
	dial->over++;
	dial->reachable |= !at_once || error == ECONNREFUSED;
	errno = error;
	(void)sts_error_sys(&dial->error, STS_EFETCH, "%s",
	    sts_addr_text(&dial->addr[i], text));
}

static void
finish(struct sts_dial *dial, int fd, const struct sts_addr *addr)
{
	sts_dial_fn fn = dial->fn;
	void *arg = dial->arg;
	struct sts_error error = dial->error;

	if (fd != -1)
		error.rc = STS_OK;
	else if (!dial->reachable)
		error.rc = STS_ELOCAL;
	if (fd == -1 && dial->count > 1)
		(void)sts_error_prefix(&error,
		    "none of %zu addresses, the last was", dial->count);
	sts_dial_cancel(dial);
	fn(arg, fd, addr, &error);
}

static void answer(void *arg, int fd, int events);

/* Begin to connect to address I; false: it failed at once. */
static bool
begin(struct sts_dial *dial, size_t i)
{
	const struct sts_addr *addr = &dial->addr[i];
	struct attempt *attempt = &dial->attempt[i];
	union name name;
	socklen_t len = name_of(addr, dial->port, &name);

	attempt->begun = true;
	dial->begun++;
	dial->family = addr->family;
	attempt->fd =
	    socket(addr->family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attempt->fd == IDLE ||
	    (connect(attempt->fd, &name.any, len) == -1 &&
		errno != EINPROGRESS)) {
		give_up(dial, i, errno, true);
		return false;
	}
	if (sts_loop_watch(dial->loop, attempt->fd, STS_LOOP_WRITE, answer,
		dial) != STS_OK) {
		give_up(dial, i, ENOMEM, true);
		return false;
	}
	return true;
}

/* The next one, of the other family if there is one. */
static size_t
pick(const struct sts_dial *dial)
{
	size_t i, found = dial->count;

	for (i = 0; i < dial->count; i++) {
		if (dial->attempt[i].begun)
			continue;
		if (dial->addr[i].family != dial->family)
			return i;
		if (found == dial->count)
			found = i;
	}
	return found;
}

static void
step(void *arg)
{
	struct sts_dial *dial = arg;

	dial->timer = NULL;
	while (dial->begun < dial->count && !begin(dial, pick(dial)))
		continue;
	if (dial->over == dial->count) {
		finish(dial, -1, NULL);
		return;
	}
	if (dial->begun < dial->count)
		dial->timer =
		    sts_loop_timer(dial->loop, STS_DIAL_STAGGER_MS, step, dial);
}

static void
answer(void *arg, int fd, int events)
{
	struct sts_dial *dial = arg;
	int error = 0;
	socklen_t len = sizeof(error);
	size_t i;

	(void)events;
	for (i = 0; dial->attempt[i].fd != fd; i++)
		continue;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0) {
		forget(dial, fd);
		dial->attempt[i].fd = IDLE;
		finish(dial, fd, &dial->addr[i]);
		return;
	}
	give_up(dial, i, error, false);
	if (dial->timer != NULL)
		sts_loop_cancel(dial->loop, dial->timer);
	step(dial);
}

struct sts_dial *
sts_dial_start(struct sts_loop *loop, const struct sts_addr *addr, size_t count,
    unsigned port, sts_dial_fn fn, void *arg)
{
	struct sts_dial *dial;
	size_t i;

	dial = calloc(1, sizeof(*dial) + count * sizeof(dial->attempt[0]));
	if (dial == NULL)
		return NULL;
	dial->loop = loop;
	dial->addr = addr;
	dial->count = count;
	dial->port = port;
	dial->fn = fn;
	dial->arg = arg;
	for (i = 0; i < count; i++)
		dial->attempt[i].fd = IDLE;
	(void)sts_error_set(&dial->error, STS_EFETCH, "no address");
	dial->reachable = count == 0;
	dial->timer = sts_loop_timer(loop, 0, step, dial);
	if (dial->timer == NULL) {
		free(dial);
		return NULL;
	}
	return dial;
}
