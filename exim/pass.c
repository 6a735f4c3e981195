/* SPDX-License-Identifier: ISC */
/*
 * What goes past a policy, see pass.h.  A recipient that an alias or a
 * .forward file made of another is nobody's that we or the sender meant.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "envelope.h"
#include "pass.h"
#include "sts.h"

#define LOCAL      "local"
#define UID_DIGITS 10

/* -1 for what is no uid. */
static int64_t
parse_uid(const char *text)
{
	size_t len = strspn(text, "0123456789");

	if (len == 0 || len > UID_DIGITS || text[len] != '\0')
		return -1;
	return strtoll(text, NULL, 10);
}

/* RFC 8689, 4: only who submits a message may say so, not who relays it. */
static bool
is_submission(const char *origin)
{
	size_t len = strlen(LOCAL);

	return strcmp(origin, "authenticated") == 0 ||
	       (strncmp(origin, LOCAL, len) == 0 &&
		   (origin[len] == '\0' || origin[len] == '-'));
}

/*
 * tls-required-field = "TLS-Required:" [FWS] "No" (RFC 8689, 5), in any case
 * as ABNF has it.  A second field is one item more of Exim's list.
 */
static bool
says_no(const char *fields)
{
	fields += strspn(fields, " \t\r\n");
	return strncasecmp(fields, "no", 2) == 0 &&
	       fields[2 + strspn(fields + 2, " \t\r\n")] == '\0';
}

const char *
sts_pass_way(struct sts *sts, const struct sts_pass *pass)
{
	const struct sts_envelope envelope = { .sender = pass->sender,
		.recipient = pass->recipient,
		.local = strcmp(pass->origin, LOCAL) == 0,
		.uid = parse_uid(pass->uid) };

	if (strcmp(pass->parent, "@") != 0)
		return "";
	if (sts_envelope_is_report(sts, &envelope))
		return "report";
	if (sts_config_of(sts)->tls_required_no &&
	    is_submission(pass->origin) && says_no(pass->fields))
		return "tls-required-no";
	return "";
}
