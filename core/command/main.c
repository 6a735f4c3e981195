/* SPDX-License-Identifier: ISC */
/*
 * mta-sts: the command.  Tables of commands and of options; what a command
 * takes, its help and its checks all come from them.
 */
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "config.h"

#define MANY        INT_MAX
#define OPTIONS_MAX 24
#define EVERYWHERE  "chvV" /* options of every command */

static const struct option_row {
	char letter;
	const char *name;
	const char *operand; /* NULL: a switch */
	size_t offset;       /* in struct sts_call: bool or const char * */
	const char *help;
} option_rows[] = {
	{ 'c', "config", "FILE", offsetof(struct sts_call, config_file),
	    "configuration file, default " STS_CONFIG_FILE },
	{ 'h', "help", NULL, offsetof(struct sts_call, help), "this text" },
	{ 'v', "verbose", NULL, offsetof(struct sts_call, verbose),
	    "every step" },
	{ 'V', "version", NULL, offsetof(struct sts_call, version),
	    "print the version" },
	{ 'a', "all", NULL, offsetof(struct sts_call, all),
	    "all policies, due or not" },
	{ 'b', "brief", NULL, offsetof(struct sts_call, brief),
	    "one line for each domain" },
	{ 'f', "fresh", NULL, offsetof(struct sts_call, fresh),
	    "ask DNS and HTTPS although the cache would do" },
	{ 'H', "html", "FILE", offsetof(struct sts_call, html),
	    "a page with plots as well" },
	{ 'j', "json", NULL, offsetof(struct sts_call, json),
	    "one JSON object on each line" },
	{ 'k', "keywords", NULL, offsetof(struct sts_call, keywords),
	    "only the names of all keywords" },
	{ 'm', "mx", "NAME", offsetof(struct sts_call, mx),
	    "this MX host or pattern alone" },
	{ 'n', "dry-run", NULL, offsetof(struct sts_call, dry_run),
	    "say what would be done and do nothing" },
	{ 'o', "offline", NULL, offsetof(struct sts_call, offline),
	    "cache and rules alone, no network" },
	{ 'p', "probe", NULL, offsetof(struct sts_call, probe),
	    "connect to each MX host and try its TLS" },
	{ 's', "since", "DAY", offsetof(struct sts_call, since),
	    "nothing older than this day, YYYY-MM-DD, UTC" },
	{ 'J', "journal", NULL, offsetof(struct sts_call, journal),
	    "the operands are journals of other hosts" },
	{ 'N', "now", NULL, offsetof(struct sts_call, now),
	    "do not wait for the time that was agreed on" },
	{ 'O', "output", "DIR", offsetof(struct sts_call, output),
	    "write files into this directory and change nothing" },
	{ 't', "tlsrpt", NULL, offsetof(struct sts_call, tlsrpt),
	    "records of TLSRPT (RFC 8460) instead" },
};
#define OPTION_ROWS (sizeof(option_rows) / sizeof(option_rows[0]))
_Static_assert(OPTION_ROWS <= OPTIONS_MAX, "OPTIONS_MAX holds all options");

