/* SPDX-License-Identifier: ISC */
/*
 * The operands of "inbox", see source.h.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inbox/mbox.h"
#include "inbox/source.h"

#define WHERE_MAX 8192
#define CHUNK     65536

/* One operand under way. */
struct source {
	const struct sts_source_sink *sink;
	struct sts_source_count *count;
	const char *name; /* of the file, below a Maildir's too */
	size_t message;   /* of an mbox; 0: it is none */
	size_t given;     /* reports, and what was bad */
};

/* ---- to the caller ------------------------------------------------------- */

static void
say_bad(struct source *source, size_t part, const struct sts_error *err)
{
	struct sts_buf where;

	source->given++;
	sts_buf_init(&where, WHERE_MAX);
	(void)sts_buf_str(&where, source->name);
	if (source->message > 0)
		(void)sts_buf_printf(&where, ": message %zu", source->message);
	if (part > 0)
		(void)sts_buf_printf(&where, ": part %zu", part);
	source->sink->bad(source->sink->arg, sts_buf_text(&where), err);
	sts_buf_clear(&where);
}

static void
give_bad(void *arg, size_t part, const struct sts_error *err)
{
	say_bad(arg, part, err);
}

static bool
give_report(void *arg, const struct sts_received *report, struct sts_error *err)
{
	struct source *source = arg;

	source->given++;
	return source->sink->report(source->sink->arg, report, err);
}

static void
fail(struct source *source, const char *what)
{
	struct sts_error err;

	(void)sts_error_set(&err, STS_ESYS, "%s", what);
	say_bad(source, 0, &err);
}

static void
fail_large(struct source *source, size_t max)
{
	struct sts_error err;

	(void)sts_error_set(&err, STS_EUSAGE, "more than %zu octets", max);
	say_bad(source, 0, &err);
}

static void
unpack(struct source *source, enum sts_unpack_kind kind, const char *data,
    size_t len)
{
	const struct sts_unpack_sink sink = { source, give_report, give_bad };
	size_t before = source->given;

	sts_unpack(kind, data, len, &sink);
	if (kind != STS_UNPACK_MESSAGE)
		return;
	source->count->messages++;
	if (source->given == before)
		source->count->without++;
}

/* ---- files --------------------------------------------------------------- */

static void
take_message(void *arg, const char *data, size_t len, bool too_large)
{
	struct source *source = arg;

	source->message++;
	if (too_large)
		fail_large(source, STS_UNPACK_MESSAGE_MAX);
	else
		unpack(source, STS_UNPACK_MESSAGE, data, len);
}

/* More of FD behind what BUF holds: how much, 0 at the end, or -1. */
static ssize_t
read_more(int fd, struct sts_buf *buf)
{
	char *room = sts_buf_room(buf, CHUNK);
	ssize_t n;

	if (room == NULL) {
		errno = ENOMEM;
		return -1;
	}
	do
		n = read(fd, room, CHUNK);
	while (n == -1 && errno == EINTR);
	if (n > 0)
		sts_buf_grew(buf, (size_t)n);
	return n;
}

/* It may be larger than memory: a piece at a time. */
static ssize_t
read_mbox(struct source *source, int fd, struct sts_buf *buf)
{
	struct sts_mbox mbox;
	ssize_t n;

	sts_mbox_init(&mbox, STS_UNPACK_MESSAGE_MAX, take_message, source);
	do {
		sts_mbox_feed(&mbox, sts_buf_text(buf), buf->len);
		sts_buf_reset(buf);
		n = read_more(fd, buf);
	} while (n > 0);
	sts_mbox_end(&mbox);
	source->message = 0;
	return n;
}

static ssize_t
read_whole(struct source *source, int fd, struct sts_buf *buf,
    enum sts_unpack_kind kind)
{
	size_t max = sts_unpack_max(kind);
	ssize_t n = 1;

	while (n > 0 && buf->len <= max)
		n = read_more(fd, buf);
	if (n < 0)
		return n;
	if (buf->len > max)
		fail_large(source, max);
	else
		unpack(source, kind, sts_buf_text(buf), buf->len);
	return 0;
}

static void
read_stream(struct source *source, int fd)
{
	enum sts_unpack_kind kind;
	struct sts_buf buf;
	ssize_t n = 1;

	sts_buf_init(&buf, STS_UNPACK_JSON_MAX + 2 * CHUNK);
	while (n > 0 && buf.len < CHUNK)
		n = read_more(fd, &buf);
	kind = sts_unpack_kind(sts_buf_text(&buf), buf.len);
	if (n >= 0 && kind == STS_UNPACK_MBOX)
		n = read_mbox(source, fd, &buf);
	else if (n >= 0)
		n = read_whole(source, fd, &buf, kind);
	if (n < 0)
		fail(source, strerror(errno));
	sts_buf_clear(&buf);
}

static void
read_file(struct source *source, int fd)
{
	struct stat st;

	if (fstat(fd, &st) == -1)
		fail(source, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		fail(source, "is no regular file: give it to standard input");
	else
		read_stream(source, fd);
}

/* ---- directories --------------------------------------------------------- */

/* Not through links, which whoever owns the mail may have put there. */
static void
read_entry(struct source *source, int dir, const char *path, const char *name)
{
	struct source entry = *source;
	struct sts_buf whole;
	int fd;

	sts_buf_init(&whole, WHERE_MAX);
	(void)sts_buf_printf(&whole, "%s/%s", path, name);
	entry.name = sts_buf_text(&whole);
	fd = openat(dir, name,
	    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd == -1) {
		/* a mail program has moved it, and it is in "cur" then */
		if (errno != ENOENT)
			fail(&entry, strerror(errno));
	} else {
		read_file(&entry, fd);
		(void)close(fd);
	}
	source->given = entry.given;
	sts_buf_clear(&whole);
}

/* SUB of a Maildir; false: there is none. */
static bool
read_part(struct source *source, int fd, const char *sub)
{
	int at = openat(fd, sub, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = at == -1 ? NULL : fdopendir(at);
	const struct dirent *entry;
	struct sts_buf path;

	if (dir == NULL) {
		if (at != -1)
			(void)close(at);
		return false;
	}
	sts_buf_init(&path, WHERE_MAX);
	(void)sts_buf_printf(&path, "%s/%s", source->name, sub);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			read_entry(source, at, sts_buf_text(&path),
			    entry->d_name);
	sts_buf_clear(&path);
	(void)closedir(dir);
	return true;
}

static bool
read_maildir(struct source *source, int fd)
{
	bool new = read_part(source, fd, "new");
	bool cur = read_part(source, fd, "cur");

	if (!new && !cur)
		fail(source, "is a directory, but no Maildir");
	return new || cur;
}

/* ---- operands ------------------------------------------------------------ */

/* False: there was nothing that could have had a report. */
static bool
read_path(struct source *source, const char *file)
{
	int fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	size_t before = source->count->messages;
	struct stat st;
	bool any = true;

	if (fd == -1) {
		fail(source, strerror(errno));
		return true;
	}
	if (fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
		any = read_maildir(source, fd) &&
		      source->count->messages > before;
	else
		read_file(source, fd);
	(void)close(fd);
	return any;
}

void
sts_source_read(const char *file, const struct sts_source_sink *sink,
    struct sts_source_count *count)
{
	struct source source = { .sink = sink, .count = count, .name = file };
	bool any = true;

	if (strcmp(file, "-") == 0) {
		source.name = "standard input";
		read_stream(&source, STDIN_FILENO);
	} else {
		any = read_path(&source, file);
	}
	if (any && source.given == 0)
		fail(&source, "has no TLS report in it");
}
