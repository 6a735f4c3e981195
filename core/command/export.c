/* SPDX-License-Identifier: ISC */
/*
 * "cache export": every unexpired policy as a list.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/list.h"
#include "command/names.h"

/* Expired policies are of no use to anybody; one that cannot be read makes
 * the list incomplete, which must not go unnoticed. */
static enum sts_exit
add_domain(struct sts_state *state, const char *domain,
    const struct sts_now *now, struct sts_buf *list)
{
	enum sts_exit status = STS_EXIT_YES;
	struct sts_known known;

	sts_state_load(state, domain, now, &known);
	if (known.kind == STS_KNOWN_DAMAGED)
		status = sts_complain(STS_EXIT_UNSURE, "%s: not exported: %s",
		    domain, known.reason);
	else if (known.entry != NULL && known.kind != STS_KNOWN_EXPIRED)
		sts_list_add(list, known.entry);
	sts_known_clear(&known);
	return status;
}

static enum sts_exit
make_list(struct sts_state *state, struct sts_buf *list)
{
	enum sts_exit status = STS_EXIT_YES, one;
	struct sts_names names;
	struct sts_error err;
	struct sts_now now;
	size_t i;

	if (sts_names_load(sts_state_dir(state), &names, &err) != STS_OK)
		return sts_complain(sts_exit_status(err.rc), "%s", err.text);
	sts_clock_now(&now);
	sts_list_begin(list);
	for (i = 0; i < names.count; i++) {
		one = add_domain(state, names.name[i], &now, list);
		status = one > status ? one : status;
	}
	sts_list_end(list);
	sts_names_clear(&names);
	if (list->rc != STS_OK)
		return sts_complain(STS_EXIT_UNSURE,
		    "the list is too long, or there is no memory");
	return status;
}

/* What FILE held goes when the new list is there, not before. */
static bool
write_list(FILE *stream, const struct sts_buf *list)
{
	bool regular = stream != stdout;

	if (regular && ftruncate(fileno(stream), 0) == -1 && errno != EINVAL)
		return false;
	return fwrite(list->data, 1, list->len, stream) == list->len &&
	       fflush(stream) == 0 &&
	       (!regular || fsync(fileno(stream)) == 0 || errno == EINVAL);
}

static enum sts_exit
export_to(const struct sts_call *call, FILE *stream, const char *file)
{
	struct sts_state *state;
	struct sts_error err;
	struct sts_buf list;
	enum sts_exit status;
	enum sts_rc rc;

	rc = sts_call_state(call, STS_DIR_READ, &state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	sts_buf_init(&list, STS_LIST_MAX);
	status = make_list(state, &list);
	if (list.rc == STS_OK && list.len > 0 && !write_list(stream, &list))
		status = sts_complain(STS_EXIT_UNSURE, "%s: %s", file,
		    strerror(errno));
	sts_buf_clear(&list);
	sts_state_free(state);
	return status;
}

/* FILE is opened as whoever calls, the state read as its owner. */
enum sts_exit
sts_run_cache_export(struct sts_call *call)
{
	const char *file = call->argc == 0 ? "-" : call->argv[0];
	FILE *stream;
	enum sts_exit status;
	int fd;

	if (strcmp(file, "-") == 0)
		return export_to(call, stdout, "standard output");
	fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	stream = fd == -1 ? NULL : fdopen(fd, "w");
	if (stream == NULL)
		return sts_complain(STS_EXIT_UNSURE, "%s: %s", file,
		    strerror(errno));
	status = export_to(call, stream, file);
	if (fclose(stream) != 0 && status == STS_EXIT_YES)
		status = sts_complain(STS_EXIT_UNSURE, "%s: %s", file,
		    strerror(errno));
	return status;
}
