/* SPDX-License-Identifier: ISC */
/*
 * The parser of DNS answers (RFC 1035, 4; RFC 2308 for negative ones), see
 * sts_dns_parse().  Pure; every octet of the message is hostile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resolve/dns.h"
#include "resolve/wire.h"

#define CHAIN_MAX 16
#define CLASS_IN  1

enum rr_type {
	RR_A = 1,
	RR_NS = 2,
	RR_CNAME = 5,
	RR_SOA = 6,
	RR_MX = 15,
	RR_TXT = 16,
	RR_AAAA = 28,
	RR_OPT = 41,
	RR_TLSA = 52
};

enum rcode {
	RCODE_OK = 0,
	RCODE_NXDOMAIN = 3
};

static const char *const rcode_names[] = { "NOERROR", "FORMERR", "SERVFAIL",
	"NXDOMAIN", "NOTIMP", "REFUSED" };

static const char *const status_names[] = {
	[STS_DNS_OK] = "ok",
	[STS_DNS_NXDOMAIN] = "nxdomain",
	[STS_DNS_NODATA] = "nodata",
	[STS_DNS_FAILURE] = "failure",
	[STS_DNS_TIMEOUT] = "timeout",
	[STS_DNS_LOCAL] = "local",
};
_Static_assert(sizeof(status_names) / sizeof(status_names[0]) ==
		   STS_DNS_STATUS_MAX,
    "status_names matches enum sts_dns_status");

struct message {
	struct sts_wire wire;
	unsigned rcode;    /* with the upper bits of an OPT record */
	unsigned count[4]; /* questions, answers, authority, additional */
	size_t start[4];
	bool authoritative;
};

struct record {
	struct sts_wire_name owner;
	unsigned type, class;
	uint32_t ttl;
	size_t at, len; /* rdata */
};

/* STS_DNS_OK, FAILURE (malformed) or LOCAL (no memory). */
typedef enum sts_dns_status (*rdata_fn)(const struct message *msg,
    const struct record *rec, struct sts_rr *rr);

const char *
sts_dns_status_name(enum sts_dns_status status)
{
	if ((unsigned)status >= STS_DNS_STATUS_MAX)
		return "unknown";
	return status_names[status];
}

void
sts_dns_answer_clear(struct sts_dns_answer *answer)
{
	size_t i;

	for (i = 0; i < answer->count; i++)
		free(answer->rr[i].data);
	free(answer->rr);
	answer->rr = NULL;
	answer->count = 0;
}

void
sts_dns_answer_fail(struct sts_dns_answer *answer, enum sts_dns_status status,
    const char *reason)
{
	sts_dns_answer_clear(answer);
	answer->status = status;
	answer->ttl = 0;
	(void)snprintf(answer->reason, sizeof(answer->reason), "%s", reason);
}

static bool
get_record(struct message *msg, struct record *rec)
{
	unsigned len;

	if (!sts_wire_get_name(&msg->wire, &rec->owner) ||
	    !sts_wire_get16(&msg->wire, &rec->type) ||
	    !sts_wire_get16(&msg->wire, &rec->class) ||
	    !sts_wire_get32(&msg->wire, &rec->ttl) ||
	    !sts_wire_get16(&msg->wire, &len) ||
	    len > msg->wire.len - msg->wire.at)
		return false;
	if (rec->ttl > INT32_MAX) /* RFC 2181, 8 */
		rec->ttl = 0;
	rec->at = msg->wire.at;
	rec->len = len;
	msg->wire.at += len;
	return true;
}

static enum sts_dns_status
copy_rdata(struct sts_rr *rr, const unsigned char *data, size_t len)
{
	rr->len = len;
	rr->data = malloc(len + 1);
	if (rr->data == NULL)
		return STS_DNS_LOCAL;
	if (len > 0)
		memcpy(rr->data, data, len);
	rr->data[len] = '\0';
	return STS_DNS_OK;
}

