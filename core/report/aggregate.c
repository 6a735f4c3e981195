/* SPDX-License-Identifier: ISC */
/*
 * Adding sessions up, see aggregate.h.  Two hash tables, of elements and of
 * details; finish() turns them into sorted arrays.
 */
#include <stdlib.h>
#include <string.h>

#include "base/domain.h"
#include "base/siphash.h"
#include "report/aggregate.h"

#define BUCKETS_FIRST 1024 /* a power of two, as every later number */

struct node { /* first in what is in a table */
	struct node *next;
	uint64_t hash;
};

struct table {
	struct node **bucket;
	size_t size, count;
};

struct element {
	struct node node;
	struct sts_element told;
	size_t details; /* so far */
	char text[];    /* domain, policy domain */
};

struct detail {
	struct node node;
	struct element *element;
	struct sts_detail told;
	char text[]; /* the four texts */
};

struct sts_aggregate {
	struct table elements, details;
	struct element **element; /* sorted */
	struct sts_detail *detail;
};

/* ---- tables ----------------------------------------------------------------- */

static bool
grow(struct table *table)
{
	size_t i, size = table->size == 0 ? BUCKETS_FIRST : 2 * table->size;
	struct node **bucket = calloc(size, sizeof(struct node *));
	struct node *node;

	if (bucket == NULL)
		return false;
	for (i = 0; i < table->size; i++)
		while ((node = table->bucket[i]) != NULL) {
			table->bucket[i] = node->next;
			node->next = bucket[node->hash & (size - 1)];
			bucket[node->hash & (size - 1)] = node;
		}
	free(table->bucket);
	table->bucket = bucket;
	table->size = size;
	return true;
}

static void
insert(struct table *table, struct node *node, uint64_t hash)
{
	struct node **at = &table->bucket[hash & (table->size - 1)];

	node->hash = hash;
	node->next = *at;
	*at = node;
	table->count++;
}

/* Is there room for one more without long chains? */
static bool
make_room(struct table *table)
{
	return table->count < table->size || grow(table);
}

static struct node *
first(const struct table *table, uint64_t hash)
{
	if (table->size == 0)
		return NULL;
	return table->bucket[hash & (table->size - 1)];
}

static void
clear(struct table *table)
{
	struct node *node;
	size_t i;

	for (i = 0; i < table->size; i++)
		while ((node = table->bucket[i]) != NULL) {
			table->bucket[i] = node->next;
			free(node);
		}
	free(table->bucket);
}

static uint64_t
hash_text(uint64_t seed, const char *text)
{
	const struct sts_siphash_key key = { seed, 0 };

	return sts_siphash(&key, text, strlen(text));
}

/* TEXT copied to *AT, which moves behind its NUL. */
static const char *
place(char **at, const char *text)
{
	size_t len = strlen(text) + 1;
	const char *placed = *at;

	memcpy(*at, text, len);
	*at += len;
	return placed;
}

enum sts_rc
sts_aggregate_new(struct sts_aggregate **out, struct sts_error *err)
{
	*out = calloc(1, sizeof(**out));
	return *out == NULL ? sts_error_set(err, STS_ENOMEM, "no memory")
			    : STS_OK;
}

void
sts_aggregate_free(struct sts_aggregate *aggregate)
{
	if (aggregate == NULL)
		return;
	clear(&aggregate->details);
	clear(&aggregate->elements);
	free(aggregate->element);
	free(aggregate->detail);
	free(aggregate);
}

/* ---- adding ----------------------------------------------------------------- */

/* A TLSA policy is its MX host's, and not known by a text.  A host whose name
 * is none can have no policy domain of its own. */
static void
describe(const struct sts_session *session, struct sts_element *element)
{
	bool tlsa = session->type == STS_TYPE_TLSA &&
		    sts_domain_valid(session->mx, strlen(session->mx));

	*element = (struct sts_element){
		.domain = session->domain,
		.type = session->type,
		.policy_domain = tlsa ? session->mx : session->domain,
	};
	if (session->type == STS_TYPE_STS)
		element->policy_hash = session->policy_hash;
}

