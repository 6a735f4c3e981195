/* SPDX-License-Identifier: ISC */
/*
 * The TXT records, rule by rule (RFC 8461, 3.1; RFC 8460, 3).
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/record.h"
#include "suite.h"

#define N32          "a234567890123456789012345678901_"
#define ID32         "a2345678901234567890123456789012"
#define RR_MAX       8
#define COUNT(table) (sizeof(table) / sizeof(table[0]))
/* Several RRs of a set. */
#define SET(...) ((const char *const[]){ __VA_ARGS__, NULL })

static size_t
make_set(const char *const *texts, struct sts_txt_rr rr[RR_MAX])
{
	size_t n;

	for (n = 0; texts[n] != NULL; n++) {
		rr[n].data = texts[n];
		rr[n].len = strlen(texts[n]);
	}
	return n;
}

/* The set gives ID; NULL: it gives RC instead. */
static void
expect_set(const char *const *texts, const char *id, enum sts_rc rc)
{
	struct sts_txt_rr rr[RR_MAX];
	struct sts_record record = { .id = "untouched" };
	struct sts_error err = { .text = "" };
	enum sts_rc got;

	got = sts_record_parse(rr, make_set(texts, rr), &record, &err);
	ck_assert_msg(got == rc, "\"%s\": %s, %s", texts[0], sts_rc_name(got),
	    err.text);
	ck_assert_str_eq(record.id, id == NULL ? "untouched" : id);
	ck_assert_int_eq(err.text[0] != '\0', rc != STS_OK);
}

static void
accept(const char *text, const char *id)
{
	expect_set(SET(text), id, STS_OK);
}

static void
refuse(const char *text)
{
	expect_set(SET(text), NULL, STS_ERECORD);
}

static void
expect_rua(const char *const *texts, const char *want, enum sts_rc rc)
{
	struct sts_txt_rr rr[RR_MAX];
	struct sts_tlsrpt_record record = { .count = 0 };
	struct sts_error err = { .text = "" };
	char got[4096] = "";
	size_t i, at = 0;
	enum sts_rc result;

	result =
	    sts_tlsrpt_record_parse(rr, make_set(texts, rr), &record, &err);
	ck_assert_msg(result == rc, "\"%s\": %s, %s", texts[0],
	    sts_rc_name(result), err.text);
	for (i = 0; i < record.count; i++)
		at += (size_t)snprintf(got + at, sizeof(got) - at, "%s%s",
		    i == 0 ? "" : " ", record.rua[i]);
	ck_assert_str_eq(got, want);
	sts_tlsrpt_record_clear(&record);
}

static void
accept_rua(const char *text, const char *want)
{
	expect_rua(SET(text), want, STS_OK);
}

static void
refuse_rua(const char *text)
{
	expect_rua(SET(text), "", STS_ERECORD);
}

START_TEST(sts_02_version_first_then_fields)
{
	accept("v=STSv1;id=1", "1");
	accept("v=STSv1; id=20160831085700Z;", "20160831085700Z");
	accept("v=STSv1; x=y; id=1", "1");
	accept("v=STSv1; id=1; x=y; z=1", "1");
	refuse("v=STSv1");
	refuse("v=STSv1;");
	refuse("v=STSv1; ");
	refuse("v=STSv1; x=y");
	refuse("v=STSv1; id");
	refuse("v=STSv1; id=1; x");
	expect_set(SET("id=1; v=STSv1"), NULL, STS_ENODATA);
	expect_set(SET("v=STSv2; id=1"), NULL, STS_ENODATA);
	expect_set(SET("v=STSv10; id=1"), NULL, STS_ENODATA);
	expect_set(SET("v=STSv1id=1"), NULL, STS_ENODATA);
	expect_set(SET(""), NULL, STS_ENODATA);
	expect_set(SET("v=spf1 -all"), NULL, STS_ENODATA);
	expect_set((const char *const[]){ NULL }, NULL, STS_ENODATA);
}
END_TEST

