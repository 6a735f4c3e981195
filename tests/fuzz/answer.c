/* SPDX-License-Identifier: ISC */
/* The resolver's result line, as an MTA process reads it. */
#include <string.h>

#include "fuzz.h"
#include "policy/answer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_answer_line line;
	struct sts_buf buf;

	if (sts_answer_parse((const char *)data, len, &line, NULL) != STS_OK)
		return 0;
	/* What was understood is written as it was read. */
	sts_buf_init(&buf, STS_ANSWER_LINE_MAX);
	HOLDS(sts_answer_format(&line, &buf) == STS_OK);
	HOLDS(buf.len == len && memcmp(buf.data, data, len) == 0);
	sts_answer_clear(&line);
	sts_buf_clear(&buf);
	return 0;
}
