/* SPDX-License-Identifier: ISC */
/*
 * Words of a configuration line, see word.h.
 */
#include <string.h>

#include "base/word.h"

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* The body of a quoted word; *TEXT stands behind the opening quote. */
static enum sts_rc
quoted_word(const char **text, struct sts_buf *word, struct sts_error *err)
{
	const char *p;

	for (p = *text; *p != '\0' && *p != '"'; p++) {
		if (*p == '\\' && (p[1] == '"' || p[1] == '\\'))
			p++;
		(void)sts_buf_add(word, p, 1);
	}
	if (*p == '\0')
		return sts_error_set(err, STS_ECONFIG, "closing \" is missing");
	p++;
	if (*p != '\0' && !is_blank(*p))
		return sts_error_set(err, STS_ECONFIG,
		    "a blank is missing behind the closing \"");
	*text = p;
	return STS_OK;
}

static enum sts_rc
bare_word(const char **text, struct sts_buf *word, struct sts_error *err)
{
	const char *p = *text;

	while (*p != '\0' && *p != '"' && !is_blank(*p))
		p++;
	if (*p == '"')
		return sts_error_set(err, STS_ECONFIG,
		    "a quote in the middle of a word");
	(void)sts_buf_add(word, *text, (size_t)(p - *text));
	*text = p;
	return STS_OK;
}

enum sts_rc
sts_word_next(const char **text, struct sts_buf *word, struct sts_error *err)
{
	enum sts_rc rc;

	sts_buf_reset(word);
	while (is_blank(**text))
		(*text)++;
	if (**text == '\0' || **text == '#')
		return STS_ENODATA;
	if (**text == '"') {
		(*text)++;
		rc = quoted_word(text, word, err);
	} else {
		rc = bare_word(text, word, err);
	}
	if (rc == STS_OK && word->rc != STS_OK)
		return sts_error_set(err, STS_ECONFIG,
		    "a word is longer than %zu octets", word->max);
	return rc;
}

enum sts_rc
sts_word_add(struct sts_buf *buf, const char *value)
{
	const char *p;

	if (*value != '\0' && *value != '#' &&
	    value[strcspn(value, " \t\"\\")] == '\0')
		return sts_buf_str(buf, value);
	(void)sts_buf_str(buf, "\"");
	for (p = value; *p != '\0'; p++) {
		if (*p == '"' || *p == '\\')
			(void)sts_buf_str(buf, "\\");
		(void)sts_buf_add(buf, p, 1);
	}
	return sts_buf_str(buf, "\"");
}
