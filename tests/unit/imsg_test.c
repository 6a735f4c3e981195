/* SPDX-License-Identifier: ISC */
/*
 * OpenSMTPD's table protocol of imsg messages.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../opensmtpd/imsg.h"
#include "suite.h"
#include "teller.h"

/* As OpenSMTPD's smtpd-api.h has them. */
enum {
	OK,
	FAIL,
	OPEN,
	CLOSE,
	UPDATE,
	CHECK,
	LOOKUP,
	FETCH
};

struct header {
	uint32_t type;
	uint16_t len, flags;
	uint32_t peerid, pid;
};

static struct sts_imsg imsg;
static struct sts_buf input;

static void
setup(void)
{
	teller_setup();
	sts_imsg_init(&imsg, &teller);
	sts_buf_init(&input, 1 << 20);
}

static void
teardown(void)
{
	sts_buf_clear(&input);
	teller_teardown();
}

static void
put(uint32_t type, const void *data, size_t len)
{
	struct header header = { type, (uint16_t)(sizeof(header) + len), 0, 0,
		4711 };

	ck_assert_int_eq(sts_buf_add(&input, &header, sizeof(header)), STS_OK);
	ck_assert_int_eq(sts_buf_add(&input, data, len), STS_OK);
}

/* Service, number of parameters, and LEN octets of key. */
static void
put_request(uint32_t type, uint32_t service, size_t params, const char *key,
    size_t len)
{
	char data[1024];

	memcpy(data, &service, sizeof(service));
	memcpy(data + sizeof(service), &params, sizeof(params));
	memcpy(data + sizeof(service) + sizeof(params), key, len);
	put(type, data, sizeof(service) + sizeof(params) + len);
}

static void
feed(void)
{
	sts_imsg_feed(&imsg, input.data, input.len);
	sts_buf_reset(&input);
}

/* The next reply is of TYPE with exactly these octets. */
static void
expect(uint32_t type, const void *data, size_t len)
{
	struct header header;

	ck_assert_uint_ge(teller_sent.len, sizeof(header));
	memcpy(&header, teller_sent.data, sizeof(header));
	ck_assert_uint_eq(header.type, type);
	ck_assert_uint_eq(header.flags, 0);
	ck_assert_uint_eq(header.len, sizeof(header) + len);
	ck_assert_uint_eq(teller_sent.len, header.len);
	if (len > 0)
		ck_assert_mem_eq(teller_sent.data + sizeof(header), data, len);
	sts_buf_reset(&teller_sent);
}

static void
expect_number(int number)
{
	expect(OK, &number, sizeof(number));
}

static void
put_open(uint32_t version)
{
	char data[2052] = { 0 };

	memcpy(data, &version, sizeof(version));
	memcpy(data + 4, "sts", 4);
	put(OPEN, data, sizeof(data));
}

START_TEST(it_opens_with_the_right_version)
{
	put_open(2);
	ck_assert_int_eq(sts_imsg_begins((unsigned char)input.data[0]), true);
	feed();
	expect(OK, NULL, 0);
	ck_assert_ptr_null(teller_complaint);
	put_open(3);
	feed();
	expect(FAIL, NULL, 0);
	ck_assert_ptr_nonnull(teller_complaint);
	put(OPEN, "", 0);
	feed();
	expect(FAIL, NULL, 0);
	ck_assert_int_eq(sts_imsg_begins('c'), false);
}
END_TEST

static const struct number_case {
	uint32_t type, service;
	const char *key;
	int number;
} numbers[] = {
	{ CHECK, 0x2, "yes", 1 },
	{ CHECK, 0x2, "no", 0 },
	{ CHECK, 0x2, "other", -1 },
	{ CHECK, 0x2, "empty", 1 },
	{ CHECK, 0x2, "", -1 },
	{ CHECK, 0x200, "yes", 1 },
	{ CHECK, 0x40, "yes", 1 },
	{ CHECK, 0x40, "no", 0 },
	{ LOOKUP, 0x200, "no", 0 },
	{ LOOKUP, 0x200, "other", -1 },
	{ LOOKUP, 0x200, "silent", -1 },
	{ LOOKUP, 0x200, "empty", -1 },
	{ LOOKUP, 0x1, "yes", -1 },  /* aliases */
	{ CHECK, 0x202, "yes", -1 }, /* services are asked for one by one */
	{ FETCH, 0x200, "yes", -1 },
};

