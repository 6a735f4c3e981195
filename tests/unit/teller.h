/* SPDX-License-Identifier: ISC */
/*
 * Who answers requests to a table in tests of its protocols, by the key:
 * "yes" is found, "no" not, "empty" is found with nothing, "silent" is an
 * error without words, any other an error in words that no line may hold.
 */
#ifndef TELLER_H
#define TELLER_H

#include "../../opensmtpd/request.h"
#include "base/buf.h"

#define TELLER_VALUE "smtp+tls://mx.test"

extern struct sts_buf teller_sent;   /* what went to smtpd */
extern const char *teller_update;    /* answer an update as this key */
extern unsigned teller_asked;        /* requests that were answered */
extern const char *teller_complaint; /* the last, or NULL */
extern const struct sts_request_user teller;

void teller_setup(void); /* check fixtures */
void teller_teardown(void);

#endif
