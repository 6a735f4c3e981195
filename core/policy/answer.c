/* SPDX-License-Identifier: ISC */
/*
 * The resolver's answer line, see answer.h.  What is read must be octet for
 * octet what would have been written, so nothing is skipped or guessed.
 */
#include <inttypes.h>
#include <string.h>

#include "base/domain.h"
#include "policy/answer.h"

#define NUMBER_MAX 20 /* digits of an int64_t, and a NUL */

struct reader {
	const char *at;
	const char *end;
};

/* Does C stand for itself between quotes? */
static bool
is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\' && c != '"';
}

/* DATA in quotes, the octets that could end them or the line as \DDD. */
static void
add_quoted(struct sts_buf *buf, const char *data, size_t len)
{
	(void)sts_buf_str(buf, "\"");
	(void)sts_buf_escaped_also(buf, data, len, '"');
	(void)sts_buf_str(buf, "\"");
}

enum sts_rc
sts_answer_format(const struct sts_answer_line *line, struct sts_buf *buf)
{
	if ((line->answer == STS_ANSWER_POLICY) != (line->policy != NULL))
		return STS_EUSAGE;
	(void)sts_buf_printf(buf,
	    "policy %s answer=%s cause=%s source=%s stored=%d tlsrpt=%d",
	    line->domain, sts_answer_name(line->answer),
	    sts_rc_name(line->cause), line->source, line->stored, line->tlsrpt);
	if (line->answer == STS_ANSWER_POLICY) {
		(void)sts_buf_printf(buf, " id=%s expires=%" PRId64, line->id,
		    line->expires);
		(void)sts_buf_str(buf, " text=");
		add_quoted(buf, line->policy->text, line->policy->text_len);
	}
	(void)sts_buf_str(buf, " reason=");
	add_quoted(buf, line->reason, strlen(line->reason));
	return buf->rc;
}

static bool
take_literal(struct reader *r, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(r->end - r->at) < len || memcmp(r->at, text, len) != 0)
		return false;
	r->at += len;
	return true;
}

/* What stands before the next blank, at least one octet and fewer than SIZE.
 * Its callers compare or check it octet by octet. */
static bool
take_word(struct reader *r, char *out, size_t size)
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

static bool
take_domain(struct reader *r, char domain[STS_DOMAIN_MAX + 1])
{
	char word[STS_DOMAIN_MAX + 1];

	return take_word(r, word, sizeof(word)) &&
	       sts_domain_normalize(word, strlen(word), domain, NULL) ==
		   STS_OK &&
	       strcmp(word, domain) == 0;
}

static bool
take_answer(struct reader *r, enum sts_answer *answer)
{
	char word[16];
	int i;

	if (!take_word(r, word, sizeof(word)))
		return false;
	for (i = 0; i < STS_ANSWER_MAX; i++) {
		*answer = (enum sts_answer)i;
		if (strcmp(sts_answer_name(*answer), word) == 0)
			return true;
	}
	return false;
}

static bool
take_cause(struct reader *r, enum sts_rc *cause)
{
	char word[32];
	int i;

	if (!take_word(r, word, sizeof(word)))
		return false;
	for (i = 0; i < STS_RC_MAX; i++) {
		*cause = (enum sts_rc)i;
		if (strcmp(sts_rc_name(*cause), word) == 0)
			return true;
	}
	return false;
}

static bool
take_bool(struct reader *r, bool *value)
{
	*value = take_literal(r, "1");
	return *value || take_literal(r, "0");
}

/* Letters and digits, as an id has them (RFC 8461, 3.1) and a source. */
static bool
take_alnum(struct reader *r, char *out, size_t size)
{
	size_t i;

	if (!take_word(r, out, size))
		return false;
	for (i = 0; out[i] != '\0'; i++)
		if (!sts_ascii_alnum((unsigned char)out[i]))
			return false;
	return true;
}

/* Not negative, no leading zero, no overflow. */
static bool
take_number(struct reader *r, int64_t *value)
{
	char word[NUMBER_MAX];
	int64_t n = 0;
	size_t i;

	if (!take_word(r, word, sizeof(word)) ||
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

/* \DDD of an octet that add_quoted() does not write as itself. */
static bool
take_escape(struct reader *r, char *out)
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
static bool
take_quoted(struct reader *r, struct sts_buf *buf)
{
	char c;

	if (!take_literal(r, "\""))
		return false;
	while (r->at < r->end && *r->at != '"') {
		if (is_plain((unsigned char)*r->at))
			c = *r->at++;
		else if (*r->at != '\\' || !take_escape(r, &c))
			return false;
		if (sts_buf_add(buf, &c, 1) != STS_OK)
			return false;
	}
	return take_literal(r, "\"");
}

static bool
take_reason(struct reader *r, char reason[STS_ERROR_MAX])
{
	struct sts_buf buf;
	bool ok;

	sts_buf_init(&buf, STS_ERROR_MAX - 1);
	ok = take_quoted(r, &buf) && strlen(sts_buf_text(&buf)) == buf.len;
	if (ok)
		memcpy(reason, sts_buf_text(&buf), buf.len + 1);
	sts_buf_clear(&buf);
	return ok;
}

static bool
take_policy(struct reader *r, struct sts_answer_line *line)
{
	struct sts_buf buf;
	bool ok;

	if (!take_literal(r, " id=") ||
	    !take_alnum(r, line->id, sizeof(line->id)) ||
	    !take_literal(r, " expires=") || !take_number(r, &line->expires) ||
	    !take_literal(r, " text="))
		return false;
	sts_buf_init(&buf, STS_POLICY_TEXT_MAX);
	ok = take_quoted(r, &buf) &&
	     sts_policy_parse(sts_buf_text(&buf), buf.len, &line->policy, NULL,
		 NULL) == STS_OK;
	sts_buf_clear(&buf);
	return ok;
}

static bool
take_line(struct reader *r, struct sts_answer_line *line)
{
	return take_literal(r, "policy ") && take_domain(r, line->domain) &&
	       take_literal(r, " answer=") && take_answer(r, &line->answer) &&
	       take_literal(r, " cause=") && take_cause(r, &line->cause) &&
	       take_literal(r, " source=") &&
	       take_alnum(r, line->source, sizeof(line->source)) &&
	       take_literal(r, " stored=") && take_bool(r, &line->stored) &&
	       take_literal(r, " tlsrpt=") && take_bool(r, &line->tlsrpt) &&
	       (line->answer != STS_ANSWER_POLICY || take_policy(r, line)) &&
	       take_literal(r, " reason=") && take_reason(r, line->reason) &&
	       r->at == r->end;
}

enum sts_rc
sts_answer_parse(const char *text, size_t len, struct sts_answer_line *line,
    struct sts_error *err)
{
	struct reader r = { text, text + len };
	struct sts_answer_line new;

	memset(&new, 0, sizeof(new));
	if (len <= STS_ANSWER_LINE_MAX && take_line(&r, &new)) {
		*line = new;
		return STS_OK;
	}
	sts_answer_clear(&new);
	return sts_error_set(err, STS_EDAMAGED,
	    "not an answer of mta-sts-resolve (octet %zu of %zu)",
	    len <= STS_ANSWER_LINE_MAX ? (size_t)(r.at - text) + 1 : 0, len);
}

void
sts_answer_clear(struct sts_answer_line *line)
{
	sts_policy_free(line->policy);
	memset(line, 0, sizeof(*line));
}
