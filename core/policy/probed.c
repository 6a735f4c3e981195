/* SPDX-License-Identifier: ISC */
/*
 * The answer to a probe, see probed.h.
 */
#include <inttypes.h>
#include <string.h>

#include "base/domain.h"
#include "policy/probed.h"
#include "policy/scan.h"

static const char none[] = "-";

static const char *
or_none(const char *text)
{
	return text[0] == '\0' ? none : text;
}

enum sts_rc
sts_probed_format(const struct sts_probed *line, struct sts_buf *buf)
{
	(void)sts_buf_printf(buf,
	    "probe %s result=%s address=%s tls=%s at=%" PRId64 " reason=",
	    line->host, sts_rc_name(line->result), or_none(line->address),
	    or_none(line->tls), line->at);
	sts_scan_quote(buf, line->reason, strlen(line->reason));
	return buf->rc;
}

/* As we write it, so that equal addresses are equal texts. */
static bool
take_address(struct sts_scan *r, char out[STS_ADDR_TEXT])
{
	char word[STS_ADDR_TEXT];
	struct sts_addr addr;

	if (!sts_scan_word(r, word, sizeof(word)))
		return false;
	out[0] = '\0';
	return strcmp(word, none) == 0 ||
	       (sts_addr_parse(word, &addr) &&
		   strcmp(sts_addr_text(&addr, out), word) == 0);
}

/* "TLSv1.3": letters, digits and dots. */
static bool
take_version(struct sts_scan *r, char *out, size_t size)
{
	size_t i;

	if (!sts_scan_word(r, out, size))
		return false;
	if (strcmp(out, none) == 0) {
		out[0] = '\0';
		return true;
	}
	for (i = 0; out[i] != '\0'; i++)
		if (!sts_ascii_alnum((unsigned char)out[i]) && out[i] != '.')
			return false;
	return true;
}

static bool
take_line(struct sts_scan *r, struct sts_probed *line)
{
	return sts_scan_literal(r, "probe ") &&
	       sts_scan_domain(r, line->host) &&
	       sts_scan_literal(r, " result=") &&
	       sts_scan_cause(r, &line->result) &&
	       sts_scan_literal(r, " address=") &&
	       take_address(r, line->address) && sts_scan_literal(r, " tls=") &&
	       take_version(r, line->tls, sizeof(line->tls)) &&
	       sts_scan_literal(r, " at=") && sts_scan_number(r, &line->at) &&
	       sts_scan_literal(r, " reason=") &&
	       sts_scan_text(r, line->reason, sizeof(line->reason)) &&
	       r->at == r->end;
}

enum sts_rc
sts_probed_parse(const char *text, size_t len, struct sts_probed *line,
    struct sts_error *err)
{
	struct sts_scan r = { text, text + len };
	struct sts_probed new;

	memset(&new, 0, sizeof(new));
	if (len > STS_PROBED_LINE_MAX || !take_line(&r, &new))
		return sts_error_set(err, STS_EDAMAGED,
		    "not an answer to a probe (octet %zu of %zu)",
		    (size_t)(r.at - text) + 1, len);
	*line = new;
	return STS_OK;
}
