/* SPDX-License-Identifier: ISC */
/*
 * Sequences of events as Exim 4.96 to 4.100 was seen to raise them, and the
 * one result that each session must have.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../exim/session.h"
#include "suite.h"

/* clang-format off */
#define NOW  1795430400
#define PAST "1795000000"
#define YET  "1799000000"
#define HOST "mx1.example.com"

#define CLEAR	    "cipher= cv=0 dane=no ip=192.0.2.1 na= san="
#define GOOD	    "cipher=TLS1.3:X:256 cv=1 dane=no ip=192.0.2.1 na=" YET \
		    " san=" HOST
#define DANE	    "cipher=TLS1.3:X:256 cv=0 dane=yes ip=192.0.2.1 na=" YET \
		    " san="
#define BAD(na, san) "cipher=TLS1.3:X:256 cv=0 dane=no ip=192.0.2.1 na=" na \
		     " san=" san
#define OLD(version) "cipher=" version ":X:256 cv=1 dane=no ip=192.0.2.1 na=" \
		     YET " san=" HOST
#define CN_ONLY	    "cipher=TLS1.3:X:256 cv=1 dane=no ip=192.0.2.1 na=" YET \
		    " san="
#define OFFERED	    "250-hi\n250-STARTTLS\n250 OK"
#define VERIFY	    "TLS session: (certificate verification failed)"

struct step {
	const char *name, *data, *facts;
};

#define CONNECT { "tcp:connect", "", CLEAR }, { "smtp:connect", "220 hi", CLEAR }
#define EHLO	{ "smtp:ehlo", OFFERED, CLEAR }
#define NO_TLS	{ "smtp:ehlo", "250 hi", CLEAR }
#define TLS(facts) { "tls:cert", "0", facts }, { "smtp:ehlo", "250 hi", facts }
#define CLOSE(facts) { "tcp:close", "", facts }
#define DEFER(text, facts) { "msg:host:defer", text, facts }

