/* SPDX-License-Identifier: ISC */
/*
 * Reading a report, see received.h.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "inbox/moment.h"
#include "inbox/received.h"

/* A value of JSON takes a hundred times the memory of its text. */
#define VALUES_MAX   1000000
#define SESSIONS_MAX 1000000000000 /* of one number: sums cannot overflow */

/* ---- small things -------------------------------------------------------- */

/* Remember the first: one tells that the report is not all there. */
static void STS_PRINTF(2, 3)
    note(struct sts_received *report, const char *format, ...)
{
	va_list ap;

	if (report->odd.rc != STS_OK)
		return;
	report->odd.rc = STS_EUSAGE;
	va_start(ap, format);
	(void)vsnprintf(report->odd.text, sizeof(report->odd.text), format, ap);
	va_end(ap);
}

static const char *
text_of(const struct sts_json_value *value)
{
	const char *text = sts_json_string(value);

	return text == NULL ? "" : text;
}

static const char *
member_text(const struct sts_json_value *value, const char *key)
{
	return text_of(sts_json_member(value, key));
}

static bool
is_absent(const struct sts_json_value *value)
{
	enum sts_json_type type = sts_json_type(value);

	return type == STS_JSON_NONE || type == STS_JSON_NULL ||
	       (type == STS_JSON_STRING && *text_of(value) == '\0');
}

/* What should be a list, and is its only element to some. */
static size_t
list_count(const struct sts_json_value *value)
{
	if (is_absent(value))
		return 0;
	return sts_json_type(value) == STS_JSON_ARRAY ? sts_json_count(value)
						      : 1;
}

static const struct sts_json_value *
list_element(const struct sts_json_value *value, size_t i)
{
	return sts_json_type(value) == STS_JSON_ARRAY
		   ? sts_json_element(value, i)
		   : value;
}

/* 1*15DIGIT */
static bool
digits(const char *text, int64_t *number)
{
	size_t i, len = strlen(text);

	if (len == 0 || len > 15)
		return false;
	*number = 0;
	for (i = 0; i < len; i++) {
		if (!sts_ascii_digit((unsigned char)text[i]))
			return false;
		*number = *number * 10 + (text[i] - '0');
	}
	return true;
}

/* A number of sessions, which some write as a text. */
static int64_t
sessions(struct sts_received *report, const struct sts_json_value *value,
    size_t policy, const char *what)
{
	int64_t number = 0;

	if (is_absent(value))
		return 0;
	if (!sts_json_integer(value, &number) &&
	    !digits(text_of(value), &number))
		number = -1;
	if (number >= 0 && number <= SESSIONS_MAX)
		return number;
	note(report, "policy %zu: %s is no number of sessions", policy + 1,
	    what);
	return 0;
}

/* ---- failures ------------------------------------------------------------ */

static const struct text_field {
	const char *key, *draft; /* what drafts of the RFC called it, or NULL */
	size_t offset;
} failure_texts[] = {
	{ "result-type", NULL, offsetof(struct sts_received_failure, result) },
	{ "receiving-mx-hostname", "receiving-mx-host-name",
	    offsetof(struct sts_received_failure, mx) },
	{ "receiving-mx-helo", NULL,
	    offsetof(struct sts_received_failure, helo) },
	{ "sending-mta-ip", NULL,
	    offsetof(struct sts_received_failure, sender) },
	{ "receiving-ip", NULL,
	    offsetof(struct sts_received_failure, address) },
	{ "failure-reason-code", "failure-error-code",
	    offsetof(struct sts_received_failure, reason) },
	{ "additional-information", "additional-info-uri",
	    offsetof(struct sts_received_failure, information) },
};
#define FAILURE_TEXTS (sizeof(failure_texts) / sizeof(failure_texts[0]))

static void
read_failure(struct sts_received *report, const struct sts_json_value *value,
    size_t policy, struct sts_received_failure *failure)
{
	const struct text_field *field;
	const char **text;
	void *at;
	size_t i;

	if (sts_json_type(value) != STS_JSON_OBJECT)
		note(report,
		    "policy %zu: an element of failure-details is no "
		    "object",
		    policy + 1);
	for (i = 0; i < FAILURE_TEXTS; i++) {
		field = &failure_texts[i];
		at = (char *)failure + field->offset;
		text = at;
		*text = member_text(value, field->key);
		if (**text == '\0' && field->draft != NULL)
			*text = member_text(value, field->draft);
	}
	failure->sessions =
	    sessions(report, sts_json_member(value, "failed-session-count"),
		policy, "failed-session-count");
}

