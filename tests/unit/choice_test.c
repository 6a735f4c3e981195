/* SPDX-License-Identifier: ISC */
/*
 * In which order MX hosts are tried.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../opensmtpd/choice.h"
#include "policy/answer.h"
#include "suite.h"

#define WALL 1700000000
#define TEXT(mode)                                                             \
	"version: STSv1\nmode: " mode "\nmx: *.good\nmx: 192.0.2.1\n"          \
	"max_age: 86400\n"

#define HOST(p, n)                                                             \
	{                                                                      \
		.preference = p, .name = n                                     \
	}
#define SELF(p, n)                                                             \
	{                                                                      \
		.preference = p, .name = n, .self = true                       \
	}
#define FAILED(p, n, f)                                                        \
	{                                                                      \
		.preference = p, .name = n, .failed = f                        \
	}

static struct sts *sts;

static void
setup(void)
{
	struct sts_options options = { .config = "/dev/null" };

	ck_assert_int_eq(sts_new(&options, &sts, NULL), STS_OK);
}

static void
teardown(void)
{
	sts_free(sts);
}

/* What is known of "d"; without TEXT it has no policy. */
static struct sts_result *
know(const char *text)
{
	struct sts_answer_line line = {
		.domain = "d", .answer = STS_ANSWER_NONE, .source = "live"
	};
	struct sts_result *result;
	struct sts_buf buf;

	if (text != NULL) {
		line.answer = STS_ANSWER_POLICY;
		line.expires = WALL;
		memcpy(line.id, "1", 2);
		ck_assert_int_eq(sts_policy_parse(text, strlen(text),
				     &line.policy, NULL, NULL),
		    STS_OK);
	}
	sts_buf_init(&buf, STS_ANSWER_LINE_MAX);
	ck_assert_int_eq(sts_answer_format(&line, &buf), STS_OK);
	ck_assert_int_eq(sts_result_parse(sts, "d", buf.data, buf.len, &result,
			     NULL),
	    STS_OK);
	sts_buf_clear(&buf);
	sts_answer_clear(&line);
	return result;
}

/* clang-format off */
/* "good" list hosts of the policy, "bad" none; x is this machine. */
static const struct order_case {
	const char *text; /* of the policy */
	struct sts_mx_host host[5];
	const char *order;
} cases[] = {
	{ TEXT("enforce"), { HOST(20, "b.good"),
	    HOST(10, "a.good") }, "a.good b.good " },
	/* what the policy does not list */
	{ TEXT("enforce"), { HOST(10, "a.bad"),
	    HOST(20, "b.good") }, "b.good " },
	{ TEXT("enforce"), { HOST(10, "a.bad") }, "" },
	{ TEXT("enforce"), { HOST(0, "") }, "" },
	{ TEXT("enforce"), { HOST(10, "192.0.2.1") }, "" },
	/* testing and none only watch */
	{ TEXT("testing"), { HOST(10, "a.bad"),
	    HOST(20, "b.good") }, "a.bad b.good " },
	{ NULL, { HOST(10, "a.bad") }, "a.bad " },
	{ NULL, { HOST(0, "") }, "" },
	{ NULL, { HOST(10, "192.0.2.1") }, "" },
	/* STS-56: cut at this machine, before the policy is applied */
	{ TEXT("enforce"), { HOST(10, "a.good"), SELF(20, "x.bad"),
	    HOST(20, "b.good"), HOST(30, "c.good") },
	    "a.good " },
	{ TEXT("enforce"), { SELF(20, "x.good"),
	    HOST(30, "c.good") }, "" },
	{ TEXT("enforce"), { SELF(0, "x.good"),
	    HOST(0, "c.good") }, "" },
	{ NULL, { HOST(10, "a.bad"), SELF(20, "x.bad") },
	    "a.bad " },
	/* a failure counts for a while, and less than the list does */
	{ TEXT("enforce"), { FAILED(10, "a.good", WALL - 599),
	    HOST(20, "b.good") }, "b.good a.good " },
	{ TEXT("enforce"), { FAILED(10, "a.good", WALL - 600),
	    HOST(20, "b.good") }, "a.good b.good " },
	{ TEXT("enforce"), { FAILED(10, "a.good", WALL - 5),
	    FAILED(20, "b.good", WALL - 9), FAILED(30, "c.good", WALL - 5) },
	    "b.good a.good c.good " },
	{ TEXT("enforce"), { FAILED(10, "a.good", WALL),
	    HOST(20, "b.bad") }, "a.good " },
	/* one that is still to come was written by another clock */
	{ TEXT("enforce"), { FAILED(10, "a.good", WALL + 1),
	    HOST(20, "b.good") }, "a.good b.good " },
};
/* clang-format on */

