/* SPDX-License-Identifier: ISC */
/*
 * The configuration file: what is taken, what is refused with file:line, and
 * that what is printed reads back to the same.
 */
#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "suite.h"

static enum sts_rc
parse(struct sts_config *config, const char *text, struct sts_error *err)
{
	ck_assert_int_eq(sts_config_init(config, err), STS_OK);
	return sts_config_parse(config, "f", text, strlen(text), err);
}

static const struct {
	const char *text, *error;
} bad[] = {
	{ "stat /x\n", "f:1: unknown keyword \"stat\"" },
	{ "State /x\n", "f:1: unknown keyword \"State\"" },
	{ "redis 127.0.0.1\n", "f:1: unknown keyword \"redis\"" },
	{ "report-from me\n",
	    "f:1: report-from: \"me\" is not a mail address" },
	{ "report-from \"a b@c.example\"\n",
	    "f:1: report-from: \"a b@c.example\" is not a mail address" },
	{ "report-from -f@c.example\n",
	    "f:1: report-from: \"-f@c.example\" is not a mail address" },
	{ "report-suppress http://c.example\n",
	    "f:1: report-suppress: \"http://c.example\" is not a domain, a "
	    "mail address or a URI" },
	{ "report-delay 5h\n",
	    "f:1: report-delay: \"5h\" is not a time from 0s to 14400s "
	    "(units: s m h d)" },
	{ "\n\n\"two words\" x\n", "f:3: unknown keyword \"two words\"" },
	{ "timeout 5s\n# c\ntimeout 6s\n",
	    "f:3: timeout was set on line 1 already" },
	{ "state\n", "f:1: state: a value is missing" },
	{ "state # /x\n", "f:1: state: a value is missing" },
	{ "state x\n", "f:1: state: \"x\" is not an absolute path" },
	{ "state \"\"\n", "f:1: state: \"\" is not an absolute path" },
	{ "state /a /b\n",
	    "f:1: state: one value is expected, \"/b\" is too much" },
	{ "state \"/a\n", "f:1: state: closing \" is missing" },
	{ "state \"/a\"b\n",
	    "f:1: state: a blank is missing behind the closing \"" },
	{ "state /a\"b\"\n", "f:1: state: a quote in the middle of a word" },
	{ "timeout 10\n", "f:1: timeout: \"10\" is not a time from 1s to 60s "
			  "(units: s m h d)" },
	{ "timeout 0s\n", "f:1: timeout: \"0s\" is not a time from 1s to 60s "
			  "(units: s m h d)" },
	{ "timeout 61s\n", "f:1: timeout: \"61s\" is not a time from 1s to 60s "
			   "(units: s m h d)" },
	{ "timeout 2m\n", "f:1: timeout: \"2m\" is not a time from 1s to 60s "
			  "(units: s m h d)" },
	{ "timeout -1s\n", "f:1: timeout: \"-1s\" is not a time from 1s to 60s "
			   "(units: s m h d)" },
	{ "timeout 999999999999d\n",
	    "f:1: timeout: \"999999999999d\" is not a time from 1s to 60s "
	    "(units: s m h d)" },
	{ "timeout 5sx\n", "f:1: timeout: \"5sx\" is not a time from 1s to 60s "
			   "(units: s m h d)" },
	{ "parallel 0\n",
	    "f:1: parallel: \"0\" is not a number from 1 to 256" },
	{ "parallel 257\n",
	    "f:1: parallel: \"257\" is not a number from 1 to 256" },
	{ "parallel 9999999999999999999999\n",
	    "f:1: parallel: \"9999999999999999999999\" is not a number "
	    "from 1 to 256" },
	{ "trust-ad true\n", "f:1: trust-ad: \"true\" is neither yes nor no" },
	{ "on-error bounce\n",
	    "f:1: on-error: \"bounce\" is none of: defer, live" },
	{ "log-level all\n",
	    "f:1: log-level: \"all\" is none of: error, warning, notice, "
	    "info, debug" },
	{ "resolver localhost\n",
	    "f:1: resolver: \"localhost\" is not an address, address:port or "
	    "[address]:port" },
	{ "resolver 127.0.0.1:0\n",
	    "f:1: resolver: \"127.0.0.1:0\" is not an address, address:port "
	    "or [address]:port" },
	{ "resolver 127.0.0.1:65536\n",
	    "f:1: resolver: \"127.0.0.1:65536\" is not an address, "
	    "address:port or [address]:port" },
	{ "resolver [127.0.0.1]:53\n",
	    "f:1: resolver: \"[127.0.0.1]:53\" is not an address, "
	    "address:port or [address]:port" },
	{ "allow-network 10.0.0.0/33\n",
	    "f:1: allow-network: \"10.0.0.0/33\" is not an address or "
	    "address/bits" },
	{ "allow-network 2001:db8::/129\n",
	    "f:1: allow-network: \"2001:db8::/129\" is not an address or "
	    "address/bits" },
	{ "allow-network 10/8\n",
	    "f:1: allow-network: \"10/8\" is not an address or "
	    "address/bits" },
	{ "self mx..example\n",
	    "f:1: self: \"mx..example\" is not a host name or an address" },
	{ "self 192.0.2.256\n",
	    "f:1: self: \"192.0.2.256\" is not a host name or an address" },
	{ "self 192.0.2.0/24\n",
	    "f:1: self: \"192.0.2.0/24\" is not a host name or an address" },
	{ "outbound-network mx.example\n",
	    "f:1: outbound-network: \"mx.example\" is not an address or "
	    "address/bits" },
	{ "proxy ftp://x\n",
	    "f:1: proxy: \"ftp://x\" is not an http, https or socks5h URL" },
	{ "proxy http://\n",
	    "f:1: proxy: \"http://\" is not an http, https or socks5h URL" },
	{ "require  # nothing\n", "f:1: require: a rule is missing" },
	{ "require a.example reason \"x\n",
	    "f:1: require: closing \" is missing" },
	{ "trust-ad yes\x01\n", "f:1: control character 1 at octet 13" },
	{ "trust-ad\x0b yes\n", "f:1: control character 11 at octet 9" },
	{ "trust-ad yes\x7f\n", "f:1: control character 127 at octet 13" },
};

