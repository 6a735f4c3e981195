/* SPDX-License-Identifier: ISC */
/*
 * Whose mail it was: the ledger of what the table told smtpd to use.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/charge.h"
#include "suite.h"

static struct sts_charges *charges;
static struct sts_charge *out[STS_CHARGE_AT_ONCE];

static void
setup(void)
{
	ck_assert_int_eq(sts_charges_new(&charges, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_charges_free(charges);
}

static struct sts_addr
at(const char *text)
{
	struct sts_addr addr;

	ck_assert(sts_addr_parse(text, &addr));
	return addr;
}

static void
choose(const char *domain, const char *host, const char *address, int64_t now)
{
	struct sts_addr addr = at(address);

	sts_charge_chosen(charges, domain, host, &addr, 1, now);
}

/* The domains that a failure at ADDRESS is charged to, as "a b". */
static const char *
charged(const char *address, int64_t now)
{
	static char told[256];
	struct sts_addr addr = at(address);
	size_t i, len = 0, count;

	count = sts_charge_failed(charges, &addr, now, out);
	told[0] = '\0';
	for (i = 0; i < count; i++)
		len += (size_t)snprintf(told + len, sizeof(told) - len, "%s%s",
		    i == 0 ? "" : " ", out[i]->domain);
	return told;
}

static void
close_entry(const char *domain, const char *address)
{
	struct sts_addr addr = at(address);
	struct sts_charge *charge = sts_charge_find(charges, domain, &addr);

	ck_assert_ptr_nonnull(charge);
	charge->open = false;
}

START_TEST(a_failure_is_charged_to_all_who_were_sent_there)
{
	choose("a", "mx.a", "192.0.2.1", 1);
	choose("b", "mx.b", "192.0.2.2", 2);
	choose("c", "mx.a", "192.0.2.1", 3);
	ck_assert_str_eq(charged("192.0.2.1", 4), "a c");
	ck_assert_str_eq(charged("192.0.2.2", 4), "b");
	/* Of several addresses each is tried: the entry stays. */
	ck_assert_str_eq(charged("192.0.2.2", 5), "b");
}
END_TEST

START_TEST(what_was_delivered_is_charged_only_if_nothing_else_is_there)
{
	choose("a", "mx.a", "192.0.2.1", 1);
	choose("b", "mx.b", "192.0.2.1", 2);
	close_entry("a", "192.0.2.1");
	ck_assert_str_eq(charged("192.0.2.1", 3), "b");
	close_entry("b", "192.0.2.1");
	ck_assert_str_eq(charged("192.0.2.1", 3), "b");
	choose("a", "mx.a", "192.0.2.1", 4);
	ck_assert_str_eq(charged("192.0.2.1", 5), "a");
}
END_TEST

START_TEST(an_unknown_address_is_charged_when_only_one_can_be_meant)
{
	struct sts_addr addr = at("192.0.2.1");

	choose("a", "mx.a", "192.0.2.1", 1);
	choose("b", "mx.b", "192.0.2.2", 2);
	ck_assert_str_eq(charged("192.0.2.7", 3), "");
	sts_charge_heard(charges, &addr);
	ck_assert_str_eq(charged("192.0.2.7", 4), "b");
	close_entry("b", "192.0.2.2");
	ck_assert_str_eq(charged("192.0.2.7", 4), "");
}
END_TEST

START_TEST(an_entry_is_no_charge_for_ever)
{
	choose("a", "mx.a", "192.0.2.1", 0);
	ck_assert_str_eq(charged("192.0.2.1", STS_CHARGE_LIFE - 1), "a");
	ck_assert_str_eq(charged("192.0.2.1", STS_CHARGE_LIFE), "");
	ck_assert_str_eq(charged("192.0.2.7", STS_CHARGE_LIFE), "");
	ck_assert_uint_eq(sts_charge_suspects(charges, 1, STS_CHARGE_LIFE, out),
	    0);
}
END_TEST

START_TEST(a_domain_is_found_where_its_mail_goes)
{
	struct sts_addr first = at("192.0.2.1"), other = at("192.0.2.7");

	choose("a", "mx1.a", "192.0.2.1", 1);
	choose("a", "mx2.a", "192.0.2.2", 2);
	ck_assert_str_eq(sts_charge_find(charges, "a", &first)->host, "mx1.a");
	ck_assert_str_eq(sts_charge_find(charges, "a", &other)->host, "mx2.a");
	ck_assert_ptr_null(sts_charge_find(charges, "b", &first));
}
END_TEST

