/* SPDX-License-Identifier: ISC */
/*
 * What is wrong with an smtpd.conf that is meant to enforce MTA-STS.  Each
 * check is a function; the reasons are in mta-sts-opensmtpd(8).
 */
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "command/layout.h"

struct check {
	const struct sts_layout *layout;
	sts_layout_say_fn say;
	void *arg;
	char hop[STS_LAYOUT_OPTION_MAX]; /* "127.0.0.1:26", "" without */
	const struct sts_layout_listener *listener; /* of the hop, or NULL */
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

/* ---- actions ----------------------------------------------------------- */

/* "smtp+notls://127.0.0.1:26": the address behind the protocol. */
static const char *
relay_address(const char *url)
{
	const char *behind = strstr(url, "://");

	return behind == NULL ? url : behind + 3;
}

static bool
is_stage(const struct check *check, const struct sts_layout_action *action)
{
	return check->hop[0] != '\0' && action->host != NULL &&
	       sts_layout_same(relay_address(action->host), check->hop);
}

/* It looks up MX hosts and takes what certificate it gets. */
static bool
is_plain(const struct sts_layout_action *action)
{
	return action->relay && action->host == NULL && action->domain == NULL;
}

static bool
has_ca(const struct sts_layout *layout, const char *name)
{
	size_t i;

	for (i = 0; i < layout->cas; i++)
		if (sts_layout_same(layout->ca[i].name, name))
			return true;
	return false;
}

static void
check_ca(const struct check *check, const struct sts_layout_action *ours)
{
	const struct sts_layout *layout = check->layout;
	const struct sts_layout_action *other;
	size_t i;

	if (ours->ca == NULL) {
		tell(check, ours->at,
		    "action \"%s\" has no \"ca\" label of its own: smtpd may "
		    "lend it a connection that was never verified",
		    ours->name);
		return;
	}
	if (!has_ca(layout, ours->ca))
		tell(check, ours->at, "there is no \"ca %s cert ...\"",
		    ours->ca);
	for (i = 0; i < layout->actions; i++) {
		other = &layout->action[i];
		if (other != ours && other->ca != NULL && !other->ours &&
		    sts_layout_same(other->ca, ours->ca))
			tell(check, other->at,
			    "action \"%s\" uses the \"ca\" label of \"%s\": "
			    "smtpd may lend one's connections to the other",
			    other->name, ours->name);
	}
}

static void
check_ours(const struct check *check, const struct sts_layout_action *action)
{
	check_ca(check, action);
	if (!action->tls || action->no_verify)
		tell(check, action->at,
		    "action \"%s\" needs \"tls\"%s: the certificate must be "
		    "verified, always",
		    action->name, action->tls ? " without no-verify" : "");
	if (!action->ttl)
		tell(check, action->at,
		    "action \"%s\" has no \"ttl\": a fault of this machine "
		    "makes mail bounce after four days",
		    action->name);
}

static void
check_stage(const struct check *check, const struct sts_layout_action *action)
{
	if (strncmp(action->host, "smtp+notls://", 13) != 0)
		tell(check, action->at,
		    "action \"%s\" should say smtp+notls: the hop stays "
		    "inside this machine",
		    action->name);
	if (!action->ttl)
		tell(check, action->at,
		    "action \"%s\" has no \"ttl\": a fault of this machine "
		    "makes mail bounce after four days",
		    action->name);
}

static void
check_smarthost(const struct check *check,
    const struct sts_layout_action *action)
{
	if (sts_layout_filtered(check->layout, action->at))
		tell(check, action->at,
		    "action \"%s\" goes to a smarthost and is with the "
		    "filter: its sessions count as those of the recipients' "
		    "domains",
		    action->name);
	if ((action->tls && !action->no_verify) || action->host_table ||
	    strncmp(action->host, "smtp+tls://", 11) == 0 ||
	    strncmp(action->host, "smtps://", 8) == 0 ||
	    strncmp(action->host, "lmtp://", 7) == 0)
		return;
	tell(check, action->at,
	    "action \"%s\" goes to a smarthost without verified TLS, and the "
	    "table is not asked for one",
	    action->name);
}

/* Nobody counts the sessions of reports, and no host is chosen for them. */
static bool
is_for_reports(const struct sts_layout *layout,
    const struct sts_layout_action *action)
{
	size_t i;

	for (i = 0; i < layout->rules; i++)
		if (layout->rule[i].report && layout->rule[i].action == action)
			return true;
	return false;
}

static void
check_actions(const struct check *check)
{
	const struct sts_layout *layout = check->layout;
	const struct sts_layout_action *action;
	bool ours = false, stage = check->hop[0] == '\0';
	size_t i;

	for (i = 0; i < layout->actions; i++) {
		action = &layout->action[i];
		if (action->ours)
			check_ours(check, action);
		else if (action->host != NULL && is_stage(check, action))
			check_stage(check, action);
		else if (action->host != NULL)
			check_smarthost(check, action);
		if ((action->ours || is_plain(action)) &&
		    layout->command != NULL &&
		    !sts_layout_filtered(layout, action->at) &&
		    !is_for_reports(layout, action))
			tell(check, action->at,
			    "action \"%s\" is without the filter: its "
			    "sessions are in no TLS report, and failures of "
			    "MX hosts stay unknown",
			    action->name);
		ours = ours || action->ours;
		stage = stage || is_stage(check, action);
	}
	if (!ours)
		tell(check, layout->ours->at,
		    "no action relays by this table: \"relay domain <%s> "
		    "tls ca ...\"",
		    layout->ours->name);
	if (!stage)
		tell(check, NULL,
		    "the filter is for mail that comes to %s, and no action "
		    "relays to there",
		    check->hop);
}

/* ---- listeners --------------------------------------------------------- */

static bool
is_loopback(const char *on)
{
	static const char *const names[] = { "::1", "localhost", "lo", "lo0" };
	struct in_addr address;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (sts_layout_same(on, names[i]))
			return true;
	return inet_pton(AF_INET, on, &address) == 1 &&
	       ntohl(address.s_addr) >> 24 == 127;
}

/* The address of HOP is ON, its port PORT. */
static bool
is_at(const char *hop, const char *on, const char *port)
{
	const char *colon = strrchr(hop, ':');
	size_t len = colon == NULL ? 0 : (size_t)(colon - hop);

	if (len > 1 && hop[0] == '[' && hop[len - 1] == ']') {
		hop++;
		len -= 2;
	}
	return colon != NULL && strlen(on) == len &&
	       strncmp(hop, on, len) == 0 && sts_layout_same(colon + 1, port);
}

static void
check_hop(const struct check *check)
{
	const struct sts_layout_listener *listener = check->listener;

	if (check->hop[0] == '\0')
		return;
	if (listener == NULL) {
		tell(check, NULL,
		    "the filter decides about mail that comes to %s, and "
		    "nothing listens there",
		    check->hop);
		return;
	}
	if (!is_loopback(listener->on))
		tell(check, listener->at,
		    "the hop must listen on a loopback address: what comes "
		    "there is relayed");
	if (listener->tag == NULL)
		tell(check, listener->at,
		    "the hop has no \"tag\" by which rules could tell its "
		    "mail");
	if (!sts_layout_filtered(check->layout, listener->at))
		tell(check, listener->at,
		    "the hop is without the filter: nothing is looked up");
}

/* Without a hop the filter must be where mail for elsewhere comes in. */
static void
check_entrances(const struct check *check)
{
	const struct sts_layout *layout = check->layout;
	const struct sts_layout_listener *listener;
	bool socket = false;
	size_t i;

	if (check->hop[0] != '\0')
		return;
	for (i = 0; i < layout->listeners; i++) {
		listener = &layout->listener[i];
		socket = socket || sts_layout_same(listener->on, "socket");
		if ((sts_layout_same(listener->on, "socket") ||
			listener->auth || is_loopback(listener->on)) &&
		    !sts_layout_filtered(layout, listener->at))
			tell(check, listener->at,
			    "\"listen on %s\" is without the filter: mail to "
			    "a domain not yet known is refused for the moment",
			    listener->on);
	}
	if (!socket)
		tell(check, NULL,
		    "\"listen on socket\" with the filter is missing: mail "
		    "from programs here to a domain not yet known is refused "
		    "for the moment");
}

/* Does WILDCARD, "0.0.0.0" or "::", stand for the addresses of OTHER too? */
static bool
takes_port(const struct sts_layout_listener *wildcard,
    const struct sts_layout_listener *other)
{
	bool six = strchr(other->on, ':') != NULL;
	bool name =
	    !six && strspn(other->on, "0123456789.") < strlen(other->on);

	if (other == wildcard ||
	    !sts_layout_same(other->port, wildcard->port) ||
	    sts_layout_same(other->on, "socket"))
		return false;
	return (sts_layout_same(wildcard->on, "0.0.0.0") && !six) ||
	       (sts_layout_same(wildcard->on, "::") && (six || name));
}

/* "smtpd -n" does not notice. */
static void
check_ports(const struct check *check)
{
	const struct sts_layout *layout = check->layout;
	size_t i, j;

	for (i = 0; i < layout->listeners; i++)
		for (j = 0; j < layout->listeners; j++)
			if (takes_port(&layout->listener[i],
				&layout->listener[j]))
				tell(check, layout->listener[j].at,
				    "\"listen on %s\" has port %s already: "
				    "smtpd will not start",
				    layout->listener[i].on,
				    layout->listener[j].port);
}

static void
check_filter(struct check *check)
{
	const struct sts_layout *layout = check->layout;
	size_t i;

	if (layout->command == NULL) {
		tell(check, NULL,
		    "there is no filter \"%s\": nobody looks up policies",
		    STS_LAYOUT_FILTER);
		return;
	}
	for (i = 0; i < layout->listeners; i++)
		if (is_at(check->hop, layout->listener[i].on,
			layout->listener[i].port))
			check->listener = &layout->listener[i];
	check_hop(check);
	check_entrances(check);
}

/* ---- rules ------------------------------------------------------------- */

/* Does A take mail from all that B takes it from? */
static bool
covers(const struct sts_layout_rule *a, const struct sts_layout_rule *b)
{
	return !a->narrow && (!a->auth || b->auth) &&
	       (a->tag == NULL || sts_layout_same(a->tag, b->tag)) &&
	       (a->from == STS_LAYOUT_FROM_ANY ||
		   (a->from == STS_LAYOUT_FROM_LOCAL &&
		       b->from == STS_LAYOUT_FROM_LOCAL));
}

static bool
asks(const struct sts_layout_rule *rule)
{
	return rule->to == STS_LAYOUT_TO_TABLE && rule->action != NULL &&
	       rule->action->ours;
}

/* Mail of RULE goes out unasked, unless a rule before it asks the table. */
static void
check_unasked(const struct check *check, const struct sts_layout_rule *rule)
{
	const struct sts_layout *layout = check->layout;
	const struct sts_layout_rule *other;

	for (other = layout->rule; other < rule; other++)
		if (asks(other) && covers(other, rule))
			return;
	for (; other < layout->rule + layout->rules; other++)
		if (asks(other) && covers(rule, other)) {
			tell(check, rule->at,
			    "this rule comes before line %u and leaves no "
			    "mail to it: the table is not asked",
			    other->at->line);
			return;
		}
	tell(check, rule->at,
	    "no rule before this one asks the table about the same mail");
}

/* What took the hop must not take it again. */
static void
check_loop(const struct check *check, const struct sts_layout_rule *rule)
{
	const char *tag = check->listener == NULL ? NULL : check->listener->tag;
	const struct sts_layout_rule *other;

	if (tag == NULL || rule->auth ||
	    (rule->tag != NULL && !sts_layout_same(rule->tag, tag)))
		return;
	for (other = check->layout->rule; other < rule; other++)
		if (sts_layout_same(other->tag, tag) &&
		    other->to == STS_LAYOUT_TO_ANY && !other->narrow &&
		    !other->auth && other->from != STS_LAYOUT_FROM_SOME)
			return;
	tell(check, rule->at,
	    "mail that took the hop takes it again: before this line must be "
	    "\"match tag %s from local for any action ...\"",
	    tag);
}

static void
check_asking(const struct check *check, const struct sts_layout_rule *rule)
{
	const char *tag = check->listener == NULL ? NULL : check->listener->tag;

	if (rule->action == NULL || !rule->action->ours)
		tell(check, rule->at,
		    "this rule asks the table, but its action does not relay "
		    "by it");
	else if (tag != NULL && !sts_layout_same(rule->tag, tag))
		tell(check, rule->at,
		    "this rule takes mail before the hop: it needs \"tag %s\"",
		    tag);
}

static void
check_rule(const struct check *check, const struct sts_layout_rule *rule,
    const struct sts_layout_rule *asked)
{
	const struct sts_layout_action *action = rule->action;

	if (rule->to == STS_LAYOUT_TO_TABLE)
		check_asking(check, rule);
	else if (action == NULL || rule->report)
		return;
	else if (action->ours)
		tell(check, rule->at,
		    "action \"%s\" is for domains that the table knows: "
		    "\"for domain <%s>\"",
		    action->name, check->layout->ours->name);
	else if (!action->relay && asked != NULL)
		tell(check, rule->at,
		    "domains of your own belong before line %u, which asks "
		    "the table about them",
		    asked->at->line);
	else if (is_stage(check, action))
		check_loop(check, rule);
	else if (is_plain(action) && rule->to == STS_LAYOUT_TO_ANY)
		check_unasked(check, rule);
}

static void
check_rules(const struct check *check)
{
	const struct sts_layout *layout = check->layout;
	const struct sts_layout_rule *rule, *asked = NULL;

	for (rule = layout->rule; rule < layout->rule + layout->rules; rule++) {
		check_rule(check, rule, asked);
		if (asked == NULL && rule->to == STS_LAYOUT_TO_TABLE)
			asked = rule;
	}
	if (asked == NULL)
		tell(check, NULL,
		    "no rule asks the table: \"match ... for domain <%s> "
		    "action ...\"",
		    layout->ours->name);
}

void
sts_layout_check(const struct sts_layout *layout, sts_layout_say_fn say,
    void *arg)
{
	struct check check = { .layout = layout, .say = say, .arg = arg };

	if (layout->ours == NULL) {
		tell(&check, NULL,
		    "there is no table \"%s:/...\": MTA-STS is not asked",
		    STS_LAYOUT_TABLE);
		return;
	}
	if (layout->command != NULL)
		(void)sts_layout_option(layout->command, 's', check.hop);
	check_ports(&check);
	check_filter(&check);
	check_actions(&check);
	check_rules(&check);
}