START_TEST(bad_line_is_named)
{
	struct sts_config config;
	struct sts_error err;

	ck_assert_int_eq(parse(&config, bad[_i].text, &err), STS_ECONFIG);
	ck_assert_int_eq(err.rc, STS_ECONFIG);
	ck_assert_str_eq(err.text, bad[_i].error);
	sts_config_clear(&config);
}
END_TEST

START_TEST(error_may_be_null)
{
	struct sts_config config;

	ck_assert_int_eq(sts_config_init(&config, NULL), STS_OK);
	ck_assert_int_eq(sts_config_parse(&config, "f", "timeout 0s", 10, NULL),
	    STS_ECONFIG);
	ck_assert_int_eq(sts_config_parse(&config, "f", "x", 1, NULL),
	    STS_ECONFIG);
	sts_config_clear(&config);
	ck_assert_int_eq(sts_config_read(&config, "/nonexistent", false, NULL),
	    STS_ECONFIG);
}
END_TEST

START_TEST(nul_is_refused)
{
	static const char text[] = "trust-ad yes\0no\n";
	struct sts_config config;
	struct sts_error err;

	ck_assert_int_eq(sts_config_init(&config, &err), STS_OK);
	ck_assert_int_eq(sts_config_parse(&config, "f", text, sizeof(text) - 1,
			     &err),
	    STS_ECONFIG);
	ck_assert_str_eq(err.text, "f:1: control character 0 at octet 13");
	sts_config_clear(&config);
}
END_TEST

START_TEST(line_has_a_limit)
{
	struct sts_config config;
	struct sts_error err;
	char text[STS_CONFIG_LINE_MAX + 2];

	memset(text, '#', sizeof(text));
	ck_assert_int_eq(sts_config_init(&config, &err), STS_OK);
	ck_assert_int_eq(sts_config_parse(&config, "f", text,
			     STS_CONFIG_LINE_MAX, &err),
	    STS_OK);
	ck_assert_int_eq(sts_config_parse(&config, "f", text,
			     STS_CONFIG_LINE_MAX + 1, &err),
	    STS_ECONFIG);
	ck_assert_str_eq(err.text, "f:1: line is longer than 4096 octets");
	sts_config_clear(&config);
}
END_TEST

