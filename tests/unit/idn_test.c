/* SPDX-License-Identifier: ISC */
/*
 * Internationalized recipient domains (RFC.md STS-87).
 */
#include <check.h>
#include <string.h>

#include "base/idn.h"
#include "suite.h"

#define LABEL63                                                                \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define U8  "\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc\xc3\xbc"
#define U64 U8 U8 U8 U8 U8 U8 U8 U8

static const struct {
	const char *name, *out; /* NULL: not a domain */
} cases[] = {
	{ "example.com", "example.com" },
	{ "EXAMPLE.Com.", "example.com" },
	{ "b\xc3\xbc"
	  "cher.example",
	    "xn--bcher-kva.example" },
	{ "B\xc3\x9c"
	  "CHER.Example.",
	    "xn--bcher-kva.example" },
	/* decomposed u and diaeresis */
	{ "bu\xcc\x88"
	  "cher.example",
	    "xn--bcher-kva.example" },
	/* nontransitional: sharp s stays itself */
	{ "fa\xc3\x9f.example", "xn--fa-hia.example" },
	/* ideographic full stop */
	{ "b\xc3\xbc"
	  "cher\xe3\x80\x82"
	  "example",
	    "xn--bcher-kva.example" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "\xe4\xbe\x8b\xe3\x81\x88.\xe3\x83\x86\xe3\x82\xb9\xe3\x83\x88",
	    "xn--r8jz45g.xn--zckzah" },
	{ "b\xc3", NULL }, /* cut UTF-8 */
	{ "\xff\xfe.example", NULL },
	{ "\xe2\x98\x83-.example", NULL },
	{ "\xc3\xbc_.example", NULL },
	{ "\xc3\xbc..example", NULL },
	{ "[192.0.2.1]", NULL },
	{ "192.0.2.1", NULL },
	/* full-width digits become an address */
	{ "\xef\xbc\x91.2.3.4", NULL },
	{ "", NULL },
	{ ".", NULL },
	{ "\xc3\xbc" LABEL63 ".example", NULL },
	{ "\xc3\xbc." LABEL63 "." LABEL63 "." LABEL63 "." LABEL63, NULL },
	{ U64 U64 U64 U64 U64 U64 U64 U64 U64, NULL },
};

START_TEST(u_labels_become_a_labels)
{
	char out[STS_DOMAIN_MAX + 1];
	struct sts_error err = { .text = "" };
	enum sts_rc rc = sts_idn_normalize(cases[_i].name, out, &err);

	if (cases[_i].out == NULL) {
		ck_assert_int_eq(rc, STS_EDOMAIN);
		ck_assert_str_ne(err.text, "");
		return;
	}
	ck_assert_msg(rc == STS_OK, "%s", err.text);
	ck_assert_str_eq(out, cases[_i].out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("idn");
	TCase *tc = tcase_create("idn");

	tcase_add_loop_test(tc, u_labels_become_a_labels, 0,
	    sizeof(cases) / sizeof(cases[0]));
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
