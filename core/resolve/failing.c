/* SPDX-License-Identifier: ISC */
/*
 * Failures for reports, see failing.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "report/journal.h"
#include "report/text.h"
#include "resolve/failing.h"

#define AFTER "after "
#define UNIT  " ms"

/* The octets of "after 1234 ms", 0: something else. */
static size_t
span_length(const char *text)
{
	size_t len = strlen(AFTER), digits;

	if (strncmp(text, AFTER, len) != 0)
		return 0;
	digits = strspn(text + len, "0123456789");
	if (digits == 0 ||
	    strncmp(text + len + digits, UNIT, strlen(UNIT)) != 0)
		return 0;
	return len + digits + strlen(UNIT);
}

void
sts_failing_reason(const char *reason, char *out, size_t size)
{
	size_t n = 0, span;

	for (; *reason != '\0' && n + 1 < size; reason++) {
		span = span_length(reason);
		if (span > 0) {
			reason += span - 1;
			n -= n > 0 && out[n - 1] == ' ';
			continue;
		}
		out[n++] = *reason;
	}
	out[n] = '\0';
}

static enum sts_session_result
result_of(enum sts_rc cause)
{
	if (cause == STS_EPOLICY)
		return STS_SESSION_STS_POLICY_INVALID;
	return cause == STS_EWEBPKI ? STS_SESSION_STS_WEBPKI_INVALID
				    : STS_SESSION_STS_POLICY_FETCH_ERROR;
}

/* The policy that it is about: the bad one, or else the one that stands. */
static void
name_policy(struct sts_session *session, const struct sts_failing *failing)
{
	const struct sts_policy *policy;

	if (failing->held != NULL) {
		policy = failing->held->policy;
		session->mode = policy->mode;
		session->policy_hash =
		    sts_checksum(policy->text, policy->text_len);
	}
	if (failing->text != NULL)
		session->policy_hash =
		    sts_checksum(failing->text, failing->len);
}

void
sts_failing_note(struct sts_state *state, const struct sts_failing *failing,
    const struct sts_now *now)
{
	struct sts_dir *dir = sts_state_dir(state);
	struct sts_session session = {
		.at = now->wall,
		.type = STS_TYPE_STS,
		.mode = STS_MODE_NONE,
		.result = result_of(failing->cause),
		.mta = "mta-sts",
	};

	(void)snprintf(session.domain, sizeof(session.domain), "%s",
	    failing->domain);
	name_policy(&session, failing);
	sts_failing_reason(failing->reason, session.reason,
	    sizeof(session.reason));
	if (failing->text != NULL)
		(void)!sts_text_put(dir, failing->domain, failing->text,
		    failing->len, NULL);
	(void)!sts_journal_add(dir, &session, NULL);
}

void
sts_failing_served(struct sts_state *state, const struct sts_entry *entry)
{
	(void)!sts_text_put(sts_state_dir(state), entry->domain,
	    entry->policy->text, entry->policy->text_len, NULL);
}
