/* SPDX-License-Identifier: ISC */
/*
 * Moments and days, see moment.h.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "inbox/moment.h"

#define DAY  86400
#define ZONE (14 * 3600) /* no zone is further from UTC */

/* WIDTH digits at *TEXT, which then points behind them. */
static bool
take_number(const char **text, int width, int *number)
{
	const char *p = *text;
	int i;

	*number = 0;
	for (i = 0; i < width; i++) {
		if (!sts_ascii_digit((unsigned char)p[i]))
			return false;
		*number = *number * 10 + (p[i] - '0');
	}
	*text = p + width;
	return true;
}

static bool
take(const char **text, const char *any)
{
	if (**text == '\0' || strchr(any, **text) == NULL)
		return false;
	(*text)++;
	return true;
}

/* full-date = 4DIGIT "-" 2DIGIT "-" 2DIGIT, a day that exists */
static bool
take_date(const char **text, int64_t *wall)
{
	struct tm tm = { .tm_year = 0 }, same;
	time_t seconds;

	if (!take_number(text, 4, &tm.tm_year) || !take(text, "-") ||
	    !take_number(text, 2, &tm.tm_mon) || !take(text, "-") ||
	    !take_number(text, 2, &tm.tm_mday))
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	same = tm;
	seconds = timegm(&same);
	*wall = seconds;
	return same.tm_year == tm.tm_year && same.tm_mon == tm.tm_mon &&
	       same.tm_mday == tm.tm_mday;
}

/* partial-time = 2DIGIT ":" 2DIGIT [":" 2DIGIT] [("." / ",") 1*DIGIT] */
static bool
take_time(const char **text, int64_t *wall)
{
	int hour, minute, second = 0;

	if (!take_number(text, 2, &hour) || !take(text, ":") ||
	    !take_number(text, 2, &minute))
		return false;
	if (take(text, ":") && !take_number(text, 2, &second))
		return false;
	if (take(text, ".,"))
		*text += strspn(*text, "0123456789");
	if (hour > 24 || minute > 59 || second > 60 ||
	    (hour == 24 && minute + second > 0))
		return false;
	*wall += (hour * 60 + minute) * 60 + second;
	return true;
}

/* time-offset = "Z" / ("+" / "-") 2DIGIT [":"] 2DIGIT; none is UTC */
static bool
take_zone(const char **text, int64_t *wall)
{
	char sign = **text;
	int hour, minute, offset;

	if (sign == '\0' || take(text, "Zz"))
		return true;
	if (!take(text, "+-") || !take_number(text, 2, &hour))
		return false;
	(void)take(text, ":");
	if (!take_number(text, 2, &minute) || minute > 59)
		return false;
	offset = (hour * 60 + minute) * 60;
	*wall -= sign == '-' ? -offset : offset;
	return offset <= ZONE;
}

bool
sts_moment_parse(const char *text, int64_t *wall)
{
	int64_t moment;

	if (!take_date(&text, &moment))
		return false;
	if (take(&text, "Tt ") &&
	    (!take_time(&text, &moment) || !take_zone(&text, &moment)))
		return false;
	if (*text != '\0')
		return false;
	*wall = moment;
	return true;
}

const char *
sts_moment_day(int64_t wall, char day[STS_DAY_TEXT])
{
	time_t seconds = (time_t)wall;
	struct tm tm;

	if (gmtime_r(&seconds, &tm) == NULL ||
	    strftime(day, STS_DAY_TEXT, "%Y-%m-%d", &tm) == 0)
		(void)snprintf(day, STS_DAY_TEXT, "-");
	return day;
}

const char *
sts_moment_span(int64_t first, int64_t last, char span[STS_SPAN_TEXT])
{
	char from[STS_DAY_TEXT], to[STS_DAY_TEXT];
	bool one;

	one =
	    strcmp(sts_moment_day(first, from), sts_moment_day(last, to)) == 0;
	(void)snprintf(span, STS_SPAN_TEXT, "%s%s%s", from, one ? "" : " to ",
	    one ? "" : to);
	return span;
}