/* Chosen in time, not heard of since, not delivered; and told once. */
START_TEST(suspects_are_those_of_whom_nothing_was_heard)
{
	struct sts_addr heard = at("192.0.2.1");

	choose("a", "mx.a", "192.0.2.1", 1);
	choose("b", "mx.b", "192.0.2.2", 2);
	choose("c", "mx.c", "192.0.2.3", 3);
	choose("d", "mx.d", "192.0.2.4", 9);
	sts_charge_heard(charges, &heard);
	close_entry("c", "192.0.2.3");
	ck_assert_uint_eq(sts_charge_suspects(charges, 5, 10, out), 1);
	ck_assert_str_eq(out[0]->host, "mx.b");
	ck_assert_uint_eq(sts_charge_suspects(charges, 5, 10, out), 0);
	choose("b", "mx.b", "192.0.2.2", 20);
	ck_assert_uint_eq(sts_charge_suspects(charges, 20, 21, out), 2);
}
END_TEST

/* smtpd asks again and again, and tries only what it believes to be up. */
START_TEST(a_suspect_is_one_however_often_it_is_chosen)
{
	struct sts_addr addr = at("192.0.2.1");

	choose("a", "mx.a", "192.0.2.1", 1);
	choose("a", "mx.a", "192.0.2.1", 9);
	ck_assert_uint_eq(sts_charge_suspects(charges, 0, 10, out), 0);
	ck_assert_uint_eq(sts_charge_suspects(charges, 1, 10, out), 1);
	sts_charge_heard(charges, &addr);
	choose("a", "mx.a", "192.0.2.1", 20);
	ck_assert_uint_eq(sts_charge_suspects(charges, 1, 21, out), 0);
}
END_TEST

START_TEST(the_ledger_is_bounded)
{
	struct sts_addr addr = at("192.0.2.1");
	char domain[32];
	int64_t i;

	for (i = 0; i <= STS_CHARGE_MAX; i++) {
		(void)snprintf(domain, sizeof(domain), "d%d", (int)i);
		choose(domain, "mx", "192.0.2.1", i);
	}
	ck_assert_ptr_null(sts_charge_find(charges, "d0", &addr));
	ck_assert_ptr_nonnull(sts_charge_find(charges, "d1", &addr));
	ck_assert_ptr_nonnull(sts_charge_find(charges, domain, &addr));
	ck_assert_uint_eq(sts_charge_failed(charges, &addr, i, out),
	    STS_CHARGE_AT_ONCE);
	ck_assert_uint_eq(sts_charge_suspects(charges, i, i, out),
	    STS_CHARGE_AT_ONCE);
}
END_TEST

START_TEST(addresses_are_bounded)
{
	struct sts_addr addr[STS_CHARGE_ADDRESSES + 1];
	size_t i;

	for (i = 0; i <= STS_CHARGE_ADDRESSES; i++)
		addr[i] = at(i == 0 ? "2001:db8::1" : "192.0.2.9");
	sts_charge_chosen(charges, "a", "mx", addr, STS_CHARGE_ADDRESSES + 1,
	    1);
	ck_assert_str_eq(charged("2001:db8::1", 2), "a");
}
END_TEST

static Suite *
charge_suite(void)
{
	Suite *suite = suite_create("charge");
	TCase *tcase = tcase_create("ledger");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_failure_is_charged_to_all_who_were_sent_there);
	tcase_add_test(tcase,
	    what_was_delivered_is_charged_only_if_nothing_else_is_there);
	tcase_add_test(tcase,
	    an_unknown_address_is_charged_when_only_one_can_be_meant);
	tcase_add_test(tcase, an_entry_is_no_charge_for_ever);
	tcase_add_test(tcase, a_domain_is_found_where_its_mail_goes);
	tcase_add_test(tcase, suspects_are_those_of_whom_nothing_was_heard);
	tcase_add_test(tcase, a_suspect_is_one_however_often_it_is_chosen);
	tcase_add_test(tcase, the_ledger_is_bounded);
	tcase_add_test(tcase, addresses_are_bounded);
	suite_add_tcase(suite, tcase);
	return suite;
}

int
main(void)
{
	return suite_run(charge_suite());
}
