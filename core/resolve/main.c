/* SPDX-License-Identifier: ISC */
/*
 * mta-sts-resolve: the one program that meets the network for an MTA.  One
 * domain per run, or with -s verbs on stdin, many at once, one result line
 * each in the order of completion.  Works as the owner of the state.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/domain.h"
#include "base/idn.h"
#include "config.h"
#include "policy/answer.h"
#include "resolve/io.h"
#include "resolve/mxask.h"
#include "resolve/verb.h"
#include "state/owner.h"

#define EXIT_UNSURE 2
#define EXIT_USAGE  64

/* Verbs under way with -s: mail to others must not wait for slow domains, and
 * each verb may have some of the 1024 descriptors that the spawner allows. */
#define SERVED_MAX 200

struct server {
	struct sts_config config;
	struct sts_loop *loop;
	struct sts_net *net;
	struct sts_state *state;
	struct sts_resolver_options options;
	struct sts_prober *prober;
	bool serving; /* -s */
	bool eof;
	size_t busy; /* verbs under way */
	struct sts_verb_reader reader;
	int status;
};

static void read_verbs(void *arg, int fd, int events);

static void
put_line(struct sts_buf *line)
{
	const char *p;
	size_t left;
	ssize_t n;

	if (sts_buf_add(line, "\n", 1) != STS_OK)
		errx(EXIT_UNSURE, "result line: no memory");
	p = line->data;
	for (left = line->len; left > 0; left -= (size_t)n, p += n) {
		n = write(STDOUT_FILENO, p, left);
		if (n == -1 && errno == EINTR)
			n = 0;
		if (n == -1) /* nobody listens any more */
			exit(EXIT_UNSURE);
	}
	sts_buf_clear(line);
}

static void
put_error(struct server *server, const char *verb, const char *domain,
    const struct sts_error *error)
{
	struct sts_buf line;

	sts_buf_init(&line, STS_VERB_ANSWER_MAX);
	(void)sts_verb_fail(&line, verb, domain, error);
	put_line(&line);
	server->status = EXIT_UNSURE;
}

/* A verb has been answered: go on reading, or end. */
static void
verb_done(struct server *server)
{
	server->busy--;
	if (server->eof && server->busy == 0) {
		sts_loop_stop(server->loop);
		return;
	}
	if (!server->eof && server->serving &&
	    sts_loop_watch(server->loop, STDIN_FILENO, STS_LOOP_READ,
		read_verbs, server) != STS_OK)
		errx(EXIT_UNSURE, "stdin: no memory");
}

static void
no_memory(struct server *server, const char *verb, const char *domain)
{
	struct sts_error error;

	(void)sts_error_set(&error, STS_ENOMEM, "no memory");
	put_error(server, verb, domain, &error);
	verb_done(server);
}

static void
policy_done(void *arg, const struct sts_outcome *outcome)
{
	struct server *server = arg;
	struct sts_answer_line answer = { 0 };
	struct sts_buf line;

	(void)snprintf(answer.domain, sizeof(answer.domain), "%s",
	    outcome->domain);
	(void)snprintf(answer.source, sizeof(answer.source), "%s",
	    outcome->source);
	(void)snprintf(answer.reason, sizeof(answer.reason), "%s",
	    outcome->reason);
	answer.answer = outcome->answer;
	answer.cause = outcome->cause;
	answer.stored = outcome->stored;
	answer.tlsrpt = outcome->tlsrpt;
	if (outcome->entry != NULL) {
		(void)snprintf(answer.id, sizeof(answer.id), "%s",
		    outcome->entry->id);
		answer.expires = outcome->entry->expires;
		answer.policy = outcome->entry->policy;
	}
	sts_buf_init(&line, STS_ANSWER_LINE_MAX);
	if (sts_answer_format(&answer, &line) != STS_OK)
		errx(EXIT_UNSURE, "%s: result line: no memory",
		    outcome->domain);
	put_line(&line);
	if (outcome->answer == STS_ANSWER_UNKNOWN ||
	    outcome->answer == STS_ANSWER_DAMAGED)
		server->status = EXIT_UNSURE;
	verb_done(server);
}

static void
verb_policy(struct server *server, const char *domain, const char *address)
{
	struct sts_error error;

	(void)address;
	server->busy++;
	if (sts_job_start(sts_net_io(server->net), &server->options, domain,
		policy_done, server, &error) == STS_OK)
		return;
	put_error(server, "policy", domain, &error);
	verb_done(server);
}

