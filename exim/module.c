/* SPDX-License-Identifier: ISC */
/*
 * mta-sts.so: what Exim calls through ${dlfunc}.  No header and no symbol of
 * Exim is used, so one file serves every release.
 *
 * Each function returns OK whatever happens: any other value makes an
 * expansion fail, and a list or condition that fails to expand lets mail
 * pass unfiltered.  Doubt is told in the answer: mode "defer", pattern "*".
 * Exim copies the answer as soon as it has it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "base/clock.h"
#include "config.h"
#include "pass.h"
#include "pattern.h"
#include "report.h"
#include "base/syslog.h"

#ifndef STS_MODULE_PATHS /* the tests have others */
#define STS_MODULE_PATHS                                                       \
	{                                                                      \
		.state = STS_STATE_BASE "/exim",                               \
		.program = STS_RESOLVE_PROGRAM                                 \
	}
#endif

typedef unsigned char uschar; /* as Exim has it */
typedef int dlfunc(uschar **yield, int argc, uschar *argv[]);

#define EXIM_OK      0
#define ARGUMENT_MAX 65536 /* octets that are looked at */

STS_API dlfunc sts_mode, sts_reject, sts_reason, sts_pass, sts_told, sts_event;

static struct sts_ask ask = { .paths = STS_MODULE_PATHS, .log = sts_syslog };

/* Exim will not write to what we give it. */
static int
answer_with(uschar **yield, const char *text)
{
	*yield = (uschar *)(uintptr_t)text;
	return EXIM_OK;
}

/* Argument I, "" when there is none or it is too long to be right. */
static const char *
argument(int argc, uschar *argv[], int i)
{
	const char *text;

	if (i >= argc || argv == NULL || argv[i] == NULL)
		return "";
	text = (const char *)argv[i];
	return strnlen(text, ARGUMENT_MAX) < ARGUMENT_MAX ? text : "";
}

/* enforce, testing, none; defer, by a fault of ours; unknown, by DNS. */
int
sts_mode(uschar **yield, int argc, uschar *argv[])
{
	const char *domain = argument(argc, argv, 0);
	const char *name = sts_mode_name(STS_MODE_DEFER);
	const struct sts_ask_answer *answer;
	int error = errno;

	if (domain[0] != '\0') {
		answer = sts_ask_domain(&ask, domain);
		name = answer->by_dns ? sts_answer_name(STS_ANSWER_UNKNOWN)
				      : sts_mode_name(answer->mode);
	}
	errno = error;
	return answer_with(yield, name);
}

/* One host list item that matches every MX host that is not permitted. */
int
sts_reject(uschar **yield, int argc, uschar *argv[])
{
	const char *domain = argument(argc, argv, 0);
	const char *pattern = NULL;
	int error = errno;

	if (domain[0] != '\0')
		pattern = sts_ask_domain(&ask, domain)->pattern;
	errno = error;
	return answer_with(yield, pattern != NULL ? pattern : STS_PATTERN_ALL);
}

/* Why mail to the domain waits: asked when nothing else can be done.  The
 * second argument, if any, is a list of the domain's MX hosts. */
int
sts_reason(uschar **yield, int argc, uschar *argv[])
{
	const char *domain = argument(argc, argv, 0);
	struct sts_ask_answer *answer;
	int error = errno;

	if (domain[0] == '\0')
		return answer_with(yield, "MTA-STS: no domain to ask about");
	answer = sts_ask_domain(&ask, domain);
	if (answer->mode == STS_MODE_ENFORCE)
		sts_report_refusal(&ask, answer, argument(argc, argv, 1));
	errno = error;
	return answer_with(yield, answer->reason);
}

enum { /* arguments of sts_pass, in the order of the macro */
	SENDER,
	RECIPIENT,
	UID,
	ORIGIN,
	PARENT,
	FIELDS,
	PASS_ARGUMENTS
};

/* report, tls-required-no: goes out whatever policy there is; else "". */
int
sts_pass(uschar **yield, int argc, uschar *argv[])
{
	const struct sts_pass pass = { .sender = argument(argc, argv, SENDER),
		.recipient = argument(argc, argv, RECIPIENT),
		.uid = argument(argc, argv, UID),
		.origin = argument(argc, argv, ORIGIN),
		.parent = argument(argc, argv, PARENT),
		.fields = argument(argc, argv, FIELDS) };
	const char *way = "";
	int error = errno;
	struct sts *sts;

	if (argc == PASS_ARGUMENTS) {
		sts = sts_ask_open(&ask, NULL);
		if (sts != NULL)
			way = sts_pass_way(sts, &pass);
	}
	errno = error;
	return answer_with(yield, way);
}

/* "yes" for a domain that asks to be told of sessions, else ""; what is not
 * known is not waited for. */
int
sts_told(uschar **yield, int argc, uschar *argv[])
{
	const char *domain = argument(argc, argv, 0);
	const struct sts_ask_answer *answer;
	int error = errno;
	bool told = false;

	if (domain[0] != '\0') {
		answer = sts_ask_known(&ask, domain);
		told = answer->asked && answer->result != NULL &&
		       sts_account_wanted(answer->result);
	}
	errno = error;
	return answer_with(yield, told ? "yes" : "");
}

/* ---- events -------------------------------------------------------------- */

enum { /* arguments of sts_event, in the order of the macro */
	WHERE,
	NAME,
	DATA,
	DOMAIN,
	HOST,
	ADDRESS,
	FACTS,
	ARGUMENTS
};

static struct sts_exim_session session;
static pid_t session_pid;

/* What is in hand belongs to the process that saw it. */
static void
own_session(void)
{
	if (session_pid == getpid())
		return;
	memset(&session, 0, sizeof(session));
	session_pid = getpid();
}

/* Fill EVENT; false when it says nothing of a session to a known domain. */
static bool
read_event(int argc, uschar *argv[], struct sts_exim_event *event)
{
	struct sts_now now;

	event->kind = sts_exim_event_kind(argument(argc, argv, NAME));
	if (argc != ARGUMENTS || event->kind == STS_EXIM_OTHER)
		return false;
	sts_clock_now(&now);
	event->now = now.wall;
	event->strict = strcmp(argument(argc, argv, WHERE), "sts") == 0;
	event->data = argument(argc, argv, DATA);
	event->domain = argument(argc, argv, DOMAIN);
	event->host = argument(argc, argv, HOST);
	event->address = argument(argc, argv, ADDRESS);
	return event->domain[0] != '\0' &&
	       sts_facts_parse(argument(argc, argv, FACTS), &event->facts,
		   NULL) == STS_OK;
}

/* Always "": anything else would make Exim change the delivery. */
int
sts_event(uschar **yield, int argc, uschar *argv[])
{
	struct sts_exim_event event;
	struct sts_exim_outcome outcome;
	int error = errno;

	own_session();
	if (read_event(argc, argv, &event) &&
	    sts_exim_session_step(&session, &event, &outcome))
		sts_report_session(&ask, &outcome);
	errno = error;
	return answer_with(yield, "");
}

/* The last session of a transport process may still await its reason. */
static void __attribute__((destructor)) finish(void)
{
	struct sts_exim_outcome outcome;

	if (session_pid == getpid() &&
	    sts_exim_session_flush(&session, &outcome))
		sts_report_session(&ask, &outcome);
}
