/* SPDX-License-Identifier: ISC */
/*
 * One report: what RFC 8460 says is read, and what senders make of it.
 */
#include <stdlib.h>
#include <string.h>

#include "inbox/received.h"
#include "suite.h"

static struct sts_error err;

static struct sts_received *
must_read(const char *text)
{
	struct sts_received *report;

	ck_assert_msg(sts_received_parse(text, strlen(text), &report, &err) ==
			  STS_OK,
	    "%s: %s", text, err.text);
	return report;
}

static const char full[] =
    "{\"organization-name\":\"Sender\",\"date-range\":{"
    "\"start-datetime\":\"2025-11-20T00:00:00Z\","
    "\"end-datetime\":\"2025-11-20T23:59:59Z\"},"
    "\"contact-info\":\"tls@sender.example\",\"report-id\":\"1\","
    "\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
    "\"policy-string\":[\"version: STSv1\",\"mode: testing\",\"mx: a\"],"
    "\"policy-domain\":\"a.example\",\"mx-host\":[\"a\"]},"
    "\"summary\":{\"total-successful-session-count\":5326,"
    "\"total-failure-session-count\":303},\"failure-details\":[{"
    "\"result-type\":\"certificate-expired\",\"sending-mta-ip\":\"192.0.2.1\","
    "\"receiving-mx-hostname\":\"mx.a.example\","
    "\"receiving-mx-helo\":\"helo\",\"receiving-ip\":\"192.0.2.2\","
    "\"failed-session-count\":100,\"additional-information\":\"more\","
    "\"failure-reason-code\":\"why\"},{\"result-type\":\"x\","
    "\"failed-session-count\":203}]}]}";

START_TEST(all_members_are_read)
{
	struct sts_received *report = must_read(full);
	const struct sts_received_failure *failure;

	ck_assert_str_eq(report->organization, "Sender");
	ck_assert_str_eq(report->contact, "tls@sender.example");
	ck_assert_str_eq(report->id, "1");
	ck_assert_int_eq(report->end - report->start, 86399);
	ck_assert_uint_eq(report->policies, 1);
	ck_assert_str_eq(report->policy[0].type, "sts");
	ck_assert_str_eq(report->policy[0].domain, "a.example");
	ck_assert_str_eq(report->policy[0].mode, "testing");
	ck_assert_int_eq(report->policy[0].succeeded, 5326);
	ck_assert_int_eq(report->policy[0].failed, 303);
	ck_assert_uint_eq(report->policy[0].failures, 2);
	failure = report->policy[0].failure;
	ck_assert_str_eq(failure->result, "certificate-expired");
	ck_assert_str_eq(failure->mx, "mx.a.example");
	ck_assert_str_eq(failure->helo, "helo");
	ck_assert_str_eq(failure->sender, "192.0.2.1");
	ck_assert_str_eq(failure->address, "192.0.2.2");
	ck_assert_str_eq(failure->information, "more");
	ck_assert_str_eq(failure->reason, "why");
	ck_assert_int_eq(failure->sessions, 100);
	ck_assert_str_eq(failure[1].mx, "");
	ck_assert_int_eq(report->odd.rc, STS_OK);
	sts_received_free(report);
}
END_TEST

