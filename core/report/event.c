/* SPDX-License-Identifier: ISC */
/*
 * Sessions and their lines in the journal, see event.h.  A line is
 * "key=value" in the order of the table below, one space between; the reason
 * comes last since it alone may contain spaces, and is escaped.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "report/event.h"

#define FORMAT_PREFIX "1 " /* version of the format */
#define NUMBER_DIGITS 20
#define HASH_DIGITS   16

static const char *const type_names[] = {
	[STS_TYPE_STS] = "sts",
	[STS_TYPE_TLSA] = "tlsa",
	[STS_TYPE_NO_POLICY] = "no-policy-found",
};
_Static_assert(sizeof(type_names) / sizeof(type_names[0]) == STS_TYPE_MAX,
    "type_names matches enum sts_policy_type");

static const char *const result_names[] = {
	[STS_SESSION_SUCCESS] = "success",
	[STS_SESSION_STARTTLS_NOT_SUPPORTED] = "starttls-not-supported",
	[STS_SESSION_CERTIFICATE_HOST_MISMATCH] = "certificate-host-mismatch",
	[STS_SESSION_CERTIFICATE_EXPIRED] = "certificate-expired",
	[STS_SESSION_CERTIFICATE_NOT_TRUSTED] = "certificate-not-trusted",
	[STS_SESSION_VALIDATION_FAILURE] = "validation-failure",
	[STS_SESSION_TLSA_INVALID] = "tlsa-invalid",
	[STS_SESSION_DNSSEC_INVALID] = "dnssec-invalid",
	[STS_SESSION_DANE_REQUIRED] = "dane-required",
	[STS_SESSION_STS_POLICY_FETCH_ERROR] = "sts-policy-fetch-error",
	[STS_SESSION_STS_POLICY_INVALID] = "sts-policy-invalid",
	[STS_SESSION_STS_WEBPKI_INVALID] = "sts-webpki-invalid",
};
_Static_assert(sizeof(result_names) / sizeof(result_names[0]) ==
		   STS_SESSION_MAX,
    "result_names matches enum sts_session_result");

const char *
sts_policy_type_name(enum sts_policy_type type)
{
	return (unsigned)type < STS_TYPE_MAX ? type_names[type] : "unknown";
}

const char *
sts_session_result_name(enum sts_session_result result)
{
	return (unsigned)result < STS_SESSION_MAX ? result_names[result]
						  : "unknown";
}

/* Plain text of a session that must not hold a space: names, addresses. */
static void
add_word(struct sts_buf *buf, const char *key, const char *value)
{
	(void)sts_buf_printf(buf, " %s=", key);
	(void)sts_buf_escaped(buf, value, strcspn(value, " "));
}

enum sts_rc
sts_session_format(const struct sts_session *session, struct sts_buf *buf)
{
	(void)sts_buf_printf(buf, FORMAT_PREFIX "at=%" PRId64, session->at);
	add_word(buf, "domain", session->domain);
	add_word(buf, "type", sts_policy_type_name(session->type));
	add_word(buf, "mode", sts_mode_name(session->mode));
	(void)sts_buf_printf(buf, " policy=%016" PRIx64, session->policy_hash);
	add_word(buf, "mx", session->mx);
	add_word(buf, "address", session->mx_address);
	add_word(buf, "from", session->our_address);
	add_word(buf, "result", sts_session_result_name(session->result));
	add_word(buf, "mta", session->mta);
	(void)sts_buf_str(buf, " reason=");
	return sts_buf_escaped(buf, session->reason, strlen(session->reason));
}

struct slice {
	const char *data;
	size_t len;
};

/* Index of the name in a table of COUNT, or -1. */
static int
find_name(struct slice value, const char *(*name)(int), int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (strlen(name(i)) == value.len &&
		    memcmp(name(i), value.data, value.len) == 0)
			return i;
	return -1;
}

static const char *
type_name(int i)
{
	return sts_policy_type_name((enum sts_policy_type)i);
}

static const char *
mode_name(int i)
{
	return sts_mode_name((enum sts_mode)i);
}

static const char *
result_name(int i)
{
	return sts_session_result_name((enum sts_session_result)i);
}

static bool
take_at(struct sts_session *session, struct slice value)
{
	char text[NUMBER_DIGITS];
	char *end;

	if (value.len == 0 || value.len >= sizeof(text) ||
	    !sts_ascii_digit((unsigned char)value.data[0]))
		return false;
	memcpy(text, value.data, value.len);
	text[value.len] = '\0';
	session->at = strtoll(text, &end, 10);
	return *end == '\0';
}

