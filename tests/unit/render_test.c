/* SPDX-License-Identifier: ISC */
/* Reports as JSON, and the check that each of them passes before it leaves. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "report/check.h"
#include "report/render.h"
#include "suite.h"

#define DAY_BEGIN 1795392000 /* 2026-11-23 */

static const struct sts_render_head head = {
	.organization = "Example \"Org\"",
	.contact = "tls@reports.example",
	.id = "20261123.0123456789abcdef",
	.begin = DAY_BEGIN,
	.end = DAY_BEGIN + 86399,
};

static struct sts_buf parts[8];
static char ids[8][STS_RENDER_ID];
static unsigned count;
static const char *policy_text;
static size_t policy_len;

static void
setup(void)
{
	count = 0;
	policy_text = "version: STSv1\r\nmode: enforce\r\nmx: MX.a.example\r\n"
		      "mx: *.b.example\r\nmax_age: 86400\r\n";
	policy_len = strlen(policy_text);
}

static void
teardown(void)
{
	unsigned i;

	for (i = 0; i < count; i++)
		sts_buf_clear(&parts[i]);
}

static void
give_policy(void *arg, const struct sts_element *element, struct sts_buf *text)
{
	(void)arg;
	(void)element;
	(void)sts_buf_add(text, policy_text, policy_len);
}

static enum sts_rc
take_part(void *arg, unsigned part, const char *id, const struct sts_buf *text,
    struct sts_error *err)
{
	(void)arg;
	(void)err;
	ck_assert_uint_eq(part, count + 1);
	ck_assert_uint_lt(count, 8);
	sts_buf_init(&parts[count], 1 << 24);
	(void)sts_buf_add(&parts[count], text->data, text->len);
	(void)snprintf(ids[count++], STS_RENDER_ID, "%s", id);
	return STS_OK;
}

static const struct sts_render_calls calls = { give_policy, take_part, NULL };

static const struct sts_detail details[] = {
	{ STS_SESSION_CERTIFICATE_EXPIRED, 2, "2001:DB8:0::1", "mx.a.example",
	    "192.0.2.1", "certificate expired" },
	{ STS_SESSION_STS_POLICY_FETCH_ERROR, 1, "", "", "", "" },
};

static const struct sts_element sts_element = {
	.domain = "a.example",
	.policy_domain = "a.example",
	.type = STS_TYPE_STS,
	.policy_hash = 1,
	.success = 5,
	.failure = 3,
	.detail_count = 2,
	.detail = details,
};

static void
render_one(const struct sts_element *element, size_t limit)
{
	struct sts_render_head limited = head;
	struct sts_error err;
	unsigned i;

	limited.limit = limit;
	ck_assert_msg(sts_render(&limited, &element, 1, &calls, &err) == STS_OK,
	    "%s", err.text);
	for (i = 0; i < count; i++)
		ck_assert_msg(sts_check_report(parts[i].data, parts[i].len,
				  &err) == STS_OK,
		    "%s", err.text);
}

START_TEST(every_member_is_as_the_rfc_names_it)
{
	render_one(&sts_element, 0);
	ck_assert_uint_eq(count, 1);
	ck_assert_str_eq(ids[0], "20261123.0123456789abcdef@reports.example");
	ck_assert_str_eq(parts[0].data,
	    "{\"organization-name\":\"Example \\\"Org\\\"\","
	    "\"date-range\":{\"start-datetime\":\"2026-11-23T00:00:00Z\","
	    "\"end-datetime\":\"2026-11-23T23:59:59Z\"},"
	    "\"contact-info\":\"tls@reports.example\","
	    "\"report-id\":\"20261123.0123456789abcdef@reports.example\","
	    "\"policies\":[{\"policy\":{\"policy-type\":\"sts\","
	    "\"policy-string\":[\"version: STSv1\",\"mode: enforce\","
	    "\"mx: MX.a.example\",\"mx: *.b.example\",\"max_age: 86400\"],"
	    "\"policy-domain\":\"a.example\","
	    "\"mx-host\":[\"mx.a.example\",\"*.b.example\"]},"
	    "\"summary\":{\"total-successful-session-count\":5,"
	    "\"total-failure-session-count\":3},"
	    "\"failure-details\":[{\"result-type\":\"certificate-expired\","
	    "\"sending-mta-ip\":\"2001:db8::1\","
	    "\"receiving-mx-hostname\":\"mx.a.example\","
	    "\"receiving-ip\":\"192.0.2.1\",\"failed-session-count\":2,"
	    "\"failure-reason-code\":\"certificate expired\"},"
	    "{\"result-type\":\"sts-policy-fetch-error\","
	    "\"failed-session-count\":1}]}]}");
}
END_TEST

START_TEST(no_policy_keeps_the_domain_alone)
{
	const struct sts_element element = {
		.domain = "a.example",
		.policy_domain = "a.example",
		.type = STS_TYPE_NO_POLICY,
		.success = 1,
	};

	render_one(&element, 0);
	ck_assert_ptr_nonnull(strstr(parts[0].data,
	    "\"policies\":[{\"policy\":{\"policy-type\":\"no-policy-found\","
	    "\"policy-domain\":\"a.example\"},\"summary\":{"
	    "\"total-successful-session-count\":1,"
	    "\"total-failure-session-count\":0}}]"));
}
END_TEST

START_TEST(a_bad_policy_is_told_as_it_was_served)
{
	static const char odd[] = "version: STSv2\n\n\"\\\x01\x7f\nb\xc3\xbc\n"
				  "\xff\xfe\nx\0y\n\xef\xbf\xbf";

	policy_text = odd;
	policy_len = sizeof(odd) - 1;
	render_one(&sts_element, 0);
	ck_assert_ptr_nonnull(strstr(parts[0].data,
	    "\"policy-string\":[\"version: STSv2\",\"\",\"\\\"\\\\\\u0001\x7f\","
	    "\"b\xc3\xbc\",\"\\\\255\\\\254\",\"x\\\\000y\","
	    "\"\\\\239\\\\191\\\\191\"],\"policy-domain\":\"a.example\"}"));
}
END_TEST

