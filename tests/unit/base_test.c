/* SPDX-License-Identifier: ISC */
/*
 * The helpers without policy knowledge: errors, buffers, log lines, clock,
 * hash, frames, domain names.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/domain.h"
#include "base/frame.h"
#include "base/log.h"
#include "base/siphash.h"
#include "suite.h"

START_TEST(error_text_never_overflows)
{
	struct sts_error err;
	char long_text[2 * STS_ERROR_MAX];

	memset(long_text, 'x', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	ck_assert(sts_error_set(&err, STS_EDNS, "%s", long_text) == STS_EDNS);
	ck_assert_uint_eq(strlen(err.text), STS_ERROR_MAX - 1);
	ck_assert(sts_error_prefix(&err, "%s", long_text) == STS_EDNS);
	ck_assert_uint_eq(strlen(err.text), STS_ERROR_MAX - 1);
	ck_assert(sts_error_set(NULL, STS_EDNS, "x") == STS_EDNS);
}
END_TEST

START_TEST(error_prefix_and_errno)
{
	struct sts_error err;

	errno = ENOSPC;
	ck_assert(sts_error_sys(&err, STS_ESPACE, "write") == STS_ESPACE);
	ck_assert_int_eq(err.sys, ENOSPC);
	(void)sts_error_prefix(&err, "%s:%d", "file", 3);
	ck_assert_str_eq(err.text, "file:3: write: No space left on device");
}
END_TEST

START_TEST(every_rc_has_a_name)
{
	int rc;

	for (rc = 0; rc < STS_RC_MAX; rc++)
		ck_assert(sts_rc_name(rc) != NULL);
	ck_assert_str_eq(sts_rc_name(STS_RC_MAX), "unknown");
	ck_assert_str_eq(sts_rc_result_type(STS_EWEBPKI), "sts-webpki-invalid");
	ck_assert(sts_rc_result_type(STS_OK) == NULL);
}
END_TEST

START_TEST(buf_keeps_its_maximum)
{
	struct sts_buf buf;

	sts_buf_init(&buf, 5);
	ck_assert(sts_buf_str(&buf, "hello") == STS_OK);
	ck_assert(sts_buf_str(&buf, "!") == STS_EUSAGE);
	ck_assert_str_eq(sts_buf_text(&buf), "hello");
	ck_assert(sts_buf_str(&buf, "") == STS_EUSAGE); /* sticky */
	sts_buf_reset(&buf);
	ck_assert(sts_buf_printf(&buf, "%d", 12345) == STS_OK);
	ck_assert(sts_buf_printf(&buf, "%d", 1) == STS_EUSAGE);
	sts_buf_clear(&buf);
	ck_assert_str_eq(sts_buf_text(&buf), "");
}
END_TEST

START_TEST(buf_take_and_room)
{
	struct sts_buf buf;
	char *room, *data;

	sts_buf_init(&buf, 100000);
	room = sts_buf_room(&buf, 70000);
	ck_assert_ptr_nonnull(room);
	memset(room, 'a', 70000);
	sts_buf_grew(&buf, 70000);
	ck_assert_uint_eq(buf.len, 70000);
	ck_assert_ptr_null(sts_buf_room(&buf, 30001));
	data = sts_buf_take(&buf);
	ck_assert_uint_eq(strlen(data), 70000);
	free(data);
	data = sts_buf_take(&buf);
	ck_assert_str_eq(data, "");
	free(data);
}
END_TEST

START_TEST(buf_escapes_what_could_forge_a_line)
{
	struct sts_buf buf;

	sts_buf_init(&buf, 100);
	ck_assert(sts_buf_escaped(&buf, "a\nb\\\0\xff~", 7) == STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf), "a\\010b\\092\\000\\255~");
	sts_buf_reset(&buf);
	ck_assert(sts_buf_escaped_also(&buf, "a \\b", 4, ' ') == STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf), "a\\032\\092b");
	sts_buf_clear(&buf);
}
END_TEST

static char logged[2048];

static void
remember(void *arg, enum sts_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)snprintf(logged + strlen(logged), sizeof(logged) - strlen(logged),
	    "%s", line);
}

START_TEST(log_is_one_line_of_its_level)
{
	struct sts_log log = { remember, NULL, STS_LOG_NOTICE };

	logged[0] = '\0';
	sts_log(&log, STS_LOG_DEBUG, "not this");
	sts_log(&log, STS_LOG_ERROR, "mx=%s", "a\nforged");
	ck_assert_str_eq(logged, "mx=a\\010forged");
	sts_log(NULL, STS_LOG_ERROR, "nobody listens");
}
END_TEST

START_TEST(siphash_agrees_with_the_paper)
{
	struct sts_siphash_key key = { 0x0706050403020100ULL,
		0x0f0e0d0c0b0a0908ULL };
	unsigned char in[15];
	size_t i;

	for (i = 0; i < sizeof(in); i++)
		in[i] = (unsigned char)i;
	ck_assert(sts_siphash(&key, in, 0) == 0x726fdb47dd0e0e31ULL);
	ck_assert(sts_siphash(&key, in, 15) == 0xa129ca6149be45e5ULL);
}
END_TEST

static const struct {
	int64_t wall, boot; /* since the moment that was seen */
	bool same_boot, suspect;
} moments[] = {
	{ 0, 0, true, false },
	{ 3600, 0, true, false },
	{ 3601, 0, true, true },
	{ 90000, 86400, true, false },
	{ 90001, 86400, true, true },
	{ -1000000, 0, true, false },
	{ 30 * 86400, 0, false, false },
	{ 30 * 86400 + 1, 0, false, true },
	{ 3650 * 86400LL, 604800, false, true },
	{ 3650 * 86400LL, 604800, true, true },
};

