/* SPDX-License-Identifier: ISC */
/*
 * smtpd's lines to a table, and the reader of lines under them: whatever
 * comes and however it is cut, what goes back are whole lines that smtpd
 * takes.  The first octet says where the stream is cut.
 */
#include <string.h>

#include "../../opensmtpd/text.h"
#include "fuzz.h"
#include "teller.h"

/* register|WORD, or OP-result|ID|WORD[|TEXT] with TEXT where it must be. */
static void
check_line(const char *line)
{
	const char *result = strstr(line, "-result|"), *id, *word;

	if (strncmp(line, "register|", 9) == 0)
		return;
	HOLDS(result != NULL && result > line);
	id = result + strlen("-result|");
	word = strchr(id, '|');
	HOLDS(word != NULL && word > id);
	word++;
	HOLDS(strcmp(word, "found") == 0 || strcmp(word, "not-found") == 0 ||
	      strcmp(word, "ok") == 0 ||
	      strcmp(word, "found|" TELLER_VALUE) == 0 ||
	      (strncmp(word, "error|", 6) == 0 && word[6] != '\0'));
}

static void
check_output(void)
{
	const char *at = sts_buf_text(&teller_sent);
	const char *end = at + teller_sent.len;
	struct sts_buf line;
	size_t i;

	HOLDS(teller_sent.len == 0 || end[-1] == '\n');
	sts_buf_init(&line, 4096);
	while (fuzz_line(&at, end, &line)) {
		for (i = 0; i < line.len; i++)
			HOLDS(line.data[i] >= ' ' && line.data[i] <= '~');
		check_line(sts_buf_text(&line));
		sts_buf_reset(&line);
	}
	sts_buf_clear(&line);
}

static void
run(const char *data, size_t len, size_t part)
{
	struct sts_text text;
	size_t at, n;

	teller_setup();
	HOLDS(sts_text_init(&text, &teller) == STS_OK);
	for (at = 0; at < len; at += n) {
		n = len - at < part ? len - at : part;
		sts_text_feed(&text, data + at, n);
	}
	sts_text_clear(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *text = (const char *)data + 1;
	struct sts_buf whole;

	if (len == 0)
		return 0;
	run(text, len - 1, len);
	check_output();
	whole = teller_sent;
	run(text, len - 1, 1 + data[0]);
	HOLDS(whole.len == teller_sent.len &&
	      strcmp(sts_buf_text(&whole), sts_buf_text(&teller_sent)) == 0);
	sts_buf_clear(&whole);
	teller_teardown();
	return 0;
}
