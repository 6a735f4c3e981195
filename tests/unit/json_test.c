/* SPDX-License-Identifier: ISC */
/*
 * JSON: what is written is I-JSON on one line; what is read is I-JSON, and a
 * value that is not there or of another type is none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "suite.h"

static struct sts_error err;

static struct sts_json_doc *
must_read(const char *text)
{
	struct sts_json_doc *doc;

	ck_assert_msg(sts_json_read(text, strlen(text), &doc, &err) == STS_OK,
	    "%s: %s", text, err.text);
	return doc;
}

START_TEST(text_is_one_line_in_the_order_it_was_made)
{
	struct sts_json *json = sts_json_new();
	struct sts_buf buf;

	sts_json_str(json, "z", "a\nb\"");
	sts_json_array(json, "list");
	sts_json_int(json, NULL, -7);
	sts_json_object(json, NULL);
	sts_json_bool(json, "yes", true);
	sts_json_close(json);
	sts_json_close(json);
	sts_json_str(json, "none", NULL);
	sts_json_str(json, "octets", "\xff");
	sts_buf_init(&buf, 4096);
	ck_assert(sts_buf_str(&buf, "> ") == STS_OK);
	ck_assert(sts_json_text(json, &buf) == STS_OK);
	ck_assert_str_eq(sts_buf_text(&buf),
	    "> {\"z\":\"a\\nb\\\"\",\"list\":[-7,{\"yes\":true}],"
	    "\"none\":null,\"octets\":\"\\\\255\"}");
	sts_buf_clear(&buf);
}
END_TEST

START_TEST(text_that_does_not_fit_is_an_error)
{
	struct sts_json *json = sts_json_new();
	struct sts_buf buf;

	sts_json_str(json, "key", "value");
	sts_buf_init(&buf, 8);
	ck_assert(sts_json_text(json, &buf) == STS_EUSAGE);
	sts_buf_clear(&buf);
	ck_assert(sts_json_text(NULL, &buf) == STS_ENOMEM);
}
END_TEST

static const struct {
	const char *text;
	enum sts_json_type type;
} types[] = {
	{ "null", STS_JSON_NULL },
	{ "true", STS_JSON_BOOL },
	{ "false", STS_JSON_BOOL },
	{ "-12", STS_JSON_INTEGER },
	{ "1.5", STS_JSON_REAL },
	{ "1e3", STS_JSON_REAL },
	{ "\"\"", STS_JSON_STRING },
	{ "[]", STS_JSON_ARRAY },
	{ " {}\r\n", STS_JSON_OBJECT },
};

START_TEST(every_type_is_told)
{
	struct sts_json_doc *doc = must_read(types[_i].text);

	ck_assert_int_eq(sts_json_type(sts_json_root(doc)), types[_i].type);
	sts_json_doc_free(doc);
}
END_TEST

START_TEST(what_is_not_there_is_none)
{
	int64_t number = 5;

	ck_assert_int_eq(sts_json_type(NULL), STS_JSON_NONE);
	ck_assert(sts_json_root(NULL) == NULL);
	ck_assert(sts_json_member(NULL, "a") == NULL);
	ck_assert(sts_json_element(NULL, 0) == NULL);
	ck_assert_uint_eq(sts_json_count(NULL), 0);
	ck_assert(sts_json_string(NULL) == NULL);
	ck_assert(!sts_json_integer(NULL, &number));
	ck_assert_int_eq(number, 5);
	sts_json_doc_free(NULL);
}
END_TEST

START_TEST(values_are_found)
{
	struct sts_json_doc *doc =
	    must_read("{\"a\":[1,\"\xc3\xbc\"],\"n\":-9223372036854775808,"
		      "\"r\":1.0,\"z\":\"x\\u0000y\"}");
	const struct sts_json_value *root = sts_json_root(doc);
	const struct sts_json_value *list = sts_json_member(root, "a");
	int64_t number = 0;

	ck_assert_uint_eq(sts_json_count(root), 4);
	ck_assert(sts_json_element(root, 0) == list);
	ck_assert(sts_json_element(root, 4) == NULL);
	ck_assert_uint_eq(sts_json_count(list), 2);
	ck_assert_str_eq(sts_json_string(sts_json_element(list, 1)),
	    "\xc3\xbc");
	ck_assert(sts_json_element(list, 2) == NULL);
	ck_assert(sts_json_member(list, "a") == NULL);
	ck_assert(sts_json_member(root, "b") == NULL);
	ck_assert(sts_json_string(list) == NULL);
	ck_assert(sts_json_integer(sts_json_member(root, "n"), &number));
	ck_assert(number == INT64_MIN);
	ck_assert(!sts_json_integer(sts_json_member(root, "r"), &number));
	/* what C would see half of is no text */
	ck_assert(sts_json_string(sts_json_member(root, "z")) == NULL);
	ck_assert_int_eq(sts_json_type(sts_json_member(root, "z")),
	    STS_JSON_STRING);
	sts_json_doc_free(doc);
}
END_TEST

