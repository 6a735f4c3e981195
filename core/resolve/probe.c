/* SPDX-License-Identifier: ISC */
/*
 * A probe, see probe.h.  What the server says in clear decides nothing but
 * whether TLS is tried, and is forgotten before TLS begins.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "resolve/probe.h"
#include "resolve/smtp.h"
#include "verify/session.h"

#define CHUNK    4096
#define OUT_MAX  (1024 * 1024) /* octets that wait to be sent */
#define LEAVE_MS 500           /* for the answer to QUIT */

enum step {
	STEP_CONNECT,
	STEP_GREETING,
	STEP_EHLO,
	STEP_STARTTLS,
	STEP_HANDSHAKE,
	STEP_LEAVE, /* the result stands */
	STEP_MAX
};

static const struct {
	const char *place;  /* where a sentence puts it */
	enum sts_rc broken; /* what it means when it goes wrong there */
} steps[] = {
	[STEP_CONNECT] = { "connecting", STS_EUNREACHABLE },
	[STEP_GREETING] = { "at the greeting", STS_EUNREACHABLE },
	[STEP_EHLO] = { "after EHLO", STS_EUNREACHABLE },
	[STEP_STARTTLS] = { "after STARTTLS", STS_ESTARTTLS },
	[STEP_HANDSHAKE] = { "in the TLS handshake", STS_ETLS },
	[STEP_LEAVE] = { "after QUIT", STS_OK },
};
_Static_assert(sizeof(steps) / sizeof(steps[0]) == STEP_MAX,
    "steps matches enum step");

struct sts_probe {
	struct sts_loop *loop;
	struct sts_trust *trust;
	struct sts_addr addr;
	char helo[STS_DOMAIN_MAX + 1];
	sts_probe_fn fn;
	void *arg;
	enum step step;
	int64_t timeout_ms;
	struct sts_timer *timer;
	struct sts_dial *dial; /* STEP_CONNECT */
	int fd;                /* -1: not connected */
	struct sts_smtp_reply reply;
	struct sts_session *session;
	struct sts_buf out; /* as far as it is not sent yet */
	struct sts_probed probed;
};

static void
forget(struct sts_probe *probe)
{
	/* Only to watch can fail. */
	enum sts_rc rc = sts_loop_watch(probe->loop, probe->fd, 0, NULL, NULL);

	(void)rc;
}

void
sts_probe_cancel(struct sts_probe *probe)
{
	if (probe == NULL)
		return;
	sts_loop_cancel(probe->loop, probe->timer);
	sts_dial_cancel(probe->dial);
	sts_session_free(probe->session);
	if (probe->fd != -1) {
		forget(probe);
		(void)close(probe->fd);
	}
	sts_buf_clear(&probe->out);
	free(probe);
}

/* ---- the end ----------------------------------------------------------- */

static void
finish(struct sts_probe *probe)
{
	struct sts_probed probed = probe->probed;
	sts_probe_fn fn = probe->fn;
	void *arg = probe->arg;

	sts_probe_cancel(probe);
	fn(arg, &probed);
}

/* What ERR says is the result. */
static void
conclude(struct sts_probe *probe, const struct sts_error *err)
{
	struct sts_probed *probed = &probe->probed;
	struct sts_now now;

	sts_clock_glance(&now);
	probed->at = now.wall;
	probed->result = err->rc;
	if (probe->session != NULL)
		(void)snprintf(probed->tls, sizeof(probed->tls), "%s",
		    sts_session_version(probe->session));
	(void)snprintf(probed->reason, sizeof(probed->reason), "%.*s",
	    (int)sizeof(probed->reason) - 1, err->text);
}

/* False: the connection is broken. */
static bool
flush(struct sts_probe *probe)
{
	struct sts_buf *out = &probe->out;
	ssize_t n = 0;

	while (out->len > 0 && n != -1) {
		n = send(probe->fd, out->data, out->len, MSG_NOSIGNAL);
		if (n > 0) {
			memmove(out->data, out->data + n, out->len - (size_t)n);
			out->len -= (size_t)n;
		}
	}
	return out->rc == STS_OK &&
	       (n != -1 || errno == EAGAIN || errno == EINTR);
}

