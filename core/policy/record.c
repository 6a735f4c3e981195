/* SPDX-License-Identifier: ISC */
/*
 * The TXT records of RFC 8461, 3.1 and RFC 8460, 3, see record.h.  One
 * scanner reads both; they differ in a struct grammar.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "policy/field.h"
#include "policy/record.h"

struct grammar {
	const char *name;    /* for messages */
	const char *version; /* with the ";" of the prefix rule */
	const char *key;     /* of the one field that must be there */
	bool (*value_ok)(const char *value, size_t len); /* its own syntax */
	const char *missing;
};

struct scan {
	const struct sts_txt_rr *rr;
	size_t at;
	struct sts_error *err;
};

struct field {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

static bool
is_word(const char *text, size_t len, const char *word)
{
	return strlen(word) == len && memcmp(text, word, len) == 0;
}

static bool
is_visible(char c)
{
	return c > 0x20 && c < 0x7f;
}

/* 1*(%x21-3A / %x3C / %x3E-7E) */
static bool
extension_value_ok(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!is_visible(value[i]) || value[i] == ';' || value[i] == '=')
			return false;
	return len > 0;
}

/* 1*32(ALPHA / DIGIT) */
static bool
id_ok(const char *value, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (!sts_ascii_alnum((unsigned char)value[i]))
			return false;
	return len > 0 && len <= STS_ID_MAX;
}

/*
 * Cut the first URI off *LIST: tlsrpt-uri *(*WSP "," *WSP tlsrpt-uri).
 * False when the list is not of that form there.
 */
static bool
next_uri(const char **list, size_t *left, const char **uri, size_t *len)
{
	const char *comma = memchr(*list, ',', *left);
	size_t part, blanks, i;

	*uri = *list;
	part = comma == NULL ? *left : (size_t)(comma - *list);
	*len = comma == NULL ? part : sts_field_trimmed(*uri, part);
	for (i = 0; i < *len; i++)
		if (!is_visible((*uri)[i]))
			return false;
	if (comma == NULL) {
		*left = 0;
		return *len > 0;
	}
	blanks = sts_field_blanks(comma + 1, *left - part - 1);
	*list = comma + 1 + blanks;
	*left -= part + 1 + blanks;
	return *len > 0 && *left > 0;
}

/* What stands between the commas is judged one by one, see keep_uri(). */
static bool
rua_ok(const char *value, size_t len)
{
	const char *uri;
	size_t uri_len;

	do {
		if (!next_uri(&value, &len, &uri, &uri_len))
			return false;
	} while (len > 0);
	return true;
}

static const struct grammar sts_grammar = {
	.name = "MTA-STS",
	.version = "v=STSv1;",
	.key = "id",
	.value_ok = id_ok,
	.missing = "the MTA-STS record has no \"id\"",
};

static const struct grammar tlsrpt_grammar = {
	.name = "TLSRPT",
	.version = "v=TLSRPTv1;",
	.key = "rua",
	.value_ok = rua_ok,
	.missing = "the TLSRPT record has no \"rua\"",
};

/*
 * Take field-delim = *WSP ";" *WSP; false when the text does not go on with
 * one.  Blanks count only beside a ";", so it looks for that first.
 */
static bool
take_delimiter(struct scan *scan)
{
	const char *p = scan->rr->data + scan->at;
	size_t left = scan->rr->len - scan->at;
	size_t n = sts_field_blanks(p, left);

	if (n == left || p[n] != ';')
		return false;
	n++;
	scan->at += n + sts_field_blanks(p + n, left - n);
	return true;
}

/* name "=" value; the value ends before the next delimiter or the end. */
static enum sts_rc
take_field(struct scan *scan, const struct grammar *g, struct field *f)
{
	const char *p = scan->rr->data + scan->at, *semicolon;
	size_t left = scan->rr->len - scan->at, len;
	size_t n = sts_field_name(p, left);

	if (n == 0 || n == left || p[n] != '=')
		return sts_error_set(scan->err, STS_ERECORD,
		    "the %s record has no name=value at octet %zu", g->name,
		    scan->at + 1);
	semicolon = memchr(p, ';', left);
	len = semicolon == NULL ? left
				: sts_field_trimmed(p, (size_t)(semicolon - p));
	f->name = p;
	f->name_len = n;
	f->value = p + n + 1;
	f->value_len = len - n - 1;
	scan->at += len;
	if (extension_value_ok(f->value, f->value_len) ||
	    (is_word(f->name, n, g->key) &&
		g->value_ok(f->value, f->value_len)))
		return STS_OK;
	return sts_error_set(scan->err, STS_ERECORD,
	    "the %s record has an empty or malformed value for \"%.*s\" at "
	    "octet %zu",
	    g->name, (int)n, f->name, (size_t)(f->value - scan->rr->data) + 1);
}

