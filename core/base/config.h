/* SPDX-License-Identifier: ISC */
/*
 * mta-sts.conf: one "keyword value" a line, "#" comments, values may be
 * "quoted".  A table of keywords parses it, prints it and lists it in the
 * manual.  An unknown or repeated keyword is an error with file:line.
 */
#ifndef STS_CONFIG_H
#define STS_CONFIG_H

#include "base/log.h"
#include "base/value.h"

#define STS_CONFIG_LINE_MAX 4096 /* octets of a line */

enum sts_on_error {
	STS_ON_ERROR_DEFER,
	STS_ON_ERROR_LIVE
};
enum sts_on_dns_error {
	STS_ON_DNS_ERROR_NONE,
	STS_ON_DNS_ERROR_DEFER
};

struct sts_config {
	char *path;  /* of the file, for messages about rules */
	char *state; /* NULL: the front end's own default */
	char *ca_file;
	char *ca_dir;
	char *proxy;
	struct sts_config_list resolver;      /* address[:port] */
	struct sts_config_list allow_network; /* CIDR */
	struct sts_config_list self;          /* other names of this machine */
	struct sts_config_list outbound_network; /* CIDR */
	struct sts_config_list require;          /* policy/rule.h parses it */
	struct sts_config_list excuse;
	char *report_from;
	char *report_org;
	char *report_sendmail;
	char *report_collector; /* socket that takes sessions instead */
	struct sts_config_list report_suppress; /* domain, address or URI */
	int64_t report_delay;                   /* seconds, at most */
	int64_t report_keep;                    /* seconds */
	int64_t report_per_rua, report_per_run;
	bool report_dkim;     /* the MTA signs mail from report_from */
	bool tls_required_no; /* RFC 8689: honour the header field */
	int64_t timeout;      /* seconds, whole lookup */
	int64_t parallel;     /* domains in flight */
	bool trust_ad;
	enum sts_on_error on_error;
	enum sts_on_dns_error on_dns_error;
	enum sts_level log_level;
};

/* Defaults alone. */
STS_MUST_USE enum sts_rc sts_config_init(struct sts_config *config,
    struct sts_error *err);

/*
 * Defaults, then FILE.  A missing FILE is STS_OK when MAY_BE_ABSENT.  On any
 * error nothing is in *CONFIG that needs sts_config_clear().
 */
STS_MUST_USE enum sts_rc sts_config_read(struct sts_config *config,
    const char *file, bool may_be_absent, struct sts_error *err);

/* Pure: LEN bytes of text, NAME for messages; adds to initialised CONFIG. */
STS_MUST_USE enum sts_rc sts_config_parse(struct sts_config *config,
    const char *name, const char *text, size_t len, struct sts_error *err);
void sts_config_clear(struct sts_config *config);

/*
 * Name of keyword I of the table, NULL behind the last; borrowed for ever.
 * *REPEATS: may it be given more than once?
 */
const char *sts_config_keyword(size_t i, bool *repeats);

/*
 * Append value J of keyword I to BUF as the file would say it; STS_ENODATA
 * when there are not so many.
 */
STS_MUST_USE enum sts_rc sts_config_value(const struct sts_config *config,
    size_t i, size_t j, struct sts_buf *buf);

#endif
