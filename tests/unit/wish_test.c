/* SPDX-License-Identifier: ISC */
/*
 * Datagrams from the table to the filter.
 */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../opensmtpd/wish.h"
#include "scratch.h"
#include "suite.h"

static char *state;

static const struct text_case {
	const char *text;
	struct sts_wish wish;
} good[] = {
	{ "policy example.com", { STS_WISH_POLICY, "example.com", "" } },
	{ "mx a", { STS_WISH_MX, "a", "" } },
	{ "chosen example.com mx1.example.net",
	    { STS_WISH_CHOSEN, "example.com", "mx1.example.net" } },
};

static const char *const bad[] = {
	"",
	" ",
	"policy",
	"policy ",
	"policy  a",
	"policy a ",
	"policy a b",
	"policy a\n",
	"policy A",
	"policy a.",
	"policy [192.0.2.1]",
	"policy 192.0.2.1",
	"Policy a",
	"polic a",
	"policyx a",
	"chosen a",
	"chosen a ",
	"chosen a b c",
	"chosen a B",
	"mx ../a",
	"mx a/b",
};

START_TEST(a_wish_is_read_as_it_was_written)
{
	const struct text_case *c = &good[_i];
	char text[STS_WISH_TEXT_MAX];
	struct sts_wish wish;
	size_t len;

	len = sts_wish_format(&c->wish, text);
	ck_assert_str_eq(text, c->text);
	ck_assert_uint_eq(len, strlen(c->text));
	ck_assert_int_eq(sts_wish_parse(text, len, &wish, NULL), STS_OK);
	ck_assert_int_eq(wish.kind, c->wish.kind);
	ck_assert_str_eq(wish.domain, c->wish.domain);
	ck_assert_str_eq(wish.host, c->wish.host);
}
END_TEST

START_TEST(anything_else_is_no_wish)
{
	struct sts_wish wish;

	ck_assert_int_eq(sts_wish_parse(bad[_i], strlen(bad[_i]), &wish, NULL),
	    STS_EUSAGE);
}
END_TEST

START_TEST(the_longest_fits)
{
	struct sts_wish wish = { .kind = STS_WISH_CHOSEN }, again;
	char text[STS_WISH_TEXT_MAX];
	size_t i;

	for (i = 0; i < STS_DOMAIN_MAX; i++)
		wish.domain[i] = wish.host[i] = i % 64 == 63 ? '.' : 'a';
	ck_assert_uint_lt(sts_wish_format(&wish, text), sizeof(text));
	ck_assert_int_eq(sts_wish_parse(text, strlen(text), &again, NULL),
	    STS_OK);
	ck_assert_str_eq(again.host, wish.host);
}
END_TEST

/* ---- the socket -------------------------------------------------------- */

static void
setup(void)
{
	state = scratch_new();
}

static void
teardown(void)
{
	scratch_free(state);
}

static int
listener(void)
{
	struct sts_error error;
	int fd = -1;

	if (sts_wish_listen(state, &fd, &error) != STS_OK)
		ck_abort_msg("%s", error.text);
	return fd;
}

START_TEST(what_is_sent_arrives_in_order)
{
	int fd = listener();
	struct sts_wish wish;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		sts_wish_send(state, &good[i].wish);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_OK);
		ck_assert_int_eq(wish.kind, good[i].wish.kind);
	}
	ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_ENODATA);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(nobody_waits_for_nobody)
{
	int fd;
	unsigned i;

	sts_wish_send(state, &good[0].wish); /* no socket */
	fd = listener();
	for (i = 0; i < 5000; i++) /* more than any queue holds */
		sts_wish_send(state, &good[0].wish);
	ck_assert_int_eq(close(fd), 0);
	sts_wish_send(state, &good[0].wish); /* a socket that nobody reads */
}
END_TEST

START_TEST(a_new_listener_takes_the_place_of_the_old)
{
	int old = listener(), fd = listener();
	struct sts_wish wish;
	char path[1024];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/wish", state);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode, S_IFSOCK | 0600);
	sts_wish_send(state, &good[1].wish);
	ck_assert_int_eq(sts_wish_receive(old, &wish, NULL), STS_ENODATA);
	ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_OK);
	ck_assert_str_eq(wish.domain, "a");
	ck_assert_int_eq(close(old), 0);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

static void
send_raw(const char *text, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/wish",
	    state);
	ck_assert_int_eq(sendto(fd, text, len, 0, (struct sockaddr *)&address,
			     sizeof(address)),
	    (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

START_TEST(junk_is_passed_over)
{
	static char long_one[4096];
	int fd = listener();
	struct sts_wish wish;

	memset(long_one, 'a', sizeof(long_one));
	memcpy(long_one, "policy ", 7);
	send_raw("", 0);
	send_raw("policy a\0", 9);
	send_raw(long_one, sizeof(long_one));
	send_raw("mx a", 4);
	ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_EUSAGE);
	ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_EUSAGE);
	ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_EUSAGE);
	ck_assert_int_eq(sts_wish_receive(fd, &wish, NULL), STS_OK);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(a_place_that_cannot_be_is_an_error)
{
	static char deep[200];
	int fd;

	memset(deep, 'a', sizeof(deep) - 1);
	ck_assert_int_eq(sts_wish_listen(deep, &fd, NULL), STS_EUSAGE);
	sts_wish_send(deep, &good[0].wish);
	deep[100] = '\0'; /* the name itself would fit */
	ck_assert_int_eq(sts_wish_listen(deep, &fd, NULL), STS_EUSAGE);
	ck_assert_int_eq(sts_wish_listen("/nonexistent", &fd, NULL), STS_ESYS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("wish");
	TCase *text = tcase_create("text"), *socket = tcase_create("socket");

	tcase_add_loop_test(text, a_wish_is_read_as_it_was_written, 0,
	    sizeof(good) / sizeof(good[0]));
	tcase_add_loop_test(text, anything_else_is_no_wish, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(text, the_longest_fits);
	suite_add_tcase(suite, text);
	tcase_add_checked_fixture(socket, setup, teardown);
	tcase_add_test(socket, what_is_sent_arrives_in_order);
	tcase_add_test(socket, nobody_waits_for_nobody);
	tcase_add_test(socket, a_new_listener_takes_the_place_of_the_old);
	tcase_add_test(socket, junk_is_passed_over);
	tcase_add_test(socket, a_place_that_cannot_be_is_an_error);
	suite_add_tcase(suite, socket);
	return suite_run(suite);
}
