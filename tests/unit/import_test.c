/* SPDX-License-Identifier: ISC */
/*
 * Lists of policies: "cache export", and "cache import", which must never
 * weaken what is held.  Run as root on a state directory below /run.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/list.h"
#include "scratch.h"
#include "site.h"
#include "state/state.h"
#include "suite.h"

#define HOUR 3600
#define WEEK 604800

#define MX "mx: a.example\n"

static struct sts_now now;
static struct sts_buf list;

struct offer { /* a policy, held or in the list */
	const char *mode, *mx;
	int64_t fetched; /* seconds ago */
	int64_t max_age;
	int64_t shorter; /* seconds before fetched + max_age it expires */
};

static struct sts_entry *
make(const char *domain, const struct offer *offer)
{
	struct sts_now at = { .wall = now.wall - offer->fetched,
		.boot_id = "-" };
	struct sts_entry *entry;
	struct sts_error err;
	char text[512];
	int len;

	if (offer->fetched == 0)
		at = now;
	len = snprintf(text, sizeof(text),
	    "version: STSv1\r\nmode: %s\n%smax_age: %lld", offer->mode,
	    offer->mx, (long long)offer->max_age);
	ck_assert_msg(sts_entry_new(domain, "id1", text, (size_t)len, &at,
			  &entry, &err) == STS_OK,
	    "%s", err.text);
	entry->expires -= offer->shorter;
	return entry;
}

static void
hold(const char *domain, const struct offer *offer)
{
	struct sts_entry *entry = make(domain, offer);
	struct sts_state *opened;
	struct sts_known before;

	ck_assert_int_eq(sts_state_open(site_state, STS_DIR_WRITE, &opened,
			     NULL),
	    STS_OK);
	sts_state_load(opened, domain, &now, &before);
	ck_assert_int_eq(sts_state_import(opened, entry, &before, &now, NULL),
	    STS_OK);
	sts_known_clear(&before);
	sts_entry_free(entry);
	sts_state_free(opened);
}

static void
offer_one(const char *domain, const struct offer *offer)
{
	struct sts_entry *entry = make(domain, offer);

	sts_list_add(&list, entry);
	sts_entry_free(entry);
}

static void
write_list(void)
{
	char path[128];
	FILE *stream;

	(void)snprintf(path, sizeof(path), "%s/list", site_base);
	stream = fopen(path, "w");
	ck_assert_ptr_nonnull(stream);
	ck_assert_int_eq(fwrite(list.data, 1, list.len, stream), list.len);
	ck_assert_int_eq(fclose(stream), 0);
}

static void
setup(void)
{
	sts_clock_now(&now);
	sts_buf_init(&list, STS_LIST_MAX);
	sts_list_begin(&list);
	site_setup();
}

static void
teardown(void)
{
	sts_buf_clear(&list);
	site_teardown();
}

/* ---- what may replace what -------------------------------------------- */

