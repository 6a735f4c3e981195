/* SPDX-License-Identifier: ISC */
/*
 * What many reports tell together, see tally.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "inbox/index.h"
#include "inbox/tally.h"

#define REPORTS_MAX  1000000
#define NAMES_MAX    200000
#define ROWS_MAX     100000
#define SUMS_MAX     20000
#define NAME_MAX     255
#define DAY          86400
#define FIRST_DAY    1535760000 /* 2018-09-01: RFC 8460 is of that month */
#define SESSIONS_MAX INT64_C(0x3fffffffffffffff)

/* What is always there, so that 0 is a text. */
enum {
	NOTHING,
	OTHERS
};

/* Texts of a row, as numbers of names. */
enum {
	REPORTER,
	DOMAIN,
	TYPE,
	MODE,
	RESULT,
	MX,
	KEYS, /* so many make the key of a row */
	SENDER = KEYS,
	ADDRESS,
	REASON,
	INFORMATION,
	TEXTS
};

struct row {
	uint32_t text[TEXTS];
	int64_t sessions, failed, first, last;
};

struct group {
	struct sts_index *names;
	struct sts_tally_sum *sum; /* their names are those of names */
	size_t room;
	struct sts_tally_sum rest; /* of what was one too many */
};

struct sts_tally {
	struct sts_tally_limits limits;
	struct sts_tally_total total;
	struct sts_index *seen; /* reporter and id of reports */
	uint64_t *checksum;     /* of each that was seen */
	size_t checksums;       /* room for so many */
	struct sts_index *names;
	struct sts_index *keys; /* of rows */
	struct row *row;
	size_t room;
	struct row rest[2]; /* one too many: of policies, of failures */
	struct group group[STS_TALLY_GROUP_MAX];
};

/* ---- life ---------------------------------------------------------------- */

/* NOTHING and OTHERS, and the rows in which all is OTHERS. */
static bool
put_constants(struct sts_tally *tally)
{
	static const char others[] = "(others)";
	size_t i;

	if (sts_index_put(tally->names, "", 0) != NOTHING ||
	    sts_index_put(tally->names, others, strlen(others)) != OTHERS)
		return false;
	for (i = 0; i < KEYS; i++)
		tally->rest[0].text[i] = tally->rest[1].text[i] = OTHERS;
	tally->rest[0].text[RESULT] = tally->rest[0].text[MX] = NOTHING;
	return true;
}

static bool
make_indexes(struct sts_tally *tally, const struct sts_siphash_key *key)
{
	bool ok;
	size_t i;

	tally->seen = sts_index_new(key, REPORTS_MAX);
	tally->names = sts_index_new(key, NAMES_MAX);
	tally->keys = sts_index_new(key, ROWS_MAX);
	ok = tally->seen != NULL && tally->names != NULL && tally->keys != NULL;
	for (i = 0; i < STS_TALLY_GROUP_MAX; i++) {
		tally->group[i].names = sts_index_new(key, SUMS_MAX);
		ok = ok && tally->group[i].names != NULL;
	}
	return ok && put_constants(tally);
}

struct sts_tally *
sts_tally_new(const struct sts_siphash_key *key,
    const struct sts_tally_limits *limits)
{
	struct sts_tally *tally = calloc(1, sizeof(*tally));

	if (tally == NULL)
		return NULL;
	tally->limits = *limits;
	if (make_indexes(tally, key))
		return tally;
	sts_tally_free(tally);
	return NULL;
}

void
sts_tally_free(struct sts_tally *tally)
{
	size_t i;

	if (tally == NULL)
		return;
	sts_index_free(tally->seen);
	sts_index_free(tally->names);
	sts_index_free(tally->keys);
	for (i = 0; i < STS_TALLY_GROUP_MAX; i++) {
		sts_index_free(tally->group[i].names);
		free(tally->group[i].sum);
	}
	free(tally->checksum);
	free(tally->row);
	free(tally);
}

/* Element AT of *ARRAY, which is made large enough; NULL: no memory. */
static void *
element(void **array, size_t *room, size_t at, size_t size)
{
	size_t more = *room == 0 ? 64 : *room;
	char *grown;

	if (at >= *room) {
		while (more <= at)
			more *= 2;
		grown = realloc(*array, more * size);
		if (grown == NULL)
			return NULL;
		memset(grown + *room * size, 0, (more - *room) * size);
		*array = grown;
		*room = more;
	}
	return (char *)*array + at * size;
}

/* No sum overflows, however many reports there are. */
static void
add(int64_t *sum, int64_t number)
{
	*sum = number > SESSIONS_MAX - *sum ? SESSIONS_MAX : *sum + number;
}

/* ---- names --------------------------------------------------------------- */

