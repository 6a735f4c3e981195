/* SPDX-License-Identifier: ISC */
/*
 * All that was found of a domain in one line, for a postmaster who asks what
 * will happen to mail for it and why; see findings.h.
 */
#include <string.h>

#include "command/findings.h"
#include "policy/match.h"

#define SHOWN 4 /* names in a list */

enum lot { /* of the MX hosts, seen together */
	LOT_UNKNOWN,
	LOT_NULL,     /* RFC 7505 */
	LOT_NAMELESS, /* MX records, but of no host name */
	LOT_REFUSED,
	LOT_SOME,
	LOT_ALL,
	LOT_MAX
};

static const char *const lot_words[] = {
	[LOT_UNKNOWN] = "verified TLS demanded",
	[LOT_NULL] = "no mail taken",
	[LOT_NAMELESS] = "no MX permitted",
	[LOT_REFUSED] = "no MX permitted",
	[LOT_SOME] = "not every MX permitted",
	[LOT_ALL] = "verified TLS demanded",
};
_Static_assert(sizeof(lot_words) / sizeof(lot_words[0]) == LOT_MAX,
    "lot_words matches enum lot");

struct hosts {
	const char *name[STS_MX_LIST_MAX]; /* borrowed */
	size_t count;
	const char *refused; /* the first of them */
	size_t refusals;
	enum lot lot;
};

/* ---- what there is ----------------------------------------------------- */

static void
collect(const struct sts_findings *found, const char *mx, struct hosts *hosts)
{
	const struct sts_mx_list *list = &found->mx;
	size_t i;

	memset(hosts, 0, sizeof(*hosts));
	if (mx != NULL)
		hosts->name[hosts->count++] = mx;
	else if (found->mx_error.rc == STS_OK)
		for (i = 0; i < list->count; i++)
			if (list->host[i].name[0] != '\0')
				hosts->name[hosts->count++] =
				    list->host[i].name;
}

static enum lot
lot_of(const struct sts_findings *found, const struct hosts *hosts)
{
	if (hosts->count == 0 && found->mx_error.rc != STS_OK)
		return LOT_UNKNOWN;
	if (hosts->count == 0)
		return found->mx.count == 0 ? LOT_NAMELESS : LOT_NULL;
	if (hosts->refusals == 0)
		return LOT_ALL;
	return hosts->refusals == hosts->count ? LOT_REFUSED : LOT_SOME;
}

static void
judge(const struct sts_findings *found, const struct sts_permitted *permitted,
    struct hosts *hosts)
{
	size_t i;

	for (i = 0; i < hosts->count && !permitted->any; i++) {
		if (sts_match_any(permitted->mx, permitted->count,
			hosts->name[i]) >= 0)
			continue;
		if (hosts->refusals++ == 0)
			hosts->refused = hosts->name[i];
	}
	hosts->lot = lot_of(found, hosts);
}

/* ---- words ------------------------------------------------------------- */

static void
add_names(struct sts_buf *buf, const char *const *name, size_t count)
{
	size_t i;

	for (i = 0; i < count && i < SHOWN; i++)
		(void)sts_buf_printf(buf, "%s%s", i == 0 ? "" : ", ", name[i]);
	if (count > SHOWN)
		(void)sts_buf_printf(buf, " and %zu more", count - SHOWN);
}

static void
add_refusal(struct sts_buf *buf, const struct sts_permitted *permitted,
    const struct hosts *hosts)
{
	(void)sts_buf_str(buf, hosts->refused);
	if (hosts->refusals == 1)
		(void)sts_buf_str(buf, " is not ");
	else
		(void)sts_buf_printf(buf, " and %zu more are not ",
		    hosts->refusals - 1);
	if (permitted->count == 0) {
		(void)sts_buf_str(buf, "in both the policy and the local rule");
		return;
	}
	(void)sts_buf_str(buf, permitted->count == 1 ? "" : "among ");
	add_names(buf, permitted->mx, permitted->count);
}

