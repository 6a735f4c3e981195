/* SPDX-License-Identifier: ISC */
/*
 * An smtpd.conf as far as MTA-STS is concerned: which mail goes by which
 * action, who asks the table, where the filter sits.  Pure; every text is
 * borrowed from the struct sts_smtpdconf that was read.
 */
#ifndef STS_LAYOUT_H
#define STS_LAYOUT_H

#include "command/smtpdconf.h"

#define STS_LAYOUT_TABLE  "mta-sts" /* "table NAME mta-sts:CONFIG" */
#define STS_LAYOUT_FILTER "filter-mta-sts"

struct sts_layout_pair { /* table, ca, filter or proc NAME */
	const struct sts_directive *at;
	const char *name;
	const char *kind; /* of a filter: proc-exec, proc, chain ... */
	const char *value;
};

struct sts_layout_action {
	const struct sts_directive *at;
	const char *name;
	bool relay, tls, no_verify, ttl;
	const char *host, *domain, *ca; /* or NULL */
	bool host_table, domain_table;  /* it is the name of a table */
	bool ours;                      /* relays by our table */
};

struct sts_layout_listener {
	const struct sts_directive *at;
	const char *on, *port, *tag; /* tag NULL: none */
	bool auth;
};

enum sts_layout_from {
	STS_LAYOUT_FROM_LOCAL,
	STS_LAYOUT_FROM_ANY,
	STS_LAYOUT_FROM_SOME
};

enum sts_layout_to {
	STS_LAYOUT_TO_LOCAL,
	STS_LAYOUT_TO_ANY,
	STS_LAYOUT_TO_TABLE, /* ours */
	STS_LAYOUT_TO_SOME
};

struct sts_layout_rule {
	const struct sts_directive *at;
	enum sts_layout_from from;
	enum sts_layout_to to;
	const char *tag;
	bool auth;   /* only users who logged in */
	bool narrow; /* and what else there is to say */
	bool report; /* from the socket, by sender, to whom our table knows */
	const char *sender; /* of a report; "": by a table or a list */
	const struct sts_layout_action *action; /* NULL: reject, or unknown */
};

struct sts_layout {
	const struct sts_smtpdconf *conf;
	struct sts_layout_pair *table, *ca, *filter, *proc;
	struct sts_layout_action *action;
	struct sts_layout_listener *listener;
	struct sts_layout_rule *rule;
	size_t tables, cas, filters, procs, actions, listeners, rules;
	const struct sts_layout_pair *ours; /* our table; NULL: none */
	const char *command;                /* of our filter; NULL: none */
};

/* NULL is the same as nothing. */
bool sts_layout_same(const char *a, const char *b);

/* STS_OK or STS_ENOMEM; to be cleared in both cases, before CONF is. */
STS_MUST_USE enum sts_rc sts_layout_read(struct sts_layout *layout,
    const struct sts_smtpdconf *conf, struct sts_error *err);
void sts_layout_clear(struct sts_layout *layout);

/* Does DIRECTIVE name our filter, alone, in a list or in a chain? */
bool sts_layout_filtered(const struct sts_layout *layout,
    const struct sts_directive *directive);

#define STS_LAYOUT_OPTION_MAX 256
/* Value of option LETTER in COMMAND, as a shell cuts simple words. */
bool sts_layout_option(const char *command, char letter,
    char value[STS_LAYOUT_OPTION_MAX]);

/* TEXT is a sentence about DIRECTIVE, NULL: about all of the file. */
typedef void (*sts_layout_say_fn)(void *arg,
    const struct sts_directive *directive, const char *text);

/* Say what is wrong, in the order in which it should be mended. */
void sts_layout_check(const struct sts_layout *layout, sts_layout_say_fn say,
    void *arg);

/* The same of the way that reports from SENDER go, NULL: there are none. */
void sts_layout_check_reports(const struct sts_layout *layout,
    const char *sender, sts_layout_say_fn say, void *arg);

#endif
