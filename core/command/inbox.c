/* SPDX-License-Identifier: ISC */
/*
 * "inbox": TLS reports that were received.  A program of its own reads them,
 * since mail and what it needs are of no use to the other commands.
 */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "config.h"

#define WORDS_MAX 8 /* besides the operands: name, options, NULL */

/* Not written to, whatever the type says. */
static void
exec_program(const char *path, const char *const *argv)
{
	(void)execv(path, (char *const *)(uintptr_t)argv);
}

/*
 * In a tree that is not installed it stands beside us, and must be the one of
 * the same version.  Who can put a program there can replace us.
 */
static void
exec_beside(const char *const *argv)
{
	const char *name = strrchr(STS_INBOX_PROGRAM, '/') + 1;
	char path[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	if (len <= 0)
		return;
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL ||
	    (size_t)(slash + 1 - path) + strlen(name) >= sizeof(path))
		return;
	memcpy(slash + 1, name, strlen(name) + 1);
	exec_program(path, argv);
}

static void
fill(const struct sts_call *call, const char **argv)
{
	size_t n = 0;
	int i;

	argv[n++] = STS_INBOX_PROGRAM;
	if (call->json)
		argv[n++] = "-j";
	if (call->since != NULL) {
		argv[n++] = "-s";
		argv[n++] = call->since;
	}
	if (call->html != NULL) {
		argv[n++] = "-H";
		argv[n++] = call->html;
	}
	argv[n++] = "--";
	for (i = 0; i < call->argc; i++)
		argv[n++] = call->argv[i];
}

enum sts_exit
sts_run_inbox(struct sts_call *call)
{
	const char **argv =
	    calloc((size_t)call->argc + WORDS_MAX, sizeof(*argv));
	enum sts_exit status;

	if (argv == NULL)
		return sts_complain(STS_EXIT_UNSURE, "no memory");
	if (call->since != NULL && !sts_call_day(call->since)) {
		free(argv);
		return STS_EXIT_USAGE;
	}
	fill(call, argv);
	exec_beside(argv);
	exec_program(STS_INBOX_PROGRAM, argv);
	status = sts_complain(STS_EXIT_UNSURE, "%s: %s", STS_INBOX_PROGRAM,
	    strerror(errno));
	free(argv);
	return status;
}