static const struct command {
	const char *name; /* one word or two */
	const char *operands;
	const char *options; /* letters, besides EVERYWHERE */
	int min, max;        /* operands */
	bool configured;     /* reads the configuration */
	sts_run_fn run;
	const char *summary;
	const char *help;
} commands[] = {
	{ "query", "DOMAIN...", "bfjmop", 1, MANY, true, sts_run_query,
	    "what holds for mail to a domain, and why",
	    "Looks up DNS, HTTPS and the cache as an MTA would, and prints\n"
	    "\"DOMAIN: MODE, WHAT COMES OF IT: WHY\" and, without --brief, what\n"
	    "that rests on and the verdict for each MX host.\n"
	    "Exit: 0 decided, 1 a host is refused or fails its probe, 2 could\n"
	    "not tell.\n" },
	{ "policy parse", "FILE", "j", 1, 1, false, sts_run_policy_parse,
	    "read a policy text strictly",
	    "FILE is what a policy host serves; - is standard input.\n"
	    "Exit: 0 valid, 1 invalid, 2 FILE cannot be read.\n" },
	{ "policy match", "FILE HOST | --mx PATTERN HOST", "jm", 1, 2, false,
	    sts_run_policy_match, "does an MX host match a policy",
	    "HOST against the mx patterns of the policy in FILE (- is standard\n"
	    "input), or against one PATTERN.\n"
	    "Exit: 0 match, 1 no match, 2 FILE cannot be read, 64 bad policy.\n" },
	{ "record parse", "TXT...", "jt", 1, MANY, false, sts_run_record_parse,
	    "read TXT records strictly",
	    "Each TXT is one record of the RRset at _mta-sts.DOMAIN, or with\n"
	    "--tlsrpt at _smtp._tls.DOMAIN; \\DDD and \\X as in zone files.\n"
	    "Exit: 0 valid, 1 invalid.\n" },
	{ "cache list", "", "j", 0, 0, true, sts_run_cache_list,
	    "the policies that are kept",
	    "Domain, mode, id, end and age of every policy, by name.\n" },
	{ "cache show", "DOMAIN", "j", 1, 1, true, sts_run_cache_show,
	    "all that is kept of a domain",
	    "Exit: 0 a policy is kept, 1 none, 2 could not tell.\n" },
	{ "cache drop", "DOMAIN", "j", 1, 1, true, sts_run_cache_drop,
	    "forget a domain's policy",
	    "Until the policy is fetched again nothing protects the domain.\n"
	    "The ledger remembers that it was dropped.\n"
	    "Exit: 0 dropped, 1 none was kept, 2 could not tell.\n" },
	{ "cache export", "[FILE]", "", 0, 1, true, sts_run_cache_export,
	    "all unexpired policies as a list",
	    "To FILE or standard output, for \"cache import\" elsewhere.\n"
	    "Exit: 0 all of them, 2 some could not be read, or FILE written.\n" },
	{ "cache import", "FILE", "jn", 1, 1, true, sts_run_cache_import,
	    "take policies from such a list",
	    "FILE is what \"cache export\" wrote; - is standard input.  A policy\n"
	    "that is held is prolonged or made stricter, never weakened.\n"
	    "Exit: 0 done, 1 the list has errors and nothing was done, 2 could\n"
	    "not tell or write.\n" },
	{ "cache fsck", "", "j", 0, 0, true, sts_run_cache_fsck,
	    "check every file of the state, restore what is damaged",
	    "Policies are restored from the ledger, hints are thrown away.\n"
	    "Exit: 0 all well, 1 damage was found, 2 could not tell.\n" },
	{ "refresh", "", "aj", 0, 0, true, sts_run_refresh,
	    "renew the policies that are due",
	    "For a timer: fetches every policy that is due again and tidies\n"
	    "the ledger.\n"
	    "Exit: 0 all renewed, 1 some hosts failed, 2 could not tell.\n" },
	{ "report", "[--journal DIR...]", "jnJNO", 0, MANY, true,
	    sts_run_report, "send the TLS reports that are due",
	    "For a timer: makes reports (RFC 8460) of the days that are over\n"
	    "and sends them by HTTPS and mail, as their domains ask; what is\n"
	    "refused is tried again for a day.  --journal adds the sessions\n"
	    "of other hosts, DIR a copy of the journal in their state.\n"
	    "--dry-run prints what is not reported yet, --output writes it.\n"
	    "Exit: 0 fine, 1 something was refused, 2 could not tell or "
	    "write.\n" },
	{ "ledger", "[DOMAIN...]", "js", 0, MANY, true, sts_run_ledger,
	    "the history of all policies",
	    "What was learned, changed, renewed, let go, and what could have\n"
	    "been a downgrade, oldest first; with --verbose the policies too.\n"
	    "Exit: 0 fine, 1 damaged records were passed over, 2 could not "
	    "tell.\n" },
	{ "journal", "[DAY...]", "j", 0, MANY, true, sts_run_journal,
	    "the TLS sessions that were recorded",
	    "DAY is YYYY-MM-DD, UTC; without one all days, oldest first.\n"
	    "Exit: 0 fine, 1 damaged records were passed over, 2 could not "
	    "tell.\n" },
	{ "inbox", "FILE...", "jsH", 1, MANY, false, sts_run_inbox,
	    "the TLS reports that others sent",
	    "What FILEs tell together.  A FILE is a report (JSON, gzip), a mail\n"
	    "message, an mbox, a Maildir, or - (standard input).  Reports are\n"
	    "not verified: whoever can send mail can send one.\n"
	    "Exit: 0 no session failed, 1 some did, 2 some of it cannot be "
	    "read.\n" },
	{ "check-config smtpd", "[FILE]", "j", 0, 1, false,
	    sts_run_check_config_smtpd, "what is wrong with an smtpd.conf",
	    "FILE (default /etc/smtpd.conf, - is standard input) and what it\n"
	    "names, against what mta-sts-opensmtpd(8) says; \"smtpd -n\" says\n"
	    "whether smtpd can read it.\n"
	    "Exit: 0 fine, 1 something to mend, 2 FILE cannot be read.\n" },
	{ "config", "", "jk", 0, 0, true, sts_run_config,
	    "check the configuration and print all of it",
	    "Defaults are filled in; the output is a configuration file.\n" },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

struct parsed {                      /* the command line */
	char given[OPTIONS_MAX + 1]; /* letters of options, each once */
	struct sts_call call;
};

static const struct option_row *
find_option(int letter)
{
	size_t i;

	for (i = 0; i < OPTION_ROWS; i++)
		if (option_rows[i].letter == letter)
			return &option_rows[i];
	return NULL;
}

static void
make_getopt_tables(struct option longs[OPTIONS_MAX + 1],
    char shorts[2 * OPTIONS_MAX + 2])
{
	size_t i;
	char *p = shorts;

	memset(longs, 0, (OPTIONS_MAX + 1) * sizeof(*longs));
	*p++ = ':';
	for (i = 0; i < OPTION_ROWS; i++) {
		longs[i].name = option_rows[i].name;
		longs[i].val = (unsigned char)option_rows[i].letter;
		*p++ = option_rows[i].letter;
		if (option_rows[i].operand != NULL) {
			longs[i].has_arg = required_argument;
			*p++ = ':';
		}
	}
	*p = '\0';
}

static void
set_option(struct parsed *parsed, const struct option_row *row,
    const char *value)
{
	void *field = (char *)&parsed->call + row->offset;
	const char **text = field;
	bool *flag = field;

	if (strchr(parsed->given, row->letter) == NULL)
		parsed->given[strlen(parsed->given)] = row->letter;
	if (row->operand != NULL)
		*text = value;
	else
		*flag = true;
}

/* Options may stand before, behind and between the words of the command. */
static enum sts_exit
parse_options(struct parsed *parsed, int argc, char **argv)
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[2 * OPTIONS_MAX + 2];
	int letter;

	make_getopt_tables(longs, shorts);
	opterr = 0;
	while ((letter = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if (letter == ':')
			return sts_complain(STS_EXIT_USAGE,
			    "option \"%s\" needs a value", argv[optind - 1]);
		if (letter == '?')
			return sts_complain(STS_EXIT_USAGE,
			    "unknown option \"%s\"", argv[optind - 1]);
		set_option(parsed, find_option(letter), optarg);
	}
	parsed->call.argc = argc - optind;
	parsed->call.argv = argv + optind;
	return STS_EXIT_YES;
}

/* How many words of NAME are the first ARGC words of ARGV; 0: not all. */
static int
name_matches(const char *name, int argc, char **argv)
{
	const char *space = strchr(name, ' ');
	size_t len = space == NULL ? strlen(name) : (size_t)(space - name);

	if (argc < 1 || strlen(argv[0]) != len ||
	    strncmp(argv[0], name, len) != 0)
		return 0;
	if (space == NULL)
		return 1;
	return argc > 1 && strcmp(argv[1], space + 1) == 0 ? 2 : 0;
}

/* Takes the command's own words off the operands; NULL: no such command. */
static const struct command *
take_command(struct sts_call *call)
{
	int words;
	size_t i;

	for (i = 0; i < COMMANDS; i++) {
		words = name_matches(commands[i].name, call->argc, call->argv);
		if (words == 0)
			continue;
		call->argc -= words;
		call->argv += words;
		return &commands[i];
	}
	return NULL;
}

static void
print_options(const char *letters)
{
	const struct option_row *row;
	char name[32];
	size_t i;

	for (i = 0; i < OPTION_ROWS; i++) {
		row = &option_rows[i];
		if (strchr(letters, row->letter) == NULL)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s%s", row->name,
		    row->operand == NULL ? "" : " ",
		    row->operand == NULL ? "" : row->operand);
		(void)printf("  -%c, --%-15s %s\n", row->letter, name,
		    row->help);
	}
}

