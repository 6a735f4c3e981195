/* SPDX-License-Identifier: ISC */
/*
 * What "inbox" prints, see listing.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inbox/listing.h"

#define LINE_MAX 16384
#define CELL_MAX 4096

void
sts_listing_complain(const char *where, const char *what)
{
	struct sts_buf line;

	sts_buf_init(&line, LINE_MAX);
	(void)sts_buf_escaped(&line, where, strlen(where));
	(void)sts_buf_str(&line, ": ");
	(void)sts_buf_escaped(&line, what, strlen(what));
	(void)fprintf(stderr, "mta-sts: %s\n", sts_buf_text(&line));
	sts_buf_clear(&line);
}

/* ---- sentences ----------------------------------------------------------- */

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

void
sts_listing_totals(const struct sts_tally *tally, struct sts_buf *buf)
{
	const struct sts_tally_total *total = sts_tally_total(tally);
	char span[STS_SPAN_TEXT];

	(void)sts_buf_printf(buf, "%zu report%s", total->reports,
	    plural((int64_t)total->reports));
	if (total->first != 0)
		(void)sts_buf_printf(buf, ", %s",
		    sts_moment_span(total->first, total->last, span));
	(void)sts_buf_printf(buf,
	    ": %" PRId64 " session%s, %" PRId64 " failed\n", total->sessions,
	    plural(total->sessions), total->failed);
	if (total->again > 0)
		(void)sts_buf_printf(buf,
		    "%zu came again and %s not counted again\n", total->again,
		    total->again == 1 ? "was" : "were");
	if (total->undated > 0)
		(void)sts_buf_printf(buf, "%zu of no day that can be\n",
		    total->undated);
	if (total->old > 0)
		(void)sts_buf_printf(buf, "%zu older and left out\n",
		    total->old);
}

/* ---- table --------------------------------------------------------------- */

enum {
	REPORTER,
	POLICY,
	RESULT,
	MX,
	SESSIONS,
	FAILED,
	LAST,
	COLUMNS
};

static const char *const heads[COLUMNS] = {
	[REPORTER] = "REPORTER",
	[POLICY] = "POLICY",
	[RESULT] = "RESULT",
	[MX] = "MX",
	[SESSIONS] = "SESSIONS",
	[FAILED] = "FAILED",
	[LAST] = "LAST",
};

static void
put_text(struct sts_buf *cell, const char *text)
{
	(void)sts_buf_escaped(cell, text, strlen(text));
}

/* What stands in COLUMN of ROW. */
static const char *
show_cell(const struct sts_tally_row *row, int column, struct sts_buf *cell)
{
	char day[STS_DAY_TEXT];

	sts_buf_reset(cell);
	if (column == REPORTER)
		put_text(cell, row->reporter);
	else if (column == RESULT)
		put_text(cell, row->result);
	else if (column == MX)
		put_text(cell, row->mx);
	else if (column == SESSIONS && *row->result == '\0')
		(void)sts_buf_printf(cell, "%" PRId64, row->sessions);
	else if (column == FAILED)
		(void)sts_buf_printf(cell, "%" PRId64, row->failed);
	else if (column == LAST && row->last != 0)
		(void)sts_buf_str(cell, sts_moment_day(row->last, day));
	if (column == POLICY) {
		put_text(cell, row->domain);
		(void)sts_buf_str(cell, *row->type == '\0' ? "" : " ");
		put_text(cell, row->type);
		(void)sts_buf_str(cell, *row->mode == '\0' ? "" : " ");
		put_text(cell, row->mode);
	}
	return cell->len == 0 ? "-" : sts_buf_text(cell);
}

static void
measure(const struct sts_tally_row *row, size_t rows, int width[COLUMNS])
{
	struct sts_buf cell;
	size_t i, len;
	int column;

	sts_buf_init(&cell, CELL_MAX);
	for (column = 0; column < COLUMNS; column++)
		width[column] = (int)strlen(heads[column]);
	for (i = 0; i < rows; i++)
		for (column = 0; column < COLUMNS; column++) {
			len = strlen(show_cell(&row[i], column, &cell));
			if ((int)len > width[column])
				width[column] = (int)len;
		}
	sts_buf_clear(&cell);
}

static void
put_cell(struct sts_buf *buf, int column, int width, const char *text)
{
	if (column == LAST)
		(void)sts_buf_printf(buf, "%s\n", text);
	else if (column == SESSIONS || column == FAILED)
		(void)sts_buf_printf(buf, "%*s  ", width, text);
	else
		(void)sts_buf_printf(buf, "%-*s  ", width, text);
}

enum sts_rc
sts_listing_table(const struct sts_tally *tally, struct sts_buf *buf)
{
	int width[COLUMNS], column;
	struct sts_tally_row *row;
	struct sts_buf cell;
	size_t i, rows;

	row = sts_tally_rows(tally, &rows);
	if (row == NULL)
		return STS_ENOMEM;
	measure(row, rows, width);
	sts_buf_init(&cell, CELL_MAX);
	for (column = 0; rows > 0 && column < COLUMNS; column++)
		put_cell(buf, column, width[column], heads[column]);
	for (i = 0; i < rows; i++)
		for (column = 0; column < COLUMNS; column++)
			put_cell(buf, column, width[column],
			    show_cell(&row[i], column, &cell));
	sts_buf_clear(&cell);
	free(row);
	return buf->rc;
}

/* ---- JSON ---------------------------------------------------------------- */

static void
put_string(struct sts_json *json, const char *key, const char *text)
{
	sts_json_str(json, key, *text == '\0' ? NULL : text);
}

static void
put_day(struct sts_json *json, const char *key, int64_t wall)
{
	char day[STS_DAY_TEXT];

	sts_json_str(json, key, wall == 0 ? NULL : sts_moment_day(wall, day));
}

static enum sts_rc
put_row(const struct sts_tally_row *row, struct sts_buf *buf)
{
	struct sts_json *json = sts_json_new();
	enum sts_rc rc;

	put_string(json, "reporter", row->reporter);
	put_string(json, "domain", row->domain);
	put_string(json, "type", row->type);
	put_string(json, "mode", row->mode);
	put_string(json, "result", row->result);
	put_string(json, "mx", row->mx);
	if (*row->result == '\0')
		sts_json_int(json, "sessions", row->sessions);
	else
		sts_json_str(json, "sessions", NULL);
	sts_json_int(json, "failed", row->failed);
	put_day(json, "first", row->first);
	put_day(json, "last", row->last);
	put_string(json, "sender", row->sender);
	put_string(json, "mx_address", row->address);
	put_string(json, "reason", row->reason);
	put_string(json, "information", row->information);
	rc = sts_json_text(json, buf);
	return rc == STS_OK ? sts_buf_str(buf, "\n") : rc;
}

enum sts_rc
sts_listing_json(const struct sts_tally *tally, struct sts_buf *buf)
{
	struct sts_tally_row *row;
	enum sts_rc rc = STS_OK;
	size_t i, rows;

	row = sts_tally_rows(tally, &rows);
	if (row == NULL)
		return STS_ENOMEM;
	for (i = 0; rc == STS_OK && i < rows; i++)
		rc = put_row(&row[i], buf);
	free(row);
	return rc;
}
