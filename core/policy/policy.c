/* SPDX-License-Identifier: ISC */
/*
 * The policy text of RFC 8461, 3.2, see policy.h.  One pass; every line is
 * checked against the grammar of a field first, then handed to its key.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "policy/field.h"
#include "policy/match.h"
#include "policy/policy.h"

#define MAX_AGE_DIGITS 10
#define MX_LINE_MIN    5 /* octets of the shortest, "mx:a" and its newline */

struct field { /* one line: offsets in the text */
	size_t key, key_len;
	size_t value, value_len;
};

struct parser {
	const char *text;
	size_t len;
	unsigned line;
	unsigned seen; /* bit per entry of keys[] */
	struct sts_policy *policy;
	char *room; /* in the policy's block, for the next pattern */
	struct sts_policy_where *where;
	struct sts_error *err;
};

/* Refuse the text for the octet at OFFSET; the last one when text is short. */
static enum sts_rc
fail_at(const struct parser *p, size_t offset, const char *why)
{
	if (offset >= p->len)
		offset = p->len - 1;
	if (p->where != NULL) {
		p->where->line = p->line;
		p->where->byte = (unsigned)offset + 1;
	}
	return sts_error_set(p->err, STS_EPOLICY, "%s", why);
}

static enum sts_rc
fail_whole(struct sts_policy_where *where, struct sts_error *err,
    const char *why)
{
	if (where != NULL)
		memset(where, 0, sizeof(*where));
	return sts_error_set(err, STS_EPOLICY, "%s", why);
}

static void
warn_line(const struct parser *p, const char *text)
{
	struct sts_policy *policy = p->policy;
	size_t n = policy->warning_count++;

	if (n >= STS_POLICY_WARNINGS)
		return;
	policy->warning[n].line = p->line;
	policy->warning[n].text = text;
}

static bool
value_is(const struct parser *p, const struct field *f, const char *word)
{
	return strlen(word) == f->value_len &&
	       memcmp(p->text + f->value, word, f->value_len) == 0;
}

/* %s"version" sts-policy-field-delim %s"STSv1" */
static enum sts_rc
take_version(struct parser *p, const struct field *f)
{
	if (!value_is(p, f, "STSv1"))
		return fail_at(p, f->value, "version must be \"STSv1\"");
	return STS_OK;
}

/* %s"testing" / %s"enforce" / %s"none" */
static enum sts_rc
take_mode(struct parser *p, const struct field *f)
{
	static const struct {
		const char *word;
		enum sts_mode mode;
	} modes[] = {
		{ "enforce", STS_MODE_ENFORCE },
		{ "testing", STS_MODE_TESTING },
		{ "none", STS_MODE_NONE },
	};
	size_t i;

	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (!value_is(p, f, modes[i].word))
			continue;
		p->policy->mode = modes[i].mode;
		return STS_OK;
	}
	return fail_at(p, f->value,
	    "mode must be \"enforce\", \"testing\" or \"none\"");
}

/*
 * 1*10(DIGIT).  The prose ends at a year and the grammar does not (erratum
 * 7282): more is taken as a year, since refusing the policy would lower it.
 */
static enum sts_rc
take_max_age(struct parser *p, const struct field *f)
{
	int64_t age = 0;
	size_t i;

	for (i = 0; i < f->value_len; i++) {
		if (!sts_ascii_digit((unsigned char)p->text[f->value + i]))
			return fail_at(p, f->value + i,
			    "max_age must be a number of seconds, digits only");
		if (i == MAX_AGE_DIGITS)
			return fail_at(p, f->value + i,
			    "max_age has more than 10 digits");
		age = age * 10 + (p->text[f->value + i] - '0');
	}
	if (age > STS_MAX_AGE_MAX) {
		warn_line(p, "max_age is above the maximum of 31557600 seconds,"
			     " which is taken instead");
		age = STS_MAX_AGE_MAX;
	}
	p->policy->max_age = age;
	return STS_OK;
}

/*
 * ["*."] Domain.  What is not one still has the form of an extension that is
 * named mx, so the line is passed over and only good patterns count.  A
 * dotted quad is grammatical; no host ever matches it.
 */
