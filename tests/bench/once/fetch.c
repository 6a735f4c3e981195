/* SPDX-License-Identifier: ISC */
/*
 * fetch ADDRESS HOST CAS: get HOST's policy from ADDRESS over verified TLS
 * with OpenSSL and nothing else.  CAS is a bundle, or a hashed directory.
 */
#include <sys/socket.h>
#include <sys/stat.h>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#define ROOM 66000

static int
dial(const char *address)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST };
	struct addrinfo *found;
	int fd, on = 1;

	if (getaddrinfo(address, "443", &hints, &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_STREAM, 0);
	if (fd != -1 && connect(fd, found->ai_addr, found->ai_addrlen) == -1) {
		(void)close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	if (fd != -1)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static SSL_CTX *
trust(const char *cas)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct stat st;
	bool dir;

	if (ctx == NULL || stat(cas, &st) == -1)
		return NULL;
	dir = S_ISDIR(st.st_mode);
	if (SSL_CTX_load_verify_locations(ctx, dir ? NULL : cas,
		dir ? cas : NULL) != 1)
		return NULL;
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	return ctx;
}

static bool
get(SSL *ssl, const char *host)
{
	static char room[ROOM];
	int n, len = 0;

	n = snprintf(room, sizeof(room),
	    "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: %s\r\n"
	    "Connection: close\r\n\r\n",
	    host);
	if (SSL_write(ssl, room, n) != n)
		return false;
	while (len < ROOM && (n = SSL_read(ssl, room + len, ROOM - len)) > 0)
		len += n;
	return len > 12 && memcmp(room, "HTTP/1.1 200", 12) == 0;
}

int
main(int argc, char *argv[])
{
	SSL_CTX *ctx;
	SSL *ssl;
	int fd, status;

	if (argc != 4)
		return 64;
	ctx = trust(argv[3]);
	ssl = ctx == NULL ? NULL : SSL_new(ctx);
	fd = dial(argv[1]);
	if (ssl == NULL || fd == -1 || SSL_set_fd(ssl, fd) != 1 ||
	    SSL_set_tlsext_host_name(ssl, argv[2]) != 1 ||
	    SSL_set1_host(ssl, argv[2]) != 1)
		return 1;
	status = SSL_connect(ssl) == 1 && get(ssl, argv[2]) ? 0 : 2;
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	(void)close(fd);
	return status;
}
