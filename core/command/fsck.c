/* SPDX-License-Identifier: ISC */
/*
 * "cache fsck": every policy file, every MX list and the ledger are read as
 * a lookup would read them; what is damaged or missing is made good from the
 * ledger, the second copy of policies/.
 */
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "command/names.h"

struct trace { /* what the ledger says last of a domain's policy */
	char *domain;
	size_t at;       /* number of the record */
	int64_t expires; /* 0: it was withdrawn, dropped or let go */
};

struct fsck {
	const struct sts_call *call;
	struct sts_state *state;
	struct sts_dir *dir;
	struct sts_now now;
	struct sts_names names;
	struct trace *trace;
	size_t traces;
	size_t damaged, repaired;
	bool failed; /* could not look everywhere */
};

static void
report(struct fsck *fsck, const char *what, const char *domain,
    const char *problem, const char *repair)
{
	struct sts_json *json;

	fsck->damaged++;
	fsck->repaired += repair != NULL;
	if (!fsck->call->json) {
		sts_print(what, "%s: %s: %s", domain, problem,
		    repair == NULL ? "NOT REPAIRED" : repair);
		return;
	}
	json = sts_json_new();
	sts_json_str(json, "what", what);
	sts_json_str(json, "domain", domain);
	sts_json_str(json, "problem", problem);
	sts_json_str(json, "repair", repair);
	if (sts_print_json(json, STS_EXIT_YES) != STS_EXIT_YES)
		fsck->failed = true;
}

static void
check_mx(struct fsck *fsck, const char *domain)
{
	struct sts_mx_list list;
	struct sts_error err;
	bool removed;

	if (sts_mx_get(fsck->dir, domain, &list, &err) != STS_EDAMAGED)
		return;
	removed = sts_mx_remove(fsck->dir, domain, NULL) == STS_OK;
	report(fsck, "mx", domain, err.text, removed ? "removed" : NULL);
}

/* Loading for writing restores what the ledger still has. */
static void
check_policy(struct fsck *fsck, const char *domain)
{
	struct sts_entry *entry = NULL;
	struct sts_known known;
	struct sts_error err;
	enum sts_rc rc;

	rc = sts_policies_get(fsck->dir, domain, &entry, &err);
	if (rc == STS_OK)
		sts_entry_free(entry);
	if (rc != STS_EDAMAGED)
		return;
	sts_state_load(fsck->state, domain, &fsck->now, &known);
	report(fsck, "policy", domain, err.text,
	    known.kind == STS_KNOWN_DAMAGED ? NULL
					    : "restored from the ledger");
	sts_known_clear(&known);
}

static bool
add_trace(void *arg, const struct sts_ledger_record *record)
{
	struct fsck *fsck = arg;
	struct trace *trace;

	if (record->event == STS_LEDGER_VANISHED ||
	    record->event == STS_LEDGER_FAILED)
		return true;
	trace = reallocarray(fsck->trace, fsck->traces + 1, sizeof(*trace));
	if (trace == NULL)
		return false;
	fsck->trace = trace;
	trace += fsck->traces;
	trace->domain = strdup(record->domain);
	if (trace->domain == NULL)
		return false;
	trace->at = fsck->traces++;
	trace->expires = record->expires;
	if (record->event == STS_LEDGER_WITHDRAWN ||
	    record->event == STS_LEDGER_DROPPED ||
	    record->event == STS_LEDGER_EXPIRED)
		trace->expires = 0;
	return true;
}

static int
compare(const void *a, const void *b)
{
	const struct trace *x = a, *y = b;
	int order = strcmp(x->domain, y->domain);

	if (order != 0)
		return order;
	return x->at < y->at ? -1 : x->at > y->at;
}

