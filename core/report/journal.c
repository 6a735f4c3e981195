/* SPDX-License-Identifier: ISC */
/*
 * The journal of sessions, see journal.h.  A torn or damaged frame costs
 * itself only: frames are found again by their newlines and checksums.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/frame.h"
#include "report/journal.h"

#define JOURNAL     "journal"
#define CLOSED      ".closed"
#define TAKEN       ".taken"
#define TOLD        ".told"
#define TAG         "session"
#define FRAME_MAX   4095  /* one write of less than PIPE_BUF is whole */
#define CHUNK       65536 /* octets of a file at a time, many frames */
#define DAY_LEN     (STS_JOURNAL_DAY - 1)
#define DAY_SECONDS 86400
#define AHEAD       32 /* days that a clock may have been set back */
#define NAME_LEN    (STS_JOURNAL_DAY + sizeof(CLOSED))
#define PATH_LEN    (sizeof(JOURNAL) + NAME_LEN)
#define COUNT_LEN   20 /* digits of a number of sessions */

/* ---- days ------------------------------------------------------------------ */

bool
sts_journal_day(int64_t wall, char day[STS_JOURNAL_DAY])
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
		return false;
	return strftime(day, STS_JOURNAL_DAY, "%Y-%m-%d", &tm) != 0;
}

/* "2026-11-23"; a file of any other name in journal/ is not ours to read. */
static bool
is_day(const char *name)
{
	static const char shape[] = "dddd-dd-dd";
	size_t i;

	for (i = 0; i < DAY_LEN; i++) {
		if (shape[i] == 'd' && sts_ascii_digit((unsigned char)name[i]))
			continue;
		if (name[i] == '\0' || name[i] != shape[i])
			return false;
	}
	return name[DAY_LEN] == '\0';
}

static int
two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

int64_t
sts_journal_begin(const char *day)
{
	char again[STS_JOURNAL_DAY];
	struct tm tm = { 0 };
	time_t wall;

	if (!is_day(day))
		return -1;
	tm.tm_year = two_digits(day) * 100 + two_digits(day + 2) - 1900;
	tm.tm_mon = two_digits(day + 5) - 1;
	tm.tm_mday = two_digits(day + 8);
	wall = timegm(&tm);
	if (!sts_journal_day(wall, again) || strcmp(again, day) != 0)
		return -1; /* a 31st of a short month */
	return wall;
}

static void
path_of(const char *day, const char *suffix, char path[PATH_LEN])
{
	(void)snprintf(path, PATH_LEN, JOURNAL "/%.*s%s", DAY_LEN, day, suffix);
}

/* ---- adding ---------------------------------------------------------------- */

/* Where a session that ended AT goes. */
static enum sts_rc
choose_day(struct sts_dir *dir, int64_t at, char path[PATH_LEN],
    struct sts_error *err)
{
	char day[STS_JOURNAL_DAY];
	enum sts_rc rc;
	int i;

	for (i = 0; i < AHEAD; i++, at += DAY_SECONDS) {
		if (!sts_journal_day(at, day))
			return sts_error_set(err, STS_EUSAGE,
			    "time out of range");
		path_of(day, CLOSED, path);
		rc = sts_dir_exists(dir, path, err);
		if (rc == STS_ENODATA) {
			path_of(day, "", path);
			return STS_OK;
		}
		if (rc != STS_OK)
			return rc;
	}
	return sts_error_set(err, STS_EUSAGE, "that day is reported already");
}

static enum sts_rc
format_frame(const struct sts_session *session, struct sts_buf *frame,
    struct sts_error *err)
{
	struct sts_buf payload;
	enum sts_rc rc;

	sts_buf_init(&payload, FRAME_MAX);
	rc = sts_session_format(session, &payload);
	if (rc == STS_OK)
		rc = sts_frame_add(frame, TAG, sts_buf_text(&payload),
		    payload.len);
	sts_buf_clear(&payload);
	if (rc != STS_OK)
		(void)sts_error_set(err, rc, "session does not fit a frame");
	return rc;
}

/* Within a bracket: several calls as the same user. */
static enum sts_rc
append(struct sts_dir *dir, const struct sts_session *session,
    const struct sts_buf *frame, struct sts_error *err)
{
	char path[PATH_LEN];
	enum sts_rc rc;

	rc = sts_dir_room(dir, err);
	if (rc == STS_OK)
		rc = choose_day(dir, session->at, path, err);
	if (rc == STS_OK)
		rc = sts_dir_append(dir, path, sts_buf_text(frame), frame->len,
		    false, err);
	return rc;
}

