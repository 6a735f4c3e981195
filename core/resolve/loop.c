/* SPDX-License-Identifier: ISC */
/*
 * The loop, see loop.h.  Both arrays are indexed by descriptor: a slot that
 * is not watched holds -1, which poll(2) skips.  Timers are a list in order
 * of time; most are added at its end, so it is searched from there.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>

#include "base/clock.h"
#include "resolve/loop.h"

struct watch {
	sts_loop_fd_fn fn;
	void *arg;
};

struct sts_timer {
	struct sts_timer *prev, *next;
	int64_t due;
	uint64_t serial; /* order of birth */
	sts_loop_timer_fn fn;
	void *arg;
};

struct sts_loop {
	struct pollfd *poll;
	struct watch *watch;
	nfds_t size;
	nfds_t top; /* slots beyond are free */
	struct sts_timer *first, *last;
	uint64_t serial; /* of the youngest timer */
	bool stop;
};

enum sts_rc
sts_loop_new(struct sts_loop **loop, struct sts_error *err)
{
	struct sts_loop *new = calloc(1, sizeof(*new));

	if (new == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory for a loop");
	*loop = new;
	return STS_OK;
}

void
sts_loop_free(struct sts_loop *loop)
{
	struct sts_timer *timer, *next;

	if (loop == NULL)
		return;
	for (timer = loop->first; timer != NULL; timer = next) {
		next = timer->next;
		free(timer);
	}
	free(loop->poll);
	free(loop->watch);
	free(loop);
}

/* Make slots up to that of descriptor FD. */
static enum sts_rc
reserve(struct sts_loop *loop, nfds_t fd)
{
	nfds_t size = loop->size == 0 ? 16 : loop->size;
	struct pollfd *pollfd;
	struct watch *watch;

	if (fd < loop->size)
		return STS_OK;
	while (size <= fd)
		size *= 2;
	pollfd = realloc(loop->poll, size * sizeof(*pollfd));
	if (pollfd == NULL)
		return STS_ENOMEM;
	loop->poll = pollfd;
	watch = realloc(loop->watch, size * sizeof(*watch));
	if (watch == NULL)
		return STS_ENOMEM;
	loop->watch = watch;
	for (; loop->size < size; loop->size++)
		loop->poll[loop->size] = (struct pollfd){ .fd = -1 };
	return STS_OK;
}

static void
forget(struct sts_loop *loop, nfds_t fd)
{
	if (fd >= loop->top)
		return;
	loop->poll[fd] = (struct pollfd){ .fd = -1 };
	while (loop->top > 0 && loop->poll[loop->top - 1].fd == -1)
		loop->top--;
}

enum sts_rc
sts_loop_watch(struct sts_loop *loop, int fd, int events, sts_loop_fd_fn fn,
    void *arg)
{
	nfds_t slot = (nfds_t)fd;
	short wanted = 0;

	if (fd < 0)
		return STS_EUSAGE;
	if (events == 0) {
		forget(loop, slot);
		return STS_OK;
	}
	if (reserve(loop, slot) != STS_OK)
		return STS_ENOMEM;
	if ((events & STS_LOOP_READ) != 0)
		wanted |= POLLIN;
	if ((events & STS_LOOP_WRITE) != 0)
		wanted |= POLLOUT;
	/* No revents: FD may be a new one under an old number, and what was
	 * reported of the old must not reach the new. */
	loop->poll[slot] = (struct pollfd){ .fd = fd, .events = wanted };
	loop->watch[slot] = (struct watch){ .fn = fn, .arg = arg };
	if (loop->top <= slot)
		loop->top = slot + 1;
	return STS_OK;
}

struct sts_timer *
sts_loop_timer(struct sts_loop *loop, int64_t ms, sts_loop_timer_fn fn,
    void *arg)
{
	struct sts_timer *timer = calloc(1, sizeof(*timer)), *before;

	if (timer == NULL)
		return NULL;
	timer->due = sts_clock_ms() + (ms > 0 ? ms : 0);
	timer->serial = ++loop->serial;
	timer->fn = fn;
	timer->arg = arg;
	before = loop->last;
	while (before != NULL && before->due > timer->due)
		before = before->prev;
	timer->prev = before;
	timer->next = before == NULL ? loop->first : before->next;
	*(before == NULL ? &loop->first : &before->next) = timer;
	*(timer->next == NULL ? &loop->last : &timer->next->prev) = timer;
	return timer;
}

static void
unlink_timer(struct sts_loop *loop, struct sts_timer *timer)
{
	*(timer->prev == NULL ? &loop->first : &timer->prev->next) =
	    timer->next;
	*(timer->next == NULL ? &loop->last : &timer->next->prev) = timer->prev;
}

void
sts_loop_cancel(struct sts_loop *loop, struct sts_timer *timer)
{
	if (timer == NULL)
		return;
	unlink_timer(loop, timer);
	free(timer);
}

/* Milliseconds for poll(2) to wait. */
static int
patience(const struct sts_loop *loop)
{
	int64_t ms;

	if (loop->first == NULL)
		return -1;
	ms = loop->first->due - sts_clock_ms();
	if (ms <= 0)
		return 0;
	return ms > INT_MAX ? INT_MAX : (int)ms;
}

/* Timers that are born meanwhile wait for the next round, so that one which
 * renews itself cannot starve the descriptors. */
static void
run_timers(struct sts_loop *loop)
{
	int64_t now = sts_clock_ms();
	uint64_t youngest = loop->serial;
	struct sts_timer *timer;

	while (!loop->stop && (timer = loop->first) != NULL &&
	       timer->due <= now && timer->serial <= youngest) {
		unlink_timer(loop, timer);
		timer->fn(timer->arg);
		free(timer);
	}
}

/* An error or hang-up is told as whatever was waited for: the next system
 * call on the descriptor finds out. */
static int
happened(const struct pollfd *pollfd)
{
	bool broken = (pollfd->revents & (POLLERR | POLLHUP | POLLNVAL)) != 0;
	int events = 0;

	if ((pollfd->events & POLLIN) != 0 &&
	    (broken || (pollfd->revents & POLLIN) != 0))
		events |= STS_LOOP_READ;
	if ((pollfd->events & POLLOUT) != 0 &&
	    (broken || (pollfd->revents & POLLOUT) != 0))
		events |= STS_LOOP_WRITE;
	return events;
}

/* Callbacks may move and shrink the arrays: nothing is kept across a call. */
static void
run_watches(struct sts_loop *loop)
{
	struct watch watch;
	nfds_t fd;
	int events;

	for (fd = 0; !loop->stop && fd < loop->top; fd++) {
		if (loop->poll[fd].fd == -1 || loop->poll[fd].revents == 0)
			continue;
		events = happened(&loop->poll[fd]);
		loop->poll[fd].revents = 0;
		watch = loop->watch[fd];
		watch.fn(watch.arg, (int)fd, events);
	}
}

enum sts_rc
sts_loop_run(struct sts_loop *loop, struct sts_error *err)
{
	loop->stop = false;
	while (!loop->stop && (loop->top > 0 || loop->first != NULL)) {
		int ready = poll(loop->poll, loop->top, patience(loop));

		if (ready == -1 && errno != EINTR && errno != EAGAIN)
			return sts_error_sys(err, STS_ELOCAL, "poll");
		run_timers(loop);
		if (ready > 0)
			run_watches(loop);
	}
	return STS_OK;
}

void
sts_loop_stop(struct sts_loop *loop)
{
	loop->stop = true;
}
