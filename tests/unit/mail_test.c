/* SPDX-License-Identifier: ISC */
/*
 * Addresses that need no quoting anywhere: in a header field, on a command
 * line, in the name of a file.
 */
#include <check.h>
#include <string.h>

#include "base/mail.h"
#include "suite.h"

#define LOCAL_64                                                               \
	"0123456789012345678901234567890123456789012345678901234567890123"

static const struct {
	const char *text;
	bool valid;
} addresses[] = {
	{ "tls-reports@example.org", true },
	{ "a@x", true },
	{ "A.B@Example.ORG", true },
	{ "0!#$%&'*+-/=?^_`{|}~@x", true },
	{ LOCAL_64 "@x", true },
	{ LOCAL_64 "a@x", false },
	{ "", false },
	{ "@", false },
	{ "a", false },
	{ "a@", false },
	{ "@x", false },
	{ "a@b@x", false },
	{ ".a@x", false },
	{ "a.@x", false },
	{ "a..b@x", false },
	{ "-a@x", false }, /* an option */
	{ "a b@x", false },
	{ " a@x", false },
	{ "a@x ", false },
	{ "a@x\n", false },
	{ "a\r\nBcc: b@x", false },
	{ "a,b@x", false },
	{ "a;b@x", false },
	{ "a:b@x", false },
	{ "<a@x>", false },
	{ "(a)b@x", false },
	{ "\"a\"@x", false },
	{ "a\\b@x", false },
	{ "a[b@x", false },
	{ "a\177@x", false },
	{ "\xc3\xa9@x", false },
	{ "a@\xc3\xa9", false },
	{ "a@x.", false },
	{ "a@.x", false },
	{ "a@-x", false },
	{ "a@x_y", false },
	{ "a@192.0.2.1", false },
	{ "a@[192.0.2.1]", false },
};

START_TEST(address_is_a_dot_atom_and_a_domain)
{
	size_t i;

	for (i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++)
		ck_assert_msg(sts_mail_valid(addresses[i].text,
				  strlen(addresses[i].text)) ==
				  addresses[i].valid,
		    "\"%s\"", addresses[i].text);
	ck_assert(!sts_mail_valid("a\0b@x", 5));
	ck_assert(!sts_mail_valid("a@x\0y", 5));
	ck_assert(sts_mail_valid("a@xyz", 3));
}
END_TEST

START_TEST(address_has_at_most_254_octets)
{
	char text[STS_MAIL_MAX + 2];
	size_t i;

	memset(text, 'a', sizeof(text));
	for (i = 63; i < sizeof(text) - 2; i += 63)
		text[i] = '.';
	text[1] = '@';
	ck_assert(sts_mail_valid(text, STS_MAIL_MAX));
	ck_assert(!sts_mail_valid(text, STS_MAIL_MAX + 1));
}
END_TEST

START_TEST(domain_stands_behind_the_at)
{
	ck_assert_str_eq(sts_mail_domain("tls@Example.org"), "Example.org");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mail");
	TCase *tcase = tcase_create("mail");

	tcase_add_test(tcase, address_is_a_dot_atom_and_a_domain);
	tcase_add_test(tcase, address_has_at_most_254_octets);
	tcase_add_test(tcase, domain_stands_behind_the_at);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
