/* SPDX-License-Identifier: ISC */
/*
 * STS-34: which addresses a policy host may have.  Both sides of each edge
 * of the special-purpose registries.
 */
#include <check.h>
#include <stdlib.h>

#include "base/addr.h"
#include "suite.h"

static const struct {
	const char *first, *last;   /* of the special block */
	const char *before, *after; /* NULL: belongs to another such block */
} blocks[] = {
	{ "0.0.0.0", "0.255.255.255", NULL, "1.0.0.0" },
	{ "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0" },
	{ "100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0" },
	{ "127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0" },
	{ "169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0" },
	{ "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0" },
	{ "192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0" },
	{ "192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0" },
	{ "192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0" },
	{ "192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0" },
	{ "198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0" },
	{ "198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0" },
	{ "203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0" },
	{ "224.0.0.0", "255.255.255.255", "223.255.255.255", NULL },
	{ "::", "1fff:ffff::", NULL, "2000::" },
	{ "::1", "::1", NULL, NULL },
	{ "::7f00:1", "::808:808", NULL, NULL },
	{ "::ffff:127.0.0.1", "::ffff:8.8.8.8", NULL, NULL },
	{ "64:ff9b::a00:1", "64:ff9b::aff:ffff", "64:ff9b::9ff:ffff",
	    "64:ff9b::b00:0" },
	{ "64:ff9b::7f00:1", "64:ff9b::c000:2ff", "64:ff9b::808:808",
	    "64:ff9b::c000:300" },
	{ "64:ff9b:1::", "64:ff9b:1:ffff:ffff:ffff:808:808", NULL, NULL },
	{ "64:ff9b:0:1::808:808", "64:ff9a:ffff::", NULL, NULL },
	{ "100::", "100::ffff:ffff:ffff:ffff", NULL, NULL },
	{ "2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::" },
	{ "2001:2::", "2001:20::1", NULL, NULL },
	{ "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
	    "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::" },
	{ "2002:a00:1::", "2002:c0a8:101::1", "2002:808:808::1",
	    "2002:102:304::" },
	{ "2002:7f00:1::1", "2002:e000:1::1", NULL, "2003::" },
	{ "3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff",
	    "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::" },
	{ "4000::", "5f00::1", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
	    NULL },
	{ "fc00::", "fdff:ffff::", NULL, NULL },
	{ "fe80::", "febf::1", NULL, NULL },
	{ "fec0::1", "ff02::1", NULL, NULL },
};

static bool
global(const char *text)
{
	struct sts_addr addr;

	ck_assert_msg(sts_addr_parse(text, &addr), "%s", text);
	return sts_addr_global(&addr);
}

START_TEST(sts_34_special_blocks_are_not_global)
{
	ck_assert_msg(!global(blocks[_i].first), "%s", blocks[_i].first);
	ck_assert_msg(!global(blocks[_i].last), "%s", blocks[_i].last);
	if (blocks[_i].before != NULL)
		ck_assert_msg(global(blocks[_i].before), "%s",
		    blocks[_i].before);
	if (blocks[_i].after != NULL)
		ck_assert_msg(global(blocks[_i].after), "%s", blocks[_i].after);
}
END_TEST

START_TEST(sts_34_real_hosts_are_global)
{
	static const char *const hosts[] = { "8.8.8.8", "2a00:1450:4001::1",
		"2620:4f:8000::1", "2606:4700::1111", "223.255.255.255" };
	struct sts_addr unset = { .family = 0 };
	size_t i;

	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		ck_assert_msg(global(hosts[i]), "%s", hosts[i]);
	ck_assert(!sts_addr_global(&unset));
}
END_TEST

static const struct {
	const char *network, *inside, *outside;
} networks[] = {
	{ "10.0.0.0/8", "10.255.0.1", "11.0.0.0" },
	{ "192.168.4.0/22", "192.168.7.255", "192.168.8.0" },
	{ "127.0.0.1", "127.0.0.1", "127.0.0.2" },
	{ "127.0.0.1/32", "127.0.0.1", "127.0.0.0" },
	{ "0.0.0.0/0", "255.255.255.255", "::" },
	{ "::/0", "ff::1", "0.0.0.0" },
	{ "fd00:1234::/33", "fd00:1234:7fff::1", "fd00:1234:8000::" },
	{ "::1", "::1", "::2" },
	{ "2001:db8::/127", "2001:db8::1", "2001:db8::2" },
};

