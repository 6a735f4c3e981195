/* SPDX-License-Identifier: ISC */
/*
 * One JSON object on one line, its members in the order in which they were
 * added.  Failures (memory) are remembered and reported once, at the end.
 * Text that is not UTF-8 is escaped as \DDD, so output is always I-JSON.
 */
#ifndef STS_JSON_H
#define STS_JSON_H

#include <stdio.h>

#include "base/buf.h"

struct sts_json;

/* An empty object; NULL: no memory, which every function below takes. */
struct sts_json *sts_json_new(void);
void sts_json_free(struct sts_json *json);

/* KEY is a constant, or NULL inside an array.  TEXT NULL is null. */
void sts_json_str(struct sts_json *json, const char *key, const char *text);
void sts_json_int(struct sts_json *json, const char *key, int64_t number);
void sts_json_bool(struct sts_json *json, const char *key, bool flag);

/* What follows goes into a new array or object, until it is closed. */
void sts_json_array(struct sts_json *json, const char *key);
void sts_json_object(struct sts_json *json, const char *key);
void sts_json_close(struct sts_json *json);

/* Write the line to STREAM and free JSON. */
STS_MUST_USE enum sts_rc sts_json_print(struct sts_json *json, FILE *stream);

/* The same, appended to BUF without a newline. */
STS_MUST_USE enum sts_rc sts_json_text(struct sts_json *json,
    struct sts_buf *buf);

/*
 * Reading.  A value is borrowed from the document it is in; NULL, which every
 * function takes, is one that is not there.
 */
struct sts_json_doc;
struct sts_json_value;

/* STS_EUSAGE with line and column when TEXT is no I-JSON (RFC 7493): duplicate
 * members, no UTF-8, too deep.  *DOC goes to sts_json_doc_free(). */
STS_MUST_USE enum sts_rc sts_json_read(const char *text, size_t len,
    struct sts_json_doc **doc, struct sts_error *err);
void sts_json_doc_free(struct sts_json_doc *doc);
const struct sts_json_value *sts_json_root(const struct sts_json_doc *doc);

enum sts_json_type {
	STS_JSON_NONE, /* not there */
	STS_JSON_NULL,
	STS_JSON_BOOL,
	STS_JSON_INTEGER,
	STS_JSON_REAL,
	STS_JSON_STRING,
	STS_JSON_ARRAY,
	STS_JSON_OBJECT
};
enum sts_json_type sts_json_type(const struct sts_json_value *value);

/* NULL when VALUE is no object, or has no such member. */
const struct sts_json_value *sts_json_member(const struct sts_json_value *value,
    const char *key);
/* Of an array or object; else 0 and NULL. */
size_t sts_json_count(const struct sts_json_value *value);
const struct sts_json_value *
sts_json_element(const struct sts_json_value *value, size_t i);
/* NULL when it is no string, or has a NUL in it. */
const char *sts_json_string(const struct sts_json_value *value);
/* False when it is no integer. */
bool sts_json_integer(const struct sts_json_value *value, int64_t *number);

#endif
