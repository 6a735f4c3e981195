/* SPDX-License-Identifier: ISC */
/*
 * The configuration file, see config.h.  One table says what a keyword is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/word.h"

#define FILE_MAX    (1024 * 1024) /* octets */
#define READ_SIZE   4096
#define KEYWORD_MAX 32 /* octets of an unknown one that are shown */

static const char *const on_error_names[] = { "defer", "live", NULL };
static const char *const on_dns_error_names[] = { "none", "defer", NULL };
static const char *const level_names[] = { "error", "warning", "notice", "info",
	"debug", NULL };

/* A choice is stored through an unsigned. */
_Static_assert(sizeof(enum sts_on_error) == sizeof(unsigned) &&
		   sizeof(enum sts_on_dns_error) == sizeof(unsigned) &&
		   sizeof(enum sts_level) == sizeof(unsigned),
    "enums are as wide as unsigned");

#define AT(field) offsetof(struct sts_config, field)

/* clang-format off */
static const struct keyword {
	const char *name;
	size_t offset;	     /* in struct sts_config */
	struct sts_value_spec spec;
	const char *initial; /* as the file would say it, or NULL */
} keywords[] = {
	{ "state", AT(state), { .type = STS_VALUE_PATH }, NULL },
	{ "ca-file", AT(ca_file), { .type = STS_VALUE_PATH }, NULL },
	{ "ca-dir", AT(ca_dir), { .type = STS_VALUE_PATH }, NULL },
	{ "resolver", AT(resolver), { .type = STS_VALUE_SERVER }, NULL },
	{ "trust-ad", AT(trust_ad), { .type = STS_VALUE_BOOL }, "no" },
	{ "timeout", AT(timeout),
	    { .type = STS_VALUE_TIME, .min = 1, .max = 60 }, "15s" },
	{ "parallel", AT(parallel),
	    { .type = STS_VALUE_NUMBER, .min = 1, .max = 256 }, "16" },
	{ "proxy", AT(proxy), { .type = STS_VALUE_PROXY }, NULL },
	{ "allow-network", AT(allow_network),
	    { .type = STS_VALUE_NETWORK }, NULL },
	{ "self", AT(self), { .type = STS_VALUE_HOST }, NULL },
	{ "outbound-network", AT(outbound_network),
	    { .type = STS_VALUE_NETWORK }, NULL },
	{ "on-error", AT(on_error),
	    { .type = STS_VALUE_CHOICE, .names = on_error_names }, "defer" },
	{ "on-dns-error", AT(on_dns_error),
	    { .type = STS_VALUE_CHOICE, .names = on_dns_error_names },
	    "none" },
	{ "require", AT(require), { .type = STS_VALUE_RULE }, NULL },
	{ "excuse", AT(excuse), { .type = STS_VALUE_RULE }, NULL },
	{ "report-from", AT(report_from), { .type = STS_VALUE_MAIL }, NULL },
	{ "report-org", AT(report_org), { .type = STS_VALUE_TEXT }, NULL },
	{ "report-dkim", AT(report_dkim), { .type = STS_VALUE_BOOL }, "no" },
	{ "report-sendmail", AT(report_sendmail),
	    { .type = STS_VALUE_PATH }, "/usr/sbin/sendmail" },
	{ "report-suppress", AT(report_suppress),
	    { .type = STS_VALUE_NAME }, NULL },
	{ "report-delay", AT(report_delay),
	    { .type = STS_VALUE_TIME, .min = 0, .max = 14400 }, "4h" },
	{ "report-keep", AT(report_keep),
	    { .type = STS_VALUE_TIME, .min = 172800, .max = 31536000 },
	    "14d" },
	{ "report-per-rua", AT(report_per_rua),
	    { .type = STS_VALUE_NUMBER, .min = 1, .max = 1000000 }, "20" },
	{ "report-per-run", AT(report_per_run),
	    { .type = STS_VALUE_NUMBER, .min = 1, .max = 1000000 }, "1000" },
	{ "report-collector", AT(report_collector),
	    { .type = STS_VALUE_PATH }, NULL },
	{ "tls-required-no", AT(tls_required_no),
	    { .type = STS_VALUE_BOOL }, "no" },
	{ "log-level", AT(log_level),
	    { .type = STS_VALUE_CHOICE, .names = level_names }, "notice" },
};
/* clang-format on */
#define KEYWORDS (sizeof(keywords) / sizeof(keywords[0]))

struct parser {
	struct sts_config *config;
	struct sts_buf line; /* without newline, NUL behind it */
	struct sts_buf word;
	unsigned number;        /* of the line */
	unsigned set[KEYWORDS]; /* line on which each was seen, 0: not yet */
};

