/* SPDX-License-Identifier: ISC */
/*
 * Starting a server in Python that speaks HTTPS on loopback, and reading
 * what it prints.
 */
#ifndef WEBHOST_H
#define WEBHOST_H

#include <stddef.h>

extern char webhost_ca[300]; /* file: whom it trusts */

/* Make certificates for the test NAME and start SCRIPT with them; its first
 * line are COUNT ports. */
void webhost_start(const char *name, const char *script, unsigned *port,
    size_t count);
void webhost_stop(void);

/* The next line that it prints, waited for; borrowed until the next call. */
const char *webhost_line(void);

#endif
