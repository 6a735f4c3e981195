/* SPDX-License-Identifier: ISC */
/*
 * Questions and answers, see asker.h.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "asker.h"
#include "lines.h"
#include "policy/answer.h"

#define QUEUE_MAX (1 << 18) /* octets that are not yet in the pipe */
#define CHUNK     16384
#define READS     16 /* of one step: the others have their turn */
#define LIVES     4  /* times the patience: what a question may wait */
#define ADDRESS   " address="
#define ERROR     "error "

static const char *const verb_names[] = {
	[STS_ASKER_POLICY] = "policy",
	[STS_ASKER_MX] = "mx",
	[STS_ASKER_PROBE] = "probe",
};
_Static_assert(sizeof(verb_names) / sizeof(verb_names[0]) == STS_ASKER_VERB_MAX,
    "a name for every verb");

struct question {
	enum sts_asker_verb verb;
	int64_t asked; /* ms */
	char name[STS_ASKER_NAME_MAX];
};

struct sts_asker {
	const struct sts_spawner *spawner; /* NULL: lost */
	const struct sts_log *log;
	sts_asker_fn answered;
	void *arg;
	int64_t patience;
	int64_t now;
	int64_t
	    heard; /* ms: of the last line, or of the first question since */
	bool gone; /* the resolver; the spawner makes another */
	struct sts_buf queue;
	char written; /* the last octet that went into the pipe, or 0 */
	struct sts_lines lines;
	size_t count;
	struct question open[STS_ASKER_OPEN_MAX];
};

enum sts_rc
sts_asker_new(const struct sts_spawner *spawner, int64_t patience,
    const struct sts_log *log, sts_asker_fn answered, void *arg,
    struct sts_asker **out, struct sts_error *err)
{
	struct sts_asker *asker = calloc(1, sizeof(*asker));