static void *
field_of(struct sts_config *config, const struct keyword *keyword)
{
	return (char *)config + keyword->offset;
}

static const struct keyword *
find_keyword(const char *name)
{
	size_t i;

	for (i = 0; i < KEYWORDS; i++)
		if (strcmp(keywords[i].name, name) == 0)
			return &keywords[i];
	return NULL;
}

/* The one word that is left in TEXT. */
static enum sts_rc
single_value(struct parser *parser, const char *text, struct sts_error *err)
{
	struct sts_buf more;
	enum sts_rc rc;

	rc = sts_word_next(&text, &parser->word, err);
	if (rc == STS_ENODATA)
		return sts_error_set(err, STS_ECONFIG, "a value is missing");
	if (rc != STS_OK)
		return rc;
	sts_buf_init(&more, STS_CONFIG_LINE_MAX);
	rc = sts_word_next(&text, &more, err);
	if (rc == STS_OK)
		rc = sts_error_set(err, STS_ECONFIG,
		    "one value is expected, \"%.*s\" is too much", KEYWORD_MAX,
		    sts_buf_text(&more));
	sts_buf_clear(&more);
	return rc == STS_ENODATA ? STS_OK : rc;
}

/* All words that are left in TEXT, quotes and all, without a comment. */
static enum sts_rc
rule_value(struct parser *parser, const char *text, struct sts_error *err)
{
	const char *start, *end;
	enum sts_rc rc;

	start = end = text + strspn(text, " \t");
	while ((rc = sts_word_next(&text, &parser->word, err)) == STS_OK)
		end = text;
	if (rc != STS_ENODATA)
		return rc;
	if (end == start)
		return sts_error_set(err, STS_ECONFIG, "a rule is missing");
	sts_buf_reset(&parser->word);
	return sts_buf_add(&parser->word, start, (size_t)(end - start));
}

static enum sts_rc
set_keyword(struct parser *parser, const struct keyword *keyword,
    const char *text, struct sts_error *err)
{
	void *field = field_of(parser->config, keyword);
	unsigned *set = &parser->set[keyword - keywords];
	bool repeats = sts_value_repeats(keyword->spec.type);
	struct sts_config_list *list = field;
	enum sts_rc rc;

	if (*set != 0 && !repeats)
		return sts_error_set(err, STS_ECONFIG,
		    "%s was set on line %u already", keyword->name, *set);
	*set = parser->number;
	if (keyword->spec.type == STS_VALUE_RULE)
		rc = rule_value(parser, text, err);
	else
		rc = single_value(parser, text, err);
	if (rc == STS_OK)
		rc = sts_value_set(&keyword->spec, field,
		    sts_buf_text(&parser->word), err);
	if (rc != STS_OK)
		(void)sts_error_prefix(err, "%s", keyword->name);
	else if (repeats)
		list->item[list->count - 1].line = parser->number;
	return rc;
}

/* [ keyword value ] [ "#" comment ] */
static enum sts_rc
parse_line(struct parser *parser, struct sts_error *err)
{
	const char *text = sts_buf_text(&parser->line);
	const struct keyword *keyword;
	enum sts_rc rc;

	rc = sts_word_next(&text, &parser->word, err);
	if (rc != STS_OK)
		return rc == STS_ENODATA ? STS_OK : rc;
	keyword = find_keyword(sts_buf_text(&parser->word));
	if (keyword == NULL)
		return sts_error_set(err, STS_ECONFIG,
		    "unknown keyword \"%.*s\"", KEYWORD_MAX,
		    sts_buf_text(&parser->word));
	return set_keyword(parser, keyword, text, err);
}

/* LEN octets of DATA become the line; only a tab is a control character. */
static enum sts_rc
take_line(struct parser *parser, const char *data, size_t len,
    struct sts_error *err)
{
	size_t i;

	if (len > 0 && data[len - 1] == '\r')
		len--;
	if (len > STS_CONFIG_LINE_MAX)
		return sts_error_set(err, STS_ECONFIG,
		    "line is longer than %d octets", STS_CONFIG_LINE_MAX);
	for (i = 0; i < len; i++)
		if (((unsigned char)data[i] < 0x20 && data[i] != '\t') ||
		    data[i] == 0x7f)
			return sts_error_set(err, STS_ECONFIG,
			    "control character %u at octet %zu",
			    (unsigned char)data[i], i + 1);
	sts_buf_reset(&parser->line);
	if (sts_buf_add(&parser->line, data, len) != STS_OK)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	return STS_OK;
}

static enum sts_rc
parse_text(struct parser *parser, const char *text, size_t len,
    struct sts_error *err)
{
	const char *newline, *end = text + len;
	enum sts_rc rc = STS_OK;

