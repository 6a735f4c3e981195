/* SPDX-License-Identifier: ISC */
/*
 * The reader of smtpd.conf, and what is found in one: the shipped examples
 * have no finding; each row spoils one thing in one of them.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/layout.h"
#include "suite.h"

#define COUNT(table) (sizeof(table) / sizeof(table[0]))
#define STAGE        "opensmtpd/stage.conf"
#define SIMPLE       "opensmtpd/simple.conf"

/* ---- reading ----------------------------------------------------------- */

static const char *texts[4]; /* "/0" is the first of them */

static enum sts_rc
load(void *arg, const char *file, struct sts_buf *text, struct sts_error *err)
{
	unsigned i = (unsigned)(file[1] - '0');

	(void)arg;
	if (i >= COUNT(texts) || texts[i] == NULL)
		return sts_error_set(err, STS_ESYS, "%s: none", file);
	return sts_buf_str(text, texts[i]);
}

/* "LINE:word|word|" of each directive. */
static void
print_words(const struct sts_smtpdconf *conf, struct sts_buf *out)
{
	const struct sts_directive *at;
	size_t i, j;

	for (i = 0; i < conf->directives; i++) {
		at = &conf->directive[i];
		(void)sts_buf_printf(out, "%s%s:%u:", i == 0 ? "" : " ",
		    conf->file[at->file], at->line);
		for (j = 0; j < at->words; j++)
			(void)sts_buf_printf(out, "%s|", at->word[j]);
	}
}

static const struct words_row {
	const char *text, *more; /* of "/0" and "/1" */
	const char *want;
} words_rows[] = {
	{ "", NULL, "" },
	{ "a b\nc", NULL, "/0:1:a|b| /0:2:c|" },
	{ "a # b\n# c\nd#e f\n", NULL, "/0:1:a| /0:3:d|" },
	{ "a \\\n b\nc\n", NULL, "/0:1:a|b| /0:3:c|" },
	{ "a\\\nb\n", NULL, "/0:1:ab|" },
	{ "# a \\\nb\nc\n", NULL, "/0:3:c|" },
	{ "\"a b\" 'c\"' \"d\\\"e\" \"f\\g\"", NULL,
	    "/0:1:a b|c\"|d\"e|f\\g|" },
	{ "\"a\nb\\\nc\" d\ne", NULL, "/0:1:abc|d| /0:4:e|" },
	{ "t { a, b\n c }\nd", NULL, "/0:1:t|{|a|,|b|c|}| /0:3:d|" },
	{ "for domain <sts>\n! tag", NULL,
	    "/0:1:for|domain|<|sts|>| /0:2:!|tag|" },
	{ "m = \"a b\"\nx $m \"$m\" y$m\n", NULL, "/0:2:x|a|b|$m|y$m|" },
	{ "m = a\nm = b\nx $m", NULL, "/0:3:x|b|" },
	{ "m = \"$m\"\nx $m", NULL, "/0:2:x|$m|" },
	{ "a\ninclude \"/1\"\nb $m\n", "m = c\nd",
	    "/0:1:a| /1:2:d| /0:3:b|c|" },
	{ "\xff\x01", NULL, "/0:1:\xff|\x01|" },
};

START_TEST(words_are_cut)
{
	const struct words_row *row = &words_rows[_i];
	struct sts_smtpdconf conf;
	struct sts_error err;
	struct sts_buf out;

	texts[0] = row->text;
	texts[1] = row->more;
	ck_assert_msg(sts_smtpdconf_read(&conf, "/0", load, NULL, &err) ==
			  STS_OK,
	    "%s", err.text);
	sts_buf_init(&out, 4096);
	print_words(&conf, &out);
	ck_assert_str_eq(sts_buf_text(&out), row->want);
	sts_buf_clear(&out);
	sts_smtpdconf_clear(&conf);
}
END_TEST

static const struct refused_row {
	const char *text, *want;
} refused_rows[] = {
	{ "a\n\"b\n", "/0:3: quote is not closed" },
	{ "a {\nb", "/0:2: brace is not closed" },
	{ "\nx $m", "/0:2: no such macro: m" },
	{ "include \"/3\"", "/3: none" },
	{ "include \"/0\"", "/0: too many files are included" },
};

START_TEST(what_cannot_be_cut_is_refused)
{
	const struct refused_row *row = &refused_rows[_i];
	struct sts_smtpdconf conf;
	struct sts_error err;

	texts[0] = row->text;
	ck_assert(sts_smtpdconf_read(&conf, "/0", load, NULL, &err) != STS_OK);
	ck_assert_str_eq(err.text, row->want);
}
END_TEST

