/* SPDX-License-Identifier: ISC */
/*
 * Reports as mail, see letter.h.  Everything is 7bit, and no line is longer
 * than 78 octets unless a domain or an address makes it so.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base64.h"
#include "base/domain.h"
#include "base/mail.h"
#include "base/siphash.h"
#include "report/letter.h"

#define FOLD_AT   78
#define LINE      57 /* octets that make 76 of base64 */
#define WORD_MAX  45 /* octets that make an encoded word of 72 */
#define PLAIN_MAX 60
#define TIME_MAX  253402300799 /* the last of year 9999 */

/* No domain, no address and no base64 has a "_" behind a "=": it can occur
 * in neither part. */
#define BOUNDARY "=_tlsrpt"

static bool
time_ok(int64_t seconds)
{
	return seconds >= 0 && seconds <= TIME_MAX;
}

static bool
mail_ok(const char *text)
{
	return text != NULL && sts_mail_valid(text, strlen(text));
}

/* What both the name of the file and the message need. */
static enum sts_rc
check_report(const struct sts_letter *letter, struct sts_error *err)
{
	if (!mail_ok(letter->from))
		return sts_error_set(err, STS_EUSAGE,
		    "the report is from no address of mail");
	if (letter->domain == NULL ||
	    !sts_domain_valid(letter->domain, strlen(letter->domain)))
		return sts_error_set(err, STS_EUSAGE,
		    "the report is about no domain");
	if (!time_ok(letter->begin) || !time_ok(letter->end))
		return sts_error_set(err, STS_EUSAGE,
		    "the report is about no time");
	return STS_OK;
}

/* A dot-atom, "@" and a domain are a msg-id as well (RFC 5322, 3.6.4). */
static enum sts_rc
check_message(const struct sts_letter *letter, struct sts_error *err)
{
	if (!mail_ok(letter->to))
		return sts_error_set(err, STS_EUSAGE,
		    "the report is to no address of mail");
	if (!mail_ok(letter->report_id))
		return sts_error_set(err, STS_EUSAGE,
		    "the report's id is not of the form left@right");
	if (!time_ok(letter->date))
		return sts_error_set(err, STS_EUSAGE,
		    "the message has no date");
	return STS_OK;
}

static enum sts_rc
outcome(const struct sts_buf *out, struct sts_error *err)
{
	if (out->rc == STS_OK)
		return STS_OK;
	if (out->rc == STS_ENOMEM)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	return sts_error_set(err, STS_ESPACE,
	    "the message is larger than %zu octets", out->max);
}

/* filename = submitter "!" policy-domain "!" begin "!" end [ "!" unique ]
 * "." extension */
static void
add_filename(const struct sts_letter *letter, struct sts_buf *out)
{
	(void)sts_buf_printf(out, "%s!%s!%" PRId64 "!%" PRId64,
	    sts_mail_domain(letter->from), letter->domain, letter->begin,
	    letter->end);
	if (letter->part != 0)
		(void)sts_buf_printf(out, "!%03u", letter->part);
	(void)sts_buf_str(out, ".json.gz");
}

enum sts_rc
sts_letter_filename(const struct sts_letter *letter, struct sts_buf *out,
    struct sts_error *err)
{
	enum sts_rc rc = check_report(letter, err);

	if (rc != STS_OK)
		return rc;
	add_filename(letter, out);
	return outcome(out, err);
}

/* ---- header ------------------------------------------------------------ */

/* A blank and LEN octets of WORD, on a new line if it would not fit. */
static void
add_word(struct sts_buf *out, size_t *column, const char *word, size_t len)
{
	bool fold = *column + 1 + len > FOLD_AT;

	(void)sts_buf_str(out, fold ? "\n " : " ");
	(void)sts_buf_add(out, word, len);
	*column = (fold ? 0 : *column) + 1 + len;
}

static bool
is_printable(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~')
			return false;
	return true;
}

/* quoted-string (RFC 5322, 3.2.4) */
static void
quote(struct sts_buf *out, const char *text)
{
	(void)sts_buf_str(out, "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			(void)sts_buf_str(out, "\\");
		(void)sts_buf_add(out, text, 1);
	}
	(void)sts_buf_str(out, "\"");
}