START_TEST(sts_03_delimiters)
{
	static const char *const good[] = { "v=STSv1;id=1", "v=STSv1;id=1;",
		"v=STSv1; id=1; ", "v=STSv1;\tid=1\t;\t", "v=STSv1 ; id=1",
		"v=STSv1\t;\tid=1", "v=STSv1;  \t id=1 \t ;  ",
		"v=STSv1;id=1 ;x=y;" };
	static const char *const bad[] = { "v=STSv1;;id=1", "v=STSv1; ;id=1",
		"v=STSv1;id=1;;", "v=STSv1;id=1; ;", "v=STSv1 id=1",
		"v=STSv1;id=1 ", "v=STSv1;id=1\t", "v=STSv1;id=1;x=y ",
		"v=STSv1;id=1 x=y", "v=STSv1;id= 1", "v=STSv1;id =1",
		"v=STSv1 ", "v=STSv1;id=1\r", "v=STSv1;id=1;\n",
		"v=STSv1;id=1,x=y", "v=STSv1;id:1" };
	size_t i;

	for (i = 0; i < COUNT(good); i++)
		accept(good[i], "1");
	for (i = 0; i < COUNT(bad); i++)
		refuse(bad[i]);
	expect_set(SET("v=STSv1,id=1"), NULL, STS_ENODATA);
	expect_set(SET(" v=STSv1;id=1"), NULL, STS_ENODATA);
	expect_set(SET("v =STSv1;id=1"), NULL, STS_ENODATA);
	expect_set(SET("v= STSv1;id=1"), NULL, STS_ENODATA);
	expect_set(SET("\"v=STSv1;id=1\""), NULL, STS_ENODATA);
}
END_TEST

START_TEST(sts_04_case_matters)
{
	expect_set(SET("V=STSv1;id=1"), NULL, STS_ENODATA);
	expect_set(SET("v=stsv1;id=1"), NULL, STS_ENODATA);
	expect_set(SET("v=STSV1;id=1"), NULL, STS_ENODATA);
	refuse("v=STSv1;ID=1");
	refuse("v=STSv1;Id=1");
	accept("v=STSv1;ID=2;id=1", "1");
}
END_TEST

START_TEST(sts_05_id_is_1_to_32_letters_or_digits)
{
	static const char marks[] = "-._~!@#$%^&*()+,/:<>?[]{}|'\"\\`";
	char text[64];
	size_t i;

	accept("v=STSv1;id=a", "a");
	accept("v=STSv1;id=" ID32, ID32);
	refuse("v=STSv1;id=");
	refuse("v=STSv1;id=;");
	refuse("v=STSv1;id=" ID32 "3");
	refuse("v=STSv1;id=\"1\"");
	for (i = 0; i < sizeof(marks) - 1; i++) {
		(void)snprintf(text, sizeof(text), "v=STSv1;id=a%cb", marks[i]);
		refuse(text);
	}
}
END_TEST

START_TEST(sts_06_id_is_kept_octet_for_octet)
{
	accept("v=STSv1;id=20190429T010101", "20190429T010101");
	accept("v=STSv1;id=007", "007");
	accept("v=STSv1;id=aA", "aA");
}
END_TEST

START_TEST(sts_07_extensions)
{
	accept("v=STSv1;a.b-c_d=x;id=1", "1");
	accept("v=STSv1;0=!\"#$%&'()*+,-./:<>?@[\\]^_`{|}~;id=1", "1");
	accept("v=STSv1;" N32 "=x;id=1", "1");
	refuse("v=STSv1;" N32 "3=x;id=1");
	refuse("v=STSv1;_a=x;id=1");
	refuse("v=STSv1;=x;id=1");
	refuse("v=STSv1;a+b=x;id=1");
	refuse("v=STSv1;a=;id=1");
	refuse("v=STSv1;a=eHk=;id=1");
	refuse("v=STSv1;a==;id=1");
	refuse("v=STSv1;a=b c;id=1");
	refuse("v=STSv1;a=b\tc;id=1");
	refuse("v=STSv1;a b=c;id=1");
	refuse("v=STSv1;id=1;a=b=c");
}
END_TEST