/* It went wrong: RC and why. */
static void
fail(struct sts_probe *probe, enum sts_rc rc, const char *why)
{
	struct sts_error err;

	if (probe->step != STEP_LEAVE) {
		(void)sts_error_set(&err, rc, "%s %s", why,
		    steps[probe->step].place);
		conclude(probe, &err);
	}
	finish(probe);
}

static void
break_off(struct sts_probe *probe, const char *why)
{
	fail(probe, steps[probe->step].broken, why);
}

static void
timed_out(void *arg)
{
	struct sts_probe *probe = arg;
	char why[64];

	probe->timer = NULL;
	(void)snprintf(why, sizeof(why), "timed out after %lld ms,",
	    (long long)probe->timeout_ms);
	fail(probe, STS_EUNREACHABLE, why);
}

static void on_event(void *arg, int fd, int events);

/* Send what is to be sent and wait; false: the probe is gone. */
static bool
go_on(struct sts_probe *probe)
{
	int events = STS_LOOP_READ;

	if (!flush(probe)) {
		break_off(probe, "the connection broke");
		return false;
	}
	if (probe->out.len > 0)
		events |= STS_LOOP_WRITE;
	if (sts_loop_watch(probe->loop, probe->fd, events, on_event, probe) ==
	    STS_OK)
		return true;
	fail(probe, STS_ELOCAL, "no memory");
	return false;
}

/* The result stands and the server is told, but not waited for in vain. */
static void
leave(struct sts_probe *probe, const struct sts_error *err)
{
	conclude(probe, err);
	probe->step = STEP_LEAVE;
	if (probe->session == NULL)
		(void)sts_buf_str(&probe->out, "QUIT\r\n");
	else
		sts_session_part(probe->session, "QUIT\r\n");
	if (probe->session != NULL)
		sts_session_take(probe->session, &probe->out);
	sts_loop_cancel(probe->loop, probe->timer);
	probe->timer = sts_loop_timer(probe->loop, LEAVE_MS, timed_out, probe);
	if (probe->timer == NULL)
		finish(probe);
	else
		(void)go_on(probe);
}

/* ---- the dialogue ------------------------------------------------------ */

/* A reply that ends it all, in the server's words. */
static void
refused(struct sts_probe *probe, enum sts_rc rc)
{
	struct sts_error err;
	struct sts_buf text;

	sts_buf_init(&text, 4 * STS_SMTP_TEXT_MAX);
	(void)sts_buf_escaped(&text, probe->reply.text,
	    strlen(probe->reply.text));
	(void)sts_error_set(&err, rc, "%s: %u %s", steps[probe->step].place,
	    probe->reply.code, sts_buf_text(&text));
	sts_buf_clear(&text);
	leave(probe, &err);
}

static void
send_command(struct sts_probe *probe, enum step step, const char *verb,
    const char *argument)
{
	probe->step = step;
	memset(&probe->reply, 0, sizeof(probe->reply));
	(void)sts_buf_printf(&probe->out, "%s%s\r\n", verb, argument);
	(void)go_on(probe);
}

static void
greeted(struct sts_probe *probe)
{
	if (probe->reply.code / 100 == 2)
		send_command(probe, STEP_EHLO, "EHLO ", probe->helo);
	else
		refused(probe, STS_EUNREACHABLE);
}

/* Who knows no EHLO knows no STARTTLS. */
static void
hello_came(struct sts_probe *probe)
{
	struct sts_error err;

	if (probe->reply.code / 100 != 2) {
		refused(probe, probe->reply.code / 100 == 5 ? STS_ESTARTTLS
							    : STS_EUNREACHABLE);
		return;
	}
	if (probe->reply.starttls) {
		send_command(probe, STEP_STARTTLS, "STARTTLS", "");
		return;
	}
	(void)sts_error_set(&err, STS_ESTARTTLS, "STARTTLS is not offered");
	leave(probe, &err);
}

static void
shake(struct sts_probe *probe)
{
	struct sts_error err = { .text = "verified" };
	enum sts_session_step step = sts_session_shake(probe->session, &err);

	sts_session_take(probe->session, &probe->out);
	if (step == STS_SESSION_MORE) {
		(void)go_on(probe);
	} else if (step == STS_SESSION_DONE) {
		leave(probe, &err);
	} else {
		conclude(probe, &err);
		(void)flush(probe); /* the alert, if it goes at once */
		finish(probe);
	}
}

