/* SPDX-License-Identifier: ISC */
/*
 * smtpd's messages to a table: whatever comes and however it is cut, what
 * goes back are whole messages of the kinds that smtpd takes.  The first
 * octet says where the stream is cut.
 */
#include <string.h>

#include "../../opensmtpd/imsg.h"
#include "fuzz.h"
#include "teller.h"

#define HEADER 16

/* OK or FAIL alone, or OK with a number and a value exactly if it is 1 and
 * was looked up. */
static void
check_message(uint32_t type, const char *body, size_t len)
{
	int number;

	if (len == 0) {
		HOLDS(type <= 1);
		return;
	}
	HOLDS(type == 0 && len >= sizeof(number));
	memcpy(&number, body, sizeof(number));
	HOLDS(number >= -1 && number <= 1);
	len -= sizeof(number);
	HOLDS(len == 0 || (number == 1 && len == sizeof(TELLER_VALUE) &&
			      memcmp(body + sizeof(number), TELLER_VALUE,
				  sizeof(TELLER_VALUE)) == 0));
}

static void
check_output(void)
{
	size_t at = 0;
	uint32_t type;
	uint16_t len;

	while (at < teller_sent.len) {
		HOLDS(teller_sent.len - at >= HEADER);
		memcpy(&type, teller_sent.data + at, sizeof(type));
		memcpy(&len, teller_sent.data + at + sizeof(type), sizeof(len));
		HOLDS(len >= HEADER && len <= teller_sent.len - at);
		check_message(type, teller_sent.data + at + HEADER,
		    len - HEADER);
		at += len;
	}
}

static void
run(const uint8_t *data, size_t len, size_t part)
{
	static struct sts_imsg imsg;
	size_t at, n;

	teller_setup();
	sts_imsg_init(&imsg, &teller);
	for (at = 0; at < len; at += n) {
		n = len - at < part ? len - at : part;
		sts_imsg_feed(&imsg, data + at, n);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct sts_buf whole;

	if (len == 0)
		return 0;
	run(data + 1, len - 1, len);
	check_output();
	whole = teller_sent;
	run(data + 1, len - 1, 1 + data[0]);
	HOLDS(whole.len == teller_sent.len);
	HOLDS(whole.len == 0 ||
	      memcmp(whole.data, teller_sent.data, whole.len) == 0);
	sts_buf_clear(&whole);
	teller_teardown();
	return 0;
}
