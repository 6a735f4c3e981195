/* SPDX-License-Identifier: ISC */
/*
 * What "query" found, for people and as JSON, and the exit status of it.
 */
#include <inttypes.h>
#include <string.h>

#include "command/findings.h"

static const char *const record_state_names[] = {
	[STS_RECORD_UNASKED] = "not asked",
	[STS_RECORD_NONE] = "none",
	[STS_RECORD_VALID] = "valid",
	[STS_RECORD_INVALID] = "invalid",
	[STS_RECORD_UNKNOWN] = "unknown",
};
_Static_assert(sizeof(record_state_names) / sizeof(record_state_names[0]) ==
		   STS_RECORD_STATE_MAX,
    "record_state_names matches enum sts_record_state");

static enum sts_exit
worse(enum sts_exit a, enum sts_exit b)
{
	return a > b ? a : b;
}

/* ---- what it means ----------------------------------------------------- */

static enum sts_exit
verdict_status(enum sts_verdict verdict)
{
	return verdict == STS_VERDICT_REFUSE ? STS_EXIT_NO : STS_EXIT_YES;
}

/* An excuse decides whatever else is unknown. */
static enum sts_exit
lookup_status(const struct sts_findings *found)
{
	const struct sts_basis *basis = &found->basis;

	if (basis->excuse != NULL)
		return STS_EXIT_YES;
	if (basis->answer == STS_ANSWER_UNKNOWN ||
	    basis->answer == STS_ANSWER_DAMAGED)
		return STS_EXIT_UNSURE;
	if (basis->answer == STS_ANSWER_NONE && basis->cause != STS_OK)
		return STS_EXIT_NO; /* a record, and no policy to be had */
	return STS_EXIT_YES;
}

/* No list is no news when only the state was asked, or one host matters. */
static enum sts_exit
mx_status(const struct sts_call *call, const struct sts_findings *found)
{
	if (found->mx_error.rc == STS_OK || call->mx != NULL || call->offline)
		return STS_EXIT_YES;
	return found->mx_error.rc == STS_ENODATA ? STS_EXIT_NO
						 : STS_EXIT_UNSURE;
}

/* ---- for people -------------------------------------------------------- */

static void
print_finding(const char *label, const char *what,
    const struct sts_finding *finding)
{
	if (finding->state == STS_RECORD_UNASKED)
		return;
	sts_print(label, "%s%s%s%s", record_state_names[finding->state],
	    finding->text[0] == '\0' ? "" : ", ",
	    finding->state == STS_RECORD_VALID ? what : "", finding->text);
}

static void
print_policy(const struct sts_outcome *outcome)
{
	const struct sts_entry *entry = outcome->entry;
	char expires[STS_TIME_TEXT], span[STS_TIME_TEXT];
	size_t i;

	if (entry == NULL)
		return;
	sts_print("policy",
	    "%s, id %s, expires %s, max_age %" PRId64 " (%s), %s%s",
	    sts_mode_name(entry->policy->mode), entry->id,
	    sts_time_text(entry->expires, expires), entry->policy->max_age,
	    sts_span_text(entry->policy->max_age, span), outcome->source,
	    outcome->stored ? "" : ", not stored");
	for (i = 0; i < entry->policy->mx_count; i++)
		sts_print("", "mx: %s", entry->policy->mx[i]);
}

static enum sts_exit
print_host(const struct sts_findings *found, const char *host,
    const char *preference)
{
	enum sts_verdict verdict;
	struct sts_error why;

	if (host[0] == '\0') { /* RFC 7505 */
		sts_print("mx", "%s. (the domain takes no mail)", preference);
		return STS_EXIT_YES;
	}
	verdict = sts_verdict_mx(&found->basis, host, &why);
	sts_print("mx", "%s%s: %s, %s", preference, host,
	    sts_verdict_name(verdict), why.text);
	return verdict_status(verdict);
}

static enum sts_exit
print_hosts(const struct sts_call *call, const struct sts_findings *found)
{
	enum sts_exit status = STS_EXIT_YES;
	char preference[16];
	size_t i;

	if (call->mx != NULL)
		return print_host(found, call->mx, "");
	if (found->mx_error.rc != STS_OK) {
		sts_print("mx", "no list: %s", found->mx_error.text);
		return STS_EXIT_YES;
	}
	for (i = 0; i < found->mx.count; i++) {
		(void)snprintf(preference, sizeof(preference), "%u ",
		    found->mx.host[i].preference);
		status =
		    worse(status, print_host(found, found->mx.host[i].name,
				      found->mx.implicit ? "" : preference));
	}
	sts_print("", "%s, %s by DNSSEC",
	    found->mx.implicit ? "no MX record: the domain itself"
	    : call->offline    ? "as stored"
			       : "from DNS",
	    found->mx.ad ? "vouched for" : "not vouched for");
	return status;
}

