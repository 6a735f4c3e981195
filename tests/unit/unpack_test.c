/* SPDX-License-Identifier: ISC */
/*
 * From octets to reports: every shape in which senders mail them, and what is
 * said of what cannot be read.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inbox/mime.h"
#include "inbox/unpack.h"
#include "report/gzip.h"
#include "suite.h"

#define REPORT "{\"organization-name\":\"S\",\"policies\":[]}"

static struct sts_buf seen;

static bool
take_report(void *arg, const struct sts_received *report, struct sts_error *err)
{
	(void)arg;
	(void)sts_buf_printf(&seen, "<%s>", report->organization);
	if (strcmp(report->organization, "refuse") != 0)
		return true;
	(void)sts_error_set(err, STS_EUSAGE, "refused");
	return false;
}

static void
take_bad(void *arg, size_t part, const struct sts_error *err)
{
	(void)arg;
	(void)sts_buf_printf(&seen, "[%zu: %s]", part, err->text);
}

static const struct sts_unpack_sink sink = { NULL, take_report, take_bad };

static void
setup(void)
{
	sts_mime_setup();
	sts_buf_init(&seen, 65536);
}

static void
teardown(void)
{
	sts_buf_clear(&seen);
}

static void
unpack(const char *data, size_t len)
{
	sts_buf_reset(&seen);
	sts_unpack(sts_unpack_kind(data, len), data, len, &sink);
}

static const struct {
	const char *data;
	size_t len;
	enum sts_unpack_kind kind;
} kinds[] = {
	{ "", 0, STS_UNPACK_EMPTY },
	{ "{", 1, STS_UNPACK_JSON },
	{ " \r\n\t{", 5, STS_UNPACK_JSON },
	{ "\xef\xbb\xbf{", 4, STS_UNPACK_JSON },
	{ "\x1f\x8b", 2, STS_UNPACK_GZIP },
	{ "From a@b", 8, STS_UNPACK_MBOX },
	{ "From: a@b", 9, STS_UNPACK_MESSAGE },
	{ "\0{", 2, STS_UNPACK_MESSAGE },
	{ "[{", 2, STS_UNPACK_MESSAGE },
};

START_TEST(the_beginning_tells_the_kind)
{
	ck_assert_int_eq(sts_unpack_kind(kinds[_i].data, kinds[_i].len),
	    kinds[_i].kind);
}
END_TEST

#define HEAD  "From: a@b\nMIME-Version: 1.0\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=x\n\n"
#define TEXT  "--x\nContent-Type: text/plain\n\nhello\n"

static const struct {
	const char *message, *want;
} messages[] = {
	{ HEAD "Content-Type: application/tlsrpt+json\n\n" REPORT, "<S>" },
	{ HEAD "Content-Type: text/plain\n\n" REPORT, "<S>" },
	{ MIXED TEXT "--x\nContent-Type: Application/JSON\n\n" REPORT
		     "\n--x--\n",
	    "<S>" },
	{ MIXED TEXT "--x\nContent-Type: application/octet-stream\n"
		     "Content-Transfer-Encoding: base64\n\n"
		     "eyJwb2xpY2llcyI6W119\n--x--\n",
	    "<(nameless)>" },
	{ MIXED "--x\nContent-Type: message/rfc822\n\n" HEAD
		"Content-Type: application/tlsrpt+json\n\n" REPORT "\n--x--\n",
	    "<S>" },
	/* nobody says it is one */
	{ MIXED TEXT "--x--\n", "" },
	{ HEAD "Content-Type: text/plain\n\n{ my braces }", "" },
	{ HEAD "\n", "" },
	/* somebody does */
	{ HEAD "Content-Type: multipart/report; report-type=TLSRPT; "
	       "boundary=x\n\n" TEXT "--x--\n",
	    "[0: says that it is a TLS report, and has none in it]" },
	{ HEAD "TLS-Report-Domain: a\nContent-Type: text/plain\n\nx",
	    "[0: says that it is a TLS report, and has none in it]" },
	{ MIXED TEXT "--x\nContent-Type: application/tlsrpt+json\n\n\n--x--\n",
	    "[2: is empty]" },
	{ MIXED TEXT "--x\nContent-Type: application/tlsrpt+json\n\nx\n--x--\n",
	    "[2: is no JSON]" },
	{ MIXED TEXT "--x\nContent-Type: application/json\n\n{}\n--x--\n",
	    "[2: JSON that is no TLS report: it has no policies]" },
	/* one bad part costs no other */
	{ MIXED "--x\nContent-Type: application/gzip\n"
		"Content-Transfer-Encoding: base64\n\nH4sIAAA=\n"
		"--x\nContent-Type: application/json\n\n" REPORT "\n--x--\n",
	    "[1: gzip ends too early]<S>" },
	{ "no mail at all", "[0: is no mail message]" },
};

