/* SPDX-License-Identifier: ISC */
/*
 * What smtpd tells a filter, one line an event: protocol 0.7, and 0.6 of
 * OpenSMTPD 6.8, which never names its version in a "config" line.  Pure.
 *
 *   config|KEY|VALUE
 *   report|VERSION|TIME|SUBSYSTEM|EVENT|SESSION[|...]
 *   filter|VERSION|TIME|SUBSYSTEM|PHASE|SESSION|TOKEN|...
 */
#ifndef STS_SMTPD_H
#define STS_SMTPD_H

#include "base/addr.h"

#define STS_SMTPD_LINE_MAX 65536 /* octets; smtpd's own limit is as much */

enum sts_smtpd_kind {
	STS_SMTPD_OTHER,  /* nothing that we know: not an error */
	STS_SMTPD_CONFIG, /* text[0] key, text[1] value or "" */
	STS_SMTPD_LINK_CONNECT,
	STS_SMTPD_LINK_AUTH,
	STS_SMTPD_LINK_DISCONNECT,
	STS_SMTPD_LINK_GREETING, /* text[0] the server's name */
	STS_SMTPD_LINK_IDENTIFY, /* text[0] EHLO or HELO, text[1] name */
	STS_SMTPD_LINK_TLS,      /* text[0] version and cipher */
	STS_SMTPD_TX_BEGIN,      /* text[0] message, so in what follows */
	STS_SMTPD_TX_MAIL,       /* text[1] address */
	STS_SMTPD_TX_RCPT,       /* text[1] address */
	STS_SMTPD_TX_DATA,
	STS_SMTPD_TX_COMMIT, /* text[1] octets */
	STS_SMTPD_TX_ROLLBACK,
	STS_SMTPD_TX_RESET,        /* no text */
	STS_SMTPD_PROTOCOL_CLIENT, /* text[0] the command */
	STS_SMTPD_PROTOCOL_SERVER, /* text[0] a line of the answer */
	STS_SMTPD_TIMEOUT,
	STS_SMTPD_RCPT_TO, /* a filter's: text[0] address */
	STS_SMTPD_KIND_MAX
};

/* What is said of a command or of authentication. */
enum sts_smtpd_result {
	STS_SMTPD_NO_RESULT, /* not an event that has one */
	STS_SMTPD_PASS,      /* "ok" of TX_, "pass" of LINK_AUTH */
	STS_SMTPD_FAIL,      /* 5yz, or any other of LINK_AUTH */
	STS_SMTPD_TEMPFAIL   /* 4yz */
};

/* One end of a connection. */
struct sts_smtpd_peer {
	bool local;           /* smtpd's socket; then no address */
	struct sts_addr addr; /* family 0: none that could be read */
	unsigned port;
};

struct sts_smtpd_event {
	enum sts_smtpd_kind kind;
	bool outgoing; /* smtp-out; else smtp-in */
	int64_t at;    /* wall seconds */
	uint64_t session;
	uint64_t token; /* RCPT_TO */
	enum sts_smtpd_result result;
	struct sts_smtpd_peer source, dest; /* LINK_CONNECT */
	const char *text[2]; /* borrowed from the line; "" when there is none */
};

/*
 * LINE, LEN octets and a NUL, is cut up.  STS_EDAMAGED for what no smtpd
 * says; EVENT then has kind RCPT_TO, session and token if these could be
 * read, so that an answer can be given, and kind OTHER if not.
 */
STS_MUST_USE enum sts_rc sts_smtpd_parse(char *line, size_t len,
    struct sts_smtpd_event *event, struct sts_error *err);

/* Is event KIND of SUBSYSTEM one that we want?  Its name as smtpd has it, to
 * be registered with, or NULL. */
const char *sts_smtpd_wanted(enum sts_smtpd_kind kind, bool outgoing);

#endif
