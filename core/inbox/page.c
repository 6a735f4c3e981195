/* SPDX-License-Identifier: ISC */
/*
 * The page of "inbox --html", see page.h.
 */
#include <stdlib.h>
#include <string.h>

#include "inbox/html.h"
#include "inbox/meaning.h"
#include "inbox/page.h"
#include "inbox/plot.h"
#include "inbox/style.h"

#define DAY          86400
#define DAYS_MAX     92   /* columns of the plot */
#define BARS_MAX     10   /* of a list */
#define PROBLEMS_MAX 100  /* rows of the first table */
#define ROWS_MAX     1000 /* and of the second */

static void
put(struct sts_buf *buf, const char *html)
{
	(void)sts_buf_str(buf, html);
}

/* ---- head ---------------------------------------------------------------- */

static void
put_head(struct sts_buf *buf)
{
	put(buf,
	    "<!DOCTYPE html>\n"
	    "<html lang=\"en\">\n"
	    "<head>\n<meta charset=\"utf-8\"/>\n"
	    "<meta http-equiv=\"Content-Security-Policy\" content=\""
	    "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; "
	    "base-uri &#39;none&#39;; form-action &#39;none&#39;\"/>\n"
	    "<meta name=\"viewport\" content=\"width=device-width, "
	    "initial-scale=1\"/>\n"
	    "<meta name=\"referrer\" content=\"no-referrer\"/>\n"
	    "<title>TLS reports</title>\n<style>\n");
	put(buf, sts_style);
	put(buf, "</style>\n</head>\n<body>\n<main>\n");
}

static void
put_tile(struct sts_buf *buf, const char *name, int64_t number,
    const char *class)
{
	(void)sts_buf_printf(buf, "<div><dt>%s</dt><dd%s>", name, class);
	sts_html_number(buf, number);
}

/* FAILED of SESSIONS in percent, never 0 when there is something. */
static void
put_share(struct sts_buf *buf, int64_t failed, int64_t sessions)
{
	double share;

	if (failed == 0 || sessions == 0)
		return;
	share = 100.0 * (double)failed / (double)sessions;
	if (share < 0.01)
		put(buf, " <small>&lt; 0.01 %</small>");
	else
		(void)sts_buf_printf(buf, " <small>%.*f %%</small>",
		    share < 1 ? 2 : 1, share);
}

static void
put_tiles(struct sts_buf *buf, const struct sts_tally *tally)
{
	const struct sts_tally_total *total = sts_tally_total(tally);
	struct sts_tally_sum *sum;
	size_t count = 0;

	sum = sts_tally_sums(tally, STS_TALLY_REPORTER, &count);
	free(sum);
	put(buf, "<dl class=\"tiles\">\n");
	put_tile(buf, "Failed sessions", total->failed,
	    total->failed > 0 ? " class=\"worse\"" : "");
	put_share(buf, total->failed, total->sessions);
	put(buf, "</dd></div>\n");
	put_tile(buf, "Sessions", total->sessions, "");
	put(buf, "</dd></div>\n");
	put_tile(buf, "Reports", (int64_t)total->reports, "");
	put(buf, "</dd></div>\n");
	put_tile(buf, "Reporters", (int64_t)count, "");
	put(buf, "</dd></div>\n</dl>\n");
}

static void
put_header(struct sts_buf *buf, const struct sts_tally *tally, int64_t now)
{
	const struct sts_tally_total *total = sts_tally_total(tally);
	char span[STS_SPAN_TEXT], today[STS_DAY_TEXT];

	put(buf, "<header><h1>TLS reports</h1>\n<p class=\"soft\">");
	if (total->first != 0)
		(void)sts_buf_printf(buf, "<span class=\"when\">%s,</span> ",
		    sts_moment_span(total->first, total->last, span));
	(void)sts_buf_printf(buf,
	    "<span class=\"when\">as of %s %02d:%02d UTC</span></p></header>\n",
	    sts_moment_day(now, today), (int)(now % DAY / 3600),
	    (int)(now % 3600 / 60));
}