static enum sts_rc
restore(struct fsck *fsck, const char *domain, struct sts_error *err)
{
	struct sts_entry *entry = NULL;
	enum sts_rc rc;

	rc = sts_ledger_find(fsck->dir, domain, &entry, err);
	if (rc == STS_OK)
		rc = sts_policies_put(fsck->dir, entry, err);
	if (rc == STS_OK)
		rc = sts_ledger_add(fsck->dir, STS_LEDGER_RESTORED, domain,
		    entry, &fsck->now, "fsck", err);
	sts_entry_free(entry);
	return rc;
}

/* The last word of the ledger is a living policy, and there is no file. */
static void
check_missing(struct fsck *fsck, const struct trace *last)
{
	struct sts_error err;
	enum sts_rc rc;

	if (last->expires <= fsck->now.wall ||
	    sts_names_have(&fsck->names, last->domain))
		return;
	rc = restore(fsck, last->domain, &err);
	if (rc != STS_OK)
		(void)sts_complain(STS_EXIT_UNSURE, "%s: %s", last->domain,
		    err.text);
	report(fsck, "policy", last->domain, "file is missing",
	    rc == STS_OK ? "restored from the ledger" : NULL);
}

static bool
pass_over(void *arg, const struct sts_ledger_record *record)
{
	(void)arg;
	(void)record;
	return true;
}

/* What leaves a domain in doubt stays, or an older policy would be believed. */
static bool
leave_out(struct fsck *fsck)
{
	size_t skipped = 0;

	return sts_ledger_compact(fsck->dir, NULL) == STS_OK &&
	       sts_ledger_each(fsck->dir, pass_over, NULL, &skipped, NULL) ==
		   STS_OK &&
	       skipped == 0;
}

static void
check_ledger(struct fsck *fsck)
{
	struct sts_error err;
	size_t i, skipped = 0;
	char problem[64];
	enum sts_rc rc;

	rc = sts_ledger_each(fsck->dir, add_trace, fsck, &skipped, &err);
	if (rc != STS_OK && rc != STS_ENODATA) {
		fsck->failed = true;
		(void)sts_complain(STS_EXIT_UNSURE, "ledger: %s", err.text);
	}
	if (skipped > 0) {
		(void)snprintf(problem, sizeof(problem), "%zu damaged records",
		    skipped);
		report(fsck, "ledger", "-", problem,
		    leave_out(fsck) ? "left out" : NULL);
	}
	if (fsck->traces > 0)
		qsort(fsck->trace, fsck->traces, sizeof(*fsck->trace), compare);
	for (i = 0; i < fsck->traces; i++)
		if (i + 1 == fsck->traces ||
		    strcmp(fsck->trace[i].domain, fsck->trace[i + 1].domain) !=
			0)
			check_missing(fsck, &fsck->trace[i]);
}

static enum sts_exit
check_all(struct fsck *fsck)
{
	struct sts_error err;
	size_t i;

	if (sts_names_load(fsck->dir, &fsck->names, &err) != STS_OK) {
		fsck->failed = true;
		(void)sts_complain(STS_EXIT_UNSURE, "%s", err.text);
	}
	for (i = 0; i < fsck->names.count; i++) {
		check_policy(fsck, fsck->names.name[i]);
		check_mx(fsck, fsck->names.name[i]);
	}
	check_ledger(fsck);
	if (!fsck->call->json)
		sts_print("checked", "%zu policies, %zu damaged, %zu repaired",
		    fsck->names.count, fsck->damaged, fsck->repaired);
	if (fsck->failed)
		return STS_EXIT_UNSURE;
	return fsck->damaged > 0 ? STS_EXIT_NO : STS_EXIT_YES;
}

enum sts_exit
sts_run_cache_fsck(struct sts_call *call)
{
	struct fsck fsck = { .call = call };
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;
	size_t i;

	rc = sts_call_state(call, STS_DIR_WRITE, &fsck.state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	fsck.dir = sts_state_dir(fsck.state);
	sts_clock_now(&fsck.now);
	status = check_all(&fsck);
	for (i = 0; i < fsck.traces; i++)
		free(fsck.trace[i].domain);
	free(fsck.trace);
	sts_names_clear(&fsck.names);
	sts_state_free(fsck.state);
	return status;
}
