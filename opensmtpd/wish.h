/* SPDX-License-Identifier: ISC */
/*
 * What the table, which may not wait, asks of the filter or tells it: one
 * datagram to the socket "wish" in the state directory.  A hint and no more:
 * any of them may be lost, come twice, or from nobody we know.
 *
 *   policy DOMAIN        what is known of it is not fresh
 *   mx DOMAIN            its MX list is missing or old
 *   chosen DOMAIN HOST   smtpd was told to use HOST now
 */
#ifndef STS_WISH_H
#define STS_WISH_H

#include "base/error.h"

enum sts_wish_kind {
	STS_WISH_POLICY,
	STS_WISH_MX,
	STS_WISH_CHOSEN,
	STS_WISH_MAX
};

struct sts_wish { /* names are normalised */
	enum sts_wish_kind kind;
	char domain[STS_DOMAIN_MAX + 1];
	char host[STS_DOMAIN_MAX + 1]; /* CHOSEN only, "" otherwise */
};

/* Octets of the text, with its NUL. */
#define STS_WISH_TEXT_MAX (2 * STS_DOMAIN_MAX + 16)

/* Pure.  The length of the text, which is not terminated by a newline. */
size_t sts_wish_format(const struct sts_wish *wish,
    char out[STS_WISH_TEXT_MAX]);

/* Pure.  STS_EUSAGE for any octet that format would not have written. */
STS_MUST_USE enum sts_rc sts_wish_parse(const char *text, size_t len,
    struct sts_wish *wish, struct sts_error *err);

/* Never waits and never fails: nobody may be listening, or too slowly. */
void sts_wish_send(const char *state, const struct sts_wish *wish);

/*
 * A non-blocking socket that takes what is sent to STATE, in place of any
 * that was there.  *FD goes to close().
 */
STS_MUST_USE enum sts_rc sts_wish_listen(const char *state, int *fd,
    struct sts_error *err);

/* The next one; STS_ENODATA: no more now; STS_EUSAGE: not a wish, go on. */
STS_MUST_USE enum sts_rc sts_wish_receive(int fd, struct sts_wish *wish,
    struct sts_error *err);

#endif
