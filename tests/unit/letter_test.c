/* SPDX-License-Identifier: ISC */
/*
 * The message of a report: RPT-49 to RPT-52.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "report/letter.h"
#include "suite.h"

#define MAX 100000

static struct sts_letter letter;
static struct sts_buf out;
static struct sts_error err;

static void
fill(void)
{
	letter = (struct sts_letter){
		.from = "tls-reports@mta.example.org",
		.organisation = "Example Org",
		.to = "tlsrpt@example.net",
		.domain = "example.net",
		.report_id = "2026-11-26.5f3a@mta.example.org",
		.begin = 1795651200,
		.end = 1795737599,
		.date = 1795741210,
		.gz = "\x1f\x8b\x08 report",
		.gz_len = 10,
	};
}

static void
setup(void)
{
	fill();
	sts_buf_init(&out, MAX);
}

static void
teardown(void)
{
	sts_buf_clear(&out);
}

static const char *
build(void)
{
	sts_buf_reset(&out);
	ck_assert_msg(sts_letter_build(&letter, &out, &err) == STS_OK, "%s",
	    err.text);
	return sts_buf_text(&out);
}

/* The field that begins with NAME, with its continuation lines. */
static const char *
field(const char *name)
{
	static char text[2048];
	const char *p = build(), *end = strstr(p, "\n\n"), *eol;

	for (; p < end; p = eol + 1) {
		eol = strchr(p, '\n');
		while (eol[1] == ' ')
			eol = strchr(eol + 1, '\n');
		if (strncmp(p, name, strlen(name)) != 0)
			continue;
		ck_assert_uint_lt((size_t)(eol - p), sizeof(text));
		memcpy(text, p, (size_t)(eol - p));
		text[eol - p] = '\0';
		return text;
	}
	return "";
}

START_TEST(rpt_50_whole_message)
{
	ck_assert_str_eq(build(),
	    "From: \"Example Org\" <tls-reports@mta.example.org>\n"
	    "To: <tlsrpt@example.net>\n"
	    "Subject: Report Domain: example.net Submitter: mta.example.org\n"
	    " Report-ID: <2026-11-26.5f3a@mta.example.org>\n"
	    "Date: Fri, 27 Nov 2026 01:00:10 +0000\n"
	    "Message-ID: <2026-11-26.5f3a.e6b206cb6f51f95a@mta.example.org>\n"
	    "TLS-Report-Domain: example.net\n"
	    "TLS-Report-Submitter: mta.example.org\n"
	    "TLS-Required: No\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=\"tlsrpt\";\n"
	    " boundary=\"=_tlsrpt\"\n"
	    "\n"
	    "--=_tlsrpt\n"
	    "Content-Type: text/plain; charset=us-ascii\n"
	    "Content-Transfer-Encoding: 7bit\n"
	    "\n"
	    "This is a report about TLS on the way of mail (RFC 8460).\n"
	    "\n"
	    "Mail to: example.net\n"
	    "Sent by: mta.example.org\n"
	    "Begin:   2026-11-26 00:00:00 UTC\n"
	    "End:     2026-11-26 23:59:59 UTC\n"
	    "\n"
	    "The report is attached, as JSON compressed with gzip.\n"
	    "\n"
	    "--=_tlsrpt\n"
	    "Content-Type: application/tlsrpt+gzip\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment;\n"
	    " filename=\"mta.example.org!example.net!1795651200!1795737599"
	    ".json.gz\"\n"
	    "\n"
	    "H4sIIHJlcG9ydA==\n"
	    "--=_tlsrpt--\n");
}
END_TEST

START_TEST(message_id_is_of_report_and_recipient)
{
	char first[2048];

	(void)snprintf(first, sizeof(first), "%s", field("Message-ID:"));
	ck_assert_str_eq(field("Message-ID:"), first);
	letter.to = "tlsrpt@example.com";
	ck_assert_str_ne(field("Message-ID:"), first);
	letter.to = "tlsrpt@example.net";
	letter.report_id = "2026-11-26.5f3b@mta.example.org";
	ck_assert_str_ne(field("Message-ID:"), first);
}
END_TEST

