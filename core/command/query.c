/* SPDX-License-Identifier: ISC */
/*
 * "query": what holds for mail to a domain, found the way an MTA finds it.
 * First come the records that are only shown, then the lookup that decides.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/idn.h"
#include "command/findings.h"
#include "policy/record.h"
#include "resolve/mxlist.h"
#include "state/owner.h"

#define NAME_SIZE (STS_DOMAIN_MAX + 16) /* with _smtp._tls. in front */

struct query {
	const struct sts_call *call;
	struct sts_state *state; /* NULL: none that we may use */
	struct sts_crew crew;
	struct sts_prober *prober; /* --probe */
	char (*domain)[STS_DOMAIN_MAX + 1];
	char mx[STS_DOMAIN_MAX + 1]; /* --mx, normalised */
	int64_t started;             /* ms */
	enum sts_exit status;
};

struct asking { /* one domain under way */
	struct query *query;
	struct sts_findings found;
	unsigned pending; /* DNS questions */
};

/* On stdout among the findings, unless those have a form of their own. */
static void
trace_line(void *arg, const char *domain, const char *line)
{
	const struct query *query = arg;
	long long ms = sts_clock_ms() - query->started;
	char label[32];

	if (query->call->json || query->call->brief) {
		(void)sts_complain(STS_EXIT_YES, "%lld ms: %s: %s", ms, domain,
		    line);
		return;
	}
	(void)snprintf(label, sizeof(label), "%6lld ms", ms);
	sts_print(label, "%s: %s", domain, line);
}

static void
worsen(struct query *query, enum sts_exit status)
{
	if (status > query->status)
		query->status = status;
}

static void
asking_done(struct asking *asking)
{
	struct query *query = asking->query;

	sts_probing_clear(&asking->found.probing);
	free(asking);
	sts_crew_done(&query->crew);
}

static void
fill_basis(const struct query *query, const struct sts_outcome *outcome,
    struct sts_basis *basis)
{
	const struct sts_rules *rules = &query->call->rules;
	struct sts_now now;

	sts_clock_now(&now);
	basis->answer = outcome->answer;
	basis->cause = outcome->cause;
	basis->detail = outcome->reason;
	basis->policy = outcome->entry == NULL ? NULL : outcome->entry->policy;
	basis->excuse =
	    sts_rules_find(rules, STS_RULE_EXCUSE, outcome->domain, now.wall);
	basis->require =
	    sts_rules_find(rules, STS_RULE_REQUIRE, outcome->domain, now.wall);
	basis->on_dns_error = query->call->config.on_dns_error;
}

static void
looked_up(void *arg, const struct sts_outcome *outcome)
{
	struct asking *asking = arg;
	struct query *query = asking->query;

	fill_basis(query, outcome, &asking->found.basis);
	asking->found.outcome = outcome;
	worsen(query, sts_findings_print(query->call, &asking->found));
	asking_done(asking);
}

static void
start_lookup(void *arg)
{
	struct asking *asking = arg;
	struct query *query = asking->query;
	struct sts_error err;

	if (sts_job_start(sts_net_io(query->crew.net), &query->crew.options,
		asking->found.domain, looked_up, asking, &err) == STS_OK)
		return;
	worsen(query, sts_complain(sts_exit_status(err.rc), "%s: %s",
			  asking->found.domain, err.text));
	asking_done(asking);
}

static void
records_came(struct asking *asking)
{
	struct query *query = asking->query;

	if (query->call->probe)
		sts_probing_start(&asking->found.probing, &query->crew,
		    query->prober, &asking->found.mx, query->call->mx,
		    start_lookup, asking);
	else
		start_lookup(asking);
}

/* ---- records that are shown ------------------------------------------ */

static enum sts_rc
parse_record(const struct sts_txt_rr *txt, size_t count, char *text,
    struct sts_error *err)
{
	struct sts_record record;
	enum sts_rc rc = sts_record_parse(txt, count, &record, err);

	if (rc == STS_OK)
		(void)snprintf(text, STS_ERROR_MAX, "%s", record.id);
	return rc;
}

static enum sts_rc
parse_tlsrpt(const struct sts_txt_rr *txt, size_t count, char *text,
    struct sts_error *err)
{
	struct sts_tlsrpt_record record;
	enum sts_rc rc = sts_tlsrpt_record_parse(txt, count, &record, err);

