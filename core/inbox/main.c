/* SPDX-License-Identifier: ISC */
/*
 * mta-sts-inbox: reads the TLS reports that others sent, for "mta-sts inbox".
 * What strangers wrote is read by a child that can read its inputs and write
 * to what is open, and nothing else; the parent puts the page in its place.
 */
#include <sys/random.h>
#include <sys/wait.h>

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "inbox/listing.h"
#include "inbox/mime.h"
#include "inbox/page.h"
#include "inbox/place.h"
#include "inbox/source.h"

#define OUTPUT_MAX (512 * 1024 * 1024)

enum status { /* as those of mta-sts */
	STATUS_FINE = 0,
	STATUS_FAILED = 1,   /* sessions did */
	STATUS_UNREAD = 2,   /* some of it could not be read or written */
	STATUS_PAGELESS = 3, /* of the child: the same, and there is no page */
	STATUS_USAGE = 64
};

struct run {
	bool json;
	const char *html;
	const char *since_day;
	struct sts_tally_limits limits;
	const char *const *files; /* then NULL */
	FILE *page;               /* nameless, until it is complete */
	struct sts_tally *tally;
	struct sts_source_count count;
	bool unread;
};

static enum status
complain(enum status status, const char *where, const char *what)
{
	sts_listing_complain(where, what);
	return status;
}

/* ---- reading ------------------------------------------------------------- */

static void
take_bad(void *arg, const char *where, const struct sts_error *err)
{
	struct run *run = arg;

	run->unread = true;
	sts_listing_complain(where, err->text);
}

static bool
take_report(void *arg, const struct sts_received *report, struct sts_error *err)
{
	struct run *run = arg;

	if (sts_tally_add(run->tally, report) != STS_TALLY_DISAGREES)
		return true;
	(void)sts_error_set(err, STS_EUSAGE,
	    "not counted: report \"%s\" of \"%s\" came before and said "
	    "something else",
	    report->id, report->organization);
	return false;
}