START_TEST(rpt_51_subject_is_folded)
{
	static char label[254];
	char wanted[1024];
	size_t i;

	letter.domain = "a-domain-of-forty-octets-or-some.example";
	ck_assert_str_eq(field("Subject:"),
	    "Subject: Report Domain: a-domain-of-forty-octets-or-some.example\n"
	    " Submitter: mta.example.org "
	    "Report-ID: <2026-11-26.5f3a@mta.example.org>");
	memset(label, 'a', 253);
	for (i = 63; i < 253; i += 64)
		label[i] = '.';
	letter.domain = label;
	(void)snprintf(wanted, sizeof(wanted),
	    "Subject: Report\n Domain: %s\n"
	    " Submitter: mta.example.org "
	    "Report-ID: <2026-11-26.5f3a@mta.example.org>",
	    label);
	ck_assert_str_eq(field("Subject:"), wanted);
	/* RPT-49: these have no room for folding */
	(void)snprintf(wanted, sizeof(wanted), "TLS-Report-Domain: %s", label);
	ck_assert_str_eq(field("TLS-Report-Domain:"), wanted);
}
END_TEST

/* 7bit, no line of 998 octets or more, and mostly none of 79. */
static void
expect_lines(size_t longest)
{
	const char *p, *eol;

	for (p = build(); *p != '\0'; p = eol + 1) {
		eol = strchr(p, '\n');
		ck_assert_ptr_nonnull(eol);
		ck_assert_msg((size_t)(eol - p) <= longest, "%.*s",
		    (int)(eol - p), p);
		for (; p < eol; p++)
			ck_assert(*p >= ' ' && *p <= '~');
	}
}

START_TEST(lines_are_short_and_7bit)
{
	static char name[4000], domain[254], address[255], data[5000];
	size_t i;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)(i * 7 + i / 256);
	letter.gz = data;
	letter.gz_len = sizeof(data);
	letter.organisation = "M\xc3\xbcller & S\xc3\xb6hne";
	expect_lines(78);
	memset(name, 'n', sizeof(name) - 1);
	letter.organisation = name;
	expect_lines(78);
	memset(domain, 'd', 253);
	for (i = 63; i < 253; i += 64)
		domain[i] = '.';
	(void)snprintf(address, sizeof(address), "a@%.252s", domain);
	letter.domain = domain;
	letter.from = letter.to = letter.report_id = address;
	letter.part = 4294967295U;
	ck_assert_ptr_nonnull(strstr(domain, ".d"));
	expect_lines(700);
}
END_TEST

/* clang-format off */
static const struct {
	const char *name, *from;
} names[] = {
	{ NULL, "From: <tls-reports@mta.example.org>" },
	{ "Org", "From: \"Org\" <tls-reports@mta.example.org>" },
	{ "\"A\" \\ <b@x>, c@y",
	    "From: \"\\\"A\\\" \\\\ <b@x>, c@y\" <tls-reports@mta.example.org>" },
	{ "Org of so many words that the address needs a line of its own",
	    "From: =?UTF-8?B?T3JnIG9mIHNvIG1hbnkgd29yZHMgdGhhdCB0aGUgYWRkcmVzcyBu"
	    "ZWVkcyBh?=\n =?UTF-8?B?IGxpbmUgb2YgaXRzIG93bg==?="
	    " <tls-reports@mta.example.org>" },
	{ "Org of many words: the address needs a line of its own",
	    "From: \"Org of many words: the address needs a line of its own\""
	    "\n <tls-reports@mta.example.org>" },
	{ "B\xc3\xbc" "cher",
	    "From: =?UTF-8?B?QsO8Y2hlcg==?= <tls-reports@mta.example.org>" },
	{ "a\r\nBcc: b@x",
	    "From: =?UTF-8?B?YQ0KQmNjOiBiQHg=?= <tls-reports@mta.example.org>" },
	/* the character of three octets at octet 43 goes to the next word */
	{ "0123456789012345678901234567890123456789012\xe2\x82\xac",
	    "From: =?UTF-8?B?"
	    "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMg==?=\n"
	    " =?UTF-8?B?4oKs?= <tls-reports@mta.example.org>" },
};
/* clang-format on */