/* ---- findings ---------------------------------------------------------- */

struct findings {
	struct sts_buf text;
	size_t count;
};

#define REPORT_FROM "tls-reports@example.org" /* in the examples */
static const char *report_from;

static void
note(void *arg, const struct sts_directive *at, const char *text)
{
	struct findings *findings = arg;

	findings->count++;
	(void)sts_buf_printf(&findings->text, "%s\n", text);
	if (at != NULL)
		ck_assert_uint_gt(at->line, 0);
}

static void
find(const char *text, struct findings *findings)
{
	struct sts_smtpdconf conf;
	struct sts_layout layout;
	struct sts_error err;

	texts[0] = text;
	sts_buf_init(&findings->text, 1 << 16);
	findings->count = 0;
	ck_assert_msg(sts_smtpdconf_read(&conf, "/0", load, NULL, &err) ==
			  STS_OK,
	    "%s", err.text);
	ck_assert(sts_layout_read(&layout, &conf, NULL) == STS_OK);
	sts_layout_check(&layout, note, findings);
	sts_layout_check_reports(&layout, report_from, note, findings);
	sts_layout_clear(&layout);
	sts_smtpdconf_clear(&conf);
}

/* FILE of the tree, to be free()d. */
static char *
slurp(const char *file)
{
	FILE *stream = fopen(file, "re");
	char *text = calloc(1, 65536);

	ck_assert(stream != NULL && text != NULL);
	ck_assert_uint_gt(fread(text, 1, 65535, stream), 0);
	(void)fclose(stream);
	return text;
}

/* Take "# " off the directives that an administrator is to choose from. */
static void
uncomment(char *text)
{
	static const char *const words[] = { "pki ", "listen ", "match ", "ca ",
		"action " };
	char *line = strstr(text, "\nlisten on localhost");

	size_t i;

	ck_assert(line != NULL);
	line[1] = '#';
	line = text;
	for (; line != NULL; line = strchr(line + 1, '\n')) {
		line += *line == '\n';
		for (i = 0; i < COUNT(words); i++)
			if (strncmp(line, "# ", 2) == 0 &&
			    strncmp(line + 2, words[i], strlen(words[i])) == 0)
				memcpy(line, "  ", 2);
		if (*line == '\0')
			break;
	}
}

START_TEST(examples_are_without_finding)
{
	static const char *const files[] = { STAGE, SIMPLE };
	char *text = slurp(files[_i / 2]);
	struct findings findings;

	report_from = NULL;
	if (_i % 2 == 1) {
		report_from = REPORT_FROM;
		uncomment(text);
		ck_assert(strstr(text, "\n  match auth") != NULL);
	}
	find(text, &findings);
	ck_assert_str_eq(sts_buf_text(&findings.text), "");
	sts_buf_clear(&findings.text);
	free(text);
}
END_TEST

