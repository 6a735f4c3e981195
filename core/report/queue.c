/* SPDX-License-Identifier: ISC */
/*
 * Reports to be sent, see queue.h.
 */
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/domain.h"
#include "report/queue.h"
#include "state/seal.h"

#define REPORTS    "reports"
#define LOCK       REPORTS "/lock"
#define WHOLE      "whole"
#define BODY       ".gz"
#define SEAL_NAME  "mta-sts-report 1"
#define DIGITS     7 /* of a number */
#define NUMBER_MAX 9999999
#define NAME_LEN   (DIGITS + sizeof(BODY))
#define PATH_LEN   (sizeof(REPORTS) + STS_JOURNAL_DAY + 24)
#define FILE_MAX   (4096 + STS_RUA_MAX * (STS_URI_MAX + 32))

static const char *const state_names[] = {
	[STS_RUA_WAITING] = "waiting",
	[STS_RUA_SENT] = "sent",
	[STS_RUA_FAILED] = "failed",
	[STS_RUA_PASSED] = "passed",
};
_Static_assert(sizeof(state_names) / sizeof(state_names[0]) ==
		   STS_RUA_STATE_MAX,
    "state_names matches enum sts_rua_state");

const char *
sts_rua_state_name(enum sts_rua_state state)
{
	return (unsigned)state < STS_RUA_STATE_MAX ? state_names[state]
						   : "unknown";
}

/* ---- the text ---------------------------------------------------------------- */

static enum sts_rc
format(const struct sts_queued *queued, struct sts_buf *buf)
{
	struct sts_buf body;
	enum sts_rc rc;
	size_t i;

	sts_buf_init(&body, FILE_MAX);
	(void)sts_buf_printf(&body,
	    "domain: %s\nid: %s\npart: %u\nbegin: %" PRId64 "\nend: %" PRId64
	    "\ndue: %" PRId64 "\nfirst: %" PRId64
	    "\ntries: %u\nasked: %d\nruas: %zu\n",
	    queued->domain, queued->id, queued->part, queued->begin,
	    queued->end, queued->due, queued->first, queued->tries,
	    queued->asked, queued->count);
	for (i = 0; i < queued->count; i++)
		(void)sts_buf_printf(&body, "state: %s\nrua: %s\n",
		    sts_rua_state_name(queued->rua[i].state),
		    queued->rua[i].uri);
	rc = body.rc;
	if (rc == STS_OK)
		rc = sts_seal_add(buf, SEAL_NAME, body.data, body.len);
	sts_buf_clear(&body);
	return rc;
}

static bool
read_small(struct sts_seal_reader *r, const char *key, int64_t max,
    unsigned *value)
{
	int64_t number;

	if (!sts_seal_number(r, key, &number) || number > max)
		return false;
	*value = (unsigned)number;
	return true;
}

static bool
read_rua(struct sts_seal_reader *r, struct sts_queued_rua *rua)
{
	char name[16];
	int i;

	if (!sts_seal_word(r, "state", name, sizeof(name)) ||
	    !sts_seal_word(r, "rua", rua->uri, sizeof(rua->uri)))
		return false;
	for (i = 0; i < STS_RUA_STATE_MAX; i++)
		if (strcmp(name, state_names[i]) == 0) {
			rua->state = (enum sts_rua_state)i;
			return true;
		}
	return false;
}

static bool
parse(const char *text, size_t len, struct sts_queued *queued)
{
	struct sts_seal_reader r;
	unsigned asked, count;
	size_t i;

	if (!sts_seal_open(&r, SEAL_NAME, text, len) ||
	    !sts_seal_word(&r, "domain", queued->domain,
		sizeof(queued->domain)) ||
	    !sts_seal_word(&r, "id", queued->id, sizeof(queued->id)) ||
	    !read_small(&r, "part", NUMBER_MAX, &queued->part) ||
	    !sts_seal_number(&r, "begin", &queued->begin) ||
	    !sts_seal_number(&r, "end", &queued->end) ||
	    !sts_seal_number(&r, "due", &queued->due) ||
	    !sts_seal_number(&r, "first", &queued->first) ||
	    !read_small(&r, "tries", NUMBER_MAX, &queued->tries) ||
	    !read_small(&r, "asked", 1, &asked) ||
	    !read_small(&r, "ruas", STS_RUA_MAX, &count))
		return false;
	queued->asked = asked == 1;
	queued->count = count;
	for (i = 0; i < queued->count; i++)
		if (!read_rua(&r, &queued->rua[i]))
			return false;
	return r.at == r.end &&
	       sts_domain_valid(queued->domain, strlen(queued->domain));
}

/* ---- files ------------------------------------------------------------------- */

static void
day_path(char path[PATH_LEN], const char *day, const char *name)
{
	(void)snprintf(path, PATH_LEN, REPORTS "/%.10s%s%.20s", day,
	    name[0] == '\0' ? "" : "/", name);
}