START_TEST(an_unknown_policy_is_an_empty_one)
{
	policy_len = 0;
	render_one(&sts_element, 0);
	ck_assert_ptr_nonnull(strstr(parts[0].data,
	    "\"policy-string\":[],\"policy-domain\":\"a.example\"}"));
}
END_TEST

/* What all parts together say of MEMBER. */
static int64_t
total(const char *member)
{
	const struct sts_json_value *policies, *summary;
	struct sts_json_doc *doc;
	int64_t number, sum = 0;
	unsigned i;
	size_t j;

	for (i = 0; i < count; i++) {
		ck_assert_int_eq(sts_json_read(parts[i].data, parts[i].len,
				     &doc, NULL),
		    STS_OK);
		policies = sts_json_member(sts_json_root(doc), "policies");
		for (j = 0; j < sts_json_count(policies); j++) {
			summary = sts_json_member(sts_json_element(policies, j),
			    "summary");
			ck_assert(sts_json_integer(sts_json_member(summary,
						       member),
			    &number));
			sum += number;
		}
		sts_json_doc_free(doc);
	}
	return sum;
}

START_TEST(what_is_too_long_is_divided_and_nothing_lost)
{
	struct sts_detail many[40];
	struct sts_element element = sts_element;
	size_t i;

	for (i = 0; i < 40; i++)
		many[i] = details[0];
	element.detail = many;
	element.detail_count = 40;
	element.failure = 80;
	render_one(&element, 8000);
	ck_assert_uint_gt(count, 1);
	ck_assert_int_eq(total("total-successful-session-count"), 5);
	ck_assert_int_eq(total("total-failure-session-count"), 80);
	ck_assert_str_eq(ids[1], "20261123.0123456789abcdef.2@reports.example");
	for (i = 0; i < count; i++)
		ck_assert_uint_lt(parts[i].len, 8000);
}
END_TEST

START_TEST(elements_are_divided_among_parts)
{
	const struct sts_element *elements[4] = { &sts_element, &sts_element,
		&sts_element, &sts_element };
	struct sts_render_head limited = head;

	limited.limit = 6000;
	ck_assert_int_eq(sts_render(&limited, elements, 4, &calls, NULL),
	    STS_OK);
	ck_assert_uint_gt(count, 1);
	ck_assert_int_eq(total("total-successful-session-count"), 20);
	ck_assert_int_eq(total("total-failure-session-count"), 12);
}
END_TEST

static const struct {
	const char *from, *to, *error;
} broken[] = {
	{ "\"report-id\":\"20261123.0123456789abcdef@reports.example\",", "",
	    "report: top: report-id is missing" },
	{ "tls@", "mailto:tls@",
	    "report: top: contact-info is not what it must be" },
	{ "T23:59:59Z", "T24:00:00Z", "report: date-range: not one day" },
	{ "2026-11-23T23", "2026-11-24T23", "report: date-range: not one day" },
	{ "\"sts\"", "\"STS\"",
	    "report: policies[0]: policy-type is not what it must be" },
	{ "\"sts\"", "\"tlsa\"",
	    "report: policies[0]: mx-host is of sts alone" },
	{ "[\"mx.a.example\",\"*.b.example\"]", "\"mx.a.example\"",
	    "report: policies[0]: mx-host is not what it must be" },
	{ "count\":5", "count\":-5",
	    "report: policies[0]: total-successful-session-count is not what "
	    "it must be" },
	{ "count\":3", "count\":\"3\"",
	    "report: policies[0]: total-failure-session-count is not what it "
	    "must be" },
	{ "count\":3}", "count\":4}",
	    "report: policies[0]: does not add up to its summary" },
	{ "certificate-expired", "certificate-late",
	    "report: policies[0]: result-type is not what it must be" },
	{ "2001:db8::1", "2001:db8:0::1",
	    "report: policies[0]: sending-mta-ip is not what it must be" },
	{ "{\"result-type\"", "{\"x\":1,\"result-type\"",
	    "report: policies[0]: has a member that nobody knows" },
};

START_TEST(what_is_not_a_report_does_not_leave)
{
	const char *at;
	struct sts_error err;
	struct sts_buf text;

	render_one(&sts_element, 0);
	sts_buf_init(&text, 1 << 16);
	at = strstr(parts[0].data, broken[_i].from);
	ck_assert_ptr_nonnull(at);
	(void)sts_buf_add(&text, parts[0].data, (size_t)(at - parts[0].data));
	(void)sts_buf_str(&text, broken[_i].to);
	(void)sts_buf_str(&text, at + strlen(broken[_i].from));
	ck_assert_int_eq(sts_check_report(text.data, text.len, &err),
	    STS_EUSAGE);
	ck_assert_str_eq(err.text, broken[_i].error);
	sts_buf_clear(&text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("render");
	TCase *tc = tcase_create("render");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_member_is_as_the_rfc_names_it);
	tcase_add_test(tc, no_policy_keeps_the_domain_alone);
	tcase_add_test(tc, a_bad_policy_is_told_as_it_was_served);
	tcase_add_test(tc, an_unknown_policy_is_an_empty_one);
	tcase_add_test(tc, what_is_too_long_is_divided_and_nothing_lost);
	tcase_add_test(tc, elements_are_divided_among_parts);
	tcase_add_loop_test(tc, what_is_not_a_report_does_not_leave, 0,
	    (int)(sizeof(broken) / sizeof(broken[0])));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
