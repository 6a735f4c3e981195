/* SPDX-License-Identifier: ISC */
/*
 * filter-mta-sts: smtpd starts it, tells it of sessions and asks it about
 * recipients; smtpd ends when it ends.  So after the registration nothing
 * ends it but the end of its standard input, and nothing makes it wait.
 * filter-mta-sts(8) is the manual.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/sandbox.h"
#include "config.h"
#include "front.h"
#include "lines.h"
#include "outbound.h"
#include "persist.h"
#include "quota.h"
#include "report/expected.h"
#include "self.h"
#include "sts.h"
#include "wish.h"

#define EXIT_USAGE  64 /* EX_USAGE, also for the configuration */
#define CHUNK       65536
#define OUT_MAX     (1 << 24) /* octets for smtpd that it has not read */
#define OUT_ENOUGH  (1 << 16) /* so many, and we read no more from it */
#define TICK_BUSY   100       /* ms */
#define TICK_IDLE   1000
#define WISH_EVERY  15000 /* ms between two equal wishes */
#define WISH_RETRY  1000  /* ms until the socket is tried again */
#define PATIENCE    3     /* times the timeout of one lookup */
#define NETWORK_MAX 256

struct program {
	struct sts *sts;
	struct sts_client_rules rules;
	struct sts_network network[NETWORK_MAX];
	struct sts_front front;
	struct sts_spawner spawner;
	struct sts_asker *asker;
	struct sts_standing standing;
	struct sts_inquiries *inquiries;
	struct sts_outbound *outbound;
	struct sts_lines lines;
	struct sts_buf out;
	bool complained;
	int wish; /* socket, -1: not yet */
	int64_t wish_retry;
	struct sts_quota quota;
	int64_t now;
	char chunk[CHUNK];
};

static struct program program; /* too large for a stack */

/* smtpd puts our standard error into its log, with our name before it. */
static void
log_line(void *arg, enum sts_level level, const char *line)
{
	(void)arg;
	(void)level;
	(void)dprintf(STDERR_FILENO, "%s\n", line);
}

/* ---- what the parts call -------------------------------------------------- */

static void
say(void *arg, const char *line)
{
	struct program *p = arg;

	if (sts_buf_printf(&p->out, "%s\n", line) == STS_OK)
		return;
	p->out.rc = STS_OK; /* whole lines only, and the next may fit */
	sts_log(sts_log_of(p->sts), STS_LOG_ERROR,
	    "no memory for an answer to smtpd");
}

static void
inquire(void *arg, const char *domain, const struct sts_inquiry_client *client)
{
	struct program *p = arg;

	sts_inquiry_begin(p->inquiries, domain, client, p->now);
}

static void
outgoing(void *arg, const struct sts_smtpd_event *event)
{
	struct program *p = arg;

	sts_outbound_event(p->outbound, event, p->now);
}

static bool
is_report(void *arg, const char *recipient)
{
	struct program *p = arg;
	struct sts_state *state = NULL;
	struct sts_now now;

	if (sts_config_of(p->sts)->report_from != NULL)
		state = sts_state_of(p->sts, NULL);
	sts_clock_glance(&now);
	return state != NULL &&
	       sts_expected_begins(sts_state_dir(state), recipient, now.wall);
}

static void
complain(void *arg, const char *why)
{
	struct program *p = arg;

	if (!p->complained)
		sts_log(sts_log_of(p->sts), STS_LOG_WARNING,
		    "smtpd is not understood: %s", why);
	p->complained = true;
}

static bool
ask(void *arg, enum sts_asker_verb verb, const char *name, int64_t now)
{
	struct program *p = arg;

	return sts_asker_ask(p->asker, verb, name, now);
}

static void
answer(void *arg, const struct sts_inquiry_client *client, const char *refusal)
{
	struct program *p = arg;

	sts_front_answer(&p->front, client, refusal);
}

static void
learned(void *arg, const char *domain, const struct sts_probed *probed)
{
	struct program *p = arg;

	sts_outbound_learned(p->outbound, domain, probed, p->now);
	if (probed->result == STS_EMXPOLICY)
		sts_log(sts_log_of(p->sts), STS_LOG_NOTICE,
		    "no MX permitted by policy domain=%s", domain);
	else if (probed->result != STS_OK)
		sts_log(sts_log_of(p->sts), STS_LOG_NOTICE,
		    "probe failed domain=%s mx=%s result=%s: %s", domain,
		    probed->host, sts_rc_name(probed->result), probed->reason);
}

