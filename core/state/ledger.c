/* SPDX-License-Identifier: ISC */
/*
 * The ledger, see ledger.h.  A payload is "key=value" words in fixed order;
 * the policy's text is one word of it, the reason the rest of the line:
 *
 *   event=E at=T domain=D id=I mode=M expires=T hash=H text=X reason=R
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/frame.h"
#include "base/siphash.h"
#include "state/ledger.h"
#include "state/seal.h"
#include "state/shard.h"

#define TAG         "ledger"
#define READ_MAX    ((size_t)256 << 20) /* octets of a ledger that are read */
#define PAYLOAD_MAX (4 * STS_POLICY_TEXT_MAX + 4096)
#define HASH_LEN    16

static const struct {
	const char *name;
	bool has_text;
	bool ends; /* the policy does not live on */
} events[] = {
	[STS_LEDGER_LEARNED] = { "learned", true, false },
	[STS_LEDGER_CHANGED] = { "changed", true, false },
	[STS_LEDGER_RENEWED] = { "renewed", false, false },
	[STS_LEDGER_WITHDRAWN] = { "withdrawn", false, true },
	[STS_LEDGER_EXPIRED] = { "expired", false, true },
	[STS_LEDGER_DROPPED] = { "dropped", false, true },
	[STS_LEDGER_RESTORED] = { "restored", false, false },
	[STS_LEDGER_VANISHED] = { "vanished", false, false },
	[STS_LEDGER_FAILED] = { "failed", false, false },
};
_Static_assert(sizeof(events) / sizeof(events[0]) == STS_LEDGER_MAX,
    "events matches enum sts_ledger_event");

const char *
sts_ledger_event_name(enum sts_ledger_event event)
{
	if ((unsigned)event >= STS_LEDGER_MAX)
		return "unknown";
	return events[event].name;
}

bool
sts_ledger_event_settles(enum sts_ledger_event event)
{
	return (unsigned)event < STS_LEDGER_MAX &&
	       (events[event].has_text || events[event].ends);
}

/* ---- one record -------------------------------------------------------- */

static enum sts_rc
format(enum sts_ledger_event event, const char *domain,
    const struct sts_entry *entry, int64_t at, const char *reason,
    struct sts_buf *buf)
{
	const struct sts_policy *policy = entry == NULL ? NULL : entry->policy;

	(void)sts_buf_printf(buf, "event=%s at=%" PRId64 " domain=%s",
	    events[event].name, at, domain);
	(void)sts_buf_printf(buf, " id=%s mode=%s expires=%" PRId64,
	    entry == NULL ? "" : entry->id,
	    sts_mode_name(policy == NULL ? STS_MODE_NONE : policy->mode),
	    entry == NULL ? 0 : entry->expires);
	(void)sts_buf_printf(buf, " hash=%016" PRIx64 " text=",
	    policy == NULL ? 0 : sts_checksum(policy->text, policy->text_len));
	if (policy != NULL && events[event].has_text)
		(void)sts_buf_escaped_also(buf, policy->text, policy->text_len,
		    ' ');
	(void)sts_buf_str(buf, " reason=");
	return sts_buf_escaped(buf, reason, strlen(reason));
}

/* The value of " KEY=" or "KEY=", up to the next blank; NULL if it is not
 * the next word. */
static const char *
take(const char **at, const char *end, const char *key, size_t *len)
{
	size_t key_len = strlen(key);
	const char *value, *blank;

	if ((size_t)(end - *at) < key_len || memcmp(*at, key, key_len) != 0)
		return NULL;
	value = *at + key_len;
	blank = memchr(value, ' ', (size_t)(end - value));
	*len = (size_t)((blank == NULL ? end : blank) - value);
	*at = value + *len;
	return value;
}

static bool
take_text(const char **at, const char *end, const char *key, char *out,
    size_t size)
{
	size_t len;
	const char *value = take(at, end, key, &len);

	if (value == NULL || len >= size)
		return false;
	memcpy(out, value, len);
	out[len] = '\0';
	return true;
}

static bool
take_number(const char **at, const char *end, const char *key, int64_t *number)
{
	char word[24];

	return take_text(at, end, key, word, sizeof(word)) &&
	       sts_seal_digits(word, number);
}

static bool
take_event(const char **at, const char *end, enum sts_ledger_event *event)
{
	char word[16];
	int i;

	if (!take_text(at, end, "event=", word, sizeof(word)))
		return false;
	for (i = 0; i < STS_LEDGER_MAX; i++) {
		*event = (enum sts_ledger_event)i;
		if (strcmp(events[i].name, word) == 0)
			return true;
	}
	return false;
}

static bool
take_mode(const char **at, const char *end, enum sts_mode *mode)
{
	char word[16];
	int i;

	if (!take_text(at, end, " mode=", word, sizeof(word)))
		return false;
	for (i = 0; i < STS_MODE_MAX; i++) {
		*mode = (enum sts_mode)i;
		if (strcmp(sts_mode_name(*mode), word) == 0)
			return true;
	}
	return false;
}

