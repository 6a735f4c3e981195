/* SPDX-License-Identifier: ISC */
/*
 * "cache list", "cache show", "cache drop": what the state holds.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/names.h"

static enum sts_exit
worse(enum sts_exit a, enum sts_exit b)
{
	return a > b ? a : b;
}

static void
add_entry(struct sts_json *json, const struct sts_known *known)
{
	const struct sts_entry *entry = known->entry;
	char fetched[STS_TIME_TEXT], expires[STS_TIME_TEXT];

	sts_json_str(json, "state", sts_known_name(known->kind));
	if (entry == NULL) {
		if (known->reason[0] != '\0')
			sts_json_str(json, "reason", known->reason);
		return;
	}
	sts_json_str(json, "mode", sts_mode_name(entry->policy->mode));
	sts_json_str(json, "id", entry->id);
	sts_json_str(json, "fetched",
	    sts_time_text(entry->fetched.wall, fetched));
	sts_json_str(json, "expires", sts_time_text(entry->expires, expires));
}

static enum sts_exit
list_json(const char *domain, const struct sts_known *known)
{
	struct sts_json *json = sts_json_new();

	sts_json_str(json, "domain", domain);
	add_entry(json, known);
	return sts_print_json(json, STS_EXIT_YES);
}

static void
list_text(const char *domain, const struct sts_known *known,
    const struct sts_now *now)
{
	const struct sts_entry *entry = known->entry;
	char expires[STS_TIME_TEXT], age[STS_TIME_TEXT];

	if (entry == NULL) {
		(void)printf("%-32s ", domain);
		sts_print(sts_known_name(known->kind), "%s", known->reason);
		return;
	}
	(void)printf("%-32s %-8s %-32s until %s, %s old%s\n", domain,
	    sts_mode_name(entry->policy->mode), entry->id,
	    sts_time_text(entry->expires, expires),
	    sts_span_text(now->wall - entry->fetched.wall, age),
	    known->kind == STS_KNOWN_EXPIRED ? ", expired" : "");
}

/* A policy that was let go is kept as a memory only: not listed. */
static enum sts_exit
list_domain(const struct sts_call *call, struct sts_state *state,
    const char *domain, const struct sts_now *now)
{
	struct sts_known known;
	enum sts_exit status = STS_EXIT_YES;

	sts_state_load(state, domain, now, &known);
	if (known.kind == STS_KNOWN_DAMAGED)
		status = STS_EXIT_UNSURE;
	if (known.kind == STS_KNOWN_NONE)
		status = STS_EXIT_YES;
	else if (call->json)
		status = worse(status, list_json(domain, &known));
	else
		list_text(domain, &known, now);
	sts_known_clear(&known);
	return status;
}

enum sts_exit
sts_run_cache_list(struct sts_call *call)
{
	struct sts_names names = { 0 };
	struct sts_state *state = NULL;
	enum sts_exit status = STS_EXIT_YES;
	struct sts_error err;
	struct sts_now now;
	enum sts_rc rc;
	size_t i;

	rc = sts_call_state(call, STS_DIR_READ, &state, &err);
	if (rc == STS_OK)
		rc = sts_names_load(sts_state_dir(state), &names, &err);
	if (rc != STS_OK)
		status = sts_complain(sts_exit_status(rc), "%s", err.text);
	sts_clock_now(&now);
	for (i = 0; i < names.count; i++)
		status = worse(status,
		    list_domain(call, state, names.name[i], &now));
	sts_names_clear(&names);
	sts_state_free(state);
	return status;
}

static enum sts_exit
show_json(const char *domain, const struct sts_known *known,
    const struct sts_mx_list *list)
{
	struct sts_json *json = sts_json_new();
	char until[STS_TIME_TEXT];
	size_t i;

	sts_json_str(json, "domain", domain);
	add_entry(json, known);
	if (known->entry != NULL) {
		sts_json_array(json, "mx");
		for (i = 0; i < known->entry->policy->mx_count; i++)
			sts_json_str(json, NULL, known->entry->policy->mx[i]);
		sts_json_close(json);
		sts_json_str(json, "policy", known->entry->policy->text);
	}
	sts_json_array(json, "hosts");
	for (i = 0; i < list->count; i++)
		sts_json_str(json, NULL, list->host[i].name);
	sts_json_close(json);
	sts_json_str(json, "note", sts_note_name(known->note.kind));
	if (known->note.kind != STS_NOTE_NOTHING)
		sts_json_str(json, "note_until",
		    sts_time_text(known->note.until, until));
	sts_json_bool(json, "tlsrpt", known->tlsrpt);
	sts_json_bool(json, "clock_suspect", known->suspect);
	return sts_print_json(json, STS_EXIT_YES);
}