START_TEST(a_request_is_answered_by_a_number)
{
	const struct number_case *c = &numbers[_i];

	put_request(c->type, c->service, 0, c->key, strlen(c->key) + 1);
	feed();
	expect_number(c->number);
	ck_assert_ptr_null(teller_complaint);
}
END_TEST

START_TEST(what_is_found_comes_with_its_value)
{
	char data[sizeof(int) + sizeof(TELLER_VALUE)];
	int one = 1;

	memcpy(data, &one, sizeof(one));
	memcpy(data + sizeof(one), TELLER_VALUE, sizeof(TELLER_VALUE));
	put_request(LOOKUP, 0x200, 0, "yes", 4);
	feed();
	expect(OK, data, sizeof(data));
}
END_TEST

START_TEST(updates_and_the_end)
{
	put(UPDATE, "", 0);
	feed();
	expect_number(1);
	teller_update = "other";
	put(UPDATE, "", 0);
	feed();
	expect_number(0);
	teller_update = "yes";
	put(CLOSE, "", 0);
	feed();
	ck_assert_uint_eq(teller_sent.len, 0);
	put(UPDATE, "", 0);
	feed();
	expect_number(1);
}
END_TEST

START_TEST(a_bad_request_is_an_error)
{
	put_request(CHECK, 0x2, 0, "yes", 3); /* no NUL */
	feed();
	expect_number(-1);
	put_request(CHECK, 0x2, 0, "", 0);
	feed();
	expect_number(-1);
	put_request(CHECK, 0x2, 0, "yes\0no", 7); /* two */
	feed();
	expect_number(-1);
	put_request(CHECK, 0x2, 1, "yes", 4); /* a parameter */
	feed();
	expect_number(-1);
	put(LOOKUP, "\0\x02", 2);
	feed();
	expect_number(-1);
	put(LOOKUP, "", 0);
	feed();
	expect_number(-1);
	ck_assert_ptr_null(teller_complaint);
	put(99, "", 0);
	feed();
	expect_number(-1);
	ck_assert_ptr_nonnull(teller_complaint);
	ck_assert_uint_eq(teller_asked, 0);
}
END_TEST

START_TEST(messages_may_come_in_pieces_or_together)
{
	size_t i;

	for (i = 0; i < 10; i++)
		put_request(CHECK, 0x2, 0, "yes", 4);
	for (i = 0; i < input.len; i++)
		sts_imsg_feed(&imsg, input.data + i, 1);
	ck_assert_uint_eq(teller_asked, 10);
	sts_imsg_feed(&imsg, input.data, input.len - 1);
	ck_assert_uint_eq(teller_asked, 19);
	sts_imsg_feed(&imsg, input.data + input.len - 1, 1);
	ck_assert_uint_eq(teller_asked, 20);
	ck_assert_uint_eq(teller_sent.len,
	    20 * (sizeof(struct header) + sizeof(int)));
}
END_TEST

START_TEST(the_longest_message_fits)
{
	static char data[STS_IMSG_MAX];

	memset(data, 'a', sizeof(data));
	put(99, data, STS_IMSG_MAX - sizeof(struct header));
	put(UPDATE, "", 0);
	feed();
	ck_assert_uint_eq(teller_sent.len,
	    2 * (sizeof(struct header) + sizeof(int)));
}
END_TEST

static const uint16_t bad_lengths[] = { 0, 15, STS_IMSG_MAX + 1, 65535 };

START_TEST(an_impossible_length_ends_understanding)
{
	struct header header = { CHECK, bad_lengths[_i], 0, 0, 0 };
	unsigned i;

	sts_imsg_feed(&imsg, &header, sizeof(header));
	ck_assert_ptr_nonnull(teller_complaint);
	for (i = 0; i < 100; i++)
		put(UPDATE, "", 0);
	feed();
	ck_assert_uint_eq(teller_sent.len, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("imsg");
	TCase *tcase = tcase_create("messages");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_opens_with_the_right_version);
	tcase_add_loop_test(tcase, a_request_is_answered_by_a_number, 0,
	    sizeof(numbers) / sizeof(numbers[0]));
	tcase_add_test(tcase, what_is_found_comes_with_its_value);
	tcase_add_test(tcase, updates_and_the_end);
	tcase_add_test(tcase, a_bad_request_is_an_error);
	tcase_add_test(tcase, messages_may_come_in_pieces_or_together);
	tcase_add_test(tcase, the_longest_message_fits);
	tcase_add_loop_test(tcase, an_impossible_length_ends_understanding, 0,
	    sizeof(bad_lengths) / sizeof(bad_lengths[0]));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
