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

/* Named twice it would get each report twice. */
static bool
is_kept(const struct sts_tlsrpt_record *record, const char *uri)
{
	size_t i;

	for (i = 0; i < record->count; i++)
		if (strcmp(record->rua[i], uri) == 0)
			return true;
	return false;
}

/*
 * Add URI if a report can go there, its scheme in lower case and no query
 * behind a mail address.  What cannot be used (another scheme, none, a "!10m"
 * as in DMARC) does not spoil its neighbours.
 */
static enum sts_rc
keep_uri(struct sts_tlsrpt_record *record, const char *uri, size_t len)
{
	char address[STS_MAIL_MAX + 1];
	const char *scheme;
	struct sts_uri https;
	char *copy;

	if (sts_uri_https(uri, len, &https, NULL) == STS_OK)
		scheme = "https";
	else if (sts_uri_mailto(uri, len, address, NULL) == STS_OK)
		scheme = "mailto";
	else
		return STS_OK;
	copy = strndup(uri, len);
	if (copy == NULL)
		return STS_ENOMEM;
	memcpy(copy, scheme, strlen(scheme));
	if (*scheme == 'm')
		copy[strcspn(copy, "?#")] = '\0';
	if (is_kept(record, copy))
		free(copy);
	else
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
