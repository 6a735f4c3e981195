/* SPDX-License-Identifier: ISC */
/*
 * U-labels to A-labels, see idn.h.
 */
#include <stdbool.h>
#include <string.h>

#include <idn2.h>

#include "base/domain.h"
#include "base/idn.h"

#define NAME_MAX_OCTETS 1024 /* of UTF-8: no name of 253 octets needs more */

static bool
is_ascii(const char *name)
{
	for (; *name != '\0'; name++)
		if ((unsigned char)*name >= 0x80)
			return false;
	return true;
}

/* Nontransitional UTS 46 maps case, width and composition, then IDNA2008 decides. */
enum sts_rc
sts_idn_normalize(const char *name, char out[STS_DOMAIN_MAX + 1],
    struct sts_error *err)
{
	uint8_t *ascii = NULL;
	enum sts_rc rc;
	int status;

	if (is_ascii(name))
		return sts_domain_normalize(name, strlen(name), out, err);
	if (strlen(name) > NAME_MAX_OCTETS)
		return sts_error_set(err, STS_EDOMAIN,
		    "a domain name has at most %d octets", STS_DOMAIN_MAX);
	status =
	    idn2_lookup_u8((const uint8_t *)name, &ascii, IDN2_NONTRANSITIONAL);
	if (status == IDN2_MALLOC)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	if (status != IDN2_OK)
		return sts_error_set(err, STS_EDOMAIN,
		    "not an internationalized domain name: %s",
		    idn2_strerror(status));
	rc = sts_domain_normalize((const char *)ascii,
	    strlen((const char *)ascii), out, err);
	idn2_free(ascii);
	return rc;
}
