/* SPDX-License-Identifier: ISC */
/*
 * Mail that goes out whatever policy its recipient has: our own TLS reports
 * (RFC 8460, 3), known by their envelope, and where the site allows it mail
 * whose sender says "TLS-Required: No" (RFC 8689).  In doubt it is mail like
 * any other.
 */
#ifndef STS_PASS_H
#define STS_PASS_H

#include "mta-sts.h"

/* What Exim tells of a message and one recipient; all borrowed. */
struct sts_pass {
	const char *sender;
	const char *recipient;
	const char *uid;    /* decimal, of the program that submitted it */
	const char *origin; /* "local" by a program, "local-..." by its SMTP,
			       "authenticated" by SMTP; else: anybody */
	const char *parent; /* address that was redirected to it, "@": none */
	const char *fields; /* all of TLS-Required, as Exim lists them */
};

/* "report", "tls-required-no" or "": constant.  Reads small files at most. */
const char *sts_pass_way(struct sts *sts, const struct sts_pass *pass);

#endif
