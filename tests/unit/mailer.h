/* SPDX-License-Identifier: ISC */
/*
 * MX hosts on loopback, each with a way to behave of its own, and a DNS server
 * that knows them: smtp_server.py says which.
 */
#ifndef MAILER_H
#define MAILER_H

extern char mailer_ca[300]; /* file: whom they trust */

void mailer_certs(void); /* check fixture, once: the servers need them */
void mailer_start(void);
void mailer_stop(void);
unsigned mailer_port(const char *name); /* of a behaviour, or "dns" */

/* What a server heard in the conversation that ended next; borrowed until the
 * next call, which waits for it. */
const char *mailer_heard(void);

#endif
