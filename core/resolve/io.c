/* SPDX-License-Identifier: ISC */
/*
 * Carries a job's questions to dns.c, fetch.c and loop.c and their answers
 * back, see io.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/io.h"
#include "resolve/self.h"

#define QUERIES_PER_JOB 4

struct flight;

struct asked { /* one query under way */
	struct flight *flight;
	struct sts_dns_query *query; /* NULL: slot is free */
	char name[STS_DOMAIN_MAX + 1];
};

struct flight { /* what one job has under way */
	struct sts_net *net;
	struct sts_job *job;
	struct asked asked[QUERIES_PER_JOB];
	struct sts_fetch *fetch;
	struct sts_timer *timer;
};

struct sts_net {
	struct sts_io io;
	struct sts_loop *loop;
	struct sts_dns *dns;
	struct sts_fetcher *fetcher;
	char *ca_file, *ca_dir, *proxy; /* of a fetcher made when needed */
	struct sts_network *allow;
	size_t allow_count;
	void (*trace)(void *arg, const char *domain, const char *line);
	void *trace_arg;
};

static void
net_now(void *arg, struct sts_now *now)
{
	(void)arg;
	sts_clock_now(now);
}

static int64_t
net_ms(void *arg)
{
	(void)arg;
	return sts_clock_ms();
}

static struct flight *
flight_of(struct sts_net *net, struct sts_job *job)
{
	void **slot = sts_job_io(job);
	struct flight *flight = *slot;

	if (flight != NULL)
		return flight;
	flight = calloc(1, sizeof(*flight));
	if (flight == NULL)
		return NULL;
	flight->net = net;
	flight->job = job;
	*slot = flight;
	return flight;
}

static void
answered(void *arg, const struct sts_dns_answer *answer)
{
	struct asked *asked = arg;
	char name[STS_DOMAIN_MAX + 1];

	asked->query = NULL;
	(void)snprintf(name, sizeof(name), "%s", asked->name);
	sts_job_answer(asked->flight->job, name, answer);
}

static enum sts_rc
net_query(void *arg, struct sts_job *job, enum sts_dns_type type,
    const char *name, int64_t timeout_ms)
{
	struct sts_net *net = arg;
	struct flight *flight = flight_of(net, job);
	struct asked *asked;
	size_t i;

	if (flight == NULL)
		return STS_ENOMEM;
	for (i = 0; i < QUERIES_PER_JOB; i++)
		if (flight->asked[i].query == NULL)
			break;
	if (i == QUERIES_PER_JOB)
		return STS_ELOCAL;
	asked = &flight->asked[i];
	asked->flight = flight;
	(void)snprintf(asked->name, sizeof(asked->name), "%s", name);
	asked->query =
	    sts_dns_query(net->dns, name, type, timeout_ms, answered, asked);
	return asked->query == NULL ? STS_ELOCAL : STS_OK;
}

static void
fetched(void *arg, const struct sts_fetch_result *result)
{
	struct flight *flight = arg;

	flight->fetch = NULL;
	sts_job_fetched(flight->job, result);
}

/* The trust store is parsed once, and only in a process that needs it. */
static enum sts_rc
need_fetcher(struct sts_net *net, struct sts_error *err)
{
	if (net->fetcher != NULL)
		return STS_OK;
	return sts_fetcher_new(net->loop, net->ca_file, net->ca_dir, net->proxy,
	    &net->fetcher, err);
}

static enum sts_rc
net_fetch(void *arg, struct sts_job *job, const char *host,
    const struct sts_addr *addr, size_t count, int64_t timeout_ms,
    struct sts_error *err)
{
	struct sts_net *net = arg;
	struct flight *flight = flight_of(net, job);

