/* SPDX-License-Identifier: ISC */
/*
 * Certificate and host name (RFC 8461, 3.3 and 4.2; RFC 9525) in a handshake
 * with ourselves, in memory: which are accepted, and what is said of others.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/ssl.h>

#include "base/error.h"
#include "suite.h"
#include "verify/verify.h"

static char certs[256], ca_file[300], ca_dir[300];

static void
make_certs(void)
{
	const char *base = getenv("B");
	char command[600];

	(void)snprintf(certs, sizeof(certs), "%s/tests/unit/verify_test.certs",
	    base == NULL ? "build" : base);
	(void)snprintf(ca_file, sizeof(ca_file), "%s/ca.pem", certs);
	(void)snprintf(ca_dir, sizeof(ca_dir), "%s/ca", certs);
	(void)snprintf(command, sizeof(command), "tests/unit/certs.sh %s",
	    certs);
	ck_assert_int_eq(system(command), 0);
}

static SSL_CTX *
server_context(const char *cert, int version)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	char path[600];

	(void)snprintf(path, sizeof(path), "%s/%s.pem", certs, cert);
	ck_assert_int_eq(SSL_CTX_use_certificate_chain_file(ctx, path), 1);
	ck_assert_int_eq(SSL_CTX_use_PrivateKey_file(ctx, path,
			     SSL_FILETYPE_PEM),
	    1);
	SSL_CTX_set_security_level(ctx, 0);
	ck_assert_int_eq(SSL_CTX_set_max_proto_version(ctx, version), 1);
	ck_assert_int_eq(SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION), 1);
	return ctx;
}

/* Both ends in turn until one is done with it. */
static bool
shake_hands(SSL *client, SSL *server)
{
	BIO *one, *other;
	int i, ret = 0;

	ck_assert_int_eq(BIO_new_bio_pair(&one, 0, &other, 0), 1);
	SSL_set_bio(client, one, one);
	SSL_set_bio(server, other, other);
	for (i = 0; i < 20 && ret != 1; i++) {
		ret = SSL_connect(client);
		if (ret != 1 &&
		    SSL_get_error(client, ret) != SSL_ERROR_WANT_READ)
			return false;
		(void)SSL_accept(server);
	}
	return ret == 1;
}

/* The client end asks for HOST and gets CERT. */
static bool
meet(struct sts_verify *verify, const char *cert, int version,
    enum sts_rc *attached, bool *closed)
{
	SSL_CTX *server_ctx = server_context(cert, version);
	SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
	SSL *server, *client;
	char octet;
	bool ok;

	/* A system without a policy of its own. */
	SSL_CTX_set_security_level(client_ctx, 0);
	ck_assert_int_eq(SSL_CTX_set_min_proto_version(client_ctx,
			     TLS1_VERSION),
	    1);
	*attached = sts_verify_attach(verify, client_ctx, NULL);
	server = SSL_new(server_ctx);
	client = SSL_new(client_ctx);
	ok = *attached == STS_OK && shake_hands(client, server);
	if (ok) {
		ck_assert(!sts_verify_closed(verify));
		(void)SSL_shutdown(server);
		(void)SSL_read(client, &octet, 1);
	}
	*closed = sts_verify_closed(verify);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	return ok;
}