/* ---- plots --------------------------------------------------------------- */

static int64_t
day_wall(const struct sts_tally_sum *sum)
{
	int64_t wall = 0;

	(void)sts_moment_parse(sum->name, &wall);
	return wall;
}

/* A column for days without a report too; the last of them if there are
 * many. */
static void
put_columns(struct sts_buf *buf, const struct sts_tally_sum *sum, size_t count)
{
	struct sts_plot_day day[DAYS_MAX] = { { .wall = 0 } };
	int64_t first = day_wall(&sum[0]), last = day_wall(&sum[count - 1]);
	size_t i, days;
	int64_t wall;

	if (last - first >= DAYS_MAX * DAY) {
		first = last - (DAYS_MAX - 1) * DAY;
		(void)sts_buf_printf(buf,
		    "<p class=\"soft\">The last %d days.</p>\n", DAYS_MAX);
	}
	days = (size_t)((last - first) / DAY) + 1;
	for (i = 0; i < days; i++)
		day[i].wall = first + (int64_t)i * DAY;
	for (i = 0; i < count; i++) {
		wall = day_wall(&sum[i]);
		if (wall < first)
			continue;
		day[(wall - first) / DAY].sessions = sum[i].sessions;
		day[(wall - first) / DAY].failed = sum[i].failed;
	}
	sts_plot_days(buf, day, days);
}

static void
put_days(struct sts_buf *buf, const struct sts_tally *tally)
{
	struct sts_tally_sum *sum;
	size_t count = 0;

	sum = sts_tally_sums(tally, STS_TALLY_DAY, &count);
	put(buf, "<section>\n<h2>Sessions per day</h2>\n");
	if (sum == NULL || count == 0)
		put(buf, "<p class=\"soft\">No report has a day.</p>\n");
	else
		put_columns(buf, sum, count);
	put(buf, "</section>\n");
	free(sum);
}

static void
put_bar(struct sts_buf *buf, const struct sts_tally_sum *sum, int64_t most,
    bool sessions)
{
	put(buf, "<li><p><bdi>");
	sts_html_text(buf, sum->name);
	put(buf, "</bdi> <span class=\"soft n\">");
	if (sessions) {
		sts_html_number(buf, sum->sessions);
		put(buf, sum->failed > 0 ? ", " : "");
	}
	if (sum->failed > 0 || !sessions) {
		put(buf, "<span class=\"worse\">");
		sts_html_number(buf, sum->failed);
		put(buf, " failed</span>");
	}
	put(buf, "</span></p>\n");
	sts_plot_bar(buf, sessions ? sum->sessions : sum->failed, sum->failed,
	    most);
	put(buf, "</li>\n");
}

/* What of a list is most: it is sorted by what failed. */
static int64_t
largest(const struct sts_tally_sum *sum, size_t count, bool sessions)
{
	int64_t most = 0, value;
	size_t i;

	for (i = 0; i < count && i < BARS_MAX; i++) {
		value = sessions ? sum[i].sessions : sum[i].failed;
		most = value > most ? value : most;
	}
	return most;
}

static void
put_bars(struct sts_buf *buf, const struct sts_tally *tally,
    enum sts_tally_group group, const char *title)
{
	bool sessions = group == STS_TALLY_REPORTER;
	struct sts_tally_sum *sum;
	size_t i, count = 0;

	sum = sts_tally_sums(tally, group, &count);
	(void)sts_buf_printf(buf, "<section>\n<h2>%s</h2>\n", title);
	put(buf, count == 0 ? "<p class=\"soft\">Nothing.</p>\n"
			    : "<ul class=\"bars\">\n");
	for (i = 0; sum != NULL && i < count && i < BARS_MAX; i++)
		put_bar(buf, &sum[i], largest(sum, count, sessions), sessions);
	put(buf, count == 0 ? "" : "</ul>\n");
	if (count > BARS_MAX)
		(void)sts_buf_printf(buf,
		    "<p class=\"soft\">and %zu more</p>\n", count - BARS_MAX);
	put(buf, "</section>\n");
	free(sum);
}

