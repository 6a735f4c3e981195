/* SPDX-License-Identifier: ISC */
/*
 * DNS answers octet by octet.  A message is written as text: "{name}" is a
 * name on the wire, "<NN NN>" octets in hexadecimal, "@NN" a pointer.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/dns.h"
#include "suite.h"

#define NAME "_mta-sts.example.com"
/* Question: NAME TXT IN; what follows begins at octet 38. */
#define QUESTION "{_mta-sts.example.com}<00 10 00 01>"
#define HEAD(flags, answers, authority, more)                                  \
	"<be ef " flags " 00 01 " answers " " authority " " more ">" QUESTION
#define OK_1               HEAD("81 80", "00 01", "00 00", "00 00")
#define TXT_RR(ttl, rdata) "@0c<00 10 00 01 " ttl ">" rdata
#define SOA(ttl, minimum)                                                      \
	"{example.com}<00 06 00 01 " ttl                                       \
	" 00 16 00 00 00 00 00 01 00 00 00 02"                                 \
	" 00 00 00 03 00 00 00 04 " minimum ">"

struct message {
	unsigned char data[65536];
	size_t len;
};

static void
put(struct message *msg, unsigned octet)
{
	ck_assert_uint_lt(msg->len, sizeof(msg->data));
	msg->data[msg->len++] = (unsigned char)octet;
}

static const char *
put_name(struct message *msg, const char *p)
{
	size_t len;

	for (; *p != '}'; p += len + (p[len] == '.')) {
		len = strcspn(p, ".}");
		put(msg, (unsigned)len);
		memcpy(msg->data + msg->len, p, len);
		msg->len += len;
	}
	put(msg, 0);
	return p + 1;
}

static const char *
put_octets(struct message *msg, const char *p)
{
	char *end;

	while (*p != '>') {
		put(msg, (unsigned)strtoul(p, &end, 16));
		p = end;
		p += strspn(p, " ");
	}
	return p + 1;
}

static void
compose(struct message *msg, const char *p)
{
	char pointer[3] = "";

	msg->len = 0;
	while (*p != '\0') {
		if (*p == '{') {
			p = put_name(msg, p + 1);
		} else if (*p == '<') {
			p = put_octets(msg, p + 1);
		} else if (*p == '@') {
			memcpy(pointer, p + 1, 2);
			put(msg, 0xc0);
			put(msg, (unsigned)strtoul(pointer, NULL, 16));
			p += 3;
		} else {
			put(msg, (unsigned char)*p++);
		}
	}
}

static void
parse(const char *text, enum sts_dns_type type, struct sts_dns_answer *answer)
{
	struct message *msg = malloc(sizeof(*msg));
	unsigned char *exact;

	ck_assert_ptr_nonnull(msg);
	compose(msg, text);
	exact = malloc(msg->len); /* so that a sanitizer sees its end */
	ck_assert_ptr_nonnull(exact);
	memcpy(exact, msg->data, msg->len);
	sts_dns_parse(exact, msg->len, NAME, type, answer);
	free(exact);
	free(msg);
}

