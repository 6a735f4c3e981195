/* SPDX-License-Identifier: ISC */
/*
 * Reports as JSON, see render.h.  What goes into a part is estimated before
 * it is added, on the safe side; a policy whose details do not fit stands in
 * several parts, its successes in the first.
 */
#include <string.h>
#include <time.h>

#include "base/addr.h"
#include "base/json.h"
#include "base/mail.h"
#include "policy/policy.h"
#include "report/render.h"

#define HEAD_SIZE    1024      /* octets of what a part has but once */
#define ELEMENT_SIZE 512       /* and an element, besides its policy */
#define DETAIL_SIZE  320       /* and a detail, besides its texts */
#define WORST        6         /* octets that one may become: \u0000 */
#define SLACK        (2 << 20) /* what one element alone may take */

struct render {
	const struct sts_render_head *head;
	const struct sts_render_calls *calls;
	struct sts_json *json; /* of the part in hand; NULL: none yet */
	unsigned part;
	size_t size; /* of it, at most */
	size_t limit;
	char id[STS_RENDER_ID];
};

void
sts_render_time(int64_t wall, char text[STS_RENDER_TIME])
{
	time_t t = (time_t)wall;
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL ||
	    strftime(text, STS_RENDER_TIME, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		text[0] = '\0';
}

/* ---- parts ------------------------------------------------------------------ */

static void
put_time(struct sts_json *json, const char *key, int64_t wall)
{
	char text[STS_RENDER_TIME];

	sts_render_time(wall, text);
	sts_json_str(json, key, text);
}

static void
open_part(struct render *render)
{
	const struct sts_render_head *head = render->head;
	const char *submitter = sts_mail_domain(head->contact);

	if (++render->part == 1)
		(void)snprintf(render->id, sizeof(render->id), "%s@%s",
		    head->id, submitter);
	else
		(void)snprintf(render->id, sizeof(render->id), "%s.%u@%s",
		    head->id, render->part, submitter);
	render->size = HEAD_SIZE + WORST * strlen(head->organization);
	render->json = sts_json_new();
	sts_json_str(render->json, "organization-name", head->organization);
	sts_json_object(render->json, "date-range");
	put_time(render->json, "start-datetime", head->begin);
	put_time(render->json, "end-datetime", head->end);
	sts_json_close(render->json);
	sts_json_str(render->json, "contact-info", head->contact);
	sts_json_str(render->json, "report-id", render->id);
	sts_json_array(render->json, "policies");
}

static enum sts_rc
close_part(struct render *render, struct sts_error *err)
{
	struct sts_buf text;
	enum sts_rc rc;

	/* The estimate errs upwards only; this is not the place to rely on it. */
	sts_buf_init(&text, 2 * render->limit + SLACK);
	rc = sts_json_text(render->json, &text);
	render->json = NULL;
	if (rc != STS_OK)
		(void)sts_error_set(err, rc, "no memory for a report");
	else
		rc = render->calls->part(render->calls->arg, render->part,
		    render->id, &text, err);
	sts_buf_clear(&text);
	return rc;
}

/* ---- one policy -------------------------------------------------------------- */

static void
give_line(const char *line, size_t len, void (*each)(void *arg, const char *),
    void *arg)
{
	struct sts_buf text;
	bool odd = false;
	size_t i;

	for (i = 0; i < len; i++)
		odd = odd || line[i] == '\0' || (unsigned char)line[i] >= 0xef;
	sts_buf_init(&text, 4 * STS_POLICY_TEXT_MAX + 1);
	if (odd)
		(void)sts_buf_escaped(&text, line, len);
	else
		(void)sts_buf_add(&text, line, len);
	each(arg, sts_buf_text(&text));
	sts_buf_clear(&text);
}

void
sts_render_lines(const struct sts_buf *text,
    void (*each)(void *arg, const char *line), void *arg)
{
	const char *at = sts_buf_text(text), *end = at + text->len, *newline;
	size_t len;

	for (; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			newline = end;
		len = (size_t)(newline - at);
		if (len > 0 && at[len - 1] == '\r')
			len--;
		give_line(at, len, each, arg);
	}
}

static void
put_line(void *arg, const char *line)
{
	sts_json_str(arg, NULL, line);
}

static void
put_policy_string(struct sts_json *json, const struct sts_buf *text)
{
	sts_json_array(json, "policy-string");
	sts_render_lines(text, put_line, json);
	sts_json_close(json);
}

/* The patterns of a valid policy; an invalid one has none. */
static void
put_mx_host(struct sts_json *json, const struct sts_buf *text)
{
	struct sts_policy *policy;
	size_t i;

	if (sts_policy_parse(sts_buf_text(text), text->len, &policy, NULL,
		NULL) != STS_OK)
		return;
	sts_json_array(json, "mx-host");
	for (i = 0; i < policy->mx_count; i++)
		sts_json_str(json, NULL, policy->mx[i]);
	sts_json_close(json);
	sts_policy_free(policy);
}

static void
put_policy(struct sts_json *json, const struct sts_element *element,
    const struct sts_buf *text)
{
	sts_json_object(json, "policy");
	sts_json_str(json, "policy-type", sts_policy_type_name(element->type));
	if (element->type != STS_TYPE_NO_POLICY)
		put_policy_string(json, text);
	sts_json_str(json, "policy-domain", element->policy_domain);
	if (element->type == STS_TYPE_STS)
		put_mx_host(json, text);
	sts_json_close(json);
}

/* Only what is known (RFC 8460, 4.4). */
static void
put_text(struct sts_json *json, const char *key, const char *text)
{
	if (text[0] != '\0')
		sts_json_str(json, key, text);
}

/* As RFC 5952 writes it, however the MTA did. */
static void
put_address(struct sts_json *json, const char *key, const char *address)
{
	char text[STS_ADDR_TEXT];
	struct sts_addr addr;

	if (sts_addr_parse(address, &addr))
		sts_json_str(json, key, sts_addr_text(&addr, text));
}

static void
put_detail(struct sts_json *json, const struct sts_detail *detail)
{
	sts_json_object(json, NULL);
	sts_json_str(json, "result-type",
	    sts_session_result_name(detail->result));
	put_address(json, "sending-mta-ip", detail->our_address);
	put_text(json, "receiving-mx-hostname", detail->mx);
	put_address(json, "receiving-ip", detail->mx_address);
	sts_json_int(json, "failed-session-count", (int64_t)detail->count);
	put_text(json, "failure-reason-code", detail->reason);
	sts_json_close(json);
}

/* Details FROM up to TO of ELEMENT; its successes go with the first. */
static void
put_element(struct sts_json *json, const struct sts_element *element,
    const struct sts_buf *text, size_t from, size_t to)
{
	uint64_t failure = 0;
	size_t i;

	for (i = from; i < to; i++)
		failure += element->detail[i].count;
	sts_json_object(json, NULL);
	put_policy(json, element, text);
	sts_json_object(json, "summary");
	sts_json_int(json, "total-successful-session-count",
	    from == 0 ? (int64_t)element->success : 0);
	sts_json_int(json, "total-failure-session-count", (int64_t)failure);
	sts_json_close(json);
	if (to > from) {
		sts_json_array(json, "failure-details");
		for (i = from; i < to; i++)
			put_detail(json, &element->detail[i]);
		sts_json_close(json);
	}
	sts_json_close(json);
}

/* ---- how much fits ------------------------------------------------------------ */

static size_t
detail_size(const struct sts_detail *detail)
{
	return DETAIL_SIZE + WORST * strlen(detail->reason) +
	       WORST * strlen(detail->mx);
}

/* Twice: the patterns are told again. */
static size_t
element_size(const struct sts_buf *text)
{
	return ELEMENT_SIZE + 2 * WORST * text->len;
}

/* Details from FROM on that fit; SIZE: of the element with those. */
static size_t
fit(const struct render *render, const struct sts_element *element, size_t from,
    size_t *size)
{
	size_t to;

	for (to = from; to < element->detail_count; to++) {
		if (render->size + *size + detail_size(&element->detail[to]) >
		    render->limit)
			break;
		*size += detail_size(&element->detail[to]);
	}
	return to;
}

static enum sts_rc
add_element(struct render *render, const struct sts_element *element,
    const struct sts_buf *text, struct sts_error *err)
{
	size_t from = 0, to, size;
	bool fresh;
	enum sts_rc rc;

	do {
		fresh = render->json == NULL;
		if (fresh)
			open_part(render);
		size = element_size(text);
		to = fit(render, element, from, &size);
		if (fresh && to == from && from < element->detail_count)
			to++; /* never nothing at all */
		if (fresh || (render->size + size <= render->limit &&
				 (to > from || element->detail_count == 0))) {
			put_element(render->json, element, text, from, to);
			render->size += size;
			from = to;
			if (from == element->detail_count)
				return STS_OK;
		}
		rc = close_part(render, err);
	} while (rc == STS_OK);
	return rc;
}

enum sts_rc
sts_render(const struct sts_render_head *head,
    const struct sts_element *const *element, size_t count,
    const struct sts_render_calls *calls, struct sts_error *err)
{
	struct render render = {
		.head = head,
		.calls = calls,
		.limit = head->limit == 0 ? STS_RENDER_MAX : head->limit,
	};
	enum sts_rc rc = STS_OK;
	struct sts_buf text;
	size_t i;

	for (i = 0; i < count && rc == STS_OK; i++) {
		sts_buf_init(&text, STS_POLICY_TEXT_MAX);
		if (element[i]->type != STS_TYPE_NO_POLICY)
			calls->policy(calls->arg, element[i], &text);
		rc = add_element(&render, element[i], &text, err);
		sts_buf_clear(&text);
	}
	if (rc == STS_OK && render.json != NULL)
		return close_part(&render, err);
	sts_json_free(render.json);
	return rc;
}