/* ---- tables -------------------------------------------------------------- */

static void
put_table(struct sts_buf *buf, const char *const *names, size_t count)
{
	size_t i;

	put(buf, "<table>\n<thead><tr>");
	for (i = 0; i < count; i++)
		(void)sts_buf_printf(buf, "<th scope=\"col\"%s>%s</th>",
		    strcmp(names[i], "Failed") == 0 ||
			    strcmp(names[i], "Sessions") == 0
			? " class=\"n\""
			: "",
		    names[i]);
	put(buf, "</tr></thead>\n<tbody>\n");
}

static void
open_cell(struct sts_buf *buf, const char *name, const char *class)
{
	(void)sts_buf_printf(buf, "<td data-name=\"%s\"%s%s%s><div>", name,
	    *class == '\0' ? "" : " class=\"", class,
	    *class == '\0' ? "" : "\"");
}

static void
close_cell(struct sts_buf *buf)
{
	put(buf, "</div></td>");
}

static void
put_text(struct sts_buf *buf, const char *text)
{
	put(buf, "<bdi>");
	sts_html_text(buf, *text == '\0' ? "-" : text);
	put(buf, "</bdi>");
}

/* A second line of a cell, if there is something to say. */
static void
put_small(struct sts_buf *buf, const char *label, const char *text)
{
	if (*text == '\0')
		return;
	(void)sts_buf_printf(buf, "<small>%s<bdi>", label);
	sts_html_text(buf, text);
	put(buf, "</bdi></small>");
}

static void
put_cell(struct sts_buf *buf, const char *name, const char *text)
{
	open_cell(buf, name, "");
	put_text(buf, text);
	close_cell(buf);
}

static void
put_number(struct sts_buf *buf, const char *name, int64_t number)
{
	open_cell(buf, name, "n");
	sts_html_number(buf, number);
	close_cell(buf);
}

static void
put_policy(struct sts_buf *buf, const struct sts_tally_row *row)
{
	open_cell(buf, "Policy", "");
	put_text(buf, row->domain);
	put(buf, "<small><bdi>");
	sts_html_text(buf, row->type);
	put(buf, *row->mode == '\0' ? "" : ", ");
	sts_html_text(buf, row->mode);
	put(buf, "</bdi></small>");
	close_cell(buf);
}

static void
put_last(struct sts_buf *buf, const struct sts_tally_row *row)
{
	char first[STS_DAY_TEXT], last[STS_DAY_TEXT];

	open_cell(buf, "Last day", "day");
	put(buf, row->last == 0 ? "-" : sts_moment_day(row->last, last));
	if (row->first != 0 && row->first / DAY != row->last / DAY)
		put_small(buf, "since ", sts_moment_day(row->first, first));
	close_cell(buf);
}

static void
put_reporters(struct sts_buf *buf, const struct sts_tally_row *row)
{
	open_cell(buf, "Reporter", "");
	put_text(buf, row->reporter);
	if (row->reporters > 1)
		(void)sts_buf_printf(buf, "<small>and %zu more</small>",
		    row->reporters - 1);
	put_small(buf, "from ", row->sender);
	close_cell(buf);
}

static void
put_problem(struct sts_buf *buf, const struct sts_tally_row *row)
{
	put(buf, "<tr>");
	put_last(buf, row);
	open_cell(buf, "Result", "");
	put_text(buf, row->result);
	put_small(buf, "", sts_meaning(row->result));
	put_small(buf, "it says: ", row->reason);
	close_cell(buf);
	open_cell(buf, "MX host", "");
	put_text(buf, row->mx);
	put_small(buf, "", row->address);
	close_cell(buf);
	put_policy(buf, row);
	put_reporters(buf, row);
	put_number(buf, "Failed", row->failed);
	put(buf, "</tr>\n");
}