static void
file_path(char path[PATH_LEN], const char *day, unsigned number,
    const char *suffix)
{
	(void)snprintf(path, PATH_LEN, REPORTS "/%.10s/%07u%s", day,
	    number % (NUMBER_MAX + 1), suffix);
}

enum sts_rc
sts_queue_lock(struct sts_dir *dir, int *fd, struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_dir_mkdir(dir, REPORTS, err);
	if (rc == STS_OK)
		rc = sts_dir_openat(dir, LOCK, O_RDWR | O_CREAT, fd, err);
	if (rc != STS_OK || flock(*fd, LOCK_EX | LOCK_NB) == 0)
		return rc;
	(void)close(*fd);
	return sts_error_set(err, STS_EBUSY, "another run is at work");
}

typedef enum sts_rc (*write_fn)(struct sts_dir *dir, const char *name,
    const void *data, size_t len, struct sts_error *err);

static enum sts_rc
write_state(struct sts_dir *dir, const struct sts_queued *queued,
    write_fn write, struct sts_error *err)
{
	char path[PATH_LEN];
	struct sts_buf text;
	enum sts_rc rc;

	file_path(path, queued->day, queued->number, "");
	sts_buf_init(&text, FILE_MAX);
	rc = format(queued, &text);
	if (rc == STS_OK)
		rc = write(dir, path, text.data, text.len, err);
	else
		(void)sts_error_set(err, rc, "report state does not fit");
	sts_buf_clear(&text);
	return rc;
}

enum sts_rc
sts_queue_write(struct sts_dir *dir, const struct sts_queued *queued,
    struct sts_error *err)
{
	return write_state(dir, queued, sts_dir_write, err);
}

enum sts_rc
sts_queue_read(struct sts_dir *dir, const char *day, unsigned number,
    struct sts_queued *queued, struct sts_error *err)
{
	char path[PATH_LEN];
	struct sts_buf text;
	enum sts_rc rc;

	memset(queued, 0, sizeof(*queued));
	(void)snprintf(queued->day, sizeof(queued->day), "%s", day);
	queued->number = number;
	file_path(path, day, number, "");
	sts_buf_init(&text, FILE_MAX);
	rc = sts_dir_read(dir, path, &text, err);
	if (rc == STS_OK && !parse(sts_buf_text(&text), text.len, queued))
		rc = sts_error_set(err, STS_EDAMAGED, "%s: damaged", path);
	sts_buf_clear(&text);
	return rc;
}

enum sts_rc
sts_queue_add(struct sts_dir *dir, const struct sts_queued *queued,
    const struct sts_buf *body, struct sts_error *err)
{
	char path[PATH_LEN];
	enum sts_rc rc;

	if (queued->number > NUMBER_MAX)
		return sts_error_set(err, STS_EUSAGE,
		    "more than %d reports on one day", NUMBER_MAX);
	file_path(path, queued->day, queued->number, BODY);
	rc = sts_dir_write_loose(dir, path, sts_buf_text(body), body->len, err);
	if (rc == STS_OK)
		rc = write_state(dir, queued, sts_dir_write_loose, err);
	return rc;
}

enum sts_rc
sts_queue_body(struct sts_dir *dir, const struct sts_queued *queued,
    struct sts_buf *body, struct sts_error *err)
{
	char path[PATH_LEN];

	file_path(path, queued->day, queued->number, BODY);
	return sts_dir_read(dir, path, body, err);
}

enum sts_rc
sts_queue_remove(struct sts_dir *dir, const struct sts_queued *queued,
    struct sts_error *err)
{
	char path[PATH_LEN];
	enum sts_rc rc;

	file_path(path, queued->day, queued->number, "");
	rc = sts_dir_remove(dir, path, err);
	file_path(path, queued->day, queued->number, BODY);
	return rc == STS_OK ? sts_dir_remove(dir, path, err) : rc;
}

/* ---- directories ------------------------------------------------------------- */

struct names {
	char (*name)[NAME_LEN + STS_JOURNAL_DAY];
	size_t count;
};

static int
compare_names(const void *a, const void *b)
{
	return strcmp(a, b);
}

static enum sts_rc
collect(DIR *stream, struct names *names, struct sts_error *err)
{
	struct dirent *entry;
	void *grown;

	while ((entry = readdir(stream)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    strlen(entry->d_name) >= sizeof(*names->name))
			continue;
		grown = reallocarray(names->name, names->count + 1,
		    sizeof(*names->name));
		if (grown == NULL)
			return sts_error_set(err, STS_ENOMEM, "no memory");
		names->name = grown;
		(void)snprintf(names->name[names->count++],
		    sizeof(*names->name), "%s", entry->d_name);
	}
	if (names->count > 0)
		qsort(names->name, names->count, sizeof(*names->name),
		    compare_names);
	return STS_OK;
}

/* What is in PATH, sorted; NAMES->name is the caller's to free.  A directory
 * that is not there is empty. */
static enum sts_rc
list(struct sts_dir *dir, const char *path, struct names *names,
    struct sts_error *err)
{
	DIR *stream;
	enum sts_rc rc;
	int fd;