/* FROM, which FILE has, becomes TO; COUNT findings, WANT is in the first. */
static const struct row {
	const char *file, *from, *to;
	size_t count;
	const char *want;
} rows[] = {
	/* the table and its action */
	{ STAGE, "\"mta-sts:/etc", "\"file:/etc", 1, "there is no table" },
	{ STAGE, "domain <sts> tls", "tls", 3,
	    "no action relays by this table" },
	{ STAGE, " ca \"mta-sts\" filter", " filter", 1,
	    "has no \"ca\" label of its own" },
	{ STAGE, "\nca \"mta-sts\" cert", "\nca \"x\" cert", 1,
	    "there is no \"ca mta-sts cert" },
	{ STAGE, "action \"relay\" relay ",
	    "action \"relay\" relay ca \"mta-sts\" ", 1,
	    "action \"relay\" uses the \"ca\" label of \"sts\"" },
	{ STAGE, "<sts> tls ca", "<sts> ca", 1, "needs \"tls\":" },
	{ STAGE, "<sts> tls ca", "<sts> tls no-verify ca", 1,
	    "needs \"tls\" without no-verify:" },
	{ STAGE, "26\" ttl 30d", "26\"", 1, "\"stage\" has no \"ttl\"" },
	{ STAGE, "filter \"mta-sts\" ttl 30d", "filter \"mta-sts\"", 1,
	    "\"sts\" has no \"ttl\"" },
	{ STAGE, "ca \"mta-sts\" filter \"mta-sts\" ttl", "ca \"mta-sts\" ttl",
	    1, "\"sts\" is without the filter" },
	{ STAGE, "\"relay\" relay filter \"mta-sts\"", "\"relay\" relay", 1,
	    "\"relay\" is without the filter" },
	{ SIMPLE, "action \"relay\"",
	    "action \"hub\" relay host \"smtp://hub.example.org\"\n"
	    "action \"relay\"",
	    1, "\"hub\" goes to a smarthost without verified TLS" },
	{ SIMPLE, "action \"relay\"",
	    "action \"hub\" relay host \"smtp+tls://hub.example.org\" filter "
	    "\"mta-sts\"\naction \"relay\"",
	    1, "\"hub\" goes to a smarthost and is with the filter" },
	/* the hop */
	{ STAGE, "-mta-sts -s 127.0.0.1:26", "-other", 2,
	    "there is no filter \"filter-mta-sts\"" },
	{ STAGE, "127.0.0.1 port 26", "127.0.0.1 port 27", 1,
	    "nothing listens there" },
	{ STAGE, "notls://127.0.0.1:26", "notls://127.0.0.1:27", 2,
	    "goes to a smarthost without verified TLS" },
	{ STAGE, "notls://127.0.0.1:26", "tls://127.0.0.1:26", 1,
	    "should say smtp+notls" },
	{ STAGE, "port 26 tag MTASTS", "port 26", 1, "has no \"tag\"" },
	{ STAGE, "tag MTASTS filter \"mta-sts\"", "tag MTASTS", 1,
	    "the hop is without the filter" },
	{ STAGE, "tag MTASTS filter", "tag OTHER filter", 2,
	    "needs \"tag OTHER\"" },
	{ STAGE, "-s 127.0.0.1:26", "-s 0.0.0.0:25", 3,
	    "nothing listens there" },
	{ STAGE, "listen on localhost", "listen on localhost\nlisten on ::", 1,
	    "\"listen on ::\" has port 25 already" },
	{ STAGE, "listen on localhost", "listen on 10.1.1.1\nlisten on ::", 0,
	    "" },
	{ STAGE, "listen on localhost", "listen on ::1\nlisten on 0.0.0.0", 0,
	    "" },
	{ STAGE, "listen on localhost", "listen on 0.0.0.0\nlisten on eth0", 1,
	    "\"listen on 0.0.0.0\" has port 25 already" },
	{ STAGE, "listen on localhost", "listen on 0.0.0.0 port 26", 1,
	    "has port 26 already" },
	/* entrances of the simple layout */
	{ SIMPLE, "listen on socket filter \"mta-sts\"", "", 1,
	    "\"listen on socket\" with the filter is missing" },
	{ SIMPLE, "listen on localhost filter", "listen on localhost # ", 1,
	    "\"listen on localhost\" is without the filter" },
	{ SIMPLE, "listen on localhost filter",
	    "listen on eth0 port 587 auth <u>\nlisten on localhost filter", 1,
	    "\"listen on eth0\" is without the filter" },
	{ SIMPLE, "filter \"mta-sts\" proc-exec \"filter-mta-sts\"",
	    "proc p \"/x/filter-mta-sts -d /s\"\nfilter a proc p\n"
	    "filter b phase connect match !rdns reject \"550 no\"\n"
	    "filter \"mta-sts\" chain { b, a }",
	    0, "" },
	{ SIMPLE, "socket filter \"mta-sts\"", "socket filter { \"mta-sts\" }",
	    0, "" },
	{ SIMPLE, "socket filter \"mta-sts\"", "socket filter { other }", 1,
	    "\"listen on socket\" is without the filter" },
	/* rules */
	{ SIMPLE, "match from local for domain <sts> action \"sts\"", "", 2,
	    "no rule before this one asks" },
	{ SIMPLE, "match for local action \"local\"",
	    "match from any for any action \"relay\"\n"
	    "match for local action \"local\"",
	    1, "comes before line 65 and leaves no mail to it" },
	{ SIMPLE, "match for local action \"local\"",
	    "match from mail-from \"@a.example\" for any action \"relay\"", 1,
	    "no rule before this one asks" },
	{ SIMPLE, "# match auth from any for any",
	    "match auth from any for any", 1, "no rule before this one asks" },
	{ SIMPLE, "# match auth from any for any", "match from auth for any", 1,
	    "no rule before this one asks" },
	{ SIMPLE, "match from local for any action \"relay\"",
	    "match for any action \"relay\"", 0, "" },
	{ SIMPLE, "match from local for domain <sts>",
	    "match !from local for domain <sts>", 1,
	    "no rule before this one asks" },
	{ SIMPLE, "match from local for domain <sts>",
	    "match helo \"x\" for domain <sts>", 1,
	    "no rule before this one asks" },
	{ SIMPLE, "# match auth from any for domain <sts>",
	    "match from any for domain \"example.net\" action \"local\"\n#", 1,
	    "belong before line 64" },
	{ SIMPLE, "<sts> action \"sts\"", "<sts> action \"relay\"", 2,
	    "its action does not relay by it" },
	{ SIMPLE, "match from local for any action \"relay\"",
	    "match from local for any action \"sts\"", 1,
	    "is for domains that the table knows" },
	{ STAGE, "match tag MTASTS from local for domain",
	    "match from local for domain", 1, "takes mail before the hop" },
	{ STAGE, "match tag MTASTS from local for any action \"relay\"", "", 1,
	    "takes it again" },
	{ STAGE, "match tag MTASTS from local for any",
	    "match tag MTASTS from socket for any", 2,
	    "no rule before this one asks" },
	{ STAGE, "match from local for any action \"stage\"",
	    "match from local for any action \"relay\"", 1,
	    "no rule before this one asks" },
	{ STAGE, "# match from any for domain",
	    "match tag other for any action \"stage\" #", 0, "" },
	{ STAGE, "# match from any for domain",
	    "match from any for any reject #", 0, "" },
	{ STAGE, "match for local action \"local\"",
	    "match auth from any for any action \"stage\"", 0, "" },
	{ STAGE, "match tag MTASTS from local for any",
	    "match tag MTASTS helo x from local for any", 1, "takes it again" },
	{ STAGE, "match tag MTASTS from local for any",
	    "match tag regex MTASTS from local for any", 1, "takes it again" },
	{ SIMPLE, "match from local for domain <sts>",
	    "match auth from local for domain <sts>", 1,
	    "no rule before this one asks" },
	{ SIMPLE, "match from local for domain <sts>",
	    "match from local for domain \"sts\"", 3,
	    "is for domains that the table knows" },
	{ SIMPLE, "# match from any for domain",
	    "match from any action \"relay\" #", 0, "" },
};

