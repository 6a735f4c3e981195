/* SPDX-License-Identifier: ISC */
/*
 * Knowing this machine, see self.h.
 */
#include <ifaddrs.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/domain.h"
#include "resolve/self.h"

/* False: NAME is no host name. */
static bool
normal(const char *name, char out[STS_DOMAIN_MAX + 1])
{
	return sts_domain_normalize(name, strlen(name), out, NULL) == STS_OK;
}

static bool
own_name(char name[STS_DOMAIN_MAX + 1])
{
	char text[STS_DOMAIN_MAX + 2];

	if (gethostname(text, sizeof(text)) == -1)
		return false;
	text[sizeof(text) - 1] = '\0';
	return normal(text, name);
}

void
sts_self_name(const struct sts_config *config, char name[STS_DOMAIN_MAX + 1])
{
	size_t i;

	for (i = 0; i < config->self.count; i++)
		if (normal(config->self.item[i].value, name))
			return;
	if (!own_name(name))
		memcpy(name, "localhost", sizeof("localhost"));
}

static bool
is_own_name(const struct sts_config *config, const char *host)
{
	char name[STS_DOMAIN_MAX + 1];
	size_t i;

	if (own_name(name) && strcmp(name, host) == 0)
		return true;
	for (i = 0; i < config->self.count; i++)
		if (normal(config->self.item[i].value, name) &&
		    strcmp(name, host) == 0)
			return true;
	return false;
}

static bool
same(const struct sts_addr *addr, const struct sockaddr *name)
{
	const void *octets;

	if (name == NULL || name->sa_family != addr->family)
		return false;
	if (addr->family == AF_INET) {
		octets =
		    &((const struct sockaddr_in *)(const void *)name)->sin_addr;
		return memcmp(octets, &addr->u.v4, sizeof(addr->u.v4)) == 0;
	}
	octets = &((const struct sockaddr_in6 *)(const void *)name)->sin6_addr;
	return memcmp(octets, &addr->u.v6, sizeof(addr->u.v6)) == 0;
}

/* Nothing but zeros: whoever connects there meets himself. */
static bool
is_unspecified(const struct sts_addr *addr)
{
	if (addr->family == AF_INET)
		return addr->u.v4.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&addr->u.v6);
}

static bool
is_own_address(const struct sts_config *config, const struct ifaddrs *interface,
    const char *text)
{
	struct sts_addr addr, other;
	size_t i;

	if (!sts_addr_parse(text, &addr))
		return false;
	if (sts_addr_loopback(&addr) || is_unspecified(&addr))
		return true;
	for (; interface != NULL; interface = interface->ifa_next)
		if (same(&addr, interface->ifa_addr))
			return true;
	for (i = 0; i < config->self.count; i++)
		if (sts_addr_parse(config->self.item[i].value, &other) &&
		    sts_addr_equal(&addr, &other))
			return true;
	return false;
}

enum sts_rc
sts_self_mark(const struct sts_config *config, struct sts_mx_list *list,
    struct sts_error *err)
{
	struct ifaddrs *interfaces;
	struct sts_mx_host *host;
	size_t i, j;

	if (getifaddrs(&interfaces) == -1)
		return sts_error_sys(err, STS_ELOCAL, "getifaddrs");
	for (i = 0; i < list->count; i++) {
		host = &list->host[i];
		host->self = is_own_name(config, host->name);
		for (j = 0; j < host->address_count && !host->self; j++)
			host->self = is_own_address(config, interfaces,
			    host->address[j]);
	}
	freeifaddrs(interfaces);
	return STS_OK;
}
