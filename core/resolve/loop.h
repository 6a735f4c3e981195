/* SPDX-License-Identifier: ISC */
/*
 * A poll(2) loop: descriptors and timers with callbacks, one thread.  A
 * callback may add and remove anything, itself included.
 */
#ifndef STS_LOOP_H
#define STS_LOOP_H

#include "base/error.h"

enum sts_loop_events {
	STS_LOOP_READ = 1,
	STS_LOOP_WRITE = 2
};

struct sts_loop;
struct sts_timer;

typedef void (*sts_loop_fd_fn)(void *arg, int fd, int events);
typedef void (*sts_loop_timer_fn)(void *arg);

STS_MUST_USE enum sts_rc sts_loop_new(struct sts_loop **loop,
    struct sts_error *err);
void sts_loop_free(struct sts_loop *loop); /* watches and timers go too */

/* EVENTS 0 forgets FD.  The descriptor stays the caller's. */
STS_MUST_USE enum sts_rc sts_loop_watch(struct sts_loop *loop, int fd,
    int events, sts_loop_fd_fn fn, void *arg);

/* Fires once after MS, then is gone; cancel it only before that. */
STS_MUST_USE struct sts_timer *sts_loop_timer(struct sts_loop *loop, int64_t ms,
    sts_loop_timer_fn fn, void *arg);
void sts_loop_cancel(struct sts_loop *loop, struct sts_timer *timer);

/* Until nothing is watched or timed, or sts_loop_stop(). */
STS_MUST_USE enum sts_rc sts_loop_run(struct sts_loop *loop,
    struct sts_error *err);
void sts_loop_stop(struct sts_loop *loop);

#endif