static void
answered(void *arg, enum sts_asker_verb verb, const char *name,
    const char *line, size_t len)
{
	struct program *p = arg;

	sts_inquiry_answered(p->inquiries, verb, name, line, len, p->now);
	sts_outbound_answered(p->outbound, verb, name, line, len, p->now);
}

/* ---- wishes of the table -------------------------------------------------- */

static void
fulfil(struct program *p, const struct sts_wish *wish)
{
	char text[STS_WISH_TEXT_MAX];

	if (wish->kind == STS_WISH_CHOSEN) {
		sts_outbound_chosen(p->outbound, wish->domain, wish->host,
		    p->now);
		return;
	}
	(void)sts_wish_format(wish, text);
	if (sts_quota_take(&p->quota, text, p->now))
		sts_inquiry_begin(p->inquiries, wish->domain, NULL, p->now);
}

static void
hear_wishes(struct program *p)
{
	struct sts_wish wish;
	struct sts_error err;
	enum sts_rc rc;

	if (p->wish == -1 && p->now >= p->wish_retry) {
		p->wish_retry = p->now + WISH_RETRY;
		if (sts_wish_listen(sts_state_path(p->sts), &p->wish, &err) !=
		    STS_OK)
			p->wish = -1;
	}
	if (p->wish == -1)
		return;
	while ((rc = sts_wish_receive(p->wish, &wish, &err)) == STS_OK ||
	       rc == STS_EUSAGE)
		if (rc == STS_OK)
			fulfil(p, &wish);
}

/* ---- smtpd ---------------------------------------------------------------- */

/* False at the end: smtpd is gone. */
static bool
hear_smtpd(struct program *p)
{
	ssize_t n = read(STDIN_FILENO, p->chunk, sizeof(p->chunk));

	if (n > 0)
		sts_lines_feed(&p->lines, p->chunk, (size_t)n, sts_front_line,
		    &p->front);
	return n > 0 || (n == -1 && (errno == EAGAIN || errno == EINTR));
}

static void
tell_smtpd(struct program *p)
{
	struct sts_buf *out = &p->out;
	ssize_t n;

	if (out->len == 0)
		return;
	n = write(STDOUT_FILENO, out->data, out->len);
	if (n <= 0)
		return; /* later; or nobody is there, as reading will tell */
	out->len -= (size_t)n;
	memmove(out->data, out->data + n, out->len + 1);
}

enum source {
	FROM_SMTPD,
	TO_SMTPD,
	WISHES,
	ASKER,
	SOURCES = ASKER + STS_ASKER_FDS
};

static void
wait_for_work(const struct program *p, struct pollfd poller[SOURCES])
{
	bool busy = sts_asker_busy(p->asker) ||
		    sts_inquiry_busy(p->inquiries) ||
		    sts_outbound_busy(p->outbound);

	poller[FROM_SMTPD] =
	    (struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN };
	poller[TO_SMTPD] = (struct pollfd){ .fd = -1 };
	poller[WISHES] = (struct pollfd){ .fd = p->wish, .events = POLLIN };
	if (p->out.len > 0)
		poller[TO_SMTPD] =
		    (struct pollfd){ .fd = STDOUT_FILENO, .events = POLLOUT };
	if (p->out.len > OUT_ENOUGH)
		poller[FROM_SMTPD].fd = -1;
	sts_asker_poll(p->asker, &poller[ASKER]);
	if (poll(poller, SOURCES, busy ? TICK_BUSY : TICK_IDLE) == -1)
		poller[FROM_SMTPD].revents = 0;
}

static void
serve(struct program *p)
{
	struct pollfd poller[SOURCES];
	bool open = true;

	while (open) {
		wait_for_work(p, poller);
		p->now = sts_clock_ms();
		hear_wishes(p); /* what is chosen is chosen before it is used */
		if (poller[FROM_SMTPD].revents != 0)
			open = hear_smtpd(p);
		sts_asker_step(p->asker, p->now);
		sts_inquiry_tick(p->inquiries, p->now);
		sts_outbound_tick(p->outbound, p->now);
		tell_smtpd(p);
	}
}

/* ---- start ---------------------------------------------------------------- */

static bool
parse_options(int argc, char *argv[], struct sts_options *options,
    struct sts_client_rules *rules)
{
	int option;

	while ((option = getopt(argc, argv, "c:d:s:")) != -1) {
		if (option == 'c')
			options->config = optarg;
		else if (option == 'd')
			options->state = optarg;
		else if (option != 's' ||
			 !sts_addr_parse_port(optarg, &rules->address,
			     &rules->port) ||
			 rules->port == 0)
			return false;
	}
	return optind == argc;
}