/* TEXT with what ROW changes; it is free()d. */
static char *
spoil(const struct row *row, char *text)
{
	const char *at = strstr(text, row->from);
	struct sts_buf out;

	ck_assert_msg(at != NULL, "no \"%s\"", row->from);
	sts_buf_init(&out, 65536);
	(void)sts_buf_add(&out, text, (size_t)(at - text));
	(void)sts_buf_printf(&out, "%s%s", row->to, at + strlen(row->from));
	free(text);
	ck_assert(out.rc == STS_OK);
	return sts_buf_take(&out);
}

static void
expect_findings(const struct row *row, char *text)
{
	struct findings findings;

	find(text, &findings);
	ck_assert_msg(findings.count == row->count &&
			  strstr(sts_buf_text(&findings.text), row->want) !=
			      NULL,
	    "\"%s\": %zu findings, wanted %zu with \"%s\":\n%s", row->to,
	    findings.count, row->count, row->want,
	    sts_buf_text(&findings.text));
	sts_buf_clear(&findings.text);
	free(text);
}

START_TEST(what_is_spoiled_is_found)
{
	report_from = NULL;
	expect_findings(&rows[_i], spoil(&rows[_i], slurp(rows[_i].file)));
}
END_TEST

/* The same of the examples with all that can be chosen. */
static const struct row report_rows[] = {
	{ STAGE, " mail-from \"tls-reports@", " mail-from \"TLS-Reports@", 0,
	    "" },
	{ STAGE, " mail-from \"tls-reports@example.org\"", " mail-from <own>",
	    0, "" },
	{ STAGE, "rcpt-to <sts> for any", "for rcpt-to <sts>", 0, "" },
	{ STAGE, " mail-from \"tls-reports@", " mail-from \"reports@", 1,
	    "for mail from reports@example.org, and report-from is tls" },
	{ STAGE, "  match from socket", "# match from socket", 2,
	    "no rule lets reports pass policies: \"match from socket mail-from "
	    "tls-reports@example.org rcpt-to <sts> " },
	{ STAGE, "from socket mail-from", "from local mail-from", 3,
	    "no rule lets reports pass" },
	{ STAGE, "rcpt-to <sts>", "rcpt-to <own>", 3,
	    "no rule lets reports pass" },
	{ STAGE, "rcpt-to <sts>", "! rcpt-to <sts>", 3,
	    "no rule lets reports pass" },
	{ STAGE, "  match from socket",
	    "  match from local for any action \"stage\"\n  match from socket",
	    2, "the rule for reports belongs before line " },
	{ SIMPLE, "  match from socket",
	    "  match from local for domain <sts> action \"sts\"\n"
	    "  match from socket",
	    1, "the rule for reports belongs before line " },
	{ SIMPLE, "  match from socket",
	    "  match auth from any for any action \"relay\"\n"
	    "  match from socket",
	    2, "the rule for reports belongs before line " },
	{ SIMPLE, "\"report\" relay ca", "\"report\" relay tls ca", 1,
	    "\"report\" is for reports and must not demand TLS" },
	{ SIMPLE, "relay ca \"mta-sts-report\"",
	    "relay ca \"mta-sts-report\" filter \"mta-sts\"", 1,
	    "\"report\" is for reports, whose sessions" },
	{ SIMPLE, "relay ca \"mta-sts-report\"", "relay", 1,
	    "\"report\" has no \"ca\" label of its own" },
	{ SIMPLE, "\"relay\" relay ", "\"relay\" relay ca \"mta-sts-report\" ",
	    1, "\"report\" has no \"ca\" label of its own" },
	{ SIMPLE, "\"report\" relay ca \"mta-sts-report\"",
	    "\"report\" relay host \"smtp+tls://hub.example.org\"", 0, "" },
};