/* clang-format off */
static const struct {
	const char *row, *cert, *host;
	enum sts_rc rc;
	const char *text;
} hosts[] = {
	{ "STS-25", "exact", "ok.exact.test", STS_OK, "" },
	{ "STS-25", "chain", "ok.chain.test", STS_OK, "" },
	{ "STS-25", "expired", "ok.expired.test", STS_ECERTDATE,
	    "certificate expired 2020-03-01, CN=ok.expired.test" },
	{ "STS-25", "future", "ok.future.test", STS_ECERTTRUST,
	    "certificate is not valid before 2098-01-01, CN=ok.future.test" },
	{ "STS-25", "self", "ok.self.test", STS_ECERTTRUST,
	    "self-signed certificate" },
	{ "STS-25", "self", "ok.self.test", STS_ECERTTRUST,
	    "CN=evil\\1B[31m\\0Aforged line" },
	{ "STS-25", "unknown", "ok.unknown.test", STS_ECERTTRUST,
	    "CN=ok.unknown.test issued by CN=other" },
	{ "STS-25", "nochain", "ok.nochain.test", STS_ECERTTRUST,
	    "CN=ok.nochain.test issued by CN=middle" },
	{ "STS-25", "client", "ok.client.test", STS_ECERTTRUST, "purpose" },
	{ "STS-26", "cnonly", "ok.cnonly.test", STS_ECERTNAME,
	    "certificate is for no dNSName, not for ok.cnonly.test" },
	{ "STS-26", "uri", "ok.uri.test", STS_ECERTNAME, "no dNSName" },
	{ "STS-26", "ipsan", "ok.ipsan.test", STS_ECERTNAME, "no dNSName" },
	{ "STS-26", "ipsan", "127.0.0.1", STS_ECERTNAME, "no host name" },
	{ "STS-26", "quad", "127.0.0.1", STS_ECERTNAME, "no host name" },
	{ "STS-26", "good", "", STS_ECERTNAME, "no host name" },
	{ "STS-26", "good", ".good.test", STS_ECERTNAME, "no host name" },
	{ "STS-26", "good", "*.good.test", STS_ECERTNAME, "no host name" },
	{ "STS-27", "good", "ok.good.test", STS_OK, "" },
	{ "STS-27", "good", "OK.GOOD.test", STS_OK, "" },
	{ "STS-27", "good", "xn--bcher-kva.good.test", STS_OK, "" },
	{ "STS-27", "good", "good.test", STS_ECERTNAME, "is for *.good.test" },
	{ "STS-27", "good", "a.b.good.test", STS_ECERTNAME, "*.good.test" },
	{ "STS-27", "partial", "ok.partial.test", STS_ECERTNAME,
	    "is for o*.partial.test" },
	{ "STS-27", "double", "ok.double.test", STS_ECERTNAME, "*.*.test" },
	{ "STS-27", "deep", "ok.deep.test", STS_ECERTNAME, "*.test" },
	{ "STS-30", "provider", "ok.provider.test", STS_ECERTNAME,
	    "is for *.provider.example, not for ok.provider.test" },
	{ "STS-30", "hostile", "ok.hostile.test", STS_ECERTNAME,
	    "is for evil\\027[31m.example, not" },
	{ "STS-30", "many", "ok.many.test", STS_ECERTNAME,
	    "name-2.provider.example" },
	{ "STS-30", "many", "ok.many.test", STS_ECERTNAME,
	    " ..., not for ok.many.test" },
	{ "STS-30", "many", "name-60.provider.example", STS_OK, "" },
};
/* clang-format on */

static void
judge(struct sts_trust *trust, size_t i)
{
	struct sts_verify *verify = sts_verify_new(trust, hosts[i].host);
	struct sts_error err = { .rc = STS_OK };
	enum sts_rc attached, rc;
	bool ok, closed;

	ck_assert_ptr_nonnull(verify);
	ok = meet(verify, hosts[i].cert, TLS1_3_VERSION, &attached, &closed);
	rc = sts_verify_result(verify, &err);
	ck_assert_msg(rc == hosts[i].rc && err.rc == rc, "%s %s: %s: %s",
	    hosts[i].row, hosts[i].host, sts_rc_name(rc), err.text);
	ck_assert_msg(strstr(err.text, hosts[i].text) != NULL,
	    "%s %s: \"%s\" in \"%s\"", hosts[i].row, hosts[i].host,
	    hosts[i].text, err.text);
	ck_assert_msg(ok == (rc == STS_OK), "%s %s: handshake", hosts[i].row,
	    hosts[i].host);
	ck_assert(closed == ok);
	sts_verify_free(verify);
}

START_TEST(host_is_judged)
{
	struct sts_trust *trust;

	ck_assert_int_eq(sts_trust_new(ca_file, NULL, &trust, NULL), STS_OK);
	judge(trust, (size_t)_i);
	sts_trust_free(trust);
}
END_TEST

START_TEST(hashed_directory_is_as_good_as_a_file)
{
	struct sts_trust *trust;

	ck_assert_int_eq(sts_trust_new(NULL, ca_dir, &trust, NULL), STS_OK);
	judge(trust, (size_t)_i);
	sts_trust_free(trust);
}
END_TEST

START_TEST(sts_29_old_tls_is_refused)
{
	static const struct {
		int version;
		bool ok;
	} versions[] = {
		{ TLS1_VERSION, false },
		{ TLS1_1_VERSION, false },
		{ TLS1_2_VERSION, true },
		{ TLS1_3_VERSION, true },
	};
	struct sts_verify *verify;
	struct sts_trust *trust;
	enum sts_rc attached;
	bool closed;
	size_t i;

	ck_assert_int_eq(sts_trust_new(ca_file, NULL, &trust, NULL), STS_OK);
	verify = sts_verify_new(trust, "ok.good.test");
	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		ck_assert_msg(meet(verify, "good", versions[i].version,
				  &attached, &closed) == versions[i].ok,
		    "version %x", (unsigned)versions[i].version);
		ck_assert_int_eq(sts_verify_result(verify, NULL), STS_OK);
	}
	sts_verify_free(verify);
	sts_trust_free(trust);
}
END_TEST

