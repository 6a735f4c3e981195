/* SPDX-License-Identifier: ISC */
/*
 * The scripted DNS server, see dns_server.h.
 */
#include <sys/socket.h>
#include <sys/time.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns_server.h"

#define PACKET_MAX  4096
#define HELD_MAX    1024
#define HOLD_MS     30
#define LATE_MS     500
#define BIG_STRINGS 12
#define FLAGS_AT    2
#define ANSWERS_AT  7
#define NAME_AT     12

struct packet {
	unsigned char data[PACKET_MAX];
	size_t len;
};

struct held { /* an answer that is kept back */
	struct packet packet;
	struct sockaddr_in to;
	int64_t due;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned queries, most;
static char last[256];
static struct held *held[HELD_MAX];
static unsigned held_count;
static int udp, tcp;

static void
die(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* The name of the question as text; returns the question's length. */
static size_t
question(const struct packet *query, char name[256])
{
	size_t at = NAME_AT, to = 0;
	unsigned len;

	while (at < query->len && (len = query->data[at++]) != 0) {
		memcpy(name + to, query->data + at, len);
		to += len;
		name[to++] = '.';
		at += len;
	}
	name[to > 0 ? to - 1 : 0] = '\0';
	return at + 4 - NAME_AT;
}

static void
add_txt(struct packet *answer, const char *text, unsigned strings)
{
	static const unsigned char head[] = { 0xc0, NAME_AT, 0, 16, 0, 1, 0, 0,
		1, 44 };
	size_t len = strlen(text), rdata = strings * (len + 1);

	memcpy(answer->data + answer->len, head, sizeof(head));
	answer->len += sizeof(head);
	answer->data[answer->len++] = (unsigned char)(rdata >> 8);
	answer->data[answer->len++] = (unsigned char)rdata;
	while (strings-- > 0) {
		answer->data[answer->len++] = (unsigned char)len;
		memcpy(answer->data + answer->len, text, len);
		answer->len += len;
	}
	answer->data[ANSWERS_AT]++;
}

/* Header and question of QUERY with FLAGS. */
static void
begin(struct packet *answer, const struct packet *query, size_t question_len,
    unsigned flags)
{
	memset(answer, 0, sizeof(*answer));
	memcpy(answer->data, query->data, 2);
	answer->data[FLAGS_AT] = (unsigned char)(flags >> 8);
	answer->data[FLAGS_AT + 1] = (unsigned char)flags;
	answer->data[5] = 1;
	memcpy(answer->data + NAME_AT, query->data + NAME_AT, question_len);
	answer->len = NAME_AT + question_len;
}

/* "ad=1 edns=1232 rd=1": what our side asked for. */
static void
describe(const struct packet *query, size_t question_len, char text[64])
{
	const unsigned char *opt = query->data + NAME_AT + question_len;
	unsigned size = 0;

	if (query->len >= NAME_AT + question_len + 11 && opt[2] == 41)
		size = (unsigned)opt[3] << 8 | opt[4];
	(void)snprintf(text, 64, "ad=%d edns=%u rd=%d",
	    query->data[FLAGS_AT + 1] >> 5 & 1, size,
	    query->data[FLAGS_AT] & 1);
}

static void
hold(const struct packet *answer, const struct sockaddr_in *to, int64_t ms)
{
	struct held *one = malloc(sizeof(*one));

	if (one == NULL || held_count == HELD_MAX)
		die("hold");
	one->packet = *answer;
	one->to = *to;
	one->due = sts_clock_ms() + ms;
	held[held_count++] = one;
	pthread_mutex_lock(&lock);
	if (held_count > most)
		most = held_count;
	pthread_mutex_unlock(&lock);
}

static void
send_to(const struct packet *answer, const struct sockaddr_in *to)
{
	(void)!sendto(udp, answer->data, answer->len, 0,
	    (const struct sockaddr *)to, sizeof(*to));
}

static void
release(void)
{
	unsigned i, kept = 0;

	for (i = 0; i < held_count; i++) {
		if (held[i]->due > sts_clock_ms()) {
			held[kept++] = held[i];
			continue;
		}
		send_to(&held[i]->packet, &held[i]->to);
		free(held[i]);
	}
	held_count = kept;
}

static void
note(const char *name)
{
	pthread_mutex_lock(&lock);
	queries++;
	(void)snprintf(last, sizeof(last), "%s", name);
	pthread_mutex_unlock(&lock);
}

static const struct {
	const char *label;
	unsigned flags;
} plain[] = {
	{ "ok", 0x8180 },
	{ "ad", 0x81a0 },
	{ "nx", 0x8183 },
	{ "nxad", 0x81a3 },
	{ "nodata", 0x8180 },
	{ "formerr", 0x8181 },
	{ "servfail", 0x8182 },
	{ "notimp", 0x8184 },
	{ "refused", 0x8185 },
};

/* Is the first label of NAME this one?  Digits may follow it. */
static int
is(const char *name, const char *label)
{
	size_t len = strlen(label);

	if (strncmp(name, label, len) != 0)
		return 0;
	len += strspn(name + len, "0123456789");
	return name[len] == '.' || name[len] == '\0';
}

static unsigned
flags_for(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		if (is(name, plain[i].label))
			return plain[i].flags;
	return 0x8180;
}

/* Wrong answers first, which must not be taken for ours. */
static void
send_decoys(const struct packet *answer, const struct sockaddr_in *to,
    const char *name)
{
	struct packet decoy = *answer;

	add_txt(&decoy, "forged", 1);
	if (is(name, "wrongid"))
		decoy.data[0] ^= 0x55;
	else if (is(name, "wrongname"))
		decoy.data[NAME_AT + 1] ^= 0x01;
	else
		return;
	send_to(&decoy, to);
}

static void
answer_udp(const struct packet *query, const struct sockaddr_in *to)
{
	struct packet answer;
	char name[256], text[64] = "hello";
	size_t len = question(query, name);
	unsigned flags = flags_for(name);

	note(name);
	if (is(name, "silent") || (is(name, "lost") && queries == 1))
		return;
	if (is(name, "tc"))
		flags |= 0x0200;
	begin(&answer, query, len, flags);
	if (is(name, "flags"))
		describe(query, len, text);
	send_decoys(&answer, to, name);
	if ((flags & 0x020f) == 0 && !is(name, "nodata"))
		add_txt(&answer, text, is(name, "medium") ? 150 : 1);
	if (is(name, "garbage"))
		memset(answer.data + NAME_AT + len, 0xc0,
		    answer.len - NAME_AT - len);
	if (is(name, "late"))
		hold(&answer, to, LATE_MS);
	else if (is(name, "held"))
		hold(&answer, to, HOLD_MS);
	else
		send_to(&answer, to);
}

/* One query; what comes by TCP gets the big answer. */
static void
answer_tcp(int fd)
{
	static char string[256];
	struct timeval limit = { 2, 0 };
	struct packet query, answer;
	unsigned char size[2];
	char name[256];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	if (recv(fd, size, 2, MSG_WAITALL) != 2)
		return;
	query.len = (size_t)size[0] << 8 | size[1];
	n = recv(fd, query.data, query.len, MSG_WAITALL);
	if (n != (ssize_t)query.len)
		return;
	memset(string, 'x', 250);
	begin(&answer, &query, question(&query, name), 0x8180);
	add_txt(&answer, string, BIG_STRINGS);
	note(name);
	size[0] = (unsigned char)(answer.len >> 8);
	size[1] = (unsigned char)answer.len;
	(void)!send(fd, size, 2, MSG_NOSIGNAL);
	(void)!send(fd, answer.data, answer.len, MSG_NOSIGNAL);
}

static void *
serve(void *arg)
{
	struct pollfd fds[] = { { .fd = udp, .events = POLLIN },
		{ .fd = tcp, .events = POLLIN } };
	struct sockaddr_in from;
	struct packet query;
	socklen_t len;
	ssize_t n;
	int fd;

	for (;;) {
		(void)poll(fds, 2, 5);
		release();
		len = sizeof(from);
		n = recvfrom(udp, query.data, sizeof(query.data), MSG_DONTWAIT,
		    (struct sockaddr *)&from, &len);
		query.len = n > 0 ? (size_t)n : 0;
		if (query.len > NAME_AT)
			answer_udp(&query, &from);
		if ((fds[1].revents & POLLIN) == 0)
			continue;
		fd = accept(tcp, NULL, NULL);
		if (fd == -1)
			continue;
		answer_tcp(fd);
		close(fd);
	}
	return arg;
}

/* Both sockets on one port that the kernel picks, or 0. */
static unsigned
open_sockets(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET };
	socklen_t len = sizeof(addr);

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	udp = socket(AF_INET, SOCK_DGRAM, 0);
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(udp, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    getsockname(udp, (struct sockaddr *)&addr, &len) == 0 &&
	    bind(tcp, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
	    listen(tcp, 16) == 0)
		return ntohs(addr.sin_port);
	close(udp);
	close(tcp);
	return 0;
}

unsigned
dns_server_start(void)
{
	unsigned port = 0, tries;
	pthread_t thread;

	/* Somebody else may have the TCP port of that number. */
	for (tries = 0; port == 0 && tries < 50; tries++)
		port = open_sockets();
	if (port == 0)
		die("dns server");
	if (pthread_create(&thread, NULL, serve, NULL) != 0)
		die("dns server thread");
	return port;
}

unsigned
dns_server_queries(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = queries;
	pthread_mutex_unlock(&lock);
	return n;
}

unsigned
dns_server_most(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = most;
	pthread_mutex_unlock(&lock);
	return n;
}

const char *
dns_server_last(void)
{
	return last;
}
