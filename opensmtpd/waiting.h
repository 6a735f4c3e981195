/* SPDX-License-Identifier: ISC */
/*
 * Sessions on their way to the journal that want one more word: which MX
 * host was at the address, and what a probe says of its certificate.  A word
 * that cannot be had is done without.
 */
#ifndef STS_WAITING_H
#define STS_WAITING_H

#include "outbound.h"
#include "report/event.h"

#define STS_WAITING_MAX 512 /* sessions; others do without */

struct sts_waitings;

/* STS and IO are borrowed. */
STS_MUST_USE enum sts_rc sts_waitings_new(struct sts *sts,
    const struct sts_outbound_io *io, struct sts_waitings **waitings,
    struct sts_error *err);
/* Records what is left. */
void sts_waitings_free(struct sts_waitings *waitings);

/*
 * SESSION, copied; its host may be missing.  Its result is what smtpd's
 * reports tell; where TLS failed, VALIDATION_FAILURE.  CHECKED: smtpd was
 * told to verify; if not, we find out what it would have found.
 */
void sts_waiting_add(struct sts_waitings *waitings,
    const struct sts_session *session, bool checked, int64_t now);

void sts_waiting_answered(struct sts_waitings *waitings,
    enum sts_asker_verb verb, const char *name, const char *line, size_t len,
    int64_t now);

#endif
