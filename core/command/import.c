/* SPDX-License-Identifier: ISC */
/*
 * "cache import": policies that another machine fetched.  A list is believed
 * less than the domain itself: it may add to what is held, prolong it and make
 * it stricter, and nothing else.  What a domain has really relaxed is found
 * by the next live lookup, which a list can neither replace nor put off.
 */
#include <string.h>

#include "command/command.h"
#include "command/list.h"
#include "policy/verdict.h"

#define ERRORS_SHOWN 100

enum deed { /* what is done about one policy of the list */
	DEED_IMPORTED,
	DEED_KEPT,
	DEED_EXPIRED,
	DEED_REFUSED, /* what is held cannot be read */
	DEED_MAX
};

static const char *const deed_names[] = {
	[DEED_IMPORTED] = "imported",
	[DEED_KEPT] = "kept",
	[DEED_EXPIRED] = "expired",
	[DEED_REFUSED] = "refused",
};
_Static_assert(sizeof(deed_names) / sizeof(deed_names[0]) == DEED_MAX,
    "deed_names matches enum deed");

struct import {
	const struct sts_call *call;
	const char *file;
	struct sts_state *state;
	struct sts_now now;
	struct sts_list list;
	size_t count[DEED_MAX];
	enum sts_exit status;
};

static void
worsen(struct import *import, enum sts_exit status)
{
	if (status > import->status)
		import->status = status;
}

/* ---- the decision ------------------------------------------------------ */

static bool
same_text(const struct sts_policy *a, const struct sts_policy *b)
{
	return a->text_len == b->text_len &&
	       memcmp(a->text, b->text, a->text_len) == 0;
}

/* Does NEW permit a host that an enforced OLD does not? */
static bool
widens(const struct sts_policy *old, const struct sts_policy *new)
{
	size_t i;

	if (old->mode != STS_MODE_ENFORCE)
		return false;
	for (i = 0; i < new->mx_count; i++)
		if (!sts_verdict_covers(old->mx, old->mx_count, new->mx[i]))
			return true;
	return false;
}

/* Why HELD must stay, or NULL.  Also where it has expired: it may still be
 * applied until DNS answers. */
static const char *
objection(const struct sts_entry *held, const struct sts_entry *new)
{
	const struct sts_policy *old = held->policy;

	if (same_text(old, new->policy) &&
	    held->fetched.wall == new->fetched.wall &&
	    held->expires == new->expires)
		return "the same is held";
	if (new->fetched.wall <= held->fetched.wall)
		return "what is held was fetched later";
	if (new->expires < held->expires)
		return "what is held expires later";
	if (new->policy->mode < old->mode)
		return "what is held has a stricter mode";
	if (widens(old, new->policy))
		return "what is held permits fewer MX hosts";
	return NULL;
}

static enum deed
judge(const struct sts_known *known, const struct sts_entry *new, int64_t wall,
    const char **why)
{
	if (new->expires <= wall) {
		*why = "its time is over";
		return DEED_EXPIRED;
	}
	if (known->kind == STS_KNOWN_DAMAGED) {
		*why = "what is held cannot be read, see \"cache fsck\"";
		return DEED_REFUSED;
	}
	*why = known->entry == NULL ? "nothing was held" : "newer";
	if (known->entry == NULL)
		return DEED_IMPORTED;
	*why = objection(known->entry, new);
	if (*why != NULL)
		return DEED_KEPT;
	*why = same_text(known->entry->policy, new->policy)
		   ? "the same, fetched later"
		   : "fetched later, and no weaker";
	return DEED_IMPORTED;
}

/* ---- checking, then doing ---------------------------------------------- */

static void
complain(struct import *import, size_t nth, const struct sts_error *err)
{
	enum sts_exit status = STS_EXIT_NO;

	if (err->rc == STS_ENOMEM)
		status = STS_EXIT_UNSURE;
	worsen(import, status);
	if (nth == ERRORS_SHOWN)
		(void)sts_complain(status, "%s: more errors", import->file);
	else if (nth < ERRORS_SHOWN && import->list.bad == 0)
		(void)sts_complain(status, "%s: %s", import->file, err->text);
	else if (nth < ERRORS_SHOWN)
		(void)sts_complain(status, "%s:%u: %s", import->file,
		    import->list.bad, err->text);
}