START_TEST(sts_08_unknown_fields_are_ignored)
{
	accept("v=STSv1; foo=bar; id=1", "1");
	accept("v=STSv1; id=1; rua=mailto:a@b.example", "1");
	accept("v=STSv1; mx=a; id=1; mx=b", "1");
}
END_TEST

START_TEST(sts_09_first_duplicate_wins)
{
	accept("v=STSv1; id=a; id=b", "a");
	accept("v=STSv1; id=a; id=bad-id", "a");
	accept("v=STSv1; id=a; v=STSv2", "a");
	accept("v=STSv1; v=STSv1; id=a", "a");
	refuse("v=STSv1; id=bad-id; id=good");
	refuse("v=STSv1; id=; id=good");
	refuse("v=STSv1; id=good; id=");
}
END_TEST

START_TEST(sts_10_exactly_one_record_among_several)
{
	expect_set(SET("v=spf1 -all", "v=STSv1;id=1"), "1", STS_OK);
	expect_set(SET("v=STSv1;id=1", "v=spf1 -all", ""), "1", STS_OK);
	expect_set(SET("v=STSv1;id=1", "v=STSv1x;id=2"), "1", STS_OK);
	expect_set(SET("v=STSv1;id=1", "v=STSv1;id=1"), NULL, STS_ERECORD);
	expect_set(SET("v=STSv1;id=1", "v=STSv1;"), NULL, STS_ERECORD);
	expect_set(SET("v=STSv1;id=", "v=spf1"), NULL, STS_ERECORD);
	expect_set(SET("v=spf1 a", "v=spf1 b"), NULL, STS_ENODATA);
}
END_TEST

START_TEST(sts_11_blank_before_first_semicolon)
{
	accept("v=STSv1 ;id=1", "1");
	accept("v=STSv1\t ; id=1", "1");
	expect_set(SET("v=STSv1 ;id=1", "v=spf1"), NULL, STS_ENODATA);
	expect_set(SET("v=STSv1 ;id=1", "v=STSv1;id=2"), "2", STS_OK);
	expect_set(SET("v=STSv1", "v=spf1"), NULL, STS_ENODATA);
}
END_TEST

START_TEST(sts_16_only_ascii)
{
	static const char octets[] = "\0\x01\x08\x0b\x1f\x7f\x80\xc3\xff";
	char text[32];
	struct sts_txt_rr rr = { text, 0 };
	struct sts_record record;
	size_t i;

	for (i = 0; i < sizeof(octets) - 1; i++) {
		memcpy(text, "v=STSv1;id=1;x=a?b", 18);
		rr.len = 18;
		ck_assert_int_eq(sts_record_parse(&rr, 1, &record, NULL),
		    STS_OK);
		text[16] = octets[i];
		ck_assert_int_eq(sts_record_parse(&rr, 1, &record, NULL),
		    STS_ERECORD);
		memcpy(text, "v=STSv1;id=1?", 13);
		text[12] = octets[i];
		rr.len = 13;
		ck_assert_int_eq(sts_record_parse(&rr, 1, &record, NULL),
		    STS_ERECORD);
	}
}
END_TEST

START_TEST(rpt_03_exactly_one_record)
{
	expect_rua(SET("v=spf1 a", "v=TLSRPTv1;rua=mailto:a@x"), "mailto:a@x",
	    STS_OK);
	expect_rua(SET("v=TLSRPTv1;rua=mailto:a@x",
		       "v=TLSRPTv1;rua=mailto:b@x"),
	    "", STS_ERECORD);
	expect_rua(SET("v=TLSRPTv1 ;rua=mailto:a@x", "x"), "", STS_ENODATA);
	expect_rua(SET("v=STSv1;id=1"), "", STS_ENODATA);
	accept_rua("v=TLSRPTv1 ;rua=mailto:a@x", "mailto:a@x");
}
END_TEST

