/* SPDX-License-Identifier: ISC */
/*
 * Pieces of an answer line, see scan.h.
 */
#include <string.h>

#include "base/domain.h"
#include "policy/scan.h"

#define NUMBER_MAX 20 /* digits of an int64_t, and a NUL */

/* Does C stand for itself between quotes? */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

/* DATA in quotes, the octets that could end them or the line as \DDD. */
void
sts_scan_quote(struct sts_buf *buf, const char *data, size_t len)
{
	(void)sts_buf_str(buf, "\"");
	(void)sts_buf_escaped_also(buf, data, len, '"');
	(void)sts_buf_str(buf, "\"");
}

bool
sts_scan_literal(struct sts_scan *r, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* What stands before the next blank, at least one octet and fewer than SIZE.
 * Its callers compare or check it octet by octet. */
bool
sts_scan_word(struct sts_scan *r, char *out, size_t size)
{
	size_t left = (size_t)(r->end - r->at), len;
	const char *blank = memchr(r->at, ' ', left);

	len = blank == NULL ? left : (size_t)(blank - r->at);
	if (len == 0 || len >= size || memchr(r->at, '\0', len) != NULL)
		return false;
	memcpy(out, r->at, len);
	out[len] = '\0';
	r->at += len;
	return true;
}

bool
sts_scan_domain(struct sts_scan *r, char domain[STS_DOMAIN_MAX + 1])
{
	char word[STS_DOMAIN_MAX + 1];

	return sts_scan_word(r, word, sizeof(word)) &&
	       sts_domain_normalize(word, strlen(word), domain, NULL) ==
		   STS_OK &&
	       strcmp(word, domain) == 0;
}

bool
sts_scan_cause(struct sts_scan *r, enum sts_rc *cause)
{
	char word[32];
	int i;

	if (!sts_scan_word(r, word, sizeof(word)))
		return false;
	for (i = 0; i < STS_RC_MAX; i++) {
		*cause = (enum sts_rc)i;
		if (strcmp(sts_rc_name(*cause), word) == 0)
			return true;
	}
	return false;
}

bool
sts_scan_bool(struct sts_scan *r, bool *value)
{
	*value = sts_scan_literal(r, "1");
	return *value || sts_scan_literal(r, "0");
}

/* Not negative, no leading zero, no overflow. */
bool
sts_scan_number(struct sts_scan *r, int64_t *value)
{
	char word[NUMBER_MAX];
	int64_t n = 0;
	size_t i;

	if (!sts_scan_word(r, word, sizeof(word)) ||
	    (word[0] == '0' && word[1] != '\0'))
		return false;
	for (i = 0; word[i] != '\0'; i++) {
		if (!sts_ascii_digit((unsigned char)word[i]) ||
		    n > (INT64_MAX - (word[i] - '0')) / 10)
			return false;
		n = n * 10 + (word[i] - '0');
	}
	*value = n;
	return true;
}

/* \DDD of an octet that sts_scan_quote() does not write as itself. */
static bool
take_escape(struct sts_scan *r, char *out)
{
	int c = 0, i;

	if (r->end - r->at < 4)
		return false;
	for (i = 1; i < 4; i++) {
		if (!sts_ascii_digit((unsigned char)r->at[i]))
			return false;
		c = c * 10 + (r->at[i] - '0');
	}
	if (c > 255 || is_plain((unsigned char)c))
		return false;
	*out = (char)c;
	r->at += 4;
	return true;
}

/* Octets up to the closing quote go to BUF, which knows how many may. */
bool
sts_scan_quoted(struct sts_scan *r, struct sts_buf *buf)
{
	char c;

	if (!sts_scan_literal(r, "\""))
		return false;
	while (r->at < r->end && *r->at != '"') {
		if (is_plain((unsigned char)*r->at))
			c = *r->at++;
		else if (*r->at != '\\' || !take_escape(r, &c))
			return false;
		if (sts_buf_add(buf, &c, 1) != STS_OK)
			return false;
	}
	return sts_scan_literal(r, "\"");
}

bool
sts_scan_text(struct sts_scan *r, char *out, size_t size)
{
	struct sts_buf buf;
	bool ok;

	sts_buf_init(&buf, size - 1);
	ok = sts_scan_quoted(r, &buf) && strlen(sts_buf_text(&buf)) == buf.len;
	if (ok)
		memcpy(out, sts_buf_text(&buf), buf.len + 1);
	sts_buf_clear(&buf);
	return ok;
}