/* Sixteen hex digits, then text and reason, which go into SPACE. */
static bool
take_rest(const char **at, const char *end, struct sts_ledger_record *record,
    struct sts_buf *space)
{
	char hash[HASH_LEN + 1];
	size_t len, reason;
	const char *text;

	if (!take_text(at, end, " hash=", hash, sizeof(hash)) ||
	    strspn(hash, "0123456789abcdef") != HASH_LEN)
		return false;
	record->hash = strtoull(hash, NULL, 16);
	text = take(at, end, " text=", &len);
	if (text == NULL || sts_buf_unescaped(space, text, len) != STS_OK)
		return false;
	record->text_len = space->len;
	reason = strlen(" reason=");
	if ((size_t)(end - *at) < reason ||
	    memcmp(*at, " reason=", reason) != 0)
		return false;
	*at += reason;
	(void)sts_buf_add(space, "", 1);
	if (sts_buf_unescaped(space, *at, (size_t)(end - *at)) != STS_OK)
		return false;
	record->text = space->data;
	record->reason = space->data + record->text_len + 1;
	return true;
}

/* A name that can have no file would stop the restoring of all others. */
static bool
take_domain(const char **at, const char *end, char out[STS_DOMAIN_MAX + 1])
{
	return take_text(at, end, " domain=", out, STS_DOMAIN_MAX + 1) &&
	       sts_domain_valid(out, strlen(out));
}

static bool
parse(const char *at, size_t len, struct sts_ledger_record *record,
    struct sts_buf *space)
{
	const char *end = at + len;

	memset(record, 0, sizeof(*record));
	sts_buf_reset(space);
	return take_event(&at, end, &record->event) &&
	       take_number(&at, end, " at=", &record->at) &&
	       take_domain(&at, end, record->domain) &&
	       take_text(&at, end, " id=", record->id, sizeof(record->id)) &&
	       take_mode(&at, end, &record->mode) &&
	       take_number(&at, end, " expires=", &record->expires) &&
	       take_rest(&at, end, record, space);
}

/* Which domain does a damaged LINE speak of? */
static bool
salvage(const char *line, size_t len, struct sts_ledger_record *record)
{
	static const char key[] = " domain=";
	const char *at = memmem(line, len, key, sizeof(key) - 1);

	memset(record, 0, sizeof(*record));
	record->event = STS_LEDGER_MAX;
	record->reason = "";
	record->line = line;
	record->line_len = len;
	return at != NULL && take_domain(&at, line + len, record->domain);
}

/* ---- the whole file ---------------------------------------------------- */

struct scan {
	struct sts_buf file;
	struct sts_buf space; /* of the record's text and reason */
	size_t at;
	size_t skipped;
};

static enum sts_rc
scan_open(struct scan *scan, struct sts_dir *dir, struct sts_error *err)
{
	memset(scan, 0, sizeof(*scan));
	sts_buf_init(&scan->file, READ_MAX);
	sts_buf_init(&scan->space, PAYLOAD_MAX);
	return sts_dir_read(dir, STS_LEDGER_FILE, &scan->file, err);
}

static void
scan_close(struct scan *scan)
{
	sts_buf_clear(&scan->file);
	sts_buf_clear(&scan->space);
}

/* Is LINE, and the newline behind it, a whole record? */
static bool
read_line(struct scan *scan, const char *line, size_t len,
    struct sts_ledger_record *record)
{
	struct sts_frame_reader reader;
	const char *payload;
	size_t payload_len;

	sts_frame_init(&reader, line, len + 1);
	if (!sts_frame_next(&reader, TAG, &payload, &payload_len) ||
	    !parse(payload, payload_len, record, &scan->space))
		return false;
	record->line = line;
	record->line_len = len;
	return true;
}

/* The next record, damaged ones as sts_ledger_scan() tells them. */
static bool
scan_next(struct scan *scan, struct sts_ledger_record *record)
{
	const char *line, *newline;
	size_t len;

	while (scan->at < scan->file.len) {
		line = scan->file.data + scan->at;
		len = scan->file.len - scan->at;
		newline = memchr(line, '\n', len);
		if (newline != NULL)
			len = (size_t)(newline - line);
		scan->at += len + (newline == NULL ? 0 : 1);
		if (len == 0)
			continue;
		if (newline != NULL && read_line(scan, line, len, record))
			return true;
		scan->skipped++;
		if (salvage(line, len, record))
			return true;
	}
	return false;
}

enum sts_rc
sts_ledger_scan(struct sts_dir *dir,
    bool (*each)(void *arg, const struct sts_ledger_record *record), void *arg,
    size_t *skipped, struct sts_error *err)
{
	struct sts_ledger_record record;
	struct scan scan;
	enum sts_rc rc;

	rc = scan_open(&scan, dir, err);
	if (rc == STS_OK) {
		while (scan_next(&scan, &record) && each(arg, &record))
			continue;
		*skipped = scan.skipped;
	}
	scan_close(&scan);
	return rc;
}

struct whole {
	bool (*each)(void *arg, const struct sts_ledger_record *record);
	void *arg;
};

static bool
each_whole(void *arg, const struct sts_ledger_record *record)
{
	const struct whole *whole = arg;

	return record->event == STS_LEDGER_MAX ||
	       whole->each(whole->arg, record);
}