START_TEST(rpt_04_version_then_rua)
{
	accept_rua("v=TLSRPTv1;rua=mailto:reports@example.com",
	    "mailto:reports@example.com");
	accept_rua("v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt",
	    "https://reporting.example.com/v1/tlsrpt");
	accept_rua("v=TLSRPTv1 ; rua=mailto:a@x ; ", "mailto:a@x");
	refuse_rua("v=TLSRPTv1");
	refuse_rua("v=TLSRPTv1;");
	refuse_rua("v=TLSRPTv1; RUA=mailto:a@x");
	refuse_rua("v=TLSRPTv1; rua=");
	refuse_rua("v=TLSRPTv1; rua= mailto:a@x");
	refuse_rua("v=TLSRPTv1;; rua=mailto:a@x");
	refuse_rua("v=TLSRPTv1; rua=mailto:a@x ");
	refuse_rua("v=TLSRPTv1; rua=mailto:a@x; b");
	expect_rua(SET("V=TLSRPTv1; rua=mailto:a@x"), "", STS_ENODATA);
	expect_rua(SET("v=tlsrptv1; rua=mailto:a@x"), "", STS_ENODATA);
	expect_rua(SET("rua=mailto:a@x; v=TLSRPTv1"), "", STS_ENODATA);
}
END_TEST

START_TEST(rpt_05_first_rua_wins)
{
	accept_rua("v=TLSRPTv1;rua=mailto:a@x;rua=mailto:b@x", "mailto:a@x");
	refuse_rua("v=TLSRPTv1;rua=a@x;rua=mailto:b@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x;rua=");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x;rua=a b");
}
END_TEST

START_TEST(rpt_06_list_of_uris)
{
	accept_rua("v=TLSRPTv1;rua=mailto:a@x,mailto:b@x",
	    "mailto:a@x mailto:b@x");
	accept_rua("v=TLSRPTv1;rua=mailto:a@x,MAILTO:a@x?subject=b,mailto:b@x",
	    "mailto:a@x mailto:b@x"); /* each place once */
	accept_rua("v=TLSRPTv1;rua=mailto:a@x , \thttps://b.example;",
	    "mailto:a@x https://b.example");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x,");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x, ;");
	refuse_rua("v=TLSRPTv1;rua=,mailto:a@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x,,mailto:b@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x mailto:b@x");
}
END_TEST

START_TEST(rpt_07_some_marks_come_encoded)
{
	accept_rua("v=TLSRPTv1;rua=mailto:a%21b@x", "mailto:a%21b@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a%2Cb@x"); /* is not one address */
	refuse_rua("v=TLSRPTv1;rua=mailto:a%3Bb@x");
	accept_rua("v=TLSRPTv1;rua=https://x/?a=b%3Bc%21",
	    "https://x/?a=b%3Bc%21");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x!10m");
	refuse_rua("v=TLSRPTv1;rua=https://x/!");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x;b");
	refuse_rua("v=TLSRPTv1;rua=https://x/%2");
	refuse_rua("v=TLSRPTv1;rua=https://x/%zz");
	refuse_rua("v=TLSRPTv1;rua=https://x/<a>");
	refuse_rua("v=TLSRPTv1;rua=https://x/\"a\"");
	accept_rua("v=TLSRPTv1;rua=mailto:a@x!10m,mailto:b@x", "mailto:b@x");
}
END_TEST