/* All of the list before any of it is used. */
static void
check_all(struct import *import, const struct sts_buf *text)
{
	struct sts_entry *entry;
	struct sts_error err;
	size_t errors = 0;
	enum sts_rc rc;

	sts_list_open(&import->list, sts_buf_text(text), text->len);
	if (sts_list_check(&import->list, &err) != STS_OK)
		complain(import, errors++, &err);
	while ((rc = sts_list_next(&import->list, import->now.wall, &entry,
		    &err)) != STS_ENODATA) {
		if (rc == STS_OK)
			sts_entry_free(entry);
		else
			complain(import, errors++, &err);
	}
}

static void
say(struct import *import, const char *domain, enum deed deed, const char *why)
{
	struct sts_json *json;

	import->count[deed]++;
	if (!import->call->json) {
		sts_print(deed_names[deed], "%s: %s", domain, why);
		return;
	}
	json = sts_json_new();
	sts_json_str(json, "domain", domain);
	sts_json_str(json, "result", deed_names[deed]);
	sts_json_str(json, "reason", why);
	worsen(import, sts_print_json(json, STS_EXIT_YES));
}

/* False: the state takes no more. */
static bool
import_one(struct import *import, const struct sts_entry *entry)
{
	enum sts_rc rc = STS_OK;
	struct sts_known known;
	struct sts_error err;
	const char *why;
	enum deed deed;

	sts_state_load(import->state, entry->domain, &import->now, &known);
	deed = judge(&known, entry, import->now.wall, &why);
	if (deed == DEED_REFUSED)
		worsen(import, STS_EXIT_UNSURE);
	if (deed == DEED_IMPORTED && !import->call->dry_run)
		rc = sts_state_import(import->state, entry, &known,
		    &import->now, &err);
	sts_known_clear(&known);
	if (rc == STS_OK)
		say(import, entry->domain, deed, why);
	else
		worsen(import, sts_complain(STS_EXIT_UNSURE, "%s: %s",
				   entry->domain, err.text));
	return rc == STS_OK;
}

static void
import_all(struct import *import, const struct sts_buf *text)
{
	struct sts_entry *entry;
	struct sts_error err;
	bool going = true;

	sts_list_open(&import->list, sts_buf_text(text), text->len);
	going = sts_list_check(&import->list, &err) == STS_OK;
	while (going && sts_list_next(&import->list, import->now.wall, &entry,
			    &err) == STS_OK) {
		going = import_one(import, entry);
		sts_entry_free(entry);
	}
	if (!import->call->dry_run &&
	    sts_dir_sync(sts_state_dir(import->state), &err) != STS_OK)
		worsen(import, sts_complain(STS_EXIT_UNSURE, "%s", err.text));
}

static void
summarize(const struct import *import)
{
	const size_t *count = import->count;

	if (!import->call->json)
		sts_print("import",
		    "%zu imported, %zu kept, %zu expired, "
		    "%zu refused%s",
		    count[DEED_IMPORTED], count[DEED_KEPT], count[DEED_EXPIRED],
		    count[DEED_REFUSED],
		    import->call->dry_run ? "; nothing was written" : "");
}

/*
 * One fsync for all: what a crash tears meanwhile is found to be damaged,
 * which is restored from the ledger or makes mail wait, and an import can be
 * done again.
 */
static void
run_import(struct import *import, const struct sts_buf *text)
{
	enum sts_dir_flags flags = import->call->dry_run
				       ? STS_DIR_READ
				       : STS_DIR_WRITE | STS_DIR_NOSYNC;
	struct sts_error err;
	enum sts_rc rc;

	check_all(import, text);
	if (import->status != STS_EXIT_YES)
		return;
	rc = sts_call_state(import->call, flags, &import->state, &err);
	if (rc != STS_OK) {
		worsen(import,
		    sts_complain(sts_exit_status(rc), "%s", err.text));
		return;
	}
	import_all(import, text);
	summarize(import);
	sts_state_free(import->state);
}

/* FILE is read as whoever calls, the state written as its owner. */
enum sts_exit
sts_run_cache_import(struct sts_call *call)
{
	struct import import = { .call = call, .file = call->argv[0] };
	struct sts_buf text;

	sts_clock_now(&import.now);
	sts_buf_init(&text, STS_LIST_MAX + 1);
	if (!sts_call_read(import.file, STS_LIST_MAX, &text))
		worsen(&import, STS_EXIT_UNSURE);
	else if (text.len > STS_LIST_MAX)
		worsen(&import, sts_complain(STS_EXIT_NO,
				    "%s: the list is too long", import.file));
	else
		run_import(&import, &text);
	sts_buf_clear(&text);
	return import.status;
}