START_TEST(what_was_found_is_forgotten_by_the_next_connection)
{
	struct sts_verify *verify;
	struct sts_trust *trust;
	enum sts_rc attached;
	bool closed;

	ck_assert_int_eq(sts_trust_new(ca_file, NULL, &trust, NULL), STS_OK);
	verify = sts_verify_new(trust, "ok.good.test");
	sts_trust_free(trust);
	ck_assert(!meet(verify, "self", TLS1_3_VERSION, &attached, &closed));
	ck_assert_int_ne(sts_verify_result(verify, NULL), STS_OK);
	ck_assert(meet(verify, "good", TLS1_3_VERSION, &attached, &closed));
	ck_assert_int_eq(sts_verify_result(verify, NULL), STS_OK);
	sts_verify_free(verify);
}
END_TEST

/* libcurl ends sessions in the background. */
START_TEST(session_may_outlive_the_check)
{
	SSL_CTX *server_ctx = server_context("good", TLS1_3_VERSION);
	SSL_CTX *client_ctx = SSL_CTX_new(TLS_client_method());
	struct sts_verify *verify;
	struct sts_trust *trust;
	SSL *server, *client;
	char octet;

	ck_assert_int_eq(sts_trust_new(ca_file, NULL, &trust, NULL), STS_OK);
	verify = sts_verify_new(trust, "ok.good.test");
	ck_assert_int_eq(sts_verify_attach(verify, client_ctx, NULL), STS_OK);
	server = SSL_new(server_ctx);
	client = SSL_new(client_ctx);
	SSL_CTX_free(client_ctx);
	SSL_CTX_free(server_ctx);
	ck_assert(shake_hands(client, server));
	sts_verify_free(verify);
	sts_trust_free(trust);
	(void)SSL_shutdown(server);
	ck_assert_int_eq(SSL_read(client, &octet, 1), 0);
	SSL_free(client);
	SSL_free(server);
}
END_TEST

static void
expect_no_trust(const char *file, const char *dir, const char *text)
{
	struct sts_trust *trust = NULL;
	struct sts_error err;

	ck_assert_int_eq(sts_trust_new(file, dir, &trust, &err), STS_ELOCAL);
	ck_assert_ptr_null(trust);
	ck_assert_msg(strstr(err.text, text) != NULL, "\"%s\" in \"%s\"", text,
	    err.text);
}

START_TEST(bad_ca_is_named)
{
	char key[300], empty[300];

	(void)snprintf(key, sizeof(key), "%s/key", certs);
	(void)snprintf(empty, sizeof(empty), "%s/empty", certs);
	(void)mkdir(empty, 0700);
	expect_no_trust("/nonexistent/ca.pem", NULL,
	    "/nonexistent/ca.pem: No such file");
	expect_no_trust(key, NULL, "key: no certificate");
	expect_no_trust(certs, NULL, ": no certificate");
	expect_no_trust(NULL, "/nonexistent/ca", "/nonexistent/ca: No such");
	expect_no_trust(NULL, empty, "openssl-rehash");
	expect_no_trust(ca_file, "/nonexistent/ca", "/nonexistent/ca: No such");
	expect_no_trust("/nonexistent/ca", ca_dir, "/nonexistent/ca: No such");
}
END_TEST

/* The system may have none; it never trusts our root, nor the environment. */
START_TEST(system_trust_is_not_ours)
{
	struct sts_verify *verify;
	struct sts_trust *trust;
	enum sts_rc attached;
	bool closed;

	(void)setenv("SSL_CERT_FILE", ca_file, 1);
	(void)setenv("SSL_CERT_DIR", ca_dir, 1);
	if (sts_trust_new(NULL, NULL, &trust, NULL) != STS_OK)
		return;
	verify = sts_verify_new(trust, "ok.good.test");
	ck_assert(!meet(verify, "good", TLS1_3_VERSION, &attached, &closed));
	ck_assert_int_eq(sts_verify_result(verify, NULL), STS_ECERTTRUST);
	sts_verify_free(verify);
	sts_trust_free(trust);
	(void)unsetenv("SSL_CERT_FILE");
	(void)unsetenv("SSL_CERT_DIR");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tcase = tcase_create("verify");
	int count = sizeof(hosts) / sizeof(hosts[0]);

	tcase_add_unchecked_fixture(tcase, make_certs, NULL);
	tcase_add_loop_test(tcase, host_is_judged, 0, count);
	tcase_add_loop_test(tcase, hashed_directory_is_as_good_as_a_file, 0,
	    count);
	tcase_add_test(tcase, sts_29_old_tls_is_refused);
	tcase_add_test(tcase,
	    what_was_found_is_forgotten_by_the_next_connection);
	tcase_add_test(tcase, session_may_outlive_the_check);
	tcase_add_test(tcase, bad_ca_is_named);
	tcase_add_test(tcase, system_trust_is_not_ours);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