static const struct {
	const char *text, *where; /* what the error begins with */
} bad[] = {
	{ "", "JSON, line 1 column 0: " },
	{ "{\"a\":1,\"a\":2}", "JSON, line 1 column 10: duplicate" },
	{ "{\n \"a\": \"\xff\"}", "JSON, line 2 column 7: unable to decode" },
	{ "\"\xed\xa0\x80\"", "JSON, line 1 column 1: unable to decode" },
	{ "\"\\ud800\"", "JSON, line 1 column " },
	{ "[1", "JSON, line 1 column 2: " },
	{ "{} {}", "JSON, line 1 column 4: " },
	{ "[99999999999999999999]", "JSON, line 1 column " },
	{ "[\"\x1b\"]", "JSON, line 1 column 2: " },
};

START_TEST(errors_say_where)
{
	struct sts_json_doc *doc = NULL;
	const char *p;

	ck_assert(sts_json_read(bad[_i].text, strlen(bad[_i].text), &doc,
		      &err) == STS_EUSAGE);
	ck_assert(doc == NULL);
	ck_assert_msg(strncmp(err.text, bad[_i].where, strlen(bad[_i].where)) ==
			  0,
	    "%s", err.text);
	for (p = err.text; *p != '\0'; p++)
		ck_assert(*p >= ' ' && *p <= '~');
}
END_TEST

START_TEST(length_counts_and_not_a_nul)
{
	struct sts_json_doc *doc;

	ck_assert(sts_json_read("[1]]", 3, &doc, &err) == STS_OK);
	sts_json_doc_free(doc);
	ck_assert(sts_json_read("[1]\0", 4, &doc, &err) == STS_EUSAGE);
}
END_TEST

START_TEST(depth_is_bounded)
{
	size_t len = 1024 * 1024;
	char *text = malloc(len);
	struct sts_json_doc *doc;

	ck_assert(text != NULL);
	memset(text, '[', len);
	ck_assert(sts_json_read(text, len, &doc, &err) == STS_EUSAGE);
	ck_assert_ptr_nonnull(strstr(err.text, "depth"));
	free(text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tcase = tcase_create("json");

	tcase_add_test(tcase, text_is_one_line_in_the_order_it_was_made);
	tcase_add_test(tcase, text_that_does_not_fit_is_an_error);
	tcase_add_loop_test(tcase, every_type_is_told, 0,
	    sizeof(types) / sizeof(types[0]));
	tcase_add_test(tcase, what_is_not_there_is_none);
	tcase_add_test(tcase, values_are_found);
	tcase_add_loop_test(tcase, errors_say_where, 0,
	    sizeof(bad) / sizeof(bad[0]));
	tcase_add_test(tcase, length_counts_and_not_a_nul);
	tcase_add_test(tcase, depth_is_bounded);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
