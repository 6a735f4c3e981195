/* SPDX-License-Identifier: ISC */
/*
 * What an MTA's filter writes to "mta-sts-resolve -s", octet by octet, and
 * the domains in it, U-labels too.
 */
#include <string.h>

#include "base/domain.h"
#include "base/idn.h"
#include "fuzz.h"
#include "resolve/verb.h"

/* Whatever was asked, the answer is one line of four words and a quotation. */
static void
refused(const char *verb, const char *domain)
{
	struct sts_error error = { .rc = STS_EUSAGE };
	struct sts_buf line;
	const char *p;

	(void)memset(error.text, '"', sizeof(error.text) - 1);
	sts_buf_init(&line, STS_VERB_ANSWER_MAX);
	HOLDS(sts_verb_fail(&line, verb, domain, &error) == STS_OK);
	for (p = line.data; *p != '\0'; p++)
		HOLDS(*p >= 0x20 && *p < 0x7f);
	p = strchr(line.data + strlen("error ") + strlen(verb) + 1, ' ');
	HOLDS(p != NULL && strncmp(p, " cause=usage reason=\"", 21) == 0);
	HOLDS(strchr(p + 21, '"') == line.data + line.len - 1);
	sts_buf_clear(&line);
}

/* LINE, LEN octets without newline, is what was read as VERB. */
static void
check(const struct sts_verb *verb, const char *line, size_t len)
{
	char domain[STS_DOMAIN_MAX + 1], again[STS_DOMAIN_MAX + 1];
	const char *space = memchr(line, ' ', len);
	bool good = space != NULL && len < STS_VERB_LINE_MAX &&
		    memchr(line, '\0', len) == NULL;

	HOLDS((verb->name != NULL) == good);
	if (!good) {
		HOLDS(strlen(verb->word) < STS_VERB_LINE_MAX);
		refused("line", verb->word);
		return;
	}
	HOLDS(strlen(verb->word) == (size_t)(space - line));
	HOLDS(memcmp(verb->word, line, (size_t)(space - line)) == 0);
	HOLDS(strlen(verb->name) == len - (size_t)(space - line) - 1);
	HOLDS(memcmp(verb->name, space + 1, strlen(verb->name)) == 0);
	refused("verb", verb->word);
	refused("policy", verb->name);
	if (sts_idn_normalize(verb->name, domain, NULL) != STS_OK)
		return;
	HOLDS(sts_domain_valid(domain, strlen(domain)));
	HOLDS(sts_idn_normalize(domain, again, NULL) == STS_OK);
	HOLDS(strcmp(domain, again) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_verb_reader reader = { .len = 0 };
	const char *at = (const char *)data, *line = at;
	struct sts_verb verb;

	for (; at < (const char *)data + len; at++) {
		HOLDS(sts_verb_take(&reader, *at, &verb) == (*at == '\n'));
		if (*at != '\n')
			continue;
		check(&verb, line, (size_t)(at - line));
		line = at + 1;
	}
	return 0;
}