/* clang-format off */
static const struct {
	struct offer held; /* mode NULL: nothing */
	struct offer offered;
	const char *result;
} rows[] = {
	{ { 0 }, { "enforce", MX, HOUR, WEEK, 0 },
	    "imported  x.example: nothing was held" },
	{ { 0 }, { "none", "", HOUR, WEEK, 0 },
	    "imported  x.example: nothing was held" },
	{ { 0 }, { "enforce", MX, 2 * WEEK, WEEK, 0 },
	    "expired   x.example: its time is over" },
	{ { 0 }, { "enforce", MX, HOUR, 0, 0 },
	    "expired   x.example: its time is over" },
	{ { "enforce", MX, HOUR, WEEK, 0 }, { "enforce", MX, HOUR, WEEK, 0 },
	    "kept      x.example: the same is held" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "enforce", MX, HOUR, WEEK, 0 },
	    "imported  x.example: the same, fetched later" },
	{ { "enforce", MX, HOUR, WEEK, 0 },
	    { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    "kept      x.example: what is held was fetched later" },
	{ { "testing", MX, HOUR, WEEK, 0 },
	    { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    "kept      x.example: what is held was fetched later" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "enforce", MX, HOUR, WEEK / 2, 0 },
	    "kept      x.example: what is held expires later" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "enforce", MX, HOUR, WEEK, 2 * HOUR },
	    "kept      x.example: what is held expires later" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "none", "", HOUR, 2 * WEEK, 0 },
	    "kept      x.example: what is held has a stricter mode" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "testing", MX, HOUR, 2 * WEEK, 0 },
	    "kept      x.example: what is held has a stricter mode" },
	{ { "testing", MX, 2 * HOUR, WEEK, 0 },
	    { "none", "", HOUR, 2 * WEEK, 0 },
	    "kept      x.example: what is held has a stricter mode" },
	{ { "testing", MX, 2 * HOUR, WEEK, 0 },
	    { "enforce", "mx: b.example\n", HOUR, WEEK, 0 },
	    "imported  x.example: fetched later, and no weaker" },
	{ { "none", "", 2 * HOUR, WEEK, 0 },
	    { "testing", MX, HOUR, WEEK, 0 },
	    "imported  x.example: fetched later, and no weaker" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "enforce", MX "mx: evil.example\n", HOUR, WEEK, 0 },
	    "kept      x.example: what is held permits fewer MX hosts" },
	{ { "enforce", MX, 2 * HOUR, WEEK, 0 },
	    { "enforce", "mx: *.example\n", HOUR, WEEK, 0 },
	    "kept      x.example: what is held permits fewer MX hosts" },
	{ { "enforce", "mx: *.example\n", 2 * HOUR, WEEK, 0 },
	    { "enforce", MX, HOUR, WEEK, 0 },
	    "imported  x.example: fetched later, and no weaker" },
	/* Expired, but perhaps still applied. */
	{ { "enforce", MX, WEEK + HOUR, WEEK, 0 },
	    { "testing", MX, HOUR, WEEK, 0 },
	    "kept      x.example: what is held has a stricter mode" },
	{ { "enforce", MX, WEEK + HOUR, WEEK, 0 },
	    { "enforce", MX, HOUR, WEEK, 0 },
	    "imported  x.example: the same, fetched later" },
};
/* clang-format on */
#define ROWS (sizeof(rows) / sizeof(rows[0]))

START_TEST(an_import_never_weakens)
{
	bool held = rows[_i].held.mode != NULL;
	bool imported = strncmp(rows[_i].result, "imp", 3) == 0;

	if (held)
		hold("x.example", &rows[_i].held);
	offer_one("x.example", &rows[_i].offered);
	sts_list_end(&list);
	write_list();
	ck_assert_int_eq(site_mta_sts("cache import -n list"), 0);
	ck_assert_ptr_eq(strstr(site_output, rows[_i].result), site_output);
	ck_assert_ptr_nonnull(strstr(site_output, "nothing was written\n"));
	ck_assert_int_eq(site_mta_sts("cache import list"), 0);
	ck_assert_ptr_eq(strstr(site_output, rows[_i].result), site_output);
	ck_assert_int_eq(site_mta_sts("cache import - <list"), 0);
	if (imported)
		ck_assert_ptr_eq(strstr(site_output,
				     "kept      x.example: the same is held"),
		    site_output);
	ck_assert_int_eq(site_mta_sts("cache export | cmp - list"),
	    !imported && _i != 4);
	ck_assert_int_eq(site_run("find %s ! -uid %d", site_state, SCRATCH_UID),
	    0);
	ck_assert_str_eq(site_output, "");
}
END_TEST

/* What is not fresh is asked for: nobody here has seen the record. */
START_TEST(what_was_imported_is_to_be_confirmed)
{
	static const struct offer offer = { "enforce", MX, HOUR, WEEK, 0 };
	struct sts_state *opened;
	struct sts_known known;

	hold("x.example", &offer);
	ck_assert_int_eq(sts_state_open(site_state, STS_DIR_READ, &opened,
			     NULL),
	    STS_OK);
	sts_state_load(opened, "x.example", &now, &known);
	ck_assert_int_eq(known.answer, STS_ANSWER_POLICY);
	ck_assert(!known.fresh);
	sts_known_clear(&known);
	sts_state_free(opened);
}
END_TEST