/*
 * version 1*(field-delim field) [field-delim].  VALUE becomes the first field
 * named KEY: later ones are ignored, even where the first is bad.
 */
static enum sts_rc
parse_fields(const struct grammar *g, const struct sts_txt_rr *rr,
    struct field *value, struct sts_error *err)
{
	struct scan scan = { rr, strlen(g->version) - 1, err };
	struct field f;
	enum sts_rc rc;

	value->name = NULL;
	while (take_delimiter(&scan) && scan.at < rr->len) {
		rc = take_field(&scan, g, &f);
		if (rc != STS_OK)
			return rc;
		if (value->name == NULL && is_word(f.name, f.name_len, g->key))
			*value = f;
	}
	if (scan.at < rr->len)
		return sts_error_set(err, STS_ERECORD,
		    "the %s record has no \";\" at octet %zu", g->name,
		    scan.at + 1);
	if (value->name == NULL)
		return sts_error_set(err, STS_ERECORD, "%s", g->missing);
	if (!g->value_ok(value->value, value->value_len))
		return sts_error_set(err, STS_ERECORD,
		    "the \"%s\" of the %s record is malformed at octet %zu",
		    g->key, g->name, (size_t)(value->value - rr->data) + 1);
	return STS_OK;
}

/*
 * Among several RRs only those count that begin with the version and ";".
 * The grammar allows a blank before that ";" (erratum 6285), so an RR that is
 * alone need only begin with the version as a whole word.
 */
static bool
claims(const struct grammar *g, const struct sts_txt_rr *rr, bool alone)
{
	size_t len = strlen(g->version);

	if (!alone)
		return rr->len >= len && memcmp(rr->data, g->version, len) == 0;
	len--;
	if (rr->len < len || memcmp(rr->data, g->version, len) != 0)
		return false;
	return rr->len == len || rr->data[len] == ';' ||
	       sts_field_is_blank(rr->data[len]);
}

static enum sts_rc
parse_rrset(const struct grammar *g, const struct sts_txt_rr *txt, size_t count,
    struct field *value, struct sts_error *err)
{
	const struct sts_txt_rr *only = NULL;
	size_t i, claimed = 0;

	for (i = 0; i < count; i++) {
		if (!claims(g, &txt[i], count == 1))
			continue;
		only = &txt[i];
		claimed++;
	}
	if (claimed > 1)
		return sts_error_set(err, STS_ERECORD,
		    "there are %zu %s records and not one", claimed, g->name);
	if (claimed == 0)
		return sts_error_set(err, STS_ENODATA,
		    "none of the TXT records (%zu) begins with \"%s\"", count,
		    g->version);
	return parse_fields(g, only, value, err);
}

enum sts_rc
sts_record_parse(const struct sts_txt_rr *txt, size_t count,
    struct sts_record *record, struct sts_error *err)
{
	struct field id;
	enum sts_rc rc;

	rc = parse_rrset(&sts_grammar, txt, count, &id, err);
	if (rc != STS_OK)
		return rc;
	memcpy(record->id, id.value, id.value_len);
	record->id[id.value_len] = '\0';
	return STS_OK;
}

/* Value of the two digits after a "%", -1 when they are none. */
static int
percent_value(const char *p, size_t left)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (left < 3)
		return -1;
	high = memchr(digits, sts_ascii_lower((unsigned char)p[1]), 16);
	low = memchr(digits, sts_ascii_lower((unsigned char)p[2]), 16);
	if (high == NULL || low == NULL)
		return -1;
	return (int)(high - digits) * 16 + (int)(low - digits);
}

/*
 * Octets of RFC 3986 without "!", "," and ";", which RFC 8460, 3 wants
 * encoded.  An encoded control character is for header injection only.
 */
