/* SPDX-License-Identifier: ISC */
/*
 * The schema of reports, see check.h: tables of members, each with what its
 * value must be.
 */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/domain.h"
#include "base/json.h"
#include "base/mail.h"
#include "report/check.h"
#include "report/event.h"
#include "report/journal.h"

#define COUNT_MAX   (INT64_C(1) << 53) /* RFC 7493, 2.2 */
#define DAY_SECONDS 86400
#define WHERE_MAX   160

typedef bool (*valid_fn)(const struct sts_json_value *value);

struct member {
	const char *name;
	valid_fn valid;
	bool optional;
};

static enum sts_rc
wrong(struct sts_error *err, const char *where, const char *what)
{
	return sts_error_set(err, STS_EUSAGE, "report: %s%s%s", where,
	    what[0] == '\0' ? "" : ": ", what);
}

/* ---- values ------------------------------------------------------------------- */

static bool
is_text(const struct sts_json_value *value)
{
	const char *text = sts_json_string(value);

	return text != NULL && text[0] != '\0';
}

static bool
is_mail(const struct sts_json_value *value)
{
	const char *text = sts_json_string(value);

	return text != NULL && sts_mail_valid(text, strlen(text));
}

static bool
is_domain(const struct sts_json_value *value)
{
	char domain[STS_DOMAIN_MAX + 1];
	const char *text = sts_json_string(value);

	return text != NULL &&
	       sts_domain_normalize(text, strlen(text), domain, NULL) ==
		   STS_OK &&
	       strcmp(text, domain) == 0;
}

static bool
is_address(const struct sts_json_value *value)
{
	const char *text = sts_json_string(value);
	char again[STS_ADDR_TEXT];
	struct sts_addr addr;

	return text != NULL && sts_addr_parse(text, &addr) &&
	       strcmp(sts_addr_text(&addr, again), text) == 0;
}

static bool
is_count(const struct sts_json_value *value)
{
	int64_t number;

	return sts_json_integer(value, &number) && number >= 0 &&
	       number < COUNT_MAX;
}

static bool
is_positive(const struct sts_json_value *value)
{
	int64_t number;

	return is_count(value) && sts_json_integer(value, &number) &&
	       number > 0;
}

static bool
is_result_type(const struct sts_json_value *value)
{
	const char *text = sts_json_string(value);
	int i;

	for (i = STS_SESSION_SUCCESS + 1; text != NULL && i < STS_SESSION_MAX;
	     i++)
		if (strcmp(text,
			sts_session_result_name((enum sts_session_result)i)) ==
		    0)
			return true;
	return false;
}

static bool
is_policy_type(const struct sts_json_value *value)
{
	const char *text = sts_json_string(value);
	int i;

	for (i = 0; text != NULL && i < STS_TYPE_MAX; i++)
		if (strcmp(text,
			sts_policy_type_name((enum sts_policy_type)i)) == 0)
			return true;
	return false;
}

static bool
is_strings(const struct sts_json_value *value)
{
	size_t i;

	if (sts_json_type(value) != STS_JSON_ARRAY)
		return false;
	for (i = 0; i < sts_json_count(value); i++)
		if (sts_json_string(sts_json_element(value, i)) == NULL)
			return false;
	return true;
}

static bool
is_object(const struct sts_json_value *value)
{
	return sts_json_type(value) == STS_JSON_OBJECT;
}

static bool
is_array(const struct sts_json_value *value)
{
	return sts_json_type(value) == STS_JSON_ARRAY;
}

/* ---- objects ------------------------------------------------------------------ */

static const struct member report_members[] = {
	{ "organization-name", is_text, false },
	{ "date-range", is_object, false },
	{ "contact-info", is_mail, false },
	{ "report-id", is_text, false },
	{ "policies", is_array, false },
	{ NULL, NULL, false },
};

static const struct member policy_members[] = {
	{ "policy-type", is_policy_type, false },
	{ "policy-string", is_strings, true },
	{ "policy-domain", is_domain, false },
	{ "mx-host", is_strings, true },
	{ NULL, NULL, false },
};

static const struct member element_members[] = {
	{ "policy", is_object, false },
	{ "summary", is_object, false },
	{ "failure-details", is_array, true },
	{ NULL, NULL, false },
};

static const struct member summary_members[] = {
	{ "total-successful-session-count", is_count, false },
	{ "total-failure-session-count", is_count, false },
	{ NULL, NULL, false },
};

static const struct member detail_members[] = {
	{ "result-type", is_result_type, false },
	{ "sending-mta-ip", is_address, true },
	{ "receiving-mx-hostname", is_text, true },
	{ "receiving-ip", is_address, true },
	{ "failed-session-count", is_positive, false },
	{ "failure-reason-code", is_text, true },
	{ NULL, NULL, false },
};

