/* SPDX-License-Identifier: ISC */
/*
 * The head of an answer, see http.h.
 */
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "resolve/http.h"

#define REASON_MAX 200

static bool
same_word(const char *text, const char *word)
{
	for (; *word != '\0'; text++, word++)
		if (sts_ascii_lower((unsigned char)*text) != *word)
			return false;
	return true;
}

/* status-line = HTTP-version SP 3DIGIT SP [ reason-phrase ] (RFC 9112, 4);
 * the second SP is often left out. */
bool
sts_http_is_status(const char *line, size_t len)
{
	static const char form[] = "HTTP/1.d ddd";
	size_t i;

	if (len < sizeof(form) - 1)
		return false;
	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == 'd' ? line[i] < '0' || line[i] > '9'
				   : line[i] != form[i])
			return false;
	return i == len || memchr(" \r\n", line[i], 3) != NULL;
}

/* media-type = type "/" subtype *( OWS ";" OWS parameter ); RFC 8461, 3.2
 * has no parameter that matters. */
bool
sts_http_is_text(const char *type)
{
	static const char plain[] = "text/plain";

	if (type == NULL)
		return false;
	type += strspn(type, " \t");
	if (!same_word(type, plain))
		return false;
	type += sizeof(plain) - 1;
	type += strspn(type, " \t");
	return *type == '\0' || *type == ';';
}

enum sts_rc
sts_http_reason(struct sts_error *err, enum sts_rc rc, const char *before,
    const char *text)
{
	struct sts_buf buf;

	sts_buf_init(&buf, REASON_MAX);
	(void)sts_buf_escaped(&buf, text, strlen(text));
	(void)sts_error_set(err, rc, "%s%s", before, sts_buf_text(&buf));
	sts_buf_clear(&buf);
	return rc;
}

static bool
is_redirect(long status)
{
	return (status >= 301 && status <= 303) || status == 307 ||
	       status == 308;
}

/* RFC 8461, 3.3: status 200 alone, no redirect; 3.2: text/plain. */
enum sts_rc
sts_http_judge(long status, const char *type, struct sts_error *err)
{
	if (is_redirect(status))
		return sts_error_set(err, STS_EFETCH,
		    "the policy host answered %ld (a redirect is never "
		    "followed)",
		    status);
	if (status != 200)
		return sts_error_set(err, STS_EFETCH,
		    "the policy host answered %ld (only 200 will do)", status);
	if (type == NULL)
		return sts_error_set(err, STS_EFETCH,
		    "the policy has no Content-Type (it must be text/plain)");
	if (!sts_http_is_text(type))
		return sts_http_reason(err, STS_EFETCH,
		    "the policy is not text/plain, its Content-Type is ", type);
	return STS_OK;
}

enum sts_rc
sts_http_judge_post(long status, const char *type, struct sts_error *err)
{
	(void)type;
	if (status >= 200 && status <= 299)
		return STS_OK;
	return sts_error_set(err, STS_EFETCH,
	    "the report host answered %ld (%s)", status,
	    is_redirect(status) ? "a redirect is never followed"
				: "only 2xx will do");
}
