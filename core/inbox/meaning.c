/* SPDX-License-Identifier: ISC */
/*
 * What result types mean, see meaning.h.
 */
#include <string.h>

#include "inbox/meaning.h"

static const struct {
	const char *result, *meaning;
} meanings[] = {
	{ "starttls-not-supported", "the MX host did not offer STARTTLS" },
	{ "certificate-host-mismatch",
	    "the certificate is not for the name of the MX host" },
	{ "certificate-expired", "the certificate of the MX host has expired" },
	{ "certificate-not-trusted",
	    "the certificate of the MX host is from nobody the sender trusts" },
	{ "validation-failure", "TLS failed in another way" },
	{ "tlsa-invalid",
	    "a TLSA record is malformed or does not fit the certificate" },
	{ "dnssec-invalid", "DNSSEC of the MX host could not be validated" },
	{ "dane-required", "the sender insists on DANE and there is none" },
	{ "sts-policy-fetch-error",
	    "the policy could not be fetched over HTTPS" },
	{ "sts-policy-invalid", "the policy is malformed" },
	{ "sts-webpki-invalid",
	    "the certificate of the policy host is not valid" },
	{ "(no details)", "the report does not say what failed" },
};

const char *
sts_meaning(const char *result)
{
	size_t i;

	for (i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
		if (strcmp(meanings[i].result, result) == 0)
			return meanings[i].meaning;
	return "";
}