START_TEST(sts_34_allow_network_opens_exactly_that)
{
	struct sts_network net[2];
	struct sts_addr in, out;

	ck_assert_int_eq(sts_network_parse("203.0.113.9", &net[0], NULL),
	    STS_OK);
	ck_assert_int_eq(sts_network_parse(networks[_i].network, &net[1], NULL),
	    STS_OK);
	ck_assert(sts_addr_parse(networks[_i].inside, &in));
	ck_assert(sts_addr_parse(networks[_i].outside, &out));
	ck_assert(sts_addr_in(&in, net, 2));
	ck_assert(!sts_addr_in(&in, net, 1));
	ck_assert(!sts_addr_in(&out, net, 2));
}
END_TEST

START_TEST(network_that_is_none_is_refused_with_a_reason)
{
	static const char *const bad[] = { "", "/8", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/8 ", "10.0.0.0/8/8",
		"10.0.0.1/8", "10.0.0/8", "10/8", "::/129", "fd00::1/64",
		"fe80::1%lo", "localhost", "010.0.0.0/8", "1.2.3.4.5",
		"::ffff:1.2.3.4/4294967297",
		"1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc" };
	struct sts_network net = { .bits = 77 };
	struct sts_error err;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		err.text[0] = '\0';
		ck_assert_msg(sts_network_parse(bad[i], &net, &err) ==
				  STS_ECONFIG,
		    "%s", bad[i]);
		ck_assert_str_ne(err.text, "");
		ck_assert_uint_eq(net.bits, 77);
	}
}
END_TEST

START_TEST(text_is_read_and_written)
{
	char text[STS_ADDR_TEXT];
	struct sts_addr addr;
	unsigned number = 0;

	ck_assert(sts_addr_parse("2001:DB8:0:0::1", &addr));
	ck_assert_str_eq(sts_addr_text(&addr, text), "2001:db8::1");
	ck_assert(sts_addr_parse("192.0.2.1", &addr));
	ck_assert_str_eq(sts_addr_text(&addr, text), "192.0.2.1");
	ck_assert(!sts_addr_parse("192.0.2", &addr));
	ck_assert(!sts_addr_parse("192.0.2.1 ", &addr));
	ck_assert(!sts_addr_parse("[::1]", &addr));
	addr.family = 0;
	ck_assert_str_eq(sts_addr_text(&addr, text), "?");
	ck_assert(sts_addr_number("65535", 65535, &number));
	ck_assert_uint_eq(number, 65535);
	ck_assert(!sts_addr_number("65536", 65535, &number));
	ck_assert(!sts_addr_number("99999999999999999999", 65535, &number));
	ck_assert(!sts_addr_number("", 65535, &number));
}
END_TEST

START_TEST(loopback_is_127_slash_8_and_colon_colon_1)
{
	struct sts_addr addr;

	ck_assert(sts_addr_parse("127.0.0.53", &addr));
	ck_assert(sts_addr_loopback(&addr));
	ck_assert(sts_addr_parse("::1", &addr));
	ck_assert(sts_addr_loopback(&addr));
	ck_assert(sts_addr_parse("::2", &addr));
	ck_assert(!sts_addr_loopback(&addr));
	ck_assert(sts_addr_parse("128.0.0.1", &addr));
	ck_assert(!sts_addr_loopback(&addr));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("addr");
	TCase *tc = tcase_create("addr");

	tcase_add_loop_test(tc, sts_34_special_blocks_are_not_global, 0,
	    sizeof(blocks) / sizeof(blocks[0]));
	tcase_add_test(tc, sts_34_real_hosts_are_global);
	tcase_add_loop_test(tc, sts_34_allow_network_opens_exactly_that, 0,
	    sizeof(networks) / sizeof(networks[0]));
	tcase_add_test(tc, network_that_is_none_is_refused_with_a_reason);
	tcase_add_test(tc, text_is_read_and_written);
	tcase_add_test(tc, loopback_is_127_slash_8_and_colon_colon_1);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