/* No longer than NAME_MAX, and not cut inside a character. */
static size_t
bounded(const char *text)
{
	size_t len = strnlen(text, NAME_MAX + 1);

	if (len <= NAME_MAX)
		return len;
	len = NAME_MAX;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static uint32_t
put_text(struct sts_tally *tally, const char *text)
{
	size_t at = sts_index_put(tally->names, text, bounded(text));

	return at == STS_INDEX_NONE ? OTHERS : (uint32_t)at;
}

/* A name of DNS or of the RFC's: lower case, without a root dot. */
static uint32_t
put_name(struct sts_tally *tally, const char *text)
{
	char name[NAME_MAX + 1];
	size_t i, len = bounded(text);

	for (i = 0; i < len; i++)
		name[i] = (char)sts_ascii_lower((unsigned char)text[i]);
	if (len > 1 && name[len - 1] == '.')
		len--;
	name[len] = '\0';
	return put_text(tally, name);
}

static const char *
name_of(const struct sts_tally *tally, uint32_t at)
{
	return sts_index_key(tally->names, at);
}

/* ---- counting ------------------------------------------------------------ */

static void
count_group(struct sts_tally *tally, enum sts_tally_group which,
    const char *name, int64_t sessions, int64_t failed)
{
	struct group *group = &tally->group[which];
	struct sts_tally_sum *sum;
	void *array = group->sum;
	size_t at = sts_index_put(group->names, name, strlen(name));

	sum = at == STS_INDEX_NONE
		  ? NULL
		  : element(&array, &group->room, at, sizeof(*sum));
	group->sum = array;
	if (sum == NULL)
		sum = &group->rest;
	add(&sum->sessions, sessions);
	add(&sum->failed, failed);
}

struct span { /* of a report; 0: not told, or not believed */
	int64_t first, last;
};

static void
widen(int64_t *first, int64_t *last, const struct span *span)
{
	if (span->first != 0 && (*first == 0 || span->first < *first))
		*first = span->first;
	if (span->last > *last)
		*last = span->last;
}

/* Row KEY, or that of what is one too many. */
static struct row *
find_row(struct sts_tally *tally, const struct row *key)
{
	const size_t size = KEYS * sizeof(key->text[0]);
	size_t at = sts_index_put(tally->keys, key->text, size);
	void *array = tally->row;
	struct row *row;

	row = at == STS_INDEX_NONE
		  ? NULL
		  : element(&array, &tally->room, at, sizeof(*row));
	tally->row = array;
	if (row == NULL)
		return &tally->rest[key->text[RESULT] != NOTHING];
	memcpy(row->text, key->text, size);
	return row;
}

static void
count_failure(struct sts_tally *tally, const struct row *of,
    const struct sts_received_failure *failure, const struct span *span)
{
	struct row key = *of, *row;

	key.text[RESULT] = put_name(tally,
	    *failure->result == '\0' ? "(no result)" : failure->result);
	key.text[MX] = put_name(tally, failure->mx);
	tally->total.failures++;
	row = find_row(tally, &key);
	if (row->last <= span->last) {
		row->text[SENDER] = put_text(tally, failure->sender);
		row->text[ADDRESS] = put_text(tally, failure->address);
		row->text[REASON] = put_text(tally, failure->reason);
		row->text[INFORMATION] = put_text(tally, failure->information);
	}
	add(&row->failed, failure->sessions);
	widen(&row->first, &row->last, span);
	count_group(tally, STS_TALLY_RESULT, name_of(tally, key.text[RESULT]),
	    0, failure->sessions);
	if (*failure->mx != '\0')
		count_group(tally, STS_TALLY_MX, name_of(tally, key.text[MX]),
		    0, failure->sessions);
}

static const struct sts_received_failure unexplained = {
	.result = "(no details)",
	.mx = "",
	.helo = "",
	.sender = "",
	.address = "",
	.reason = "",
	.information = "",
};

static void
count_policy(struct sts_tally *tally, const struct sts_received *report,
    const struct sts_received_policy *policy, const struct span *span)
{
	int64_t sessions = policy->succeeded + policy->failed;
	struct sts_received_failure failure = unexplained;
	struct row key = { .text = { NOTHING } }, *row;
	size_t i;

	key.text[REPORTER] = put_text(tally, report->organization);
	key.text[DOMAIN] = put_name(tally, policy->domain);
	key.text[TYPE] = put_name(tally, policy->type);
	key.text[MODE] = put_text(tally, policy->mode);
	row = find_row(tally, &key);
	add(&row->sessions, sessions);
	add(&row->failed, policy->failed);
	widen(&row->first, &row->last, span);
	for (i = 0; i < policy->failures; i++)
		count_failure(tally, &key, &policy->failure[i], span);
	failure.sessions = policy->failed;
	if (policy->failures == 0 && policy->failed > 0)
		count_failure(tally, &key, &failure, span);
	add(&tally->total.sessions, sessions);
	add(&tally->total.failed, policy->failed);
	count_group(tally, STS_TALLY_REPORTER,
	    name_of(tally, key.text[REPORTER]), sessions, policy->failed);
}

/* ---- reports ------------------------------------------------------------- */

/* The day of a report is that of its start.  The end is that of the day, or
 * the beginning of the next. */
static struct span
span_of(const struct sts_tally *tally, const struct sts_received *report)
{
	struct span span = { .first = report->start, .last = report->end - 1 };

	if (span.first == 0)
		span.first = span.last;
	if (span.last < span.first)
		span.last = span.first;
	if (span.first < FIRST_DAY || span.last > tally->limits.now + DAY)
		span.first = span.last = 0;
	return span;
}

/* Has a report of this reporter and id been counted? */
static enum sts_tally_added
recognise(struct sts_tally *tally, const struct sts_received *report)
{
	size_t at, before = sts_index_count(tally->seen);
	size_t name_len = bounded(report->organization);
	char key[NAME_MAX + 1 + NAME_MAX];
	size_t id_len = bounded(report->id);
	void *array = tally->checksum;
	uint64_t *checksum;

	memcpy(key, report->organization, name_len);
	key[name_len] = '\0';
	memcpy(key + name_len + 1, report->id, id_len);
	if (id_len == 0) { /* then all of it is what tells it from others */
		memcpy(key + name_len + 1, &report->checksum,
		    sizeof(report->checksum));
		id_len = sizeof(report->checksum);
	}
	at = sts_index_put(tally->seen, key, name_len + 1 + id_len);
	if (at == STS_INDEX_NONE)
		return STS_TALLY_COUNTED;
	checksum = element(&array, &tally->checksums, at, sizeof(*checksum));
	tally->checksum = array;
	if (at < before && checksum != NULL)
		return *checksum == report->checksum ? STS_TALLY_AGAIN
						     : STS_TALLY_DISAGREES;
	if (checksum != NULL)
		*checksum = report->checksum;
	return STS_TALLY_COUNTED;
}

static void
count_day(struct sts_tally *tally, const struct sts_received *report,
    const struct span *span)
{
	char day[STS_DAY_TEXT];
	int64_t sessions = 0, failed = 0;
	size_t i;

	widen(&tally->total.first, &tally->total.last, span);
	if (span->first == 0) {
		tally->total.undated++;
		return;
	}
	for (i = 0; i < report->policies; i++) {
		add(&sessions, report->policy[i].succeeded);
		add(&sessions, report->policy[i].failed);
		add(&failed, report->policy[i].failed);
	}
	count_group(tally, STS_TALLY_DAY, sts_moment_day(span->first, day),
	    sessions, failed);
}

enum sts_tally_added
sts_tally_add(struct sts_tally *tally, const struct sts_received *report)
{
	struct span span = span_of(tally, report);
	enum sts_tally_added added;
	size_t i;

	if (span.last != 0 && span.last < tally->limits.since) {
		tally->total.old++;
		return STS_TALLY_OLD;
	}
	added = recognise(tally, report);
	if (added != STS_TALLY_COUNTED) {
		tally->total.again++;
		return added;
	}
	tally->total.reports++;
	count_day(tally, report, &span);
	for (i = 0; i < report->policies; i++)
		count_policy(tally, report, &report->policy[i], &span);
	return STS_TALLY_COUNTED;
}

/* ---- what came of it ----------------------------------------------------- */

const struct sts_tally_total *
sts_tally_total(const struct sts_tally *tally)
{
	return &tally->total;
}

static void
show_row(const struct sts_tally *tally, const struct row *of,
    struct sts_tally_row *row)
{
	row->reporter = name_of(tally, of->text[REPORTER]);
	row->domain = name_of(tally, of->text[DOMAIN]);
	row->type = name_of(tally, of->text[TYPE]);
	row->mode = name_of(tally, of->text[MODE]);
	row->result = name_of(tally, of->text[RESULT]);
	row->mx = name_of(tally, of->text[MX]);
	row->sender = name_of(tally, of->text[SENDER]);
	row->address = name_of(tally, of->text[ADDRESS]);
	row->reason = name_of(tally, of->text[REASON]);
	row->information = name_of(tally, of->text[INFORMATION]);
	row->sessions = of->sessions;
	row->failed = of->failed;
	row->first = of->first;
	row->last = of->last;
	row->reporters = 1;
}

static int
compare_number(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

/* All that tells failures apart but who reports them. */
static int
by_problem(const void *a, const void *b)
{
	const struct sts_tally_row *ra = a, *rb = b;
	const char *const pairs[][2] = {
		{ ra->domain, rb->domain },
		{ ra->type, rb->type },
		{ ra->mode, rb->mode },
		{ ra->result, rb->result },
		{ ra->mx, rb->mx },
	};
	int order = 0;
	size_t i;

	for (i = 0; order == 0 && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		order = strcmp(pairs[i][0], pairs[i][1]);
	return order;
}

static int
by_name(const void *a, const void *b)
{
	const struct sts_tally_row *ra = a, *rb = b;
	int order = strcmp(ra->reporter, rb->reporter);

	return order == 0 ? by_problem(a, b) : order;
}

/* The same problem's worst first. */
static int
by_problem_and_failed(const void *a, const void *b)
{
	const struct sts_tally_row *ra = a, *rb = b;
	int order = by_problem(a, b);

	if (order == 0)
		order = compare_number(rb->failed, ra->failed);
	return order == 0 ? strcmp(ra->reporter, rb->reporter) : order;
}

static int
by_newest(const void *a, const void *b)
{
	const struct sts_tally_row *ra = a, *rb = b;
	int order = compare_number(rb->last / DAY, ra->last / DAY);

	if (order == 0)
		order = compare_number(rb->failed, ra->failed);
	return order == 0 ? by_problem(a, b) : order;
}

struct sts_tally_row *
sts_tally_rows(const struct sts_tally *tally, size_t *count)
{
	size_t i, rows = sts_index_count(tally->keys);
	struct sts_tally_row *row = calloc(rows + 3, sizeof(*row));

	if (row == NULL)
		return NULL;
	/* one without room at the time has gone to the rest */
	for (i = 0; i < rows && i < tally->room; i++)
		show_row(tally, &tally->row[i], &row[i]);
	rows = i;
	for (i = 0; i < 2; i++)
		if (tally->rest[i].sessions + tally->rest[i].failed > 0)
			show_row(tally, &tally->rest[i], &row[rows++]);
	qsort(row, rows, sizeof(*row), by_name);
	*count = rows;
	return row;
}

/* FROM is of the same problem as INTO, by another reporter. */
static void
merge(struct sts_tally_row *into, const struct sts_tally_row *from)
{
	struct span span = { from->first, from->last };

	if (from->last > into->last) {
		into->sender = from->sender;
		into->address = from->address;
		into->reason = from->reason;
		into->information = from->information;
	}
	widen(&into->first, &into->last, &span);
	add(&into->failed, from->failed);
	into->reporters++;
}

struct sts_tally_row *
sts_tally_problems(const struct sts_tally *tally, size_t *count)
{
	size_t i, rows, kept = 0;
	struct sts_tally_row *row = sts_tally_rows(tally, &rows);

	if (row == NULL)
		return NULL;
	for (i = 0; i < rows; i++)
		if (*row[i].result != '\0')
			row[kept++] = row[i];
	rows = kept;
	qsort(row, rows, sizeof(*row), by_problem_and_failed);
	for (i = 0, kept = 0; i < rows; i++)
		if (kept > 0 && by_problem(&row[kept - 1], &row[i]) == 0)
			merge(&row[kept - 1], &row[i]);
		else
			row[kept++] = row[i];
	qsort(row, kept, sizeof(*row), by_newest);
	*count = kept;
	return row;
}

static int
by_day(const void *a, const void *b)
{
	const struct sts_tally_sum *sa = a, *sb = b;

	return strcmp(sa->name, sb->name);
}

static int
by_failed(const void *a, const void *b)
{
	const struct sts_tally_sum *sa = a, *sb = b;
	int order = compare_number(sb->failed, sa->failed);

	if (order == 0)
		order = compare_number(sb->sessions, sa->sessions);
	return order == 0 ? strcmp(sa->name, sb->name) : order;
}

struct sts_tally_sum *
sts_tally_sums(const struct sts_tally *tally, enum sts_tally_group which,
    size_t *count)
{
	const struct group *group = &tally->group[which];
	size_t i, sums = sts_index_count(group->names);
	struct sts_tally_sum *sum = calloc(sums + 2, sizeof(*sum));

	if (sum == NULL)
		return NULL;
	for (i = 0; i < sums && i < group->room; i++) {
		sum[i] = group->sum[i];
		sum[i].name = sts_index_key(group->names, i);
	}
	sums = i;
	if (group->rest.sessions + group->rest.failed > 0) {
		sum[sums] = group->rest;
		sum[sums++].name = name_of(tally, OTHERS);
	}
	qsort(sum, sums, sizeof(*sum),
	    which == STS_TALLY_DAY ? by_day : by_failed);
	*count = sums;
	return sum;
}
