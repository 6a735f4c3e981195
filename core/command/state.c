/* SPDX-License-Identifier: ISC */
/*
 * How a command comes by the state: which directory is meant, as whom it
 * works, and operands that are domain names.
 */
#include <sys/stat.h>

#include <stdlib.h>

#include "base/idn.h"
#include "command/command.h"
#include "config.h"
#include "state/owner.h"

static bool
is_directory(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* The directory of the one MTA that is set up here, unless configured. */
static enum sts_rc
find_state(const struct sts_call *call, const char **path,
    struct sts_error *err)
{
	static const char exim[] = STS_STATE_BASE "/exim";
	static const char opensmtpd[] = STS_STATE_BASE "/opensmtpd";
	bool has_exim, has_opensmtpd;

	*path = call->config.state;
	if (*path != NULL)
		return STS_OK;
	has_exim = is_directory(exim);
	has_opensmtpd = is_directory(opensmtpd);
	if (has_exim && has_opensmtpd)
		return sts_error_set(err, STS_ECONFIG,
		    "both %s and %s exist: say which with \"state\" in %s",
		    exim, opensmtpd, call->config.path);
	if (!has_exim && !has_opensmtpd)
		return sts_error_set(err, STS_ENODATA,
		    "no state directory: neither %s nor %s exists, and %s "
		    "does not name one",
		    exim, opensmtpd, call->config.path);
	*path = has_exim ? exim : opensmtpd;
	return STS_OK;
}

enum sts_rc
sts_call_state(const struct sts_call *call, enum sts_dir_flags flags,
    struct sts_state **state, struct sts_error *err)
{
	const char *path;
	enum sts_rc rc;

	rc = find_state(call, &path, err);
	if (rc == STS_OK)
		rc = sts_owner_become(path, err);
	if (rc == STS_OK)
		rc = sts_state_open(path, flags, state, err);
	return rc;
}

bool
sts_call_domain(const char *name, char domain[STS_DOMAIN_MAX + 1])
{
	struct sts_error err;
	enum sts_rc rc = sts_idn_normalize(name, domain, &err);

	if (rc != STS_OK)
		(void)sts_complain(STS_EXIT_USAGE, "%s: %s", name, err.text);
	return rc == STS_OK;
}