START_TEST(rpt_08_mailto_and_https_only)
{
	accept_rua("v=TLSRPTv1;rua=http://x/,ftp://x,mailto:a@x,me@x",
	    "mailto:a@x");
	accept_rua("v=TLSRPTv1;rua=MailTo:A@X,HTTPS://X/Y",
	    "mailto:A@X https://X/Y");
	refuse_rua("v=TLSRPTv1;rua=me@x");
	refuse_rua("v=TLSRPTv1;rua=http://x/");
	refuse_rua("v=TLSRPTv1;rua=mailto");
	refuse_rua("v=TLSRPTv1;rua=mailto:");
	refuse_rua("v=TLSRPTv1;rua=mailto:@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@");
	refuse_rua("v=TLSRPTv1;rua=mailto:a");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@b@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@b..x");
	refuse_rua("v=TLSRPTv1;rua=https:");
	refuse_rua("v=TLSRPTv1;rua=https:/x");
	refuse_rua("v=TLSRPTv1;rua=https://");
	refuse_rua("v=TLSRPTv1;rua=https:///path");
	refuse_rua("v=TLSRPTv1;rua=https://:443/");
	refuse_rua("v=TLSRPTv1;rua=https://user@x/");
	refuse_rua("v=TLSRPTv1;rua=https://192.0.2.1/");
	refuse_rua("v=TLSRPTv1;rua=https://[2001:db8::1]/");
	refuse_rua("v=TLSRPTv1;rua=https://x:0/");
	accept_rua("v=TLSRPTv1;rua=https://x:8443/a?b#c",
	    "https://x:8443/a?b#c");
}
END_TEST

START_TEST(rpt_09_mailto_is_an_address)
{
	char text[STS_URI_MAX + 64] = "v=TLSRPTv1;rua=https://x/";
	size_t head = strlen("v=TLSRPTv1;rua="), at = strlen(text), i;

	accept_rua("v=TLSRPTv1;rua=mailto:a@x?bcc=v@y", "mailto:a@x");
	accept_rua("v=TLSRPTv1;rua=mailto:a@x?", "mailto:a@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a%0d%0aBcc:b@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a@x?subject=a%0D%0Ab");
	refuse_rua("v=TLSRPTv1;rua=mailto:a%00@x");
	refuse_rua("v=TLSRPTv1;rua=mailto:a%7f@x");
	memset(text + at, 'y', head + STS_URI_MAX - at);
	accept_rua(text, text + head);
	text[head + STS_URI_MAX] = 'y';
	refuse_rua(text);
	at = (size_t)snprintf(text, sizeof(text), "v=TLSRPTv1;rua=mailto:a@x");
	for (i = 0; i < STS_RUA_MAX + 4; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
		    ",mailto:%c@x", (char)('b' + i));
	accept_rua(text,
	    "mailto:a@x mailto:b@x mailto:c@x mailto:d@x mailto:e@x mailto:f@x "
	    "mailto:g@x mailto:h@x mailto:i@x mailto:j@x mailto:k@x mailto:l@x "
	    "mailto:m@x mailto:n@x mailto:o@x mailto:p@x");
}
END_TEST

START_TEST(rpt_10_unknown_fields_are_ignored)
{
	accept_rua("v=TLSRPTv1;x=1;rua=mailto:a@x", "mailto:a@x");
	refuse_rua("v=TLSRPTv1;x=1=2;rua=mailto:a@x");
	refuse_rua("v=TLSRPTv1;x;rua=mailto:a@x");
	refuse_rua("v=TLSRPTv1;x=\xc3;rua=mailto:a@x");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		sts_02_version_first_then_fields,
		sts_03_delimiters,
		sts_04_case_matters,
		sts_05_id_is_1_to_32_letters_or_digits,
		sts_06_id_is_kept_octet_for_octet,
		sts_07_extensions,
		sts_08_unknown_fields_are_ignored,
		sts_09_first_duplicate_wins,
		sts_10_exactly_one_record_among_several,
		sts_11_blank_before_first_semicolon,
		sts_16_only_ascii,
		rpt_03_exactly_one_record,
		rpt_04_version_then_rua,
		rpt_05_first_rua_wins,
		rpt_06_list_of_uris,
		rpt_07_some_marks_come_encoded,
		rpt_08_mailto_and_https_only,
		rpt_09_mailto_is_an_address,
		rpt_10_unknown_fields_are_ignored,
	};
	Suite *suite = suite_create("record");
	TCase *tcase = tcase_create("record");
	size_t i;

	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