static bool
same_element(const struct sts_element *a, const struct sts_element *b)
{
	return a->type == b->type && a->policy_hash == b->policy_hash &&
	       strcmp(a->domain, b->domain) == 0 &&
	       strcmp(a->policy_domain, b->policy_domain) == 0;
}

static struct element *
find_element(struct table *table, const struct sts_element *wanted,
    uint64_t hash)
{
	struct element *element;
	struct node *node;

	for (node = first(table, hash); node != NULL; node = node->next) {
		element = (struct element *)node;
		if (node->hash == hash && same_element(&element->told, wanted))
			return element;
	}
	return NULL;
}

static struct element *
take_element(struct table *table, const struct sts_element *wanted)
{
	uint64_t hash =
	    hash_text(hash_text(wanted->policy_hash, wanted->domain),
		wanted->policy_domain);
	struct element *element = find_element(table, wanted, hash);
	char *at;

	if (element != NULL || !make_room(table))
		return element;
	element = calloc(1, sizeof(*element) + strlen(wanted->domain) +
				strlen(wanted->policy_domain) + 2);
	if (element == NULL)
		return NULL;
	element->told = *wanted;
	at = element->text;
	element->told.domain = place(&at, wanted->domain);
	element->told.policy_domain = place(&at, wanted->policy_domain);
	insert(table, &element->node, hash);
	return element;
}

static bool
same_detail(const struct sts_detail *a, const struct sts_detail *b)
{
	return a->result == b->result && strcmp(a->mx, b->mx) == 0 &&
	       strcmp(a->mx_address, b->mx_address) == 0 &&
	       strcmp(a->our_address, b->our_address) == 0 &&
	       strcmp(a->reason, b->reason) == 0;
}

static struct detail *
find_detail(struct table *table, const struct element *element,
    const struct sts_detail *wanted, uint64_t hash)
{
	struct detail *detail;
	struct node *node;

	for (node = first(table, hash); node != NULL; node = node->next) {
		detail = (struct detail *)node;
		if (node->hash == hash && detail->element == element &&
		    same_detail(&detail->told, wanted))
			return detail;
	}
	return NULL;
}

static struct detail *
new_detail(const struct sts_detail *wanted)
{
	struct detail *detail;
	char *at;

	detail = calloc(1, sizeof(*detail) + strlen(wanted->our_address) +
			       strlen(wanted->mx) + strlen(wanted->mx_address) +
			       strlen(wanted->reason) + 4);
	if (detail == NULL)
		return NULL;
	detail->told = *wanted;
	at = detail->text;
	detail->told.our_address = place(&at, wanted->our_address);
	detail->told.mx = place(&at, wanted->mx);
	detail->told.mx_address = place(&at, wanted->mx_address);
	detail->told.reason = place(&at, wanted->reason);
	return detail;
}

static uint64_t
hash_detail(const struct element *element, const struct sts_detail *detail)
{
	uint64_t hash = element->node.hash + (uint64_t)detail->result +
			((uint64_t)element->told.type << 32);

	hash = hash_text(hash, detail->our_address);
	hash = hash_text(hash, detail->mx);
	hash = hash_text(hash, detail->mx_address);
	return hash_text(hash, detail->reason);
}

static struct detail *
take_detail(struct table *table, struct element *element,
    const struct sts_detail *wanted)
{
	uint64_t hash = hash_detail(element, wanted);
	struct detail *detail = find_detail(table, element, wanted, hash);
	struct sts_detail merged = { .result = wanted->result,
		.our_address = "",
		.mx = "",
		.mx_address = "",
		.reason = "" };

	if (detail == NULL && element->details >= STS_AGGREGATE_DETAILS) {
		hash = hash_detail(element, &merged);
		wanted = &merged;
		detail = find_detail(table, element, wanted, hash);
	}
	if (detail != NULL || !make_room(table))
		return detail;
	detail = new_detail(wanted);
	if (detail == NULL)
		return NULL;
	detail->element = element;
	element->details++;
	insert(table, &detail->node, hash);
	return detail;
}