/* What is missing, null, "" or of another type, and what comes of it. */
static const struct {
	const char *text;
	const char *organization;
	size_t policies, failures;
	int64_t failed;
	const char *mode, *odd;
} tolerated[] = {
	{ "{\"policies\":[]}", "(nameless)", 0, 0, 0, "", "" },
	{ "\xef\xbb\xbf{\"contact-info\":\"a@b.example\",\"policies\":[]}",
	    "b.example", 0, 0, 0, "", "" },
	{ "{\"organization-name\":\"\",\"contact-info\":\"x\",\"policies\":[]}",
	    "x", 0, 0, 0, "", "" },
	/* RPT-43, and no array where there should be one */
	{ "{\"policies\":{\"policy\":{\"mx-host\":\"*.a\"},\"summary\":{},"
	  "\"failure-details\":{\"failed-session-count\":7}}}",
	    "(nameless)", 1, 1, 0, "", "" },
	/* without a summary */
	{ "{\"policies\":[{\"policy\":{},\"failure-details\":["
	  "{\"failed-session-count\":\"7\"},{\"failed-session-count\":1}]}]}",
	    "(nameless)", 1, 2, 8, "", "" },
	{ "{\"policies\":[{\"policy\":{\"policy-string\":"
	  "\"version: STSv1\\r\\nmode:enforce\\r\\n\"},"
	  "\"failure-details\":null,\"summary\":"
	  "{\"total-failure-session-count\":\"3\"}}]}",
	    "(nameless)", 1, 0, 3, "enforce", "" },
	{ "{\"policies\":[{\"policy\":{\"policy-string\":[\"mode: none\\r\"]},"
	  "\"failure-details\":\"\",\"summary\":null}]}",
	    "(nameless)", 1, 0, 0, "none", "" },
	{ "{\"policies\":[{\"policy\":{\"policy-string\":null}}],"
	  "\"date-range\":{\"start-datetime\":\"\"}}",
	    "(nameless)", 1, 0, 0, "", "" },
	/* not all there */
	{ "{\"policies\":[{\"policy\":{},\"summary\":"
	  "{\"total-failure-session-count\":-1}}]}",
	    "(nameless)", 1, 0, 0, "",
	    "policy 1: total-failure-session-count is no number of sessions" },
	{ "{\"policies\":[{\"policy\":{},\"summary\":"
	  "{\"total-successful-session-count\":9000000000000000}}]}",
	    "(nameless)", 1, 0, 0, "",
	    "policy 1: total-successful-session-count is no number of "
	    "sessions" },
	{ "{\"policies\":[{\"policy\":{}},{\"policy\":{},\"failure-details\":"
	  "[{\"failed-session-count\":1.5}]}]}",
	    "(nameless)", 2, 0, 0, "",
	    "policy 2: failed-session-count is no number of sessions" },
	{ "{\"policies\":[1]}", "(nameless)", 1, 0, 0, "",
	    "policy 1 is not told" },
	{ "{\"policies\":[{\"policy\":{},\"failure-details\":[7]}]}",
	    "(nameless)", 1, 1, 0, "",
	    "policy 1: an element of failure-details is no object" },
	{ "{\"date-range\":{\"end-datetime\":7},\"policies\":[]}", "(nameless)",
	    0, 0, 0, "", "end-datetime is no date and time" },
	/* a NUL would be the end for us and not for the sender */
	{ "{\"organization-name\":\"a\\u0000b\",\"policies\":[]}", "(nameless)",
	    0, 0, 0, "", "" },
};

START_TEST(senders_are_tolerated)
{
	struct sts_received *report = must_read(tolerated[_i].text);

	ck_assert_str_eq(report->organization, tolerated[_i].organization);
	ck_assert_uint_eq(report->policies, tolerated[_i].policies);
	if (report->policies == 1) {
		ck_assert_uint_eq(report->policy[0].failures,
		    tolerated[_i].failures);
		ck_assert_int_eq(report->policy[0].failed,
		    tolerated[_i].failed);
		ck_assert_str_eq(report->policy[0].mode, tolerated[_i].mode);
	}
	ck_assert_str_eq(report->odd.text, tolerated[_i].odd);
	ck_assert_int_eq(report->odd.rc == STS_OK, *tolerated[_i].odd == '\0');
	sts_received_free(report);
}
END_TEST

static const struct {
	const char *text, *why;
} refused[] = {
	{ "", "JSON, line 1" },
	{ "{", "JSON, line 1" },
	{ "[]", "JSON that is no TLS report" },
	{ "{}", "JSON that is no TLS report" },
	{ "\"policies\"", "JSON that is no TLS report" },
	{ "{\"policies\":7}", "JSON that is no TLS report" },
	{ "{\"policies\":[],\"policies\":[]}", "JSON, line 1 column" },
};

