/* SPDX-License-Identifier: ISC */
/*
 * The packed facts of an event, see facts.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "facts.h"
#include "policy/match.h"

#define VALUE_MAX 128

/* "key=value " at *TEXT, which then points behind the space. */
static bool
take_value(const char **text, const char *key, char value[VALUE_MAX])
{
	size_t len = strlen(key);

	if (strncmp(*text, key, len) != 0 || (*text)[len] != '=')
		return false;
	*text += len + 1;
	len = strcspn(*text, " \n");
	if (len >= VALUE_MAX || (*text)[len] != ' ')
		return false;
	memcpy(value, *text, len);
	value[len] = '\0';
	*text += len + 1;
	return true;
}

static bool
is_address(const char *text)
{
	return strlen(text) < sizeof(((struct sts_facts *)NULL)->our_address) &&
	       text[strspn(text, "0123456789abcdefABCDEF.:")] == '\0';
}

static bool
is_seconds(const char *text)
{
	return strlen(text) < 16 && text[strspn(text, "0123456789")] == '\0';
}

/* GnuTLS begins with "TLS1.0:", OpenSSL with "TLSv1:" or "TLSv1.1:". */
static bool
is_old(const char *cipher)
{
	if (strncmp(cipher, "SSL", 3) == 0)
		return true;
	if (strncmp(cipher, "TLS", 3) != 0)
		return false;
	cipher += 3;
	cipher += *cipher == 'v';
	return strncmp(cipher, "1:", 2) == 0 ||
	       strncmp(cipher, "1.0:", 4) == 0 ||
	       strncmp(cipher, "1.1:", 4) == 0;
}

enum sts_rc
sts_facts_parse(const char *text, struct sts_facts *facts,
    struct sts_error *err)
{
	char cipher[VALUE_MAX], verified[VALUE_MAX], dane[VALUE_MAX];
	char address[VALUE_MAX], date[VALUE_MAX];

	memset(facts, 0, sizeof(*facts));
	if (strnlen(text, STS_FACTS_MAX) == STS_FACTS_MAX ||
	    !take_value(&text, "cipher", cipher) ||
	    !take_value(&text, "cv", verified) ||
	    !take_value(&text, "dane", dane) ||
	    !take_value(&text, "ip", address) ||
	    !take_value(&text, "na", date) || !is_address(address) ||
	    !is_seconds(date) || strncmp(text, "san=", 4) != 0)
		return sts_error_set(err, STS_EUSAGE,
		    "event facts are not as the macro packs them");
	facts->tls = cipher[0] != '\0';
	facts->old = is_old(cipher);
	facts->verified = strcmp(verified, "1") == 0;
	facts->dane = strcmp(dane, "yes") == 0;
	memcpy(facts->our_address, address, strlen(address) + 1);
	facts->not_after = strtoll(date, NULL, 10);
	facts->names = text + 4;
	return STS_OK;
}

bool
sts_facts_names_host(const struct sts_facts *facts, const char *host)
{
	char name[STS_DOMAIN_MAX + 1];
	const char *p;
	size_t len;

	for (p = facts->names; *p != '\0'; p += len + (p[len] == '\n')) {
		len = strcspn(p, "\n");
		if (len > STS_DOMAIN_MAX || !sts_match_pattern_valid(p, len))
			continue;
		memcpy(name, p, len);
		name[len] = '\0';
		if (sts_match_mx(name, host))
			return true;
	}
	return false;
}
