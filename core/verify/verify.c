/* SPDX-License-Identifier: ISC */
/*
 * Certificates, see verify.h.  One store serves all connections; OpenSSL's
 * own X509_verify_cert() decides, we only write down what it found, since
 * the SSL layer keeps no more than a number.
 */
#include <sys/stat.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/domain.h"
#include "verify/verify.h"

#define SECURITY_LEVEL 2   /* 112 bits: RFC 9325, 4.2 */
#define NAMES_MAX      120 /* octets of foreign names in a sentence */

/* Where systems keep their CAs: Debian, Alpine, FreeBSD; Fedora; NetBSD. */
static const char *const system_dirs[] = {
	"/etc/ssl/certs",
	"/etc/pki/ca-trust/extracted/pem/directory-hash",
	"/etc/openssl/certs",
};

/* Debian, Alpine; Fedora; OpenBSD, FreeBSD; FreeBSD's port. */
static const char *const system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
	"/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/cert.pem",
	"/usr/local/share/certs/ca-root-nss.crt",
};

struct sts_trust {
	X509_STORE *store;
};

struct sts_verify {
	struct sts_trust *trust;
	char host[STS_DOMAIN_MAX + 1];
	struct sts_error error;
};

/* "5ed36f99.0", as c_rehash names them? */
static bool
is_hash_name(const char *name)
{
	return strspn(name, "0123456789abcdef") == 8 && name[8] == '.' &&
	       sts_ascii_digit((unsigned char)name[9]);
}

/* Fedora's /etc/ssl/certs is a directory, but has no hashes. */
static bool
is_hashed_dir(const char *path)
{
	const struct dirent *entry;
	bool hashed = false;
	DIR *dir;

	dir = opendir(path);
	if (dir == NULL)
		return false;
	while (!hashed && (entry = readdir(dir)) != NULL)
		hashed = is_hash_name(entry->d_name);
	(void)closedir(dir);
	return hashed;
}

static bool
is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* A directory costs nothing until a certificate is looked up in it, a bundle
 * 17 ms of parsing. */
static void
find_system(const char **file, const char **dir)
{
	size_t i;

	for (i = 0; i < sizeof(system_dirs) / sizeof(system_dirs[0]); i++)
		if (is_hashed_dir(system_dirs[i])) {
			*dir = system_dirs[i];
			return;
		}
	for (i = 0; i < sizeof(system_files) / sizeof(system_files[0]); i++)
		if (is_file(system_files[i])) {
			*file = system_files[i];
			return;
		}
}

static enum sts_rc
add_file(X509_STORE *store, const char *file, struct sts_error *err)
{
	X509_LOOKUP *lookup;

	lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	if (lookup == NULL)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	if (X509_LOOKUP_load_file(lookup, file, X509_FILETYPE_PEM) == 1)
		return STS_OK;
	ERR_clear_error();
	return sts_error_set(err, STS_ELOCAL, "no CA certificates in %s", file);
}

static enum sts_rc
add_dir(X509_STORE *store, const char *dir, struct sts_error *err)
{
	X509_LOOKUP *lookup;
	struct stat st;

	if (stat(dir, &st) == -1)
		return sts_error_sys(err, STS_ELOCAL, "CA directory %s", dir);
	if (!S_ISDIR(st.st_mode))
		return sts_error_set(err, STS_ELOCAL, "%s is not a directory",
		    dir);
	lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
	if (lookup != NULL &&
	    X509_LOOKUP_add_dir(lookup, dir, X509_FILETYPE_PEM) == 1)
		return STS_OK;
	return sts_error_set(err, STS_ENOMEM, "no memory");
}

enum sts_rc
sts_trust_new(const char *file, const char *dir, struct sts_trust **trust,
    struct sts_error *err)
{
	enum sts_rc rc = STS_OK;
	struct sts_trust *new;

	if (file == NULL && dir == NULL)
		find_system(&file, &dir);
	if (file == NULL && dir == NULL)
		return sts_error_set(err, STS_ELOCAL,
		    "no CA certificates found, see ca-file and ca-dir");
	new = calloc(1, sizeof(*new));
	if (new == NULL || (new->store = X509_STORE_new()) == NULL) {
		free(new);
		return sts_error_set(err, STS_ENOMEM, "no memory");
	}
	if (file != NULL)
		rc = add_file(new->store, file, err);
	if (rc == STS_OK && dir != NULL)
		rc = add_dir(new->store, dir, err);
	if (rc != STS_OK) {
		sts_trust_free(new);
		return rc;
	}
	*trust = new;
	return STS_OK;
}

void
sts_trust_free(struct sts_trust *trust)
{
	if (trust == NULL)
		return;
	X509_STORE_free(trust->store);
	free(trust);
}

struct sts_verify *
sts_verify_new(struct sts_trust *trust, const char *host)
{
	struct sts_verify *verify = calloc(1, sizeof(*verify));
	size_t len = strlen(host);

	if (verify == NULL)
		return NULL;
	verify->trust = trust;
	/* An empty host is refused when it is attached. */
	if (len <= STS_DOMAIN_MAX)
		memcpy(verify->host, host, len + 1);
	(void)sts_error_set(&verify->error, STS_ECERTTRUST,
	    "no certificate was checked");
	return verify;
}

void
sts_verify_free(struct sts_verify *verify)
{
	free(verify);
}

/* Add LEN octets of NAME to a list that ends in "..." when it is long. */
static bool
add_name(struct sts_buf *list, const void *name, size_t len)
{
	if (list->len + len > NAMES_MAX) {
		(void)sts_buf_str(list, list->len == 0 ? "..." : ", ...");
		return false;
	}
	if (list->len > 0)
		(void)sts_buf_str(list, ", ");
	(void)sts_buf_escaped(list, name, len);
	return true;
}

