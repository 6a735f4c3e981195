/* SPDX-License-Identifier: ISC */
/*
 * What the subcommands of mta-sts share: how they are called, how they say
 * things, and how they come by the state.
 */
#ifndef STS_COMMAND_H
#define STS_COMMAND_H

#include "base/buf.h"
#include "base/json.h"
#include "policy/rule.h"
#include "state/state.h"

enum sts_exit {
	STS_EXIT_YES = 0,    /* fine */
	STS_EXIT_NO = 1,     /* the domain, policy, record fails */
	STS_EXIT_UNSURE = 2, /* could not tell: network, I/O */
	STS_EXIT_USAGE = 64  /* usage or configuration */
};

struct sts_call {                 /* one run of a command */
	struct sts_config config; /* and RULES: when the command wants them */
	struct sts_rules rules;
	int argc; /* operands */
	char **argv;
	const char *config_file; /* NULL: the built-in path */
	const char *mx;
	bool verbose, help, version;
	const char *since;
	const char *html, *output;
	bool all, brief, dry_run, fresh, journal, json, keywords, now, offline,
	    probe, tlsrpt;
};

typedef enum sts_exit (*sts_run_fn)(struct sts_call *call);

enum sts_exit sts_run_cache_drop(struct sts_call *call);
enum sts_exit sts_run_cache_export(struct sts_call *call);
enum sts_exit sts_run_cache_fsck(struct sts_call *call);
enum sts_exit sts_run_cache_import(struct sts_call *call);
enum sts_exit sts_run_cache_list(struct sts_call *call);
enum sts_exit sts_run_cache_show(struct sts_call *call);
enum sts_exit sts_run_check_config_smtpd(struct sts_call *call);
enum sts_exit sts_run_config(struct sts_call *call);
enum sts_exit sts_run_inbox(struct sts_call *call);
enum sts_exit sts_run_journal(struct sts_call *call);
enum sts_exit sts_run_ledger(struct sts_call *call);
enum sts_exit sts_run_policy_match(struct sts_call *call);
enum sts_exit sts_run_policy_parse(struct sts_call *call);
enum sts_exit sts_run_query(struct sts_call *call);
enum sts_exit sts_run_record_parse(struct sts_call *call);
enum sts_exit sts_run_refresh(struct sts_call *call);
enum sts_exit sts_run_report(struct sts_call *call);

/* One line on stderr, "mta-sts: ...", control bytes escaped. */
enum sts_exit sts_complain(enum sts_exit status, const char *format, ...)
    STS_PRINTF(2, 3);

/* One line on stdout: LABEL, unless it is NULL, in a column of its own, the
 * text escaped. */
void sts_print(const char *label, const char *format, ...) STS_PRINTF(2, 3);

/* One JSON line on stdout; frees JSON.  STATUS, or UNSURE if it failed. */
enum sts_exit sts_print_json(struct sts_json *json, enum sts_exit status);

#define STS_TIME_TEXT 32
/* "2026-11-23T10:00:00Z" of wall seconds. */
const char *sts_time_text(int64_t wall, char text[STS_TIME_TEXT]);
/* "3 days", "4 hours", "5 minutes", "6 seconds": the largest that fits. */
const char *sts_span_text(int64_t seconds, char text[STS_TIME_TEXT]);

/* Exit status for an error that stopped a command. */
enum sts_exit sts_exit_status(enum sts_rc rc);

/*
 * Become the owner of the state for good and open it.  STS_ENODATA when this
 * host has none, STS_ECONFIG when it is not clear which is meant,
 * STS_EIDENTITY and STS_EDAMAGED as sts_dir_open().
 */
STS_MUST_USE enum sts_rc sts_call_state(const struct sts_call *call,
    enum sts_dir_flags flags, struct sts_state **state, struct sts_error *err);

/*
 * As much of FILE ("-": standard input) as MAX octets and one, which tells
 * that it is too long; complains itself.  TEXT must have room for that.
 */
STS_MUST_USE bool sts_call_read(const char *file, size_t max,
    struct sts_buf *text);

/* Is TEXT a day, YYYY-MM-DD?  Complains itself. */
STS_MUST_USE bool sts_call_day(const char *text);

/* Operand NAME (U-labels will do) as a domain name; complains itself. */
STS_MUST_USE bool sts_call_domain(const char *name,
    char domain[STS_DOMAIN_MAX + 1]);

#endif
