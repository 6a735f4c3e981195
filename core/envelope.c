/* SPDX-License-Identifier: ISC */
/*
 * Envelopes, see envelope.h.  The cheapest question first: nearly all mail is
 * from somebody else, and the state is not even opened for it.
 */
#include <strings.h>

#include "base/clock.h"
#include "envelope.h"
#include "report/expected.h"
#include "sts.h"

bool
sts_envelope_is_report(struct sts *sts, const struct sts_envelope *envelope)
{
	const char *from = sts_config_of(sts)->report_from;
	struct sts_state *state;
	struct sts_now now;

	if (from == NULL || !envelope->local ||
	    strcasecmp(envelope->sender, from) != 0)
		return false;
	state = sts_state_of(sts, NULL);
	if (state == NULL ||
	    envelope->uid != (int64_t)sts_dir_uid(sts_state_dir(state)))
		return false;
	sts_clock_now(&now);
	return sts_expected_is(sts_state_dir(state), envelope->recipient,
	    now.wall);
}
