/* SPDX-License-Identifier: ISC */
/*
 * The operator's rules, see rule.h.  They are kept sorted by kind and domain:
 * every delivery process loads them and asks for one domain.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/word.h"
#include "policy/match.h"
#include "policy/rule.h"

#define DAY        86400
#define DATE_LEN   10 /* YYYY-MM-DD */
#define YEAR_FIRST 1970

static const char *const kind_names[] = {
	[STS_RULE_REQUIRE] = "require",
	[STS_RULE_EXCUSE] = "excuse",
};

static enum sts_rc
no_memory(struct sts_error *err)
{
	return sts_error_set(err, STS_ENOMEM, "no memory");
}

static void
lower(char *out, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		out[i] = (char)sts_ascii_lower((unsigned char)text[i]);
	out[len] = '\0';
}

/* DOMAIN or "*." DOMAIN */
static enum sts_rc
parse_domain(struct sts_rule *rule, const char *text, struct sts_error *err)
{
	size_t star = strncmp(text, "*.", 2) == 0 ? 2 : 0;
	struct sts_error why;

	memcpy(rule->domain, text, star);
	if (sts_domain_normalize(text + star, strlen(text + star),
		rule->domain + star, &why) != STS_OK)
		return sts_error_set(err, STS_ECONFIG, "\"%.64s\": %s", text,
		    why.text);
	return STS_OK;
}

/* "mx" PATTERN */
static enum sts_rc
parse_mx(struct sts_rule *rule, const char *text, struct sts_error *err)
{
	size_t len = strlen(text);
	char **mx, *copy;

	if (!sts_match_names_host(text, len))
		return sts_error_set(err, STS_ECONFIG,
		    "\"%.64s\" is not an mx pattern", text);
	mx = reallocarray(rule->mx, rule->mx_count + 1, sizeof(*mx));
	if (mx == NULL)
		return no_memory(err);
	rule->mx = mx;
	copy = malloc(len + 1);
	if (copy == NULL)
		return no_memory(err);
	lower(copy, text, len);
	mx[rule->mx_count++] = copy;
	return STS_OK;
}

/* LEN digits at TEXT, or -1. */
static int
digits(const char *text, size_t len)
{
	int value = 0;

	for (; len > 0; text++, len--) {
		if (!sts_ascii_digit((unsigned char)*text))
			return -1;
		value = value * 10 + (*text - '0');
	}
	return value;
}

static bool
leap_year(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int
month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30,
		31 };

	return days[month - 1] + (month == 2 && leap_year(year) ? 1 : 0);
}

/* Days from the epoch to a valid date; two short loops beat a formula. */
static int64_t
days_until(int year, int month, int day)
{
	int64_t days = day - 1;
	int i;

	for (i = YEAR_FIRST; i < year; i++)
		days += leap_year(i) ? 366 : 365;
	for (i = 1; i < month; i++)
		days += month_days(year, i);
	return days;
}

/* "until" YYYY-MM-DD, that day included, UTC */
static enum sts_rc
parse_until(struct sts_rule *rule, const char *text, struct sts_error *err)
{
	int year, month, day;

	if (rule->until != 0)
		return sts_error_set(err, STS_ECONFIG, "a second until");
	if (strlen(text) != DATE_LEN || text[4] != '-' || text[7] != '-')
		return sts_error_set(err, STS_ECONFIG,
		    "\"%.64s\" is not a date YYYY-MM-DD", text);
	year = digits(text, 4);
	month = digits(text + 5, 2);
	day = digits(text + 8, 2);
	if (year < YEAR_FIRST || month < 1 || month > 12 || day < 1 ||
	    day > month_days(year, month))
		return sts_error_set(err, STS_ECONFIG, "there is no day \"%s\"",
		    text);
	rule->until = (days_until(year, month, day) + 1) * DAY;
	return STS_OK;
}

