/* SPDX-License-Identifier: ISC */
/*
 * The table protocol 0.1 of OpenSMTPD 7.6 and later: lines of fields with
 * "|" between them, told by smtpd-tables(7).  Whatever comes is taken.
 *
 *   table|0.1|TIME|NAME|lookup|relayhost|ID|KEY
 *   lookup-result|ID|found|VALUE
 */
#ifndef STS_TEXT_H
#define STS_TEXT_H

#include "lines.h"
#include "request.h"

struct sts_text {
	struct sts_lines lines;
	const struct sts_request_user *user; /* borrowed */
	bool registered;
};

/* All memory that will ever be needed; STS_ENOMEM. */
STS_MUST_USE enum sts_rc sts_text_init(struct sts_text *text,
    const struct sts_request_user *user);
void sts_text_clear(struct sts_text *text);

void sts_text_feed(struct sts_text *text, const char *data, size_t len);

#endif
