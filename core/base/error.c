/* SPDX-License-Identifier: ISC */
/*
 * Error texts, and the one table that maps an error to its stable name and
 * to the result type of a TLS report, so that verdict, log line and report
 * cannot disagree.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

static const struct {
	const char *name;
	const char *result_type; /* RFC 8460, 4.3 */
} rc_table[] = {
	[STS_OK] = { "ok", NULL },
	[STS_ENOMEM] = { "no-memory", NULL },
	[STS_ESYS] = { "system", NULL },
	[STS_EUSAGE] = { "usage", NULL },
	[STS_ECONFIG] = { "config", NULL },
	[STS_EDOMAIN] = { "domain", NULL },
	[STS_ENODATA] = { "no-record", NULL },
	[STS_EDNS] = { "dns", "sts-policy-fetch-error" },
	[STS_ERECORD] = { "record-invalid", NULL },
	[STS_EPOLICY] = { "policy-invalid", "sts-policy-invalid" },
	[STS_EFETCH] = { "fetch", "sts-policy-fetch-error" },
	[STS_EWEBPKI] = { "webpki", "sts-webpki-invalid" },
	[STS_ELOCAL] = { "local", NULL },
	[STS_EDAMAGED] = { "damaged", NULL },
	[STS_EIDENTITY] = { "identity", NULL },
	[STS_ESPACE] = { "no-space", NULL },
	[STS_EBUSY] = { "busy", NULL },
	[STS_ETIMEOUT] = { "timeout", NULL },
	[STS_EMXPOLICY] = { "mx-not-in-policy", "validation-failure" },
	[STS_ESTARTTLS] = { "starttls", "starttls-not-supported" },
	[STS_ECERTNAME] = { "certificate-name", "certificate-host-mismatch" },
	[STS_ECERTDATE] = { "certificate-expired", "certificate-expired" },
	[STS_ECERTTRUST] = { "certificate-trust", "certificate-not-trusted" },
	[STS_ETLS] = { "tls", "validation-failure" },
	[STS_EUNREACHABLE] = { "unreachable", NULL },
};
_Static_assert(sizeof(rc_table) / sizeof(rc_table[0]) == STS_RC_MAX,
    "rc_table matches enum sts_rc");

const char *
sts_rc_name(enum sts_rc rc)
{
	if ((unsigned)rc >= STS_RC_MAX)
		return "unknown";
	return rc_table[rc].name;
}

const char *
sts_rc_result_type(enum sts_rc rc)
{
	if ((unsigned)rc >= STS_RC_MAX)
		return NULL;
	return rc_table[rc].result_type;
}

enum sts_rc
sts_error_set(struct sts_error *err, enum sts_rc rc, const char *format, ...)
{
	va_list ap;

	if (err == NULL)
		return rc;
	err->rc = rc;
	err->sys = 0;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	return rc;
}

/* Append MORE to TEXT as far as it fits. */
static void
append(char text[STS_ERROR_MAX], const char *more)
{
	size_t len = strlen(text), room = STS_ERROR_MAX - 1 - len;
	size_t n = strlen(more);

	if (n > room)
		n = room;
	memcpy(text + len, more, n);
	text[len + n] = '\0';
}

enum sts_rc
sts_error_sys(struct sts_error *err, enum sts_rc rc, const char *format, ...)
{
	int saved = errno;
	va_list ap;

	if (err == NULL)
		return rc;
	err->rc = rc;
	err->sys = saved;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	append(err->text, ": ");
	append(err->text, strerror(saved));
	return rc;
}

enum sts_rc
sts_error_prefix(struct sts_error *err, const char *format, ...)
{
	struct sts_error old;
	va_list ap;

	if (err == NULL)
		return STS_OK;
	old = *err;
	va_start(ap, format);
	(void)vsnprintf(err->text, sizeof(err->text), format, ap);
	va_end(ap);
	append(err->text, ": ");
	append(err->text, old.text);
	return err->rc;
}