static bool
take_type(struct sts_session *session, struct slice value)
{
	int i = find_name(value, type_name, STS_TYPE_MAX);

	session->type = (enum sts_policy_type)i;
	return i != -1;
}

static bool
take_mode(struct sts_session *session, struct slice value)
{
	int i = find_name(value, mode_name, STS_MODE_MAX);

	session->mode = (enum sts_mode)i;
	return i != -1;
}

static bool
take_result(struct sts_session *session, struct slice value)
{
	int i = find_name(value, result_name, STS_SESSION_MAX);

	session->result = (enum sts_session_result)i;
	return i != -1;
}

static bool
take_hash(struct sts_session *session, struct slice value)
{
	char text[HASH_DIGITS + 1];

	if (value.len != HASH_DIGITS)
		return false;
	memcpy(text, value.data, HASH_DIGITS);
	text[HASH_DIGITS] = '\0';
	if (strspn(text, "0123456789abcdef") != HASH_DIGITS)
		return false;
	session->policy_hash = strtoull(text, NULL, 16);
	return true;
}

/* One octet that may be written as \DDD; 0 when it is neither. */
static size_t
unescape(const char *p, size_t left, char *out)
{
	int value;

	*out = *p;
	if (*p != '\\')
		return *p >= 0x20 && *p < 0x7f ? 1 : 0;
	if (left < 4 || !sts_ascii_digit((unsigned char)p[1]) ||
	    !sts_ascii_digit((unsigned char)p[2]) ||
	    !sts_ascii_digit((unsigned char)p[3]))
		return 0;
	value = (p[1] - '0') * 100 + (p[2] - '0') * 10 + (p[3] - '0');
	*out = (char)value;
	return value > 0 && value < 256 ? 4 : 0;
}

static bool
take_text(char *out, size_t size, struct slice value)
{
	size_t at, used, n = 0;

	for (at = 0; at < value.len; at += used) {
		if (n + 1 >= size)
			return false;
		used = unescape(value.data + at, value.len - at, &out[n++]);
		if (used == 0)
			return false;
	}
	out[n] = '\0';
	return true;
}

struct field {
	const char *key;
	bool (*take)(struct sts_session *session, struct slice value);
	size_t offset, size; /* of a text, when TAKE is NULL */
};

#define TEXT(key, member)                                                      \
	{                                                                      \
		key, NULL, offsetof(struct sts_session, member),               \
		    sizeof(((struct sts_session *)NULL)->member)               \
	}

static const struct field fields[] = {
	{ "at", take_at, 0, 0 },
	TEXT("domain", domain),
	{ "type", take_type, 0, 0 },
	{ "mode", take_mode, 0, 0 },
	{ "policy", take_hash, 0, 0 },
	TEXT("mx", mx),
	TEXT("address", mx_address),
	TEXT("from", our_address),
	{ "result", take_result, 0, 0 },
	TEXT("mta", mta),
	TEXT("reason", reason),
};
#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* Cut "key=value" off *REST; the last field's value is all that is left. */
static bool
cut_field(struct slice *rest, const struct field *field, struct slice *value)
{
	size_t key = strlen(field->key);
	const char *space;

	if (rest->len <= key || memcmp(rest->data, field->key, key) != 0 ||
	    rest->data[key] != '=')
		return false;
	value->data = rest->data + key + 1;
	value->len = rest->len - key - 1;
	rest->len = 0;
	if (field == &fields[FIELDS - 1])
		return true;
	space = memchr(value->data, ' ', value->len);
	if (space == NULL)
		return false;
	rest->data = space + 1;
	rest->len = value->len - (size_t)(space - value->data) - 1;
	value->len = (size_t)(space - value->data);
	return true;
}

enum sts_rc
sts_session_parse(const char *text, size_t len, struct sts_session *session,
    struct sts_error *err)
{
	const size_t prefix = strlen(FORMAT_PREFIX);
	struct slice rest, value;
	const struct field *f;
	bool good;

	memset(session, 0, sizeof(*session));
	if (len < prefix || memcmp(text, FORMAT_PREFIX, prefix) != 0)
		return sts_error_set(err, STS_EDAMAGED,
		    "not a session of format 1");
	rest = (struct slice){ text + prefix, len - prefix };
	for (f = fields; f < fields + FIELDS; f++) {
		good = cut_field(&rest, f, &value);
		if (good && f->take != NULL)
			good = f->take(session, value);
		else if (good)
			good = take_text((char *)session + f->offset, f->size,
			    value);
		if (!good)
			return sts_error_set(err, STS_EDAMAGED,
			    "session: bad or missing %s", f->key);
	}
	return STS_OK;
}