static enum sts_dns_status
parse_a(const struct message *msg, const struct record *rec, struct sts_rr *rr)
{
	if (rec->len != sizeof(rr->addr.u.v4))
		return STS_DNS_FAILURE;
	rr->addr.family = AF_INET;
	memcpy(&rr->addr.u.v4, msg->wire.data + rec->at, rec->len);
	return STS_DNS_OK;
}

static enum sts_dns_status
parse_aaaa(const struct message *msg, const struct record *rec,
    struct sts_rr *rr)
{
	if (rec->len != sizeof(rr->addr.u.v6))
		return STS_DNS_FAILURE;
	rr->addr.family = AF_INET6;
	memcpy(&rr->addr.u.v6, msg->wire.data + rec->at, rec->len);
	return STS_DNS_OK;
}

static enum sts_dns_status
parse_mx(const struct message *msg, const struct record *rec, struct sts_rr *rr)
{
	struct sts_wire sub = msg->wire;
	struct sts_wire_name name;

	sub.at = rec->at;
	sub.len = rec->at + rec->len;
	if (!sts_wire_get16(&sub, &rr->preference) ||
	    !sts_wire_get_name(&sub, &name) || sub.at != sub.len)
		return STS_DNS_FAILURE;
	rr->data = sts_wire_text(&name, &rr->len);
	return rr->data == NULL ? STS_DNS_LOCAL : STS_DNS_OK;
}

/* Character-strings of one record are joined (RFC 8461, 3.1). */
static enum sts_dns_status
parse_txt(const struct message *msg, const struct record *rec,
    struct sts_rr *rr)
{
	const unsigned char *p = msg->wire.data + rec->at;
	size_t at, to = 0;

	if (rec->len == 0)
		return STS_DNS_FAILURE;
	for (at = 0; at < rec->len; at += (size_t)p[at] + 1)
		if (p[at] >= rec->len - at)
			return STS_DNS_FAILURE;
	if (copy_rdata(rr, p, rec->len) != STS_DNS_OK)
		return STS_DNS_LOCAL;
	for (at = 0; at < rec->len; at += (size_t)p[at] + 1) {
		memcpy(rr->data + to, p + at + 1, p[at]);
		to += p[at];
	}
	rr->data[to] = '\0';
	rr->len = to;
	return STS_DNS_OK;
}

/* RFC 6698, 2.1: usage, selector, matching type, data. */
static enum sts_dns_status
parse_tlsa(const struct message *msg, const struct record *rec,
    struct sts_rr *rr)
{
	if (rec->len <= 3)
		return STS_DNS_FAILURE;
	return copy_rdata(rr, msg->wire.data + rec->at, rec->len);
}

static const struct {
	const char *name;
	enum rr_type type;
	rdata_fn parse;
} types[] = {
	[STS_DNS_A] = { "A", RR_A, parse_a },
	[STS_DNS_AAAA] = { "AAAA", RR_AAAA, parse_aaaa },
	[STS_DNS_MX] = { "MX", RR_MX, parse_mx },
	[STS_DNS_TXT] = { "TXT", RR_TXT, parse_txt },
	[STS_DNS_TLSA] = { "TLSA", RR_TLSA, parse_tlsa },
};
_Static_assert(sizeof(types) / sizeof(types[0]) == STS_DNS_TYPE_MAX,
    "types matches enum sts_dns_type");

const char *
sts_dns_type_name(enum sts_dns_type type)
{
	if ((unsigned)type >= STS_DNS_TYPE_MAX)
		return "unknown";
	return types[type].name;
}

int
sts_dns_type_number(enum sts_dns_type type)
{
	return types[type].type;
}

