/* SPDX-License-Identifier: ISC */
/*
 * Where a report may go: RPT-07, RPT-08, RPT-09.
 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/uri.h"
#include "suite.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
	const char *text, *host, *target;
	unsigned port;
} good[] = {
	{ "https://reports.example/v1", "reports.example", "/v1", 443 },
	{ "HTTPS://Reports.Example/V1", "reports.example", "/V1", 443 },
	{ "https://reports.example", "reports.example", "/", 443 },
	{ "https://x.", "x", "/", 443 },
	{ "https://x.", "x", "/", 443 },
	{ "https://reports.example:8443", "reports.example", "/", 8443 },
	{ "https://reports.example:00443/", "reports.example", "/", 443 },
	{ "https://reports.example:65535/a", "reports.example", "/a", 65535 },
	{ "https://x?a=b", "x", "/?a=b", 443 },
	{ "https://x/a?b=c?d/e:@", "x", "/a?b=c?d/e:@", 443 },
	{ "https://x/a#b", "x", "/a", 443 },
	{ "https://x#b", "x", "/", 443 },
	{ "https://x/a?b#c?d", "x", "/a?b", 443 },
	{ "https://x/%2C%21%3b%c3%a9%25", "x", "/%2C%21%3b%c3%a9%25", 443 },
	{ "https://x/user@host", "x", "/user@host", 443 },
	{ "https://x//a/../b/", "x", "//a/../b/", 443 },
	{ "https://xn--bcher-kva.example/", "xn--bcher-kva.example", "/", 443 },
	{ "https://1and1.example/", "1and1.example", "/", 443 },
};

START_TEST(rpt_08_https_is_taken_apart)
{
	struct sts_error err;
	struct sts_uri uri;
	size_t i;

	for (i = 0; i < COUNT(good); i++) {
		ck_assert_msg(sts_uri_https(good[i].text, strlen(good[i].text),
				  &uri, &err) == STS_OK,
		    "%s: %s", good[i].text, err.text);
		ck_assert_str_eq(uri.host, good[i].host);
		ck_assert_str_eq(uri.target, good[i].target);
		ck_assert_uint_eq(uri.port, good[i].port);
	}
}
END_TEST

static const struct {
	const char *text, *why;
} bad[] = {
	{ "", "does not begin" },
	{ "https:", "does not begin" },
	{ "https:/x", "does not begin" },
	{ "http://x/", "does not begin" },
	{ " https://x/", "does not begin" },
	{ "x/", "does not begin" },
	{ "https://", "no host" },
	{ "https:///a", "no host" },
	{ "https://?a", "no host" },
	{ "https://:443/", "no host" },
	{ "https://a..b/", "no host" },
	{ "https://-a/", "no host" },
	{ "https://a_b/", "no host" },
	{ "https://a%2eb/", "no host" },
	{ "https://user@x/", "user or password" },
	{ "https://user:secret@x/", "user or password" },
	{ "https://@x/", "user or password" },
	{ "https://good.example:443@x/", "user or password" },
	{ "https://x:0/", "no port" },
	{ "https://x:65536/", "no port" },
	{ "https://x:99999999999999999999/", "no port" },
	{ "https://x:+443/", "no port" },
	{ "https://x:44a/", "no port" },
	{ "https://x:443:1/", "no port" },
	{ "https://192.0.2.1/", "is an address" },
	{ "https://192.0.2.1./", "is an address" },
	{ "https://127.1/", "is an address" },
	{ "https://2130706433/", "is an address" },
	{ "https://0x7f000001/", "is an address" },
	{ "https://[2001:db8::1]/", "no " },
	{ "https://x/[a]", "brackets" },
	{ "https://x/?a[]=b", "brackets" },
	{ "https://x/a b", "must be encoded" },
	{ "https://x/a\tb", "must be encoded" },
	{ "https://x/\r\nHost: y", "must be encoded" },
	{ "https://x/\177", "must be encoded" },
	{ "https://b\xc3\xbc"
	  "cher.example/",
	    "must be encoded" },
	{ "https://x/\xc3\xa9", "must be encoded" },
	{ "https://x/%0d%0a", "control character" },
	{ "https://x/%00", "control character" },
	{ "https://x/%7F", "control character" },
	{ "https://x/%", "must be encoded" },
	{ "https://x/%2", "must be encoded" },
	{ "https://x/%zz", "must be encoded" },
	{ "https://x/!", "must be encoded" },
	{ "https://x/a,b", "must be encoded" },
	{ "https://x/a;b", "must be encoded" },
	{ "https://x/\"", "must be encoded" },
	{ "https://x/<>", "must be encoded" },
	{ "https://x/\\", "must be encoded" },
	{ "https://x/^`{|}", "must be encoded" },
	{ "https://x/#\n", "must be encoded" },
};

START_TEST(rpt_08_what_is_no_place_for_a_report)
{
	struct sts_error err;
	struct sts_uri uri = { .port = 7 };
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		ck_assert_msg(sts_uri_https(bad[i].text, strlen(bad[i].text),
				  &uri, &err) == STS_ERECORD,
		    "%s", bad[i].text);
		ck_assert_msg(strstr(err.text, bad[i].why) != NULL,
		    "%s: \"%s\" in \"%s\"", bad[i].text, bad[i].why, err.text);
	}
	ck_assert_uint_eq(uri.port, 7);
	ck_assert_int_eq(sts_uri_https("https://x/\0", 11, &uri, &err),
	    STS_ERECORD);
}
END_TEST

START_TEST(length_is_bounded)
{
	char text[STS_URI_MAX + 2] = "https://x?";
	struct sts_error err;
	struct sts_uri uri;

	memset(text + 10, 'y', sizeof(text) - 10);
	ck_assert_int_eq(sts_uri_https(text, STS_URI_MAX, &uri, &err), STS_OK);
	ck_assert_uint_eq(strlen(uri.target), STS_URI_MAX - 8);
	ck_assert_int_eq(sts_uri_https(text, STS_URI_MAX + 1, &uri, &err),
	    STS_ERECORD);
	ck_assert_ptr_nonnull(strstr(err.text, "longer than 1024 octets"));
}
END_TEST

static const struct {
	const char *text, *address; /* NULL: refused */
} mails[] = {
	{ "mailto:tls@example.com", "tls@example.com" },
	{ "MailTo:Tls@Example.com", "Tls@Example.com" },
	{ "mailto:tls%2Breports@example.com", "tls+reports@example.com" },
	{ "mailto:tls+reports@example.com", "tls+reports@example.com" },
	{ "mailto:a%21b@x", "a!b@x" },
	{ "mailto:a%40x", "a@x" },
	{ "mailto:a@b%2Eexample", "a@b.example" },
	{ "mailto:a@x?subject=b", "a@x" },
	{ "mailto:a@x?bcc=v@y", "a@x" },
	{ "mailto:a@x#frag", "a@x" },
	{ "mailto:a@x?", "a@x" },
	{ "mailto:", NULL },
	{ "mailto:?to=a@x", NULL },
	{ "mailto:a", NULL },
	{ "mailto:@x", NULL },
	{ "mailto:a@", NULL },
	{ "mailto:a@b@x", NULL },
	{ "mailto:-a@x", NULL },
	{ "mailto:%2Da@x", NULL },
	{ "mailto://a@x", "//a@x" },
	{ "mailto:a@x!10m", NULL },
	{ "mailto:a%2Cb@x", NULL },
	{ "mailto:a@x%2Cb@x", NULL },
	{ "mailto:a@x,b@x", NULL },
	{ "mailto:a%20b@x", NULL },
	{ "mailto:%22a%20b%22@x", NULL },
	{ "mailto:a%0d%0aBcc:b@x", NULL },
	{ "mailto:a@x%0a", NULL },
	{ "mailto:a%00@x", NULL },
	{ "mailto:a@x?subject=%0d%0a", NULL },
	{ "mailto:%C3%A9@x", NULL },
	{ "mailto:a@b%C3%BCcher.example", NULL },
	{ "mailto:\xc3\xa9@x", NULL },
	{ "mailto:a@192.0.2.1", NULL },
	{ "mailto:a@[192.0.2.1]", NULL },
	{ "mailto:a%@x", NULL },
	{ "https://a@x", NULL },
	{ "a@x", NULL },
};

