/* SPDX-License-Identifier: ISC */
/*
 * What commands say.  Whatever comes from a stranger is escaped here, so no
 * command can forget it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "command/command.h"

#define TEXT_MAX    2048
#define LABEL_WIDTH 9

static void STS_PRINTF(3, 0)
    put_escaped(FILE *stream, const char *label, const char *format, va_list ap)
{
	char text[TEXT_MAX];
	struct sts_buf line;

	(void)vsnprintf(text, sizeof(text), format, ap);
	sts_buf_init(&line, 4 * sizeof(text));
	(void)sts_buf_escaped(&line, text, strlen(text));
	(void)fprintf(stream, "%s%s\n", label, sts_buf_text(&line));
	sts_buf_clear(&line);
}

enum sts_exit
sts_complain(enum sts_exit status, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_escaped(stderr, "mta-sts: ", format, ap);
	va_end(ap);
	return status;
}

void
sts_print(const char *label, const char *format, ...)
{
	char column[32];
	va_list ap;

	column[0] = '\0';
	if (label != NULL)
		(void)snprintf(column, sizeof(column), "%-*s ", LABEL_WIDTH,
		    label);
	va_start(ap, format);
	put_escaped(stdout, column, format, ap);
	va_end(ap);
}

enum sts_exit
sts_print_json(struct sts_json *json, enum sts_exit status)
{
	enum sts_rc rc = sts_json_print(json, stdout);

	if (rc == STS_ENOMEM)
		return sts_complain(STS_EXIT_UNSURE, "no memory");
	return rc == STS_OK ? status : STS_EXIT_UNSURE;
}

const char *
sts_time_text(int64_t wall, char text[STS_TIME_TEXT])
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(text, STS_TIME_TEXT, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		(void)snprintf(text, STS_TIME_TEXT, "-");
	return text;
}

const char *
sts_span_text(int64_t seconds, char text[STS_TIME_TEXT])
{
	static const struct {
		int64_t seconds;
		const char *name;
	} units[] = {
		{ 86400, "day" },
		{ 3600, "hour" },
		{ 60, "minute" },
		{ 1, "second" },
	};
	long long count;
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(units[0]) &&
	       seconds < units[i].seconds)
		i++;
	count = seconds / units[i].seconds;
	(void)snprintf(text, STS_TIME_TEXT, "%lld %s%s", count, units[i].name,
	    count == 1 ? "" : "s");
	return text;
}

enum sts_exit
sts_exit_status(enum sts_rc rc)
{
	if (rc == STS_OK)
		return STS_EXIT_YES;
	if (rc == STS_ECONFIG || rc == STS_EUSAGE || rc == STS_EDOMAIN)
		return STS_EXIT_USAGE;
	return STS_EXIT_UNSURE;
}