/* ---- policies ------------------------------------------------------------ */

/* "mode: testing" at the beginning of a line of TEXT into MODE. */
static void
find_mode(const char *text, char mode[8])
{
	static const char *const modes[] = { "enforce", "testing", "none" };
	const char *line, *word;
	size_t i;

	for (line = text; *line != '\0'; line += strspn(line, "\r\n")) {
		word = line + strlen("mode:");
		if (strncmp(line, "mode:", strlen("mode:")) == 0) {
			word += strspn(word, " \t");
			for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
				if (strncmp(word, modes[i], strlen(modes[i])) ==
				    0)
					(void)snprintf(mode, 8, "%s", modes[i]);
		}
		line += strcspn(line, "\r\n");
	}
}

/* A list of lines, or a text with all of them. */
static void
read_string(const struct sts_json_value *string, char mode[8])
{
	size_t i;

	for (i = 0; i < list_count(string); i++)
		find_mode(text_of(list_element(string, i)), mode);
}

static enum sts_rc
read_failures(struct sts_received *report, const struct sts_json_value *list,
    size_t at, struct sts_error *err)
{
	struct sts_received_policy *policy = &report->policy[at];
	size_t i, count = list_count(list);

	if (count == 0)
		return STS_OK;
	policy->failure = calloc(count, sizeof(*policy->failure));
	if (policy->failure == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	policy->failures = count;
	for (i = 0; i < count; i++)
		read_failure(report, list_element(list, i), at,
		    &policy->failure[i]);
	return STS_OK;
}

/* Without a summary its failures say how many there were, at least. */
static void
read_summary(struct sts_received *report, const struct sts_json_value *summary,
    size_t at)
{
	struct sts_received_policy *policy = &report->policy[at];
	size_t i;

	policy->succeeded = sessions(report,
	    sts_json_member(summary, "total-successful-session-count"), at,
	    "total-successful-session-count");
	if (sts_json_type(summary) == STS_JSON_OBJECT)
		policy->failed = sessions(report,
		    sts_json_member(summary, "total-failure-session-count"), at,
		    "total-failure-session-count");
	else
		for (i = 0; i < policy->failures; i++)
			policy->failed += policy->failure[i].sessions;
}

static enum sts_rc
read_policy(struct sts_received *report, const struct sts_json_value *value,
    size_t at, struct sts_error *err)
{
	const struct sts_json_value *policy = sts_json_member(value, "policy");
	enum sts_rc rc;

	if (sts_json_type(policy) != STS_JSON_OBJECT)
		note(report, "policy %zu is not told", at + 1);
	report->policy[at].type = member_text(policy, "policy-type");
	report->policy[at].domain = member_text(policy, "policy-domain");
	read_string(sts_json_member(policy, "policy-string"),
	    report->policy[at].mode);
	rc = read_failures(report, sts_json_member(value, "failure-details"),
	    at, err);
	if (rc == STS_OK)
		read_summary(report, sts_json_member(value, "summary"), at);
	return rc;
}

/* ---- checksum ------------------------------------------------------------ */

static void
mix(uint64_t *sum, uint64_t number)
{
	const uint64_t both[2] = { *sum, number };

	*sum = sts_checksum(both, sizeof(both));
}

static void
mix_text(uint64_t *sum, const char *text)
{
	mix(sum, sts_checksum(text, strlen(text)));
}

static void
mix_failure(uint64_t *sum, const struct sts_received_failure *failure)
{
	mix_text(sum, failure->result);
	mix_text(sum, failure->mx);
	mix_text(sum, failure->helo);
	mix_text(sum, failure->sender);
	mix_text(sum, failure->address);
	mix_text(sum, failure->reason);
	mix_text(sum, failure->information);
	mix(sum, (uint64_t)failure->sessions);
}

static uint64_t
checksum(const struct sts_received *report)
{
	const struct sts_received_policy *policy;
	uint64_t sum = 0;
	size_t i, j;

	mix_text(&sum, report->organization);
	mix_text(&sum, report->id);
	mix(&sum, (uint64_t)report->start);
	mix(&sum, (uint64_t)report->end);
	for (i = 0; i < report->policies; i++) {
		policy = &report->policy[i];
		mix_text(&sum, policy->type);
		mix_text(&sum, policy->domain);
		mix_text(&sum, policy->mode);
		mix(&sum, (uint64_t)policy->succeeded);
		mix(&sum, (uint64_t)policy->failed);
		for (j = 0; j < policy->failures; j++)
			mix_failure(&sum, &policy->failure[j]);
	}
	return sum;
}

/* ---- the report ---------------------------------------------------------- */

/* Who reports: by its name, or by the domain of whom to ask. */
static const char *
find_organization(const struct sts_received *report,
    const struct sts_json_value *root)
{
	const char *name = member_text(root, "organization-name"), *at;

	if (*name != '\0')
		return name;
	at = strrchr(report->contact, '@');
	if (at != NULL && at[1] != '\0')
		return at + 1;
	return *report->contact == '\0' ? "(nameless)" : report->contact;
}

static void
read_moment(struct sts_received *report, const struct sts_json_value *root,
    const char *key, int64_t *wall)
{
	const struct sts_json_value *value =
	    sts_json_member(sts_json_member(root, "date-range"), key);

	if (!is_absent(value) && !sts_moment_parse(text_of(value), wall))
		note(report, "%s is no date and time", key);
}

static enum sts_rc
read_report(struct sts_received *report, struct sts_error *err)
{
	const struct sts_json_value *root = sts_json_root(report->doc);
	const struct sts_json_value *list = sts_json_member(root, "policies");
	size_t i, count = list_count(list);
	enum sts_rc rc = STS_OK;

	if (sts_json_type(list) != STS_JSON_ARRAY &&
	    sts_json_type(list) != STS_JSON_OBJECT)
		return sts_error_set(err, STS_EUSAGE,
		    "JSON that is no TLS report: it has no policies");
	report->contact = member_text(root, "contact-info");
	report->organization = find_organization(report, root);
	report->id = member_text(root, "report-id");
	read_moment(report, root, "start-datetime", &report->start);
	read_moment(report, root, "end-datetime", &report->end);
	report->policy = calloc(count + 1, sizeof(*report->policy));
	if (report->policy == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	report->policies = count;
	for (i = 0; rc == STS_OK && i < count; i++)
		rc = read_policy(report, list_element(list, i), i, err);
	return rc;
}

/* As many values as TEXT can have, before any takes memory. */
static bool
has_many_values(const char *text, size_t len)
{
	bool quoted = false;
	size_t i, count = 0;

	for (i = 0; i < len; i++) {
		if (text[i] == '"')
			quoted = !quoted;
		else if (quoted && text[i] == '\\')
			i++;
		else if (!quoted &&
			 (text[i] == '[' || text[i] == '{' || text[i] == ','))
			count++;
	}
	return count > VALUES_MAX;
}

enum sts_rc
sts_received_parse(const char *text, size_t len, struct sts_received **report,
    struct sts_error *err)
{
	static const char mark[] = "\xef\xbb\xbf"; /* of byte order */
	struct sts_received *made;
	enum sts_rc rc;

	if (len >= 3 && memcmp(text, mark, 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (has_many_values(text, len))
		return sts_error_set(err, STS_EUSAGE,
		    "JSON of more than %d values", VALUES_MAX);
	made = calloc(1, sizeof(*made));
	if (made == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	rc = sts_json_read(text, len, &made->doc, err);
	if (rc == STS_OK)
		rc = read_report(made, err);
	if (rc != STS_OK) {
		sts_received_free(made);
		return rc;
	}
	made->checksum = checksum(made);
	*report = made;
	return STS_OK;
}

void
sts_received_free(struct sts_received *report)
{
	size_t i;

	if (report == NULL)
		return;
	for (i = 0; i < report->policies; i++)
		free(report->policy[i].failure);
	free(report->policy);
	sts_json_doc_free(report->doc);
	free(report);
}