/* "reason" TEXT */
static enum sts_rc
parse_reason(struct sts_rule *rule, const char *text, struct sts_error *err)
{
	if (rule->reason != NULL)
		return sts_error_set(err, STS_ECONFIG, "a second reason");
	if (*text == '\0')
		return sts_error_set(err, STS_ECONFIG, "an empty reason");
	rule->reason = strdup(text);
	return rule->reason == NULL ? no_memory(err) : STS_OK;
}

static const struct clause {
	const char *name;
	enum sts_rc (*parse)(struct sts_rule *rule, const char *text,
	    struct sts_error *err);
} clauses[] = {
	{ "mx", parse_mx },
	{ "until", parse_until },
	{ "reason", parse_reason },
};
#define CLAUSES (sizeof(clauses) / sizeof(clauses[0]))

static const struct clause *
find_clause(const char *name)
{
	size_t i;

	for (i = 0; i < CLAUSES; i++)
		if (strcmp(clauses[i].name, name) == 0)
			return &clauses[i];
	return NULL;
}

/* One clause: its name and its value; STS_ENODATA at the end of TEXT. */
static enum sts_rc
parse_clause(struct sts_rule *rule, const char **text, struct sts_buf *word,
    struct sts_error *err)
{
	const struct clause *clause;
	enum sts_rc rc;

	rc = sts_word_next(text, word, err);
	if (rc != STS_OK)
		return rc;
	clause = find_clause(sts_buf_text(word));
	if (clause == NULL)
		return sts_error_set(err, STS_ECONFIG,
		    "\"%.64s\" is none of: mx, until, reason",
		    sts_buf_text(word));
	rc = sts_word_next(text, word, err);
	if (rc == STS_ENODATA)
		return sts_error_set(err, STS_ECONFIG, "nothing behind \"%s\"",
		    clause->name);
	if (rc == STS_OK)
		rc = clause->parse(rule, sts_buf_text(word), err);
	return rc;
}

/* An exception that nobody can explain or that never ends is a hole. */
static enum sts_rc
check_rule(const struct sts_rule *rule, struct sts_error *err)
{
	if (rule->kind != STS_RULE_EXCUSE)
		return STS_OK;
	if (rule->until == 0 || rule->reason == NULL)
		return sts_error_set(err, STS_ECONFIG,
		    "an excuse needs both until and reason");
	if (rule->mx_count > 0)
		return sts_error_set(err, STS_ECONFIG,
		    "an excuse is for the whole domain, not for an mx");
	return STS_OK;
}

static enum sts_rc
parse_words(struct sts_rule *rule, const char *text, struct sts_buf *word,
    struct sts_error *err)
{
	enum sts_rc rc;

	rc = sts_word_next(&text, word, err);
	if (rc == STS_ENODATA)
		return sts_error_set(err, STS_ECONFIG, "a domain is missing");
	if (rc == STS_OK)
		rc = parse_domain(rule, sts_buf_text(word), err);
	while (rc == STS_OK)
		rc = parse_clause(rule, &text, word, err);
	if (rc != STS_ENODATA)
		return rc;
	rc = check_rule(rule, err);
	if (rc == STS_OK && rule->reason == NULL) {
		rule->reason = strdup("");
		if (rule->reason == NULL)
			return no_memory(err);
	}
	return rc;
}

enum sts_rc
sts_rule_parse(enum sts_rule_kind kind, const char *text, struct sts_rule *rule,
    struct sts_error *err)
{
	struct sts_rule made = { .kind = kind };
	struct sts_buf word;
	enum sts_rc rc;

	sts_buf_init(&word, STS_CONFIG_LINE_MAX);
	rc = parse_words(&made, text, &word, err);
	sts_buf_clear(&word);
	if (rc == STS_OK)
		*rule = made;
	else
		sts_rule_clear(&made);
	return rc;
}

void
sts_rule_clear(struct sts_rule *rule)
{
	size_t i;

	for (i = 0; i < rule->mx_count; i++)
		free(rule->mx[i]);
	free(rule->mx);
	free(rule->reason);
	memset(rule, 0, sizeof(*rule));
}