static void
put_mx(const struct sts_mx_list *list)
{
	struct sts_buf line;
	size_t i;

	sts_buf_init(&line, (STS_MX_LIST_MAX + 2) * (STS_DOMAIN_MAX + 16));
	(void)sts_buf_printf(&line,
	    "mx %s ad=%d implicit=%d until=%lld mx=", list->domain, list->ad,
	    list->implicit, (long long)list->until);
	for (i = 0; i < list->count; i++)
		(void)sts_buf_printf(&line, "%s%u:%s", i == 0 ? "" : ",",
		    list->host[i].preference,
		    list->host[i].name[0] == '\0' ? "." : list->host[i].name);
	put_line(&line);
}

static void
store_mx(struct server *server, struct sts_mx_list *list)
{
	struct sts_error error;

	if (server->state != NULL &&
	    sts_mx_renew(sts_state_dir(server->state), list, &error) != STS_OK)
		warnx("%s: MX list not stored: %s", list->domain, error.text);
}

static void
mx_done(void *arg, const char *domain, struct sts_mx_list *list,
    const struct sts_error *error)
{
	struct server *server = arg;

	if (list != NULL) {
		store_mx(server, list);
		put_mx(list);
	} else {
		put_error(server, "mx", domain, error);
	}
	verb_done(server);
}

static void
verb_mx(struct server *server, const char *domain, const char *address)
{
	(void)address;
	server->busy++;
	if (sts_mxask_start(sts_net_dns(server->net), &server->config, domain,
		server->options.timeout_ms, mx_done, server) == NULL)
		no_memory(server, "mx", domain);
}

static void
probe_done(void *arg, const struct sts_probed *probed)
{
	struct server *server = arg;
	struct sts_buf line;

	sts_buf_init(&line, STS_PROBED_LINE_MAX + 1);
	if (sts_probed_format(probed, &line) != STS_OK)
		errx(EXIT_UNSURE, "%s: result line: no memory", probed->host);
	put_line(&line);
	verb_done(server);
}

/* ADDRESS NULL: whichever it has. */
static void
verb_probe(struct server *server, const char *host, const char *address)
{
	struct sts_prober *prober = server->prober;
	int64_t ms = server->options.timeout_ms;
	struct sts_error error;
	struct sts_addr addr;
	bool begun;

	if (address != NULL && !sts_addr_parse(address, &addr)) {
		(void)sts_error_set(&error, STS_EUSAGE, "not an address");
		put_error(server, "probe", host, &error);
		return;
	}
	server->busy++;
	if (address == NULL)
		begun = sts_round_start(prober, host, ms, probe_done, server);
	else
		begun =
		    sts_prober_ask(prober, host, &addr, ms, probe_done, server);
	if (!begun)
		no_memory(server, "probe", host);
}

static const struct verb {
	const char *name;
	bool takes_address;
	void (*run)(struct server *server, const char *domain,
	    const char *address);
} verbs[] = {
	{ "policy", false, verb_policy },
	{ "mx", false, verb_mx },
	{ "probe", true, verb_probe },
};
#define VERBS (sizeof(verbs) / sizeof(verbs[0]))

