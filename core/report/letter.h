/* SPDX-License-Identifier: ISC */
/*
 * A report as a message of mail (RFC 8460, 5.3), and the name of its file
 * (5.1).  Pure.
 */
#ifndef STS_LETTER_H
#define STS_LETTER_H

#include "base/buf.h"

struct sts_letter {
	const char *from;         /* its domain is the submitter */
	const char *organisation; /* UTF-8, or NULL */
	const char *to;           /* one address */
	const char *domain;       /* policy domain, in A-labels */
	const char *report_id;    /* left@right: what the JSON has */
	int64_t begin, end;       /* wall seconds, both of the report's day */
	unsigned part;            /* of a report in parts: 1, 2 ...; else 0 */
	int64_t date;             /* of the message */
	const void *gz;           /* the JSON, compressed */
	size_t gz_len;
};

/*
 * The whole message with line ends as sendmail takes them, appended to OUT.
 * STS_EUSAGE: a member is not what it must be; all that came from elsewhere
 * is judged, so no header field can be slipped in.  STS_ENOMEM, STS_ESPACE:
 * no room in OUT.
 */
STS_MUST_USE enum sts_rc sts_letter_build(const struct sts_letter *letter,
    struct sts_buf *out, struct sts_error *err);

/*
 * "submitter!domain!begin!end[!part].json.gz"; can be longer than a file
 * system takes.  TO, REPORT_ID, DATE and GZ are not looked at.
 */
STS_MUST_USE enum sts_rc sts_letter_filename(const struct sts_letter *letter,
    struct sts_buf *out, struct sts_error *err);

#endif
