/* SPDX-License-Identifier: ISC */
/*
 * The loop: what callbacks may do to it while it runs.
 */
#include <check.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "resolve/loop.h"
#include "suite.h"

#define MANY 300

static struct sts_loop *loop;
static struct sts_timer *victim;
static int fds[MANY][2];
static int calls;
static char order[16];
static size_t ordered;

static void
setup(void)
{
	calls = 0;
	ordered = 0;
	ck_assert_int_eq(sts_loop_new(&loop, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_loop_free(loop);
}

static void
make_pair(int pair[2])
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
}

static void
note(void *arg)
{
	order[ordered++] = *(const char *)arg;
}

/* A timer that notes LETTER. */
static struct sts_timer *
note_at(int64_t ms, char letter)
{
	static char letters[] = "abcdefghijklmnopqrstuvwxyz";
	struct sts_timer *timer;

	timer = sts_loop_timer(loop, ms, note, &letters[letter - 'a']);
	ck_assert_ptr_nonnull(timer);
	return timer;
}

static void
stop(void *arg)
{
	sts_loop_stop(arg);
}

static void
cancel_victim(void *arg)
{
	(void)arg;
	sts_loop_cancel(loop, victim);
}

START_TEST(timers_fire_in_order_of_time_then_of_birth)
{
	note_at(30, 'd');
	note_at(10, 'b');
	note_at(10, 'c');
	note_at(-5, 'a');
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	order[ordered] = '\0';
	ck_assert_str_eq(order, "abcd");
}
END_TEST

START_TEST(timer_cancels_one_that_is_due_as_well)
{
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 0, cancel_victim, NULL));
	victim = note_at(0, 'x');
	note_at(0, 'y');
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	order[ordered] = '\0';
	ck_assert_str_eq(order, "y");
}
END_TEST

static void
again(void *arg)
{
	calls++;
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 0, again, arg));
}

static void
read_and_stop(void *arg, int fd, int events)
{
	ck_assert_int_eq(events, STS_LOOP_READ);
	ck_assert_int_eq(sts_loop_watch(loop, fd, 0, NULL, NULL), STS_OK);
	sts_loop_stop(arg);
}

START_TEST(timer_that_renews_itself_does_not_starve_descriptors)
{
	int pair[2];

	make_pair(pair);
	ck_assert_int_eq(write(pair[1], "x", 1), 1);
	ck_assert_int_eq(sts_loop_watch(loop, pair[0], STS_LOOP_READ,
			     read_and_stop, loop),
	    STS_OK);
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 0, again, NULL));
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_le(calls, 2);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

static void
never(void *arg, int fd, int events)
{
	(void)arg;
	ck_abort_msg("fd %d events %d", fd, events);
}

/* Close the second descriptor, which is ready too, and give its number to a
 * new one that is not. */
static void
replace(void *arg, int fd, int events)
{
	int other[2];

	(void)arg;
	(void)events;
	ck_assert_int_eq(sts_loop_watch(loop, fd, 0, NULL, NULL), STS_OK);
	make_pair(other);
	ck_assert_int_eq(dup2(other[0], fds[1][0]), fds[1][0]);
	ck_assert_int_eq(sts_loop_watch(loop, fds[1][0], STS_LOOP_READ, never,
			     NULL),
	    STS_OK);
	close(other[0]);
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 20, stop, loop));
	calls++;
}

START_TEST(event_of_an_old_descriptor_never_reaches_the_new_one)
{
	int i;

	for (i = 0; i < 2; i++) {
		make_pair(fds[i]);
		ck_assert_int_eq(write(fds[i][1], "x", 1), 1);
		ck_assert_int_eq(sts_loop_watch(loop, fds[i][0], STS_LOOP_READ,
				     replace, NULL),
		    STS_OK);
	}
	ck_assert_int_lt(fds[0][0], fds[1][0]);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, 1);
}
END_TEST