static void
print_usage(void)
{
	size_t i;

	(void)fputs("usage: mta-sts [-c FILE] [-v] COMMAND ...\n\n", stdout);
	for (i = 0; i < COMMANDS; i++)
		(void)printf("  %-18s %s\n", commands[i].name,
		    commands[i].summary);
	(void)fputs("\n", stdout);
	print_options(EVERYWHERE);
	(void)fputs("\n\"mta-sts COMMAND --help\" says more; mta-sts(1) is the "
		    "manual.\n",
	    stdout);
}

static void
print_help(const struct command *command)
{
	(void)printf("usage: mta-sts %s [options]%s%s\n\n%s\n", command->name,
	    *command->operands == '\0' ? "" : " ", command->operands,
	    command->help);
	print_options(command->options);
	print_options(EVERYWHERE);
}

/* The second words that FIRST may have, for the message. */
static enum sts_exit
complain_command(const char *first)
{
	struct sts_buf words;
	size_t i, len = strlen(first);
	enum sts_exit status;

	sts_buf_init(&words, STS_ERROR_MAX);
	for (i = 0; i < COMMANDS; i++) {
		if (strncmp(commands[i].name, first, len) != 0 ||
		    commands[i].name[len] != ' ')
			continue;
		(void)sts_buf_printf(&words, "%s%s", words.len == 0 ? "" : ", ",
		    commands[i].name + len + 1);
	}
	if (words.len == 0)
		status = sts_complain(STS_EXIT_USAGE,
		    "unknown command \"%s\", see --help", first);
	else
		status = sts_complain(STS_EXIT_USAGE, "%s: which of %s?", first,
		    sts_buf_text(&words));
	sts_buf_clear(&words);
	return status;
}

