/* SPDX-License-Identifier: ISC */
/*
 * The socket of a TLSRPT collector, which other MTAs of the site feed too: it
 * adds up sessions and reports for all of them.  By libtlsrpt, if we are built
 * with it.
 */
#ifndef STS_COLLECTOR_H
#define STS_COLLECTOR_H

#include "report/event.h"

struct sts_collector;

/* STS_ECONFIG without the library.  Whether somebody listens at PATH is known
 * when something is sent. */
STS_MUST_USE enum sts_rc sts_collector_open(const char *path,
    struct sts_collector **out, struct sts_error *err);
void sts_collector_close(struct sts_collector *collector);

/*
 * Hand over SESSION, whose domain has RECORD at _smtp._tls; POLICY is the text
 * of an MTA-STS policy, or empty.  STS_EUSAGE: this one is more than the
 * socket takes; STS_ESYS: nobody takes any, after a second at most.
 */
STS_MUST_USE enum sts_rc sts_collector_send(struct sts_collector *collector,
    const char *record, const struct sts_session *session,
    const struct sts_buf *policy, struct sts_error *err);

#endif