static void
drop_all(void *arg, int fd, int events)
{
	int i;

	(void)arg;
	(void)fd;
	(void)events;
	calls++;
	for (i = 0; i < MANY; i++)
		ck_assert_int_eq(sts_loop_watch(loop, fds[i][0], 0, NULL, NULL),
		    STS_OK);
}

START_TEST(callback_forgets_hundreds_that_are_ready)
{
	int i;

	for (i = 0; i < MANY; i++) {
		make_pair(fds[i]);
		ck_assert_int_eq(write(fds[i][1], "x", 1), 1);
		ck_assert_int_eq(sts_loop_watch(loop, fds[i][0], STS_LOOP_READ,
				     drop_all, NULL),
		    STS_OK);
	}
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, 1);
}
END_TEST

static void
count_one(void *arg, int fd, int events)
{
	(void)arg;
	ck_assert_int_eq(events, STS_LOOP_READ);
	calls++;
	ck_assert_int_eq(sts_loop_watch(loop, fd, 0, NULL, NULL), STS_OK);
}

START_TEST(hundreds_of_descriptors_are_each_told)
{
	int i;

	for (i = 0; i < MANY; i++) {
		make_pair(fds[i]);
		ck_assert_int_eq(sts_loop_watch(loop, fds[i][0], STS_LOOP_READ,
				     count_one, NULL),
		    STS_OK);
		close(fds[i][1]); /* a hang-up is told as readable */
	}
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, MANY);
}
END_TEST

static void
on_write(void *arg, int fd, int events)
{
	(void)arg;
	ck_assert_int_eq(events, STS_LOOP_WRITE);
	calls++;
	ck_assert_int_eq(sts_loop_watch(loop, fd, STS_LOOP_READ, count_one,
			     NULL),
	    STS_OK);
	ck_assert_int_eq(write(fds[0][1], "x", 1), 1);
}

START_TEST(interest_may_change_from_write_to_read)
{
	make_pair(fds[0]);
	ck_assert_int_eq(sts_loop_watch(loop, fds[0][0], STS_LOOP_WRITE,
			     on_write, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(calls, 2);
	ck_assert_int_eq(sts_loop_watch(loop, -1, 1, never, NULL), STS_EUSAGE);
}
END_TEST

static void
on_alarm(int signo)
{
	(void)signo;
}

START_TEST(signals_neither_end_nor_hurry_the_loop)
{
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } },
			 off = { { 0, 0 }, { 0, 0 } };
	struct sigaction action = { .sa_handler = on_alarm };
	int64_t start = sts_clock_ms();

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &every, NULL), 0);
	note_at(100, 'z');
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &off, NULL), 0);
	ck_assert_int_ge(sts_clock_ms() - start, 100);
	ck_assert_uint_eq(ordered, 1);
}
END_TEST

START_TEST(stop_keeps_what_is_watched_for_the_next_run)
{
	ck_assert_ptr_nonnull(sts_loop_timer(loop, 0, stop, loop));
	note_at(5, 'k');
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(ordered, 0);
	ck_assert_int_eq(sts_loop_run(loop, NULL), STS_OK);
	ck_assert_uint_eq(ordered, 1);
	note_at(5, 'l'); /* freed unfired */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loop");
	TCase *tc = tcase_create("loop");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, timers_fire_in_order_of_time_then_of_birth);
	tcase_add_test(tc, timer_cancels_one_that_is_due_as_well);
	tcase_add_test(tc,
	    timer_that_renews_itself_does_not_starve_descriptors);
	tcase_add_test(tc,
	    event_of_an_old_descriptor_never_reaches_the_new_one);
	tcase_add_test(tc, callback_forgets_hundreds_that_are_ready);
	tcase_add_test(tc, hundreds_of_descriptors_are_each_told);
	tcase_add_test(tc, interest_may_change_from_write_to_read);
	tcase_add_test(tc, signals_neither_end_nor_hurry_the_loop);
	tcase_add_test(tc, stop_keeps_what_is_watched_for_the_next_run);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