START_TEST(what_is_spoiled_for_reports_is_found)
{
	char *text = slurp(report_rows[_i].file);

	uncomment(text);
	report_from = REPORT_FROM;
	expect_findings(&report_rows[_i], spoil(&report_rows[_i], text));
}
END_TEST

START_TEST(reports_need_a_sender)
{
	static const struct row row = { SIMPLE, "", "", 1,
		"this rule is for reports, and report-from is not set" };
	char *text = slurp(SIMPLE);

	uncomment(text);
	report_from = NULL;
	expect_findings(&row, text);
}
END_TEST

START_TEST(hop_must_be_on_loopback)
{
	static const char *const addresses[] = { "10.0.0.11", "127.0.0.9" };
	char *text = slurp(STAGE), *at = text;
	struct findings findings;

	while ((at = strstr(at, "127.0.0.1")) != NULL)
		memcpy(at, addresses[_i], strlen(addresses[_i]));
	find(text, &findings);
	ck_assert_uint_eq(findings.count, _i == 0);
	ck_assert(_i == 1 || strstr(sts_buf_text(&findings.text),
				 "must listen on a loopback") != NULL);
	sts_buf_clear(&findings.text);
	free(text);
}
END_TEST

static const struct option_row {
	const char *command;
	const char *want; /* NULL: no option -s */
} option_rows[] = {
	{ "f", NULL },
	{ "f -s a:1", "a:1" },
	{ "f -sa:1 -c x", "a:1" },
	{ "f -c x\t-s\ta:1", "a:1" },
	{ "f -s", "" },
	{ "-s x", NULL },
};

START_TEST(options_of_a_command_are_found)
{
	const struct option_row *row = &option_rows[_i];
	char value[STS_LAYOUT_OPTION_MAX];
	bool found = sts_layout_option(row->command, 's', value);

	ck_assert_int_eq(found, row->want != NULL);
	if (found)
		ck_assert_str_eq(value, row->want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("layout");
	TCase *tcase = tcase_create("layout");

	tcase_add_loop_test(tcase, words_are_cut, 0, COUNT(words_rows));
	tcase_add_loop_test(tcase, what_cannot_be_cut_is_refused, 0,
	    COUNT(refused_rows));
	tcase_add_loop_test(tcase, examples_are_without_finding, 0, 4);
	tcase_add_loop_test(tcase, what_is_spoiled_is_found, 0, COUNT(rows));
	tcase_add_loop_test(tcase, what_is_spoiled_for_reports_is_found, 0,
	    COUNT(report_rows));
	tcase_add_test(tcase, reports_need_a_sender);
	tcase_add_loop_test(tcase, hop_must_be_on_loopback, 0, 2);
	tcase_add_loop_test(tcase, options_of_a_command_are_found, 0,
	    COUNT(option_rows));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
