/* SPDX-License-Identifier: ISC */
/*
 * gzip: what was folded unfolds to the same, nothing else unfolds, and never
 * to more than is allowed.
 */
#include <stdlib.h>
#include <string.h>

#include "report/gzip.h"
#include "suite.h"

#define BIG (1024 * 1024)

/* "hello\n" by gzip(1), with a file name and a time in its head. */
static const unsigned char named[] = { 0x1f, 0x8b, 0x08, 0x08, 0x00, 0xf1, 0x53,
	0x65, 0x00, 0x03, '.', '.', '/', 'x', 0x00, 0xcb, 0x48, 0xcd, 0xc9,
	0xc9, 0xe7, 0x02, 0x00, 0x20, 0x30, 0x3a, 0x36, 0x06, 0x00, 0x00,
	0x00 };

static struct sts_buf folded, out;
static struct sts_error err;

static void
setup(void)
{
	sts_buf_init(&folded, BIG);
	sts_buf_init(&out, BIG);
}

static void
teardown(void)
{
	sts_buf_clear(&folded);
	sts_buf_clear(&out);
}

START_TEST(what_was_folded_unfolds)
{
	static const size_t lengths[] = { 0, 1, 16383, 16384, 16385, BIG };
	char *data = calloc(1, BIG);
	size_t i;

	ck_assert(data != NULL);
	for (i = 0; i < BIG; i++)
		data[i] = (char)(i * i >> 7);
	ck_assert(sts_gzip(data, lengths[_i], &folded, &err) == STS_OK);
	ck_assert(sts_gzip_is(folded.data, folded.len));
	ck_assert(sts_gunzip(folded.data, folded.len, &out, &err) == STS_OK);
	ck_assert_uint_eq(out.len, lengths[_i]);
	ck_assert_mem_eq(sts_buf_text(&out), data, lengths[_i]);
	free(data);
}
END_TEST

START_TEST(same_text_makes_same_octets)
{
	ck_assert(sts_gzip("hello", 5, &folded, &err) == STS_OK);
	ck_assert(sts_gzip("hello", 5, &out, &err) == STS_OK);
	ck_assert_uint_eq(folded.len, out.len);
	ck_assert_mem_eq(folded.data, out.data, out.len);
	/* neither name nor time, RFC 1952, 2.3 */
	ck_assert_mem_eq(out.data + 3, "\0\0\0\0\0", 5);
}
END_TEST

START_TEST(name_and_padding_are_passed_over)
{
	ck_assert(sts_buf_add(&folded, named, sizeof(named)) == STS_OK);
	ck_assert(sts_buf_add(&folded, "\0\0\0", 3) == STS_OK);
	ck_assert(sts_gunzip(folded.data, folded.len, &out, &err) == STS_OK);
	ck_assert_str_eq(sts_buf_text(&out), "hello\n");
}
END_TEST

START_TEST(members_follow_each_other)
{
	ck_assert(sts_gzip("one ", 4, &folded, &err) == STS_OK);
	ck_assert(sts_gzip("", 0, &folded, &err) == STS_OK);
	ck_assert(sts_buf_add(&folded, named, sizeof(named)) == STS_OK);
	ck_assert(sts_buf_str(&out, "> ") == STS_OK);
	ck_assert(sts_gunzip(folded.data, folded.len, &out, &err) == STS_OK);
	ck_assert_str_eq(sts_buf_text(&out), "> one hello\n");
}
END_TEST

/* Cut anywhere, and changed anywhere that is not the head's name or time. */
START_TEST(torn_or_damaged_adds_nothing)
{
	unsigned char bad[sizeof(named)];
	size_t i;

	ck_assert(sts_buf_str(&out, "before") == STS_OK);
	for (i = 0; i < sizeof(named); i++)
		ck_assert(sts_gunzip(named, i, &out, &err) == STS_EUSAGE);
	for (i = 0; i < sizeof(named); i++) {
		if (i >= 4 && i < 15)
			continue;
		memcpy(bad, named, sizeof(bad));
		bad[i] ^= 0xff;
		ck_assert(sts_gunzip(bad, sizeof(bad), &out, &err) ==
			  STS_EUSAGE);
	}
	ck_assert_str_eq(sts_buf_text(&out), "before");
}
END_TEST

START_TEST(what_follows_must_be_gzip)
{
	ck_assert(sts_buf_add(&folded, named, sizeof(named)) == STS_OK);
	ck_assert(sts_buf_str(&folded, "hello") == STS_OK);
	ck_assert(sts_gunzip(folded.data, folded.len, &out, &err) ==
		  STS_EUSAGE);
	ck_assert_str_eq(err.text, "gzip: something else follows");
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

START_TEST(a_bomb_stops_at_the_maximum)
{
	char *zeros = calloc(1, BIG);
	struct sts_buf small;
	size_t i;

	ck_assert(zeros != NULL);
	for (i = 0; i < 8; i++)
		ck_assert(sts_gzip(zeros, BIG, &folded, &err) == STS_OK);
	free(zeros);
	ck_assert_uint_lt(folded.len, 10000);
	sts_buf_init(&small, BIG);
	ck_assert(sts_gunzip(folded.data, folded.len, &small, &err) ==
		  STS_EUSAGE);
	ck_assert_str_eq(err.text, "more than 1048576 octets");
	ck_assert_uint_eq(small.len, 0);
	ck_assert_uint_le(small.size, BIG + 1);
	sts_buf_clear(&small);
}
END_TEST

START_TEST(folding_minds_the_maximum)
{
	struct sts_buf small;

	sts_buf_init(&small, 12);
	ck_assert(sts_gzip("hello", 5, &small, &err) == STS_EUSAGE);
	ck_assert_uint_eq(small.len, 0);
	sts_buf_clear(&small);
}
END_TEST

START_TEST(gzip_is_known_by_its_first_octets)
{
	ck_assert(sts_gzip_is("\x1f\x8b", 2));
	ck_assert(!sts_gzip_is("\x1f\x8b", 1));
	ck_assert(!sts_gzip_is("\x1f\x9d", 2));
	ck_assert(!sts_gzip_is("", 0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gzip");
	TCase *tcase = tcase_create("gzip");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, what_was_folded_unfolds, 0, 6);
	tcase_add_test(tcase, same_text_makes_same_octets);
	tcase_add_test(tcase, name_and_padding_are_passed_over);
	tcase_add_test(tcase, members_follow_each_other);
	tcase_add_test(tcase, torn_or_damaged_adds_nothing);
	tcase_add_test(tcase, what_follows_must_be_gzip);
	tcase_add_test(tcase, a_bomb_stops_at_the_maximum);
	tcase_add_test(tcase, folding_minds_the_maximum);
	tcase_add_test(tcase, gzip_is_known_by_its_first_octets);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