static const struct {
	const char *why, *text;
	enum sts_dns_status status;
	uint32_t ttl;
	bool ad;
	const char *first; /* data of the first record */
	size_t count;
} txts[] = {
	{ "one record", OK_1 TXT_RR("00 00 01 2c 00 04", "<03>abc"), STS_DNS_OK,
	    300, false, "abc", 1 },
	{ "STS-12 strings joined",
	    OK_1 TXT_RR("00 00 01 2c 00 0a", "<03>abc<00><04>de f"), STS_DNS_OK,
	    300, false, "abcde f", 1 },
	{ "STS-12 records kept apart, least TTL",
	    HEAD("81 80", "00 02", "00 00", "00 00") TXT_RR("00 00 01 2c 00 02",
		"<01>a") TXT_RR("00 00 00 3c 00 02", "<01>b"),
	    STS_DNS_OK, 60, false, "a", 2 },
	{ "empty string is a record", OK_1 TXT_RR("00 00 00 01 00 01", "<00>"),
	    STS_DNS_OK, 1, false, "", 1 },
	{ "AD is reported",
	    HEAD("81 a0", "00 01", "00 00", "00 00")
		TXT_RR("00 00 00 05 00 02", "<01>a"),
	    STS_DNS_OK, 5, true, "a", 1 },
	{ "names are compared without case",
	    "<be ef 81 80 00 01 00 01 00 00 00 00>{_MTA-STS.Example.COM}"
	    "<00 10 00 01>{_mta-STS.exAMPLE.com}<00 10 00 01 00 00 00 05 00 02>"
	    "<01>a",
	    STS_DNS_OK, 5, false, "a", 1 },
	{ "TTL with the top bit is zero",
	    OK_1 TXT_RR("ff ff ff ff 00 02", "<01>a"), STS_DNS_OK, 0, false,
	    "a", 1 },
	{ "other names, types, classes are passed over",
	    HEAD("81 80", "00 04", "00 00",
		"00 00") "{example.com}<00 10 00 01 00 00 00 01 00 02 01>x"
			 "@0c<00 63 00 01 00 00 00 01 00 02 01>y"
			 "@0c<00 10 00 03 00 00 00 01 00 02 01>z" TXT_RR(
			     "00 00 00 07 00 02", "<01>a"),
	    STS_DNS_OK, 7, false, "a", 1 },
	{ "STS-13 CNAME chain of 3, in any order, least TTL of all",
	    HEAD("81 80", "00 04", "00 00",
		"00 00") "{c.example}<00 10 00 01 00 00 0e 10 00 02 01>a"
			 "{b.example}<00 05 00 01 00 00 00 0a 00 0b>{c.example}"
			 "{a.example}<00 05 00 01 00 00 0e 10 00 0b>{b.example}"
			 "@0c<00 05 00 01 00 00 0e 10 00 0b>{a.example}",
	    STS_DNS_OK, 10, false, "a", 1 },
	{ "STS-13 CNAME loop",
	    HEAD("81 80", "00 02", "00 00",
		"00 00") "@0c<00 05 00 01 00 00 0e 10 00 0b>{a.example}"
			 "{a.example}<00 05 00 01 00 00 0e 10 00 02>@0c",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "STS-13 CNAME to itself",
	    HEAD("81 80", "00 01", "00 00",
		"00 00") "@0c<00 05 00 01 00 00 0e 10 00 02>@0c",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "CNAME that does not fill its rdata",
	    HEAD("81 80", "00 01", "00 00",
		"00 00") "@0c<00 05 00 01 00 00 0e 10 00 0c>{a.example}<00>",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "NXDOMAIN, TTL of the SOA record",
	    HEAD("81 83", "00 00", "00 01", "00 00")
		SOA("00 00 00 64", "00 00 0e 10"),
	    STS_DNS_NXDOMAIN, 100, false, NULL, 0 },
	{ "NXDOMAIN, minimum of the SOA record, AD",
	    HEAD("81 a3", "00 00", "00 01", "00 00")
		SOA("00 00 0e 10", "00 00 00 3c"),
	    STS_DNS_NXDOMAIN, 60, true, NULL, 0 },
	{ "NXDOMAIN without SOA has no TTL",
	    HEAD("81 83", "00 00", "00 00", "00 00"), STS_DNS_NXDOMAIN, 0,
	    false, NULL, 0 },
	{ "NXDOMAIN behind a CNAME, least TTL",
	    HEAD("81 83", "00 01", "00 01",
		"00 00") "@0c<00 05 00 01 00 00 00 0a 00 0b>{a.example}" SOA("00 00 0e 10",
		"00 00 00 3c"),
	    STS_DNS_NXDOMAIN, 10, false, NULL, 0 },
	{ "NXDOMAIN with the records it denies",
	    HEAD("81 83", "00 01", "00 00", "00 00")
		TXT_RR("00 00 00 05 00 02", "<01>a"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "NODATA",
	    HEAD("81 80", "00 00", "00 01", "00 00")
		SOA("00 00 0e 10", "00 00 00 1e"),
	    STS_DNS_NODATA, 30, false, NULL, 0 },
	{ "NODATA without SOA, as stub resolvers send it",
	    HEAD("81 80", "00 00", "00 00", "00 00"), STS_DNS_NODATA, 0, false,
	    NULL, 0 },
	{ "NODATA behind a CNAME",
	    HEAD("81 80", "00 01", "00 01",
		"00 00") "@0c<00 05 00 01 00 00 0e 10 00 0b>{a.example}" SOA("00 00 0e 10",
		"00 00 00 1e"),
	    STS_DNS_NODATA, 30, false, NULL, 0 },
	{ "referral says nothing",
	    HEAD("80 00", "00 00", "00 01",
		"00 00") "{com}<00 02 00 01 00 00 0e 10 00 08>{a.root}",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "SERVFAIL", HEAD("81 82", "00 00", "00 00", "00 00"), STS_DNS_FAILURE,
	    0, false, NULL, 0 },
	{ "SERVFAIL with AD and a record",
	    HEAD("81 a2", "00 01", "00 00", "00 00")
		TXT_RR("00 00 00 05 00 02", "<01>a"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "REFUSED", HEAD("81 85", "00 00", "00 00", "00 00"), STS_DNS_FAILURE,
	    0, false, NULL, 0 },
	{ "FORMERR without a question", "<be ef 81 81 00 00 00 00 00 00 00 00>",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "BADVERS, whose upper bits are in OPT",
	    HEAD("81 80", "00 00", "00 00",
		"00 01") "<00 00 29 04 d0 01 00 00 00 00 00>",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "OPT without upper bits is no matter",
	    HEAD("81 80", "00 01", "00 00", "00 01") TXT_RR("00 00 00 05 00 02",
		"<01>a") "<00 00 29 04 d0 00 00 80 00 00 00>",
	    STS_DNS_OK, 5, false, "a", 1 },
	{ "a query is no answer", HEAD("01 00", "00 00", "00 00", "00 00"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "still truncated", HEAD("83 80", "00 00", "00 00", "00 00"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "another opcode", HEAD("a1 80", "00 00", "00 00", "00 00"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "another question",
	    "<be ef 81 80 00 01 00 00 00 00 00 00>{example.com}<00 10 00 01>",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "another type asked",
	    "<be ef 81 80 00 01 00 00 00 00 00 00>{_mta-sts.example.com}"
	    "<00 01 00 01>",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "no question", "<be ef 81 80 00 00 00 00 00 00 00 00>",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "string longer than its record",
	    OK_1 TXT_RR("00 00 00 05 00 02", "<02>a"), STS_DNS_FAILURE, 0,
	    false, NULL, 0 },
	{ "TXT without any string", OK_1 TXT_RR("00 00 00 05 00 00", ""),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "good record beside a bad one",
	    HEAD("81 80", "00 02", "00 00", "00 00") TXT_RR("00 00 00 05 00 02",
		"<01>a") TXT_RR("00 00 00 05 00 02", "<09>a"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "record longer than the message",
	    OK_1 TXT_RR("00 00 00 05 00 03", "<01>a"), STS_DNS_FAILURE, 0,
	    false, NULL, 0 },
	{ "fewer records than promised",
	    HEAD("81 80", "00 02", "00 00", "00 00")
		TXT_RR("00 00 00 05 00 02", "<01>a"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "65535 records promised", HEAD("81 80", "ff ff", "ff ff", "ff ff"),
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "pointer to itself", OK_1 "@26<00 10 00 01 00 00 00 05 00 02 01>a",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "pointer forward", OK_1 "@30<00 10 00 01 00 00 00 05 00 02 01>a",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "pointers to each other",
	    OK_1 "<01>a@26<00 10 00 01 00 00 00 05 00 02 01>a", STS_DNS_FAILURE,
	    0, false, NULL, 0 },
	{ "label type 01", OK_1 "<40 00 10 00 01 00 00 00 05 00 02 01>a",
	    STS_DNS_FAILURE, 0, false, NULL, 0 },
	{ "half a pointer", OK_1 "<c0>", STS_DNS_FAILURE, 0, false, NULL, 0 },
};

START_TEST(sts_12_13_txt_answers)
{
	struct sts_dns_answer answer;

	parse(txts[_i].text, STS_DNS_TXT, &answer);
	ck_assert_msg(answer.status == txts[_i].status, "%s: %s (%s)",
	    txts[_i].why, sts_dns_status_name(answer.status), answer.reason);
	ck_assert_msg(answer.ttl == txts[_i].ttl, "%s: ttl %u", txts[_i].why,
	    answer.ttl);
	ck_assert_msg(answer.ad == txts[_i].ad, "%s: ad", txts[_i].why);
	ck_assert_msg(answer.count == txts[_i].count, "%s: %zu records",
	    txts[_i].why, answer.count);
	if (answer.count > 0)
		ck_assert_str_eq(answer.rr[0].data, txts[_i].first);
	ck_assert((answer.reason[0] == '\0') == (answer.status == STS_DNS_OK));
	sts_dns_answer_clear(&answer);
}
END_TEST

/* Whatever is cut off, nothing is read beyond the end and no shorter message
 * is taken for an answer. */
START_TEST(every_prefix_of_an_answer_is_a_failure)
{
	struct sts_dns_answer answer;
	struct message *msg = malloc(sizeof(*msg));
	unsigned char *exact;
	size_t len;

	ck_assert_ptr_nonnull(msg);
	compose(msg, txts[8].text);
	for (len = 0; len < msg->len; len++) {
		exact = malloc(len + (len == 0));
		ck_assert_ptr_nonnull(exact);
		memcpy(exact, msg->data, len);
		sts_dns_parse(exact, len, NAME, STS_DNS_TXT, &answer);
		ck_assert_int_eq(answer.status, STS_DNS_FAILURE);
		ck_assert_ptr_null(answer.rr);
		free(exact);
	}
	free(msg);
}
END_TEST

/* Each octet set to each of some values: no crash, no endless walk. */
START_TEST(any_octet_may_be_hostile)
{
	static const unsigned char values[] = { 0, 1, 0x3f, 0x40, 0x7f, 0xc0,
		0xff };
	struct message *msg = malloc(sizeof(*msg));
	struct sts_dns_answer answer;
	unsigned char saved;
	size_t at, v;

	ck_assert_ptr_nonnull(msg);
	compose(msg, txts[_i].text);
	for (at = 0; at < msg->len; at++)
		for (v = 0; v < sizeof(values); v++) {
			saved = msg->data[at];
			msg->data[at] = values[v];
			sts_dns_parse(msg->data, msg->len, NAME, STS_DNS_TXT,
			    &answer);
			ck_assert((answer.status == STS_DNS_OK) ==
				  (answer.count > 0));
			sts_dns_answer_clear(&answer);
			msg->data[at] = saved;
		}
	free(msg);
}
END_TEST

START_TEST(more_records_than_anybody_needs_are_a_failure)
{
	static const char rr[] = "@0c<00 10 00 01 00 00 00 05 00 02 01>a";
	size_t sizes[] = { STS_DNS_RR_MAX, STS_DNS_RR_MAX + 1 }, i, j;
	struct sts_dns_answer answer;
	char *text = malloc(65536);

	ck_assert_ptr_nonnull(text);
	for (i = 0; i < 2; i++) {
		(void)snprintf(text, 65536,
		    "<be ef 81 80 00 01 00 %02x 00 00 00 00>" QUESTION,
		    (unsigned)sizes[i]);
		for (j = 0; j < sizes[i]; j++)
			memcpy(text + strlen(text), rr, sizeof(rr));
		parse(text, STS_DNS_TXT, &answer);
		ck_assert_int_eq(answer.status,
		    i == 0 ? STS_DNS_OK : STS_DNS_FAILURE);
		sts_dns_answer_clear(&answer);
	}
	free(text);
}
END_TEST

#define ASK(type)                                                              \
	"<be ef 81 80 00 01 00 01 00 00 00 00>{_mta-sts.example.com}<00 " type \
	" 00 01>@0c<00 " type " 00 01 00 00 00 05 "
#define LONG_LABEL "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeefff"

static const struct {
	const char *why, *text;
	enum sts_dns_type type;
	enum sts_dns_status status;
	const char *data;
	unsigned preference;
} others[] = {
	{ "MX, name in lower case", ASK("0f") "00 14 00 0a>{MX.A.Example.net}",
	    STS_DNS_MX, STS_DNS_OK, "mx.a.example.net", 10 },
	{ "MX, compressed", ASK("0f") "00 07 01 00 02>mx@15", STS_DNS_MX,
	    STS_DNS_OK, "mx.example.com", 256 },
	{ "null MX is the root", ASK("0f") "00 03 00 00 00>", STS_DNS_MX,
	    STS_DNS_OK, ".", 0 },
	{ "dot, blank, NUL inside a label are escaped",
	    ASK("0f") "00 0a 00 05 06>a.b <00>\\<00>", STS_DNS_MX, STS_DNS_OK,
	    "a\\046b\\032\\000\\092", 5 },
	{ "MX with octets behind its name", ASK("0f") "00 06 00 0a 01>a<00 00>",
	    STS_DNS_MX, STS_DNS_FAILURE, NULL, 0 },
	{ "MX cut inside its name", ASK("0f") "00 04 00 0a 01>a", STS_DNS_MX,
	    STS_DNS_FAILURE, NULL, 0 },
	{ "MX without a name", ASK("0f") "00 02 00 0a>", STS_DNS_MX,
	    STS_DNS_FAILURE, NULL, 0 },
	{ "MX name of 256 octets",
	    ASK("0f") "01 0e 00 0a>{" LONG_LABEL "." LONG_LABEL "." LONG_LABEL
		      "." LONG_LABEL "." LONG_LABEL "}",
	    STS_DNS_MX, STS_DNS_FAILURE, NULL, 0 },
	{ "TLSA", ASK("34") "00 05 03 01 01>ab", STS_DNS_TLSA, STS_DNS_OK,
	    "\3\1\1ab", 0 },
	{ "TLSA without data", ASK("34") "00 03 03 01 01>", STS_DNS_TLSA,
	    STS_DNS_FAILURE, NULL, 0 },
	{ "A of 3 octets", ASK("01") "00 03 7f 00 00>", STS_DNS_A,
	    STS_DNS_FAILURE, NULL, 0 },
	{ "AAAA of 4 octets", ASK("1c") "00 04 7f 00 00 01>", STS_DNS_AAAA,
	    STS_DNS_FAILURE, NULL, 0 },
};

START_TEST(mx_and_tlsa_answers)
{
	struct sts_dns_answer answer;

	parse(others[_i].text, others[_i].type, &answer);
	ck_assert_msg(answer.status == others[_i].status, "%s: %s (%s)",
	    others[_i].why, sts_dns_status_name(answer.status), answer.reason);
	if (others[_i].data != NULL) {
		ck_assert_str_eq(answer.rr[0].data, others[_i].data);
		ck_assert_uint_eq(answer.rr[0].len, strlen(others[_i].data));
		ck_assert_uint_eq(answer.rr[0].preference,
		    others[_i].preference);
	}
	sts_dns_answer_clear(&answer);
}
END_TEST

START_TEST(address_answers)
{
	static const unsigned char v6[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 1 };
	struct sts_dns_answer answer;

	parse(ASK("01") "00 04 c0 00 02 01>", STS_DNS_A, &answer);
	ck_assert_int_eq(answer.status, STS_DNS_OK);
	ck_assert_int_eq(answer.rr[0].addr.family, AF_INET);
	ck_assert_uint_eq(ntohl(answer.rr[0].addr.u.v4.s_addr), 0xc0000201);
	sts_dns_answer_clear(&answer);
	parse(ASK("1c") "00 10 20 01 0d b8 0 0 0 0 0 0 0 0 0 0 0 01>",
	    STS_DNS_AAAA, &answer);
	ck_assert_int_eq(answer.status, STS_DNS_OK);
	ck_assert_int_eq(answer.rr[0].addr.family, AF_INET6);
	ck_assert_mem_eq(&answer.rr[0].addr.u.v6, v6, sizeof(v6));
	sts_dns_answer_clear(&answer);
}
END_TEST

START_TEST(names_that_are_none_get_no_answer)
{
	static const char *const bad[] = { "a..b", ".a",
		LONG_LABEL LONG_LABEL ".example" };
	struct sts_dns_answer answer;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		sts_dns_parse((const unsigned char *)"", 0, bad[i], STS_DNS_TXT,
		    &answer);
		ck_assert_int_eq(answer.status, STS_DNS_FAILURE);
		ck_assert_str_eq(answer.reason, "not a name");
	}
	ck_assert_str_eq(sts_dns_type_name(STS_DNS_TLSA), "TLSA");
	ck_assert_str_eq(sts_dns_status_name(STS_DNS_STATUS_MAX), "unknown");
	ck_assert_str_eq(sts_dns_type_name(STS_DNS_TYPE_MAX), "unknown");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message");
	TCase *tc = tcase_create("message");
	int count = sizeof(txts) / sizeof(txts[0]);

	tcase_add_loop_test(tc, sts_12_13_txt_answers, 0, count);
	tcase_add_test(tc, every_prefix_of_an_answer_is_a_failure);
	tcase_add_loop_test(tc, any_octet_may_be_hostile, 0, count);
	tcase_add_test(tc, more_records_than_anybody_needs_are_a_failure);
	tcase_add_loop_test(tc, mx_and_tlsa_answers, 0,
	    sizeof(others) / sizeof(others[0]));
	tcase_add_test(tc, address_answers);
	tcase_add_test(tc, names_that_are_none_get_no_answer);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
