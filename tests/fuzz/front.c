/* SPDX-License-Identifier: ISC */
/*
 * smtpd's lines to a filter and the sessions they tell of: whatever comes and
 * however it is cut, what goes back are lines that smtpd takes, one for each
 * request at most.  The first octet says where the stream is cut.
 */
#include <string.h>

#include "../../opensmtpd/front.h"
#include "../../opensmtpd/lines.h"
#include "fuzz.h"

#define RESULT "filter-result|"
#define HEX    "0123456789abcdef"
#define DIGITS 16

static struct sts_front front;
static size_t requests, answers, asked;

/* filter-result|SESSION|TOKEN|proceed, or |reject|4yz TEXT. */
static void
check_result(const char *at)
{
	int i;

	for (i = 0; i < 2; i++) {
		HOLDS(strspn(at, HEX) == DIGITS && at[DIGITS] == '|');
		at += DIGITS + 1;
	}
	HOLDS(strcmp(at, "proceed") == 0 ||
	      (strncmp(at, "reject|451 ", 11) == 0 && at[11] != '\0'));
	HOLDS(++answers <= requests);
}

static void
say(void *arg, const char *line)
{
	const char *p;

	(void)arg;
	for (p = line; *p != '\0'; p++)
		HOLDS(*p >= ' ' && *p <= '~');
	if (strncmp(line, RESULT, strlen(RESULT)) == 0)
		check_result(line + strlen(RESULT));
	else
		HOLDS(strncmp(line, "register|", 9) == 0);
}

static void
inquire(void *arg, const char *domain, const struct sts_inquiry_client *client)
{
	(void)arg;
	HOLDS(strchr(domain, '@') == NULL && strchr(domain, '\n') == NULL);
	asked++;
	sts_front_answer(&front, client, client->stage ? "451 4.7.0 No" : NULL);
}

static void
outgoing(void *arg, const struct sts_smtpd_event *event)
{
	(void)arg;
	HOLDS(event->outgoing && event->kind < STS_SMTPD_KIND_MAX &&
	      event->text[0] != NULL && event->text[1] != NULL &&
	      sts_smtpd_wanted(event->kind, true) != NULL);
}

static bool
is_report(void *arg, const char *recipient)
{
	(void)arg;
	return strcmp(recipient, "r@report.example") == 0;
}

static void
complain(void *arg, const char *why)
{
	(void)arg;
	HOLDS(why[0] != '\0');
}

static void
take_line(void *arg, char *line, size_t len)
{
	(void)arg;
	requests += line != NULL && strncmp(line, "filter|", 7) == 0;
	sts_front_line(&front, line, len);
}

static void
run(const char *data, size_t len, size_t part)
{
	struct sts_lines lines;
	size_t at, n;

	sts_lines_init(&lines, STS_SMTPD_LINE_MAX);
	for (at = 0; at < len; at += n) {
		n = len - at < part ? len - at : part;
		sts_lines_feed(&lines, data + at, n, take_line, NULL);
	}
	sts_lines_clear(&lines);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct sts_front_user user = { say, inquire, outgoing,
		is_report, complain, NULL };
	struct sts_client_rules rules = { .count = 0 };

	if (len == 0)
		return 0;
	HOLDS(sts_addr_parse_port("127.0.0.1:26", &rules.address, &rules.port));
	requests = answers = asked = 0;
	HOLDS(sts_front_init(&front, &rules, &user, NULL) == STS_OK);
	run((const char *)data + 1, len - 1, data[0] == 0 ? len : data[0]);
	HOLDS(asked <= answers);
	sts_front_clear(&front);
	return 0;
}