START_TEST(organisation_is_quoted_or_encoded)
{
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		letter.organisation = names[i].name;
		ck_assert_str_eq(field("From:"), names[i].from);
		ck_assert_str_eq(field("Bcc:"), "");
	}
}
END_TEST

/* By another's parser, told the differences on standard error. */
static const char reader[] =
    "import email, email.policy, sys\n"
    "m = email.message_from_bytes(sys.stdin.buffer.read(),\n"
    "                             policy=email.policy.default)\n"
    "t, a = m.iter_parts()\n"
    "have = [m['From'].addresses[0].display_name,\n"
    "        m['From'].addresses[0].addr_spec,\n"
    "        m['To'].addresses[0].addr_spec, m['Subject'],\n"
    "        m.get_content_type(), m.get_param('report-type'),\n"
    "        t.get_content_type(), a.get_content_type(),\n"
    "        a.get_content_disposition(), a.get_filename(),\n"
    "        a.get_content() == bytes(range(256)) * 20, m.defects,\n"
    "        t.defects, a.defects]\n"
    "want = [bytes.fromhex(sys.argv[1]).decode(),\n"
    "        'tls-reports@mta.example.org', 'tlsrpt@example.net',\n"
    "        'Report Domain: example.net Submitter: mta.example.org'\n"
    "        ' Report-ID: <2026-11-26.5f3a@mta.example.org>',\n"
    "        'multipart/report', 'tlsrpt', 'text/plain',\n"
    "        'application/tlsrpt+gzip', 'attachment',\n"
    "        'mta.example.org!example.net!1795651200!1795737599'\n"
    "        '.json.gz', True, [], [], []]\n"
    "if have != want:\n"
    "    sys.exit(str((have, want)))\n";

START_TEST(rpt_50_another_parser_reads_the_same)
{
	static const char name[] = "Gr\xc3\xb6\xc3\x9f\x65 \xe2\x82\xac "
				   "und mehr, f\xc3\xbcr \"viele\" Worte";
	char data[20 * 256], command[4096];
	size_t i, n;
	FILE *python;

	for (i = 0; i < sizeof(data); i++)
		data[i] = (char)i;
	letter.organisation = name;
	letter.gz = data;
	letter.gz_len = sizeof(data);
	(void)build();
	(void)setenv("READER", reader, 1);
	n = (size_t)snprintf(command, sizeof(command),
	    "/usr/bin/python3 -BE -c \"$READER\" ");
	for (i = 0; i < sizeof(name) - 1; i++)
		n += (size_t)snprintf(command + n, sizeof(command) - n, "%02x",
		    (unsigned char)name[i]);
	python = popen(command, "w");
	ck_assert_ptr_nonnull(python);
	ck_assert_uint_eq(fwrite(out.data, 1, out.len, python), out.len);
	ck_assert_int_eq(pclose(python), 0);
}
END_TEST

static void
expect_refused(enum sts_rc rc, const char *why)
{
	sts_buf_reset(&out);
	ck_assert_msg(sts_letter_build(&letter, &out, &err) == rc, "%s", why);
	ck_assert_msg(strstr(err.text, why) != NULL, "\"%s\" in \"%s\"", why,
	    err.text);
	fill();
}

START_TEST(header_cannot_be_injected)
{
	static const char *const hostile[] = { NULL, "", "a@x\nBcc: b@x",
		"a@x\r\nBcc: b@x", "a@x, b@x", "<a@x>", "a b@x", "a", "@x",
		"a@x\n", "\xc3\xa9@x" };
	static const char *const domains[] = { NULL, "", "x\n", "x\nBcc: b@x",
		"a b", "a/b", "../x", "x\"", "\xc3\xa9.example" };
	size_t i;

	for (i = 0; i < sizeof(hostile) / sizeof(hostile[0]); i++) {
		letter.from = hostile[i];
		expect_refused(STS_EUSAGE, "is from no address");
		letter.to = hostile[i];
		expect_refused(STS_EUSAGE, "is to no address");
		letter.report_id = hostile[i];
		expect_refused(STS_EUSAGE, "left@right");
	}
	for (i = 0; i < sizeof(domains) / sizeof(domains[0]); i++) {
		letter.domain = domains[i];
		expect_refused(STS_EUSAGE, "about no domain");
	}
}
END_TEST

