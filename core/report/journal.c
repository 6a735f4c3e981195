/* SPDX-License-Identifier: ISC */
/*
 * The journal of sessions, see journal.h.  A torn or damaged frame costs
 * itself only: frames are found again by their newlines and checksums.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/frame.h"
#include "report/journal.h"

#define JOURNAL       "journal"
#define TAG           "session"
#define FRAME_MAX     4095        /* one write of less than PIPE_BUF is whole */
#define FILE_MAX_READ (256 << 20) /* octets of a day that are read */
#define DAY_LEN       10
#define NAME_MAX_LEN  (sizeof(JOURNAL) + DAY_LEN + 1)

/* "journal/2026-11-23" of the moment AT (UTC). */
static bool
day_path(char out[NAME_MAX_LEN], int64_t at)
{
	time_t t = (time_t)at;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL || tm.tm_year < 0 || tm.tm_year > 8099)
		return false;
	return strftime(out, NAME_MAX_LEN, JOURNAL "/%Y-%m-%d", &tm) != 0;
}

enum sts_rc
sts_journal_add(struct sts_dir *dir, const struct sts_session *session,
    struct sts_error *err)
{
	struct sts_buf payload, frame;
	char path[NAME_MAX_LEN];
	enum sts_rc rc;

	if (!day_path(path, session->at))
		return sts_error_set(err, STS_EUSAGE, "time out of range");
	rc = sts_dir_room(dir, err);
	if (rc != STS_OK)
		return rc;
	sts_buf_init(&payload, FRAME_MAX);
	sts_buf_init(&frame, FRAME_MAX);
	rc = sts_session_format(session, &payload);
	if (rc == STS_OK)
		rc = sts_frame_add(&frame, TAG, sts_buf_text(&payload),
		    payload.len);
	if (rc == STS_OK)
		rc = sts_dir_append(dir, path, sts_buf_text(&frame), frame.len,
		    false, err);
	else
		(void)sts_error_set(err, rc, "session does not fit a frame");
	sts_buf_clear(&payload);
	sts_buf_clear(&frame);
	return rc;
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

enum sts_rc
sts_journal_each(struct sts_dir *dir, const char *day,
    bool (*each)(void *arg, const struct sts_session *session), void *arg,
    size_t *skipped, struct sts_error *err)
{
	struct sts_frame_reader reader;
	struct sts_session session;
	char path[NAME_MAX_LEN];
	struct sts_buf text;
	const char *payload;
	enum sts_rc rc;
	size_t len, bad = 0;

	if (!is_day(day))
		return sts_error_set(err, STS_EUSAGE,
		    "a day is written 2026-11-23");
	(void)snprintf(path, sizeof(path), JOURNAL "/%s", day);
	sts_buf_init(&text, FILE_MAX_READ);
	rc = sts_dir_read(dir, path, &text, err);
	if (rc != STS_OK) {
		sts_buf_clear(&text);
		return rc;
	}
	sts_frame_init(&reader, sts_buf_text(&text), text.len);
	while (sts_frame_next(&reader, TAG, &payload, &len)) {
		if (sts_session_parse(payload, len, &session, NULL) != STS_OK)
			bad++;
		else if (!each(arg, &session))
			break;
	}
	*skipped = reader.skipped + bad;
	sts_buf_clear(&text);
	return STS_OK;
}

struct days {
	char (*name)[DAY_LEN + 1];
	size_t count;
};

static int
compare_days(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of one directory stream, sorted; NAME is the caller's to free. */
static enum sts_rc
collect(DIR *stream, struct days *days, struct sts_error *err)
{
	struct dirent *entry;
	void *grown;

	while ((entry = readdir(stream)) != NULL) {
		if (!is_day(entry->d_name))
			continue;
		grown = realloc(days->name,
		    (days->count + 1) * sizeof(*days->name));
		if (grown == NULL)
			return sts_error_set(err, STS_ENOMEM, "no memory");
		days->name = grown;
		memcpy(days->name[days->count++], entry->d_name, DAY_LEN + 1);
	}
	if (days->count > 0)
		qsort(days->name, days->count, sizeof(*days->name),
		    compare_days);
	return STS_OK;
}

/* As the state's owner, since the directory is 0700. */
static enum sts_rc
list_days(struct sts_dir *dir, struct days *days, struct sts_error *err)
{
	DIR *stream = NULL;
	enum sts_rc rc;
	int fd;

	rc = sts_dir_begin(dir, err);
	if (rc != STS_OK)
		return rc;
	fd = openat(sts_dir_fd(dir), JOURNAL,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd != -1)
		stream = fdopendir(fd);
	if (stream != NULL)
		rc = collect(stream, days, err);
	else
		rc = sts_error_sys(err, STS_EDAMAGED, JOURNAL);
	if (stream != NULL)
		(void)closedir(stream);
	else if (fd != -1)
		(void)close(fd);
	return sts_dir_end_after(dir, rc, err);
}

enum sts_rc
sts_journal_days(struct sts_dir *dir, bool (*each)(void *arg, const char *day),
    void *arg, struct sts_error *err)
{
	struct days days = { NULL, 0 };
	enum sts_rc rc;
	size_t i;

	rc = list_days(dir, &days, err);
	for (i = 0; rc == STS_OK && i < days.count; i++)
		if (!each(arg, days.name[i]))
			break;
	free(days.name);
	return rc;
}