START_TEST(defaults)
{
	struct sts_config config;
	struct sts_error err;

	ck_assert_int_eq(sts_config_init(&config, &err), STS_OK);
	ck_assert_ptr_null(config.state);
	ck_assert_int_eq(config.timeout, 15);
	ck_assert_int_eq(config.parallel, 16);
	ck_assert(!config.trust_ad);
	ck_assert_int_eq(config.on_error, STS_ON_ERROR_DEFER);
	ck_assert_int_eq(config.on_dns_error, STS_ON_DNS_ERROR_NONE);
	ck_assert_int_eq(config.log_level, STS_LOG_NOTICE);
	ck_assert_uint_eq(config.resolver.count, 0);
	sts_config_clear(&config);
}
END_TEST

static const char full[] =
    "# all of it\r\n"
    "state \"/var/lib/a \\\"b\\\" \\\\c#d\"\t# quoted\n"
    "\tca-file  /etc/ssl/ca.pem#x\n"
    "ca-dir /etc/ssl/certs\n"
    "resolver 127.0.0.1\n"
    "resolver 127.0.0.1:5353\n"
    "resolver ::1\n"
    "resolver [2001:db8::1]:53 # v6\n"
    "resolver [::1]\n"
    "trust-ad yes\n"
    "timeout 1m\n"
    "parallel 256\n"
    "proxy http://proxy.example:3128\n"
    "allow-network 10.0.0.0/8\n"
    "allow-network 2001:db8::/0\n"
    "allow-network 192.0.2.1\n"
    "self MX2.example.org\n"
    "self 2001:db8::25\n"
    "outbound-network 192.0.2.0/24\n"
    "on-error live\n"
    "on-dns-error defer\n"
    "require a.example mx \"*.a.example\" reason \"# 17\"   # why\n"
    "require b.example\n"
    "excuse c.example until 2026-12-31 reason ticket#42\n"
    "log-level debug";

START_TEST(every_keyword_is_read)
{
	struct sts_config config;
	struct sts_error err = { .text = "" };

	ck_assert_msg(parse(&config, full, &err) == STS_OK, "%s", err.text);
	ck_assert_str_eq(config.state, "/var/lib/a \"b\" \\c#d");
	ck_assert_str_eq(config.ca_file, "/etc/ssl/ca.pem#x");
	ck_assert_str_eq(config.ca_dir, "/etc/ssl/certs");
	ck_assert_uint_eq(config.resolver.count, 5);
	ck_assert_str_eq(config.resolver.item[3].value, "[2001:db8::1]:53");
	ck_assert_uint_eq(config.resolver.item[3].line, 8);
	ck_assert(config.trust_ad);
	ck_assert_int_eq(config.timeout, 60);
	ck_assert_int_eq(config.parallel, 256);
	ck_assert_str_eq(config.proxy, "http://proxy.example:3128");
	ck_assert_uint_eq(config.allow_network.count, 3);
	ck_assert_uint_eq(config.self.count, 2);
	ck_assert_str_eq(config.self.item[0].value, "MX2.example.org");
	ck_assert_uint_eq(config.outbound_network.count, 1);
	ck_assert_int_eq(config.on_error, STS_ON_ERROR_LIVE);
	ck_assert_int_eq(config.on_dns_error, STS_ON_DNS_ERROR_DEFER);
	ck_assert_uint_eq(config.require.count, 2);
	ck_assert_str_eq(config.require.item[0].value,
	    "a.example mx \"*.a.example\" reason \"# 17\"");
	ck_assert_uint_eq(config.require.item[0].line, 22);
	ck_assert_str_eq(config.excuse.item[0].value,
	    "c.example until 2026-12-31 reason ticket#42");
	ck_assert_int_eq(config.log_level, STS_LOG_DEBUG);
	sts_config_clear(&config);
}
END_TEST