START_TEST(messages_of_all_shapes)
{
	unpack(messages[_i].message, strlen(messages[_i].message));
	ck_assert_str_eq(sts_buf_text(&seen), messages[_i].want);
}
END_TEST

START_TEST(json_and_gzip_are_read_as_they_are)
{
	struct sts_buf folded;

	unpack(REPORT, strlen(REPORT));
	ck_assert_str_eq(sts_buf_text(&seen), "<S>");
	sts_buf_init(&folded, 4096);
	ck_assert(sts_gzip(REPORT, strlen(REPORT), &folded, NULL) == STS_OK);
	unpack(folded.data, folded.len);
	ck_assert_str_eq(sts_buf_text(&seen), "<S>");
	unpack(folded.data, folded.len - 1);
	ck_assert_str_eq(sts_buf_text(&seen), "[0: gzip ends too early]");
	sts_buf_reset(&folded);
	ck_assert(sts_gzip("x", 1, &folded, NULL) == STS_OK);
	unpack(folded.data, folded.len);
	ck_assert(strncmp(sts_buf_text(&seen), "[0: JSON, line 1", 16) == 0);
	sts_buf_clear(&folded);
	unpack("", 0);
	ck_assert_str_eq(sts_buf_text(&seen), "[0: is empty]");
}
END_TEST

START_TEST(what_the_sink_refuses_is_said)
{
	static const char text[] =
	    "{\"organization-name\":\"refuse\",\"policies\":[7]}";

	unpack(text, strlen(text));
	ck_assert_str_eq(sts_buf_text(&seen),
	    "<refuse>[0: refused][0: policy 1 is not told]");
}
END_TEST

/* 128 MB of blanks in front of a report, in a few hundred KB. */
START_TEST(a_bomb_is_an_error)
{
	const size_t len = 16 * 1024 * 1024;
	char *blanks = malloc(len);
	struct sts_buf folded;
	size_t i;

	ck_assert(blanks != NULL);
	memset(blanks, ' ', len);
	sts_buf_init(&folded, 1024 * 1024);
	for (i = 0; i < 8; i++)
		ck_assert(sts_gzip(blanks, len, &folded, NULL) == STS_OK);
	free(blanks);
	unpack(folded.data, folded.len);
	ck_assert_str_eq(sts_buf_text(&seen), "[0: more than 67108864 octets]");
	sts_buf_clear(&folded);
}
END_TEST

START_TEST(nested_without_end_is_survived)
{
	struct sts_buf deep;
	size_t i;

	sts_buf_init(&deep, STS_UNPACK_MESSAGE_MAX);
	(void)sts_buf_str(&deep, HEAD);
	for (i = 0; i < 100000; i++)
		(void)sts_buf_printf(&deep,
		    "Content-Type: multipart/mixed; boundary=b%zu\n\n--b%zu\n",
		    i, i);
	ck_assert(deep.rc == STS_OK);
	unpack(deep.data, deep.len);
	sts_buf_clear(&deep);
}
END_TEST

START_TEST(parts_are_bounded)
{
	struct sts_buf many;
	size_t i;

	sts_buf_init(&many, STS_UNPACK_MESSAGE_MAX);
	(void)sts_buf_str(&many, MIXED);
	for (i = 0; i < 1000; i++)
		(void)sts_buf_str(&many, TEXT);
	(void)sts_buf_str(&many, "--x\n\n" REPORT "\n--x--\n");
	unpack(many.data, many.len);
	ck_assert_str_eq(sts_buf_text(&seen), "[0: more than 1000 parts]");
	sts_buf_clear(&many);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("unpack");
	TCase *tcase = tcase_create("unpack");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, the_beginning_tells_the_kind, 0,
	    sizeof(kinds) / sizeof(kinds[0]));
	tcase_add_loop_test(tcase, messages_of_all_shapes, 0,
	    sizeof(messages) / sizeof(messages[0]));
	tcase_add_test(tcase, json_and_gzip_are_read_as_they_are);
	tcase_add_test(tcase, what_the_sink_refuses_is_said);
	tcase_add_test(tcase, a_bomb_is_an_error);
	tcase_add_test(tcase, nested_without_end_is_survived);
	tcase_add_test(tcase, parts_are_bounded);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
