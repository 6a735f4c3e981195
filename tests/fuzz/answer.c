/* SPDX-License-Identifier: ISC */
/* The resolver's result line, as an MTA process reads it. */
#include <string.h>

#include "fuzz.h"
#include "policy/answer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_answer_line line, again;
	struct sts_buf buf;

	if (sts_answer_parse((const char *)data, len, &line, NULL) != STS_OK)
		return 0;
	/* What was understood can be said and is understood again. */
	sts_buf_init(&buf, STS_ANSWER_LINE_MAX);
	HOLDS(sts_answer_format(&line, &buf) == STS_OK);
	HOLDS(sts_answer_parse(buf.data, buf.len, &again, NULL) == STS_OK);
	HOLDS(again.answer == line.answer);
	HOLDS(strcmp(again.domain, line.domain) == 0);
	sts_answer_clear(&again);
	sts_answer_clear(&line);
	sts_buf_clear(&buf);
	return 0;
}
