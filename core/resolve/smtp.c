/* SPDX-License-Identifier: ISC */
/*
 * SMTP replies, see smtp.h.
 */
#include <string.h>

#include "base/domain.h"
#include "resolve/smtp.h"

#define CODE_LEN 3

/* Reply-code = %x32-35 %x30-35 %x30-39; 0 when LINE begins with none. */
static unsigned
code_of(const char *line)
{
	if (line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '5' ||
	    !sts_ascii_digit((unsigned char)line[2]))
		return 0;
	return (unsigned)(line[0] - '0') * 100 +
	       (unsigned)(line[1] - '0') * 10 + (unsigned)(line[2] - '0');
}

/* ehlo-keyword, before a blank or the end of the line; any case. */
static bool
is_starttls(const char *text)
{
	static const char keyword[] = "starttls";
	size_t i;

	for (i = 0; keyword[i] != '\0'; i++)
		if (sts_ascii_lower((unsigned char)text[i]) != keyword[i])
			return false;
	return text[i] == '\0' || text[i] == ' ';
}

static void
keep_text(struct sts_smtp_reply *reply, const char *text)
{
	size_t len = strnlen(text, STS_SMTP_TEXT_MAX);

	memcpy(reply->text, text, len);
	reply->text[len] = '\0';
}

/* Reply-code ( "-" / SP ) [ textstring ], or the code alone at the end. */
static enum sts_smtp_step
take_line(struct sts_smtp_reply *reply)
{
	const char *line = reply->line;
	unsigned code = code_of(line);
	char mark = '\0';

	if (code != 0)
		mark = line[CODE_LEN];
	if (code == 0 || (reply->lines > 0 && code != reply->code) ||
	    (mark != '-' && mark != ' ' && mark != '\0'))
		return STS_SMTP_BAD;
	reply->code = code;
	if (mark != '\0') {
		keep_text(reply, line + CODE_LEN + 1);
		/* The first line of an answer to EHLO is a greeting. */
		if (reply->lines > 0 && is_starttls(line + CODE_LEN + 1))
			reply->starttls = true;
	}
	reply->lines++;
	reply->len = 0;
	return mark == '-' ? STS_SMTP_MORE : STS_SMTP_DONE;
}

enum sts_smtp_step
sts_smtp_take(struct sts_smtp_reply *reply, char c)
{
	if (++reply->total > STS_SMTP_REPLY_MAX || c == '\0')
		return STS_SMTP_BAD;
	if (c != '\n') {
		if (reply->len + 1 == sizeof(reply->line))
			return STS_SMTP_BAD;
		reply->line[reply->len++] = c;
		return STS_SMTP_MORE;
	}
	if (reply->len > 0 && reply->line[reply->len - 1] == '\r')
		reply->len--;
	reply->line[reply->len] = '\0';
	return take_line(reply);
}
