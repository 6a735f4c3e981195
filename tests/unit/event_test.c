/* SPDX-License-Identifier: ISC */
/* A session's line in the journal: what goes in comes out, nothing else. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/event.h"
#include "suite.h"

static const struct sts_session sample = {
	.at = 1795430400,
	.domain = "example.com",
	.type = STS_TYPE_STS,
	.mode = STS_MODE_ENFORCE,
	.policy_hash = 0x0123456789abcdef,
	.mx = "mx1.example.com",
	.mx_address = "2001:db8::1",
	.our_address = "192.0.2.1",
	.result = STS_SESSION_CERTIFICATE_EXPIRED,
	.reason = "certificate expired",
	.mta = "exim",
};

static const char line[] =
    "1 at=1795430400 domain=example.com type=sts mode=enforce "
    "policy=0123456789abcdef mx=mx1.example.com address=2001:db8::1 "
    "from=192.0.2.1 result=certificate-expired mta=exim "
    "reason=certificate expired";

START_TEST(line_is_stable)
{
	struct sts_buf buf;

	sts_buf_init(&buf, 4096);
	ck_assert_int_eq(sts_session_format(&sample, &buf), STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf), line);
	sts_buf_clear(&buf);
}
END_TEST

START_TEST(line_is_read_back)
{
	struct sts_session got;

	ck_assert_int_eq(sts_session_parse(line, strlen(line), &got, NULL),
	    STS_OK);
	ck_assert_mem_eq(&got, &sample, sizeof(got));
}
END_TEST

START_TEST(every_result_has_its_name)
{
	struct sts_session session = sample, got;
	struct sts_buf buf;
	int i;

	for (i = 0; i < STS_SESSION_MAX; i++) {
		session.result = (enum sts_session_result)i;
		sts_buf_init(&buf, 4096);
		(void)sts_session_format(&session, &buf);
		ck_assert_int_eq(sts_session_parse(sts_buf_text(&buf), buf.len,
				     &got, NULL),
		    STS_OK);
		ck_assert_int_eq((int)got.result, i);
		sts_buf_clear(&buf);
	}
}
END_TEST

START_TEST(hostile_text_stays_in_its_field)
{
	static const char evil[] = "a\nmode=none \\ \x7f\xc3 reason=x";
	struct sts_session session = sample, got;
	struct sts_buf buf;

	memcpy(session.reason, evil, sizeof(evil));
	memcpy(session.mx, "mx type=tlsa", sizeof("mx type=tlsa"));
	sts_buf_init(&buf, 4096);
	(void)sts_session_format(&session, &buf);
	ck_assert_ptr_null(strchr(sts_buf_text(&buf), '\n'));
	ck_assert_int_eq(sts_session_parse(sts_buf_text(&buf), buf.len, &got,
			     NULL),
	    STS_OK);
	ck_assert_str_eq(got.reason, evil);
	ck_assert_str_eq(got.mx, "mx");
	ck_assert_int_eq((int)got.type, STS_TYPE_STS);
	sts_buf_clear(&buf);
}
END_TEST

START_TEST(a_cut_line_is_damaged)
{
	struct sts_session got;
	char *copy;
	size_t len, whole = strlen(line) - strlen("certificate expired");

	for (len = 0; len < whole; len++) {
		copy = malloc(len + 1); /* exact, for the sanitizer */
		memcpy(copy, line, len);
		ck_assert_int_eq(sts_session_parse(copy, len, &got, NULL),
		    STS_EDAMAGED);
		free(copy);
	}
}
END_TEST

static const struct {
	const char *from, *to;
} bad[] = {
	{ "1 at", "2 at" },
	{ "at=1", "at=-" },
	{ "at=1795430400", "at=99999999999999999999" },
	{ "type=sts", "type=xyz" },
	{ "mode=enforce", "mode=enforced" },
	{ "policy=0123456789abcdef", "policy=0123456789abcdeX" },
	{ "policy=0123456789abcdef", "policy=0123456789abcde" },
	{ "result=certificate-expired", "result=" },
	{ "mx=mx1", "mx=\\9991" },
	{ "mx=mx1", "mx=\\00" },
	{ "mta=exim", "mta=a-name-that-is-far-too-long" },
	{ "domain=", "Domain=" },
};

START_TEST(a_changed_line_is_damaged)
{
	const char *at = strstr(line, bad[_i].from);
	struct sts_session got;
	char text[512];

	ck_assert_ptr_nonnull(at);
	(void)snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - line), line,
	    bad[_i].to, at + strlen(bad[_i].from));
	ck_assert_int_eq(sts_session_parse(text, strlen(text), &got, NULL),
	    STS_EDAMAGED);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("event");
	TCase *tc = tcase_create("event");

	tcase_add_test(tc, line_is_stable);
	tcase_add_test(tc, line_is_read_back);
	tcase_add_test(tc, every_result_has_its_name);
	tcase_add_test(tc, hostile_text_stays_in_its_field);
	tcase_add_test(tc, a_cut_line_is_damaged);
	tcase_add_loop_test(tc, a_changed_line_is_damaged, 0,
	    sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