static const struct verb *
find_verb(const char *name)
{
	size_t i;

	for (i = 0; i < VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

/* NAME [ SP address ] */
static void
run_verb(struct server *server, const char *word, const char *name)
{
	const struct verb *verb = find_verb(word);
	char text[STS_VERB_LINE_MAX], domain[STS_DOMAIN_MAX + 1], *address;
	struct sts_error error;

	if (verb == NULL) {
		(void)sts_error_set(&error, STS_EUSAGE, "unknown verb");
		put_error(server, "verb", word, &error);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s", name);
	address = verb->takes_address ? strchr(text, ' ') : NULL;
	if (address != NULL)
		*address++ = '\0';
	if (sts_idn_normalize(text, domain, &error) != STS_OK)
		put_error(server, word, name, &error);
	else
		verb->run(server, domain, address);
}

static void
run_line(struct server *server, const struct sts_verb *verb)
{
	struct sts_error error;

	if (verb->name != NULL) {
		run_verb(server, verb->word, verb->name);
		return;
	}
	(void)sts_error_set(&error, STS_EUSAGE, "not \"VERB DOMAIN\"");
	put_error(server, "line", verb->word, &error);
}

static void
read_verbs(void *arg, int fd, int events)
{
	struct server *server = arg;
	char chunk[STS_VERB_LINE_MAX];
	struct sts_verb verb;
	ssize_t n, i;

	(void)events;
	n = read(fd, chunk, sizeof(chunk));
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	for (i = 0; i < n; i++)
		if (sts_verb_take(&server->reader, chunk[i], &verb))
			run_line(server, &verb);
	server->eof = n <= 0;
	if ((server->eof || server->busy >= SERVED_MAX) &&
	    sts_loop_watch(server->loop, fd, 0, read_verbs, server) != STS_OK)
		errx(EXIT_UNSURE, "stdin: no memory");
	if (server->eof && server->busy == 0)
		sts_loop_stop(server->loop);
}

/*
 * Without a state a live answer would be all there is, and the operator
 * must have said that this is good enough ("on-error live").
 */
static void
open_state(struct server *server, const char *path)
{
	struct sts_error error;

	if (sts_owner_become(path, &error) == STS_OK &&
	    sts_state_open(path, STS_DIR_WRITE, &server->state, &error) ==
		STS_OK)
		return;
	if (geteuid() == 0 || server->config.on_error != STS_ON_ERROR_LIVE)
		errx(EXIT_UNSURE, "%s", error.text);
	warnx("%s; answers are not stored", error.text);
}

static void
open_prober(struct server *server)
{
	struct sts_prober_setup setup;
	struct sts_error error;

	sts_net_prober_setup(server->net, &server->config, server->state,
	    &setup);
	if (sts_prober_new(&setup, &server->prober, &error) != STS_OK)
		errx(EXIT_UNSURE, "%s", error.text);
}

static void
open_server(struct server *server, const char *config, const char *state)
{
	struct sts_error error;

	if (sts_config_read(&server->config,
		config == NULL ? STS_CONFIG_FILE : config, config == NULL,
		&error) != STS_OK)
		errx(EXIT_USAGE, "%s", error.text);
	if (state == NULL)
		state = server->config.state;
	if (state == NULL)
		errx(EXIT_USAGE, "no state directory: use -d or \"state\"");
	open_state(server, state);
	if (sts_loop_new(&server->loop, &error) != STS_OK ||
	    sts_net_new(&server->config, server->loop, &server->net, &error) !=
		STS_OK)
		errx(error.rc == STS_ECONFIG ? EXIT_USAGE : EXIT_UNSURE, "%s",
		    error.text);
	sts_net_options(server->net, &server->config, server->state,
	    &server->options);
	open_prober(server);
}

static void
close_server(struct server *server)
{
	sts_prober_free(server->prober);
	sts_net_free(server->net);
	sts_loop_free(server->loop);
	sts_state_free(server->state);
	sts_config_clear(&server->config);
}

static void __attribute__((noreturn)) usage(void)
{
	(void)fputs("usage: mta-sts-resolve [-c config] [-d state] domain\n"
		    "       mta-sts-resolve [-c config] [-d state] -s\n",
	    stderr);
	exit(EXIT_USAGE);
}

int
main(int argc, char *argv[])
{
	struct server server = { .serving = false };
	const char *config = NULL, *state = NULL;
	struct sts_error error;
	int ch;

	while ((ch = getopt(argc, argv, "c:d:s")) != -1) {
		if (ch == 'c')
			config = optarg;
		else if (ch == 'd')
			state = optarg;
		else if (ch == 's')
			server.serving = true;
		else
			usage();
	}
	if (argc - optind != (server.serving ? 0 : 1))
		usage();
	(void)signal(SIGPIPE, SIG_IGN);
	open_server(&server, config, state);
	if (server.serving) {
		if (sts_loop_watch(server.loop, STDIN_FILENO, STS_LOOP_READ,
			read_verbs, &server) != STS_OK)
			errx(EXIT_UNSURE, "stdin: no memory");
	} else {
		server.eof = true;
		run_verb(&server, "policy", argv[optind]);
	}
	if ((server.serving || server.busy > 0) &&
	    sts_loop_run(server.loop, &error) != STS_OK)
		errx(EXIT_UNSURE, "%s", error.text);
	close_server(&server);
	return server.status;
}