static void
show_entry(const struct sts_entry *entry, const struct sts_now *now)
{
	char at[STS_TIME_TEXT], span[STS_TIME_TEXT];
	size_t i;

	sts_print("mode", "%s", sts_mode_name(entry->policy->mode));
	sts_print("id", "%s", entry->id);
	for (i = 0; i < entry->policy->mx_count; i++)
		sts_print("mx", "%s", entry->policy->mx[i]);
	sts_print("fetched", "%s, %s ago",
	    sts_time_text(entry->fetched.wall, at),
	    sts_span_text(now->wall - entry->fetched.wall, span));
	sts_print("expires", "%s, max_age %" PRId64 " (%s)",
	    sts_time_text(entry->expires, at), entry->policy->max_age,
	    sts_span_text(entry->policy->max_age, span));
}

static void
show_text(const char *domain, const struct sts_known *known,
    const struct sts_mx_list *list, const struct sts_now *now)
{
	const struct sts_note *note = &known->note;
	char until[STS_TIME_TEXT];
	size_t i;

	sts_print("domain", "%s", domain);
	sts_print("state", "%s%s%s%s", sts_known_name(known->kind),
	    known->reason[0] == '\0' ? "" : ": ", known->reason,
	    known->suspect ? " (the clock is suspect)" : "");
	if (known->entry != NULL)
		show_entry(known->entry, now);
	for (i = 0; i < list->count; i++)
		sts_print("host", "%u %s", list->host[i].preference,
		    list->host[i].name[0] == '\0' ? "." : list->host[i].name);
	if (note->kind != STS_NOTE_NOTHING)
		sts_print("note", "%s until %s", sts_note_name(note->kind),
		    sts_time_text(note->until, until));
	sts_print("tlsrpt", "%s", known->tlsrpt ? "yes" : "no");
}

static enum sts_exit
show_domain(const struct sts_call *call, struct sts_state *state,
    const char *domain)
{
	static const enum sts_exit statuses[] = {
		[STS_ANSWER_POLICY] = STS_EXIT_YES,
		[STS_ANSWER_NONE] = STS_EXIT_NO,
		[STS_ANSWER_UNKNOWN] = STS_EXIT_NO,
		[STS_ANSWER_DAMAGED] = STS_EXIT_UNSURE,
	};
	enum sts_exit status, printed = STS_EXIT_YES;
	struct sts_mx_list list;
	struct sts_known known;
	struct sts_now now;

	sts_clock_now(&now);
	sts_state_load(state, domain, &now, &known);
	if (sts_mx_get(sts_state_dir(state), domain, &list, NULL) != STS_OK)
		list.count = 0;
	status = statuses[known.answer];
	if (call->json)
		printed = show_json(domain, &known, &list);
	else
		show_text(domain, &known, &list, &now);
	sts_known_clear(&known);
	return worse(status, printed);
}

enum sts_exit
sts_run_cache_show(struct sts_call *call)
{
	char domain[STS_DOMAIN_MAX + 1];
	struct sts_state *state;
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	if (!sts_call_domain(call->argv[0], domain))
		return STS_EXIT_USAGE;
	rc = sts_call_state(call, STS_DIR_READ, &state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	status = show_domain(call, state, domain);
	sts_state_free(state);
	return status;
}

static enum sts_exit
say_dropped(const struct sts_call *call, const char *domain, bool dropped)
{
	enum sts_exit status = dropped ? STS_EXIT_YES : STS_EXIT_NO;
	struct sts_json *json;

	if (!call->json) {
		sts_print(dropped ? "dropped" : "nothing", "%s", domain);
		return status;
	}
	json = sts_json_new();
	sts_json_str(json, "domain", domain);
	sts_json_bool(json, "dropped", dropped);
	return sts_print_json(json, status);
}

/* A damaged file may be dropped, too: that is one way to be rid of it. */
static enum sts_exit
drop_domain(const struct sts_call *call, struct sts_state *state,
    const char *domain)
{
	struct sts_known known;
	struct sts_error err;
	struct sts_now now;
	bool none;

	sts_clock_now(&now);
	sts_state_load(state, domain, &now, &known);
	none = known.kind == STS_KNOWN_NONE;
	sts_known_clear(&known);
	if (none)
		return say_dropped(call, domain, false);
	if (sts_state_drop(state, domain, &now, &err) != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "%s: %s", domain,
		    err.text);
	return say_dropped(call, domain, true);
}

enum sts_exit
sts_run_cache_drop(struct sts_call *call)
{
	char domain[STS_DOMAIN_MAX + 1];
	struct sts_state *state;
	struct sts_error err;
	enum sts_exit status;
	enum sts_rc rc;

	if (!sts_call_domain(call->argv[0], domain))
		return STS_EXIT_USAGE;
	rc = sts_call_state(call, STS_DIR_WRITE, &state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	status = drop_domain(call, state, domain);
	sts_state_free(state);
	return status;
}