/* Header and question; NULL or what is wrong. */
static const char *
read_head(struct message *msg, const struct sts_wire_name *name, unsigned type)
{
	unsigned id, flags, qtype, qclass, i;
	struct sts_wire_name asked;

	if (!sts_wire_get16(&msg->wire, &id) ||
	    !sts_wire_get16(&msg->wire, &flags))
		return "malformed header";
	for (i = 0; i < 4; i++)
		if (!sts_wire_get16(&msg->wire, &msg->count[i]))
			return "malformed header";
	msg->rcode = flags & 0xf;
	msg->authoritative = (flags & 0x0400) != 0;
	if ((flags & 0x8000) == 0 || (flags & 0x7800) != 0)
		return "not an answer";
	if ((flags & 0x0200) != 0)
		return "truncated answer";
	if (msg->count[0] == 0 && msg->rcode > RCODE_OK &&
	    msg->rcode != RCODE_NXDOMAIN)
		return NULL; /* FORMERR need not repeat the question */
	if (msg->count[0] != 1 || !sts_wire_get_name(&msg->wire, &asked) ||
	    !sts_wire_get16(&msg->wire, &qtype) ||
	    !sts_wire_get16(&msg->wire, &qclass))
		return "malformed question";
	if (!sts_wire_same(&asked, name) || qtype != type || qclass != CLASS_IN)
		return "answer to another question";
	return NULL;
}

/* Where the sections are; an OPT record adds to the rcode. */
static bool
read_sections(struct message *msg)
{
	struct record rec;
	unsigned section, i;

	for (section = 1; section < 4; section++) {
		msg->start[section] = msg->wire.at;
		for (i = 0; i < msg->count[section]; i++) {
			if (!get_record(msg, &rec))
				return false;
			if (section == 3 && rec.type == RR_OPT)
				msg->rcode |= rec.ttl >> 24 << 4;
		}
	}
	return true;
}

/* First record of TYPE in SECTION, of OWNER if not NULL; false: none. */
static bool
find(struct message *msg, unsigned section, const struct sts_wire_name *owner,
    unsigned type, struct record *rec)
{
	unsigned i;

	msg->wire.at = msg->start[section];
	for (i = 0; i < msg->count[section]; i++)
		if (get_record(msg, rec) && rec->type == type &&
		    rec->class == CLASS_IN &&
		    (owner == NULL || sts_wire_same(&rec->owner, owner)))
			return true;
	return false;
}

static void
lower_ttl(struct sts_dns_answer *answer, uint32_t ttl)
{
	if (ttl < answer->ttl)
		answer->ttl = ttl;
}

/* Follow CNAMEs from NAME to the end of the chain; false: malformed, or
 * longer than anybody needs, as a loop is. */
static bool
follow(struct message *msg, struct sts_wire_name *name, unsigned type,
    struct sts_dns_answer *answer)
{
	struct record rec;
	unsigned i;

	for (i = 0; i <= CHAIN_MAX; i++) {
		if (find(msg, 1, name, type, &rec) ||
		    !find(msg, 1, name, RR_CNAME, &rec))
			return true;
		lower_ttl(answer, rec.ttl);
		msg->wire.at = rec.at;
		if (!sts_wire_get_name(&msg->wire, name) ||
		    msg->wire.at != rec.at + rec.len)
			return false;
	}
	return false;
}

/* Keep the records of NAME. */
static void
collect(struct message *msg, const struct sts_wire_name *name,
    struct sts_dns_answer *answer)
{
	enum sts_dns_status status;
	struct record rec;
	struct sts_rr *rr;
	unsigned i;

	msg->wire.at = msg->start[1];
	for (i = 0; i < msg->count[1]; i++) {
		if (!get_record(msg, &rec) ||
		    rec.type != types[answer->type].type ||
		    rec.class != CLASS_IN || !sts_wire_same(&rec.owner, name))
			continue;
		if (answer->count == STS_DNS_RR_MAX) {
			sts_dns_answer_fail(answer, STS_DNS_FAILURE,
			    "too many records");
			return;
		}
		rr = &answer->rr[answer->count];
		rr->ttl = rec.ttl;
		status = types[answer->type].parse(msg, &rec, rr);
		if (status != STS_DNS_OK) {
			sts_dns_answer_fail(answer, status,
			    status == STS_DNS_LOCAL ? "no memory"
						    : "malformed record");
			return;
		}
		answer->count++;
		lower_ttl(answer, rec.ttl);
	}
}

