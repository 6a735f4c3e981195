/* SPDX-License-Identifier: ISC */
/*
 * Which HTTP answers carry a policy (RFC 8461, 3.2 and 3.3), and which take a
 * report.  Pure.
 */
#ifndef STS_HTTP_H
#define STS_HTTP_H

#include "base/error.h"

/* Does an answer in HTTP/1 begin with the LEN octets of LINE?  What libcurl
 * takes for one differs from version to version. */
bool sts_http_is_status(const char *line, size_t len);

/* Is the value of Content-Type, NULL for none, text/plain? */
bool sts_http_is_text(const char *type);

/* STS_OK for status 200 with text/plain, else STS_EFETCH and why. */
STS_MUST_USE enum sts_rc sts_http_judge(long status, const char *type,
    struct sts_error *err);

/* The same for the answer to a report (RFC 8460, 5.4): any 2xx, any type. */
STS_MUST_USE enum sts_rc sts_http_judge_post(long status, const char *type,
    struct sts_error *err);

/* Fill ERR with BEFORE and then TEXT, which a stranger wrote, escaped and as
 * far as it fits.  Returns RC. */
enum sts_rc sts_http_reason(struct sts_error *err, enum sts_rc rc,
    const char *before, const char *text);

#endif