	if (rc != STS_OK)
		return rc;
	(void)snprintf(text, STS_ERROR_MAX, "%s%s",
	    record.count == 0 ? "no usable address" : record.rua[0],
	    record.count > 1 ? " and more" : "");
	sts_tlsrpt_record_clear(&record);
	return rc;
}

static void
find_record(const struct sts_dns_answer *answer, struct sts_finding *finding,
    enum sts_rc (*parse)(const struct sts_txt_rr *txt, size_t count, char *text,
	struct sts_error *err))
{
	struct sts_txt_rr txt[STS_DNS_RR_MAX];
	struct sts_error err;
	enum sts_rc rc;
	size_t i;

	finding->state = STS_RECORD_NONE;
	if (answer->status == STS_DNS_NXDOMAIN ||
	    answer->status == STS_DNS_NODATA)
		return;
	if (answer->status != STS_DNS_OK) {
		finding->state = STS_RECORD_UNKNOWN;
		(void)snprintf(finding->text, sizeof(finding->text), "%s",
		    answer->reason);
		return;
	}
	for (i = 0; i < answer->count && i < STS_DNS_RR_MAX; i++) {
		txt[i].data = answer->rr[i].data;
		txt[i].len = answer->rr[i].len;
	}
	rc = parse(txt, i, finding->text, &err);
	if (rc == STS_OK) {
		finding->state = STS_RECORD_VALID;
	} else if (rc != STS_ENODATA) {
		finding->state = STS_RECORD_INVALID;
		(void)snprintf(finding->text, sizeof(finding->text), "%s",
		    err.text);
	}
}

static void
one_less_pending(struct asking *asking)
{
	if (--asking->pending == 0)
		records_came(asking);
}

static void
record_came(void *arg, const struct sts_dns_answer *answer)
{
	struct asking *asking = arg;

	find_record(answer, &asking->found.record, parse_record);
	one_less_pending(asking);
}

static void
tlsrpt_came(void *arg, const struct sts_dns_answer *answer)
{
	struct asking *asking = arg;

	find_record(answer, &asking->found.tlsrpt, parse_tlsrpt);
	one_less_pending(asking);
}

static void
mx_came(void *arg, const struct sts_dns_answer *answer)
{
	struct asking *asking = arg;
	struct sts_findings *found = &asking->found;
	char line[STS_ERROR_MAX];
	struct sts_now now;

	sts_clock_now(&now);
	found->mx_error.rc = sts_mxlist_from(answer, found->domain, now.wall,
	    &found->mx, &found->mx_error);
	(void)snprintf(line, sizeof(line), "dns: MX: %s, %zu RR, ttl %u%s",
	    sts_dns_status_name(answer->status), answer->count, answer->ttl,
	    answer->ad ? ", authenticated" : "");
	if (asking->query->call->verbose)
		trace_line(asking->query, found->domain, line);
	one_less_pending(asking);
}

/* What could not be asked for lack of memory is shown as not asked. */
static void
ask(struct asking *asking, const char *prefix, enum sts_dns_type type,
    sts_dns_fn came)
{
	struct query *query = asking->query;
	char name[NAME_SIZE];

	(void)snprintf(name, sizeof(name), "%s%s", prefix,
	    asking->found.domain);
	asking->pending++;
	if (sts_dns_query(sts_net_dns(query->crew.net), name, type,
		query->crew.options.timeout_ms, came, asking) == NULL)
		asking->pending--;
}

static void
read_stored_mx(struct asking *asking)
{
	struct sts_findings *found = &asking->found;

	(void)sts_error_set(&found->mx_error, STS_ENODATA,
	    "no MX list is stored");
	if (asking->query->state != NULL)
		found->mx_error.rc =
		    sts_mx_get(sts_state_dir(asking->query->state),
			found->domain, &found->mx, &found->mx_error);
}

static void
start(void *arg, size_t i)
{
	struct query *query = arg;
	struct asking *asking = calloc(1, sizeof(*asking));

	if (asking == NULL) {
		worsen(query, sts_complain(STS_EXIT_UNSURE, "no memory"));
		sts_crew_done(&query->crew);
		return;
	}
	asking->query = query;
	memcpy(asking->found.domain, query->domain[i],
	    sizeof(asking->found.domain));
	(void)sts_error_set(&asking->found.mx_error, STS_ENOMEM, "no memory");
	if (query->call->offline) {
		read_stored_mx(asking);
	} else {
		ask(asking, "_mta-sts.", STS_DNS_TXT, record_came);
		ask(asking, "_smtp._tls.", STS_DNS_TXT, tlsrpt_came);
		ask(asking, "", STS_DNS_MX, mx_came);
	}
	if (asking->pending == 0)
		records_came(asking);
}

