/* SPDX-License-Identifier: ISC */
/*
 * The parts of a message by GMime, see mime.h.
 */
#include <string.h>

#include <gmime/gmime.h>

#include "inbox/mime.h"

#define PARTS_MAX 1000

struct walk {
	sts_mime_fn fn;
	void *arg;
	size_t parts;
	bool claims;
};

void
sts_mime_setup(void)
{
	g_mime_init();
}

static bool
is_tlsrpt(GMimeContentType *type)
{
	const char *report =
	    g_mime_content_type_get_parameter(type, "report-type");
	const char *subtype = g_mime_content_type_get_media_subtype(type);

	return (report != NULL && g_ascii_strcasecmp(report, "tlsrpt") == 0) ||
	       (subtype != NULL &&
		   g_ascii_strncasecmp(subtype, "tlsrpt", 6) == 0);
}

static void
give(struct walk *walk, GMimePart *leaf, GMimeContentType *type)
{
	GMimeDataWrapper *content = g_mime_part_get_content(leaf);
	GMimeStream *stream = g_mime_stream_mem_new();
	char *mime = g_mime_content_type_get_mime_type(type);
	char *lower = g_ascii_strdown(mime, -1);
	struct sts_mime_part part = { .number = walk->parts, .type = lower };
	GByteArray *bytes;

	if (content != NULL)
		(void)g_mime_data_wrapper_write_to_stream(content, stream);
	bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	part.data = bytes->len == 0 ? "" : (const char *)bytes->data;
	part.len = bytes->len;
	walk->fn(walk->arg, &part);
	g_free(lower);
	g_free(mime);
	g_object_unref(stream);
}

static void
visit(struct walk *walk, GMimeObject *object)
{
	GMimeContentType *type = g_mime_object_get_content_type(object);

	walk->claims = walk->claims || is_tlsrpt(type);
	if (!GMIME_IS_PART(object))
		return;
	walk->parts++;
	if (walk->parts <= PARTS_MAX)
		give(walk, GMIME_PART(object), type);
}

static void
walk_parts(struct walk *walk, GMimeMessage *message)
{
	GMimeObject *top = g_mime_message_get_mime_part(message);
	GMimePartIter *iter;

	if (top == NULL)
		return;
	visit(walk, top);
	if (GMIME_IS_PART(top))
		return;
	iter = g_mime_part_iter_new(top);
	while (g_mime_part_iter_is_valid(iter)) {
		if (g_mime_part_iter_get_current(iter) != top)
			visit(walk, g_mime_part_iter_get_current(iter));
		if (!g_mime_part_iter_next(iter))
			break;
	}
	g_mime_part_iter_free(iter);
}

static GMimeMessage *
parse(const char *data, size_t len)
{
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(data, len);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);

	g_object_unref(parser);
	g_object_unref(stream);
	return message;
}

enum sts_rc
sts_mime_each(const char *data, size_t len, sts_mime_fn fn, void *arg,
    bool *claims, struct sts_error *err)
{
	struct walk walk = { .fn = fn, .arg = arg };
	GMimeMessage *message = parse(data, len);
	GMimeHeaderList *headers;
	enum sts_rc rc = STS_OK;

	*claims = false;
	if (message == NULL)
		return sts_error_set(err, STS_EUSAGE, "is no mail message");
	headers = g_mime_object_get_header_list(GMIME_OBJECT(message));
	if (g_mime_header_list_get_count(headers) == 0) {
		g_object_unref(message);
		return sts_error_set(err, STS_EUSAGE, "is no mail message");
	}
	walk.claims =
	    g_mime_header_list_contains(headers, "TLS-Report-Domain") ||
	    g_mime_header_list_contains(headers, "TLS-Report-Submitter");
	walk_parts(&walk, message);
	g_object_unref(message);
	*claims = walk.claims;
	if (walk.parts > PARTS_MAX)
		rc = sts_error_set(err, STS_EUSAGE, "more than %d parts",
		    PARTS_MAX);
	return rc;
}
