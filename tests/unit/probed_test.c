/* SPDX-License-Identifier: ISC */
/*
 * The line that answers a probe.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "policy/probed.h"
#include "suite.h"

static const struct sts_probed example = {
	.host = "mx.example.com",
	.address = "2001:db8::25",
	.result = STS_ECERTDATE,
	.tls = "TLSv1.3",
	.at = 1700000000,
	.reason = "a \"b\"\n\\ \xff",
};

static void
expect_line(const struct sts_probed *probed, const char *line)
{
	struct sts_probed read;
	struct sts_buf buf;

	sts_buf_init(&buf, STS_PROBED_LINE_MAX);
	ck_assert_int_eq(sts_probed_format(probed, &buf), STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf), line);
	ck_assert_int_eq(sts_probed_parse(sts_buf_text(&buf), buf.len, &read,
			     NULL),
	    STS_OK);
	ck_assert_mem_eq(&read, probed, sizeof(read));
	sts_buf_clear(&buf);
}

START_TEST(what_is_written_is_read)
{
	struct sts_probed nothing = { .host = "mx", .result = STS_ELOCAL };

	expect_line(&example, "probe mx.example.com result=certificate-expired "
			      "address=2001:db8::25 tls=TLSv1.3 at=1700000000 "
			      "reason=\"a \\034b\\034\\010\\092 \\255\"");
	expect_line(&nothing,
	    "probe mx result=local address=- tls=- at=0 reason=\"\"");
}
END_TEST

START_TEST(every_result_is_read)
{
	struct sts_probed probed = example, read;
	struct sts_buf buf;
	int rc;

	for (rc = 0; rc < STS_RC_MAX; rc++) {
		sts_buf_init(&buf, STS_PROBED_LINE_MAX);
		probed.result = (enum sts_rc)rc;
		ck_assert_int_eq(sts_probed_format(&probed, &buf), STS_OK);
		ck_assert_int_eq(sts_probed_parse(sts_buf_text(&buf), buf.len,
				     &read, NULL),
		    STS_OK);
		ck_assert_int_eq(read.result, rc);
		sts_buf_clear(&buf);
	}
}
END_TEST

START_TEST(the_longest_fits)
{
	struct sts_probed probed = example, read;
	struct sts_buf buf;
	size_t i;

	memset(probed.host, 'a', STS_DOMAIN_MAX);
	probed.host[STS_DOMAIN_MAX] = '\0';
	for (i = 60; i < STS_DOMAIN_MAX; i += 60)
		probed.host[i] = '.';
	memset(probed.reason, '\n', sizeof(probed.reason) - 1);
	memset(probed.tls, 'x', sizeof(probed.tls) - 1);
	probed.at = INT64_MAX;
	sts_buf_init(&buf, STS_PROBED_LINE_MAX);
	ck_assert_int_eq(sts_probed_format(&probed, &buf), STS_OK);
	ck_assert_int_eq(sts_probed_parse(sts_buf_text(&buf), buf.len, &read,
			     NULL),
	    STS_OK);
	ck_assert_mem_eq(&read, &probed, sizeof(read));
	sts_buf_clear(&buf);
}
END_TEST

static const char *const bad[] = {
	"",
	"probe",
	"probe  result=ok address=- tls=- at=0 reason=\"\"",
	"probe MX result=ok address=- tls=- at=0 reason=\"\"",
	"probe mx. result=ok address=- tls=- at=0 reason=\"\"",
	"probe mx result=good address=- tls=- at=0 reason=\"\"",
	"probe mx result=ok address= tls=- at=0 reason=\"\"",
	"probe mx result=ok address=::0:1 tls=- at=0 reason=\"\"",
	"probe mx result=ok address=mx tls=- at=0 reason=\"\"",
	"probe mx result=ok address=- tls=TLS/1 at=0 reason=\"\"",
	"probe mx result=ok address=- tls=0123456789abcdef at=0 reason=\"\"",
	"probe mx result=ok address=- tls=- at=-1 reason=\"\"",
	"probe mx result=ok address=- tls=- at=00 reason=\"\"",
	"probe mx result=ok address=- tls=- at=0 reason=\"",
	"probe mx result=ok address=- tls=- at=0 reason=\"\\000\"",
	"probe mx result=ok address=- tls=- at=0 reason=\"\" ",
	"error probe mx cause=local reason=\"no memory\"",
};

START_TEST(nothing_else_is_read)
{
	struct sts_probed read = { .host = "as it was" };
	struct sts_error err;

	ck_assert_int_eq(sts_probed_parse(bad[_i], strlen(bad[_i]), &read,
			     &err),
	    STS_EDAMAGED);
	ck_assert_int_eq(err.rc, STS_EDAMAGED);
	ck_assert_str_eq(read.host, "as it was");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("probed");
	TCase *tcase = tcase_create("line");

	tcase_add_test(tcase, what_is_written_is_read);
	tcase_add_test(tcase, every_result_is_read);
	tcase_add_test(tcase, the_longest_fits);
	tcase_add_loop_test(tcase, nothing_else_is_read, 0,
	    sizeof(bad) / sizeof(bad[0]));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