START_TEST(what_is_no_report_is_refused)
{
	struct sts_received *report = NULL;

	ck_assert(sts_received_parse(refused[_i].text, strlen(refused[_i].text),
		      &report, &err) == STS_EUSAGE);
	ck_assert(report == NULL);
	ck_assert_msg(strncmp(err.text, refused[_i].why,
			  strlen(refused[_i].why)) == 0,
	    "%s", err.text);
}
END_TEST

/* A few octets each in the text, a hundred times that in memory. */
START_TEST(values_are_bounded_before_they_take_memory)
{
	size_t i, len = 4 * 1000 * 1000;
	char *text = malloc(len);
	struct sts_received *report;

	ck_assert(text != NULL);
	for (i = 0; i + 4 <= len; i += 4)
		memcpy(text + i, "[],\"", 4);
	ck_assert(sts_received_parse(text, len, &report, &err) == STS_EUSAGE);
	for (i = 0; i < len; i++)
		text[i] = i % 2 == 0 ? '[' : ',';
	ck_assert(sts_received_parse(text, len, &report, &err) == STS_EUSAGE);
	ck_assert_str_eq(err.text, "JSON of more than 1000000 values");
	free(text);
}
END_TEST

/* Commas in a text are not values. */
START_TEST(a_long_text_is_one_value)
{
	size_t len = 3 * 1000 * 1000;
	char *text = malloc(len);
	struct sts_received *report;

	ck_assert(text != NULL);
	memset(text, ',', len);
	memcpy(text, "{\"policies\":[],\"x\":\"\\\"", 22);
	memcpy(text + len - 2, "\"}", 2);
	ck_assert(sts_received_parse(text, len, &report, &err) == STS_OK);
	sts_received_free(report);
	free(text);
}
END_TEST

/* The same report by another way may be spaced in another. */
START_TEST(the_checksum_is_of_what_it_says)
{
	static const char *const same[] = { "{\"policies\":[],\"x\":1}",
		"{\r\n \"x\": 2,\r\n \"policies\": [] }" };
	static const char *const others[] = {
		"{\"policies\":[{\"policy\":{}}]}",
		"{\"policies\":[{\"policy\":{},\"summary\":"
		"{\"total-failure-session-count\":1}}]}",
		"{\"policies\":[{\"policy\":{},\"failure-details\":[{}]}]}",
		"{\"policies\":[{\"policy\":{},\"failure-details\":"
		"[{\"receiving-ip\":\"a\"}]}]}",
		"{\"policies\":[],\"report-id\":\"1\"}",
		"{\"policies\":[],\"date-range\":"
		"{\"end-datetime\":\"2025-11-20\"}}"
	};
	struct sts_received *a = must_read(same[0]), *b = must_read(same[1]);
	uint64_t seen[7] = { a->checksum };
	size_t i, j;

	ck_assert(a->checksum == b->checksum);
	sts_received_free(a);
	sts_received_free(b);
	for (i = 0; i < 6; i++) {
		a = must_read(others[i]);
		for (j = 0; j <= i; j++)
			ck_assert(seen[j] != a->checksum);
		seen[i + 1] = a->checksum;
		sts_received_free(a);
	}
	sts_received_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("received");
	TCase *tcase = tcase_create("received");

	tcase_add_test(tcase, all_members_are_read);
	tcase_add_loop_test(tcase, senders_are_tolerated, 0,
	    sizeof(tolerated) / sizeof(tolerated[0]));
	tcase_add_loop_test(tcase, what_is_no_report_is_refused, 0,
	    sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(tcase, values_are_bounded_before_they_take_memory);
	tcase_add_test(tcase, a_long_text_is_one_value);
	tcase_add_test(tcase, the_checksum_is_of_what_it_says);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
