/* SPDX-License-Identifier: ISC */
/* URIs of anybody's record: what is taken is safe in a request, a header
 * field and on a command line, and says the same when written anew. */
#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "base/uri.h"
#include "fuzz.h"

static void
https(const struct sts_uri *uri)
{
	char text[STS_URI_MAX + STS_DOMAIN_MAX + 32];
	struct sts_uri again;
	const char *p;
	int n;

	HOLDS(sts_domain_valid(uri->host, strlen(uri->host)));
	HOLDS(uri->port > 0 && uri->port < 65536);
	HOLDS(uri->target[0] == '/');
	for (p = uri->target; *p != '\0'; p++)
		HOLDS(*p > ' ' && *p <= '~' &&
		      strchr("!,;#[]<>\"\\", *p) == NULL);
	n = snprintf(text, sizeof(text), "https://%s:%u%s", uri->host,
	    uri->port, uri->target);
	if (n > STS_URI_MAX)
		return;
	HOLDS(sts_uri_https(text, (size_t)n, &again, NULL) == STS_OK);
	HOLDS(strcmp(again.host, uri->host) == 0 && again.port == uri->port &&
	      strcmp(again.target, uri->target) == 0);
}

/* Every octet encoded is the same address. */
static void
mailto(const char *address)
{
	char text[8 + 3 * STS_MAIL_MAX], again[STS_MAIL_MAX + 1];
	size_t i, n = 7;

	HOLDS(sts_mail_valid(address, strlen(address)));
	(void)memcpy(text, "mailto:", 7);
	for (i = 0; address[i] != '\0'; i++, n += 3)
		(void)snprintf(text + n, sizeof(text) - n, "%%%02X",
		    (unsigned)(unsigned char)address[i]);
	HOLDS(sts_uri_mailto(text, n, again, NULL) == STS_OK);
	HOLDS(strcmp(again, address) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_error err = { .rc = STS_OK };
	char address[STS_MAIL_MAX + 1];
	struct sts_uri uri;

	if (sts_uri_https((const char *)data, len, &uri, &err) == STS_OK)
		https(&uri);
	else
		HOLDS(err.rc == STS_ERECORD && err.text[0] != '\0');
	if (sts_uri_mailto((const char *)data, len, address, &err) == STS_OK)
		mailto(address);
	else
		HOLDS(err.rc == STS_ERECORD && err.text[0] != '\0');
	return 0;
}
