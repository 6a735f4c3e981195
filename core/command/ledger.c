/* SPDX-License-Identifier: ISC */
/*
 * "ledger": every policy learned, changed, withdrawn, and every transition
 * that could be a downgrade, oldest first.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"

#define DAY_LEN 10 /* of "2026-11-23" */

struct history {
	const struct sts_call *call;
	char (*domain)[STS_DOMAIN_MAX + 1]; /* operands, normalised */
	enum sts_exit status;
};

static bool
is_wanted(const struct history *history, const struct sts_ledger_record *record,
    const char *at)
{
	const struct sts_call *call = history->call;
	int i;

	if (call->since != NULL && strncmp(at, call->since, DAY_LEN) < 0)
		return false;
	for (i = 0; i < call->argc; i++)
		if (strcmp(history->domain[i], record->domain) == 0)
			return true;
	return call->argc == 0;
}

/* One that speaks of a policy; else its mode and id mean nothing. */
static bool
has_policy(const struct sts_ledger_record *record)
{
	return record->hash != 0;
}

static enum sts_exit
print_json(const struct sts_call *call, const struct sts_ledger_record *record,
    const char *at)
{
	struct sts_json *json = sts_json_new();
	bool has = has_policy(record);
	char expires[STS_TIME_TEXT], hash[17];

	(void)snprintf(hash, sizeof(hash), "%016" PRIx64, record->hash);
	sts_json_str(json, "time", at);
	sts_json_str(json, "domain", record->domain);
	sts_json_str(json, "event", sts_ledger_event_name(record->event));
	sts_json_str(json, "mode", has ? sts_mode_name(record->mode) : NULL);
	sts_json_str(json, "id", has ? record->id : NULL);
	sts_json_str(json, "expires",
	    has ? sts_time_text(record->expires, expires) : NULL);
	sts_json_str(json, "policy", has ? hash : NULL);
	sts_json_str(json, "reason", record->reason);
	if (call->verbose && record->text_len > 0)
		sts_json_str(json, "text", record->text);
	return sts_print_json(json, STS_EXIT_YES);
}

/* A line each; a carriage return is shown, for it was served. */
static void
print_policy(const struct sts_ledger_record *record)
{
	const char *line = record->text;
	size_t len;

	for (; *line != '\0'; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		sts_print("", "> %.*s", (int)len, line);
	}
}

static void
print_text(const struct sts_call *call, const struct sts_ledger_record *record,
    const char *at)
{
	const char *colon = record->reason[0] == '\0' ? "" : ": ";
	char expires[STS_TIME_TEXT];

	if (has_policy(record))
		sts_print(at, "%s %s %s, id %s, expires %s%s%s", record->domain,
		    sts_ledger_event_name(record->event),
		    sts_mode_name(record->mode), record->id,
		    sts_time_text(record->expires, expires), colon,
		    record->reason);
	else
		sts_print(at, "%s %s%s%s", record->domain,
		    sts_ledger_event_name(record->event), colon,
		    record->reason);
	if (call->verbose && record->text_len > 0)
		print_policy(record);
}

static bool
print_record(void *arg, const struct sts_ledger_record *record)
{
	struct history *history = arg;
	enum sts_exit status = STS_EXIT_YES;
	char at[STS_TIME_TEXT];

	(void)sts_time_text(record->at, at);
	if (!is_wanted(history, record, at))
		return true;
	if (history->call->json)
		status = print_json(history->call, record, at);
	else
		print_text(history->call, record, at);
	if (status > history->status)
		history->status = status;
	return true;
}

static enum sts_exit
print_all(struct history *history, struct sts_dir *dir)
{
	struct sts_error err;
	size_t skipped = 0;
	enum sts_rc rc;

	rc = sts_ledger_each(dir, print_record, history, &skipped, &err);
	if (rc == STS_ENODATA) /* nothing was ever learned */
		return STS_EXIT_YES;
	if (rc != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "ledger: %s", err.text);
	if (skipped > 0 && history->status == STS_EXIT_YES)
		return sts_complain(STS_EXIT_NO,
		    "ledger: %zu damaged records passed over", skipped);
	return history->status;
}

static enum sts_exit
read_operands(struct history *history)
{
	const struct sts_call *call = history->call;
	int i;

	if (call->since != NULL && !sts_call_day(call->since))
		return STS_EXIT_USAGE;
	history->domain =
	    calloc((size_t)call->argc + 1, sizeof(*history->domain));
	if (history->domain == NULL)
		return sts_complain(STS_EXIT_UNSURE, "no memory");
	for (i = 0; i < call->argc; i++)
		if (!sts_call_domain(call->argv[i], history->domain[i]))
			return STS_EXIT_USAGE;
	return STS_EXIT_YES;
}

enum sts_exit
sts_run_ledger(struct sts_call *call)
{
	struct history history = { .call = call, .status = STS_EXIT_YES };
	struct sts_state *state = NULL;
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	status = read_operands(&history);
	if (status == STS_EXIT_YES) {
		rc = sts_call_state(call, STS_DIR_READ, &state, &err);
		if (rc == STS_OK)
			status = print_all(&history, sts_state_dir(state));
		else
			status =
			    sts_complain(sts_exit_status(rc), "%s", err.text);
	}
	sts_state_free(state);
	free(history.domain);
	return status;
}
