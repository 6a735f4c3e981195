/* SPDX-License-Identifier: ISC */
/*
 * Text in a page that is HTML and well-formed XML at once.  Pure.
 */
#ifndef STS_HTML_H
#define STS_HTML_H

#include "base/buf.h"

/*
 * TEXT, a stranger's, for an element or an attribute in quotes.  What is no
 * UTF-8, steers the terminal, turns the direction of text or cannot be seen
 * becomes U+FFFD.
 */
void sts_html_text(struct sts_buf *buf, const char *text);

/* 1234567 as "1 234 567", with spaces that do not break. */
void sts_html_number(struct sts_buf *buf, int64_t number);

#endif