/* All of MEMBERS as they must be, and no others. */
static enum sts_rc
check_members(const struct sts_json_value *value, const char *where,
    const struct member *members, struct sts_error *err)
{
	const struct sts_json_value *found;
	const struct member *m;
	size_t seen = 0;

	if (!is_object(value))
		return wrong(err, where, "not an object");
	for (m = members; m->name != NULL; m++) {
		found = sts_json_member(value, m->name);
		if (found == NULL && m->optional)
			continue;
		seen++;
		if (found == NULL || !m->valid(found))
			return sts_error_set(err, STS_EUSAGE,
			    "report: %s: %s is %s", where, m->name,
			    found == NULL ? "missing" : "not what it must be");
	}
	if (seen != sts_json_count(value))
		return wrong(err, where, "has a member that nobody knows");
	return STS_OK;
}

/* The moment of "2026-11-23" followed by REST, or -1. */
static int64_t
day_of(const struct sts_json_value *value, const char *rest)
{
	const char *text = sts_json_string(value);
	char day[STS_JOURNAL_DAY];

	if (text == NULL || strlen(text) != strlen(rest) + sizeof(day) - 1 ||
	    strcmp(text + sizeof(day) - 1, rest) != 0)
		return -1;
	memcpy(day, text, sizeof(day) - 1);
	day[sizeof(day) - 1] = '\0';
	return sts_journal_begin(day);
}

/* One whole day, UTC (RFC 8460, 4.1). */
static enum sts_rc
check_range(const struct sts_json_value *range, struct sts_error *err)
{
	int64_t begin =
	    day_of(sts_json_member(range, "start-datetime"), "T00:00:00Z");
	int64_t end =
	    day_of(sts_json_member(range, "end-datetime"), "T23:59:59Z");

	if (begin == -1 || begin != end || sts_json_count(range) != 2)
		return wrong(err, "date-range", "not one day");
	return STS_OK;
}

static enum sts_rc
check_policy(const struct sts_json_value *policy, const char *where,
    struct sts_error *err)
{
	const char *type;
	enum sts_rc rc = check_members(policy, where, policy_members, err);

	if (rc != STS_OK)
		return rc;
	type = sts_json_string(sts_json_member(policy, "policy-type"));
	if (sts_json_member(policy, "mx-host") != NULL &&
	    strcmp(type, "sts") != 0)
		return wrong(err, where, "mx-host is of sts alone");
	return STS_OK;
}

/* Each session has one result, so the details add up to the summary. */
static enum sts_rc
check_details(const struct sts_json_value *details, int64_t failures,
    const char *where, struct sts_error *err)
{
	const struct sts_json_value *detail;
	int64_t number, sum = 0;
	enum sts_rc rc = STS_OK;
	size_t i;

	for (i = 0; i < sts_json_count(details) && rc == STS_OK; i++) {
		detail = sts_json_element(details, i);
		rc = check_members(detail, where, detail_members, err);
		if (rc == STS_OK &&
		    sts_json_integer(sts_json_member(detail,
					 "failed-session-count"),
			&number))
			sum += number;
	}
	if (rc == STS_OK && sum != failures)
		return wrong(err, where, "does not add up to its summary");
	return rc;
}

static enum sts_rc
check_element(const struct sts_json_value *element, size_t number,
    struct sts_error *err)
{
	const struct sts_json_value *summary;
	char where[WHERE_MAX];
	int64_t failures = 0;
	enum sts_rc rc;

	(void)snprintf(where, sizeof(where), "policies[%zu]", number);
	rc = check_members(element, where, element_members, err);
	if (rc == STS_OK)
		rc = check_policy(sts_json_member(element, "policy"), where,
		    err);
	if (rc != STS_OK)
		return rc;
	summary = sts_json_member(element, "summary");
	rc = check_members(summary, where, summary_members, err);
	if (rc != STS_OK)
		return rc;
	(void)sts_json_integer(sts_json_member(summary,
				   "total-failure-session-count"),
	    &failures);
	return check_details(sts_json_member(element, "failure-details"),
	    failures, where, err);
}

static enum sts_rc
check_root(const struct sts_json_value *root, struct sts_error *err)
{
	const struct sts_json_value *policies;
	enum sts_rc rc;
	size_t i;

	rc = check_members(root, "top", report_members, err);
	if (rc == STS_OK)
		rc = check_range(sts_json_member(root, "date-range"), err);
	policies = sts_json_member(root, "policies");
	if (rc == STS_OK && sts_json_count(policies) == 0)
		return wrong(err, "policies", "empty");
	for (i = 0; rc == STS_OK && i < sts_json_count(policies); i++)
		rc = check_element(sts_json_element(policies, i), i, err);
	return rc;
}

enum sts_rc
sts_check_report(const char *text, size_t len, struct sts_error *err)
{
	struct sts_json_doc *doc;
	enum sts_rc rc;

	rc = sts_json_read(text, len, &doc, err);
	if (rc != STS_OK)
		return rc;
	rc = check_root(sts_json_root(doc), err);
	sts_json_doc_free(doc);
	return rc;
}