enum sts_rc
sts_journal_add(struct sts_dir *dir, const struct sts_session *session,
    struct sts_error *err)
{
	struct sts_buf frame;
	enum sts_rc rc;

	sts_buf_init(&frame, FRAME_MAX);
	rc = format_frame(session, &frame, err);
	if (rc == STS_OK)
		rc = sts_dir_begin(dir, err);
	if (rc == STS_OK)
		rc = sts_dir_end_after(dir, append(dir, session, &frame, err),
		    err);
	sts_buf_clear(&frame);
	return rc;
}

/* ---- reading --------------------------------------------------------------- */

struct reading {
	sts_journal_fn each;
	void *arg;
	size_t skipped;
	bool stopped; /* EACH has had enough */
	size_t len;
	char chunk[CHUNK];
};

static void
read_frames(struct reading *reading, size_t len)
{
	struct sts_frame_reader reader;
	struct sts_session session;
	const char *payload;
	size_t size;

	sts_frame_init(&reader, reading->chunk, len);
	while (!reading->stopped &&
	       sts_frame_next(&reader, TAG, &payload, &size)) {
		if (sts_session_parse(payload, size, &session, NULL) != STS_OK)
			reading->skipped++;
		else
			reading->stopped =
			    !reading->each(reading->arg, &session);
	}
	reading->skipped += reader.skipped;
	reading->len -= len;
	memmove(reading->chunk, reading->chunk + len, reading->len);
}

/* All whole lines in the chunk; a line that fills it all is none of ours, and
 * its pieces are passed over one by one. */
static void
read_lines(struct reading *reading)
{
	const char *last = memrchr(reading->chunk, '\n', reading->len);

	if (last != NULL)
		read_frames(reading, (size_t)(last - reading->chunk) + 1);
	else if (reading->len == CHUNK)
		read_frames(reading, reading->len);
}