static int
refuse(const char *why)
{
	(void)fprintf(stderr, "filter-mta-sts: %s\n", why);
	return EXIT_USAGE;
}

/* The resolver has our configuration and state, whatever its own defaults. */
static enum sts_rc
start_spawner(struct program *p, const char *config, struct sts_error *err)
{
	const char *argv[] = { STS_RESOLVE_PROGRAM, "-s", "-d",
		sts_state_path(p->sts), "-c", config, NULL };

	if (config == NULL)
		argv[4] = NULL;
	return sts_spawner_start(STS_RESOLVE_PROGRAM,
	    (char *const *)(const void *)argv, &p->spawner, err);
}

static enum sts_rc
read_networks(struct program *p, struct sts_error *err)
{
	const struct sts_config_list *list =
	    &sts_config_of(p->sts)->outbound_network;
	enum sts_rc rc = STS_OK;
	size_t i;

	if (list->count > NETWORK_MAX)
		return sts_error_set(err, STS_ECONFIG,
		    "more than %d times outbound-network", NETWORK_MAX);
	for (i = 0; i < list->count && rc == STS_OK; i++)
		rc =
		    sts_network_parse(list->item[i].value, &p->network[i], err);
	p->rules.network = p->network;
	p->rules.count = list->count;
	return rc;
}

static enum sts_rc
make_parts(struct program *p, const char *config, struct sts_error *err)
{
	const struct sts_front_user user = { say, inquire, outgoing, is_report,
		complain, p };
	const struct sts_inquiry_io io = { ask, answer, learned, p };
	const struct sts_outbound_io ask_io = { ask, p };
	int64_t patience = PATIENCE * 1000 * sts_config_of(p->sts)->timeout;
	enum sts_rc rc;

	p->standing.sts = p->sts;
	sts_self_name(p->standing.salt);
	rc = read_networks(p, err);
	if (rc == STS_OK)
		rc = start_spawner(p, config, err);
	if (rc == STS_OK)
		rc = sts_front_init(&p->front, &p->rules, &user, err);
	if (rc == STS_OK)
		rc = sts_asker_new(&p->spawner, patience, sts_log_of(p->sts),
		    answered, p, &p->asker, err);
	if (rc == STS_OK)
		rc = sts_inquiries_new(&p->standing, &io, &p->inquiries, err);
	if (rc == STS_OK)
		rc = sts_outbound_new(p->sts, &ask_io, &p->outbound, err);
	return rc;
}

/* What we change is below the state; it may be made anew, so the directory
 * that holds it is what stays open to us. */
static void
give_up_rights(const struct program *p)
{
	struct sts_sandbox sandbox = { .writable = NULL };
	const char *state = sts_state_path(p->sts);
	const char *slash = strrchr(state, '/');
	char holder[PATH_MAX];
	struct sts_error err;

	(void)snprintf(holder, sizeof(holder), "%.*s",
	    slash == NULL ? 0 : (int)(slash - state), state);
	sandbox.writable = holder[0] == '\0' ? "/" : holder;
	if (sts_sandbox_enter(&sandbox, &err) != STS_OK)
		sts_log(sts_log_of(p->sts), STS_LOG_WARNING, "%s", err.text);
}

/* Nothing that reads from us or writes to us may make us wait. */
static void
arrange_descriptors(void)
{
	static const int fds[] = { STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		(void)fcntl(fds[i], F_SETFL,
		    fcntl(fds[i], F_GETFL) | O_NONBLOCK);
}

int
main(int argc, char *argv[])
{
	struct sts_options options = { .state = STS_STATE_BASE "/opensmtpd",
		.log = log_line };
	struct program *p = &program;
	struct sts_error err;

	opterr = 0;
	sts_persist();
	if (!parse_options(argc, argv, &options, &p->rules))
		return refuse("usage: filter-mta-sts [-c config] [-d state] "
			      "[-s address:port]");
	if (sts_new(&options, &p->sts, &err) != STS_OK ||
	    make_parts(p, options.config, &err) != STS_OK)
		return refuse(err.text);
	p->wish = -1;
	p->quota.every = WISH_EVERY;
	sts_lines_init(&p->lines, STS_SMTPD_LINE_MAX);
	sts_buf_init(&p->out, OUT_MAX);
	arrange_descriptors();
	give_up_rights(p);
	serve(p);
	sts_outbound_free(p->outbound);
	sts_spawner_stop(&p->spawner);
	return 0;
}