	if (flight == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	if (need_fetcher(net, err) != STS_OK)
		return STS_ELOCAL;
	flight->fetch = sts_fetch_start(net->fetcher, host, STS_POLICY_PORT,
	    addr, count, timeout_ms, fetched, flight);
	if (flight->fetch == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	return STS_OK;
}

static void
woken(void *arg)
{
	struct flight *flight = arg;

	flight->timer = NULL;
	sts_job_woken(flight->job);
}

static enum sts_rc
net_sleep(void *arg, struct sts_job *job, int64_t ms)
{
	struct sts_net *net = arg;
	struct flight *flight = flight_of(net, job);

	if (flight == NULL)
		return STS_ENOMEM;
	flight->timer = sts_loop_timer(net->loop, ms, woken, flight);
	return flight->timer == NULL ? STS_ELOCAL : STS_OK;
}

static void
net_cancel(void *arg, struct sts_job *job)
{
	struct sts_net *net = arg;
	void **slot = sts_job_io(job);
	struct flight *flight = *slot;
	size_t i;

	if (flight == NULL)
		return;
	for (i = 0; i < QUERIES_PER_JOB; i++)
		if (flight->asked[i].query != NULL)
			sts_dns_cancel(flight->asked[i].query);
	if (flight->fetch != NULL)
		sts_fetch_cancel(flight->fetch);
	if (flight->timer != NULL)
		sts_loop_cancel(net->loop, flight->timer);
	*slot = NULL;
	free(flight);
}

static void
net_trace(void *arg, const char *domain, const char *line)
{
	struct sts_net *net = arg;

	if (net->trace != NULL)
		net->trace(net->trace_arg, domain, line);
}

static enum sts_rc
copy(char **out, const char *text, struct sts_error *err)
{
	if (text == NULL)
		return STS_OK;
	*out = strdup(text);
	return *out != NULL ? STS_OK
			    : sts_error_set(err, STS_ENOMEM, "no memory");
}

static enum sts_rc
parse_allowed(struct sts_net *net, const struct sts_config *config,
    struct sts_error *err)
{
	const struct sts_config_list *list = &config->allow_network;
	size_t i;

	net->allow = calloc(list->count + 1, sizeof(*net->allow));
	if (net->allow == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	for (i = 0; i < list->count; i++) {
		if (sts_network_parse(list->item[i].value, &net->allow[i],
			err) != STS_OK) {
			(void)sts_error_prefix(err, "%s:%u: allow-network",
			    config->path, list->item[i].line);
			return STS_ECONFIG;
		}
		net->allow_count++;
	}
	return STS_OK;
}

enum sts_rc
sts_net_new(const struct sts_config *config, struct sts_loop *loop,
    struct sts_net **out, struct sts_error *err)
{
	struct sts_net *net = calloc(1, sizeof(*net));
	enum sts_rc rc;

	if (net == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	net->loop = loop;
	net->io = (struct sts_io){
		.arg = net,
		.now = net_now,
		.ms = net_ms,
		.query = net_query,
		.fetch = net_fetch,
		.sleep = net_sleep,
		.cancel = net_cancel,
		.trace = net_trace,
	};
	rc = parse_allowed(net, config, err);
	if (rc == STS_OK)
		rc = copy(&net->ca_file, config->ca_file, err);
	if (rc == STS_OK)
		rc = copy(&net->ca_dir, config->ca_dir, err);
	if (rc == STS_OK)
		rc = copy(&net->proxy, config->proxy, err);
	if (rc == STS_OK)
		rc = sts_dns_new(loop, &config->resolver, config->trust_ad,
		    &net->dns, err);
	if (rc != STS_OK) {
		sts_net_free(net);
		return rc;
	}
	*out = net;
	return STS_OK;
}

void
sts_net_free(struct sts_net *net)
{
	if (net == NULL)
		return;
	sts_fetcher_free(net->fetcher);
	sts_dns_free(net->dns);
	free(net->allow);
	free(net->ca_file);
	free(net->ca_dir);
	free(net->proxy);
	free(net);
}

const struct sts_io *
sts_net_io(struct sts_net *net)
{
	return &net->io;
}

struct sts_dns *
sts_net_dns(struct sts_net *net)
{
	return net->dns;
}

void
sts_net_trace(struct sts_net *net,
    void (*fn)(void *arg, const char *domain, const char *line), void *arg)
{
	net->trace = fn;
	net->trace_arg = arg;
}

void
sts_net_options(const struct sts_net *net, const struct sts_config *config,
    struct sts_state *state, struct sts_resolver_options *options)
{
	memset(options, 0, sizeof(*options));
	options->state = state;
	options->timeout_ms = config->timeout * 1000;
	options->on_error = config->on_error;
	options->allow = net->allow;
	options->allow_count = net->allow_count;
}

void
sts_net_prober_setup(const struct sts_net *net, const struct sts_config *config,
    struct sts_state *state, struct sts_prober_setup *setup)
{
	memset(setup, 0, sizeof(*setup));
	setup->loop = net->loop;
	setup->dns = net->dns;
	setup->ca_file = net->ca_file;
	setup->ca_dir = net->ca_dir;
	setup->allow = net->allow;
	setup->allow_count = net->allow_count;
	setup->dir = state == NULL ? NULL : sts_state_dir(state);
	setup->port = STS_SMTP_PORT;
	sts_self_name(config, setup->helo);
}

void
sts_net_poster_setup(const struct sts_net *net, struct sts_poster_setup *setup)
{
	*setup = (struct sts_poster_setup){
		.loop = net->loop,
		.dns = net->dns,
		.ca_file = net->ca_file,
		.ca_dir = net->ca_dir,
		.proxy = net->proxy,
		.allow = net->allow,
		.allow_count = net->allow_count,
	};
}
