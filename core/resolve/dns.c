/* SPDX-License-Identifier: ISC */
/*
 * DNS transport by c-ares on the loop: it sends, repeats, falls back to TCP
 * and to the next server.  What is in a message is judged by message.c.
 *
 * c-ares cannot drop one query: one whose time is up, or that was cancelled,
 * stays as an orphan until c-ares is through with it or only orphans remain.
 */
#define CARES_NO_DEPRECATED
#include <sys/socket.h>
#include <sys/uio.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <ares.h>

#include "base/addr.h"
#include "resolve/dns.h"

#define IN_FLIGHT_MAX 64   /* more on one socket and datagrams are lost */
#define TRY_MS        1000 /* until the first repetition, then doubled */
#define TRIES         4
#define EDNS_SIZE     1232 /* never fragmented */
#define DNS_PORT      53
#define RESOLV_CONF   "/etc/resolv.conf"
#define CLASS_IN      1
#define HEADER_FLAGS  3 /* octet of the header that holds AD */
#define FLAG_AD       0x20

enum query_state {
	QUERY_WAITING,
	QUERY_SENT,
	QUERY_ORPHAN
};

struct sts_dns_query {
	struct sts_dns *dns;
	struct sts_dns_query *next, *prev; /* while it waits */
	enum query_state state;
	enum sts_dns_type type;
	struct sts_timer *deadline;
	sts_dns_fn fn;
	void *arg;
	char name[];
};

struct sts_dns {
	struct sts_loop *loop;
	ares_channel channel;
	bool trust_ad;
	struct sts_timer *timer; /* c-ares's */
	struct sts_timer *pump;
	struct sts_dns_query *first, *last; /* waiting */
	unsigned in_flight;                 /* without orphans */
	int fault; /* errno of our own last system call, 0: it went well */
};

static void on_timer(void *arg);

/* Ask c-ares when it wants to be called again. */
static void
arm(struct sts_dns *dns)
{
	struct timeval tv, *next;
	int64_t ms;

	sts_loop_cancel(dns->loop, dns->timer);
	dns->timer = NULL;
	next = ares_timeout(dns->channel, NULL, &tv);
	if (next == NULL)
		return;
	ms = (int64_t)next->tv_sec * 1000 + next->tv_usec / 1000 + 1;
	/* Without it lost datagrams are not repeated; deadlines still hold. */
	dns->timer = sts_loop_timer(dns->loop, ms, on_timer, dns);
}

static void
on_timer(void *arg)
{
	struct sts_dns *dns = arg;

	dns->timer = NULL;
	ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
	arm(dns);
}

static void
on_socket(void *arg, int fd, int events)
{
	struct sts_dns *dns = arg;

	ares_process_fd(dns->channel,
	    (events & STS_LOOP_READ) != 0 ? fd : ARES_SOCKET_BAD,
	    (events & STS_LOOP_WRITE) != 0 ? fd : ARES_SOCKET_BAD);
	arm(dns);
}

static void
on_socket_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct sts_dns *dns = arg;
	int events = 0;

	if (readable != 0)
		events |= STS_LOOP_READ;
	if (writable != 0)
		events |= STS_LOOP_WRITE;
	if (sts_loop_watch(dns->loop, fd, events, on_socket, dns) != STS_OK)
		dns->fault = ENOMEM;
}

/*
 * Our own socket calls: c-ares reports EMFILE or a missing route as "could
 * not contact DNS servers", the same as a server that refuses.  Only here
 * can they be told apart.
 */
static bool
is_local_fault(int error)
{
	switch (error) {
	case EAFNOSUPPORT:
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
	case EACCES:
	case EPERM:
	case ENETDOWN:
	case ENETUNREACH:
	case EADDRNOTAVAIL:
		return true;
	}
	return false;
}

static void
note_fault(struct sts_dns *dns, bool failed)
{
	if (!failed)
		dns->fault = 0;
	else if (is_local_fault(errno))
		dns->fault = errno;
}

