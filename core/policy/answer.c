/* SPDX-License-Identifier: ISC */
/*
 * The resolver's answer line, see answer.h.  What is read must be octet for
 * octet what would have been written, so nothing is skipped or guessed.
 */
#include <inttypes.h>
#include <string.h>

#include "base/domain.h"
#include "policy/answer.h"
#include "policy/scan.h"

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
		sts_scan_quote(buf, line->policy->text, line->policy->text_len);
	}
	(void)sts_buf_str(buf, " reason=");
	sts_scan_quote(buf, line->reason, strlen(line->reason));
	return buf->rc;
}

static bool
take_answer(struct sts_scan *r, enum sts_answer *answer)
{
	char word[16];
	int i;

	if (!sts_scan_word(r, word, sizeof(word)))
		return false;
	for (i = 0; i < STS_ANSWER_MAX; i++) {
		*answer = (enum sts_answer)i;
		if (strcmp(sts_answer_name(*answer), word) == 0)
			return true;
	}
	return false;
}

/* Letters and digits, as an id has them (RFC 8461, 3.1) and a source. */
static bool
take_alnum(struct sts_scan *r, char *out, size_t size)
{
	size_t i;

	if (!sts_scan_word(r, out, size))
		return false;
	for (i = 0; out[i] != '\0'; i++)
		if (!sts_ascii_alnum((unsigned char)out[i]))
			return false;
	return true;
}

static bool
take_policy(struct sts_scan *r, struct sts_answer_line *line)
{
	struct sts_buf buf;
	bool ok;

	if (!sts_scan_literal(r, " id=") ||
	    !take_alnum(r, line->id, sizeof(line->id)) ||
	    !sts_scan_literal(r, " expires=") ||
	    !sts_scan_number(r, &line->expires) ||
	    !sts_scan_literal(r, " text="))
		return false;
	sts_buf_init(&buf, STS_POLICY_TEXT_MAX);
	ok = sts_scan_quoted(r, &buf) &&
	     sts_policy_parse(sts_buf_text(&buf), buf.len, &line->policy, NULL,
		 NULL) == STS_OK;
	sts_buf_clear(&buf);
	return ok;
}

static bool
take_line(struct sts_scan *r, struct sts_answer_line *line)
{
	return sts_scan_literal(r, "policy ") &&
	       sts_scan_domain(r, line->domain) &&
	       sts_scan_literal(r, " answer=") &&
	       take_answer(r, &line->answer) &&
	       sts_scan_literal(r, " cause=") &&
	       sts_scan_cause(r, &line->cause) &&
	       sts_scan_literal(r, " source=") &&
	       take_alnum(r, line->source, sizeof(line->source)) &&
	       sts_scan_literal(r, " stored=") &&
	       sts_scan_bool(r, &line->stored) &&
	       sts_scan_literal(r, " tlsrpt=") &&
	       sts_scan_bool(r, &line->tlsrpt) &&
	       (line->answer != STS_ANSWER_POLICY || take_policy(r, line)) &&
	       sts_scan_literal(r, " reason=") &&
	       sts_scan_text(r, line->reason, sizeof(line->reason)) &&
	       r->at == r->end;
}

enum sts_rc
sts_answer_parse(const char *text, size_t len, struct sts_answer_line *line,
    struct sts_error *err)
{
	struct sts_scan r = { text, text + len };
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