static enum sts_rc
read_file(int fd, struct reading *reading, struct sts_error *err)
{
	ssize_t n;

	reading->len = 0;
	while (!reading->stopped) {
		n = read(fd, reading->chunk + reading->len,
		    CHUNK - reading->len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return sts_error_sys(err, STS_EDAMAGED, JOURNAL);
		if (n == 0)
			break;
		reading->len += (size_t)n;
		read_lines(reading);
	}
	if (!reading->stopped && reading->len > 0) /* torn at the end */
		read_frames(reading, reading->len);
	return STS_OK;
}

/* A regular file below FD; STS_ENODATA: it is not there. */
static enum sts_rc
open_file(int fd, const char *name, int *in, struct sts_error *err)
{
	struct stat st;

	*in = openat(fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (*in == -1 && errno == ENOENT)
		return sts_error_set(err, STS_ENODATA, "no such day");
	if (*in == -1)
		return sts_error_sys(err, STS_EDAMAGED, "%s", name);
	if (fstat(*in, &st) == 0 && S_ISREG(st.st_mode))
		return STS_OK;
	(void)close(*in);
	return sts_error_set(err, STS_EDAMAGED, "%s: not a regular file", name);
}

static enum sts_rc
read_name(int fd, const char *day, const char *suffix, struct reading *reading,
    struct sts_error *err)
{
	char name[NAME_LEN];
	enum sts_rc rc;
	int in;

	(void)snprintf(name, sizeof(name), "%s%s", day, suffix);
	rc = open_file(fd, name, &in, err);
	if (rc != STS_OK)
		return rc;
	rc = read_file(in, reading, err);
	(void)close(in);
	return rc;
}

enum sts_rc
sts_journal_each_at(int fd, const char *day, sts_journal_fn each, void *arg,
    size_t *skipped, struct sts_error *err)
{
	struct reading *reading;
	enum sts_rc closed, open;

	if (!is_day(day))
		return sts_error_set(err, STS_EUSAGE,
		    "a day is written 2026-11-23");
	reading = calloc(1, sizeof(*reading));
	if (reading == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	reading->each = each;
	reading->arg = arg;
	closed = read_name(fd, day, CLOSED, reading, err);
	open = read_name(fd, day, "", reading, err);
	*skipped = reading->skipped;
	free(reading);
	if (closed == STS_ENODATA)
		return open;
	return closed == STS_OK && open == STS_ENODATA ? STS_OK : closed;
}

/* ---- what days there are --------------------------------------------------- */

struct days {
	char (*name)[STS_JOURNAL_DAY];
	size_t count;
};

static int
compare_days(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What may stand behind a day; the list ends with NULL. */
static const char *const all_suffixes[] = { "", CLOSED, TAKEN, TOLD, NULL };
static const char *const reported_suffixes[] = { "", CLOSED, NULL };
static const char *const taken_suffixes[] = { "", TAKEN, NULL };

/* "2026-11-23", and one of SUFFIXES behind it. */
static bool
take_day(const char *name, const char *const *suffixes,
    char day[STS_JOURNAL_DAY])
{
	(void)snprintf(day, STS_JOURNAL_DAY, "%.*s", DAY_LEN, name);
	if (!is_day(day))
		return false;
	while (*suffixes != NULL && strcmp(name + DAY_LEN, *suffixes) != 0)
		suffixes++;
	return *suffixes != NULL;
}

static bool
has_octets(DIR *stream, const char *name)
{
	struct stat st;

	return fstatat(dirfd(stream), name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size > 0;
}

/* The names of one directory stream, sorted; NAME is the caller's to free.
 * EMPTY ones too? */
static enum sts_rc
collect(DIR *stream, const char *const *suffixes, bool empty, struct days *days,
    struct sts_error *err)
{
	char day[STS_JOURNAL_DAY];
	struct dirent *entry;
	void *grown;

	while ((entry = readdir(stream)) != NULL) {
		if (!take_day(entry->d_name, suffixes, day) ||
		    (!empty && !has_octets(stream, entry->d_name)))
			continue;
		grown = reallocarray(days->name, days->count + 1,
		    sizeof(*days->name));
		if (grown == NULL)
			return sts_error_set(err, STS_ENOMEM, "no memory");
		days->name = grown;
		memcpy(days->name[days->count++], day, sizeof(day));
	}
	if (days->count > 0)
		qsort(days->name, days->count, sizeof(*days->name),
		    compare_days);
	return STS_OK;
}

static enum sts_rc
list_days(int fd, const char *const *suffixes, bool empty, struct days *days,
    struct sts_error *err)
{
	enum sts_rc rc;
	DIR *stream;
	int own;

	own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = own == -1 ? NULL : fdopendir(own);
	if (stream == NULL) {
		if (own != -1)
			(void)close(own);
		return sts_error_sys(err, STS_EDAMAGED, JOURNAL);
	}
	rc = collect(stream, suffixes, empty, days, err);
	(void)closedir(stream);
	return rc;
}

static enum sts_rc
each_day(int fd, const char *const *suffixes, sts_journal_day_fn each,
    void *arg, struct sts_error *err)
{
	struct days days = { NULL, 0 };
	enum sts_rc rc;
	size_t i;

	rc = list_days(fd, suffixes, false, &days, err);
	for (i = 0; rc == STS_OK && i < days.count; i++)
		if ((i == 0 || strcmp(days.name[i - 1], days.name[i]) != 0) &&
		    !each(arg, days.name[i]))
			break;
	free(days.name);
	return rc;
}

enum sts_rc
sts_journal_days_at(int fd, sts_journal_day_fn each, void *arg,
    struct sts_error *err)
{
	return each_day(fd, reported_suffixes, each, arg, err);
}

/* ---- the same of the state, as its owner ------------------------------------ */

enum sts_rc
sts_journal_each(struct sts_dir *dir, const char *day, sts_journal_fn each,
    void *arg, size_t *skipped, struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_dir_opendir(dir, JOURNAL, &fd, err);
	if (rc == STS_OK) {
		rc = sts_journal_each_at(fd, day, each, arg, skipped, err);
		(void)close(fd);
	}
	return sts_dir_end_after(dir, rc, err);
}

static enum sts_rc
each_day_in(struct sts_dir *dir, const char *const *suffixes,
    sts_journal_day_fn each, void *arg, struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_dir_opendir(dir, JOURNAL, &fd, err);
	if (rc == STS_OK) {
		rc = each_day(fd, suffixes, each, arg, err);
		(void)close(fd);
	}
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_journal_days(struct sts_dir *dir, sts_journal_day_fn each, void *arg,
    struct sts_error *err)
{
	return each_day_in(dir, reported_suffixes, each, arg, err);
}

/* ---- the end of a day ------------------------------------------------------- */

enum sts_rc
sts_journal_close(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char from[PATH_LEN], to[PATH_LEN];
	enum sts_rc rc;

	path_of(day, "", from);
	path_of(day, CLOSED, to);
	rc = sts_dir_exists(dir, to, err);
	if (rc != STS_ENODATA)
		return rc; /* what came after is not of this day any more */
	rc = sts_dir_exists(dir, from, err);
	if (rc == STS_OK)
		rc = sts_dir_rename(dir, from, to, err);
	return rc == STS_ENODATA ? STS_OK : rc;
}

enum sts_rc
sts_journal_done(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char path[PATH_LEN];

	path_of(day, CLOSED, path);
	return sts_dir_write(dir, path, "", 0, err);
}

bool
sts_journal_is_done(struct sts_dir *dir, const char *day)
{
	char path[PATH_LEN];
	struct stat st;

	path_of(day, CLOSED, path);
	return fstatat(sts_dir_fd(dir), path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_size == 0;
}

static enum sts_rc
remove_day(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	const char *const *suffix;
	enum sts_rc rc = STS_OK;
	char path[PATH_LEN];

	for (suffix = all_suffixes; *suffix != NULL && rc == STS_OK; suffix++) {
		path_of(day, *suffix, path);
		rc = sts_dir_remove(dir, path, err);
	}
	return rc;
}

enum sts_rc
sts_journal_expire(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	struct days days = { NULL, 0 };
	enum sts_rc rc;
	size_t i;
	int fd;

	rc = sts_dir_opendir(dir, JOURNAL, &fd, err);
	if (rc != STS_OK)
		return rc;
	rc = list_days(fd, all_suffixes, true, &days, err);
	(void)close(fd);
	for (i = 0; rc == STS_OK && i < days.count; i++) {
		if (strcmp(days.name[i], day) >= 0)
			break;
		rc = remove_day(dir, days.name[i], err);
	}
	free(days.name);
	return rc;
}

/* ---- sessions for a collector ------------------------------------------------ */

enum sts_rc
sts_journal_take(struct sts_dir *dir, const char *day, bool *fresh,
    struct sts_error *err)
{
	char from[PATH_LEN], to[PATH_LEN], told[PATH_LEN];
	enum sts_rc rc;

	path_of(day, "", from);
	path_of(day, TAKEN, to);
	path_of(day, TOLD, told);
	*fresh = false;
	rc = sts_dir_exists(dir, to, err);
	if (rc != STS_ENODATA)
		return rc; /* an earlier run did not come to its end */
	rc = sts_dir_exists(dir, from, err);
	if (rc == STS_OK) /* of what was dropped before */
		rc = sts_dir_remove(dir, told, err);
	if (rc == STS_OK)
		rc = sts_dir_rename(dir, from, to, err);
	*fresh = rc == STS_OK;
	return rc;
}

enum sts_rc
sts_journal_taken_days(struct sts_dir *dir, sts_journal_day_fn each, void *arg,
    struct sts_error *err)
{
	return each_day_in(dir, taken_suffixes, each, arg, err);
}

static enum sts_rc
read_taken(struct sts_dir *dir, const char *day, struct reading *reading,
    struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	rc = sts_dir_opendir(dir, JOURNAL, &fd, err);
	if (rc == STS_OK) {
		rc = read_name(fd, day, TAKEN, reading, err);
		(void)close(fd);
	}
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_journal_taken(struct sts_dir *dir, const char *day, sts_journal_fn each,
    void *arg, size_t *skipped, struct sts_error *err)
{
	struct reading *reading = calloc(1, sizeof(*reading));
	enum sts_rc rc;

	if (reading == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	reading->each = each;
	reading->arg = arg;
	rc = read_taken(dir, day, reading, err);
	*skipped = reading->skipped;
	free(reading);
	return rc;
}

enum sts_rc
sts_journal_tell(struct sts_dir *dir, const char *day, uint64_t count,
    struct sts_error *err)
{
	char path[PATH_LEN], text[COUNT_LEN + 2];
	int len;

	path_of(day, TOLD, path);
	len = snprintf(text, sizeof(text), "%" PRIu64 "\n", count);
	return sts_dir_write(dir, path, text, (size_t)len, err);
}

uint64_t
sts_journal_told(struct sts_dir *dir, const char *day)
{
	char path[PATH_LEN];
	uint64_t count = 0;
	struct sts_buf text;

	path_of(day, TOLD, path);
	sts_buf_init(&text, COUNT_LEN + 1);
	if (sts_dir_read(dir, path, &text, NULL) == STS_OK)
		count = strtoull(sts_buf_text(&text), NULL, 10);
	sts_buf_clear(&text);
	return count;
}

enum sts_rc
sts_journal_drop(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char taken[PATH_LEN], told[PATH_LEN];
	enum sts_rc rc;

	path_of(day, TAKEN, taken);
	path_of(day, TOLD, told);
	rc = sts_dir_remove(dir, taken, err);
	return rc == STS_OK ? sts_dir_remove(dir, told, err) : rc;
}
