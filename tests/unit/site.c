/* SPDX-License-Identifier: ISC */
/*
 * A machine in a directory, see site.h.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "scratch.h"
#include "site.h"

char *site_base;
char site_state[128];
char site_output[16384];

void
site_setup(void)
{
	const char *programs = getenv("B");

	site_base = scratch_of_root();
	(void)snprintf(site_state, sizeof(site_state), "%s/state", site_base);
	ck_assert_int_eq(mkdir(site_state, 0700), 0);
	ck_assert_int_eq(chown(site_state, SCRATCH_UID, SCRATCH_UID), 0);
	ck_assert_int_eq(site_run("cp %s/mta-sts %s/mta-sts && "
				  "echo state %s >%s/conf",
			     programs == NULL ? "build" : programs, site_base,
			     site_state, site_base),
	    0);
}

void
site_teardown(void)
{
	scratch_free(site_base);
}

int
site_run(const char *format, ...)
{
	char command[1024];
	size_t n;
	FILE *stream;
	va_list ap;
	int status;

	va_start(ap, format);
	(void)vsnprintf(command, sizeof(command), format, ap);
	va_end(ap);
	stream = popen(command, "r");
	ck_assert_ptr_nonnull(stream);
	n = fread(site_output, 1, sizeof(site_output) - 1, stream);
	site_output[n] = '\0';
	status = pclose(stream);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

int
site_mta_sts(const char *arguments)
{
	return site_run("cd %s && ./mta-sts -c conf %s 2>&1", site_base,
	    arguments);
}