static enum sts_exit
print_text(const struct sts_call *call, const struct sts_findings *found)
{
	const struct sts_outcome *outcome = found->outcome;
	enum sts_exit status;
	struct sts_error why;

	sts_print("domain", "%s", found->domain);
	print_finding("record", "id ", &found->record);
	print_policy(outcome);
	sts_print("state", "%s (%s)%s%s", sts_answer_name(outcome->answer),
	    outcome->source, outcome->reason[0] == '\0' ? "" : ": ",
	    outcome->reason);
	sts_verdict_reason(&found->basis, &why);
	sts_print("mode", "%s: %s",
	    sts_mode_name(sts_verdict_mode(&found->basis)), why.text);
	status = print_hosts(call, found);
	print_finding("tlsrpt", "", &found->tlsrpt);
	return status;
}

/* ---- as JSON ----------------------------------------------------------- */

static void
add_finding(struct sts_json *json, const char *key, const char *what,
    const struct sts_finding *finding)
{
	sts_json_object(json, key);
	sts_json_str(json, "state", record_state_names[finding->state]);
	if (finding->state == STS_RECORD_VALID)
		sts_json_str(json, what, finding->text);
	else if (finding->text[0] != '\0')
		sts_json_str(json, "error", finding->text);
	sts_json_close(json);
}

static void
add_policy(struct sts_json *json, const struct sts_entry *entry)
{
	char expires[STS_TIME_TEXT];
	size_t i;

	if (entry == NULL) {
		sts_json_str(json, "policy", NULL);
		return;
	}
	sts_json_object(json, "policy");
	sts_json_str(json, "mode", sts_mode_name(entry->policy->mode));
	sts_json_str(json, "id", entry->id);
	sts_json_int(json, "max_age", entry->policy->max_age);
	sts_json_str(json, "expires", sts_time_text(entry->expires, expires));
	sts_json_array(json, "mx");
	for (i = 0; i < entry->policy->mx_count; i++)
		sts_json_str(json, NULL, entry->policy->mx[i]);
	sts_json_close(json);
	sts_json_close(json);
}

static enum sts_exit
add_host(struct sts_json *json, const struct sts_findings *found,
    const char *host, unsigned preference)
{
	bool null = host[0] == '\0';
	enum sts_verdict verdict = STS_VERDICT_OPEN;
	struct sts_error why;

	sts_json_object(json, NULL);
	sts_json_str(json, "host", null ? "." : host);
	sts_json_int(json, "preference", preference);
	if (!null) {
		verdict = sts_verdict_mx(&found->basis, host, &why);
		sts_json_str(json, "verdict", sts_verdict_name(verdict));
		sts_json_str(json, "reason", why.text);
		sts_json_bool(json, "match",
		    sts_verdict_mx_match(&found->basis, host));
	}
	sts_json_close(json);
	return verdict_status(verdict);
}

static enum sts_exit
add_hosts(struct sts_json *json, const struct sts_call *call,
    const struct sts_findings *found)
{
	enum sts_exit status = STS_EXIT_YES;
	size_t i;

	sts_json_array(json, "mx");
	if (call->mx != NULL)
		status = add_host(json, found, call->mx, 0);
	for (i = 0; call->mx == NULL && i < found->mx.count; i++)
		status =
		    worse(status, add_host(json, found, found->mx.host[i].name,
				      found->mx.host[i].preference));
	sts_json_close(json);
	if (call->mx != NULL)
		return status;
	sts_json_bool(json, "mx_implicit", found->mx.implicit);
	sts_json_bool(json, "mx_authenticated", found->mx.ad);
	sts_json_str(json, "mx_error",
	    found->mx_error.rc == STS_OK ? NULL : found->mx_error.text);
	return status;
}

static enum sts_exit
print_json(const struct sts_call *call, const struct sts_findings *found)
{
	const struct sts_outcome *outcome = found->outcome;
	struct sts_json *json = sts_json_new();
	enum sts_exit status;
	struct sts_error why;

	sts_json_str(json, "domain", found->domain);
	add_finding(json, "record", "id", &found->record);
	add_policy(json, outcome->entry);
	sts_json_str(json, "state", sts_answer_name(outcome->answer));
	sts_json_str(json, "cause", sts_rc_name(outcome->cause));
	sts_json_str(json, "detail", outcome->reason);
	sts_json_str(json, "source", outcome->source);
	sts_json_bool(json, "stored", outcome->stored);
	sts_verdict_reason(&found->basis, &why);
	sts_json_str(json, "mode",
	    sts_mode_name(sts_verdict_mode(&found->basis)));
	sts_json_str(json, "reason", why.text);
	status = add_hosts(json, call, found);
	add_finding(json, "tlsrpt", "rua", &found->tlsrpt);
	return sts_print_json(json, status);
}

enum sts_exit
sts_findings_print(const struct sts_call *call,
    const struct sts_findings *found)
{
	enum sts_exit status;

	status = call->json ? print_json(call, found) : print_text(call, found);
	status = worse(status, lookup_status(found));
	return worse(status, mx_status(call, found));
}
