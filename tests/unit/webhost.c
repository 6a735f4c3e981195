/* SPDX-License-Identifier: ISC */
/*
 * A server in Python, see webhost.h.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "webhost.h"

char webhost_ca[300];
static pid_t server;
static int server_in;
static FILE *printed;

static void
launch(const char *script, const char *certs)
{
	int in[2], out[2];

	ck_assert_int_eq(pipe(in) | pipe(out), 0);
	server = fork();
	if (server == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		closefrom(3);
		(void)execl("/usr/bin/python3", "/usr/bin/python3",
		    "-BEWignore", script, certs, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	server_in = in[1];
	printed = fdopen(out[0], "r");
	ck_assert_ptr_nonnull(printed);
}

void
webhost_start(const char *name, const char *script, unsigned *port,
    size_t count)
{
	const char *base = getenv("B"), *next;
	char certs[256], command[600], *rest;
	size_t i;

	(void)snprintf(certs, sizeof(certs), "%s/tests/unit/%s.certs",
	    base == NULL ? "build" : base, name);
	(void)snprintf(webhost_ca, sizeof(webhost_ca), "%s/ca.pem", certs);
	(void)snprintf(command, sizeof(command), "tests/unit/certs.sh %s",
	    certs);
	ck_assert_int_eq(system(command), 0);
	launch(script, certs);
	next = webhost_line();
	for (i = 0; i < count; i++, next = rest) {
		port[i] = (unsigned)strtoul(next, &rest, 10);
		ck_assert_uint_ne(port[i], 0);
	}
}

void
webhost_stop(void)
{
	(void)close(server_in);
	(void)waitpid(server, NULL, 0);
	(void)fclose(printed);
}

const char *
webhost_line(void)
{
	static char line[4000];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), printed));
	line[strcspn(line, "\n")] = '\0';
	return line;
}
