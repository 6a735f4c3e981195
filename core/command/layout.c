/* SPDX-License-Identifier: ISC */
/*
 * Directives of smtpd.conf made into what layout_check.c reasons about, see
 * layout.h.  The grammar is that of smtpd.conf(5) from 6.8 to 7.9; what has
 * nothing to do with MTA-STS is passed over.
 */
#include <stdlib.h>
#include <string.h>

#include "command/layout.h"

struct cursor { /* at a word of a directive */
	const struct sts_directive *at;
	size_t i;
};

static const char *
word(const struct cursor *cursor, size_t ahead)
{
	return cursor->i + ahead < cursor->at->words
		   ? cursor->at->word[cursor->i + ahead]
		   : "";
}

static bool
is(const struct cursor *cursor, const char *text)
{
	return strcmp(word(cursor, 0), text) == 0;
}

/* Take the word if it is TEXT. */
static bool
take(struct cursor *cursor, const char *text)
{
	bool found = cursor->i < cursor->at->words && is(cursor, text);

	cursor->i += found;
	return found;
}

/* Take "text", "<table>" or "{ list }"; the text, the table's name or "". */
static const char *
operand(struct cursor *cursor, bool *table)
{
	const char *text;

	*table = take(cursor, "<");
	if (take(cursor, "{")) {
		while (cursor->i < cursor->at->words && !take(cursor, "}"))
			cursor->i++;
		return "";
	}
	text = word(cursor, 0);
	cursor->i += cursor->i < cursor->at->words;
	if (*table)
		(void)take(cursor, ">");
	return text;
}