START_TEST(times_are_of_four_digit_years)
{
	static const int64_t bad[] = { -1, INT64_MIN, 253402300800, INT64_MAX };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		letter.begin = bad[i];
		expect_refused(STS_EUSAGE, "about no time");
		letter.end = bad[i];
		expect_refused(STS_EUSAGE, "about no time");
		letter.date = bad[i];
		expect_refused(STS_EUSAGE, "no date");
	}
	letter.date = 0;
	ck_assert_str_eq(field("Date:"),
	    "Date: Thu, 01 Jan 1970 00:00:00 +0000");
	letter.date = 253402300799;
	ck_assert_str_eq(field("Date:"),
	    "Date: Fri, 31 Dec 9999 23:59:59 +0000");
	letter.date = 1709210096;
	ck_assert_str_eq(field("Date:"),
	    "Date: Thu, 29 Feb 2024 12:34:56 +0000");
}
END_TEST

START_TEST(message_has_a_maximum)
{
	static char data[MAX];

	letter.gz = data;
	letter.gz_len = sizeof(data);
	expect_refused(STS_ESPACE, "is larger than 100000 octets");
}
END_TEST

static void
expect_filename(const char *name)
{
	sts_buf_reset(&out);
	ck_assert_int_eq(sts_letter_filename(&letter, &out, &err), STS_OK);
	ck_assert_str_eq(sts_buf_text(&out), name);
}

START_TEST(rpt_52_filename)
{
	letter = (struct sts_letter){ .from = "a@mta.example.org",
		.domain = "xn--bcher-kva.example",
		.begin = 1795651200,
		.end = 1795737599 };
	expect_filename("mta.example.org!xn--bcher-kva.example!1795651200!"
			"1795737599.json.gz");
	letter.part = 1;
	expect_filename("mta.example.org!xn--bcher-kva.example!1795651200!"
			"1795737599!001.json.gz");
	letter.part = 1000;
	expect_filename("mta.example.org!xn--bcher-kva.example!1795651200!"
			"1795737599!1000.json.gz");
	letter.domain = "../x";
	sts_buf_reset(&out);
	ck_assert_int_eq(sts_letter_filename(&letter, &out, &err), STS_EUSAGE);
	ck_assert_uint_eq(out.len, 0);
}
END_TEST

/* RFC 4648, 10, and the two digits that are no letters. */
START_TEST(base64)
{
	static const char *const pairs[][2] = { { "", "" }, { "f", "Zg==" },
		{ "fo", "Zm8=" }, { "foo", "Zm9v" }, { "foob", "Zm9vYg==" },
		{ "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
		{ "\xfb\xff\xbf", "+/+/" } };
	size_t i;

	for (i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		sts_buf_reset(&out);
		ck_assert_int_eq(sts_base64_add(&out, pairs[i][0],
				     strlen(pairs[i][0])),
		    STS_OK);
		ck_assert_uint_eq(out.len, strlen(pairs[i][1]));
		if (out.len > 0)
			ck_assert_str_eq(sts_buf_text(&out), pairs[i][1]);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("letter");
	TCase *tcase = tcase_create("letter");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, rpt_50_whole_message);
	tcase_add_test(tcase, message_id_is_of_report_and_recipient);
	tcase_add_test(tcase, rpt_51_subject_is_folded);
	tcase_add_test(tcase, lines_are_short_and_7bit);
	tcase_add_test(tcase, organisation_is_quoted_or_encoded);
	tcase_add_test(tcase, rpt_50_another_parser_reads_the_same);
	tcase_add_test(tcase, header_cannot_be_injected);
	tcase_add_test(tcase, times_are_of_four_digit_years);
	tcase_add_test(tcase, message_has_a_maximum);
	tcase_add_test(tcase, rpt_52_filename);
	tcase_add_test(tcase, base64);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
