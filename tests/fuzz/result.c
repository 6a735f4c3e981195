/* SPDX-License-Identifier: ISC */
/*
 * From the resolver's line to what Exim is told: the first line is the name
 * of an MX host, the second the answer for example.com.
 */
#include <regex.h>
#include <string.h>

#include "base/domain.h"
#include "fuzz.h"
#include "mta-sts.h"
#include "../../exim/pattern.h"
#include "policy/answer.h"

#define REJECT_BEGIN "^(?!("
#define REJECT_END   ")$)"

/* Does the host list item, read as PCRE would, let HOST pass? */
static bool
passes(const char *item, const char *host)
{
	size_t begin = strlen(REJECT_BEGIN), end = strlen(REJECT_END);
	struct sts_buf inner;
	regex_t regex;
	bool match;

	if (strcmp(item, STS_PATTERN_NONE) == 0)
		return true;
	if (strcmp(item, STS_PATTERN_ALL) == 0)
		return false;
	HOLDS(strncmp(item, REJECT_BEGIN, begin) == 0);
	HOLDS(strlen(item) > begin + end);
	HOLDS(strcmp(item + strlen(item) - end, REJECT_END) == 0);
	HOLDS(strpbrk(item, " \t\r\n:;") == NULL);
	sts_buf_init(&inner, STS_PATTERN_MAX);
	(void)sts_buf_str(&inner, "^(");
	(void)sts_buf_add(&inner, item + begin, strlen(item) - begin - end);
	HOLDS(sts_buf_str(&inner, ")$") == STS_OK);
	HOLDS(regcomp(&regex, inner.data, REG_EXTENDED | REG_NOSUB) == 0);
	match = regexec(&regex, host, 0, NULL, 0) == 0;
	regfree(&regex);
	sts_buf_clear(&inner);
	return match;
}

static void
sentence(const char *text)
{
	char out[64];

	sts_pattern_sentence(text, out, sizeof(out));
	HOLDS(out[0] != '\0' && strlen(out) < sizeof(out));
	HOLDS(strpbrk(out, "{}$\\\n\r\t") == NULL);
}

static void
check(const struct sts_result *result, const char *host)
{
	enum sts_mode mode = sts_result_mode(result);
	enum sts_verdict verdict = sts_result_verdict(result, host, NULL);
	char name[STS_DOMAIN_MAX + 1];
	struct sts_buf buf;
	bool pass;

	sts_buf_init(&buf, STS_PATTERN_MAX);
	pass = sts_domain_normalize(host, strlen(host), name, NULL) == STS_OK &&
	       passes(sts_pattern_reject(result, &buf), name);
	sts_buf_clear(&buf);
	/* For any name that a host can have, whom the pattern lets pass the
	 * verdict does not refuse. */
	if (mode == STS_MODE_ENFORCE) {
		HOLDS(verdict == STS_VERDICT_REQUIRE ||
		      verdict == STS_VERDICT_REFUSE);
		HOLDS(!pass || verdict == STS_VERDICT_REQUIRE);
	} else {
		HOLDS(!pass);
	}
	if (mode == STS_MODE_DEFER)
		HOLDS(verdict == STS_VERDICT_REFUSE);
	/* Damage is never taken for "no policy". */
	if (sts_result_answer(result) == STS_ANSWER_DAMAGED)
		HOLDS(mode == STS_MODE_DEFER);
	if (mode == STS_MODE_TESTING)
		HOLDS(verdict == STS_VERDICT_OBSERVE);
	if (mode == STS_MODE_ENFORCE)
		HOLDS(sts_result_mx_match(result, host) ==
		      (verdict == STS_VERDICT_REQUIRE));
	sentence(sts_result_reason(result));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sts_options options = { .config = "/dev/null",
		.state = "/nonexistent" };
	static struct sts *sts;
	const char *at = (const char *)data, *end = at + len;
	struct sts_result *result;
	struct sts_buf host;

	if (sts == NULL)
		HOLDS(sts_new(&options, &sts, NULL) == STS_OK);
	sts_buf_init(&host, 2 * STS_DOMAIN_MAX);
	if (fuzz_line(&at, end, &host) &&
	    strlen(sts_buf_text(&host)) == host.len &&
	    sts_result_parse(sts, "example.com", at, (size_t)(end - at),
		&result, NULL) == STS_OK) {
		check(result, sts_buf_text(&host));
		sts_result_free(result);
	}
	sts_buf_clear(&host);
	return 0;
}