static void
put_problems(struct sts_buf *buf, const struct sts_tally_row *row, size_t rows)
{
	static const char *const names[] = { "Last day", "Result", "MX host",
		"Policy", "Reporter", "Failed" };
	size_t i;

	put(buf, "<section>\n<h2>Problems, newest first</h2>\n");
	if (rows == 0) {
		put(buf, "<p>No failed session was reported.</p>\n"
			 "</section>\n");
		return;
	}
	put_table(buf, names, sizeof(names) / sizeof(names[0]));
	for (i = 0; i < rows && i < PROBLEMS_MAX; i++)
		put_problem(buf, &row[i]);
	put(buf, "</tbody>\n</table>\n");
	if (rows > PROBLEMS_MAX)
		(void)sts_buf_printf(buf,
		    "<p class=\"soft\">and %zu more</p>\n",
		    rows - PROBLEMS_MAX);
	put(buf, "</section>\n");
}

static void
put_row(struct sts_buf *buf, const struct sts_tally_row *row)
{
	put(buf, "<tr>");
	put_cell(buf, "Reporter", row->reporter);
	put_policy(buf, row);
	put_last(buf, row);
	put_number(buf, "Sessions", row->sessions);
	put_number(buf, "Failed", row->failed);
	put(buf, "</tr>\n");
}

/* What reporters say of policies: the rows that are no failures. */
static void
put_policies(struct sts_buf *buf, const struct sts_tally_row *row, size_t rows)
{
	static const char *const names[] = { "Reporter", "Policy", "Last day",
		"Sessions", "Failed" };
	size_t i, policies = 0;

	put(buf, "<section>\n<h2>Policies that reporters saw</h2>\n");
	if (rows == 0) {
		put(buf, "<p class=\"soft\">There is no report.</p>\n"
			 "</section>\n");
		return;
	}
	put_table(buf, names, sizeof(names) / sizeof(names[0]));
	for (i = 0; i < rows; i++)
		if (*row[i].result == '\0' && policies++ < ROWS_MAX)
			put_row(buf, &row[i]);
	put(buf, "</tbody>\n</table>\n");
	if (policies > ROWS_MAX)
		(void)sts_buf_printf(buf,
		    "<p class=\"soft\">and %zu more</p>\n",
		    policies - ROWS_MAX);
	put(buf, "</section>\n");
}

/* ---- all of it ----------------------------------------------------------- */

static void
put_foot(struct sts_buf *buf)
{
	put(buf,
	    "<footer><p>What reports say (RFC 8460) is not verified: who can "
	    "send mail to the address in the domain&#39;s TLSRPT record can "
	    "send a report. Days are UTC. One session can fail in several "
	    "ways, so results can add up to more than the sessions that "
	    "failed.</p></footer>\n</main>\n</body>\n</html>\n");
}

enum sts_rc
sts_page(const struct sts_tally *tally, int64_t now, struct sts_buf *buf)
{
	struct sts_tally_row *row, *problem;
	size_t rows, problems;

	row = sts_tally_rows(tally, &rows);
	problem = row == NULL ? NULL : sts_tally_problems(tally, &problems);
	if (problem == NULL) {
		free(row);
		return STS_ENOMEM;
	}
	put_head(buf);
	put_header(buf, tally, now);
	put_tiles(buf, tally);
	put_days(buf, tally);
	put_problems(buf, problem, problems);
	put(buf, "<div class=\"grid\">\n");
	put_bars(buf, tally, STS_TALLY_RESULT, "By result");
	put_bars(buf, tally, STS_TALLY_MX, "By MX host");
	put_bars(buf, tally, STS_TALLY_REPORTER, "By reporter");
	put(buf, "</div>\n");
	put_policies(buf, row, rows);
	put_foot(buf);
	free(problem);
	free(row);
	return buf->rc;
}