	names->name = NULL;
	names->count = 0;
	if (sts_dir_exists(dir, path, err) == STS_ENODATA)
		return STS_OK;
	rc = sts_dir_opendir(dir, path, &fd, err);
	if (rc != STS_OK)
		return rc;
	stream = fdopendir(fd);
	if (stream == NULL) {
		(void)close(fd);
		return sts_error_sys(err, STS_ESYS, "%s", path);
	}
	rc = collect(stream, names, err);
	(void)closedir(stream);
	return rc;
}

/* All files of DAY, "whole" apart. */
static enum sts_rc
empty_day(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	struct names names;
	char path[PATH_LEN];
	enum sts_rc rc;
	size_t i;

	day_path(path, day, "");
	rc = list(dir, path, &names, err);
	for (i = 0; i < names.count && rc == STS_OK; i++) {
		day_path(path, day, names.name[i]);
		if (strcmp(names.name[i], WHOLE) != 0)
			rc = sts_dir_remove(dir, path, err);
	}
	free(names.name);
	return rc;
}

enum sts_rc
sts_queue_begin(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char path[PATH_LEN];
	enum sts_rc rc;

	day_path(path, day, "");
	rc = sts_dir_mkdir(dir, REPORTS, err);
	if (rc == STS_OK)
		rc = sts_dir_mkdir(dir, path, err);
	return rc == STS_OK ? empty_day(dir, day, err) : rc;
}

enum sts_rc
sts_queue_commit(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char path[PATH_LEN];
	enum sts_rc rc = sts_dir_sync(dir, err);

	day_path(path, day, WHOLE);
	return rc == STS_OK ? sts_dir_write(dir, path, "", 0, err) : rc;
}

enum sts_rc
sts_queue_is_whole(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char path[PATH_LEN];

	day_path(path, day, WHOLE);
	return sts_dir_exists(dir, path, err);
}

/* "000001", what a report's state is in; *NUMBER of it. */
static bool
is_number(const char *name, unsigned *number)
{
	int64_t value = 0;
	size_t i;

	for (i = 0; i < DIGITS; i++) {
		if (!sts_ascii_digit((unsigned char)name[i]))
			return false;
		value = value * 10 + (name[i] - '0');
	}
	*number = (unsigned)value;
	return name[DIGITS] == '\0';
}

static enum sts_rc
each_of_day(struct sts_dir *dir, const char *day, sts_queue_fn each, void *arg,
    bool *more, struct sts_error *err)
{
	struct names names;
	char path[PATH_LEN];
	unsigned number;
	enum sts_rc rc;
	size_t i;

	day_path(path, day, "");
	rc = list(dir, path, &names, err);
	for (i = 0; i < names.count && rc == STS_OK && *more; i++)
		if (is_number(names.name[i], &number))
			*more = each(arg, day, number);
	free(names.name);
	return rc;
}

enum sts_rc
sts_queue_each(struct sts_dir *dir, sts_queue_fn each, void *arg,
    struct sts_error *err)
{
	struct names days;
	bool more = true;
	enum sts_rc rc;
	size_t i;

	rc = list(dir, REPORTS, &days, err);
	for (i = 0; i < days.count && rc == STS_OK && more; i++) {
		if (sts_journal_begin(days.name[i]) == -1)
			continue;
		rc = sts_queue_is_whole(dir, days.name[i], err);
		if (rc == STS_OK)
			rc = each_of_day(dir, days.name[i], each, arg, &more,
			    err);
		else if (rc == STS_ENODATA)
			rc = STS_OK;
	}
	free(days.name);
	return rc;
}

static bool
count_one(void *arg, const char *day, unsigned number)
{
	size_t *count = arg;

	(void)day;
	(void)number;
	(*count)++;
	return true;
}

/* "whole" goes last but for the directory: until then the day is done. */
static enum sts_rc
remove_day(struct sts_dir *dir, const char *day, struct sts_error *err)
{
	char path[PATH_LEN];
	enum sts_rc rc = empty_day(dir, day, err);

	day_path(path, day, WHOLE);
	if (rc == STS_OK)
		rc = sts_dir_remove(dir, path, err);
	day_path(path, day, "");
	return rc == STS_OK ? sts_dir_rmdir(dir, path, err) : rc;
}

enum sts_rc
sts_queue_sweep(struct sts_dir *dir, const char *day, size_t *lost,
    struct sts_error *err)
{
	struct names days;
	bool more = true;
	size_t i, count;
	enum sts_rc rc;

	*lost = 0;
	rc = list(dir, REPORTS, &days, err);
	for (i = 0; i < days.count && rc == STS_OK; i++) {
		if (sts_journal_begin(days.name[i]) == -1)
			continue;
		count = 0;
		rc = each_of_day(dir, days.name[i], count_one, &count, &more,
		    err);
		if (rc != STS_OK ||
		    (count > 0 && strcmp(days.name[i], day) >= 0))
			continue;
		*lost += count;
		rc = remove_day(dir, days.name[i], err);
	}
	free(days.name);
	return rc;
}