/* RFC 2308, 5: the least of the SOA record's TTL and its last field. */
static void
negative_ttl(struct message *msg, struct sts_dns_answer *answer)
{
	struct record rec;
	uint32_t minimum;

	if (!find(msg, 2, NULL, RR_SOA, &rec) || rec.len < 4) {
		answer->ttl = 0;
		return;
	}
	msg->wire.at = rec.at + rec.len - 4;
	if (!sts_wire_get32(&msg->wire, &minimum))
		minimum = 0;
	lower_ttl(answer, rec.ttl);
	lower_ttl(answer, minimum);
}

/* RFC 2308, 2.2: name servers without an SOA record are a referral, which a
 * resolver does not send: it says nothing of the name. */
static bool
is_referral(struct message *msg)
{
	struct record rec;

	return !msg->authoritative && find(msg, 2, NULL, RR_NS, &rec) &&
	       !find(msg, 2, NULL, RR_SOA, &rec);
}

/* No records: why not? */
static void
judge_negative(struct message *msg, struct sts_dns_answer *answer)
{
	if (msg->rcode == RCODE_OK && is_referral(msg)) {
		sts_dns_answer_fail(answer, STS_DNS_FAILURE,
		    "referral instead of an answer");
		return;
	}
	sts_dns_answer_clear(answer);
	answer->status =
	    msg->rcode == RCODE_OK ? STS_DNS_NODATA : STS_DNS_NXDOMAIN;
	negative_ttl(msg, answer);
	(void)snprintf(answer->reason, sizeof(answer->reason), "%s",
	    msg->rcode == RCODE_OK ? "no such record" : "no such name");
}

static void
judge(struct message *msg, struct sts_wire_name *name,
    struct sts_dns_answer *answer)
{
	unsigned type = types[answer->type].type;
	struct record rec;

	if (!follow(msg, name, type, answer)) {
		sts_dns_answer_fail(answer, STS_DNS_FAILURE,
		    "CNAME chain without end");
		return;
	}
	if (!find(msg, 1, name, type, &rec)) {
		judge_negative(msg, answer);
		return;
	}
	if (msg->rcode == RCODE_NXDOMAIN) {
		sts_dns_answer_fail(answer, STS_DNS_FAILURE,
		    "records of a name that does not exist");
		return;
	}
	answer->rr = calloc(STS_DNS_RR_MAX, sizeof(*answer->rr));
	if (answer->rr == NULL)
		sts_dns_answer_fail(answer, STS_DNS_LOCAL, "no memory");
	else
		collect(msg, name, answer);
}

static void
fail_rcode(struct sts_dns_answer *answer, unsigned rcode)
{
	char text[32];

	if (rcode < sizeof(rcode_names) / sizeof(rcode_names[0]))
		(void)snprintf(text, sizeof(text), "%s", rcode_names[rcode]);
	else
		(void)snprintf(text, sizeof(text), "rcode %u", rcode);
	sts_dns_answer_fail(answer, STS_DNS_FAILURE, text);
}

void
sts_dns_parse(const unsigned char *message, size_t len, const char *name,
    enum sts_dns_type type, struct sts_dns_answer *answer)
{
	struct message msg = { .wire = { .data = message, .len = len } };
	const char *wrong = NULL;
	struct sts_wire_name wanted;

	memset(answer, 0, sizeof(*answer));
	answer->type = type;
	answer->ttl = INT32_MAX;
	if (!sts_wire_name_of(name, &wanted))
		wrong = "not a name";
	if (wrong == NULL)
		wrong = read_head(&msg, &wanted, types[type].type);
	if (wrong == NULL && !read_sections(&msg))
		wrong = "malformed record";
	if (wrong != NULL) {
		sts_dns_answer_fail(answer, STS_DNS_FAILURE, wrong);
		return;
	}
	if (msg.rcode != RCODE_OK && msg.rcode != RCODE_NXDOMAIN) {
		fail_rcode(answer, msg.rcode);
		return;
	}
	answer->ad = (message[3] & 0x20) != 0;
	judge(&msg, &wanted, answer);
	if (answer->status == STS_DNS_FAILURE ||
	    answer->status == STS_DNS_LOCAL)
		answer->ad = false;
}
