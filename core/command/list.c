/* SPDX-License-Identifier: ISC */
/*
 * Lists of policies, see list.h.  The text of a policy stands behind "> ", a
 * line each, odd octets as \DDD; a backslash at the end of a line says that
 * no newline follows.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "command/command.h"
#include "command/list.h"

#define FIRST_LINE "mta-sts-policies 1"
#define CHECKSUM   "checksum: "
#define SUM_LEN    16

struct line {
	const char *text;
	size_t len;
};

/* ---- writing ----------------------------------------------------------- */

void
sts_list_begin(struct sts_buf *buf)
{
	(void)sts_buf_str(buf, FIRST_LINE "\n\n");
}

static void
add_text(struct sts_buf *buf, const char *text, size_t len)
{
	const char *newline;
	size_t part;

	while (len > 0) {
		newline = memchr(text, '\n', len);
		part = newline == NULL ? len : (size_t)(newline - text);
		(void)sts_buf_str(buf, "> ");
		(void)sts_buf_escaped(buf, text, part);
		(void)sts_buf_str(buf, newline == NULL ? "\\\n" : "\n");
		part += newline != NULL;
		text += part;
		len -= part;
	}
}

void
sts_list_add(struct sts_buf *buf, const struct sts_entry *entry)
{
	char fetched[STS_TIME_TEXT], expires[STS_TIME_TEXT];

	(void)sts_buf_printf(buf, "domain: %s\nid: %s\n", entry->domain,
	    entry->id);
	(void)sts_buf_printf(buf, "fetched: %s\nexpires: %s\n",
	    sts_time_text(entry->fetched.wall, fetched),
	    sts_time_text(entry->expires, expires));
	add_text(buf, entry->policy->text, entry->policy->text_len);
	(void)sts_buf_str(buf, "\n");
}

void
sts_list_end(struct sts_buf *buf)
{
	(void)sts_buf_printf(buf, CHECKSUM "%016" PRIx64 "\n",
	    sts_checksum(buf->data, buf->len));
}

/* ---- reading lines ----------------------------------------------------- */

void
sts_list_open(struct sts_list *list, const char *text, size_t len)
{
	memset(list, 0, sizeof(*list));
	list->text = text;
	list->len = len;
}

/* The line at hand without its newline; false at the end. */
static bool
peek(const struct sts_list *list, struct line *line)
{
	const char *newline;

	line->text = list->text + list->at;
	line->len = list->len - list->at;
	if (line->len == 0)
		return false;
	newline = memchr(line->text, '\n', line->len);
	if (newline != NULL)
		line->len = (size_t)(newline - line->text);
	return true;
}

static void
pass(struct sts_list *list, const struct line *line)
{
	list->line++;
	list->at += line->len;
	if (list->at < list->len)
		list->at++;
}

static bool
begins(const struct line *line, const char *word)
{
	size_t len = strlen(word);

	return line->len >= len && memcmp(line->text, word, len) == 0;
}

/* Between policies: empty lines and comments. */
static bool
is_idle(const struct line *line)
{
	return line->len == 0 || line->text[0] == '#';
}

static enum sts_rc
complain(struct sts_error *err, const char *what)
{
	return sts_error_set(err, STS_EUSAGE, "%s", what);
}

enum sts_rc
sts_list_check(struct sts_list *list, struct sts_error *err)
{
	size_t tail = strlen(CHECKSUM) + SUM_LEN + 1, body;
	char last[sizeof(CHECKSUM) + SUM_LEN + 1];
	struct line line;

	list->bad = 1;
	if (!peek(list, &line) || line.len != strlen(FIRST_LINE) ||
	    !begins(&line, FIRST_LINE))
		return complain(err,
		    "the first line is not \"" FIRST_LINE "\"");
	pass(list, &line);
	body = list->len > tail ? list->len - tail : 0;
	list->bad = 0;
	if (body == 0 || list->text[body - 1] != '\n' ||
	    memcmp(list->text + body, CHECKSUM, strlen(CHECKSUM)) != 0)
		return complain(err,
		    "the list is cut short: it does not end with a checksum");
	list->len = body;
	(void)snprintf(last, sizeof(last), CHECKSUM "%016" PRIx64 "\n",
	    sts_checksum(list->text, body));
	if (memcmp(list->text + body, last, tail) != 0)
		return sts_error_set(err, STS_EUSAGE,
		    "the list was changed; if that was meant, let it end "
		    "with \"%.*s\"",
		    (int)strlen(last) - 1, last);
	return STS_OK;
}

/* ---- reading a policy -------------------------------------------------- */

/* The value of the line "KEY: ", which must be the next. */
static enum sts_rc
take(struct sts_list *list, const char *key, char *value, size_t size,
    struct sts_error *err)
{
	size_t len = strlen(key) + 2;
	struct line line = { NULL, 0 };
	bool found = peek(list, &line) && begins(&line, key) &&
		     line.len >= len &&
		     memcmp(line.text + len - 2, ": ", 2) == 0;