START_TEST(a_damaged_policy_is_not_replaced)
{
	static const struct offer offer = { "testing", MX, HOUR, WEEK, 0 };

	hold("x.example", &offer);
	ck_assert_int_eq(
	    site_run("truncate -s 20 $(find %s/policies -type f) && "
		     "rm %s/ledger",
		site_state, site_state),
	    0);
	offer_one("x.example", &offer);
	sts_list_end(&list);
	write_list();
	ck_assert_int_eq(site_mta_sts("cache import list"), 2);
	ck_assert_ptr_eq(strstr(site_output, "refused   x.example: "),
	    site_output);
	ck_assert_int_eq(site_mta_sts("cache export"), 2);
}
END_TEST

START_TEST(an_expired_policy_is_not_exported)
{
	static const struct offer offer = { "enforce", MX, WEEK + HOUR, WEEK,
		0 };

	static const struct offer fresh = { "enforce", MX, 0, WEEK, 0 };

	hold("a.example", &fresh); /* vouches for the clock */
	hold("x.example", &offer);
	ck_assert_int_eq(site_mta_sts("cache export | grep domain:"), 0);
	ck_assert_str_eq(site_output, "domain: a.example\n");
}
END_TEST

/* ---- lists with errors -------------------------------------------------- */

/* clang-format off */
static const struct {
	const char *edit; /* for sed(1) */
	const char *says; /* behind "mta-sts: list" */
} errors[] = {
	{ "1s/1/2/", ":1: the first line is not \"mta-sts-policies 1\"" },
	{ "3s/x/X/", ":3: not a domain name, or not in lower case" },
	{ "3s/x/a_b/", ":3: not a domain name, or not in lower case" },
	{ "3s/x.example/192.0.2.1/", ":3: not a domain name" },
	{ "12s/y/x/", ":12: domains are not in order: x.example stands" },
	{ "12s/y/a/", ":12: domains are not in order" },
	{ "3d", ":3: \"domain: \" is expected" },
	{ "4d", ":4: \"id: \" is expected" },
	{ "4s/id1/a-b/", ": bad domain or id" },
	{ "5s/2/3/", ":5: it was fetched in the future" },
	{ "5s/T/ /", ":5: fetched is not a time like" },
	{ "5s/Z/Zz/", ":5: fetched is not a time like" },
	{ "5s/-..-/-02-30/;5s/..T/T/", ":5: fetched is not a time like" },
	{ "6s/2/3/", ": it expires later than max_age allows" },
	{ "6d", ":6: \"expires: \" is expected" },
	{ "7s/STSv1/STSv2/", ": the policy is invalid in line 1, octet 10" },
	{ "8s/mode/mood/", ": the policy is invalid: there is no \"mode\"" },
	{ "8s/enforce/\\\\200/", ": the policy is invalid in line 2" },
	{ "8s/> />/", ":8: not a line of a policy" },
	{ "8s/mode/\\\\999/", ":8: not a line of a policy" },
	{ "$d", ": the list is cut short" },
	{ "2i#", ": the list was changed; if that was meant, let it end with" },
};
/* clang-format on */
#define ERRORS (sizeof(errors) / sizeof(errors[0]))

START_TEST(a_list_with_errors_changes_nothing)
{
	static const struct offer offer = { "enforce", "", HOUR, WEEK, 0 };
	struct offer with_mx = offer;
	char says[256];

	with_mx.mx = MX;
	offer_one("x.example", &with_mx);
	offer_one("y.example", &with_mx);
	offer_one("z.example", &with_mx);
	sts_list_end(&list);
	write_list();
	ck_assert_int_eq(site_run("cd %s && sed -i '%s' list", site_base,
			     errors[_i].edit),
	    0);
	ck_assert_int_eq(site_mta_sts("cache import list"), 1);
	(void)snprintf(says, sizeof(says), "%s", errors[_i].says);
	ck_assert_msg(strstr(site_output, says) != NULL, "%s: \"%s\" not in %s",
	    errors[_i].edit, says, site_output);
	ck_assert_int_eq(site_run("ls %s", site_state), 0);
	ck_assert_str_eq(site_output, "");
}
END_TEST