static ares_socket_t
call_socket(int domain, int type, int protocol, void *arg)
{
	int fd = socket(domain, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

	if (fd == -1)
		note_fault(arg, true);
	return fd;
}

static int
call_close(ares_socket_t fd, void *arg)
{
	(void)arg;
	return close(fd);
}

static int
call_connect(ares_socket_t fd, const struct sockaddr *addr, ares_socklen_t len,
    void *arg)
{
	int rc = connect(fd, addr, len);

	if (rc == -1)
		note_fault(arg, true);
	return rc;
}

static ares_ssize_t
call_recvfrom(ares_socket_t fd, void *data, size_t len, int flags,
    struct sockaddr *addr, ares_socklen_t *addrlen, void *arg)
{
	(void)arg;
	return recvfrom(fd, data, len, flags, addr, addrlen);
}

static ares_ssize_t
call_sendv(ares_socket_t fd, const struct iovec *iov, int count, void *arg)
{
	struct msghdr msg = { .msg_iovlen = (size_t)count };
	ssize_t n;

	memcpy(&msg.msg_iov, &iov, sizeof(iov)); /* it is not const there */
	n = sendmsg(fd, &msg, MSG_NOSIGNAL);
	note_fault(arg, n == -1);
	return n;
}

static const struct ares_socket_functions socket_calls = {
	.asocket = call_socket,
	.aclose = call_close,
	.aconnect = call_connect,
	.arecvfrom = call_recvfrom,
	.asendv = call_sendv,
};

static void
enqueue(struct sts_dns_query *query)
{
	struct sts_dns *dns = query->dns;

	query->prev = dns->last;
	*(dns->last == NULL ? &dns->first : &dns->last->next) = query;
	dns->last = query;
}

static void
dequeue(struct sts_dns_query *query)
{
	struct sts_dns *dns = query->dns;

	*(query->prev == NULL ? &dns->first : &query->prev->next) = query->next;
	*(query->next == NULL ? &dns->last : &query->next->prev) = query->prev;
}

static void on_pump(void *arg);

/* Send what waits, or clear away what is left, but not from inside the
 * caller, who may be c-ares. */
static void
start_pump(struct sts_dns *dns)
{
	bool work = dns->first != NULL && dns->in_flight < IN_FLIGHT_MAX;

	if (dns->pump == NULL && (work || dns->in_flight == 0))
		dns->pump = sts_loop_timer(dns->loop, 0, on_pump, dns);
}

/* The caller's interest in QUERY ends. */
static void
detach(struct sts_dns_query *query)
{
	struct sts_dns *dns = query->dns;

	sts_loop_cancel(dns->loop, query->deadline);
	query->deadline = NULL;
	if (query->state == QUERY_WAITING) {
		dequeue(query);
		free(query);
		return;
	}
	query->state = QUERY_ORPHAN;
	dns->in_flight--;
	start_pump(dns);
}

/* QUERY is detached here and may be gone: FN may do anything. */
static void
deliver(struct sts_dns_query *query, struct sts_dns_answer *answer)
{
	sts_dns_fn fn = query->fn;
	void *arg = query->arg;

	detach(query);
	fn(arg, answer);
	sts_dns_answer_clear(answer);
}

static void
deliver_failure(struct sts_dns_query *query, enum sts_dns_status status,
    const char *reason)
{
	struct sts_dns_answer answer = { .type = query->type };

	sts_dns_answer_fail(&answer, status, reason);
	deliver(query, &answer);
}

static void
on_deadline(void *arg)
{
	struct sts_dns_query *query = arg;
	int fault = query->dns->fault;

	query->deadline = NULL;
	if (fault != 0)
		deliver_failure(query, STS_DNS_LOCAL, strerror(fault));
	else
		deliver_failure(query, STS_DNS_TIMEOUT, "no answer in time");
}

/* What c-ares says when it has no message for us. */
static void
deliver_status(struct sts_dns_query *query, int status)
{
	int fault = query->dns->fault;

	if (status == ARES_ETIMEOUT)
		deliver_failure(query, STS_DNS_TIMEOUT, "no answer");
	else if (status == ARES_ENOMEM)
		deliver_failure(query, STS_DNS_LOCAL, "no memory");
	else if (status == ARES_ENOTFOUND || status == ARES_EBADNAME)
		deliver_failure(query, STS_DNS_NXDOMAIN,
		    "no name that DNS can have"); /* .onion, RFC 7686 */
	else if (status == ARES_ECONNREFUSED && fault != 0)
		deliver_failure(query, STS_DNS_LOCAL, strerror(fault));
	else
		deliver_failure(query, STS_DNS_FAILURE, ares_strerror(status));
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *message, int len)
{
	struct sts_dns_query *query = arg;
	struct sts_dns_answer answer;

	(void)timeouts;
	if (query->state == QUERY_ORPHAN || status == ARES_EDESTRUCTION) {
		sts_loop_cancel(query->dns->loop, query->deadline);
		free(query);
		return;
	}
	if (message == NULL || len <= 0) {
		deliver_status(query, status);
	} else {
		sts_dns_parse(message, (size_t)len, query->name, query->type,
		    &answer);
		answer.ad = answer.ad && query->dns->trust_ad;
		deliver(query, &answer);
	}
	free(query);
}

/* The name is absolute: ares_send() knows no search list. */
static void
send_query(struct sts_dns_query *query)
{
	unsigned char *message = NULL;
	unsigned short id;
	int len, status;

	if (getentropy(&id, sizeof(id)) == -1) {
		on_answer(query, ARES_ENOMEM, 0, NULL, 0);
		return;
	}
	status = ares_create_query(query->name, CLASS_IN,
	    sts_dns_type_number(query->type), id, 1, &message, &len, EDNS_SIZE);
	if (status != ARES_SUCCESS) {
		on_answer(query, status, 0, NULL, 0);
		return;
	}
	message[HEADER_FLAGS] |= FLAG_AD; /* RFC 6840, 5.7 */
	ares_send(query->dns->channel, message, len, on_answer, query);
	ares_free_string(message);
}

static void
on_pump(void *arg)
{
	struct sts_dns *dns = arg;
	struct sts_dns_query *query;

	dns->pump = NULL;
	while ((query = dns->first) != NULL && dns->in_flight < IN_FLIGHT_MAX) {
		dequeue(query);
		query->state = QUERY_SENT;
		dns->in_flight++;
		send_query(query);
	}
	if (dns->in_flight == 0)
		ares_cancel(dns->channel); /* nothing may keep the loop */
	arm(dns);
}

struct sts_dns_query *
sts_dns_query(struct sts_dns *dns, const char *name, enum sts_dns_type type,
    int64_t timeout_ms, sts_dns_fn fn, void *arg)
{
	size_t len = strlen(name);
	struct sts_dns_query *query = calloc(1, sizeof(*query) + len + 1);

	if (query == NULL)
		return NULL;
	query->dns = dns;
	query->type = type;
	query->fn = fn;
	query->arg = arg;
	memcpy(query->name, name, len + 1);
	query->deadline =
	    sts_loop_timer(dns->loop, timeout_ms, on_deadline, query);
	if (query->deadline == NULL) {
		free(query);
		return NULL;
	}
	enqueue(query);
	start_pump(dns);
	return query;
}

void
sts_dns_cancel(struct sts_dns_query *query)
{
	if (query != NULL)
		detach(query);
}

static void
fill_node(struct ares_addr_port_node *node, const struct sts_addr *addr,
    unsigned port)
{
	node->family = addr->family;
	if (addr->family == AF_INET)
		node->addr.addr4 = addr->u.v4;
	else
		memcpy(&node->addr.addr6, &addr->u.v6, sizeof(addr->u.v6));
	node->udp_port = node->tcp_port = (int)port;
}

static enum sts_rc
set_servers(ares_channel channel, const struct sts_config_list *list,
    struct sts_error *err)
{
	struct ares_addr_port_node *node;
	enum sts_rc rc = STS_OK;
	struct sts_addr addr;
	unsigned port;
	size_t i;

	node = calloc(list->count, sizeof(*node));
	if (node == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	for (i = 0; i < list->count && rc == STS_OK; i++) {
		port = DNS_PORT;
		if (!sts_addr_parse_port(list->item[i].value, &addr, &port))
			rc = sts_error_set(err, STS_ECONFIG,
			    "\"%.64s\" is not a resolver's address",
			    list->item[i].value);
		else
			fill_node(&node[i], &addr, port);
		if (i > 0)
			node[i - 1].next = &node[i];
	}
	if (rc == STS_OK && ares_set_servers_ports(channel, node) != 0)
		rc = sts_error_set(err, STS_ENOMEM, "no memory");
	free(node);
	return rc;
}

/* How many servers there are, and whether *ALL are on this machine. */
static size_t
count_servers(ares_channel channel, bool *all_loopback)
{
	struct ares_addr_port_node *servers = NULL, *node;
	struct sts_addr addr;
	size_t count = 0;

	*all_loopback = true;
	if (ares_get_servers_ports(channel, &servers) != ARES_SUCCESS)
		*all_loopback = false;
	for (node = servers; node != NULL; node = node->next) {
		memset(&addr, 0, sizeof(addr));
		addr.family = node->family;
		memcpy(&addr.u, &node->addr, sizeof(addr.u));
		*all_loopback = *all_loopback && sts_addr_loopback(&addr);
		count++;
	}
	if (servers != NULL)
		ares_free_data(servers);
	return count;
}

/* Everything is given, so that the environment (RES_OPTIONS, LOCALDOMAIN)
 * and options in resolv.conf change nothing. */
static enum sts_rc
init_channel(struct sts_dns *dns, int flags, struct sts_error *err)
{
	struct ares_options options = {
		.flags = ARES_FLAG_EDNS | flags,
		.timeout = TRY_MS,
		.tries = TRIES,
		.ednspsz = EDNS_SIZE,
		.ndots = 1,
		.sock_state_cb = on_socket_state,
		.sock_state_cb_data = dns,
	};
	int status;

	status = ares_init_options(&dns->channel, &options,
	    ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
		ARES_OPT_EDNSPSZ | ARES_OPT_NDOTS | ARES_OPT_DOMAINS |
		ARES_OPT_NOROTATE | ARES_OPT_SOCK_STATE_CB);
	if (status != ARES_SUCCESS)
		return sts_error_set(err, STS_ELOCAL, "DNS: %s",
		    ares_strerror(status));
	ares_set_socket_functions(dns->channel, &socket_calls, dns);
	return STS_OK;
}

/* c-ares takes 127.0.0.1 when it cannot read the file.  That is right when
 * there is none, see resolv.conf(5), and not when we lack descriptors. */
static enum sts_rc
check_resolv_conf(struct sts_error *err)
{
	int fd = open(RESOLV_CONF, O_RDONLY | O_CLOEXEC);

	if (fd == -1 && errno != ENOENT)
		return sts_error_sys(err, STS_ELOCAL, RESOLV_CONF);
	if (fd != -1)
		(void)close(fd);
	return STS_OK;
}

static enum sts_rc
open_channel(struct sts_dns *dns, const struct sts_config_list *resolvers,
    int flags, struct sts_error *err)
{
	enum sts_rc rc = init_channel(dns, flags, err);

	if (rc == STS_OK && resolvers != NULL && resolvers->count > 0)
		return set_servers(dns->channel, resolvers, err);
	return rc == STS_OK ? check_resolv_conf(err) : rc;
}

/*
 * Where there is a second server, c-ares asks it after a SERVFAIL, and ends
 * with "could not contact DNS servers".  From an only server we take the
 * answer itself, to say what it was.
 */
static enum sts_rc
open_best(struct sts_dns *dns, const struct sts_config_list *resolvers,
    bool *all_loopback, struct sts_error *err)
{
	enum sts_rc rc = open_channel(dns, resolvers, 0, err);

	if (rc != STS_OK || count_servers(dns->channel, all_loopback) != 1)
		return rc;
	ares_destroy(dns->channel);
	dns->channel = NULL;
	return open_channel(dns, resolvers, ARES_FLAG_NOCHECKRESP, err);
}

enum sts_rc
sts_dns_new(struct sts_loop *loop, const struct sts_config_list *resolvers,
    bool trust_ad, struct sts_dns **dns, struct sts_error *err)
{
	struct sts_dns *new = calloc(1, sizeof(*new));
	bool all_loopback;
	enum sts_rc rc;

	if (new == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	if (ares_library_init(ARES_LIB_INIT_ALL) != ARES_SUCCESS) {
		free(new);
		return sts_error_set(err, STS_ELOCAL, "DNS library");
	}
	new->loop = loop;
	rc = open_best(new, resolvers, &all_loopback, err);
	if (rc != STS_OK) {
		sts_dns_free(new);
		return rc;
	}
	/* What a resolver on another machine says of DNSSEC anybody on the
	 * way can say. */
	new->trust_ad = trust_ad || all_loopback;
	*dns = new;
	return STS_OK;
}

void
sts_dns_free(struct sts_dns *dns)
{
	if (dns == NULL)
		return;
	while (dns->first != NULL)
		detach(dns->first);
	if (dns->channel != NULL)
		ares_destroy(dns->channel);
	sts_loop_cancel(dns->loop, dns->timer);
	sts_loop_cancel(dns->loop, dns->pump);
	ares_library_cleanup();
	free(dns);
}