enum sts_rc
sts_ledger_each(struct sts_dir *dir,
    bool (*each)(void *arg, const struct sts_ledger_record *record), void *arg,
    size_t *skipped, struct sts_error *err)
{
	struct whole whole = { each, arg };

	return sts_ledger_scan(dir, each_whole, &whole, skipped, err);
}

/* ---- adding ------------------------------------------------------------ */

enum sts_rc
sts_ledger_add(struct sts_dir *dir, enum sts_ledger_event event,
    const char *domain, const struct sts_entry *entry,
    const struct sts_now *now, const char *reason, struct sts_error *err)
{
	struct sts_buf payload, frame;
	enum sts_rc rc;

	sts_buf_init(&payload, PAYLOAD_MAX);
	sts_buf_init(&frame, PAYLOAD_MAX + 64);
	rc = format(event, domain, entry, now->wall,
	    reason == NULL ? "" : reason, &payload);
	if (rc == STS_OK)
		rc = sts_frame_add(&frame, TAG, payload.data, payload.len);
	if (rc == STS_OK)
		rc = sts_dir_append(dir, STS_LEDGER_FILE, frame.data, frame.len,
		    true, err);
	else
		(void)sts_error_set(err, rc, "ledger: no memory");
	sts_buf_clear(&payload);
	sts_buf_clear(&frame);
	return rc;
}

/* ---- what it all adds up to -------------------------------------------- */

static enum sts_rc
sum_text(struct sts_ledger_sum *sum, const struct sts_ledger_record *record,
    struct sts_error *err)
{
	struct sts_now at = { .wall = record->at, .boot_id = "-" };
	struct sts_entry *entry;
	enum sts_rc rc;

	rc = sts_entry_new(record->domain, record->id, record->text,
	    record->text_len, &at, &entry, err);
	if (rc == STS_ENOMEM)
		return rc;
	sts_entry_free(sum->entry);
	sum->entry = rc == STS_OK ? entry : NULL;
	sum->doubt = rc != STS_OK;
	sum->ended = false;
	if (rc == STS_OK)
		entry->expires = record->expires;
	return STS_OK;
}

/* A renewal tells which text it renews: that of another record is not it. */
static void
sum_renewal(struct sts_ledger_sum *sum, const struct sts_ledger_record *record)
{
	struct sts_entry *entry = sum->entry;

	if (entry == NULL || sts_checksum(entry->policy->text,
				 entry->policy->text_len) != record->hash) {
		sum->doubt = true;
		return;
	}
	sum->doubt = false;
	memcpy(entry->id, record->id, sizeof(entry->id));
	entry->fetched.wall = record->at;
	entry->expires = record->expires;
}

enum sts_rc
sts_ledger_sum_up(struct sts_ledger_sum *sum,
    const struct sts_ledger_record *record, struct sts_error *err)
{
	if (record->event == STS_LEDGER_MAX) {
		sum->doubt = true;
		return STS_OK;
	}
	if (events[record->event].has_text)
		return sum_text(sum, record, err);
	if (record->event == STS_LEDGER_RENEWED)
		sum_renewal(sum, record);
	if (!events[record->event].ends)
		return STS_OK;
	sts_entry_free(sum->entry);
	sum->entry = NULL;
	sum->ended = true;
	sum->doubt = false;
	return STS_OK;
}

struct finding {
	const char *domain;
	struct sts_ledger_sum sum;
	enum sts_rc rc;
	struct sts_error *err;
};

static bool
find_in(void *arg, const struct sts_ledger_record *record)
{
	struct finding *finding = arg;

	if (strcmp(record->domain, finding->domain) == 0)
		finding->rc =
		    sts_ledger_sum_up(&finding->sum, record, finding->err);
	return finding->rc == STS_OK;
}

enum sts_rc
sts_ledger_sum_of(struct sts_dir *dir, const char *domain,
    struct sts_ledger_sum *sum, struct sts_error *err)
{
	struct finding finding = { .domain = domain, .err = err };
	enum sts_rc rc;
	size_t skipped;

	rc = sts_ledger_scan(dir, find_in, &finding, &skipped, err);
	if (rc == STS_OK)
		rc = finding.rc;
	if (rc != STS_OK) {
		sts_entry_free(finding.sum.entry);
		return rc;
	}
	*sum = finding.sum;
	return STS_OK;
}

enum sts_rc
sts_ledger_find(struct sts_dir *dir, const char *domain,
    struct sts_entry **entry, struct sts_error *err)
{
	struct sts_ledger_sum sum;
	enum sts_rc rc;

	rc = sts_ledger_sum_of(dir, domain, &sum, err);
	if (rc != STS_OK)
		return rc;
	if (sum.doubt) {
		sts_entry_free(sum.entry);
		return sts_error_set(err, STS_EDAMAGED,
		    "%s: a record of the ledger is damaged", domain);
	}
	if (sum.entry == NULL)
		return sts_error_set(err, STS_ENODATA, "%s: not in the ledger",
		    domain);
	*entry = sum.entry;
	return STS_OK;
}
