/* SPDX-License-Identifier: ISC */
/*
 * Types of settings, see value.h.  A table at the end has reader, printer
 * and releaser of each.
 */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/mail.h"
#include "base/value.h"
#include "base/word.h"

#define NUMBER_MAX  12 /* digits */
#define ADDRESS_MAX 64

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = {
	{ 'd', 86400 },
	{ 'h', 3600 },
	{ 'm', 60 },
	{ 's', 1 },
};
#define UNITS (sizeof(units) / sizeof(units[0]))

/* 1*12DIGIT; the octets it took, 0 when there is none. */
static size_t
parse_number(const char *text, int64_t *number)
{
	size_t i;

	*number = 0;
	for (i = 0; sts_ascii_digit((unsigned char)text[i]); i++) {
		if (i == NUMBER_MAX)
			return 0;
		*number = *number * 10 + (text[i] - '0');
	}
	return i;
}

static int64_t
unit_seconds(const char *text)
{
	size_t i;

	for (i = 0; i < UNITS; i++)
		if (text[0] == units[i].letter && text[1] == '\0')
			return units[i].seconds;
	return 0;
}

static bool
path_valid(const char *text)
{
	return *text == '/';
}

static bool
proxy_valid(const char *text)
{
	static const char *const schemes[] = { "http://", "https://",
		"socks5h://" };
	size_t i, len;

	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		len = strlen(schemes[i]);
		if (strncmp(text, schemes[i], len) == 0 && text[len] != '\0')
			return text[strcspn(text, " \t")] == '\0';
	}
	return false;
}

/* AF_INET, AF_INET6 or 0 for what LEN octets of TEXT are. */
static int
address_family(const char *text, size_t len)
{
	char copy[ADDRESS_MAX];
	struct in6_addr addr;

	if (len >= sizeof(copy))
		return 0;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, &addr) == 1)
		return AF_INET;
	return inet_pton(AF_INET6, copy, &addr) == 1 ? AF_INET6 : 0;
}

/* Nothing, or ":" and a port. */
static bool
port_valid(const char *text)
{
	int64_t port;
	size_t len;

	if (*text == '\0')
		return true;
	if (*text != ':')
		return false;
	len = parse_number(text + 1, &port);
	return len > 0 && text[1 + len] == '\0' && port > 0 && port < 65536;
}

static bool
server_valid(const char *value)
{
	size_t len;

	if (*value == '[') {
		len = strcspn(value, "]");
		return value[len] == ']' &&
		       address_family(value + 1, len - 1) == AF_INET6 &&
		       port_valid(value + len + 1);
	}
	if (address_family(value, strlen(value)) == AF_INET6)
		return true;
	len = strcspn(value, ":");
	return address_family(value, len) == AF_INET && port_valid(value + len);
}

static bool
host_valid(const char *value)
{
	size_t len = strlen(value);

	return address_family(value, len) != 0 ||
	       (sts_domain_valid(value, len) &&
		   !sts_domain_is_quad(value, len));
}

static bool
mail_valid(const char *value)
{
	return sts_mail_valid(value, strlen(value));
}