/* What a library reads once is read before nothing can be opened. */
static enum status
prepare(struct run *run)
{
	const struct sts_sandbox sandbox = { .inputs = run->files };
	struct sts_siphash_key key;
	struct sts_error err;

	if (getrandom(&key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return complain(STATUS_PAGELESS, "getrandom", strerror(errno));
	run->tally = sts_tally_new(&key, &run->limits);
	if (run->tally == NULL)
		return complain(STATUS_PAGELESS, "inbox", "no memory");
	sts_mime_setup();
	sts_json_free(sts_json_new());
	if (sts_sandbox_enter(&sandbox, &err) != STS_OK)
		sts_listing_complain("inbox", err.text);
	return STATUS_FINE;
}

static void
read_all(struct run *run)
{
	const struct sts_source_sink sink = { run, take_report, take_bad };
	const char *const *file;

	for (file = run->files; *file != NULL; file++)
		sts_source_read(*file, &sink, &run->count);
}

/* ---- writing ------------------------------------------------------------- */

static bool
write_out(FILE *stream, const struct sts_buf *buf)
{
	const char *text = sts_buf_text(buf);

	return fwrite(text, 1, buf->len, stream) == buf->len &&
	       fflush(stream) == 0;
}

static bool
print(const struct run *run)
{
	struct sts_buf buf;
	enum sts_rc rc;
	bool ok;

	sts_buf_init(&buf, OUTPUT_MAX);
	if (run->json) {
		rc = sts_listing_json(run->tally, &buf);
	} else {
		sts_listing_totals(run->tally, &buf);
		if (run->count.without > 0)
			(void)sts_buf_printf(&buf,
			    "%zu message%s without a report\n",
			    run->count.without,
			    run->count.without == 1 ? "" : "s");
		rc = sts_listing_table(run->tally, &buf);
	}
	if (rc != STS_OK)
		sts_listing_complain("inbox", "no memory");
	ok = rc == STS_OK && write_out(stdout, &buf);
	if (rc == STS_OK && !ok)
		sts_listing_complain("inbox", "cannot write to stdout");
	sts_buf_clear(&buf);
	return ok;
}

static bool
make_page(const struct run *run)
{
	struct sts_buf buf;
	bool ok;

	if (run->page == NULL)
		return true;
	sts_buf_init(&buf, OUTPUT_MAX);
	ok = sts_page(run->tally, run->limits.now, &buf) == STS_OK &&
	     write_out(run->page, &buf);
	if (!ok)
		sts_listing_complain(run->html, "the page cannot be made");
	sts_buf_clear(&buf);
	return ok;
}

/* The child: all that has to do with what strangers wrote. */
static enum status
read_and_write(struct run *run)
{
	enum status status = prepare(run);
	bool printed;

	if (status == STATUS_FINE) {
		read_all(run);
		if (sts_tally_total(run->tally)->failures > 0)
			status = STATUS_FAILED;
		printed = print(run);
		if (run->unread || !printed)
			status = STATUS_UNREAD;
		if (!make_page(run))
			status = STATUS_PAGELESS;
	}
	sts_tally_free(run->tally);
	return status;
}

/* ---- the parent ---------------------------------------------------------- */

/* What the child says by its end. */
static enum status
await(pid_t child)
{
	int status;

	while (waitpid(child, &status, 0) == -1)
		if (errno != EINTR)
			return complain(STATUS_PAGELESS, "inbox",
			    strerror(errno));
	if (!WIFEXITED(status))
		return complain(STATUS_PAGELESS, "inbox",
		    "the reader was killed: what is above is not all");
	return (enum status)WEXITSTATUS(status);
}

static enum status
finish(const struct run *run, enum status status)
{
	struct sts_error err;

	if (status == STATUS_PAGELESS)
		return STATUS_UNREAD;
	if (run->page == NULL || status > STATUS_UNREAD)
		return status;
	if (sts_place(run->html, fileno(run->page), &err) == STS_OK)
		return status;
	sts_listing_complain("inbox", err.text);
	return STATUS_UNREAD;
}

static enum status
start(struct run *run)
{
	struct sts_error err;
	enum status status;
	pid_t child;

	if (run->html != NULL && sts_place_check(run->html, &err) != STS_OK)
		return complain(STATUS_UNREAD, "inbox", err.text);
	run->page = run->html == NULL ? NULL : tmpfile();
	if (run->html != NULL && run->page == NULL)
		return complain(STATUS_UNREAD, run->html, strerror(errno));
	child = fork();
	if (child == 0)
		exit((int)read_and_write(run));
	status = child == -1 ? complain(STATUS_UNREAD, "inbox", strerror(errno))
			     : finish(run, await(child));
	if (run->page != NULL)
		(void)fclose(run->page);
	return status;
}

static bool
parse_options(struct run *run, int argc, char **argv)
{
	int letter;

	while ((letter = getopt(argc, argv, "jH:s:")) != -1) {
		if (letter == 'j')
			run->json = true;
		else if (letter == 'H')
			run->html = optarg;
		else if (letter == 's')
			run->since_day = optarg;
		else
			return false;
	}
	run->files = (const char *const *)(argv + optind);
	return argc > optind;
}

int
main(int argc, char **argv)
{
	struct run run = { .json = false };

	(void)signal(SIGPIPE, SIG_IGN);
	if (!parse_options(&run, argc, argv)) {
		(void)fputs("usage: mta-sts inbox [-j] [--html FILE] "
			    "[--since DAY] FILE...\n",
		    stderr);
		return STATUS_USAGE;
	}
	run.limits.now = time(NULL);
	if (run.since_day != NULL &&
	    (strlen(run.since_day) != STS_DAY_TEXT - 1 ||
		!sts_moment_parse(run.since_day, &run.limits.since)))
		return (int)complain(STATUS_USAGE, run.since_day,
		    "is not a day YYYY-MM-DD");
	return (int)start(&run);
}