static enum sts_exit
check_call(const struct command *command, const struct parsed *parsed)
{
	const char *p;

	for (p = parsed->given; *p != '\0'; p++)
		if (strchr(EVERYWHERE, *p) == NULL &&
		    strchr(command->options, *p) == NULL)
			return sts_complain(STS_EXIT_USAGE,
			    "%s: has no option --%s", command->name,
			    find_option(*p)->name);
	if (parsed->call.argc < command->min)
		return sts_complain(STS_EXIT_USAGE, "%s: expects %s",
		    command->name, command->operands);
	if (parsed->call.argc > command->max)
		return sts_complain(STS_EXIT_USAGE, "%s: \"%s\" is too much",
		    command->name, parsed->call.argv[command->max]);
	return STS_EXIT_YES;
}

/* A file that was named is read in any case: it may be wrong. */
static enum sts_exit
read_config(const struct command *command, struct sts_call *call)
{
	const char *file = call->config_file;
	struct sts_error err;
	enum sts_rc rc;

	if (!command->configured && file == NULL)
		return STS_EXIT_YES;
	rc = sts_config_read(&call->config,
	    file == NULL ? STS_CONFIG_FILE : file, file == NULL, &err);
	if (rc == STS_OK)
		rc = sts_rules_load(&call->config, &call->rules, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	return STS_EXIT_YES;
}

static enum sts_exit
run_command(const struct command *command, struct parsed *parsed)
{
	struct sts_call *call = &parsed->call;
	enum sts_exit status;

	if (call->help) {
		print_help(command);
		return STS_EXIT_YES;
	}
	status = check_call(command, parsed);
	if (status == STS_EXIT_YES)
		status = read_config(command, call);
	if (status == STS_EXIT_YES)
		status = command->run(call);
	sts_rules_clear(&call->rules);
	sts_config_clear(&call->config);
	return status;
}

static enum sts_exit
dispatch(struct parsed *parsed)
{
	struct sts_call *call = &parsed->call;
	const struct command *command;

	if (call->version) {
		(void)puts("mta-sts " STS_VERSION);
		return STS_EXIT_YES;
	}
	if (call->argc == 0 && call->help) {
		print_usage();
		return STS_EXIT_YES;
	}
	if (call->argc == 0)
		return sts_complain(STS_EXIT_USAGE,
		    "a command is missing, see --help");
	command = take_command(call);
	if (command == NULL)
		return complain_command(call->argv[0]);
	return run_command(command, parsed);
}

int
main(int argc, char **argv)
{
	struct parsed parsed = { .given = "" };
	enum sts_exit status;

	(void)signal(SIGPIPE, SIG_IGN);
	status = parse_options(&parsed, argc, argv);
	if (status == STS_EXIT_YES)
		status = dispatch(&parsed);
	if (fflush(stdout) != 0 || ferror(stdout))
		status =
		    sts_complain(STS_EXIT_UNSURE, "cannot write to stdout");
	return (int)status;
}