static enum sts_rc
take_mx(struct parser *p, const struct field *f)
{
	const char *value = p->text + f->value;
	size_t i;

	if (!sts_match_pattern_valid(value, f->value_len)) {
		warn_line(p, "mx is no host name, nor \"*.\" and a domain; "
			     "line ignored");
		return STS_OK;
	}
	if (!sts_match_names_host(value, f->value_len))
		warn_line(p, "mx is an address, which no host matches");
	p->policy->mx[p->policy->mx_count++] = p->room;
	for (i = 0; i < f->value_len; i++)
		*p->room++ = (char)sts_ascii_lower((unsigned char)value[i]);
	*p->room++ = '\0';
	return STS_OK;
}

static const struct key {
	const char *name;
	size_t len;
	enum sts_rc (*take)(struct parser *p, const struct field *f);
	bool repeats;
	const char *missing;
} keys[] = {
	{ "version", 7, take_version, false, "there is no \"version: STSv1\"" },
	{ "mode", 4, take_mode, false, "there is no \"mode\"" },
	{ "max_age", 7, take_max_age, false, "there is no \"max_age\"" },
	{ "mx", 2, take_mx, true, "there is no usable \"mx\"" },
};
#define KEYS (sizeof(keys) / sizeof(keys[0]))

static bool
key_differs_in_case(const char *name, const char *key, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (name[i] != sts_ascii_lower((unsigned char)key[i]))
			return false;
	return true;
}

/* Unknown keys are for others to know (RFC 8461, 3.2). */
static void
take_extension(const struct parser *p, const struct field *f)
{
	size_t i;

	for (i = 0; i < KEYS; i++)
		if (keys[i].len == f->key_len &&
		    key_differs_in_case(keys[i].name, p->text + f->key,
			f->key_len))
			warn_line(p, "keys are lower case; line ignored");
}

/*
 * Of a key that does not repeat the first one counts, even if it is bad or a
 * later one is stricter (RFC 8461, 3.2).
 */
static enum sts_rc
take_field(struct parser *p, const struct field *f)
{
	const char *key = p->text + f->key;
	size_t i;

	for (i = 0; i < KEYS; i++) {
		if (keys[i].len != f->key_len ||
		    memcmp(keys[i].name, key, f->key_len) != 0)
			continue;
		if (!keys[i].repeats && (p->seen & 1U << i) != 0) {
			warn_line(p, "key stands twice; only the first counts");
			return STS_OK;
		}
		p->seen |= 1U << i;
		return keys[i].take(p, f);
	}
	take_extension(p, f);
	return STS_OK;
}