START_TEST(clock_suspects_a_jump)
{
	struct sts_now seen = { 1700000000, 500, "a" };
	struct sts_now now = seen;

	now.wall += moments[_i].wall;
	now.boot = moments[_i].boot + (moments[_i].same_boot ? 500 : 0);
	now.boot_id[0] = moments[_i].same_boot ? 'a' : 'b';
	ck_assert(sts_clock_suspect(&now, &seen) == moments[_i].suspect);
}
END_TEST

START_TEST(clock_tells_a_moment)
{
	struct sts_now now;

	sts_clock_now(&now);
	ck_assert_int_gt(now.wall, 1700000000);
	ck_assert(now.boot_id[0] != '\0');
	ck_assert_int_ge(sts_clock_ms(), 0);
}
END_TEST

static size_t
count_frames(const char *data, size_t len, size_t *skipped)
{
	struct sts_frame_reader reader;
	const char *payload;
	size_t payload_len, count = 0;

	sts_frame_init(&reader, data, len);
	while (sts_frame_next(&reader, "t", &payload, &payload_len))
		count++;
	*skipped = reader.skipped;
	return count;
}

/* Cut anywhere, flipped anywhere: the other records are still read. */
START_TEST(frame_survives_every_tear)
{
	struct sts_buf buf, torn;
	size_t cut, skipped, first;

	sts_buf_init(&buf, 4096);
	ck_assert(sts_frame_add(&buf, "t", "one two", 7) == STS_OK);
	first = buf.len;
	ck_assert(sts_frame_add(&buf, "t", "", 0) == STS_OK);
	ck_assert_uint_eq(count_frames(buf.data, buf.len, &skipped), 2);
	ck_assert_uint_eq(skipped, 0);
	for (cut = 1; cut < first; cut++) {
		sts_buf_init(&torn, 4096);
		ck_assert(sts_buf_add(&torn, buf.data, cut) == STS_OK);
		ck_assert(sts_frame_add(&torn, "t", "x", 1) == STS_OK);
		ck_assert_uint_ge(count_frames(torn.data, torn.len, &skipped),
		    1);
		sts_buf_clear(&torn);
		buf.data[cut] = (char)(buf.data[cut] ^ 1);
		ck_assert_uint_eq(count_frames(buf.data, buf.len, &skipped), 1);
		buf.data[cut] = (char)(buf.data[cut] ^ 1);
	}
	sts_buf_clear(&buf);
}
END_TEST

static const struct {
	const char *in, *out; /* NULL: refused */
} names[] = {
	{ "Example.COM", "example.com" },
	{ "example.com.", "example.com" },
	{ "localhost", "localhost" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "1.example", "1.example" },
	{ "a-b.c", "a-b.c" },
	{ "", NULL },
	{ ".", NULL },
	{ "example.com..", NULL },
	{ "a..b", NULL },
	{ ".a", NULL },
	{ "-a.b", NULL },
	{ "a-.b", NULL },
	{ "a_b.c", NULL },
	{ "*.a", NULL },
	{ "a b", NULL },
	{ "b\xc3\xbc", NULL },
	{ "192.0.2.1", NULL },
	{ "[192.0.2.1]", NULL },
	{ "[IPv6:::1]", NULL },
};

START_TEST(sts_85_domain_normalize)
{
	char out[STS_DOMAIN_MAX + 1];
	enum sts_rc rc;

	rc =
	    sts_domain_normalize(names[_i].in, strlen(names[_i].in), out, NULL);
	ck_assert_msg((rc == STS_OK) == (names[_i].out != NULL), "%s",
	    names[_i].in);
	if (rc == STS_OK)
		ck_assert_str_eq(out, names[_i].out);
}
END_TEST

START_TEST(sts_87_domain_lengths)
{
	char name[300], out[STS_DOMAIN_MAX + 1];
	size_t i;

	for (i = 0; i < sizeof(name); i++)
		name[i] = i % 64 == 63 ? '.' : 'a';
	ck_assert(sts_domain_normalize(name, 253, out, NULL) == STS_OK);
	ck_assert(sts_domain_normalize(name, 254, out, NULL) == STS_EDOMAIN);
	ck_assert(sts_domain_normalize(name, 63, out, NULL) == STS_OK);
	name[63] = 'a';
	ck_assert(sts_domain_normalize(name, 64, out, NULL) == STS_EDOMAIN);
	ck_assert(sts_domain_normalize("a\0b", 3, out, NULL) == STS_EDOMAIN);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("base");
	TCase *tcase = tcase_create("base");

	tcase_add_test(tcase, error_text_never_overflows);
	tcase_add_test(tcase, error_prefix_and_errno);
	tcase_add_test(tcase, every_rc_has_a_name);
	tcase_add_test(tcase, buf_keeps_its_maximum);
	tcase_add_test(tcase, buf_take_and_room);
	tcase_add_test(tcase, buf_escapes_what_could_forge_a_line);
	tcase_add_test(tcase, log_is_one_line_of_its_level);
	tcase_add_test(tcase, siphash_agrees_with_the_paper);
	tcase_add_loop_test(tcase, clock_suspects_a_jump, 0,
	    sizeof(moments) / sizeof(moments[0]));
	tcase_add_test(tcase, clock_tells_a_moment);
	tcase_add_test(tcase, frame_survives_every_tear);
	tcase_add_loop_test(tcase, sts_85_domain_normalize, 0,
	    sizeof(names) / sizeof(names[0]));
	tcase_add_test(tcase, sts_87_domain_lengths);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
