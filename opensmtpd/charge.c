/* SPDX-License-Identifier: ISC */
/*
 * Open entries, see charge.h: an array that is searched from end to end,
 * since it is short beside what one session costs.
 */
#include <stdlib.h>
#include <string.h>

#include "charge.h"

struct sts_charges {
	size_t used;
	struct sts_charge entry[STS_CHARGE_MAX];
};

enum sts_rc
sts_charges_new(struct sts_charges **out, struct sts_error *err)
{
	struct sts_charges *charges = calloc(1, sizeof(*charges));

	if (charges == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	*out = charges;
	return STS_OK;
}

void
sts_charges_free(struct sts_charges *charges)
{
	free(charges);
}

static bool
is_at(const struct sts_charge *charge, const struct sts_addr *dest)
{
	size_t i;

	for (i = 0; i < charge->count; i++)
		if (sts_addr_equal(&charge->address[i], dest))
			return true;
	return false;
}

static bool
is_live(const struct sts_charge *charge, int64_t now)
{
	return now - charge->chosen < STS_CHARGE_LIFE;
}

static bool
is_unheard(const struct sts_charge *charge)
{
	return charge->open && !charge->heard;
}

/* The entry of this pair; else a new one, or the oldest one's place. */
static struct sts_charge *
place(struct sts_charges *charges, const char *domain, const char *host)
{
	struct sts_charge *entry, *oldest = charges->entry;
	size_t i;

	for (i = 0; i < charges->used; i++) {
		entry = &charges->entry[i];
		if (strcmp(entry->domain, domain) == 0 &&
		    strcmp(entry->host, host) == 0)
			return entry;
		if (entry->chosen < oldest->chosen)
			oldest = entry;
	}
	return charges->used < STS_CHARGE_MAX ? &charges->entry[charges->used++]
					      : oldest;
}

static void
copy_name(char out[STS_DOMAIN_MAX + 1], const char *name)
{
	size_t len = strnlen(name, STS_DOMAIN_MAX);

	memcpy(out, name, len);
	out[len] = '\0';
}

void
sts_charge_chosen(struct sts_charges *charges, const char *domain,
    const char *host, const struct sts_addr *address, size_t count, int64_t now)
{
	struct sts_charge *entry = place(charges, domain, host);

	if (!is_unheard(entry) || strcmp(entry->domain, domain) != 0 ||
	    !is_live(entry, now))
		entry->opened = now;
	copy_name(entry->domain, domain);
	copy_name(entry->host, host);
	entry->chosen = now;
	entry->heard = false;
	entry->open = true;
	entry->count =
	    count < STS_CHARGE_ADDRESSES ? count : STS_CHARGE_ADDRESSES;
	memcpy(entry->address, address, entry->count * sizeof(*address));
}

void
sts_charge_heard(struct sts_charges *charges, const struct sts_addr *dest)
{
	size_t i;

	for (i = 0; i < charges->used; i++)
		if (is_at(&charges->entry[i], dest))
			charges->entry[i].heard = true;
}

struct sts_charge *
sts_charge_find(struct sts_charges *charges, const char *domain,
    const struct sts_addr *dest)
{
	struct sts_charge *entry, *best = NULL;
	size_t i;

	for (i = 0; i < charges->used; i++) {
		entry = &charges->entry[i];
		if (strcmp(entry->domain, domain) != 0)
			continue;
		if (is_at(entry, dest))
			return entry;
		if (best == NULL || entry->chosen > best->chosen)
			best = entry;
	}
	return best;
}

static void
keep_later(struct sts_charge **kept, struct sts_charge *entry)
{
	if (*kept == NULL || entry->chosen > (*kept)->chosen)
		*kept = entry;
}

size_t
sts_charge_failed(struct sts_charges *charges, const struct sts_addr *dest,
    int64_t now, struct sts_charge *out[STS_CHARGE_AT_ONCE])
{
	struct sts_charge *entry, *closed = NULL, *elsewhere = NULL;
	size_t i, count = 0, unheard = 0;

	for (i = 0; i < charges->used; i++) {
		entry = &charges->entry[i];
		if (!is_live(entry, now))
			continue;
		if (!is_at(entry, dest)) {
			unheard += is_unheard(entry);
			if (is_unheard(entry))
				elsewhere = entry;
		} else if (!entry->open) {
			keep_later(&closed, entry);
		} else if (count < STS_CHARGE_AT_ONCE) {
			out[count++] = entry;
		}
	}
	if (count == 0 && closed != NULL)
		out[count++] = closed;
	else if (count == 0 && unheard == 1)
		out[count++] = elsewhere;
	return count;
}

size_t
sts_charge_suspects(struct sts_charges *charges, int64_t since, int64_t now,
    struct sts_charge *out[STS_CHARGE_AT_ONCE])
{
	struct sts_charge *entry;
	size_t i, count = 0;

	for (i = 0; i < charges->used && count < STS_CHARGE_AT_ONCE; i++) {
		entry = &charges->entry[i];
		if (!is_live(entry, now) || !is_unheard(entry) ||
		    entry->opened > since)
			continue;
		entry->heard = true;
		out[count++] = entry;
	}
	return count;
}