bool
sts_layout_same(const char *a, const char *b)
{
	return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* ---- tables, CAs, filters, actions, listeners -------------------------- */

static void
read_pair(struct sts_layout_pair *pair, size_t *count, struct cursor *cursor,
    bool kind)
{
	pair += (*count)++;
	pair->at = cursor->at;
	pair->name = word(cursor, 1);
	pair->kind = kind ? word(cursor, 2) : "";
	pair->value = word(cursor, kind ? 3 : 2);
}

/* "table NAME mta-sts:/etc/mta-sts.conf" */
static void
read_table(struct sts_layout *layout, struct cursor *cursor)
{
	static const char prefix[] = STS_LAYOUT_TABLE ":";
	struct sts_layout_pair *table = &layout->table[layout->tables];

	read_pair(layout->table, &layout->tables, cursor, false);
	if (layout->ours == NULL &&
	    strncmp(table->value, prefix, sizeof(prefix) - 1) == 0)
		layout->ours = table;
}

static void
read_relay(struct sts_layout_action *action, struct cursor *cursor)
{
	bool table;

	while (cursor->i < cursor->at->words) {
		if (take(cursor, "host")) {
			action->host = operand(cursor, &action->host_table);
		} else if (take(cursor, "domain")) {
			action->domain = operand(cursor, &action->domain_table);
		} else if (take(cursor, "ca")) {
			action->ca = operand(cursor, &table);
		} else if (take(cursor, "tls")) {
			action->tls = true;
			action->no_verify = take(cursor, "no-verify");
		} else {
			action->ttl = action->ttl || is(cursor, "ttl");
			cursor->i++;
		}
	}
}

static void
read_action(struct sts_layout *layout, struct cursor *cursor)
{
	struct sts_layout_action *action = &layout->action[layout->actions++];

	action->at = cursor->at;
	action->name = word(cursor, 1);
	action->relay = sts_layout_same(word(cursor, 2), "relay");
	cursor->i += 3;
	if (action->relay)
		read_relay(action, cursor);
}

/* "listen on WHERE ..." */
static void
read_listener(struct sts_layout *layout, struct cursor *cursor)
{
	struct sts_layout_listener *listener =
	    &layout->listener[layout->listeners++];
	bool table;

	listener->at = cursor->at;
	listener->on = word(cursor, 2);
	listener->port = "25";
	cursor->i += 3;
	while (cursor->i < cursor->at->words) {
		if (take(cursor, "port"))
			listener->port = operand(cursor, &table);
		else if (take(cursor, "tag"))
			listener->tag = operand(cursor, &table);
		else if (take(cursor, "auth") || take(cursor, "auth-optional"))
			listener->auth = true;
		else
			cursor->i++;
	}
}

/* ---- rules ------------------------------------------------------------- */

struct marks { /* what a rule for reports says, and no other */
	bool socket, sender, recipient;
};

/* Conditions that take an operand, which is not asked for. */
static bool
other_condition(struct cursor *cursor)
{
	return take(cursor, "helo") || take(cursor, "mail-from") ||
	       take(cursor, "rcpt-to") || take(cursor, "src") ||
	       take(cursor, "domain");
}

/* May a list of users or hosts be left out here? */
static bool
at_operand(const struct cursor *cursor)
{
	static const char *const keywords[] = { "", "!", "for", "from", "tag",
		"auth", "helo", "mail-from", "rcpt-to", "tls", "action",
		"reject" };
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (is(cursor, keywords[i]))
			return false;
	return true;
}

static void
read_users(struct cursor *cursor)
{
	bool table;

	(void)take(cursor, "regex");
	if (at_operand(cursor))
		(void)operand(cursor, &table);
}

static bool
is_negated(const struct cursor *cursor)
{
	return cursor->i > 0 &&
	       strcmp(cursor->at->word[cursor->i - 1], "!") == 0;
}

/* "mail-from" or "rcpt-to" and its operand. */
static void
read_address(const struct sts_layout *layout, struct sts_layout_rule *rule,
    struct cursor *cursor, bool negated, struct marks *marks)
{
	bool sender = is(cursor, "mail-from");
	const char *text;
	bool table, regex;

	cursor->i++;
	regex = take(cursor, "regex");
	text = operand(cursor, &table);
	rule->narrow = true;
	if (sender) {
		marks->sender = !negated;
		rule->sender = table || regex ? "" : text;
	} else {
		marks->recipient = !negated && !regex && table &&
				   layout->ours != NULL &&
				   sts_layout_same(text, layout->ours->name);
	}
}

static enum sts_layout_from
read_from(struct sts_layout_rule *rule, struct cursor *cursor)
{
	if (take(cursor, "local"))
		return STS_LAYOUT_FROM_LOCAL;
	if (take(cursor, "any"))
		return STS_LAYOUT_FROM_ANY;
	if (take(cursor, "auth")) {
		rule->narrow = rule->narrow || at_operand(cursor);
		rule->auth = true;
		read_users(cursor);
		return STS_LAYOUT_FROM_ANY;
	}
	if (!take(cursor, "socket") && !take(cursor, "rdns"))
		(void)other_condition(cursor);
	read_users(cursor);
	return STS_LAYOUT_FROM_SOME;
}

static enum sts_layout_to
read_to(const struct sts_layout *layout, struct cursor *cursor)
{
	const char *name;
	bool table;

	if (take(cursor, "local"))
		return STS_LAYOUT_TO_LOCAL;
	if (take(cursor, "any"))
		return STS_LAYOUT_TO_ANY;
	(void)other_condition(cursor);
	if (take(cursor, "regex")) {
		(void)operand(cursor, &table);
		return STS_LAYOUT_TO_SOME;
	}
	name = operand(cursor, &table);
	return table && layout->ours != NULL &&
		       sts_layout_same(name, layout->ours->name)
		   ? STS_LAYOUT_TO_TABLE
		   : STS_LAYOUT_TO_SOME;
}

static const struct sts_layout_action *
find_action(const struct sts_layout *layout, const char *name)
{
	size_t i;

	for (i = 0; i < layout->actions; i++)
		if (sts_layout_same(layout->action[i].name, name))
			return &layout->action[i];
	return NULL;
}

static void
read_condition(const struct sts_layout *layout, struct sts_layout_rule *rule,
    struct cursor *cursor, struct marks *marks)
{
	bool table, negated = is_negated(cursor);

	if (is(cursor, "mail-from") || is(cursor, "rcpt-to")) {
		read_address(layout, rule, cursor, negated, marks);
	} else if (take(cursor, "from")) {
		marks->socket = !negated && is(cursor, "socket");
		rule->from = read_from(rule, cursor);
	} else if (take(cursor, "for")) {
		rule->to = is(cursor, "rcpt-to") ? STS_LAYOUT_TO_SOME
						 : read_to(layout, cursor);
	} else if (take(cursor, "tag")) {
		rule->narrow = take(cursor, "regex") || rule->narrow;
		rule->tag = operand(cursor, &table);
	} else if (take(cursor, "auth")) {
		rule->narrow = rule->narrow || at_operand(cursor);
		rule->auth = true;
		read_users(cursor);
	} else if (take(cursor, "action")) {
		rule->action = find_action(layout, operand(cursor, &table));
	} else if (!take(cursor, "reject")) {
		rule->narrow = true;
		if (other_condition(cursor))
			read_users(cursor);
		else
			cursor->i++;
	}
}

static void
read_rule(struct sts_layout *layout, struct cursor *cursor)
{
	struct sts_layout_rule *rule = &layout->rule[layout->rules++];
	struct marks marks = { false, false, false };

	rule->at = cursor->at;
	rule->to = STS_LAYOUT_TO_LOCAL;
	cursor->i++;
	while (cursor->i < cursor->at->words)
		read_condition(layout, rule, cursor, &marks);
	rule->report = marks.socket && marks.sender && marks.recipient;
}

/* ---- the whole --------------------------------------------------------- */

static void
read_directive(struct sts_layout *layout, struct cursor *cursor)
{
	if (is(cursor, "table"))
		read_table(layout, cursor);
	else if (is(cursor, "ca"))
		read_pair(layout->ca, &layout->cas, cursor, true);
	else if (is(cursor, "filter"))
		read_pair(layout->filter, &layout->filters, cursor, true);
	else if (is(cursor, "proc"))
		read_pair(layout->proc, &layout->procs, cursor, false);
	else if (is(cursor, "action"))
		read_action(layout, cursor);
	else if (is(cursor, "listen"))
		read_listener(layout, cursor);
}

static void
find_ours(struct sts_layout *layout)
{
	struct sts_layout_action *action;
	size_t i;

	for (i = 0; i < layout->actions && layout->ours != NULL; i++) {
		action = &layout->action[i];
		action->ours =
		    action->domain_table &&
		    sts_layout_same(action->domain, layout->ours->name);
	}
}

/* Its first word is, or is the path of, our filter. */
static bool
runs_ours(const char *command)
{
	size_t end = strcspn(command, " \t"), begin = end;

	while (begin > 0 && command[begin - 1] != '/')
		begin--;
	return end - begin == strlen(STS_LAYOUT_FILTER) &&
	       strncmp(command + begin, STS_LAYOUT_FILTER, end - begin) == 0;
}

/* The command behind filter NAME, or "". */
static const char *
command_of(const struct sts_layout *layout,
    const struct sts_layout_pair *filter)
{
	size_t i;

	if (sts_layout_same(filter->kind, "proc-exec"))
		return filter->value;
	if (!sts_layout_same(filter->kind, "proc"))
		return "";
	for (i = 0; i < layout->procs; i++)
		if (sts_layout_same(layout->proc[i].name, filter->value))
			return layout->proc[i].value;
	return "";
}

static void
find_filter(struct sts_layout *layout)
{
	const char *command;
	size_t i;

	for (i = 0; i < layout->filters && layout->command == NULL; i++) {
		command = command_of(layout, &layout->filter[i]);
		if (runs_ours(command))
			layout->command = command;
	}
}

/* Is NAME our filter, or a chain that holds it? */
static bool
names_ours(const struct sts_layout *layout, const char *name, bool chains)
{
	const struct sts_layout_pair *filter;
	size_t i, j;

	for (i = 0; i < layout->filters; i++) {
		filter = &layout->filter[i];
		if (!sts_layout_same(filter->name, name))
			continue;
		if (runs_ours(command_of(layout, filter)))
			return true;
		if (!chains || !sts_layout_same(filter->kind, "chain"))
			return false;
		for (j = 3; j < filter->at->words; j++)
			if (names_ours(layout, filter->at->word[j], false))
				return true;
	}
	return false;
}

bool
sts_layout_filtered(const struct sts_layout *layout,
    const struct sts_directive *directive)
{
	struct cursor cursor = { .at = directive };

	while (cursor.i < directive->words && !take(&cursor, "filter"))
		cursor.i++;
	if (!take(&cursor, "{"))
		return names_ours(layout, word(&cursor, 0), true);
	for (; cursor.i < directive->words && !is(&cursor, "}"); cursor.i++)
		if (names_ours(layout, word(&cursor, 0), true))
			return true;
	return false;
}

bool
sts_layout_option(const char *command, char letter,
    char value[STS_LAYOUT_OPTION_MAX])
{
	const char *at = command;
	size_t len;

	for (at += strcspn(at, " \t"); *at != '\0'; at += strcspn(at, " \t")) {
		at += strspn(at, " \t");
		if (at[0] != '-' || at[1] != letter)
			continue;
		at += 2;
		at += strspn(at, " \t");
		len = strcspn(at, " \t");
		if (len >= STS_LAYOUT_OPTION_MAX)
			return false;
		memcpy(value, at, len);
		value[len] = '\0';
		return true;
	}
	return false;
}

/* As many of each as there are directives is room enough. */
static bool
make_room(struct sts_layout *layout, size_t count)
{
	count += count == 0;
	layout->table = calloc(count, sizeof(*layout->table));
	layout->ca = calloc(count, sizeof(*layout->ca));
	layout->filter = calloc(count, sizeof(*layout->filter));
	layout->proc = calloc(count, sizeof(*layout->proc));
	layout->action = calloc(count, sizeof(*layout->action));
	layout->listener = calloc(count, sizeof(*layout->listener));
	layout->rule = calloc(count, sizeof(*layout->rule));
	return layout->table != NULL && layout->ca != NULL &&
	       layout->filter != NULL && layout->proc != NULL &&
	       layout->action != NULL && layout->listener != NULL &&
	       layout->rule != NULL;
}

enum sts_rc
sts_layout_read(struct sts_layout *layout, const struct sts_smtpdconf *conf,
    struct sts_error *err)
{
	struct cursor cursor;
	size_t i;

	*layout = (struct sts_layout){ .conf = conf };
	if (!make_room(layout, conf->directives))
		return sts_error_set(err, STS_ENOMEM, "no memory");
	for (i = 0; i < conf->directives; i++) {
		cursor = (struct cursor){ .at = &conf->directive[i] };
		read_directive(layout, &cursor);
	}
	find_ours(layout);
	find_filter(layout);
	/* Rules come last: they name the others. */
	for (i = 0; i < conf->directives; i++) {
		cursor = (struct cursor){ .at = &conf->directive[i] };
		if (is(&cursor, "match"))
			read_rule(layout, &cursor);
	}
	return STS_OK;
}

void
sts_layout_clear(struct sts_layout *layout)
{
	free(layout->table);
	free(layout->ca);
	free(layout->filter);
	free(layout->proc);
	free(layout->action);
	free(layout->listener);
	free(layout->rule);
}