	while (rc == STS_OK && text < end) {
		newline = memchr(text, '\n', (size_t)(end - text));
		if (newline == NULL)
			newline = end;
		parser->number++;
		rc = take_line(parser, text, (size_t)(newline - text), err);
		if (rc == STS_OK)
			rc = parse_line(parser, err);
		text = newline + 1;
	}
	return rc;
}

enum sts_rc
sts_config_parse(struct sts_config *config, const char *name, const char *text,
    size_t len, struct sts_error *err)
{
	struct parser parser = { .config = config };
	enum sts_rc rc;

	sts_buf_init(&parser.line, STS_CONFIG_LINE_MAX);
	sts_buf_init(&parser.word, STS_CONFIG_LINE_MAX);
	rc = parse_text(&parser, text, len, err);
	if (rc != STS_OK)
		(void)sts_error_prefix(err, "%s:%u", name, parser.number);
	sts_buf_clear(&parser.line);
	sts_buf_clear(&parser.word);
	return rc;
}

enum sts_rc
sts_config_init(struct sts_config *config, struct sts_error *err)
{
	const struct keyword *k;
	enum sts_rc rc;

	memset(config, 0, sizeof(*config));
	for (k = keywords; k < keywords + KEYWORDS; k++) {
		if (k->initial == NULL)
			continue;
		rc = sts_value_set(&k->spec, field_of(config, k), k->initial,
		    err);
		if (rc != STS_OK)
			return rc;
	}
	return STS_OK;
}

void
sts_config_clear(struct sts_config *config)
{
	const struct keyword *k;

	for (k = keywords; k < keywords + KEYWORDS; k++)
		sts_value_clear(&k->spec, field_of(config, k));
	free(config->path);
	config->path = NULL;
}

/* All that FD yields, as far as TEXT's maximum. */
static enum sts_rc
read_all(int fd, struct sts_buf *text, struct sts_error *err)
{
	ssize_t n;
	char *room;

	while ((room = sts_buf_room(text, READ_SIZE)) != NULL) {
		n = read(fd, room, READ_SIZE);
		if (n == 0)
			return STS_OK;
		if (n > 0)
			sts_buf_grew(text, (size_t)n);
		else if (errno != EINTR)
			return sts_error_sys(err, STS_ECONFIG, "read");
	}
	if (text->rc == STS_ENOMEM)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	return sts_error_set(err, STS_ECONFIG, "longer than %d octets",
	    FILE_MAX);
}

/* FILE's text; STS_ENODATA when it does not exist. */
static enum sts_rc
read_file(const char *file, struct sts_buf *text, struct sts_error *err)
{
	enum sts_rc rc;
	int fd;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd == -1 && errno == ENOENT)
		return STS_ENODATA; /* usual: words for it would cost time */
	if (fd == -1)
		return sts_error_sys(err, STS_ECONFIG, "open");
	rc = read_all(fd, text, err);
	(void)close(fd);
	return rc;
}

static enum sts_rc
read_into(struct sts_config *config, const char *file, bool may_be_absent,
    struct sts_error *err)
{
	struct sts_buf text;
	enum sts_rc rc;

	config->path = strdup(file);
	if (config->path == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	sts_buf_init(&text, FILE_MAX + READ_SIZE);
	rc = read_file(file, &text, err);
	if (rc == STS_OK) {
		rc = sts_config_parse(config, file, sts_buf_text(&text),
		    text.len, err);
	} else if (rc == STS_ENODATA && may_be_absent) {
		rc = STS_OK;
	} else {
		if (rc == STS_ENODATA)
			rc = sts_error_set(err, STS_ECONFIG,
			    "open: No such file or directory");
		(void)sts_error_prefix(err, "%s", file);
	}
	sts_buf_clear(&text);
	return rc;
}

enum sts_rc
sts_config_read(struct sts_config *config, const char *file, bool may_be_absent,
    struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_config_init(config, err);
	if (rc == STS_OK)
		rc = read_into(config, file, may_be_absent, err);
	if (rc != STS_OK)
		sts_config_clear(config);
	return rc;
}

const char *
sts_config_keyword(size_t i, bool *repeats)
{
	if (i >= KEYWORDS)
		return NULL;
	*repeats = sts_value_repeats(keywords[i].spec.type);
	return keywords[i].name;
}

enum sts_rc
sts_config_value(const struct sts_config *config, size_t i, size_t j,
    struct sts_buf *buf)
{
	const struct keyword *keyword = &keywords[i];

	return sts_value_show(&keyword->spec,
	    (const char *)config + keyword->offset, j, buf);
}
