/* SPDX-License-Identifier: ISC */
/*
 * Probes of a domain's MX hosts, see probing.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "command/probing.h"
#include "resolve/address.h"

#define HOSTS_AT_ONCE 8

struct work {
	struct sts_probing *probing;
	struct sts_crew *crew;
	struct sts_prober *prober;
	const char *host[STS_MX_LIST_MAX];
	size_t count, next;
	size_t busy; /* hosts under way */
	void (*fn)(void *arg);
	void *arg;
};

struct trial { /* of one host */
	struct work *work;
	const char *host;
	size_t pending; /* addresses */
};

struct answer { /* of one address, to be put where it belongs */
	struct trial *trial;
	size_t slot;
};

static void start_more(struct work *work);

/* A new slot at the end; false: no memory. */
static bool
grow(struct sts_probing *probing, const char *host)
{
	struct sts_probed *probed;

	probed =
	    reallocarray(probing->probed, probing->count + 1, sizeof(*probed));
	if (probed == NULL)
		return false;
	probing->probed = probed;
	probed += probing->count++;
	memset(probed, 0, sizeof(*probed));
	probed->result = STS_ELOCAL;
	(void)snprintf(probed->host, sizeof(probed->host), "%s", host);
	(void)snprintf(probed->reason, sizeof(probed->reason), "no memory");
	return true;
}

static void
one_less(struct trial *trial)
{
	struct work *work = trial->work;

	if (--trial->pending > 0)
		return;
	free(trial);
	work->busy--;
	start_more(work);
}

static void
probed_one(void *arg, const struct sts_probed *probed)
{
	struct answer *answer = arg;
	struct trial *trial = answer->trial;

	trial->work->probing->probed[answer->slot] = *probed;
	free(answer);
	one_less(trial);
}

static void
probe_one(struct trial *trial, const struct sts_addr *addr)
{
	struct work *work = trial->work;
	struct answer *answer;

	if (!grow(work->probing, trial->host))
		return;
	answer = calloc(1, sizeof(*answer));
	if (answer == NULL)
		return;
	answer->trial = trial;
	answer->slot = work->probing->count - 1;
	if (sts_prober_ask(work->prober, trial->host, addr,
		work->crew->options.timeout_ms, probed_one, answer) != NULL)
		trial->pending++;
	else
		free(answer);
}

static void
no_address(struct trial *trial, const struct sts_error *err)
{
	struct sts_probing *probing = trial->work->probing;
	struct sts_probed *probed;
	struct sts_now now;

	if (!grow(probing, trial->host))
		return;
	probed = &probing->probed[probing->count - 1];
	sts_clock_glance(&now);
	probed->at = now.wall;
	if (err->rc != STS_ELOCAL)
		probed->result = STS_EUNREACHABLE;
	(void)snprintf(probed->reason, sizeof(probed->reason), "%.*s",
	    (int)sizeof(probed->reason) - 1, err->text);
}

static void
addresses_came(void *arg, const struct sts_addresses *found)
{
	struct trial *trial = arg;
	size_t i;

	for (i = 0; i < found->count; i++)
		probe_one(trial, &found->addr[i]);
	if (found->count == 0)
		no_address(trial, &found->error);
	one_less(trial);
}

static void
start_host(struct work *work, const char *host)
{
	struct trial *trial = calloc(1, sizeof(*trial));

	if (trial != NULL) {
		*trial = (struct trial){ work, host, 1 };
		if (sts_address_start(sts_net_dns(work->crew->net), host,
			work->crew->options.timeout_ms, addresses_came,
			trial) != NULL) {
			work->busy++;
			return;
		}
	}
	free(trial);
	(void)!grow(work->probing, host);
}

static void
start_more(struct work *work)
{
	void (*fn)(void *arg) = work->fn;
	void *arg = work->arg;

	while (work->next < work->count && work->busy < HOSTS_AT_ONCE)
		start_host(work, work->host[work->next++]);
	if (work->busy > 0)
		return;
	free(work);
	fn(arg);
}

void
sts_probing_start(struct sts_probing *probing, struct sts_crew *crew,
    struct sts_prober *prober, const struct sts_mx_list *list, const char *host,
    void (*fn)(void *arg), void *arg)
{
	struct work *work = calloc(1, sizeof(*work));
	size_t i;

	if (work == NULL) {
		fn(arg);
		return;
	}
	work->probing = probing;
	work->crew = crew;
	work->prober = prober;
	work->fn = fn;
	work->arg = arg;
	if (host != NULL)
		work->host[work->count++] = host;
	for (i = 0; host == NULL && i < list->count; i++)
		if (list->host[i].name[0] != '\0') /* RFC 7505 */
			work->host[work->count++] = list->host[i].name;
	start_more(work);
}

void
sts_probing_clear(struct sts_probing *probing)
{
	free(probing->probed);
	memset(probing, 0, sizeof(*probing));
}

/* ---- what came of it --------------------------------------------------- */

/* What was found of HOST, the first behind *AT; NULL when there is no more. */
static const struct sts_probed *
next_of(const struct sts_probing *probing, const char *host, size_t *at)
{
	while (*at < probing->count)
		if (strcmp(probing->probed[(*at)++].host, host) == 0)
			return &probing->probed[*at - 1];
	return NULL;
}

void
sts_probing_print(const struct sts_probing *probing, const char *host,
    const char *label)
{
	const struct sts_probed *probed;
	size_t at = 0;

	while ((probed = next_of(probing, host, &at)) != NULL)
		sts_print(label, "%s%s%s: %s%s%s: %s", host,
		    probed->address[0] == '\0' ? "" : " ", probed->address,
		    sts_rc_name(probed->result),
		    probed->tls[0] == '\0' ? "" : ", ", probed->tls,
		    probed->reason);
}

void
sts_probing_json(const struct sts_probing *probing, const char *host,
    struct sts_json *json)
{
	const struct sts_probed *probed;
	char when[STS_TIME_TEXT];
	size_t at = 0;

	sts_json_array(json, "probes");
	while ((probed = next_of(probing, host, &at)) != NULL) {
		sts_json_object(json, NULL);
		sts_json_str(json, "address",
		    probed->address[0] == '\0' ? NULL : probed->address);
		sts_json_str(json, "result", sts_rc_name(probed->result));
		sts_json_str(json, "result_type",
		    sts_rc_result_type(probed->result));
		sts_json_str(json, "tls",
		    probed->tls[0] == '\0' ? NULL : probed->tls);
		sts_json_str(json, "reason", probed->reason);
		sts_json_str(json, "at", sts_time_text(probed->at, when));
		sts_json_close(json);
	}
	sts_json_close(json);
}

enum sts_exit
sts_probing_status(const struct sts_probing *probing, const char *host)
{
	const struct sts_probed *probed;
	bool passed = false, failed = false;
	size_t at = 0, count = 0;

	while ((probed = next_of(probing, host, &at)) != NULL) {
		count++;
		if (sts_rc_result_type(probed->result) != NULL)
			return STS_EXIT_NO;
		passed |= probed->result == STS_OK;
		failed |= probed->result == STS_EUNREACHABLE;
	}
	if (passed || count == 0)
		return STS_EXIT_YES;
	return failed ? STS_EXIT_NO : STS_EXIT_UNSURE;
}
