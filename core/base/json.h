/* SPDX-License-Identifier: ISC */
/*
 * One JSON object on one line, its members in the order in which they were
 * added.  Failures (memory) are remembered and reported once, at the end.
 * Text that is not UTF-8 is escaped as \DDD, so output is always I-JSON.
 */
#ifndef STS_JSON_H
#define STS_JSON_H

#include <stdio.h>

#include "base/error.h"

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

#endif
