/* SPDX-License-Identifier: ISC */
/*
 * Starting and asking smtp_server.py, see mailer.h.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mailer.h"

#define PORTS 64

char mailer_ca[300];
static char certs[256];
static struct {
	char name[80];
	unsigned port;
} ports[PORTS];
static size_t port_count;
static pid_t server;
static int server_in;
static FILE *heard; /* what the servers did hear */

static void
read_ports(void)
{
	char line[80], *space;

	while (fgets(line, sizeof(line), heard) != NULL && *line != '.') {
		space = strchr(line, ' ');
		ck_assert_ptr_nonnull(space);
		*space = '\0';
		ck_assert_uint_lt(port_count, PORTS);
		(void)snprintf(ports[port_count].name,
		    sizeof(ports[port_count].name), "%s", line);
		ports[port_count++].port =
		    (unsigned)strtoul(space + 1, NULL, 10);
	}
	ck_assert_uint_gt(port_count, 0);
}

void
mailer_certs(void)
{
	const char *base = getenv("B");
	char command[600];

	/* Each test program its own: they run side by side. */
	(void)snprintf(certs, sizeof(certs), "%s/tests/unit/%s.certs",
	    base == NULL ? "build" : base, program_invocation_short_name);
	(void)snprintf(mailer_ca, sizeof(mailer_ca), "%s/ca.pem", certs);
	(void)snprintf(command, sizeof(command), "tests/unit/certs.sh %s",
	    certs);
	ck_assert_int_eq(system(command), 0);
}

void
mailer_start(void)
{
	int in[2], out[2];

	ck_assert_int_eq(pipe(in) | pipe(out), 0);
	server = fork();
	if (server == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		closefrom(3);
		(void)execl("/usr/bin/python3", "/usr/bin/python3",
		    "-BEWignore", "tests/unit/smtp_server.py", certs,
		    (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	server_in = in[1];
	heard = fdopen(out[0], "r");
	ck_assert_ptr_nonnull(heard);
	read_ports();
}

void
mailer_stop(void)
{
	(void)close(server_in);
	(void)waitpid(server, NULL, 0);
	(void)fclose(heard);
}

unsigned
mailer_port(const char *name)
{
	size_t i;

	for (i = 0; strcmp(ports[i].name, name) != 0; i++)
		ck_assert_uint_lt(i + 1, port_count);
	return ports[i].port;
}

const char *
mailer_heard(void)
{
	static char line[400];

	ck_assert_ptr_nonnull(fgets(line, sizeof(line), heard));
	line[strcspn(line, "\n")] = '\0';
	return line;
}
