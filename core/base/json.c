/* SPDX-License-Identifier: ISC */
/*
 * JSON by Jansson, see json.h.
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

static int
append(const char *text, size_t len, void *arg)
{
	return sts_buf_add(arg, text, len) == STS_OK ? 0 : -1;
}

enum sts_rc
sts_json_text(struct sts_json *json, struct sts_buf *buf)
{
	enum sts_rc rc = STS_OK;

	if (json == NULL || json->failed)
		rc = STS_ENOMEM;
	else if (json_dump_callback(json->open[0], append, buf, JSON_COMPACT) !=
		 0)
		rc = buf->rc == STS_OK ? STS_ENOMEM : buf->rc;
	sts_json_free(json);
	return rc;
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

/* ---- reading ------------------------------------------------------------- */

/* A value is Jansson's own under a name of ours. */
struct sts_json_doc {
	json_t *root;
};

static const json_t *
inside(const struct sts_json_value *value)
{
	return (const json_t *)(const void *)value;
}

static const struct sts_json_value *
outside(const json_t *value)
{
	return (const struct sts_json_value *)(const void *)value;
}

/* Jansson's words quote the text, which is a stranger's. */
static enum sts_rc
complain(const json_error_t *error, struct sts_error *err)
{
	struct sts_buf words;
	enum sts_rc rc = STS_EUSAGE;

	if (json_error_code(error) == json_error_out_of_memory)
		return sts_error_set(err, STS_ENOMEM, "JSON: no memory");
	sts_buf_init(&words, 4 * sizeof(error->text));
	(void)sts_buf_escaped(&words, error->text, strlen(error->text));
	(void)sts_error_set(err, rc, "JSON, line %d column %d: %s", error->line,
	    error->column, sts_buf_text(&words));
	sts_buf_clear(&words);
	return rc;
}

enum sts_rc
sts_json_read(const char *text, size_t len, struct sts_json_doc **doc,
    struct sts_error *err)
{
	struct sts_json_doc *made = calloc(1, sizeof(*made));
	json_error_t error;
	enum sts_rc rc;

	if (made == NULL)
		return sts_error_set(err, STS_ENOMEM, "JSON: no memory");
	/* A NUL is refused where it is read as text, not for all. */
	made->root = json_loadb(text, len,
	    JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
	if (made->root == NULL) {
		rc = complain(&error, err);
		free(made);
		return rc;
	}
	*doc = made;
	return STS_OK;
}

void
sts_json_doc_free(struct sts_json_doc *doc)
{
	if (doc == NULL)
		return;
	json_decref(doc->root);
	free(doc);
}

const struct sts_json_value *
sts_json_root(const struct sts_json_doc *doc)
{
	return doc == NULL ? NULL : outside(doc->root);
}

enum sts_json_type
sts_json_type(const struct sts_json_value *value)
{
	static const enum sts_json_type types[] = {
		[JSON_OBJECT] = STS_JSON_OBJECT,
		[JSON_ARRAY] = STS_JSON_ARRAY,
		[JSON_STRING] = STS_JSON_STRING,
		[JSON_INTEGER] = STS_JSON_INTEGER,
		[JSON_REAL] = STS_JSON_REAL,
		[JSON_TRUE] = STS_JSON_BOOL,
		[JSON_FALSE] = STS_JSON_BOOL,
		[JSON_NULL] = STS_JSON_NULL,
	};

	return value == NULL ? STS_JSON_NONE
			     : types[json_typeof(inside(value))];
}

const struct sts_json_value *
sts_json_member(const struct sts_json_value *value, const char *key)
{
	return outside(json_object_get(inside(value), key));
}

size_t
sts_json_count(const struct sts_json_value *value)
{
	return json_is_object(inside(value)) ? json_object_size(inside(value))
					     : json_array_size(inside(value));
}

/* Jansson walks an object only if it may be written to, which it is not. */
static const json_t *
object_element(const json_t *object, size_t i)
{
	json_t *walked = (json_t *)(uintptr_t)object;
	void *at = json_object_iter(walked);

	while (at != NULL && i-- > 0)
		at = json_object_iter_next(walked, at);
	return json_object_iter_value(at);
}

const struct sts_json_value *
sts_json_element(const struct sts_json_value *value, size_t i)
{
	if (json_is_object(inside(value)))
		return outside(object_element(inside(value), i));
	return outside(json_array_get(inside(value), i));
}

const char *
sts_json_string(const struct sts_json_value *value)
{
	const char *text = json_string_value(inside(value));

	if (text == NULL || strlen(text) != json_string_length(inside(value)))
		return NULL;
	return text;
}

bool
sts_json_integer(const struct sts_json_value *value, int64_t *number)
{
	if (!json_is_integer(inside(value)))
		return false;
	*number = json_integer_value(inside(value));
	return true;
}
