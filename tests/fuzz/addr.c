/* SPDX-License-Identifier: ISC */
/*
 * Addresses: 4 or 16 octets are one that DNS may have given, anything else
 * is the text of a network or server.
 */
#include <arpa/inet.h>
#include <string.h>

#include "fuzz.h"
#include "base/addr.h"

#define TEXT_MAX 200

/* The same registries, as first and last address. */
static const struct {
	const char *first, *last;
} closed[] = {
	{ "0.0.0.0", "0.255.255.255" },
	{ "10.0.0.0", "10.255.255.255" },
	{ "100.64.0.0", "100.127.255.255" },
	{ "127.0.0.0", "127.255.255.255" },
	{ "169.254.0.0", "169.254.255.255" },
	{ "172.16.0.0", "172.31.255.255" },
	{ "192.0.0.0", "192.0.0.255" },
	{ "192.0.2.0", "192.0.2.255" },
	{ "192.88.99.0", "192.88.99.255" },
	{ "192.168.0.0", "192.168.255.255" },
	{ "198.18.0.0", "198.19.255.255" },
	{ "198.51.100.0", "198.51.100.255" },
	{ "203.0.113.0", "203.0.113.255" },
	{ "224.0.0.0", "255.255.255.255" },
};

static bool
v4_open(const uint8_t *octets)
{
	struct in_addr first, last;
	size_t i;

	for (i = 0; i < sizeof(closed) / sizeof(closed[0]); i++) {
		HOLDS(inet_pton(AF_INET, closed[i].first, &first) == 1);
		HOLDS(inet_pton(AF_INET, closed[i].last, &last) == 1);
		if (memcmp(octets, &first, 4) >= 0 &&
		    memcmp(octets, &last, 4) <= 0)
			return false;
	}
	return true;
}

static bool
v6_open(const uint8_t *o)
{
	static const uint8_t nat64[12] = { 0, 0x64, 0xff, 0x9b };
	unsigned high = (unsigned)o[0] << 8 | o[1];
	unsigned next = (unsigned)o[2] << 8 | o[3];

	if (memcmp(o, nat64, sizeof(nat64)) == 0)
		return v4_open(o + 12);
	if (high == 0x2002)
		return v4_open(o + 2);
	if (high == 0x2001)
		return next >= 0x200 && next != 0x0db8;
	if (high == 0x3fff)
		return next >= 0x1000;
	return high >= 0x2000 && high <= 0x3fff;
}

static void
octets(const uint8_t *data, size_t len)
{
	struct sts_addr addr = { .family = len == 4 ? AF_INET : AF_INET6 };
	struct sts_network net;
	char text[STS_ADDR_TEXT];

	(void)memcpy(&addr.u, data, len);
	HOLDS(sts_addr_global(&addr) ==
	      (len == 4 ? v4_open(data) : v6_open(data)));
	if (sts_addr_loopback(&addr))
		HOLDS(!sts_addr_global(&addr));
	HOLDS(sts_network_parse(sts_addr_text(&addr, text), &net, NULL) ==
	      STS_OK);
	HOLDS(sts_addr_in(&addr, &net, 1));
	HOLDS(net.bits == 8 * len);
}

/* A network covers its own address, and a shorter prefix covers it too. */
static void
text(const char *words)
{
	struct sts_error err = { .rc = STS_OK };
	struct sts_network net;
	struct sts_addr addr;
	unsigned port = 53;

	if (sts_network_parse(words, &net, &err) == STS_OK) {
		HOLDS(net.bits <= (net.addr.family == AF_INET ? 32 : 128));
		HOLDS(sts_addr_in(&net.addr, &net, 1));
		net.bits /= 2;
		HOLDS(sts_addr_in(&net.addr, &net, 1));
	} else {
		HOLDS(err.rc == STS_ECONFIG && err.text[0] != '\0');
	}
	if (sts_addr_parse_port(words, &addr, &port))
		HOLDS(port > 0 && port < 65536 &&
		      (addr.family == AF_INET || addr.family == AF_INET6));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char words[TEXT_MAX + 1];

	if (len == 4 || len == 16)
		octets(data, len);
	if (len > TEXT_MAX)
		return 0;
	(void)memcpy(words, data, len);
	words[len] = '\0';
	text(words);
	return 0;
}