static void
add_hosts(struct sts_buf *buf, const struct sts_findings *found,
    const struct sts_permitted *permitted, const struct hosts *hosts)
{
	switch (hosts->lot) {
	case LOT_UNKNOWN:
		(void)sts_buf_str(buf, found->mx_error.text);
		return;
	case LOT_NULL:
		(void)sts_buf_str(buf, "the domain has a null MX");
		return;
	case LOT_NAMELESS:
		(void)sts_buf_str(buf, "no MX record names a host");
		return;
	case LOT_REFUSED:
	case LOT_SOME:
		add_refusal(buf, permitted, hosts);
		return;
	case LOT_ALL:
	case LOT_MAX:
		break;
	}
	add_names(buf, hosts->name, hosts->count);
}

/* A policy that stands without being confirmed. */
static bool
is_kept(const struct sts_outcome *outcome)
{
	return outcome->entry != NULL && outcome->trouble != STS_OK;
}

static void
add_mode(struct sts_buf *buf, const struct sts_findings *found, int64_t now)
{
	const struct sts_rule *require = found->basis.require;
	const struct sts_entry *entry = found->outcome->entry;
	char expires[STS_TIME_TEXT];

	(void)sts_buf_str(buf, sts_mode_name(sts_verdict_mode(&found->basis)));
	if (require != NULL)
		(void)sts_buf_printf(buf, " (by the local rule in line %u)",
		    require->line);
	if (!is_kept(found->outcome))
		return;
	(void)sts_buf_printf(buf, " (kept, %s %s)",
	    entry->expires > now ? "expires" : "expired",
	    sts_time_text(entry->expires, expires));
}

static void
add_although(struct sts_buf *buf, const struct sts_findings *found)
{
	if (is_kept(found->outcome))
		(void)sts_buf_printf(buf, ", although %s",
		    found->outcome->reason);
}

/* What the policy, a rule or both demand of the MX hosts. */
static void
add_demands(struct sts_buf *buf, const struct sts_findings *found,
    const char *mx, int64_t now)
{
	bool testing = sts_verdict_mode(&found->basis) == STS_MODE_TESTING;
	struct sts_permitted permitted;
	struct hosts hosts;

	collect(found, mx, &hosts);
	if (sts_verdict_permitted(&found->basis, &permitted, NULL) != STS_OK)
		return;
	judge(found, &permitted, &hosts);
	add_mode(buf, found, now);
	(void)sts_buf_printf(buf,
	    ", %s%s%s: ", testing ? "mail passes (if enforced: " : "",
	    lot_words[hosts.lot], testing ? ")" : "");
	add_hosts(buf, found, &permitted, &hosts);
	add_although(buf, found);
	sts_permitted_clear(&permitted);
}

/* Nothing is demanded, or nothing is known. */
static void
add_absence(struct sts_buf *buf, const struct sts_findings *found)
{
	const struct sts_basis *basis = &found->basis;
	bool waits = sts_verdict_mode(basis) == STS_MODE_DEFER;

	(void)sts_buf_printf(buf, "%s, mail %s: %s",
	    basis->answer == STS_ANSWER_NONE ? "no policy" : "cannot tell",
	    waits ? "waits" : "passes", found->outcome->reason);
}

void
sts_summary(const struct sts_findings *found, const char *mx, int64_t now,
    char text[STS_SUMMARY_MAX])
{
	const struct sts_basis *basis = &found->basis;
	enum sts_mode mode = sts_verdict_mode(basis);
	struct sts_buf buf;

	sts_buf_init(&buf, STS_SUMMARY_MAX - 1);
	(void)sts_buf_printf(&buf, "%s: ", found->domain);
	if (basis->excuse != NULL) {
		(void)sts_buf_printf(&buf,
		    "excused, mail passes: the local rule in line %u says: %s",
		    basis->excuse->line, basis->excuse->reason);
	} else if (mode == STS_MODE_ENFORCE || mode == STS_MODE_TESTING) {
		add_demands(&buf, found, mx, now);
	} else if (basis->answer == STS_ANSWER_POLICY) {
		add_mode(&buf, found, now);
		(void)sts_buf_str(&buf,
		    ", mail passes: the domain has turned its policy off");
		add_although(&buf, found);
	} else {
		add_absence(&buf, found);
	}
	(void)snprintf(text, STS_SUMMARY_MAX, "%s", sts_buf_text(&buf));
	sts_buf_clear(&buf);
}