static enum sts_rc
load_list(const struct sts_config *config, enum sts_rule_kind kind,
    const struct sts_config_list *list, struct sts_rules *rules,
    struct sts_error *err)
{
	struct sts_rule *rule;
	enum sts_rc rc;
	size_t i;

	for (i = 0; i < list->count; i++) {
		rule = &rules->rule[rules->count];
		rc = sts_rule_parse(kind, list->item[i].value, rule, err);
		if (rc != STS_OK) {
			(void)sts_error_prefix(err, "%s:%u: %s", config->path,
			    list->item[i].line, kind_names[kind]);
			return rc;
		}
		rule->line = list->item[i].line;
		rules->count++;
	}
	return STS_OK;
}

static int
compare(const void *a, const void *b)
{
	const struct sts_rule *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return strcmp(x->domain, y->domain);
}

/* Two rules of a kind for one domain: which one was meant? */
static enum sts_rc
check_unique(const struct sts_config *config, const struct sts_rules *rules,
    struct sts_error *err)
{
	const struct sts_rule *a, *b;
	size_t i;

	for (i = 1; i < rules->count; i++) {
		a = &rules->rule[i - 1];
		b = &rules->rule[i];
		if (compare(a, b) != 0)
			continue;
		return sts_error_set(err, STS_ECONFIG,
		    "%s:%u: %s: \"%.64s\" has one on line %u already",
		    config->path, a->line > b->line ? a->line : b->line,
		    kind_names[a->kind], a->domain,
		    a->line > b->line ? b->line : a->line);
	}
	return STS_OK;
}

enum sts_rc
sts_rules_load(const struct sts_config *config, struct sts_rules *rules,
    struct sts_error *err)
{
	struct sts_rules made = { 0 };
	enum sts_rc rc;

	made.rule = calloc(config->require.count + config->excuse.count + 1,
	    sizeof(*made.rule));
	if (made.rule == NULL)
		return no_memory(err);
	rc = load_list(config, STS_RULE_REQUIRE, &config->require, &made, err);
	if (rc == STS_OK)
		rc = load_list(config, STS_RULE_EXCUSE, &config->excuse, &made,
		    err);
	qsort(made.rule, made.count, sizeof(*made.rule), compare);
	if (rc == STS_OK)
		rc = check_unique(config, &made, err);
	if (rc == STS_OK)
		*rules = made;
	else
		sts_rules_clear(&made);
	return rc;
}

void
sts_rules_clear(struct sts_rules *rules)
{
	size_t i;

	for (i = 0; i < rules->count; i++)
		sts_rule_clear(&rules->rule[i]);
	free(rules->rule);
	memset(rules, 0, sizeof(*rules));
}

static const struct sts_rule *
find_exact(const struct sts_rules *rules, const struct sts_rule *key,
    int64_t wall)
{
	const struct sts_rule *rule;

	rule = bsearch(key, rules->rule, rules->count, sizeof(*rule), compare);
	if (rule == NULL || (rule->until != 0 && wall >= rule->until))
		return NULL;
	return rule;
}

const struct sts_rule *
sts_rules_find(const struct sts_rules *rules, enum sts_rule_kind kind,
    const char *domain, int64_t wall)
{
	struct sts_rule key = { .kind = kind };
	const struct sts_rule *rule;
	size_t len = strlen(domain);
	const char *dot;

	if (rules->count == 0 || len > STS_DOMAIN_MAX)
		return NULL;
	memcpy(key.domain, domain, len + 1);
	rule = find_exact(rules, &key, wall);
	dot = strchr(domain, '.');
	for (; rule == NULL && dot != NULL; dot = strchr(dot + 1, '.')) {
		key.domain[0] = '*';
		memcpy(key.domain + 1, dot, strlen(dot) + 1);
		rule = find_exact(rules, &key, wall);
	}
	return rule;
}
