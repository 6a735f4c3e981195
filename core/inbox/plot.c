/* SPDX-License-Identifier: ISC */
/*
 * Plots, see plot.h.
 */
#include <inttypes.h>

#include "inbox/html.h"
#include "inbox/moment.h"
#include "inbox/plot.h"

#define HEIGHT 100 /* of a column, in units of the drawing */
#define STEP   10  /* from one column to the next */
#define LEAST  2.0 /* what is more than nothing can be seen */

static int64_t
value(const struct sts_plot_day *day, bool bad)
{
	return bad ? day->failed : day->sessions;
}

static int64_t
largest(const struct sts_plot_day *day, size_t count, bool bad)
{
	int64_t most = 0;
	size_t i;

	for (i = 0; i < count; i++)
		if (value(&day[i], bad) > most)
			most = value(&day[i], bad);
	return most;
}

/* PART of MOST as a part of WHOLE, and not too little to be seen. */
static double
scale(int64_t part, int64_t most, double whole)
{
	double length = most == 0 ? 0 : (double)part / (double)most * whole;

	if (part > 0 && length < LEAST * whole / HEIGHT)
		length = LEAST * whole / HEIGHT;
	return length;
}

static void
put_column(struct sts_buf *buf, const struct sts_plot_day *day, size_t i,
    int64_t most, bool bad)
{
	double height = scale(value(day, bad), most, HEIGHT);
	char text[STS_DAY_TEXT];

	(void)sts_buf_printf(buf,
	    "<g><title>%s: ", sts_moment_day(day->wall, text));
	sts_html_number(buf, value(day, bad));
	(void)sts_buf_printf(buf,
	    " %s</title><rect class=\"hit\" x=\"%zu\" y=\"0\" width=\"%d\" "
	    "height=\"%d\"/><rect class=\"%s\" x=\"%zu\" y=\"%.2f\" "
	    "width=\"%d\" height=\"%.2f\"/></g>\n",
	    bad ? "failed" : "sessions", i * STEP, STEP, HEIGHT,
	    bad ? "bad" : "ok", i * STEP + 1, HEIGHT - height, STEP - 2,
	    height);
}

static void
put_columns(struct sts_buf *buf, const struct sts_plot_day *day, size_t count,
    bool bad)
{
	int64_t most = largest(day, count, bad);
	size_t i;

	if (bad && most == 0) {
		(void)sts_buf_str(buf, "<p class=\"scale\">None failed</p>\n");
		return;
	}
	(void)sts_buf_printf(buf, "<p class=\"scale\">%s, at most ",
	    bad ? "Failed" : "Sessions");
	sts_html_number(buf, most);
	(void)sts_buf_printf(buf,
	    " a day</p>\n<svg class=\"columns %s\" viewBox=\"0 0 %zu %d\" "
	    "preserveAspectRatio=\"none\" role=\"img\" aria-label=\"%s per "
	    "day, at most %" PRId64 "\">\n",
	    bad ? "low" : "high", count * STEP, HEIGHT,
	    bad ? "Failed sessions" : "Sessions", most);
	for (i = 0; i < count; i++)
		put_column(buf, &day[i], i, most, bad);
	(void)sts_buf_str(buf, "</svg>\n");
}

void
sts_plot_days(struct sts_buf *buf, const struct sts_plot_day *day, size_t count)
{
	char first[STS_DAY_TEXT], last[STS_DAY_TEXT];

	/* few days are not drawn as walls */
	(void)sts_buf_printf(buf,
	    "<div class=\"plot\" style=\"max-width:%zuem\">\n", 9 + count * 3);
	put_columns(buf, day, count, false);
	put_columns(buf, day, count, true);
	(void)sts_buf_printf(buf,
	    "<p class=\"axis\"><span>%s</span><span>%s</span></p>\n</div>\n",
	    sts_moment_day(day[0].wall, first),
	    count == 1 ? "" : sts_moment_day(day[count - 1].wall, last));
}

void
sts_plot_bar(struct sts_buf *buf, int64_t whole, int64_t bad, int64_t most)
{
	double length = scale(whole, most, HEIGHT);
	double part = whole == 0 ? 0 : scale(bad, most, HEIGHT);

	if (part > length)
		part = length;
	(void)sts_buf_printf(buf,
	    "<svg class=\"bar\" aria-hidden=\"true\">"
	    "<rect class=\"track\" width=\"100%%\" height=\"100%%\"/>"
	    "<rect class=\"ok\" width=\"%.2f%%\" height=\"100%%\"/>"
	    "<rect class=\"bad\" width=\"%.2f%%\" height=\"100%%\"/></svg>\n",
	    length, part);
}