	list->bad = list->line + 1;
	if (!found)
		return sts_error_set(err, STS_EUSAGE, "\"%s: \" is expected",
		    key);
	pass(list, &line);
	if (line.len - len >= size || memchr(line.text, '\0', line.len) != NULL)
		return sts_error_set(err, STS_EUSAGE, "%s is too long", key);
	memcpy(value, line.text + len, line.len - len);
	value[line.len - len] = '\0';
	return STS_OK;
}

/* As sts_time_text() writes it, and no other form. */
static enum sts_rc
take_time(struct sts_list *list, const char *key, int64_t *wall,
    struct sts_error *err)
{
	char value[STS_TIME_TEXT], again[STS_TIME_TEXT];
	struct tm tm;
	enum sts_rc rc;

	rc = take(list, key, value, sizeof(value), err);
	if (rc != STS_OK)
		return rc;
	memset(&tm, 0, sizeof(tm));
	if (strptime(value, "%Y-%m-%dT%H:%M:%SZ", &tm) != NULL)
		*wall = timegm(&tm);
	if (*wall < 0 || strcmp(sts_time_text(*wall, again), value) != 0)
		return sts_error_set(err, STS_EUSAGE,
		    "%s is not a time like 2026-11-23T10:00:00Z", key);
	return STS_OK;
}

static enum sts_rc
take_domain(struct sts_list *list, char domain[STS_DOMAIN_MAX + 1],
    struct sts_error *err)
{
	char normal[STS_DOMAIN_MAX + 1];
	enum sts_rc rc;

	rc = take(list, "domain", domain, STS_DOMAIN_MAX + 1, err);
	if (rc != STS_OK)
		return rc;
	if (sts_domain_normalize(domain, strlen(domain), normal, NULL) !=
		STS_OK ||
	    strcmp(domain, normal) != 0)
		return complain(err, "not a domain name, or not in lower case");
	if (strcmp(list->last, domain) >= 0)
		return sts_error_set(err, STS_EUSAGE,
		    "domains are not in order: %.*s stands before this",
		    STS_ERROR_MAX / 2, list->last);
	memcpy(list->last, domain, strlen(domain) + 1);
	return STS_OK;
}

static enum sts_rc
take_text(struct sts_list *list, struct sts_buf *text, struct sts_error *err)
{
	struct line line;
	bool whole;

	while (peek(list, &line) && begins(&line, ">")) {
		pass(list, &line);
		list->bad = list->line;
		whole = line.text[line.len - 1] != '\\';
		line.len -= !whole;
		if (line.len > 1 && (line.text[1] != ' ' ||
					sts_buf_unescaped(text, line.text + 2,
					    line.len - 2) != STS_OK))
			return complain(err,
			    "not a line of a policy, or one too many");
		if (whole && sts_buf_str(text, "\n") != STS_OK)
			return complain(err, "the policy is too long");
	}
	return STS_OK;
}

/* RFC 8461, 3.2: a policy lives max_age from its fetch and no longer. */
static enum sts_rc
make_entry(const char *domain, const char *id, const struct sts_buf *text,
    const int64_t times[2], struct sts_entry **out, struct sts_error *err)
{
	struct sts_now fetched = { .wall = times[0], .boot_id = "-" };
	struct sts_entry *entry;
	enum sts_rc rc;

	rc = sts_entry_new(domain, id, sts_buf_text(text), text->len, &fetched,
	    &entry, err);
	if (rc != STS_OK)
		return rc;
	if (times[1] > entry->expires) {
		sts_entry_free(entry);
		return complain(err, "it expires later than max_age allows");
	}
	entry->expires = times[1];
	*out = entry;
	return STS_OK;
}

static enum sts_rc
take_entry(struct sts_list *list, int64_t now, struct sts_buf *text,
    struct sts_entry **entry, struct sts_error *err)
{
	char domain[STS_DOMAIN_MAX + 1], id[STS_ID_MAX + 1];
	int64_t times[2] = { -1, -1 };
	enum sts_rc rc;

	rc = take_domain(list, domain, err);
	if (rc == STS_OK)
		rc = take(list, "id", id, sizeof(id), err);
	if (rc == STS_OK)
		rc = take_time(list, "fetched", &times[0], err);
	if (rc == STS_OK && times[0] > now)
		rc = complain(err, "it was fetched in the future");
	if (rc == STS_OK)
		rc = take_time(list, "expires", &times[1], err);
	if (rc == STS_OK)
		rc = take_text(list, text, err);
	if (rc == STS_OK)
		rc = make_entry(domain, id, text, times, entry, err);
	return rc;
}

/* On to the next policy behind a bad one. */
static void
recover(struct sts_list *list)
{
	struct line line;

	while (peek(list, &line) && !begins(&line, "domain: "))
		pass(list, &line);
}

enum sts_rc
sts_list_next(struct sts_list *list, int64_t now, struct sts_entry **entry,
    struct sts_error *err)
{
	struct sts_buf text;
	struct line line;
	enum sts_rc rc;

	while (peek(list, &line) && is_idle(&line))
		pass(list, &line);
	if (list->at == list->len)
		return STS_ENODATA;
	sts_buf_init(&text, STS_POLICY_TEXT_MAX);
	rc = take_entry(list, now, &text, entry, err);
	if (rc != STS_OK)
		recover(list);
	sts_buf_clear(&text);
	return rc;
}
