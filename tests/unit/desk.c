/* SPDX-License-Identifier: ISC */
/*
 * A state for tables, see desk.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "desk.h"
#include "report/expected.h"
#include "state/shard.h"
#include "state/state.h"

#define TTL 3600

static const struct desk_host good[] = { { 10, "mx1.good.test", 0 },
	{ 20, "mx2.good.test", 0 } };
static struct sts_state *state;
static struct sts_now now;

static void
must(enum sts_rc rc, const struct sts_error *err)
{
	if (rc == STS_OK)
		return;
	(void)fprintf(stderr, "desk: %s\n", err->text);
	abort();
}

static void
begin(const char *path)
{
	struct sts_error err;

	must(sts_state_open(path, STS_DIR_WRITE | STS_DIR_NOSYNC, &state, &err),
	    &err);
	sts_clock_now(&now);
}

static void
put_list(const char *domain, int64_t until, const struct desk_host *host,
    size_t count)
{
	static struct sts_mx_list list;
	struct sts_error err;
	size_t i;

	memset(&list, 0, sizeof(list));
	(void)snprintf(list.domain, sizeof(list.domain), "%s", domain);
	list.until = until;
	list.count = count;
	for (i = 0; i < count; i++) {
		list.host[i].preference = host[i].preference;
		list.host[i].failed = host[i].failed;
		(void)snprintf(list.host[i].name, sizeof(list.host[i].name),
		    "%s", host[i].name);
	}
	must(sts_mx_put(sts_state_dir(state), &list, &err), &err);
}

/* AGE seconds before NOW, in an earlier boot if this one is younger. */
static struct sts_now
earlier(int64_t age)
{
	struct sts_now then = now;

	then.wall -= age;
	then.boot -= age;
	if (then.boot < 0) {
		then.boot = 0;
		(void)snprintf(then.boot_id, sizeof(then.boot_id), "earlier");
	}
	return then;
}

/* Learned and confirmed AGE seconds ago. */
static void
learn(const char *domain, const char *mode, int64_t age)
{
	struct sts_now then = earlier(age);
	struct sts_known known;
	struct sts_entry *entry;
	struct sts_error err;
	char text[128];

	(void)snprintf(text, sizeof(text),
	    "version: STSv1\nmode: %s\nmx: *.good.test\nmax_age: 604800\n",
	    mode);
	sts_state_load(state, domain, &then, &known);
	must(sts_entry_new(domain, "1", text, strlen(text), &then, &entry,
		 &err),
	    &err);
	must(sts_state_learn(state, entry, &known, &then, &err), &err);
	must(sts_state_confirm(state, domain, "1", false, TTL, &then, &err),
	    &err);
	sts_entry_free(entry);
	sts_known_clear(&known);
}

static void
put_none(const char *domain)
{
	struct sts_known known;
	struct sts_error err;

	sts_state_load(state, domain, &now, &known);
	must(sts_state_absent(state, &known, domain, false, TTL, &now, &err),
	    &err);
	sts_known_clear(&known);
}

static void
break_list(const char *domain)
{
	char path[STS_SHARD_PATH_MAX];
	struct sts_error err;

	must(sts_shard_path(STS_MX, domain, path, &err), &err);
	must(sts_dir_write(sts_state_dir(state), path, "x", 1, &err), &err);
}

void
desk_list(const char *path, const char *domain, int64_t until,
    const struct desk_host *host, size_t count)
{
	begin(path);
	put_list(domain, until, host, count);
	sts_state_free(state);
}

void
desk_many(const char *path, unsigned count)
{
	char domain[32];
	unsigned i;

	begin(path);
	for (i = 0; i < count; i++) {
		(void)snprintf(domain, sizeof(domain), "n%u.test", i);
		learn(domain, "enforce", 0);
		put_list(domain, now.wall + TTL, good, 2);
	}
	sts_state_free(state);
}

void
desk_expect(const char *path, const char *address, int64_t wall)
{
	struct sts_error err;

	begin(path);
	must(sts_expected_add(sts_state_dir(state), address, wall, &err), &err);
	sts_state_free(state);
}

void
desk_fill(const char *path)
{
	static const struct desk_host bad[] = { { 10, "mx1.bad.test", 0 },
		{ 20, "mx2.good.test", 0 } };
	static const struct desk_host null = { 0, "", 0 };
	int64_t until;

	begin(path);
	until = now.wall + TTL;
	learn("enforce.test", "enforce", 0);
	put_list("enforce.test", until, good, 2);
	learn("testing.test", "testing", 0);
	put_list("testing.test", until, bad, 2);
	learn("listless.test", "enforce", 0);
	learn("broken.test", "enforce", 0);
	break_list("broken.test");
	learn("old.test", "enforce", 0);
	put_list("old.test", now.wall - 1, good, 2);
	learn("unsure.test", "enforce", TTL + 60);
	put_list("unsure.test", until, good, 2);
	learn("forged.test", "enforce", 0);
	put_list("forged.test", until, bad, 1);
	learn("null.test", "enforce", 0);
	put_list("null.test", until, &null, 1);
	put_none("ruled.test");
	put_list("ruled.test", until, bad, 2);
	put_none("none.test");
	sts_state_free(state);
}
