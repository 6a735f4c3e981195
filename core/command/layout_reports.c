/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with the way that an smtpd.conf has for TLS reports of this
 * machine: they go out in spite of policies, and nobody counts their sessions.
 * The reasons are in mta-sts-opensmtpd(8).
 */
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "command/layout.h"

struct check {
	const struct sts_layout *layout;
	sts_layout_say_fn say;
	void *arg;
};

static void STS_PRINTF(3, 4) tell(const struct check *check,
    const struct sts_directive *at, const char *format, ...)
{
	char text[STS_ERROR_MAX];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	check->say(check->arg, at, text);
}

static const struct sts_layout_rule *
find_rule(const struct sts_layout *layout)
{
	size_t i;

	for (i = 0; i < layout->rules; i++)
		if (layout->rule[i].report)
			return &layout->rule[i];
	return NULL;
}

/* Does RULE take reports as it takes other mail for elsewhere?  smtpd counts
 * its socket among those that have logged in. */
static bool
takes_reports(const struct sts_layout_rule *rule)
{
	return !rule->narrow && rule->tag == NULL &&
	       rule->from != STS_LAYOUT_FROM_SOME &&
	       (rule->to == STS_LAYOUT_TO_ANY ||
		   rule->to == STS_LAYOUT_TO_TABLE);
}

static void
check_order(const struct check *check, const struct sts_layout_rule *report)
{
	const struct sts_layout_rule *rule;

	for (rule = check->layout->rule; rule < report; rule++)
		if (takes_reports(rule)) {
			tell(check, report->at,
			    "the rule for reports belongs before line %u, "
			    "which takes them as other mail",
			    rule->at->line);
			return;
		}
}

static void
check_sender(const struct check *check, const struct sts_layout_rule *report,
    const char *sender)
{
	if (report->sender[0] != '\0' &&
	    strcasecmp(report->sender, sender) != 0)
		tell(check, report->at,
		    "the rule for reports is for mail from %s, and "
		    "report-from is %s",
		    report->sender, sender);
}

static bool
shares_ca(const struct sts_layout *layout,
    const struct sts_layout_action *action)
{
	size_t i;

	for (i = 0; i < layout->actions; i++)
		if (&layout->action[i] != action &&
		    sts_layout_same(layout->action[i].ca, action->ca))
			return true;
	return false;
}

/* A smarthost knows for itself what it does with reports. */
static void
check_action(const struct check *check, const struct sts_layout_action *action)
{
	const struct sts_layout *layout = check->layout;

	if (action == NULL || !action->relay || action->ours ||
	    action->host != NULL)
		return;
	if (action->tls)
		tell(check, action->at,
		    "action \"%s\" is for reports and must not demand TLS",
		    action->name);
	if (sts_layout_filtered(layout, action->at))
		tell(check, action->at,
		    "action \"%s\" is for reports, whose sessions are not to "
		    "be counted: it needs no filter",
		    action->name);
	if (action->ca == NULL || shares_ca(layout, action))
		tell(check, action->at,
		    "action \"%s\" has no \"ca\" label of its own: smtpd may "
		    "lend it counted connections, and others its own",
		    action->name);
}

void
sts_layout_check_reports(const struct sts_layout *layout, const char *sender,
    sts_layout_say_fn say, void *arg)
{
	const struct check check = { layout, say, arg };
	const struct sts_layout_rule *report = find_rule(layout);

	if (layout->ours == NULL || (report == NULL && sender == NULL))
		return;
	if (report == NULL) {
		tell(&check, NULL,
		    "no rule lets reports pass policies: \"match from socket "
		    "mail-from %s rcpt-to <%s> for any action ...\"",
		    sender, layout->ours->name);
		return;
	}
	if (sender == NULL) {
		tell(&check, report->at,
		    "this rule is for reports, and report-from is not set");
		return;
	}
	check_sender(&check, report, sender);
	check_order(&check, report);
	check_action(&check, report->action);
}
