/* SPDX-License-Identifier: ISC */
/*
 * Lines of verbs, see verb.h.  They come from a pipe, cut anywhere.
 */
#include <string.h>

#include "resolve/verb.h"

bool
sts_verb_take(struct sts_verb_reader *reader, char c, struct sts_verb *verb)
{
	char *space;

	if (c == '\n') {
		reader->line[reader->len] = '\0';
		space = reader->bad ? NULL : strchr(reader->line, ' ');
		if (space != NULL)
			*space++ = '\0';
		*verb = (struct sts_verb){ reader->line, space };
		reader->len = 0;
		reader->bad = false;
		return true;
	}
	if (c == '\0' || reader->len + 1 == sizeof(reader->line))
		reader->bad = true;
	else
		reader->line[reader->len++] = c;
	return false;
}

enum sts_rc
sts_verb_fail(struct sts_buf *line, const char *verb, const char *domain,
    const struct sts_error *error)
{
	(void)sts_buf_printf(line, "error %s ", verb);
	(void)sts_buf_escaped_also(line, domain,
	    strnlen(domain, STS_VERB_LINE_MAX), ' ');
	(void)sts_buf_printf(line, " cause=%s reason=\"",
	    sts_rc_name(error->rc));
	(void)sts_buf_escaped_also(line, error->text, strlen(error->text), '"');
	return sts_buf_str(line, "\"");
}