static bool
uri_ok(const char *uri, size_t len)
{
	static const char marks[] = "-._~:/?#[]@$&'()*+=%";
	size_t i;
	int c;

	for (i = 0; i < len; i++) {
		if (sts_ascii_alnum((unsigned char)uri[i]))
			continue;
		if (memchr(marks, uri[i], sizeof(marks) - 1) == NULL)
			return false;
		if (uri[i] != '%')
			continue;
		c = percent_value(uri + i, len - i);
		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

/* Length of TEXT before the first octet that is in ENDS. */
static size_t
length_until(const char *text, size_t len, const char *ends)
{
	size_t n;

	for (n = 0; n < len && strchr(ends, text[n]) == NULL; n++)
		continue;
	return n;
}

/* local-part "@" domain (RFC 6068); the length of that, without "?subject". */
static size_t
mailto_len(const char *rest, size_t len)
{
	size_t address = length_until(rest, len, "?#");
	size_t local = length_until(rest, address, "@");

	if (local == 0 || local == address ||
	    !sts_domain_valid(rest + local + 1, address - local - 1))
		return 0;
	return address;
}

/* "//" authority and the rest (RFC 9110, 4.2.2: the host is not empty). */
static size_t
https_len(const char *rest, size_t len)
{
	size_t host;

	if (len < 2 || memcmp(rest, "//", 2) != 0)
		return 0;
	host = length_until(rest + 2, len - 2, ":/?#@");
	return host == 0 ? 0 : len;
}

static const struct scheme {
	const char *name;
	size_t (*rest_len)(const char *rest, size_t len); /* 0: unusable */
} schemes[] = {
	{ "mailto:", mailto_len },
	{ "https:", https_len },
};

static bool
has_scheme(const char *uri, size_t len, const char *scheme)
{
	size_t i, n = strlen(scheme);

	for (i = 0; i < n && i < len; i++)
		if (sts_ascii_lower((unsigned char)uri[i]) != scheme[i])
			return false;
	return i == n;
}

/*
 * Add URI if a report can go there, its scheme in lower case and no query
 * behind a mail address.  What cannot be used (another scheme, none, a "!10m"
 * as in DMARC) does not spoil its neighbours.
 */
static enum sts_rc
keep_uri(struct sts_tlsrpt_record *record, const char *uri, size_t len)
{
	size_t i, head, rest;
	char *copy;

	if (len > STS_URI_MAX || !uri_ok(uri, len))
		return STS_OK;
	for (i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
		if (has_scheme(uri, len, schemes[i].name))
			break;
	if (i == sizeof(schemes) / sizeof(schemes[0]))
		return STS_OK;
	head = strlen(schemes[i].name);
	rest = schemes[i].rest_len(uri + head, len - head);
	if (rest == 0)
		return STS_OK;
	copy = malloc(head + rest + 1);
	if (copy == NULL)
		return STS_ENOMEM;
	memcpy(copy, schemes[i].name, head);
	memcpy(copy + head, uri + head, rest);
	copy[head + rest] = '\0';
	record->rua[record->count++] = copy;
	return STS_OK;
}

enum sts_rc
sts_tlsrpt_record_parse(const struct sts_txt_rr *txt, size_t count,
    struct sts_tlsrpt_record *record, struct sts_error *err)
{
	struct sts_tlsrpt_record new = { .count = 0 };
	const char *uri;
	struct field rua;
	enum sts_rc rc;
	size_t len;

	rc = parse_rrset(&tlsrpt_grammar, txt, count, &rua, err);
	if (rc != STS_OK)
		return rc;
	while (rua.value_len > 0 && new.count < STS_RUA_MAX) {
		if (!next_uri(&rua.value, &rua.value_len, &uri, &len))
			break;
		if (keep_uri(&new, uri, len) == STS_OK)
			continue;
		sts_tlsrpt_record_clear(&new);
		return sts_error_set(err, STS_ENOMEM, "out of memory");
	}
	if (new.count == 0)
		return sts_error_set(err, STS_ERECORD,
		    "the \"rua\" of the TLSRPT record has no mailto: or "
		    "https: URI that can be used");
	*record = new;
	return STS_OK;
}

void
sts_tlsrpt_record_clear(struct sts_tlsrpt_record *record)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		free(record->rua[i]);
	memset(record, 0, sizeof(*record));
}
