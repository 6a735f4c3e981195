/* SPDX-License-Identifier: ISC */
/*
 * Addresses, see addr.h.  The tables are the IANA special-purpose registries
 * (RFC 6890 and its updates) without what no policy host can have.
 */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/domain.h"

#define EMBEDS_NOTHING 0
#define PORT_MAX       65535

struct block {
	unsigned char prefix[16];
	unsigned bits;
	size_t v4_at; /* where an IPv4 address is embedded that decides */
};

/* clang-format off */
static const struct block v4_special[] = {
	{ { 0 }, 8, EMBEDS_NOTHING },			/* this network */
	{ { 10 }, 8, EMBEDS_NOTHING },			/* private */
	{ { 100, 64 }, 10, EMBEDS_NOTHING },		/* carrier's NAT */
	{ { 127 }, 8, EMBEDS_NOTHING },			/* loopback */
	{ { 169, 254 }, 16, EMBEDS_NOTHING },		/* link-local */
	{ { 172, 16 }, 12, EMBEDS_NOTHING },		/* private */
	{ { 192, 0, 0 }, 24, EMBEDS_NOTHING },		/* protocols */
	{ { 192, 0, 2 }, 24, EMBEDS_NOTHING },		/* documentation */
	{ { 192, 88, 99 }, 24, EMBEDS_NOTHING },	/* 6to4 relays */
	{ { 192, 168 }, 16, EMBEDS_NOTHING },		/* private */
	{ { 198, 18 }, 15, EMBEDS_NOTHING },		/* benchmarks */
	{ { 198, 51, 100 }, 24, EMBEDS_NOTHING },	/* documentation */
	{ { 203, 0, 113 }, 24, EMBEDS_NOTHING },	/* documentation */
	{ { 224 }, 4, EMBEDS_NOTHING },			/* multicast */
	{ { 240 }, 4, EMBEDS_NOTHING },			/* reserved */
};

/* Inside 2000::/3, the only global unicast there is. */
static const struct block v6_special[] = {
	{ { 0x20, 0x01 }, 23, EMBEDS_NOTHING },		/* Teredo, ORCHID ... */
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32, EMBEDS_NOTHING }, /* documentation */
	{ { 0x20, 0x02 }, 16, 2 },			/* 6to4 */
	{ { 0x3f, 0xff }, 20, EMBEDS_NOTHING },		/* documentation */
};

static const struct block v6_unicast = { { 0x20 }, 3, EMBEDS_NOTHING };
static const struct block v6_nat64 = { { 0x00, 0x64, 0xff, 0x9b }, 96, 12 };
/* clang-format on */