	if (asker == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	asker->spawner = spawner;
	asker->patience = patience;
	asker->log = log;
	asker->answered = answered;
	asker->arg = arg;
	sts_buf_init(&asker->queue, QUEUE_MAX);
	sts_lines_init(&asker->lines, STS_ANSWER_LINE_MAX);
	*out = asker;
	return STS_OK;
}

void
sts_asker_free(struct sts_asker *asker)
{
	if (asker == NULL)
		return;
	sts_buf_clear(&asker->queue);
	sts_lines_clear(&asker->lines);
	free(asker);
}

/* ---- asking -------------------------------------------------------------- */

static struct question *
find(struct sts_asker *asker, enum sts_asker_verb verb, const char *name,
    size_t len)
{
	size_t i;

	for (i = 0; i < asker->count; i++)
		if (asker->open[i].verb == verb &&
		    strlen(asker->open[i].name) == len &&
		    memcmp(asker->open[i].name, name, len) == 0)
			return &asker->open[i];
	return NULL;
}

/* Nobody listens, or somebody who has been silent for long. */
static bool
useless(const struct sts_asker *asker, int64_t now)
{
	return asker->spawner == NULL || asker->gone ||
	       (asker->count > 0 && now - asker->heard > asker->patience / 2);
}

bool
sts_asker_ask(struct sts_asker *asker, enum sts_asker_verb verb,
    const char *name, int64_t now)
{
	struct question *question;

	if (useless(asker, now))
		return false;
	if (find(asker, verb, name, strlen(name)) != NULL)
		return true;
	if (asker->count == STS_ASKER_OPEN_MAX ||
	    sts_buf_printf(&asker->queue, "%s %s\n", verb_names[verb], name) !=
		STS_OK) {
		asker->queue.rc = STS_OK; /* full now, not for ever */
		return false;
	}
	if (asker->count == 0)
		asker->heard = now;
	question = &asker->open[asker->count++];
	question->verb = verb;
	question->asked = now;
	(void)snprintf(question->name, sizeof(question->name), "%s", name);
	return true;
}

void
sts_asker_poll(const struct sts_asker *asker,
    struct pollfd poller[STS_ASKER_FDS])
{
	poller[0] = poller[1] = (struct pollfd){ .fd = -1 };
	if (asker->spawner == NULL)
		return;
	poller[0].fd = asker->spawner->answer;
	poller[0].events = POLLIN;
	if (asker->queue.len == 0)
		return;
	poller[1].fd = asker->spawner->ask;
	poller[1].events = POLLOUT;
}

bool
sts_asker_busy(const struct sts_asker *asker)
{
	return asker->count > 0;
}

static void
write_some(struct sts_asker *asker)
{
	struct sts_buf *queue = &asker->queue;
	ssize_t n;

	if (asker->spawner == NULL || queue->len == 0)
		return;
	n = write(asker->spawner->ask, queue->data, queue->len);
	if (n <= 0)
		return; /* full: later; or nobody left, as reading will tell */
	asker->written = queue->data[n - 1];
	queue->len -= (size_t)n;
	memmove(queue->data, queue->data + n, queue->len + 1);
}

/* ---- answers ------------------------------------------------------------- */

/* QUESTION, which is closed first, has LINE for an answer. */
static void
finish(struct sts_asker *asker, struct question *question, const char *line,
    size_t len)
{
	struct question closed = *question;

	*question = asker->open[--asker->count];
	asker->answered(asker->arg, closed.verb, closed.name, line, len);
}

/* For when asking is refused: no question comes to those that are open.  A
 * verb that is in the pipe in part becomes a line of nonsense. */
static void
fail_all(struct sts_asker *asker)
{
	size_t n = asker->count;

	sts_buf_reset(&asker->queue);
	if (asker->written != '\0' && asker->written != '\n')
		(void)sts_buf_str(&asker->queue, "\n");
	while (n-- > 0)
		finish(asker, &asker->open[n], NULL, 0);
}

static void
lose_resolver(struct sts_asker *asker)
{
	asker->gone = true;
	sts_log(asker->log, STS_LOG_WARNING,
	    "the resolver has ended; it is started again");
	fail_all(asker);
}

/* How well "HOST ..." in REST, found at ADDRESS, answers NAME: 3 at this very
 * address, 2 wherever it is, 1 at another one, 0 of another host. */
static int
fit(const char *name, const char *rest, const char *address)
{
	size_t host = strcspn(rest, " "), len = strcspn(address, " ");

	if (strncmp(name, rest, host) != 0 ||
	    (name[host] != '\0' && name[host] != ' '))
		return 0;
	if (name[host] == '\0')
		return 2;
	name += host + 1;
	return strlen(name) == len && strncmp(name, address, len) == 0 ? 3 : 1;
}

/* An answer that names no address, or none at all, is one nevertheless. */
static struct question *
find_probe(struct sts_asker *asker, const char *rest)
{
	const char *address = strstr(rest, ADDRESS);
	struct question *question, *best = NULL;
	int worth, most = 0;
	size_t i;

	address = address == NULL ? "" : address + strlen(ADDRESS);
	for (i = 0; i < asker->count; i++) {
		question = &asker->open[i];
		worth = question->verb == STS_ASKER_PROBE
			    ? fit(question->name, rest, address)
			    : 0;
		if (worth > most) {
			most = worth;
			best = question;
		}
	}
	return best;
}

/* Of which question is "VERB NAME ..." or "error VERB NAME ..." the answer? */
static struct question *
find_asked(struct sts_asker *asker, const char *line)
{
	const char *name;
	size_t i, len;

	if (strncmp(line, ERROR, strlen(ERROR)) == 0)
		line += strlen(ERROR);
	len = strcspn(line, " ");
	name = line[len] == ' ' ? line + len + 1 : line + len;
	for (i = 0; i < STS_ASKER_VERB_MAX; i++)
		if (strlen(verb_names[i]) == len &&
		    memcmp(verb_names[i], line, len) == 0)
			break;
	if (i == STS_ASKER_PROBE)
		return find_probe(asker, name);
	return i == STS_ASKER_VERB_MAX ? NULL
				       : find(asker, (enum sts_asker_verb)i,
					     name, strcspn(name, " "));
}

static void
take_line(void *arg, char *line, size_t len)
{
	struct sts_asker *asker = arg;
	struct question *question;

	if (line == NULL || len == 0)
		return;
	asker->heard = asker->now;
	if (strcmp(line, STS_SPAWNER_HERE) == 0) {
		asker->gone = false;
		return;
	}
	if (strcmp(line, STS_SPAWNER_GONE) == 0) {
		lose_resolver(asker);
		return;
	}
	question = find_asked(asker, line);
	if (question != NULL)
		finish(asker, question, line, len);
}

/* The spawner is gone, and whoever else could write. */
static void
lose_spawner(struct sts_asker *asker)
{
	asker->spawner = NULL;
	sts_log(asker->log, STS_LOG_ERROR,
	    "nobody starts the resolver any more: restart smtpd");
	fail_all(asker);
}

static void
read_some(struct sts_asker *asker)
{
	char chunk[CHUNK];
	ssize_t n = 1;
	int i;

	for (i = 0; i < READS && n > 0 && asker->spawner != NULL; i++) {
		n = read(asker->spawner->answer, chunk, sizeof(chunk));
		if (n > 0)
			sts_lines_feed(&asker->lines, chunk, (size_t)n,
			    take_line, asker);
		else if (n == 0)
			lose_spawner(asker);
	}
}

/* ---- time ---------------------------------------------------------------- */

static void
drop_old(struct sts_asker *asker)
{
	size_t i = asker->count;

	while (i-- > 0)
		if (i < asker->count &&
		    asker->now - asker->open[i].asked > LIVES * asker->patience)
			finish(asker, &asker->open[i], NULL, 0);
}

void
sts_asker_step(struct sts_asker *asker, int64_t now)
{
	asker->now = now;
	if (asker->spawner != NULL)
		read_some(asker);
	if (asker->count > 0 && now - asker->heard > asker->patience &&
	    asker->spawner != NULL && !asker->gone) {
		sts_log(asker->log, STS_LOG_WARNING,
		    "the resolver says nothing; it is ended");
		sts_spawner_kill(asker->spawner);
		lose_resolver(asker);
	}
	drop_old(asker);
	write_some(asker);
}