/* The whole of CONFIG as a file. */
static void
print(const struct sts_config *config, struct sts_buf *buf)
{
	struct sts_buf value;
	const char *name;
	bool repeats;
	size_t i, j;

	sts_buf_init(&value, STS_CONFIG_LINE_MAX);
	sts_buf_init(buf, 65536);
	for (i = 0; (name = sts_config_keyword(i, &repeats)) != NULL; i++) {
		for (j = 0; sts_config_value(config, i, j, &value) == STS_OK;
		     j++) {
			ck_assert(repeats || j == 0);
			(void)sts_buf_printf(buf, "%s %s\n", name,
			    sts_buf_text(&value));
			sts_buf_reset(&value);
		}
	}
	sts_buf_clear(&value);
}

START_TEST(what_is_printed_reads_back)
{
	static const char *const texts[] = { full, "", "state \"/x \\\\\"\n" };
	struct sts_config one, two;
	struct sts_buf first, second;
	struct sts_error err = { .text = "" };

	ck_assert_int_eq(parse(&one, texts[_i], &err), STS_OK);
	print(&one, &first);
	ck_assert_msg(parse(&two, sts_buf_text(&first), &err) == STS_OK, "%s",
	    err.text);
	print(&two, &second);
	ck_assert_str_eq(sts_buf_text(&first), sts_buf_text(&second));
	ck_assert_ptr_nonnull(strstr(first.data, "timeout "));
	if (_i == 0) {
		ck_assert_str_eq(one.state, two.state);
		ck_assert_int_eq(one.timeout, two.timeout);
		ck_assert_int_eq(two.excuse.count, 1);
	}
	sts_buf_clear(&first);
	sts_buf_clear(&second);
	sts_config_clear(&one);
	sts_config_clear(&two);
}
END_TEST

START_TEST(missing_file_is_an_error_unless_it_may_be)
{
	struct sts_config config;
	struct sts_error err;

	ck_assert_int_eq(sts_config_read(&config, "/nonexistent/c", false,
			     &err),
	    STS_ECONFIG);
	ck_assert_int_eq(err.rc, STS_ECONFIG);
	ck_assert_str_eq(err.text,
	    "/nonexistent/c: open: No such file or directory");
	ck_assert_int_eq(sts_config_read(&config, "/nonexistent/c", true, &err),
	    STS_OK);
	ck_assert_str_eq(config.path, "/nonexistent/c");
	sts_config_clear(&config);
	ck_assert_int_eq(sts_config_read(&config, "/", true, &err),
	    STS_ECONFIG);
	ck_assert_str_eq(err.text, "/: read: Is a directory");
}
END_TEST

START_TEST(file_has_a_limit)
{
	struct sts_config config;
	struct sts_error err;

	ck_assert_int_eq(sts_config_read(&config, "/dev/zero", false, &err),
	    STS_ECONFIG);
	ck_assert_str_eq(err.text, "/dev/zero: longer than 1048576 octets");
}
END_TEST

START_TEST(file_is_read)
{
	char path[] = "/tmp/config_testXXXXXX";
	struct sts_config config;
	struct sts_error err;
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, "state /s\nx\n", 9), 9);
	ck_assert_int_eq(sts_config_read(&config, path, false, &err), STS_OK);
	ck_assert_str_eq(config.state, "/s");
	ck_assert_str_eq(config.path, path);
	sts_config_clear(&config);
	ck_assert_int_eq(write(fd, "x\n", 2), 2);
	ck_assert_int_eq(sts_config_read(&config, path, false, &err),
	    STS_ECONFIG);
	ck_assert_ptr_nonnull(strstr(err.text, ":2: unknown keyword \"x\""));
	(void)close(fd);
	(void)unlink(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");

	tcase_add_loop_test(tc, bad_line_is_named, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tc, error_may_be_null);
	tcase_add_test(tc, nul_is_refused);
	tcase_add_test(tc, line_has_a_limit);
	tcase_add_test(tc, defaults);
	tcase_add_test(tc, every_keyword_is_read);
	tcase_add_loop_test(tc, what_is_printed_reads_back, 0, 3);
	tcase_add_test(tc, missing_file_is_an_error_unless_it_may_be);
	tcase_add_test(tc, file_has_a_limit);
	tcase_add_test(tc, file_is_read);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
