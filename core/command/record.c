/* SPDX-License-Identifier: ISC */
/*
 * "record parse": TXT records given as arguments, with the escapes of zone
 * files so that any octet can be given.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "command/command.h"
#include "policy/record.h"

/* \DDD (RFC 1035, 5.1); P stands behind the backslash. */
static bool
decimal_octet(const char *p, unsigned char *octet)
{
	int i, value = 0;

	for (i = 0; i < 3; i++) {
		if (!sts_ascii_digit((unsigned char)p[i]))
			return false;
		value = value * 10 + (p[i] - '0');
	}
	*octet = (unsigned char)value;
	return value <= 255;
}

/* TEXT with its escapes resolved into BUF. */
static bool
unescape(const char *text, struct sts_buf *buf)
{
	unsigned char octet;
	const char *p;

	for (p = text; *p != '\0'; p++) {
		octet = (unsigned char)*p;
		if (*p == '\\') {
			p++;
			octet = (unsigned char)*p;
			if (*p == '\0')
				return false;
			if (sts_ascii_digit(octet)) {
				if (!decimal_octet(p, &octet))
					return false;
				p += 2;
			}
		}
		(void)sts_buf_add(buf, &octet, 1);
	}
	return true;
}

/* All of ARGV, one behind the other in BUF; RR points into it. */
static enum sts_exit
read_records(const struct sts_call *call, struct sts_txt_rr *rr,
    struct sts_buf *buf)
{
	size_t at = 0;
	int i;

	for (i = 0; i < call->argc; i++) {
		if (!unescape(call->argv[i], buf))
			return sts_complain(STS_EXIT_USAGE,
			    "record parse: bad escape in \"%s\"",
			    call->argv[i]);
		rr[i].len = buf->len - at;
		at = buf->len;
	}
	if (sts_buf_add(buf, "", 0) != STS_OK)
		return sts_complain(STS_EXIT_UNSURE, "no memory");
	for (i = 0, at = 0; i < call->argc; at += rr[i++].len)
		rr[i].data = buf->data + at;
	return STS_EXIT_YES;
}

static enum sts_exit
print_error(const struct sts_call *call, const struct sts_error *err)
{
	struct sts_json *json;

	if (err->rc != STS_ERECORD && err->rc != STS_ENODATA)
		return sts_complain(STS_EXIT_UNSURE, "%s", err->text);
	if (!call->json) {
		sts_print("invalid", "%s", err->text);
		return STS_EXIT_NO;
	}
	json = sts_json_new();
	sts_json_bool(json, "valid", false);
	sts_json_str(json, "error", err->text);
	return sts_print_json(json, STS_EXIT_NO);
}

static enum sts_exit
parse_sts(const struct sts_call *call, const struct sts_txt_rr *rr)
{
	struct sts_record record;
	struct sts_json *json;
	struct sts_error err;

	if (sts_record_parse(rr, (size_t)call->argc, &record, &err) != STS_OK)
		return print_error(call, &err);
	if (!call->json) {
		(void)puts("valid");
		sts_print("id", "%s", record.id);
		return STS_EXIT_YES;
	}
	json = sts_json_new();
	sts_json_bool(json, "valid", true);
	sts_json_str(json, "id", record.id);
	return sts_print_json(json, STS_EXIT_YES);
}

static enum sts_exit
print_tlsrpt(const struct sts_call *call,
    const struct sts_tlsrpt_record *record)
{
	struct sts_json *json;
	size_t i;

	if (!call->json) {
		(void)puts("valid");
		for (i = 0; i < record->count; i++)
			sts_print("rua", "%s", record->rua[i]);
		return STS_EXIT_YES;
	}
	json = sts_json_new();
	sts_json_bool(json, "valid", true);
	sts_json_array(json, "rua");
	for (i = 0; i < record->count; i++)
		sts_json_str(json, NULL, record->rua[i]);
	return sts_print_json(json, STS_EXIT_YES);
}

static enum sts_exit
parse_tlsrpt(const struct sts_call *call, const struct sts_txt_rr *rr)
{
	struct sts_tlsrpt_record record;
	struct sts_error err;
	enum sts_exit status;

	if (sts_tlsrpt_record_parse(rr, (size_t)call->argc, &record, &err) !=
	    STS_OK)
		return print_error(call, &err);
	status = print_tlsrpt(call, &record);
	sts_tlsrpt_record_clear(&record);
	return status;
}

enum sts_exit
sts_run_record_parse(struct sts_call *call)
{
	struct sts_txt_rr *rr = calloc((size_t)call->argc, sizeof(*rr));
	enum sts_exit status;
	struct sts_buf buf;

	if (rr == NULL)
		return sts_complain(STS_EXIT_UNSURE, "no memory");
	sts_buf_init(&buf, SIZE_MAX / 4);
	status = read_records(call, rr, &buf);
	if (status == STS_EXIT_YES)
		status =
		    call->tlsrpt ? parse_tlsrpt(call, rr) : parse_sts(call, rr);
	sts_buf_clear(&buf);
	free(rr);
	return status;
}