static const struct {
	const char *rule;
	bool strict;
	const char *expect; /* results in order; "(x)" came at the end */
	struct step step[16];
} cases[] = {
	{ "verified", true, "success",
	    { CONNECT, EHLO, TLS(GOOD), CLOSE(GOOD) } },
	{ "verified, plain", false, "success",
	    { CONNECT, EHLO, TLS(GOOD), CLOSE(GOOD) } },
	{ "DANE", true, "success", { CONNECT, EHLO, TLS(DANE), CLOSE(DANE) } },
	{ "later trouble is not of TLS", true, "success",
	    { CONNECT, EHLO, TLS(GOOD), CLOSE(GOOD),
		DEFER("SMTP error from remote mail server after RCPT TO: 451",
		    GOOD) } },
	{ "no STARTTLS", true, "starttls-not-supported",
	    { CONNECT, NO_TLS, CLOSE(CLEAR),
		DEFER("a TLS session is required, but the server did not "
		      "offer TLS support", CLEAR) } },
	{ "no STARTTLS, plain", false, "(starttls-not-supported)",
	    { CONNECT, NO_TLS, CLOSE(CLEAR) } },
	{ "EHLO after the end is of no session", false,
	    "(starttls-not-supported)",
	    { CONNECT, EHLO, CLOSE(CLEAR), TLS(GOOD) } },
	{ "454", true, "starttls-not-supported",
	    { CONNECT, EHLO, CLOSE(CLEAR),
		DEFER("SMTP error from remote mail server after STARTTLS: 454 "
		      "no", CLEAR) } },
	{ "454, plain", false, "(starttls-not-supported)",
	    { CONNECT, EHLO, CLOSE(CLEAR) } },
	{ "502", true, "starttls-not-supported",
	    { CONNECT, EHLO, CLOSE(CLEAR),
		DEFER("a TLS session is required, but an attempt to start TLS "
		      "failed", CLEAR) } },
	{ "wrong name", true, "certificate-host-mismatch",
	    { CONNECT, EHLO, CLOSE(BAD(YET, "other.example")),
		DEFER(VERIFY, BAD(YET, "other.example")) } },
	{ "wrong name, plain", false, "certificate-host-mismatch",
	    { CONNECT, EHLO, TLS(BAD(YET, "a.example\nb.example")),
		CLOSE(BAD(YET, "a.example\nb.example")) } },
	{ "no dNSName", true, "certificate-host-mismatch",
	    { CONNECT, EHLO, CLOSE(BAD(YET, "")),
		DEFER("TLS session: (gnutls_handshake): Error in the "
		      "certificate.", BAD(YET, "")) } },
	{ "expired", true, "certificate-expired",
	    { CONNECT, EHLO, CLOSE(BAD(PAST, HOST)),
		DEFER(VERIFY ": certificate invalid", BAD(PAST, HOST)) } },
	{ "expired, plain", false, "certificate-expired",
	    { CONNECT, EHLO, TLS(BAD(PAST, HOST)), CLOSE(BAD(PAST, HOST)) } },
	{ "unknown CA", true, "certificate-not-trusted",
	    { CONNECT, EHLO, CLOSE(BAD(YET, HOST)),
		DEFER(VERIFY ": certificate invalid", BAD(YET, HOST)) } },
	{ "unknown CA, wildcard, plain", false, "certificate-not-trusted",
	    { CONNECT, EHLO, TLS(BAD(YET, "x.example\n*.example.com")),
		CLOSE(BAD(YET, "x.example\n*.example.com")) } },
	{ "verified by CN alone, plain", false, "certificate-host-mismatch",
	    { CONNECT, EHLO, TLS(CN_ONLY), CLOSE(CN_ONLY) } },
	{ "TLS 1.0, plain", false, "validation-failure",
	    { CONNECT, EHLO, TLS(OLD("TLS1.0")), CLOSE(OLD("TLS1.0")) } },
	{ "TLS 1.1, plain", false, "validation-failure",
	    { CONNECT, EHLO, TLS(OLD("TLS1.1")), CLOSE(OLD("TLS1.1")) } },
	{ "TLS 1.0, OpenSSL, plain", false, "validation-failure",
	    { CONNECT, EHLO, TLS(OLD("TLSv1")), CLOSE(OLD("TLSv1")) } },
	{ "TLS 1.1, OpenSSL, plain", false, "validation-failure",
	    { CONNECT, EHLO, TLS(OLD("TLSv1.1")), CLOSE(OLD("TLSv1.1")) } },
	{ "TLS 1.2, plain", false, "success",
	    { CONNECT, EHLO, TLS(OLD("TLS1.2")), CLOSE(OLD("TLS1.2")) } },
	{ "TLS 1.2, OpenSSL, plain", false, "success",
	    { CONNECT, EHLO, TLS(OLD("TLSv1.2")), CLOSE(OLD("TLSv1.2")) } },
	{ "revoked", true, "certificate-not-trusted",
	    { CONNECT, EHLO, CLOSE(BAD(YET, HOST)),
		DEFER(VERIFY ": certificate revoked", BAD(YET, HOST)) } },
	{ "expired, OpenSSL", true, "certificate-expired",
	    { CONNECT, EHLO, CLOSE(CLEAR),
		DEFER("TLS session: (SSL_connect): error:1416F086:SSL "
		      "routines::certificate verify failed",
		    BAD(PAST, HOST)) } },
	{ "handshake", true, "validation-failure",
	    { CONNECT, EHLO, CLOSE(CLEAR),
		DEFER("TLS session: (gnutls_handshake): timed out", CLEAR) } },
	{ "handshake, then in clear: one session", false, "validation-failure",
	    { CONNECT, EHLO, CLOSE(CLEAR),
		DEFER("TLS session: (gnutls_handshake): An unexpected TLS "
		      "packet was received.", CLEAR),
		CONNECT, EHLO, CLOSE(CLEAR) } },
	{ "DANE mismatch", true, "tlsa-invalid",
	    { CONNECT, EHLO, { "dane:fail", "validation-failure", CLEAR },
		CLOSE(CLEAR),
		DEFER(VERIFY ": Verification failed. The certificate differs. ",
		    CLEAR) } },
	{ "DANE required", true, "dane-required",
	    { CONNECT, EHLO, { "dane:fail", "dane-required", CLEAR },
		CLOSE(CLEAR), DEFER("TLS session: DANE", CLEAR) } },
	{ "refused", false, "",
	    { { "tcp:connect", "", CLEAR }, CLOSE(CLEAR),
		DEFER("Connection refused", CLEAR) } },
	{ "closed before the banner", true, "",
	    { { "tcp:connect", "", CLEAR }, CLOSE(CLEAR),
		DEFER("Remote host closed connection in response to initial "
		      "connection", CLEAR) } },
	{ "busy", false, "",
	    { { "tcp:connect", "", CLEAR }, { "smtp:connect", "421 x", CLEAR },
		CLOSE(CLEAR), DEFER("SMTP error", CLEAR) } },
	{ "lost after EHLO", true, "",
	    { CONNECT, EHLO, CLOSE(CLEAR),
		DEFER("Remote host closed connection in response to EHLO",
		    CLEAR) } },
	{ "two hosts, two sessions", true,
	    "starttls-not-supported success",
	    { CONNECT, NO_TLS, CLOSE(CLEAR),
		DEFER("a TLS session is required, but the server did not "
		      "offer TLS support", CLEAR),
		CONNECT, EHLO, TLS(GOOD), CLOSE(GOOD) } },
	{ "what is held comes out with the next connection", false,
	    "starttls-not-supported success",
	    { CONNECT, NO_TLS, CLOSE(CLEAR), CONNECT, EHLO, TLS(GOOD),
		CLOSE(GOOD) } },
	{ "a reused connection is no session", false, "",
	    { CLOSE(GOOD), DEFER("TLS session: x", GOOD) } },
};
/* clang-format on */