enum sts_rc
sts_aggregate_add(struct sts_aggregate *aggregate,
    const struct sts_session *session, struct sts_error *err)
{
	struct sts_detail wanted = { .result = session->result,
		.our_address = session->our_address,
		.mx = session->mx,
		.mx_address = session->mx_address,
		.reason = session->reason };
	struct sts_element described;
	struct element *element;
	struct detail *detail;

	describe(session, &described);
	element = take_element(&aggregate->elements, &described);
	if (element == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	if (session->result == STS_SESSION_SUCCESS) {
		element->told.success++;
		return STS_OK;
	}
	detail = take_detail(&aggregate->details, element, &wanted);
	if (detail == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	detail->told.count++;
	element->told.failure++;
	return STS_OK;
}

/* ---- the end ---------------------------------------------------------------- */

static int
compare_numbers(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
compare_elements(const void *a, const void *b)
{
	const struct sts_element *x = &(*(struct element *const *)a)->told;
	const struct sts_element *y = &(*(struct element *const *)b)->told;
	int order = strcmp(x->domain, y->domain);

	if (order == 0)
		order = (int)x->type - (int)y->type;
	if (order == 0)
		order = strcmp(x->policy_domain, y->policy_domain);
	return order != 0 ? order
			  : compare_numbers(x->policy_hash, y->policy_hash);
}

static int
compare_details(const void *a, const void *b)
{
	const struct sts_detail *x = a, *y = b;
	int order = (int)x->result - (int)y->result;

	if (order == 0)
		order = strcmp(x->mx, y->mx);
	if (order == 0)
		order = strcmp(x->mx_address, y->mx_address);
	if (order == 0)
		order = strcmp(x->our_address, y->our_address);
	return order != 0 ? order : strcmp(x->reason, y->reason);
}

static void
sort_elements(struct sts_aggregate *aggregate)
{
	const struct table *table = &aggregate->elements;
	struct node *node;
	size_t i, n = 0;

	for (i = 0; i < table->size; i++)
		for (node = table->bucket[i]; node != NULL; node = node->next)
			aggregate->element[n++] = (struct element *)node;
	qsort(aggregate->element, n, sizeof(struct element *),
	    compare_elements);
}

/* Each element gets its part of the one array, first empty. */
static void
divide_details(struct sts_aggregate *aggregate)
{
	struct element *element;
	size_t i, at = 0;

	for (i = 0; i < aggregate->elements.count; i++) {
		element = aggregate->element[i];
		element->told.detail = aggregate->detail + at;
		at += element->details;
	}
}

static void
fill_details(struct sts_aggregate *aggregate)
{
	const struct table *table = &aggregate->details;
	struct sts_detail *slot;
	struct element *element;
	struct node *node;
	size_t i;

	for (i = 0; i < table->size; i++)
		for (node = table->bucket[i]; node != NULL; node = node->next) {
			element = ((struct detail *)node)->element;
			slot = aggregate->detail +
			       (element->told.detail - aggregate->detail) +
			       element->told.detail_count++;
			*slot = ((struct detail *)node)->told;
		}
}

static void
sort_details(struct sts_aggregate *aggregate)
{
	struct sts_element *told;
	size_t i;

	for (i = 0; i < aggregate->elements.count; i++) {
		told = &aggregate->element[i]->told;
		qsort(aggregate->detail + (told->detail - aggregate->detail),
		    told->detail_count, sizeof(*told->detail), compare_details);
	}
}

enum sts_rc
sts_aggregate_finish(struct sts_aggregate *aggregate, struct sts_error *err)
{
	aggregate->element =
	    calloc(aggregate->elements.count + 1, sizeof(struct element *));
	aggregate->detail =
	    calloc(aggregate->details.count + 1, sizeof(struct sts_detail));
	if (aggregate->element == NULL || aggregate->detail == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	sort_elements(aggregate);
	divide_details(aggregate);
	fill_details(aggregate);
	sort_details(aggregate);
	return STS_OK;
}

size_t
sts_aggregate_count(const struct sts_aggregate *aggregate)
{
	return aggregate->elements.count;
}

const struct sts_element *
sts_aggregate_element(const struct sts_aggregate *aggregate, size_t i)
{
	return &aggregate->element[i]->told;
}
