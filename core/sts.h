/* SPDX-License-Identifier: ISC */
/*
 * What our own adapters see of a struct sts beyond mta-sts.h.  All borrowed.
 */
#ifndef STS_STS_H
#define STS_STS_H

#include "base/config.h"
#include "state/state.h"

const struct sts_config *sts_config_of(const struct sts *sts);
const char *sts_state_path(const struct sts *sts);
const struct sts_log *sts_log_of(const struct sts *sts);

/* The open state, or NULL with ERR as a lookup would tell it. */
struct sts_state *sts_state_of(struct sts *sts, struct sts_error *err);

/* Close a state that its path no longer names, because it was moved away or
 * made anew: who needs it next opens the other.  For those who stay long. */
void sts_state_follow(struct sts *sts);

/* sts_checksum() of the policy text the result rests on, 0: none. */
uint64_t sts_result_policy_hash(const struct sts_result *result);

/* The mode that was published, before rules and doubts. */
enum sts_mode sts_result_published(const struct sts_result *result);

#endif
