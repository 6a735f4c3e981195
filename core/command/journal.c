/* SPDX-License-Identifier: ISC */
/*
 * "journal": the TLS sessions that deliveries recorded (RFC 8460, 4).
 */
#include <inttypes.h>
#include <string.h>

#include "command/command.h"
#include "report/journal.h"

struct dump {
	const struct sts_call *call;
	struct sts_dir *dir;
	enum sts_exit status;
};

static void
worsen(struct dump *dump, enum sts_exit status)
{
	if (status > dump->status)
		dump->status = status;
}

static enum sts_exit
print_json(const struct sts_session *session)
{
	struct sts_json *json = sts_json_new();
	char at[STS_TIME_TEXT], hash[17];

	(void)snprintf(hash, sizeof(hash), "%016" PRIx64, session->policy_hash);
	sts_json_str(json, "time", sts_time_text(session->at, at));
	sts_json_str(json, "domain", session->domain);
	sts_json_str(json, "type", sts_policy_type_name(session->type));
	sts_json_str(json, "mode", sts_mode_name(session->mode));
	sts_json_str(json, "policy", hash);
	sts_json_str(json, "mx", session->mx);
	sts_json_str(json, "mx_address", session->mx_address);
	sts_json_str(json, "our_address", session->our_address);
	sts_json_str(json, "result", sts_session_result_name(session->result));
	sts_json_str(json, "reason", session->reason);
	sts_json_str(json, "mta", session->mta);
	return sts_print_json(json, STS_EXIT_YES);
}

static bool
print_session(void *arg, const struct sts_session *session)
{
	struct dump *dump = arg;
	char at[STS_TIME_TEXT];

	if (dump->call->json) {
		worsen(dump, print_json(session));
		return true;
	}
	sts_print(sts_time_text(session->at, at), "%s %s %s %s[%s] %s%s%s",
	    session->domain, sts_policy_type_name(session->type),
	    sts_mode_name(session->mode), session->mx, session->mx_address,
	    sts_session_result_name(session->result),
	    session->reason[0] == '\0' ? "" : ": ", session->reason);
	return true;
}

static bool
print_day(void *arg, const char *day)
{
	struct dump *dump = arg;
	struct sts_error err;
	size_t skipped = 0;

	if (sts_journal_each(dump->dir, day, print_session, dump, &skipped,
		&err) != STS_OK) {
		worsen(dump, sts_complain(STS_EXIT_UNSURE, "journal %s: %s",
				 day, err.text));
		return true;
	}
	if (skipped > 0)
		worsen(dump, sts_complain(STS_EXIT_NO,
				 "journal %s: %zu damaged records passed over",
				 day, skipped));
	return true;
}

static enum sts_exit
dump_days(struct dump *dump)
{
	const struct sts_call *call = dump->call;
	struct sts_error err;
	int i;

	/* It becomes the name of a file: only a day will do. */
	for (i = 0; i < call->argc; i++)
		if (!sts_call_day(call->argv[i]))
			return STS_EXIT_USAGE;
	for (i = 0; i < call->argc; i++)
		(void)print_day(dump, call->argv[i]);
	if (call->argc == 0 &&
	    sts_journal_days(dump->dir, print_day, dump, &err) != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "journal: %s", err.text);
	return dump->status;
}

enum sts_exit
sts_run_journal(struct sts_call *call)
{
	struct dump dump = { .call = call, .status = STS_EXIT_YES };
	struct sts_state *state;
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	rc = sts_call_state(call, STS_DIR_READ, &state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	dump.dir = sts_state_dir(state);
	status = dump_days(&dump);
	sts_state_free(state);
	return status;
}