START_TEST(rpt_09_mailto_is_one_address)
{
	char address[STS_MAIL_MAX + 1];
	struct sts_error err;
	enum sts_rc rc;
	size_t i;

	for (i = 0; i < COUNT(mails); i++) {
		(void)snprintf(address, sizeof(address), "untouched");
		rc = sts_uri_mailto(mails[i].text, strlen(mails[i].text),
		    address, &err);
		ck_assert_msg((rc == STS_OK) == (mails[i].address != NULL),
		    "%s", mails[i].text);
		ck_assert_str_eq(address,
		    rc == STS_OK ? mails[i].address : "untouched");
		ck_assert(rc == STS_OK || rc == STS_ERECORD);
	}
}
END_TEST

START_TEST(rpt_09_longest_address)
{
	char text[600] = "mailto:a%40", address[STS_MAIL_MAX + 1];
	const char *label = ".a1234567890123456789";
	size_t at = strlen(text);

	while (at < 11 + 252 - 21) {
		memcpy(text + at, label + (at == 11), 21 - (at == 11));
		at += 21 - (at == 11);
	}
	memset(text + at, 'b', 11 + 252 - at);
	ck_assert_int_eq(sts_uri_mailto(text, 11 + 252, address, NULL), STS_OK);
	ck_assert_uint_eq(strlen(address), STS_MAIL_MAX);
	text[11 + 252] = 'b';
	ck_assert_int_eq(sts_uri_mailto(text, 11 + 253, address, NULL),
	    STS_ERECORD);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("uri");
	TCase *tcase = tcase_create("uri");

	tcase_add_test(tcase, rpt_08_https_is_taken_apart);
	tcase_add_test(tcase, rpt_08_what_is_no_place_for_a_report);
	tcase_add_test(tcase, length_is_bounded);
	tcase_add_test(tcase, rpt_09_mailto_is_one_address);
	tcase_add_test(tcase, rpt_09_longest_address);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
