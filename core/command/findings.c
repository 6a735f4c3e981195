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

/* Where nothing is demanded, or only observed, mail passes all the same. */
static enum sts_exit
host_status(const struct sts_findings *found, const char *host)
{
	if (host[0] == '\0') /* RFC 7505 */
		return STS_EXIT_YES;
	switch (sts_verdict_mx(&found->basis, host, NULL)) {
	case STS_VERDICT_REFUSE:
		return STS_EXIT_NO;
	case STS_VERDICT_REQUIRE:
		return sts_probing_status(&found->probing, host);
	case STS_VERDICT_OPEN:
	case STS_VERDICT_OBSERVE:
	case STS_VERDICT_MAX:
		break;
	}
	return STS_EXIT_YES;
}

static enum sts_exit
hosts_status(const struct sts_call *call, const struct sts_findings *found)
{
	enum sts_exit status = STS_EXIT_YES;
	size_t i;

	if (call->mx != NULL)
		return host_status(found, call->mx);
	for (i = 0; i < found->mx.count; i++)
		status =
		    worse(status, host_status(found, found->mx.host[i].name));
	return status;
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

/* What a TLS report says of it (RFC 8460, 4.3), or NULL.  That a policy is
 * kept where a new one could not be had is still a failure to report. */
static const char *
result_type(const struct sts_outcome *outcome)
{
	const char *type = sts_rc_result_type(outcome->cause);

	return type != NULL ? type : sts_rc_result_type(outcome->trouble);
}

static void
summarize(const struct sts_call *call, const struct sts_findings *found,
    char summary[STS_SUMMARY_MAX])
{
	struct sts_now now;

	sts_clock_now(&now);
	sts_summary(found, call->mx, now.wall, summary);
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

static void
print_host(const struct sts_findings *found, const char *host,
    const char *preference)
{
	enum sts_verdict verdict;
	struct sts_error why;

	if (host[0] == '\0') { /* RFC 7505 */
		sts_print("mx", "%s. (the domain takes no mail)", preference);
		return;
	}
	verdict = sts_verdict_mx(&found->basis, host, &why);
	sts_print("mx", "%s%s: %s, %s, %s", preference, host,
	    sts_verdict_name(verdict),
	    sts_verdict_mx_match(&found->basis, host) ? "match" : "no match",
	    why.text);
	sts_probing_print(&found->probing, host, "probe");
}

static void
print_hosts(const struct sts_call *call, const struct sts_findings *found)
{
	char preference[16];
	size_t i;

	if (call->mx != NULL) {
		print_host(found, call->mx, "");
		return;
	}
	if (found->mx_error.rc != STS_OK) {
		sts_print("mx", "no list: %s", found->mx_error.text);
		return;
	}
	for (i = 0; i < found->mx.count; i++) {
		(void)snprintf(preference, sizeof(preference), "%u ",
		    found->mx.host[i].preference);
		print_host(found, found->mx.host[i].name,
		    found->mx.implicit ? "" : preference);
	}
	sts_print("", "%s, %s by DNSSEC",
	    found->mx.implicit ? "no MX record: the domain itself"
	    : call->offline    ? "as stored"
			       : "from DNS",
	    found->mx.ad ? "vouched for" : "not vouched for");
}

static void
print_text(const struct sts_call *call, const struct sts_findings *found)
{
	const struct sts_outcome *outcome = found->outcome;
	struct sts_error why;

	print_finding("record", "id ", &found->record);
	print_policy(outcome);
	sts_print("state", "%s (%s)%s%s", sts_answer_name(outcome->answer),
	    outcome->source, outcome->reason[0] == '\0' ? "" : ": ",
	    outcome->reason);
	sts_verdict_reason(&found->basis, &why);
	sts_print("mode", "%s: %s",
	    sts_mode_name(sts_verdict_mode(&found->basis)), why.text);
	print_hosts(call, found);
	print_finding("tlsrpt", "", &found->tlsrpt);
}

static void
print_probes(const struct sts_call *call, const struct sts_findings *found)
{
	size_t i;

	if (call->mx != NULL)
		sts_probing_print(&found->probing, call->mx, NULL);
	for (i = 0; call->mx == NULL && i < found->mx.count; i++)
		sts_probing_print(&found->probing, found->mx.host[i].name,
		    NULL);
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

static void
add_host(struct sts_json *json, const struct sts_findings *found,
    const char *host, unsigned preference, bool probed)
{
	bool null = host[0] == '\0';
	enum sts_verdict verdict;
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
		if (probed)
			sts_probing_json(&found->probing, host, json);
	}
	sts_json_close(json);
}

static void
add_hosts(struct sts_json *json, const struct sts_call *call,
    const struct sts_findings *found)
{
	size_t i;

	sts_json_array(json, "mx");
	if (call->mx != NULL)
		add_host(json, found, call->mx, 0, call->probe);
	for (i = 0; call->mx == NULL && i < found->mx.count; i++)
		add_host(json, found, found->mx.host[i].name,
		    found->mx.host[i].preference, call->probe);
	sts_json_close(json);
	if (call->mx != NULL)
		return;
	sts_json_bool(json, "mx_implicit", found->mx.implicit);
	sts_json_bool(json, "mx_authenticated", found->mx.ad);
	sts_json_str(json, "mx_error",
	    found->mx_error.rc == STS_OK ? NULL : found->mx_error.text);
}

static enum sts_exit
print_json(const struct sts_call *call, const struct sts_findings *found,
    const char *summary)
{
	const struct sts_outcome *outcome = found->outcome;
	struct sts_json *json = sts_json_new();
	struct sts_error why;

	sts_json_str(json, "domain", found->domain);
	sts_json_str(json, "summary", summary);
	add_finding(json, "record", "id", &found->record);
	add_policy(json, outcome->entry);
	sts_json_str(json, "state", sts_answer_name(outcome->answer));
	sts_json_str(json, "cause", sts_rc_name(outcome->cause));
	sts_json_str(json, "result_type", result_type(outcome));
	sts_json_str(json, "detail", outcome->reason);
	sts_json_str(json, "source", outcome->source);
	sts_json_bool(json, "stored", outcome->stored);
	sts_verdict_reason(&found->basis, &why);
	sts_json_str(json, "mode",
	    sts_mode_name(sts_verdict_mode(&found->basis)));
	sts_json_str(json, "reason", why.text);
	add_hosts(json, call, found);
	add_finding(json, "tlsrpt", "rua", &found->tlsrpt);
	return sts_print_json(json, STS_EXIT_YES);
}

enum sts_exit
sts_findings_print(const struct sts_call *call,
    const struct sts_findings *found)
{
	char summary[STS_SUMMARY_MAX];
	enum sts_exit status = STS_EXIT_YES;

	summarize(call, found, summary);
	if (call->json)
		status = print_json(call, found, summary);
	else
		sts_print(NULL, "%s", summary);
	if (!call->json && call->brief)
		print_probes(call, found);
	else if (!call->json)
		print_text(call, found);
	status = worse(status, hosts_status(call, found));
	status = worse(status, lookup_status(found));
	return worse(status, mx_status(call, found));
}
