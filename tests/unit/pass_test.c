/* SPDX-License-Identifier: ISC */
/*
 * Which mail goes past a policy: a table of envelopes and fields, each wrong
 * in one way.
 */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../exim/pass.h"
#include "report/expected.h"
#include "scratch.h"
#include "suite.h"

#define FROM "tls@here.example"
#define RUA  "rua@there.example"
#define US   "65534" /* SCRATCH_UID */

static char *top;
static char state_path[600], config_path[600];

static void
configure(const char *text)
{
	int fd = open(config_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, text, strlen(text)), (int)strlen(text));
	(void)close(fd);
}

static void
setup(void)
{
	struct sts_dir *dir;

	top = scratch_of_root();
	(void)snprintf(state_path, sizeof(state_path), "%s/state", top);
	(void)snprintf(config_path, sizeof(config_path), "%s/conf", top);
	ck_assert_int_eq(mkdir(state_path, 0700), 0);
	ck_assert_int_eq(chown(state_path, SCRATCH_UID, SCRATCH_UID), 0);
	ck_assert_int_eq(sts_dir_open(state_path, STS_DIR_WRITE, &dir, NULL),
	    STS_OK);
	ck_assert_int_eq(sts_expected_add(dir, RUA, (int64_t)time(NULL), NULL),
	    STS_OK);
	sts_dir_free(dir);
}

static void
teardown(void)
{
	scratch_free(top);
}

static const char *
way_of(const struct sts_pass *pass)
{
	const struct sts_options options = { .config = config_path,
		.state = state_path };
	struct sts_error err;
	const char *way;
	struct sts *sts;

	ck_assert_msg(sts_new(&options, &sts, &err) == STS_OK, "%s", err.text);
	way = sts_pass_way(sts, pass);
	sts_free(sts);
	return way;
}

static const struct {
	const char *way;
	struct sts_pass pass;
} reports[] = {
	{ "report", { FROM, RUA, US, "local", "@", "" } },
	{ "report", { "TLS@Here.Example", "Rua@There.Example", US, "local", "@",
			" No" } },
	{ "", { "x@here.example", RUA, US, "local", "@", " No" } },
	{ "", { "", RUA, US, "local", "@", "" } },
	{ "", { FROM, "x@there.example", US, "local", "@", "" } },
	{ "", { FROM, "", US, "local", "@", "" } },
	{ "", { FROM, RUA, "0", "local", "@", "" } },
	{ "", { FROM, RUA, "", "local", "@", "" } },
	{ "", { FROM, RUA, US "4294967296", "local", "@", "" } },
	{ "", { FROM, RUA, US "x", "local", "@", "" } },
	{ "", { FROM, RUA, " " US, "local", "@", "" } },
	{ "", { FROM, RUA, "-1", "local", "@", "" } },
	{ "", { FROM, RUA, US, "local-esmtp", "@", "" } },
	{ "", { FROM, RUA, US, "local-bsmtp", "@", "" } },
	{ "", { FROM, RUA, US, "esmtp", "@", "" } },
	{ "", { FROM, RUA, US, "authenticated", "@", "" } },
	{ "", { FROM, RUA, US, "", "@", "" } },
	{ "", { FROM, RUA, US, "local", "alias@here.example", "" } },
	{ "", { FROM, RUA, US, "local", "", "" } },
	{ "", { FROM, "rua@there.example\n", US, "local", "@", "" } },
	{ "", { FROM, "x@y@there.example", US, "local", "@", "" } },
};

START_TEST(a_report_is_known_by_its_whole_envelope)
{
	configure("report-from " FROM "\n");
	ck_assert_str_eq(way_of(&reports[_i].pass), reports[_i].way);
	configure("tls-required-no no\n");
	ck_assert_str_eq(way_of(&reports[_i].pass), "");
}
END_TEST

static const struct {
	const char *way;
	const char *origin;
	const char *parent;
	const char *fields;
} wishes[] = {
	{ "tls-required-no", "local", "@", " No" },
	{ "tls-required-no", "local", "@", "no\r\n" },
	{ "tls-required-no", "local", "@", "\n NO \t" },
	{ "tls-required-no", "local-smtp", "@", " No" },
	{ "tls-required-no", "authenticated", "@", " No" },
	{ "", "localhost", "@", " No" },
	{ "", "scanned", "@", " No" },
	{ "", "esmtpsa", "@", " No" },
	{ "", "", "@", " No" },
	{ "", "local", "alias@here.example", " No" },
	{ "", "local", "", " No" },
	{ "", "local", "@", "" },
	{ "", "local", "@", "N" },
	{ "", "local", "@", " None" },
	{ "", "local", "@", " No No" },
	{ "", "local", "@", " No: No" },
	{ "", "local", "@", " No:" },
	{ "", "local", "@", " : No" },
	{ "", "local", "@", " No (x)" },
	{ "", "local", "@", " Yes" },
};

START_TEST(no_is_said_once_by_who_submits)
{
	const struct sts_pass pass = { .sender = "me@here.example",
		.recipient = "you@there.example",
		.uid = "1000",
		.origin = wishes[_i].origin,
		.parent = wishes[_i].parent,
		.fields = wishes[_i].fields };

	configure("tls-required-no yes\n");
	ck_assert_str_eq(way_of(&pass), wishes[_i].way);
	configure("report-from " FROM "\n"); /* off is the default */
	ck_assert_str_eq(way_of(&pass), "");
}
END_TEST

START_TEST(without_a_state_there_are_no_reports)
{
	configure("report-from " FROM "\n");
	ck_assert_int_eq(chown(state_path, 0, 0), 0);
	ck_assert_str_eq(way_of(&reports[0].pass), "");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("pass");
	TCase *tc = tcase_create("pass");

	if (geteuid() != 0) {
		puts("SKIPPED: a state directory needs root to be made\n"
		     "0 passed, 0 failed");
		return EXIT_SUCCESS;
	}
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_report_is_known_by_its_whole_envelope, 0,
	    sizeof(reports) / sizeof(reports[0]));
	tcase_add_loop_test(tc, no_is_said_once_by_who_submits, 0,
	    sizeof(wishes) / sizeof(wishes[0]));
	tcase_add_test(tc, without_a_state_there_are_no_reports);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