/* Of a header field or a JSON string: no control characters. */
static bool
line_valid(const char *value)
{
	const char *p;

	for (p = value; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return *value != '\0';
}

static bool
name_valid(const char *value)
{
	size_t len = strlen(value);

	return sts_domain_valid(value, len) || sts_mail_valid(value, len) ||
	       strncmp(value, "mailto:", 7) == 0 ||
	       strncmp(value, "https://", 8) == 0;
}

static bool
network_valid(const char *value)
{
	size_t len = strcspn(value, "/"), digits;
	int family = address_family(value, len);
	int64_t bits;

	if (family == 0 || value[len] == '\0')
		return family != 0;
	digits = parse_number(value + len + 1, &bits);
	return digits > 0 && value[len + 1 + digits] == '\0' &&
	       bits <= (family == AF_INET ? 32 : 128);
}

static enum sts_rc
no_memory(struct sts_error *err)
{
	return sts_error_set(err, STS_ENOMEM, "no memory");
}

static enum sts_rc
set_text(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	char **out = field;

	(void)spec;
	free(*out); /* a default */
	*out = strdup(text);
	return *out == NULL ? no_memory(err) : STS_OK;
}

static enum sts_rc
set_item(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	struct sts_config_list *list = field;
	struct sts_config_item *item;

	(void)spec;
	item = reallocarray(list->item, list->count + 1, sizeof(*item));
	if (item == NULL)
		return no_memory(err);
	list->item = item;
	item += list->count;
	item->line = 0;
	item->value = strdup(text);
	if (item->value == NULL)
		return no_memory(err);
	list->count++;
	return STS_OK;
}

static enum sts_rc
set_bool(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	bool *out = field;

	(void)spec;
	if (strcmp(text, "yes") != 0 && strcmp(text, "no") != 0)
		return sts_error_set(err, STS_ECONFIG,
		    "\"%s\" is neither yes nor no", text);
	*out = *text == 'y';
	return STS_OK;
}

static enum sts_rc
set_choice(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	struct sts_buf list;
	unsigned *out = field, i;
	enum sts_rc rc;

	for (i = 0; spec->names[i] != NULL; i++) {
		if (strcmp(text, spec->names[i]) == 0) {
			*out = i;
			return STS_OK;
		}
	}
	sts_buf_init(&list, STS_ERROR_MAX);
	for (i = 0; spec->names[i] != NULL; i++)
		(void)sts_buf_printf(&list, "%s%s", i == 0 ? "" : ", ",
		    spec->names[i]);
	rc = sts_error_set(err, STS_ECONFIG, "\"%s\" is none of: %s", text,
	    sts_buf_text(&list));
	sts_buf_clear(&list);
	return rc;
}

static enum sts_rc
set_number(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	int64_t *out = field, number;
	size_t len = parse_number(text, &number);

	if (len == 0 || text[len] != '\0' || number < spec->min ||
	    number > spec->max)
		return sts_error_set(err, STS_ECONFIG,
		    "\"%s\" is not a number from %" PRId64 " to %" PRId64, text,
		    spec->min, spec->max);
	*out = number;
	return STS_OK;
}

/* A bare number would leave the unit to guesswork: it is an error. */
static enum sts_rc
set_time(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	int64_t *out = field, number, unit = 0;
	size_t len = parse_number(text, &number);

	if (len > 0)
		unit = unit_seconds(text + len);
	if (unit == 0 || number < (spec->min + unit - 1) / unit ||
	    number > spec->max / unit)
		return sts_error_set(err, STS_ECONFIG,
		    "\"%s\" is not a time from %" PRId64 "s to %" PRId64
		    "s (units: s m h d)",
		    text, spec->min, spec->max);
	*out = number * unit;
	return STS_OK;
}

static enum sts_rc
show_text(const struct sts_value_spec *spec, const void *field, size_t j,
    struct sts_buf *buf)
{
	char *const *text = field;

	(void)spec;
	if (j > 0 || *text == NULL)
		return STS_ENODATA;
	return sts_word_add(buf, *text);
}

/* As it was given: a rule has quotes of its own. */
static enum sts_rc
show_item(const struct sts_value_spec *spec, const void *field, size_t j,
    struct sts_buf *buf)
{
	const struct sts_config_list *list = field;

	(void)spec;
	if (j >= list->count)
		return STS_ENODATA;
	return sts_buf_str(buf, list->item[j].value);
}

static enum sts_rc
show_bool(const struct sts_value_spec *spec, const void *field, size_t j,
    struct sts_buf *buf)
{
	const bool *flag = field;

	(void)spec;
	return j > 0 ? STS_ENODATA : sts_buf_str(buf, *flag ? "yes" : "no");
}

static enum sts_rc
show_choice(const struct sts_value_spec *spec, const void *field, size_t j,
    struct sts_buf *buf)
{
	const unsigned *choice = field;

	if (j > 0)
		return STS_ENODATA;
	return sts_buf_str(buf, spec->names[*choice]);
}

static enum sts_rc
show_number(const struct sts_value_spec *spec, const void *field, size_t j,
    struct sts_buf *buf)
{
	const int64_t *number = field;

	if (j > 0)
		return STS_ENODATA;
	return sts_buf_printf(buf, "%" PRId64 "%s", *number,
	    spec->type == STS_VALUE_TIME ? "s" : "");
}

static void
clear_text(void *field)
{
	char **text = field;

	free(*text);
	*text = NULL;
}

static void
clear_list(void *field)
{
	struct sts_config_list *list = field;
	size_t i;

	for (i = 0; i < list->count; i++)
		free(list->item[i].value);
	free(list->item);
	memset(list, 0, sizeof(*list));
}

static const struct {
	bool (*valid)(const char *text); /* NULL: SET sees to it */
	const char *what;
	enum sts_rc (*set)(const struct sts_value_spec *spec, void *field,
	    const char *text, struct sts_error *err);
	enum sts_rc (*show)(const struct sts_value_spec *spec,
	    const void *field, size_t j, struct sts_buf *buf);
	void (*clear)(void *field); /* NULL: owns nothing */
} types[] = {
	[STS_VALUE_PATH] = { path_valid, "an absolute path", set_text,
	    show_text, clear_text },
	[STS_VALUE_PROXY] = { proxy_valid, "an http, https or socks5h URL",
	    set_text, show_text, clear_text },
	[STS_VALUE_TEXT] = { line_valid, "one line of text", set_text,
	    show_text, clear_text },
	[STS_VALUE_MAIL] = { mail_valid, "a mail address", set_text, show_text,
	    clear_text },
	[STS_VALUE_BOOL] = { NULL, NULL, set_bool, show_bool, NULL },
	[STS_VALUE_CHOICE] = { NULL, NULL, set_choice, show_choice, NULL },
	[STS_VALUE_NUMBER] = { NULL, NULL, set_number, show_number, NULL },
	[STS_VALUE_TIME] = { NULL, NULL, set_time, show_number, NULL },
	[STS_VALUE_SERVER] = { server_valid,
	    "an address, address:port or [address]:port", set_item, show_item,
	    clear_list },
	[STS_VALUE_NETWORK] = { network_valid, "an address or address/bits",
	    set_item, show_item, clear_list },
	[STS_VALUE_HOST] = { host_valid, "a host name or an address", set_item,
	    show_item, clear_list },
	[STS_VALUE_NAME] = { name_valid, "a domain, a mail address or a URI",
	    set_item, show_item, clear_list },
	[STS_VALUE_RULE] = { NULL, NULL, set_item, show_item, clear_list },
};
_Static_assert(sizeof(types) / sizeof(types[0]) == STS_VALUE_MAX,
    "types matches enum sts_value_type");

enum sts_rc
sts_value_set(const struct sts_value_spec *spec, void *field, const char *text,
    struct sts_error *err)
{
	if (types[spec->type].valid != NULL && !types[spec->type].valid(text))
		return sts_error_set(err, STS_ECONFIG, "\"%s\" is not %s", text,
		    types[spec->type].what);
	return types[spec->type].set(spec, field, text, err);
}

enum sts_rc
sts_value_show(const struct sts_value_spec *spec, const void *field, size_t j,
    struct sts_buf *buf)
{
	return types[spec->type].show(spec, field, j, buf);
}

void
sts_value_clear(const struct sts_value_spec *spec, void *field)
{
	if (types[spec->type].clear != NULL)
		types[spec->type].clear(field);
}

bool
sts_value_repeats(enum sts_value_type type)
{
	return types[type].clear == clear_list;
}