/* ---- the whole ------------------------------------------------------- */

/* Is that what a third user and a host without an MTA may expect? */
static bool
is_no_fault(enum sts_rc rc)
{
	return rc == STS_ENODATA || (rc == STS_EIDENTITY && geteuid() != 0);
}

/*
 * Without a state there are live answers; if that is a fault, what the MTA
 * does is not known.  Root may not meet the network in any case.
 */
static enum sts_exit
open_state(struct query *query)
{
	const struct sts_call *call = query->call;
	struct sts_error err;
	enum sts_rc rc;

	rc = sts_call_state(call, call->offline ? STS_DIR_READ : STS_DIR_WRITE,
	    &query->state, &err);
	if (rc == STS_OK)
		return STS_EXIT_YES;
	query->state = NULL;
	if (rc == STS_ECONFIG || call->offline)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	if (!is_no_fault(rc))
		worsen(query, STS_EXIT_UNSURE);
	(void)sts_complain(STS_EXIT_YES, "no cache, looking up live: %s",
	    err.text);
	rc = sts_owner_nobody(&err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	return STS_EXIT_YES;
}

static enum sts_rc
open_prober(struct query *query, struct sts_error *err)
{
	const struct sts_call *call = query->call;
	struct sts_prober_setup setup;

	sts_net_prober_setup(query->crew.net, &call->config, query->state,
	    &setup);
	setup.fresh = call->fresh;
	return sts_prober_new(&setup, &query->prober, err);
}

static enum sts_exit
run_all(struct query *query)
{
	const struct sts_call *call = query->call;
	struct sts_error err;
	enum sts_rc rc;

	rc = sts_crew_open(&query->crew, &call->config, query->state, &err);
	if (rc != STS_OK)
		return sts_complain(sts_exit_status(rc), "%s", err.text);
	query->crew.options.force = call->fresh;
	query->crew.options.offline = call->offline;
	query->started = sts_clock_ms();
	if (call->verbose)
		sts_net_trace(query->crew.net, trace_line, query);
	rc = open_prober(query, &err);
	if (rc == STS_OK)
		rc = sts_crew_run(&query->crew, (size_t)call->argc, start,
		    query, &err);
	if (rc != STS_OK)
		worsen(query,
		    sts_complain(sts_exit_status(rc), "%s", err.text));
	sts_prober_free(query->prober);
	sts_crew_close(&query->crew);
	return query->status;
}

/* All names are checked before any is looked up. */
static enum sts_exit
read_names(struct query *query)
{
	const struct sts_call *call = query->call;
	int i;

	query->domain = calloc((size_t)call->argc, sizeof(*query->domain));
	if (query->domain == NULL)
		return sts_complain(STS_EXIT_UNSURE, "no memory");
	for (i = 0; i < call->argc; i++)
		if (!sts_call_domain(call->argv[i], query->domain[i]))
			return STS_EXIT_USAGE;
	if (call->mx != NULL && !sts_call_domain(call->mx, query->mx))
		return STS_EXIT_USAGE;
	return STS_EXIT_YES;
}

enum sts_exit
sts_run_query(struct sts_call *call)
{
	struct query query = { .call = call, .status = STS_EXIT_YES };
	enum sts_exit status = STS_EXIT_YES;

	if (call->fresh && call->offline)
		status = sts_complain(STS_EXIT_USAGE,
		    "query: --fresh and --offline exclude each other");
	if (call->probe && call->offline)
		status = sts_complain(STS_EXIT_USAGE,
		    "query: --probe and --offline exclude each other");
	if (call->brief && call->json)
		status = sts_complain(STS_EXIT_USAGE,
		    "query: --brief and --json exclude each other");
	if (status == STS_EXIT_YES)
		status = read_names(&query);
	if (call->mx != NULL)
		call->mx = query.mx;
	if (status == STS_EXIT_YES)
		status = open_state(&query);
	if (status == STS_EXIT_YES)
		status = run_all(&query);
	sts_state_free(query.state);
	free(query.domain);
	return status;
}