static bool
same_prefix(const unsigned char *a, const unsigned char *b, unsigned bits)
{
	unsigned whole = bits / 8, rest = bits % 8;

	if (memcmp(a, b, whole) != 0)
		return false;
	return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

static const struct block *
find(const struct block *block, size_t count, const unsigned char *octets)
{
	for (; count > 0; block++, count--)
		if (same_prefix(block->prefix, octets, block->bits))
			return block;
	return NULL;
}

static bool
v4_global(const unsigned char *octets)
{
	return find(v4_special, sizeof(v4_special) / sizeof(v4_special[0]),
		   octets) == NULL;
}

static bool
v6_global(const unsigned char *octets)
{
	const struct block *block;

	if (find(&v6_nat64, 1, octets) != NULL)
		return v4_global(octets + v6_nat64.v4_at);
	if (find(&v6_unicast, 1, octets) == NULL)
		return false;
	block = find(v6_special, sizeof(v6_special) / sizeof(v6_special[0]),
	    octets);
	if (block == NULL)
		return true;
	return block->v4_at != EMBEDS_NOTHING &&
	       v4_global(octets + block->v4_at);
}

static const unsigned char *
octets_of(const struct sts_addr *addr)
{
	return (const unsigned char *)&addr->u;
}

bool
sts_addr_global(const struct sts_addr *addr)
{
	if (addr->family == AF_INET)
		return v4_global(octets_of(addr));
	return addr->family == AF_INET6 && v6_global(octets_of(addr));
}

bool
sts_addr_loopback(const struct sts_addr *addr)
{
	if (addr->family == AF_INET)
		return octets_of(addr)[0] == 127;
	return IN6_IS_ADDR_LOOPBACK(&addr->u.v6);
}

bool
sts_addr_in(const struct sts_addr *addr, const struct sts_network *net,
    size_t count)
{
	for (; count > 0; net++, count--)
		if (addr->family == net->addr.family &&
		    same_prefix(octets_of(addr), octets_of(&net->addr),
			net->bits))
			return true;
	return false;
}

bool
sts_addr_equal(const struct sts_addr *a, const struct sts_addr *b)
{
	return a->family != 0 && a->family == b->family &&
	       memcmp(octets_of(a), octets_of(b),
		   a->family == AF_INET ? sizeof(a->u.v4) : sizeof(a->u.v6)) ==
		   0;
}

const char *
sts_addr_text(const struct sts_addr *addr, char text[STS_ADDR_TEXT])
{
	if (inet_ntop(addr->family, &addr->u, text, STS_ADDR_TEXT) == NULL)
		memcpy(text, "?", 2);
	return text;
}

bool
sts_addr_parse(const char *text, struct sts_addr *addr)
{
	struct sts_addr parsed;

	memset(&parsed, 0, sizeof(parsed));
	parsed.family = strchr(text, ':') == NULL ? AF_INET : AF_INET6;
	if (inet_pton(parsed.family, text, &parsed.u) != 1)
		return false;
	*addr = parsed;
	return true;
}

bool
sts_addr_number(const char *text, unsigned max, unsigned *number)
{
	unsigned value = 0;

	if (!sts_ascii_digit((unsigned char)*text))
		return false;
	for (; sts_ascii_digit((unsigned char)*text); text++) {
		value = value * 10 + (unsigned)(*text - '0');
		if (value > max)
			return false;
	}
	*number = value;
	return *text == '\0';
}

bool
sts_addr_parse_port(const char *text, struct sts_addr *addr, unsigned *port)
{
	char host[STS_ADDR_TEXT];
	const char *end;
	size_t len;

	if (sts_addr_parse(text, addr))
		return true;
	if (*text == '[') {
		end = strchr(++text, ']');
		len = end == NULL ? 0 : (size_t)(end++ - text);
	} else {
		end = strchr(text, ':');
		len = end == NULL ? 0 : (size_t)(end - text);
	}
	if (len == 0 || len >= sizeof(host))
		return false;
	memcpy(host, text, len);
	host[len] = '\0';
	if (!sts_addr_parse(host, addr))
		return false;
	if (*end == '\0')
		return true;
	return *end == ':' && sts_addr_number(end + 1, PORT_MAX, port) &&
	       *port > 0;
}

/* Are all bits behind the first BITS zero? */
static bool
is_network(const struct sts_addr *addr, unsigned bits, unsigned max)
{
	const unsigned char *octets = octets_of(addr);
	unsigned i;

	for (i = bits; i < max; i++)
		if ((octets[i / 8] >> (7 - i % 8) & 1) != 0)
			return false;
	return true;
}

enum sts_rc
sts_network_parse(const char *text, struct sts_network *network,
    struct sts_error *err)
{
	struct sts_network parsed;
	char addr[STS_ADDR_TEXT];
	size_t len = strcspn(text, "/");
	unsigned max;

	if (len >= sizeof(addr))
		return sts_error_set(err, STS_ECONFIG,
		    "\"%.64s\" is not a network", text);
	memcpy(addr, text, len);
	addr[len] = '\0';
	if (!sts_addr_parse(addr, &parsed.addr))
		return sts_error_set(err, STS_ECONFIG,
		    "\"%s\" is not an address", addr);
	max = parsed.addr.family == AF_INET ? 32 : 128;
	parsed.bits = max;
	if (text[len] == '/' &&
	    !sts_addr_number(text + len + 1, max, &parsed.bits))
		return sts_error_set(err, STS_ECONFIG,
		    "\"%.64s\" is not a prefix length of 0 to %u",
		    text + len + 1, max);
	if (!is_network(&parsed.addr, parsed.bits, max))
		return sts_error_set(err, STS_ECONFIG,
		    "%s has bits beyond its first %u", addr, parsed.bits);
	*network = parsed;
	return STS_OK;
}
