/* SPDX-License-Identifier: ISC */
/*
 * JSON output, see json.h.
 */
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"

#define DEPTH_MAX 8
#define TEXT_MAX  (1024 * 1024)

struct sts_json {
	json_t *open[DEPTH_MAX]; /* borrowed by the one before, but [0] */
	size_t depth;            /* of the innermost that is open */
	bool failed;
};

struct sts_json *
sts_json_new(void)
{
	struct sts_json *json = calloc(1, sizeof(*json));

	if (json == NULL)
		return NULL;
	json->open[0] = json_object();
	json->failed = json->open[0] == NULL;
	return json;
}

void
sts_json_free(struct sts_json *json)
{
	if (json == NULL)
		return;
	json_decref(json->open[0]);
	free(json);
}

/* Takes VALUE over, in every case. */
static void
put(struct sts_json *json, const char *key, json_t *value)
{
	json_t *into;
	int rc;

	if (json == NULL) {
		json_decref(value);
		return;
	}
	into = json->open[json->depth];
	if (json_is_array(into))
		rc = json_array_append_new(into, value);
	else
		rc = json_object_set_new(into, key, value);
	if (rc != 0)
		json->failed = true;
}

static json_t *
text_value(const char *text)
{
	struct sts_buf escaped;
	json_t *value;

	if (text == NULL)
		return json_null();
	value = json_string(text);
	if (value != NULL)
		return value;
	sts_buf_init(&escaped, TEXT_MAX);
	if (sts_buf_escaped(&escaped, text, strlen(text)) == STS_OK)
		value = json_string(sts_buf_text(&escaped));
	sts_buf_clear(&escaped);
	return value;
}

void
sts_json_str(struct sts_json *json, const char *key, const char *text)
{
	put(json, key, text_value(text));
}

void
sts_json_int(struct sts_json *json, const char *key, int64_t number)
{
	put(json, key, json_integer(number));
}

void
sts_json_bool(struct sts_json *json, const char *key, bool flag)
{
	put(json, key, json_boolean(flag));
}

/* An element that failed to be made leaves its content to its parent. */
static void
open_value(struct sts_json *json, const char *key, json_t *value)
{
	put(json, key, value);
	if (json == NULL || json->failed)
		return;
	if (json->depth + 1 == DEPTH_MAX) {
		json->failed = true;
		return;
	}
	json->open[++json->depth] = value;
}

void
sts_json_array(struct sts_json *json, const char *key)
{
	open_value(json, key, json_array());
}

void
sts_json_object(struct sts_json *json, const char *key)
{
	open_value(json, key, json_object());
}

void
sts_json_close(struct sts_json *json)
{
	if (json != NULL && json->depth > 0)
		json->depth--;
}

enum sts_rc
sts_json_print(struct sts_json *json, FILE *stream)
{
	enum sts_rc rc = STS_OK;

	if (json == NULL || json->failed)
		rc = STS_ENOMEM;
	else if (json_dumpf(json->open[0], stream, JSON_COMPACT) != 0 ||
		 putc('\n', stream) == EOF)
		rc = STS_ESYS;
	sts_json_free(json);
	return rc;
}
