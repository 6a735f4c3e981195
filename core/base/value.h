/* SPDX-License-Identifier: ISC */
/*
 * The types a setting can have: how its text is read into a field, printed
 * from it and released.  Pure.
 */
#ifndef STS_VALUE_H
#define STS_VALUE_H

#include "base/buf.h"

enum sts_value_type {
	STS_VALUE_PATH,    /* char *: absolute */
	STS_VALUE_PROXY,   /* char *: URL */
	STS_VALUE_TEXT,    /* char *: one line of UTF-8 */
	STS_VALUE_MAIL,    /* char *: local@domain, ASCII, unquoted */
	STS_VALUE_BOOL,    /* bool: yes, no */
	STS_VALUE_CHOICE,  /* enum: one of names[] */
	STS_VALUE_NUMBER,  /* int64_t */
	STS_VALUE_TIME,    /* int64_t seconds: 10s 5m 2h 7d */
	STS_VALUE_SERVER,  /* list: address, [address], with or without :port */
	STS_VALUE_NETWORK, /* list: address[/bits] */
	STS_VALUE_HOST,    /* list: host name or address */
	STS_VALUE_NAME,    /* list: domain, address or URI */
	STS_VALUE_RULE,    /* list: the rest of the line, for policy/rule.c */
	STS_VALUE_MAX
};

/* Values of a setting that may repeat, each with the line it stands on. */
struct sts_config_item {
	char *value;
	unsigned line;
};

struct sts_config_list {
	struct sts_config_item *item;
	size_t count;
};

struct sts_value_spec {
	enum sts_value_type type;
	int64_t min, max;         /* NUMBER, TIME */
	const char *const *names; /* CHOICE: in the enum's order, then NULL */
};

/*
 * Read TEXT into FIELD, or append it to a list.  STS_ECONFIG with what is
 * wrong.
 */
STS_MUST_USE enum sts_rc sts_value_set(const struct sts_value_spec *spec,
    void *field, const char *text, struct sts_error *err);

/* Append value J to BUF as sts_value_set() would take it; STS_ENODATA when
 * there are not so many. */
STS_MUST_USE enum sts_rc sts_value_show(const struct sts_value_spec *spec,
    const void *field, size_t j, struct sts_buf *buf);

/* Release what FIELD owns. */
void sts_value_clear(const struct sts_value_spec *spec, void *field);

/* May it be set more than once? */
bool sts_value_repeats(enum sts_value_type type);

#endif