/* The checksum that an edited list is told makes it good. */
START_TEST(a_list_may_be_edited)
{
	static const struct offer offer = { "enforce", MX, HOUR, WEEK, 0 };

	offer_one("x.example", &offer);
	sts_list_end(&list);
	write_list();
	ck_assert_int_eq(site_run("cd %s && sed -i '2i# ours' list", site_base),
	    0);
	ck_assert_int_eq(site_mta_sts("cache import list >told"), 1);
	ck_assert_int_eq(
	    site_run("cd %s && sed -i '$d' list && "
		     "sed -n 's/.*\"\\(check.*\\)\"/\\1/p' told >>list",
		site_base),
	    0);
	ck_assert_int_eq(site_mta_sts("cache import list"), 0);
}
END_TEST

START_TEST(all_errors_are_told)
{
	static const struct offer offer = { "enforce", MX, HOUR, WEEK, 0 };

	offer_one("x.example", &offer);
	offer_one("y.example", &offer);
	offer_one("z.example", &offer);
	sts_list_end(&list);
	write_list();
	ck_assert_int_eq(site_run("cd %s && sed -i 's/^id.*//;' list",
			     site_base),
	    0);
	ck_assert_int_eq(
	    site_mta_sts("cache import list 2>&1 | grep -c ^mta-sts:"), 0);
	ck_assert_str_eq(site_output, "4\n"); /* and the checksum */
}
END_TEST

/* Cut anywhere it is refused, and no octet of it can crash the reader. */
START_TEST(any_octet_may_be_wrong)
{
	static const struct offer offer = { "enforce", MX, HOUR, WEEK, 0 };
	struct sts_list reader;
	struct sts_entry *entry;
	char *copy;
	size_t i;

	offer_one("x.example", &offer);
	offer_one("y.example", &offer);
	sts_list_end(&list);
	for (i = 0; i < list.len; i++) {
		copy = malloc(list.len);
		ck_assert_ptr_nonnull(copy);
		memcpy(copy, list.data, list.len);
		sts_list_open(&reader, copy, i);
		ck_assert_int_ne(sts_list_check(&reader, NULL), STS_OK);
		copy[i] = (char)~copy[i];
		sts_list_open(&reader, copy, list.len);
		ck_assert_int_ne(sts_list_check(&reader, NULL), STS_OK);
		while (reader.at < reader.len)
			if (sts_list_next(&reader, now.wall, &entry, NULL) ==
			    STS_OK)
				sts_entry_free(entry);
		free(copy);
	}
}
END_TEST

START_TEST(files_that_cannot_be)
{
	ck_assert_int_eq(site_mta_sts("cache import nosuch"), 2);
	ck_assert_int_eq(site_mta_sts("cache import /dev/null"), 1);
	ck_assert_int_eq(site_mta_sts("cache export /dev/full"), 2);
	ck_assert_int_eq(site_mta_sts("cache export nosuch/list"), 2);
	ck_assert_int_eq(site_mta_sts("cache export >/dev/full"), 2);
	ck_assert_int_eq(site_run("cd %s && seq 100000 >list", site_base), 0);
	ck_assert_int_eq(site_mta_sts("cache export list && ./mta-sts -c conf "
				      "cache import list"),
	    0);
	ck_assert_str_eq(site_output,
	    "import    0 imported, 0 kept, 0 expired, 0 refused\n");
}
END_TEST

START_TEST(skipped_not_root)
{
	(void)puts("SKIPPED: a state directory of another user needs root");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("import");
	TCase *tc = tcase_create("import");

	suite_add_tcase(suite, tc);
	if (geteuid() != 0) {
		tcase_add_test(tc, skipped_not_root);
	} else {
		tcase_add_checked_fixture(tc, setup, teardown);
		tcase_add_loop_test(tc, an_import_never_weakens, 0, (int)ROWS);
		tcase_add_test(tc, what_was_imported_is_to_be_confirmed);
		tcase_add_test(tc, a_damaged_policy_is_not_replaced);
		tcase_add_test(tc, an_expired_policy_is_not_exported);
		tcase_add_loop_test(tc, a_list_with_errors_changes_nothing, 0,
		    (int)ERRORS);
		tcase_add_test(tc, a_list_may_be_edited);
		tcase_add_test(tc, all_errors_are_told);
		tcase_add_test(tc, any_octet_may_be_wrong);
		tcase_add_test(tc, files_that_cannot_be);
	}
	return suite_run(suite);
}
