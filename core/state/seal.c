/* SPDX-License-Identifier: ISC */
/*
 * Checksummed text files, see seal.h.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "state/seal.h"

#define SUM_LEN    16
#define NUMBER_LEN 20

enum sts_rc
sts_seal_add(struct sts_buf *buf, const char *name, const char *body,
    size_t len)
{
	(void)sts_buf_printf(buf, "%s %016" PRIx64 "\n", name,
	    sts_checksum(body, len));
	return sts_buf_add(buf, body, len);
}

bool
sts_seal_open(struct sts_seal_reader *r, const char *name, const char *text,
    size_t len)
{
	size_t name_len = strlen(name), head = name_len + 1 + SUM_LEN + 1;
	char sum[SUM_LEN + 2];

	r->failed = true;
	if (len < head)
		return false;
	r->at = text + head;
	r->end = text + len;
	(void)snprintf(sum, sizeof(sum), "%016" PRIx64 "\n",
	    sts_checksum(r->at, len - head));
	r->failed = memcmp(text, name, name_len) != 0 ||
		    text[name_len] != ' ' ||
		    memcmp(text + name_len + 1, sum, SUM_LEN + 1) != 0;
	return !r->failed;
}

bool
sts_seal_word(struct sts_seal_reader *r, const char *key, char *out,
    size_t size)
{
	size_t len = strlen(key), left = (size_t)(r->end - r->at);
	const char *newline;

	if (r->failed)
		return false;
	r->failed = true;
	if (left < len + 2 || memcmp(r->at, key, len) != 0 ||
	    memcmp(r->at + len, ": ", 2) != 0)
		return false;
	r->at += len + 2;
	newline = memchr(r->at, '\n', left - len - 2);
	if (newline == NULL || (size_t)(newline - r->at) >= size ||
	    memchr(r->at, '\0', (size_t)(newline - r->at)) != NULL)
		return false;
	memcpy(out, r->at, (size_t)(newline - r->at));
	out[newline - r->at] = '\0';
	r->at = newline + 1;
	r->failed = false;
	return true;
}

bool
sts_seal_digits(const char *text, int64_t *number)
{
	uint64_t n = 0;
	size_t i;

	if (text[0] == '\0' || (text[0] == '0' && text[1] != '\0'))
		return false;
	for (i = 0; text[i] != '\0'; i++) {
		if (!sts_ascii_digit((unsigned char)text[i]) || i > 17)
			return false;
		n = n * 10 + (uint64_t)(text[i] - '0');
	}
	*number = (int64_t)n;
	return true;
}

bool
sts_seal_number(struct sts_seal_reader *r, const char *key, int64_t *number)
{
	char word[NUMBER_LEN + 1];

	if (!sts_seal_word(r, key, word, sizeof(word)))
		return false;
	r->failed = !sts_seal_digits(word, number);
	return !r->failed;
}