static void
starttls_came(struct sts_probe *probe)
{
	struct sts_error err;

	if (probe->reply.code != 220) {
		refused(probe, STS_ESTARTTLS);
		return;
	}
	probe->step = STEP_HANDSHAKE;
	if (sts_session_new(probe->trust, probe->probed.host, &probe->session,
		&err) == STS_OK) {
		shake(probe);
		return;
	}
	conclude(probe, &err);
	finish(probe);
}

static void
replied(struct sts_probe *probe)
{
	switch (probe->step) {
	case STEP_GREETING:
		greeted(probe);
		return;
	case STEP_EHLO:
		hello_came(probe);
		return;
	case STEP_STARTTLS:
		starttls_came(probe);
		return;
	case STEP_CONNECT:
	case STEP_HANDSHAKE:
	case STEP_LEAVE:
	case STEP_MAX:
		return;
	}
}

/*
 * LEN octets in clear.  Nobody speaks before he is asked: what stands behind
 * a reply was put there, to be taken for an answer that comes later.
 */
static void
read_clear(struct sts_probe *probe, const char *data, size_t len)
{
	enum sts_smtp_step step = STS_SMTP_MORE;
	size_t i;

	for (i = 0; i < len && step == STS_SMTP_MORE; i++)
		step = sts_smtp_take(&probe->reply, data[i]);
	if (step == STS_SMTP_BAD)
		break_off(probe, "no reply of SMTP");
	else if (step == STS_SMTP_DONE && i < len)
		fail(probe,
		    probe->step == STEP_STARTTLS ? STS_ETLS : STS_EUNREACHABLE,
		    "text behind the reply");
	else if (step == STS_SMTP_DONE)
		replied(probe);
}

static void
read_more(struct sts_probe *probe)
{
	char chunk[CHUNK];
	ssize_t n = recv(probe->fd, chunk, sizeof(chunk), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		break_off(probe, "connection closed");
	} else if (probe->step == STEP_HANDSHAKE) {
		if (sts_session_feed(probe->session, chunk, (size_t)n))
			shake(probe);
		else
			fail(probe, STS_ELOCAL, "no memory");
	} else if (probe->step != STEP_LEAVE) {
		read_clear(probe, chunk, (size_t)n);
	}
}

static void
on_event(void *arg, int fd, int events)
{
	struct sts_probe *probe = arg;

	(void)fd;
	if ((events & STS_LOOP_WRITE) != 0 && !go_on(probe))
		return;
	if ((events & STS_LOOP_READ) != 0)
		read_more(probe);
}

/* ---- the beginning ----------------------------------------------------- */

static void
connected(void *arg, int fd, const struct sts_addr *addr,
    const struct sts_error *err)
{
	struct sts_probe *probe = arg;
	struct sts_error error = *err;

	(void)addr;
	probe->dial = NULL;
	probe->fd = fd;
	if (fd != -1) {
		probe->step = STEP_GREETING;
		(void)go_on(probe);
		return;
	}
	if (error.rc != STS_ELOCAL)
		error.rc = STS_EUNREACHABLE;
	conclude(probe, &error);
	finish(probe);
}

struct sts_probe *
sts_probe_start(struct sts_loop *loop, struct sts_trust *trust,
    const struct sts_probe_target *target, int64_t timeout_ms, sts_probe_fn fn,
    void *arg)
{
	struct sts_probe *probe = calloc(1, sizeof(*probe));

	if (probe == NULL)
		return NULL;
	probe->loop = loop;
	probe->trust = trust;
	probe->addr = target->addr;
	probe->timeout_ms = timeout_ms;
	probe->fn = fn;
	probe->arg = arg;
	probe->fd = -1;
	sts_buf_init(&probe->out, OUT_MAX);
	(void)snprintf(probe->helo, sizeof(probe->helo), "%s", target->helo);
	(void)snprintf(probe->probed.host, sizeof(probe->probed.host), "%s",
	    target->host);
	(void)sts_addr_text(&probe->addr, probe->probed.address);
	probe->timer = sts_loop_timer(loop, timeout_ms, timed_out, probe);
	probe->dial = sts_dial_start(loop, &probe->addr, 1, target->port,
	    connected, probe);
	if (probe->timer != NULL && probe->dial != NULL)
		return probe;
	sts_probe_cancel(probe);
	return NULL;
}