static void
add_dns_names(struct sts_buf *list, const X509 *cert)
{
	GENERAL_NAMES *names;
	const GENERAL_NAME *name;
	const ASN1_STRING *text;
	bool room = true;
	int i;

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; room && i < sk_GENERAL_NAME_num(names); i++) {
		name = sk_GENERAL_NAME_value(names, i);
		if (name->type != GEN_DNS)
			continue;
		text = name->d.dNSName;
		room = add_name(list, ASN1_STRING_get0_data(text),
		    (size_t)ASN1_STRING_length(text));
	}
	GENERAL_NAMES_free(names);
}

static void
add_common_name(struct sts_buf *list, const X509_NAME *name)
{
	char text[64];
	int len;

	len =
	    X509_NAME_get_text_by_NID(name, NID_commonName, text, sizeof(text));
	if (len > 0)
		(void)add_name(list, text, strlen(text));
	else
		(void)sts_buf_str(list, "(no name)");
}

/* "2026-01-02" */
static void
date_text(const ASN1_TIME *time, char text[16])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(time, &tm) != 1 ||
	    strftime(text, 16, "%Y-%m-%d", &tm) == 0)
		memcpy(text, "?", 2);
}

static void
set_name_error(struct sts_verify *verify, const X509 *cert)
{
	struct sts_buf names;

	sts_buf_init(&names, 8 * NAMES_MAX);
	add_dns_names(&names, cert);
	(void)sts_error_set(&verify->error, STS_ECERTNAME,
	    "certificate is for %.*s, not %s", NAMES_MAX + 8,
	    names.len == 0 ? "no host name" : sts_buf_text(&names),
	    verify->host);
	sts_buf_clear(&names);
}

static void
set_date_error(struct sts_verify *verify, const X509 *cert, bool expired)
{
	struct sts_buf names;
	char date[16];

	sts_buf_init(&names, 8 * NAMES_MAX);
	add_common_name(&names, X509_get_subject_name(cert));
	date_text(expired ? X509_get0_notAfter(cert)
			  : X509_get0_notBefore(cert),
	    date);
	(void)sts_error_set(&verify->error,
	    expired ? STS_ECERTDATE : STS_ECERTTRUST,
	    expired ? "certificate expired %s, CN %.*s"
		    : "certificate is not valid before %s, CN %.*s",
	    date, NAMES_MAX, sts_buf_text(&names));
	sts_buf_clear(&names);
}

static void
set_trust_error(struct sts_verify *verify, const X509 *cert, int error)
{
	struct sts_buf names;

	sts_buf_init(&names, 8 * NAMES_MAX);
	if (cert != NULL)
		add_common_name(&names, X509_get_issuer_name(cert));
	(void)sts_error_set(&verify->error, STS_ECERTTRUST,
	    "certificate not trusted: %s (issuer CN %.*s)",
	    X509_verify_cert_error_string(error), NAMES_MAX,
	    sts_buf_text(&names));
	sts_buf_clear(&names);
}

static void
remember(struct sts_verify *verify, const X509 *cert, int error)
{
	switch (error) {
	case X509_V_ERR_OUT_OF_MEM:
		(void)sts_error_set(&verify->error, STS_ELOCAL, "no memory");
		break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
		set_name_error(verify, cert);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		set_date_error(verify, cert, true);
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		set_date_error(verify, cert, false);
		break;
	default:
		set_trust_error(verify, cert, error);
		break;
	}
}

/* In place of X509_verify_cert(), with our argument. */
static int
on_verify(X509_STORE_CTX *ctx, void *arg)
{
	struct sts_verify *verify = arg;
	int ok = X509_verify_cert(ctx);
	const X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	int error = X509_STORE_CTX_get_error(ctx);

	if (ok == 1 && error == X509_V_OK) {
		memset(&verify->error, 0, sizeof(verify->error));
		return 1;
	}
	if (cert == NULL)
		cert = X509_STORE_CTX_get0_cert(ctx);
	remember(verify, cert, error);
	return 0;
}

/* Names: dNSName only, "*" only as the whole left-most label (RFC 9525). */
static bool
set_param(X509_VERIFY_PARAM *param, const char *host)
{
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	(void)X509_VERIFY_PARAM_clear_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
	return X509_VERIFY_PARAM_set1_host(param, host, 0) == 1 &&
	       X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) ==
		   1;
}

enum sts_rc
sts_verify_attach(struct sts_verify *verify, void *ssl_ctx,
    struct sts_error *err)
{
	SSL_CTX *ctx = ssl_ctx;
	size_t len = strlen(verify->host);

	/* OpenSSL would take ".example" for any subdomain of it. */
	if (!sts_domain_valid(verify->host, len) ||
	    sts_domain_is_quad(verify->host, len)) {
		(void)sts_error_set(&verify->error, STS_ECERTNAME,
		    "\"%s\" is not a host name", verify->host);
		return sts_error_set(err, STS_ECERTNAME, "%s",
		    verify->error.text);
	}
	if (!set_param(SSL_CTX_get0_param(ctx), verify->host) ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1 ||
	    X509_STORE_up_ref(verify->trust->store) != 1)
		return sts_error_set(err, STS_ENOMEM, "no memory");
	SSL_CTX_set_cert_store(ctx, verify->trust->store);
	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_verify, verify);
	return STS_OK;
}

enum sts_rc
sts_verify_result(const struct sts_verify *verify, struct sts_error *err)
{
	if (verify->error.rc != STS_OK && err != NULL)
		*err = verify->error;
	return verify->error.rc;
}