static void
show(const struct sts_mx_host *const *order, size_t count, char out[256])
{
	size_t i, at = 0;

	out[0] = '\0';
	for (i = 0; i < count; i++)
		at +=
		    (size_t)snprintf(out + at, 256 - at, "%s ", order[i]->name);
}

START_TEST(policy_preference_and_health)
{
	const struct order_case *c = &cases[_i];
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_result *result = know(c->text);
	static struct sts_mx_list list;
	char text[256];

	memset(&list, 0, sizeof(list));
	memcpy(list.domain, "d", 2);
	memcpy(list.host, c->host, sizeof(c->host));
	/* What is not given has a name of no octet at preference 0. */
	for (list.count = 5;
	     list.count > 1 && list.host[list.count - 1].name[0] == '\0';
	     list.count--)
		continue;
	show(order, sts_choice_order(result, &list, "me", WALL, order), text);
	ck_assert_str_eq(text, c->order);
	sts_result_free(result);
}
END_TEST

/* The first of COUNT equals, as the machine SALT sees it; SHIFT: the order
 * in which DNS gave them. */
static unsigned
first_of(const char *salt, const char *domain, unsigned count, unsigned shift)
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_result *result = know(NULL);
	static struct sts_mx_list list;
	unsigned i;

	memset(&list, 0, sizeof(list));
	(void)snprintf(list.domain, sizeof(list.domain), "%s", domain);
	list.count = count;
	for (i = 0; i < count; i++)
		(void)snprintf(list.host[i].name, sizeof(list.host[i].name),
		    "mx%u.test", (i + shift) % count);
	ck_assert_uint_eq(sts_choice_order(result, &list, salt, WALL, order),
	    count);
	sts_result_free(result);
	return (unsigned)(order[0]->name[2] - '0');
}

START_TEST(equals_are_shared_among_senders_and_domains)
{
	unsigned i, by_salt = 0, by_domain = 0;
	char name[32];

	for (i = 0; i < 64; i++) {
		(void)snprintf(name, sizeof(name), "n%u.test", i);
		by_salt |= 1U << first_of(name, "d", 3, 0);
		by_domain |= 1U << first_of("me", name, 3, 0);
		ck_assert_uint_eq(first_of(name, "d", 3, 0),
		    first_of(name, "d", 3, 1 + i % 2));
	}
	ck_assert_uint_eq(by_salt, 7);
	ck_assert_uint_eq(by_domain, 7);
}
END_TEST

START_TEST(a_list_may_be_full_or_empty)
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	static struct sts_mx_list list = { .domain = "d" };
	struct sts_result *result = know(NULL);
	size_t i;

	ck_assert_uint_eq(sts_choice_order(result, &list, "", WALL, order), 0);
	for (i = 0; i < STS_MX_LIST_MAX; i++)
		memcpy(list.host[i].name, "mx.test", 8);
	list.count = STS_MX_LIST_MAX;
	ck_assert_uint_eq(sts_choice_order(result, &list, "", WALL, order),
	    STS_MX_LIST_MAX);
	sts_result_free(result);
}
END_TEST

/* A machine without a clock begins in 1970. */
START_TEST(no_failure_is_none_at_any_time)
{
	struct sts_mx_host host = HOST(10, "a.good");

	ck_assert(!sts_choice_failed(&host, 5));
	ck_assert(!sts_choice_failed(&host, 0));
	host.failed = 1;
	ck_assert(sts_choice_failed(&host, 5));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("choice");
	TCase *tcase = tcase_create("order");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, policy_preference_and_health, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tcase, equals_are_shared_among_senders_and_domains);
	tcase_add_test(tcase, no_failure_is_none_at_any_time);
	tcase_add_test(tcase, a_list_may_be_full_or_empty);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
