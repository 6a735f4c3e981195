/* SPDX-License-Identifier: ISC */
/*
 * Log lines of a process that an MTA runs, to syslog's mail facility.
 *
 * Not by syslog(3): in Exim the MTA may use that itself, and its connection is the
 * process's.  openlog() would put our name on Exim's lines; and a descriptor
 * that the C library keeps open is one that Exim, closing what it does not
 * know, could turn into its SMTP connection.  So: one datagram a line, from
 * a socket that lives no longer.
 */
#ifndef STS_SYSLOG_H
#define STS_SYSLOG_H

#include "mta-sts.h"

/* An sts_log_fn.  Never waits; a line that cannot be sent is lost.  NAME is a
 * text, whose line it is; NULL: mta-sts. */
void sts_syslog(void *name, enum sts_level level, const char *line);

#endif
