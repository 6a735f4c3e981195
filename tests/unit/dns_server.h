/* SPDX-License-Identifier: ISC */
/*
 * A scripted DNS server on loopback, UDP and TCP, in a thread of the test.
 * The first label of the name asked for says how it answers.
 */
#ifndef DNS_SERVER_H
#define DNS_SERVER_H

/* Start one; returns its port.  It lives until the test's process ends. */
unsigned dns_server_start(void);

/* What it saw: queries, the last name, most of them unanswered at a time. */
unsigned dns_server_queries(void);
const char *dns_server_last(void);
unsigned dns_server_most(void);

#endif
