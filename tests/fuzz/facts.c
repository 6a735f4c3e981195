/* SPDX-License-Identifier: ISC */
/*
 * The packed facts of a connection, the peer's certificate in them: the
 * first line is the name of the MX host, all else the facts.
 */
#include <string.h>

#include "base/domain.h"
#include "../../exim/facts.h"
#include "fuzz.h"
#include "policy/match.h"

/* Is HOST one of the lines of NAMES, or below a wildcard on one? */
static bool
opinion(const char *names, const char *host)
{
	const char *at = names, *end = names + strlen(names);
	struct sts_buf line;
	bool named = false;

	sts_buf_init(&line, STS_FACTS_MAX);
	while (fuzz_line(&at, end, &line))
		named = named || sts_match_mx(sts_buf_text(&line), host);
	sts_buf_clear(&line);
	return named;
}

static void
check(const char *text, const char *host)
{
	struct sts_facts facts;
	struct sts_error err = { .rc = STS_OK };

	if (sts_facts_parse(text, &facts, &err) != STS_OK) {
		HOLDS(err.rc == STS_EUSAGE && err.text[0] != '\0');
		return;
	}
	HOLDS(strlen(text) < STS_FACTS_MAX);
	HOLDS(facts.names >= text && facts.names <= text + strlen(text));
	HOLDS(strncmp(facts.names - 4, "san=", 4) == 0);
	HOLDS(!facts.old || facts.tls);
	HOLDS(facts.not_after >= 0);
	HOLDS(strpbrk(facts.our_address, " \n=") == NULL);
	/* Only what stands in its own place counts as verified. */
	if (facts.verified)
		HOLDS(strstr(text, " cv=1 ") != NULL);
	if (facts.dane)
		HOLDS(strstr(text, " dane=yes ") != NULL);
	HOLDS(facts.tls == (strncmp(text, "cipher= ", 8) != 0));
	HOLDS(sts_facts_names_host(&facts, host) == opinion(facts.names, host));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *at = (const char *)data, *end = at + len;
	struct sts_buf host, text;

	sts_buf_init(&host, STS_DOMAIN_MAX);
	sts_buf_init(&text, 2 * STS_FACTS_MAX);
	if (fuzz_line(&at, end, &host) &&
	    sts_buf_add(&text, at, (size_t)(end - at)) == STS_OK)
		check(sts_buf_text(&text), sts_buf_text(&host));
	sts_buf_clear(&host);
	sts_buf_clear(&text);
	return 0;
}