/* UTF8-2 / UTF8-3 / UTF8-4 (RFC 3629, 4); its length, 0 when it is none. */
static size_t
utf8_len(const unsigned char *s, size_t left)
{
	static const struct {
		unsigned char low, high;   /* of the first octet */
		unsigned char low2, high2; /* of the second */
		unsigned char len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	size_t i, n;

	for (i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (s[0] >= forms[i].low && s[0] <= forms[i].high)
			break;
	if (i == sizeof(forms) / sizeof(forms[0]) || forms[i].len > left ||
	    s[1] < forms[i].low2 || s[1] > forms[i].high2)
		return 0;
	for (n = 2; n < forms[i].len; n++)
		if (s[n] < 0x80 || s[n] > 0xbf)
			return 0;
	return n;
}

/* sts-policy-ext-value, which every other value is a narrower form of. */
static enum sts_rc
check_value(const struct parser *p, const struct field *f)
{
	const unsigned char *s = (const unsigned char *)p->text + f->value;
	size_t at, n;

	if (f->value_len == 0)
		return fail_at(p, f->value, "there is no value after \":\"");
	for (at = 0; at < f->value_len; at += n) {
		n = 1;
		if (s[at] >= 0x20 && s[at] < 0x7f)
			continue;
		if (s[at] == '\r')
			return fail_at(p, f->value + at,
			    "a carriage return without line feed");
		if (s[at] < 0x80)
			return fail_at(p, f->value + at,
			    "a control character in the value");
		n = utf8_len(s + at, f->value_len - at);
		if (n == 0)
			return fail_at(p, f->value + at,
			    "the value is not valid UTF-8");
	}
	return STS_OK;
}

/* Why LINE, of whose LEN octets N are a name, does not begin with a key. */
static const char *
key_problem(const char *line, size_t len, size_t n)
{
	if (len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark is not allowed";
	if (n == 0 && sts_field_is_blank(line[0]))
		return "a line must not begin with a blank";
	if (n == 0)
		return "the line is not of the form \"key: value\"";
	if (n < len && sts_field_is_blank(line[n]))
		return "no blank is allowed before \":\"";
	if (n == STS_FIELD_NAME_MAX && n < len)
		return "a key has at most 32 characters";
	return "there is no \":\" after the key";
}

/* sts-policy-field *WSP between offsets START and END */
static enum sts_rc
parse_line(struct parser *p, size_t start, size_t end)
{
	const char *line = p->text + start;
	size_t len = end - start, n;
	struct field f;
	enum sts_rc rc;

	/* The grammar has no empty lines, but skipping one cannot weaken
	 * the policy and refusing it would; blanks may end any line. */
	if (sts_field_trimmed(line, len) == 0) {
		warn_line(p, "empty line");
		return STS_OK;
	}
	n = sts_field_name(line, len);
	if (n == 0 || n == len || line[n] != ':')
		return fail_at(p, start + n, key_problem(line, len, n));
	f.key = start;
	f.key_len = n++;
	n += sts_field_blanks(line + n, len - n);
	f.value = start + n;
	f.value_len = sts_field_trimmed(line + n, len - n);
	rc = check_value(p, &f);
	return rc != STS_OK ? rc : take_field(p, &f);
}

/* sts-policy-term is LF or CRLF, in any mixture; the last may be missing. */
static enum sts_rc
parse_lines(struct parser *p)
{
	size_t at, end, next;
	const char *newline;
	enum sts_rc rc;

	for (at = 0; at < p->len; at = next) {
		p->line++;
		newline = memchr(p->text + at, '\n', p->len - at);
		end = newline == NULL ? p->len : (size_t)(newline - p->text);
		next = newline == NULL ? end : end + 1;
		if (newline != NULL && end > at && p->text[end - 1] == '\r')
			end--;
		rc = parse_line(p, at, end);
		if (rc != STS_OK)
			return rc;
	}
	return STS_OK;
}

static enum sts_rc
check_complete(const struct parser *p)
{
	bool found;
	size_t i;

	for (i = 0; i < KEYS; i++) {
		found = (p->seen & 1U << i) != 0;
		if (keys[i].repeats)
			found = p->policy->mx_count > 0 ||
				p->policy->mode == STS_MODE_NONE;
		if (!found)
			return fail_whole(p->where, p->err, keys[i].missing);
	}
	return STS_OK;
}

/*
 * One block: the policy, room for as many pointers as LEN octets can hold mx
 * lines, the text and a NUL, and room for the patterns: each is shorter than
 * its line by at least the "mx:", so its NUL fits.
 */
static struct sts_policy *
new_policy(const char *text, size_t len, char **room)
{
	size_t mx_max = (len + 1) / MX_LINE_MIN, size;
	struct sts_policy *policy;
	char *copy;

	size = sizeof(*policy) + mx_max * sizeof(policy->mx[0]) + 2 * len + 1;
	policy = malloc(size);
	if (policy == NULL)
		return NULL;
	memset(policy, 0, sizeof(*policy));
	policy->mx = (const char **)(policy + 1);
	copy = (char *)(policy->mx + mx_max);
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	policy->text = copy;
	policy->text_len = len;
	*room = copy + len + 1;
	return policy;
}

enum sts_rc
sts_policy_parse(const char *text, size_t len, struct sts_policy **policy,
    struct sts_policy_where *where, struct sts_error *err)
{
	struct parser p = {
		.text = text, .len = len, .where = where, .err = err
	};
	enum sts_rc rc;

	if (len > STS_POLICY_TEXT_MAX)
		return fail_whole(where, err,
		    "the policy is longer than 65536 octets");
	p.policy = new_policy(text, len, &p.room);
	if (p.policy == NULL)
		return sts_error_set(err, STS_ENOMEM, "out of memory");
	rc = parse_lines(&p);
	if (rc == STS_OK)
		rc = check_complete(&p);
	if (rc != STS_OK) {
		sts_policy_free(p.policy);
		return rc;
	}
	*policy = p.policy;
	return STS_OK;
}

void
sts_policy_free(struct sts_policy *policy)
{
	free(policy);
}