static void
append(char *text, size_t size, const struct sts_exim_outcome *out, bool end)
{
	size_t len = strlen(text);

	(void)snprintf(text + len, size - len, "%s%s%s%s", len == 0 ? "" : " ",
	    end ? "(" : "", sts_session_result_name(out->result),
	    end ? ")" : "");
	ck_assert_str_eq(out->domain, "example.com");
	ck_assert_str_eq(out->host, HOST);
	ck_assert_str_eq(out->address, "203.0.113.9");
	ck_assert_str_eq(out->our_address, "192.0.2.1");
}

START_TEST(each_session_has_one_result)
{
	struct sts_exim_session session = { 0 };
	struct sts_exim_outcome out;
	const struct step *s;
	char got[200] = "";

	for (s = cases[_i].step; s->name != NULL; s++) {
		struct sts_exim_event event = {
			.kind = sts_exim_event_kind(s->name),
			.strict = cases[_i].strict,
			.data = s->data,
			.domain = "example.com",
			.host = HOST,
			.address = "203.0.113.9",
			.now = NOW,
		};

		ck_assert_int_eq(sts_facts_parse(s->facts, &event.facts, NULL),
		    STS_OK);
		if (sts_exim_session_step(&session, &event, &out))
			append(got, sizeof(got), &out, false);
	}
	if (sts_exim_session_flush(&session, &out))
		append(got, sizeof(got), &out, true);
	ck_assert_msg(strcmp(got, cases[_i].expect) == 0,
	    "%s: \"%s\" not \"%s\"", cases[_i].rule, got, cases[_i].expect);
	ck_assert(!sts_exim_session_flush(&session, &out));
}
END_TEST

static const char *const bad_facts[] = { "", "cipher=",
	"cv=1 cipher=x dane=no ip= na= san=", "cipher=x cv=1 dane=no ip= na=",
	"cipher=x cv=1 dane=no ip=1.2.3.4;rm na= san=",
	"cipher=x cv=1 dane=no ip= na=-1 san=",
	"cipher=x cv=1 dane=no ip= na=99999999999999999 san=",
	"cipher=x\ncv=1 dane=no ip= na= san=",
	"cipher=x  cv=1 dane=no ip= na= san=", NULL };

START_TEST(facts_are_strict)
{
	struct sts_facts facts;
	char *big = malloc(STS_FACTS_MAX + 10);
	int i;

	for (i = 0; bad_facts[i] != NULL; i++)
		ck_assert_int_eq(sts_facts_parse(bad_facts[i], &facts, NULL),
		    STS_EUSAGE);
	memset(big, 'a', STS_FACTS_MAX + 9);
	big[STS_FACTS_MAX + 9] = '\0';
	memcpy(big, GOOD, strlen(GOOD));
	ck_assert_int_eq(sts_facts_parse(big, &facts, NULL), STS_EUSAGE);
	free(big);
}
END_TEST

/* The certificate's names come last and cannot pass for other facts. */
START_TEST(facts_of_a_hostile_certificate)
{
	struct sts_facts facts;

	ck_assert_int_eq(
	    sts_facts_parse("cipher=c cv=0 dane=no ip= na= "
			    "san=a cv=1 dane=yes\n\n*\n*.*.x\n" HOST,
		&facts, NULL),
	    STS_OK);
	ck_assert(!facts.verified && !facts.dane && facts.tls);
	ck_assert(sts_facts_names_host(&facts, "MX1.example.com"));
	ck_assert(!sts_facts_names_host(&facts, "mx2.example.com"));
	ck_assert(!sts_facts_names_host(&facts, ""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("session");
	TCase *tc = tcase_create("session");

	tcase_add_loop_test(tc, each_session_has_one_result, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(tc, facts_are_strict);
	tcase_add_test(tc, facts_of_a_hostile_certificate);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