/* How much of TEXT one encoded word takes: no character is cut in two. */
static size_t
word_len(const char *text)
{
	size_t len = strlen(text), n = WORD_MAX;

	if (len <= WORD_MAX)
		return len;
	while (n > WORD_MAX - 4 && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	return n;
}

/* encoded-words (RFC 2047), however long TEXT is and whatever is in it */
static void
encode(struct sts_buf *out, size_t *column, const char *text)
{
	struct sts_buf word;
	size_t n;

	for (; *text != '\0'; text += n) {
		n = word_len(text);
		sts_buf_init(&word, FOLD_AT);
		(void)sts_buf_str(&word, "=?UTF-8?B?");
		(void)sts_base64_add(&word, text, n);
		if (sts_buf_str(&word, "?=") != STS_OK)
			out->rc = word.rc;
		add_word(out, column, sts_buf_text(&word), word.len);
		sts_buf_clear(&word);
	}
}

static void
add_from(const struct sts_letter *letter, struct sts_buf *out)
{
	const char *name = letter->organisation;
	size_t column = strlen("From:"), begin;
	char address[STS_MAIL_MAX + sizeof("<>")];

	(void)sts_buf_str(out, "From:");
	if (name != NULL && is_printable(name) && strlen(name) <= PLAIN_MAX) {
		begin = out->len;
		(void)sts_buf_str(out, " ");
		quote(out, name);
		column += out->len - begin;
	} else if (name != NULL) {
		encode(out, &column, name);
	}
	(void)snprintf(address, sizeof(address), "<%s>", letter->from);
	add_word(out, &column, address, strlen(address));
	(void)sts_buf_str(out, "\n");
}

/* RFC 8460, 5.3: the words and their order are fixed, the folding is not. */
static void
add_subject(const struct sts_letter *letter, struct sts_buf *out)
{
	const char *submitter = sts_mail_domain(letter->from);
	char word[STS_MAIL_MAX + 32];
	size_t column = strlen("Subject: Report");
	int n;

	(void)sts_buf_str(out, "Subject: Report");
	n = snprintf(word, sizeof(word), "Domain: %s", letter->domain);
	add_word(out, &column, word, (size_t)n);
	n = snprintf(word, sizeof(word), "Submitter: %s", submitter);
	add_word(out, &column, word, (size_t)n);
	n = snprintf(word, sizeof(word), "Report-ID: <%s>", letter->report_id);
	add_word(out, &column, word, (size_t)n);
	(void)sts_buf_str(out, "\n");
}

/* date-time (RFC 5322, 3.3); strftime(3) would ask the locale. */
static void
add_date(const struct sts_letter *letter, struct sts_buf *out)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t seconds = (time_t)letter->date;
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)sts_buf_printf(out,
	    "Date: %.3s, %02d %.3s %04d %02d:%02d:%02d +0000\n",
	    days + 3 * tm.tm_wday, tm.tm_mday, months + 3 * tm.tm_mon,
	    tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* The report's id and a hash of whom it goes to: the same again when it is
 * sent again. */
static void
add_message_id(const struct sts_letter *letter, struct sts_buf *out)
{
	const char *id = letter->report_id, *domain = sts_mail_domain(id);

	(void)sts_buf_printf(out, "Message-ID: <%.*s.%016" PRIx64 "@%s>\n",
	    (int)(domain - id) - 1, id,
	    sts_checksum(letter->to, strlen(letter->to)), domain);
}

static void
add_header(const struct sts_letter *letter, struct sts_buf *out)
{
	add_from(letter, out);
	(void)sts_buf_printf(out, "To: <%s>\n", letter->to);
	add_subject(letter, out);
	add_date(letter, out);
	add_message_id(letter, out);
	(void)sts_buf_printf(out,
	    "TLS-Report-Domain: %s\n"
	    "TLS-Report-Submitter: %s\n"
	    "TLS-Required: No\n"
	    "Auto-Submitted: auto-generated\n"
	    "MIME-Version: 1.0\n"
	    "Content-Type: multipart/report; report-type=\"tlsrpt\";\n"
	    " boundary=\"" BOUNDARY "\"\n\n",
	    letter->domain, sts_mail_domain(letter->from));
}

/* ---- parts ------------------------------------------------------------- */

static void
add_time(struct sts_buf *out, const char *what, int64_t when)
{
	time_t seconds = (time_t)when;
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);
	(void)sts_buf_printf(out, "%s%04d-%02d-%02d %02d:%02d:%02d UTC\n", what,
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
}

static void
add_text(const struct sts_letter *letter, struct sts_buf *out)
{
	(void)sts_buf_printf(out,
	    "--" BOUNDARY "\n"
	    "Content-Type: text/plain; charset=us-ascii\n"
	    "Content-Transfer-Encoding: 7bit\n\n"
	    "This is a report about TLS on the way of mail (RFC 8460).\n\n"
	    "Mail to: %s\n"
	    "Sent by: %s\n",
	    letter->domain, sts_mail_domain(letter->from));
	add_time(out, "Begin:   ", letter->begin);
	add_time(out, "End:     ", letter->end);
	(void)sts_buf_str(out,
	    "\nThe report is attached, as JSON compressed with gzip.\n\n");
}

static void
add_attachment(const struct sts_letter *letter, struct sts_buf *out)
{
	const char *gz = letter->gz;
	size_t at, n;

	(void)sts_buf_str(out,
	    "--" BOUNDARY "\n"
	    "Content-Type: application/tlsrpt+gzip\n"
	    "Content-Transfer-Encoding: base64\n"
	    "Content-Disposition: attachment;\n filename=\"");
	add_filename(letter, out);
	(void)sts_buf_str(out, "\"\n\n");
	for (at = 0; at < letter->gz_len && out->rc == STS_OK; at += n) {
		n = letter->gz_len - at < LINE ? letter->gz_len - at : LINE;
		(void)sts_base64_add(out, gz + at, n);
		(void)sts_buf_str(out, "\n");
	}
	(void)sts_buf_str(out, "--" BOUNDARY "--\n");
}

enum sts_rc
sts_letter_build(const struct sts_letter *letter, struct sts_buf *out,
    struct sts_error *err)
{
	enum sts_rc rc = check_report(letter, err);

	if (rc == STS_OK)
		rc = check_message(letter, err);
	if (rc != STS_OK)
		return rc;
	add_header(letter, out);
	add_text(letter, out);
	add_attachment(letter, out);
	return outcome(out, err);
}
