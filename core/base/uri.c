/* SPDX-License-Identifier: ISC */
/*
 * URIs of a TLSRPT record, see uri.h.
 */
#include <string.h>

#include "base/domain.h"
#include "base/uri.h"

#define PORT_MAX 65535

struct slice {
	const char *data;
	size_t len;
};

/* Value of the two digits after a "%", -1 when they are none. */
static int
percent_value(const char *p, size_t left)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (left < 3)
		return -1;
	high = memchr(digits, sts_ascii_lower((unsigned char)p[1]), 16);
	low = memchr(digits, sts_ascii_lower((unsigned char)p[2]), 16);
	if (high == NULL || low == NULL)
		return -1;
	return (int)(high - digits) * 16 + (int)(low - digits);
}

/* Unreserved, sub-delims but "!", "," and ";", and what a pchar has besides
 * (RFC 3986, 3.3); gen-delims where ALSO has them. */
static bool
is_plain(char c, const char *also)
{
	static const char marks[] = "-._~$&'()*+=:@";

	return sts_ascii_alnum((unsigned char)c) ||
	       (c != '\0' &&
		   (strchr(marks, c) != NULL || strchr(also, c) != NULL));
}

/* Plain or encoded octets; a control character is encoded for nothing but
 * header injection. */
static bool
octets_ok(struct slice text, const char *also)
{
	size_t i;
	int c;

	for (i = 0; i < text.len; i++) {
		if (is_plain(text.data[i], also))
			continue;
		if (text.data[i] != '%')
			return false;
		c = percent_value(text.data + i, text.len - i);
		if (c < 0x20 || c == 0x7f)
			return false;
	}
	return true;
}

/* Cut off what stands before the first octet that is in ENDS. */
static struct slice
cut_until(struct slice *rest, const char *ends)
{
	struct slice cut = *rest;
	size_t n;

	for (n = 0; n < rest->len; n++)
		if (rest->data[n] != '\0' &&
		    strchr(ends, rest->data[n]) != NULL)
			break;
	cut.len = n;
	rest->data += n;
	rest->len -= n;
	return cut;
}

/* Cut SCHEME off; case does not matter. */
static bool
cut_scheme(struct slice *rest, const char *scheme)
{
	size_t i, n = strlen(scheme);

	if (rest->len < n)
		return false;
	for (i = 0; i < n; i++)
		if (sts_ascii_lower((unsigned char)rest->data[i]) != scheme[i])
			return false;
	rest->data += n;
	rest->len -= n;
	return true;
}

/* scheme ":", then nothing but octets of a URI. */
static enum sts_rc
begin(struct slice *rest, const char *scheme, struct sts_error *err)
{
	if (rest->len > STS_URI_MAX)
		return sts_error_set(err, STS_ERECORD,
		    "the URI is longer than %d octets", STS_URI_MAX);
	if (!cut_scheme(rest, scheme))
		return sts_error_set(err, STS_ERECORD,
		    "the URI does not begin with %s", scheme);
	if (!octets_ok(*rest, "/?#[]"))
		return sts_error_set(err, STS_ERECORD,
		    "the URI has an octet that must be encoded, or encodes a "
		    "control character");
	return STS_OK;
}

/* port = *DIGIT (RFC 3986, 3.2.3); 0 is none to connect to. */
static bool
parse_port(struct slice text, unsigned *port)
{
	unsigned value = 0;
	size_t i;

	if (text.len == 0)
		return true;
	for (i = 0; i < text.len; i++) {
		if (!sts_ascii_digit((unsigned char)text.data[i]))
			return false;
		value = value * 10 + (unsigned)(text.data[i] - '0');
		if (value > PORT_MAX)
			return false;
	}
	*port = value;
	return value > 0;
}

/* Does it end like an address?  "127.1" and "0x7f000001" are some to who asks
 * the C library, and no name ends in a label that begins with a digit. */
static bool
is_number(struct slice host)
{
	size_t n = host.len;

	if (n > 0 && host.data[n - 1] == '.')
		n--;
	while (n > 0 && host.data[n - 1] != '.')
		n--;
	return n < host.len && sts_ascii_digit((unsigned char)host.data[n]);
}

/* authority = host [":" port]; what has a user is not ours to use. */
static enum sts_rc
parse_authority(struct slice rest, struct sts_uri *uri, struct sts_error *err)
{
	struct slice host;

	if (memchr(rest.data, '@', rest.len) != NULL)
		return sts_error_set(err, STS_ERECORD,
		    "the URI has a user or password");
	host = cut_until(&rest, ":");
	if (is_number(host))
		return sts_error_set(err, STS_ERECORD,
		    "the host of the URI is an address");
	uri->port = STS_URI_HTTPS_PORT;
	if (rest.len > 0 &&
	    !parse_port((struct slice){ rest.data + 1, rest.len - 1 },
		&uri->port))
		return sts_error_set(err, STS_ERECORD,
		    "the URI has no port that can be connected to");
	if (sts_domain_normalize(host.data, host.len, uri->host, NULL) !=
	    STS_OK)
		return sts_error_set(err, STS_ERECORD,
		    "the URI has no host name");
	return STS_OK;
}

/* path-abempty ["?" query]; HTTP has no empty path (RFC 9112, 3.2.1). */
static enum sts_rc
parse_target(struct slice rest, struct sts_uri *uri, struct sts_error *err)
{
	struct slice target = cut_until(&rest, "#");
	char *at = uri->target;

	if (!octets_ok(target, "/?"))
		return sts_error_set(err, STS_ERECORD,
		    "the URI has brackets in its path");
	if (target.len == 0 || target.data[0] != '/')
		*at++ = '/';
	memcpy(at, target.data, target.len);
	at[target.len] = '\0';
	return STS_OK;
}

enum sts_rc
sts_uri_https(const char *text, size_t len, struct sts_uri *uri,
    struct sts_error *err)
{
	struct slice rest = { text, len };
	struct sts_uri found;
	enum sts_rc rc;

	rc = begin(&rest, "https://", err);
	if (rc == STS_OK)
		rc = parse_authority(cut_until(&rest, "/?#"), &found, err);
	if (rc == STS_OK)
		rc = parse_target(rest, &found, err);
	if (rc == STS_OK)
		*uri = found;
	return rc;
}

/* The octets of TEXT, decoded; how many, or more than SIZE. */
static size_t
decode(struct slice text, char *out, size_t size)
{
	size_t i, n = 0;

	for (i = 0; i < text.len && n < size; i++) {
		out[n] = text.data[i];
		if (text.data[i] == '%') {
			out[n] =
			    (char)percent_value(text.data + i, text.len - i);
			i += 2;
		}
		n++;
	}
	return i < text.len ? size + 1 : n;
}

enum sts_rc
sts_uri_mailto(const char *text, size_t len, char address[STS_MAIL_MAX + 1],
    struct sts_error *err)
{
	struct slice rest = { text, len };
	char found[STS_MAIL_MAX];
	enum sts_rc rc;
	size_t n;

	rc = begin(&rest, "mailto:", err);
	if (rc != STS_OK)
		return rc;
	n = decode(cut_until(&rest, "?#"), found, sizeof(found));
	if (n > sizeof(found) || !sts_mail_valid(found, n))
		return sts_error_set(err, STS_ERECORD,
		    "the URI has no plain address of mail");
	memcpy(address, found, n);
	address[n] = '\0';
	return STS_OK;
}
