/* SPDX-License-Identifier: ISC */
/*
 * The tables of hints, with any contents, beside a policy of example.com:
 * they may make it stale, never weaker.  The first octet says which table it
 * is and whether what follows is the whole file ('r') or what a writer with
 * its key could have put there: two moments, then slots.
 */
#include <stdio.h>
#include <string.h>

#include "base/siphash.h"
#include "fuzz.h"
#include "hurt.h"

#define DOMAIN  "example.com"
#define ANOTHER "example.org"
#define BUCKETS UINT64_C(262144)
#define HEADER  2 /* buckets */
#define BUCKET  64
#define SLOTS   4

/* As state/absent.c lays them out; the key is all zero. */
struct head {
	uint64_t magic, k0, k1, sum;
};
struct seen {
	int64_t wall, boot;
	uint64_t boot_hash, sum;
};
struct slot {
	uint64_t tag;
	uint32_t until, flags;
};

struct input {
	const uint8_t *data;
	size_t len;
};

/* What is missing of it is zero. */
static void
take(struct input *in, void *out, size_t size)
{
	size_t len = in->len < size ? in->len : size;

	(void)memset(out, 0, size);
	(void)memcpy(out, in->data, len);
	in->data += len;
	in->len -= len;
}

static void
put_at(const char *name, const void *data, size_t len, long at)
{
	char path[1024];
	FILE *file;

	hurt_file(name, path);
	file = fopen(path, "r+");
	HOLDS(file != NULL && fseek(file, at, SEEK_SET) == 0);
	HOLDS(fwrite(data, 1, len, file) == len && fclose(file) == 0);
}

static void
put_header(const char *name, struct input *in)
{
	struct {
		struct head head;
		struct seen seen[3];
	} header = { .head = { .magic = UINT64_C(0x3162617473737473) } };
	int i;

	header.head.sum = sts_checksum(&header.head,
	    sizeof(header.head) - sizeof(header.head.sum));
	for (i = 0; i < 2; i++) {
		take(in, &header.seen[i], 16);
		header.seen[i].boot_hash = sts_checksum("this-boot", 9);
		header.seen[i].sum = sts_checksum(&header.seen[i], 24);
	}
	hurt_put(name, &header, sizeof(header));
}

/* Slots of a domain in its bucket, with tags that make them its own. */
static void
put_slots(const char *name, const char *domain, struct input *in)
{
	struct slot slot[SLOTS];
	size_t i, len = strlen(domain) + 1;
	uint64_t bucket = sts_checksum(domain, len - 1) % (BUCKETS - HEADER);
	char text[64];

	(void)memcpy(text, domain, len);
	for (i = 0; i < SLOTS; i++) {
		take(in, &slot[i].until, 8);
		slot[i].until += (uint32_t)hurt_now.wall;
		(void)memcpy(text + len, &slot[i].until, 8);
		slot[i].tag = sts_checksum(text, len + 8);
	}
	put_at(name, slot, sizeof(slot), (long)((bucket + HEADER) * BUCKET));
}

static void
check(struct sts_state *state)
{
	struct sts_now now = hurt_now;
	struct sts_known known;

	now.wall += 3600;
	now.boot += 3600;
	sts_state_load(state, DOMAIN, &now, &known);
	HOLDS(known.answer == STS_ANSWER_POLICY);
	HOLDS(known.kind == STS_KNOWN_FRESH || known.kind == STS_KNOWN_STALE);
	HOLDS(known.entry->policy->mode == STS_MODE_ENFORCE);
	sts_known_clear(&known);
	sts_state_load(state, ANOTHER, &now, &known);
	HOLDS(known.answer == STS_ANSWER_NONE ||
	      known.answer == STS_ANSWER_UNKNOWN);
	/* "None" is believed for no longer than any writer could mean. */
	if (known.answer == STS_ANSWER_NONE)
		HOLDS(known.failed.until > now.wall &&
		      known.failed.until - now.wall <= known.failed.life);
	sts_known_clear(&known);
}

/* Read only, then by one who writes. */
static void
check_all(void)
{
	static const enum sts_dir_flags flags[] = { STS_DIR_READ,
		STS_DIR_WRITE | STS_DIR_NOSYNC };
	struct sts_state *state;
	size_t i;

	for (i = 0; i < 2; i++) {
		HOLDS(sts_state_open(hurt_path, flags[i] | STS_DIR_ANYWHERE,
			  &state, NULL) == STS_OK);
		check(state);
		HOLDS(sts_state_distrust(state, DOMAIN, &hurt_now, NULL) ==
			  STS_OK ||
		      i == 0);
		check(state);
		sts_state_free(state);
	}
}

static void
learn(void)
{
	struct sts_known before;
	struct sts_entry *entry = fuzz_entry();

	sts_state_load(hurt_state, DOMAIN, &hurt_now, &before);
	HOLDS(sts_state_learn(hurt_state, entry, &before, &hurt_now, NULL) ==
	      STS_OK);
	sts_known_clear(&before);
	sts_entry_free(entry);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct input in = { data, len };
	static bool learned;
	const char *name;
	uint8_t what;

	fuzz_begin();
	if (!learned)
		learn();
	learned = true;
	take(&in, &what, 1);
	name = what % 2 == 0 ? "absent" : "checked";
	if (what == 'r' || what == 's') {
		hurt_put(name, in.data, in.len);
	} else {
		put_header(name, &in);
		put_slots(name, DOMAIN, &in);
		put_slots(name, ANOTHER, &in);
	}
	check_all();
	fuzz_end();
	return 0;
}
