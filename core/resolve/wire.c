/* SPDX-License-Identifier: ISC */
/*
 * Numbers and names of DNS messages (RFC 1035, 4.1.4), see wire.h.
 */
#include <string.h>

#include "base/buf.h"
#include "base/domain.h"
#include "resolve/wire.h"

#define LABEL_MAX 63
#define TEXT_MAX  (4 * STS_WIRE_NAME_MAX)

bool
sts_wire_get16(struct sts_wire *wire, unsigned *value)
{
	if (wire->len - wire->at < 2)
		return false;
	*value = (unsigned)wire->data[wire->at] << 8 | wire->data[wire->at + 1];
	wire->at += 2;
	return true;
}

bool
sts_wire_get32(struct sts_wire *wire, uint32_t *value)
{
	unsigned high, low;

	if (!sts_wire_get16(wire, &high) || !sts_wire_get16(wire, &low))
		return false;
	*value = (uint32_t)high << 16 | low;
	return true;
}

/* Copy one label of LEN octets with its length in front. */
static bool
add_label(struct sts_wire_name *name, const unsigned char *label, size_t len)
{
	size_t i;

	if (name->len + 1 + len > sizeof(name->octets))
		return false;
	name->octets[name->len++] = (unsigned char)len;
	for (i = 0; i < len; i++)
		name->octets[name->len++] =
		    (unsigned char)sts_ascii_lower(label[i]);
	return true;
}

/* A pointer must lead before the part that it ends, so the walk is finite. */
bool
sts_wire_get_name(struct sts_wire *wire, struct sts_wire_name *name)
{
	size_t at = wire->at, limit = at, target;
	bool jumped = false;
	unsigned octet;

	name->len = 0;
	for (;;) {
		if (at >= wire->len)
			return false;
		octet = wire->data[at++];
		if (octet <= LABEL_MAX) {
			if (octet > wire->len - at ||
			    !add_label(name, wire->data + at, octet))
				return false;
			at += octet;
			if (octet > 0)
				continue;
			break;
		}
		if (octet < 0xc0 || at >= wire->len)
			return false;
		target = (octet & 0x3fu) << 8 | wire->data[at++];
		if (target >= limit)
			return false;
		if (!jumped)
			wire->at = at;
		jumped = true;
		at = limit = target;
	}
	if (!jumped)
		wire->at = at;
	return true;
}

bool
sts_wire_name_of(const char *text, struct sts_wire_name *name)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t len;

	name->len = 0;
	while (*p != '\0') {
		len = strcspn((const char *)p, ".");
		if (len == 0 || len > LABEL_MAX || !add_label(name, p, len))
			return false;
		p += len;
		if (*p == '.')
			p++;
	}
	return add_label(name, p, 0);
}

bool
sts_wire_same(const struct sts_wire_name *a, const struct sts_wire_name *b)
{
	return a->len == b->len && memcmp(a->octets, b->octets, a->len) == 0;
}

static bool
is_plain(unsigned char c)
{
	return sts_ascii_alnum(c) || c == '-' || c == '_';
}

char *
sts_wire_text(const struct sts_wire_name *name, size_t *len)
{
	const unsigned char *p = name->octets, *end;
	struct sts_buf buf;

	sts_buf_init(&buf, TEXT_MAX);
	if (*p == 0)
		(void)sts_buf_str(&buf, ".");
	while (*p != 0) {
		if (buf.len > 0)
			(void)sts_buf_str(&buf, ".");
		for (end = p + 1 + *p, p++; p < end; p++)
			(void)sts_buf_printf(&buf,
			    is_plain(*p) ? "%c" : "\\%03u", *p);
	}
	if (buf.rc != STS_OK) {
		sts_buf_clear(&buf);
		return NULL;
	}
	*len = buf.len;
	return sts_buf_take(&buf);
}
