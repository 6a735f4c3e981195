/* SPDX-License-Identifier: ISC */
/* See standing.h. */
#include <stdio.h>
#include <string.h>

#include "standing.h"
#include "sts.h"

enum sts_rc
sts_standing_look(struct sts_standing *standing, const char *domain,
    int64_t now, struct sts_result **result, struct sts_error *err)
{
	if (now >= standing->follow) {
		standing->follow = now + STS_STANDING_FOLLOW;
		sts_state_follow(standing->sts);
	}
	return sts_lookup(standing->sts, domain, result, err);
}

bool
sts_standing_list(struct sts_standing *standing, const char *domain,
    struct sts_mx_list *list, bool *fresh)
{
	struct sts_state *state = sts_state_of(standing->sts, NULL);
	struct sts_now now;

	*fresh = false;
	if (state == NULL ||
	    sts_mx_get(sts_state_dir(state), domain, list, NULL) != STS_OK)
		return false;
	sts_clock_glance(&now);
	*fresh = list->until > now.wall;
	return true;
}

size_t
sts_standing_order(const struct sts_standing *standing,
    const struct sts_result *result, const struct sts_mx_list *list,
    const struct sts_mx_host *order[STS_MX_LIST_MAX])
{
	struct sts_now now;

	sts_clock_glance(&now);
	return sts_choice_order(result, list, standing->salt, now.wall, order);
}

/* ---- words ---------------------------------------------------------------- */

void
sts_standing_refuse(char text[STS_STANDING_TEXT_MAX], const char *domain,
    const char *why)
{
	struct sts_buf buf;
	size_t len = strlen(why);

	sts_buf_init(&buf, STS_STANDING_TEXT_MAX - 1);
	(void)sts_buf_printf(&buf, "451 4.7.0 MTA-STS of %s: ", domain);
	while (sts_buf_escaped(&buf, why, len) == STS_EUSAGE) {
		buf.rc = STS_OK; /* too long: say less */
		len /= 2;
	}
	(void)snprintf(text, STS_STANDING_TEXT_MAX, "%s", sts_buf_text(&buf));
	sts_buf_clear(&buf);
}

void
sts_standing_say(struct sts_standing *standing, const char *domain,
    const struct sts_result *result, char text[STS_STANDING_TEXT_MAX])
{
	const struct sts_mx_host *order[STS_MX_LIST_MAX];
	struct sts_mx_list list;
	bool fresh;

	text[0] = '\0';
	if (sts_result_mode(result) == STS_MODE_DEFER)
		sts_standing_refuse(text, domain, sts_result_reason(result));
	if (sts_result_mode(result) != STS_MODE_ENFORCE)
		return;
	if (!sts_standing_list(standing, domain, &list, &fresh))
		sts_standing_refuse(text, domain,
		    "its MX hosts are not known yet");
	else if (sts_standing_order(standing, result, &list, order) == 0)
		sts_standing_refuse(text, domain,
		    "its policy permits none of its MX hosts");
}

void
sts_standing_mark(struct sts_standing *standing, const char *domain,
    const char *host, bool failed)
{
	struct sts_state *state = sts_state_of(standing->sts, NULL);
	struct sts_error err;
	struct sts_now now;

	sts_clock_now(&now);
	if (state != NULL && sts_mx_fail(sts_state_dir(state), domain, host,
				 failed ? now.wall : 0, &err) != STS_OK)
		sts_log(sts_log_of(standing->sts), STS_LOG_WARNING,
		    "failure not kept domain=%s mx=%s: %s", domain, host,
		    err.text);
}
