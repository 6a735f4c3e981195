/* SPDX-License-Identifier: ISC */
/*
 * "check-config smtpd": an smtpd.conf, and what it needs on this machine.
 * layout_check.c reasons about the text; here it is read, the files that it
 * names are looked at, and the findings are printed.
 */
#include <sys/stat.h>

#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "command/layout.h"
#include "config.h"

#define SMTPD_CONF "/etc/smtpd.conf"
#define PATH_SIZE  4096

struct check {
	const struct sts_call *call;
	const char *file;
	struct sts_layout layout;
	size_t findings;
	enum sts_exit status;
};

static void
print_finding(void *arg, const struct sts_directive *at, const char *text)
{
	struct check *check = arg;
	const char *file =
	    at == NULL ? check->file : check->layout.conf->file[at->file];
	struct sts_json *json;

	check->findings++;
	if (!check->call->json && at == NULL) {
		sts_print(NULL, "%s: %s", file, text);
	} else if (!check->call->json) {
		sts_print(NULL, "%s:%u: %s", file, at->line, text);
	} else {
		json = sts_json_new();
		sts_json_str(json, "file", file);
		sts_json_int(json, "line", at == NULL ? 0 : at->line);
		sts_json_str(json, "finding", text);
		check->status = sts_print_json(json, check->status);
	}
}

static void STS_PRINTF(3, 4) tell(struct check *check,
    const struct sts_directive *at, const char *format, ...)
{
	char text[PATH_SIZE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	print_finding(check, at, text);
}

/* ---- what the file needs on this machine ------------------------------- */

/* smtpd runs NAME from its own directory unless it is a path. */
static void
check_program(struct check *check, const struct sts_directive *at,
    const char *name, size_t len)
{
	char path[PATH_SIZE];

	(void)snprintf(path, sizeof(path), "%s%s%.*s",
	    name[0] == '/' ? "" : STS_SMTPD_LIBEXEC, name[0] == '/' ? "" : "/",
	    (int)len, name);
	if (access(path, X_OK) == -1)
		tell(check, at,
		    "%s cannot be run: \"make install-opensmtpd\" puts it "
		    "there",
		    path);
}

/* The user whom distributions let smtpd's own programs be; NULL: unknown. */
static const struct passwd *
smtpd_user(void)
{
	const struct passwd *user = getpwnam("opensmtpd");

	return user != NULL ? user : getpwnam("_smtpd");
}

static void
check_state(struct check *check, const char *state)
{
	const struct passwd *user;
	struct stat st;

	if (stat(state, &st) == -1 || !S_ISDIR(st.st_mode)) {
		tell(check, NULL,
		    "%s is no directory: \"make install-opensmtpd\" makes it",
		    state);
		return;
	}
	user = smtpd_user();
	if (user != NULL && st.st_uid != user->pw_uid)
		tell(check, NULL, "%s must belong to smtpd's user, %s", state,
		    user->pw_name);
	else if (st.st_uid == 0)
		tell(check, NULL, "%s must belong to smtpd's user, not root",
		    state);
	if ((st.st_mode & 077) != 0)
		tell(check, NULL, "%s must have mode 0700", state);
}

/* Its own option, the configuration, or what is built in. */
static void
check_owner(struct check *check, const struct sts_config *config)
{
	char option[STS_LAYOUT_OPTION_MAX];

	if (check->layout.command != NULL &&
	    sts_layout_option(check->layout.command, 'd', option))
		check_state(check, option);
	else if (config->state != NULL)
		check_state(check, config->state);
	else
		check_state(check, STS_STATE_BASE "/opensmtpd");
}

/* Behind "mta-sts:". */
static void
check_operand(struct check *check)
{
	const struct sts_layout_pair *table = check->layout.ours;
	const char *file = strchr(table->value, ':') + 1;
	struct sts_config config;
	struct sts_error err;
	struct stat st;

	if (file[0] != '/') {
		tell(check, table->at, "\"%s\" is no absolute path", file);
		return;
	}
	if (sts_config_read(&config, file, false, &err) != STS_OK) {
		tell(check, table->at, "%s", err.text);
		return;
	}
	if (stat(file, &st) == 0 && (st.st_mode & S_IROTH) == 0)
		tell(check, table->at, "smtpd's user may not read %s", file);
	check_owner(check, &config);
	sts_layout_check_reports(&check->layout, config.report_from,
	    print_finding, check);
	if (config.tls_required_no)
		tell(check, NULL,
		    "smtpd cannot obey tls-required-no of %s: it chooses the "
		    "way of a message before it has read its header",
		    file);
	sts_config_clear(&config);
}

static void
check_machine(struct check *check)
{
	const struct sts_layout *layout = &check->layout;
	size_t i;

	if (layout->ours == NULL)
		return;
	check_program(check, layout->ours->at, "table-mta-sts",
	    strlen("table-mta-sts"));
	if (layout->command != NULL)
		check_program(check, NULL, layout->command,
		    strcspn(layout->command, " \t"));
	for (i = 0; i < layout->cas; i++)
		if (access(layout->ca[i].value, R_OK) == -1)
			tell(check, layout->ca[i].at, "%s cannot be read",
			    layout->ca[i].value);
	check_operand(check);
}

/* ---- the file ---------------------------------------------------------- */

/* An error without text: it was complained of. */
static enum sts_rc
load(void *arg, const char *file, struct sts_buf *text, struct sts_error *err)
{
	(void)arg;
	err->text[0] = '\0';
	if (!sts_call_read(file, STS_SMTPDCONF_MAX, text))
		return STS_ESYS;
	if (text->len > STS_SMTPDCONF_MAX)
		return sts_error_set(err, STS_ECONFIG, "%s: larger than %d",
		    file, STS_SMTPDCONF_MAX);
	return STS_OK;
}

static enum sts_exit
check_layout(struct check *check, const struct sts_smtpdconf *conf)
{
	struct sts_error err;
	enum sts_rc rc;

	rc = sts_layout_read(&check->layout, conf, &err);
	if (rc == STS_OK) {
		sts_layout_check(&check->layout, print_finding, check);
		check_machine(check);
	}
	sts_layout_clear(&check->layout);
	if (rc != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "%s", err.text);
	if (check->status != STS_EXIT_YES)
		return check->status;
	if (check->findings == 0 && !check->call->json)
		sts_print(NULL, "%s: nothing to mend", check->file);
	return check->findings == 0 ? STS_EXIT_YES : STS_EXIT_NO;
}

enum sts_exit
sts_run_check_config_smtpd(struct sts_call *call)
{
	struct check check = { .call = call,
		.file = call->argc == 0 ? SMTPD_CONF : call->argv[0] };
	struct sts_smtpdconf conf;
	struct sts_error err;
	enum sts_exit status;

	if (sts_smtpdconf_read(&conf, check.file, load, NULL, &err) != STS_OK)
		return err.text[0] == '\0'
			   ? STS_EXIT_UNSURE
			   : sts_complain(STS_EXIT_UNSURE, "%s", err.text);
	status = check_layout(&check, &conf);
	sts_smtpdconf_clear(&conf);
	return status;
}
