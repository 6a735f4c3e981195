/* SPDX-License-Identifier: ISC */
/*
 * Certificate and host name, see verify.h.  A handshake calls check_chain()
 * instead of OpenSSL's own routine, which is called from there: that hands us
 * our object without an index that is global to the process.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/buf.h"
#include "base/domain.h"
#include "verify/verify.h"

#define NAME_SHOWN  72  /* octets of a subject or issuer in a sentence */
#define NAMES_SHOWN 112 /* octets of all dNSNames in a sentence */
#define HASH_DIGITS 8   /* "002c0b4f.0" */

struct sts_trust {
	X509_STORE *store;
	int slot; /* of an SSL_CTX, for its struct sts_verify */
};

struct sts_verify {
	unsigned refs;     /* the caller's, and one for each SSL_CTX */
	X509_STORE *store; /* a reference */
	int slot;
	char host[STS_DOMAIN_MAX + 1];
	struct sts_error found;
	bool closed;     /* close_notify came */
	bool tolerant;   /* of whatever was found */
	size_t received; /* octets in records behind the handshake */
};

/* A directory first: looking up one CA is cheaper than parsing all. */
static const char *const system_dirs[] = {
	"/etc/ssl/certs",     /* Debian, Alpine, SUSE, FreeBSD */
	"/etc/pki/tls/certs", /* Fedora */
	"/etc/openssl/certs", /* NetBSD */
	"/etc/pki/ca-trust/extracted/pem/directory-hash",
};

static const char *const system_files[] = {
	"/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora */
	"/etc/pki/tls/certs/ca-bundle.crt",                  /* older Fedora */
	"/etc/ssl/ca-bundle.pem",                            /* SUSE */
	"/etc/ssl/cert.pem",                                 /* BSD, Alpine */
	"/usr/local/share/certs/ca-root-nss.crt",            /* older FreeBSD */
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* OpenSSL finds a CA by the hash of its subject: "002c0b4f.0". */
static bool
is_hashed(const char *name)
{
	return strspn(name, "0123456789abcdef") == HASH_DIGITS &&
	       name[HASH_DIGITS] == '.' &&
	       sts_ascii_digit((unsigned char)name[HASH_DIGITS + 1]);
}

/* Fedora's /etc/ssl/certs, for one, exists and holds a bundle only. */
static bool
is_hashed_dir(const char *path)
{
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return false;
	while (!found && (entry = readdir(dir)) != NULL)
		found = is_hashed(entry->d_name);
	(void)closedir(dir);
	return found;
}

static enum sts_rc
add_dir(X509_STORE *store, const char *path, struct sts_error *err)
{
	X509_LOOKUP *lookup;

	lookup = X509_STORE_add_lookup(store, X509_LOOKUP_hash_dir());
	if (lookup == NULL ||
	    X509_LOOKUP_add_dir(lookup, path, X509_FILETYPE_PEM) != 1)
		return sts_error_set(err, STS_ENOMEM,
		    "no memory for the CAs of %s", path);
	return STS_OK;
}

static enum sts_rc
add_file(X509_STORE *store, const char *path, struct sts_error *err)
{
	if (access(path, R_OK) == -1)
		return sts_error_sys(err, STS_ELOCAL, "CA file %s", path);
	if (X509_STORE_load_file(store, path) == 1)
		return STS_OK;
	ERR_clear_error();
	return sts_error_set(err, STS_ELOCAL,
	    "CA file %s: no certificate can be read from it", path);
}

static enum sts_rc
add_system(X509_STORE *store, struct sts_error *err)
{
	size_t i;

	for (i = 0; i < COUNT(system_dirs); i++)
		if (is_hashed_dir(system_dirs[i]))
			return add_dir(store, system_dirs[i], err);
	for (i = 0; i < COUNT(system_files); i++)
		if (add_file(store, system_files[i], err) == STS_OK)
			return STS_OK;
	return sts_error_set(err, STS_ELOCAL,
	    "the system has no CA certificates in %s, nor in any other "
	    "usual place",
	    system_dirs[0]);
}

static enum sts_rc
add_given(X509_STORE *store, const char *file, const char *dir,
    struct sts_error *err)
{
	enum sts_rc rc = STS_OK;

	if (file != NULL)
		rc = add_file(store, file, err);
	if (rc != STS_OK || dir == NULL)
		return rc;
	if (access(dir, R_OK | X_OK) == -1)
		return sts_error_sys(err, STS_ELOCAL, "CA directory %s", dir);
	if (!is_hashed_dir(dir))
		return sts_error_set(err, STS_ELOCAL,
		    "CA directory %s: no hashed name in it, see "
		    "openssl-rehash(1)",
		    dir);
	return add_dir(store, dir, err);
}

/* An SSL_CTX that goes lets go: libcurl may end a session in the background,
 * when the fetch has long been freed. */
static void
let_go(void *ssl_ctx, void *verify, CRYPTO_EX_DATA *data, int slot, long argl,
    void *argp)
{
	(void)ssl_ctx;
	(void)data;
	(void)slot;
	(void)argl;
	(void)argp;
	sts_verify_free(verify);
}

enum sts_rc
sts_trust_new(const char *file, const char *dir, struct sts_trust **trust,
    struct sts_error *err)
{
	struct sts_trust *new = calloc(1, sizeof(*new));
	enum sts_rc rc;

	if (new != NULL) {
		new->store = X509_STORE_new();
		new->slot =
		    SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, let_go);
	}
	if (new == NULL || new->store == NULL || new->slot == -1) {
		sts_trust_free(new);
		return sts_error_set(err, STS_ENOMEM, "no memory for CAs");
	}
	if (file == NULL && dir == NULL)
		rc = add_system(new->store, err);
	else
		rc = add_given(new->store, file, dir, err);
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

	if (verify == NULL || X509_STORE_up_ref(trust->store) != 1) {
		free(verify);
		return NULL;
	}
	verify->refs = 1;
	verify->store = trust->store;
	verify->slot = trust->slot;
	(void)snprintf(verify->host, sizeof(verify->host), "%s", host);
	return verify;
}

void
sts_verify_free(struct sts_verify *verify)
{
	if (verify == NULL || --verify->refs > 0)
		return;
	X509_STORE_free(verify->store);
	free(verify);
}

/*
 * What a stranger wrote: printable ASCII after this, at most NAME_SHOWN
 * octets of it, or "?".
 */
static const char *
name_text(const X509_NAME *name, char text[NAME_SHOWN + 1])
{
	BIO *bio = BIO_new(BIO_s_mem());
	int len = 0;

	if (bio != NULL &&
	    X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) > 0)
		len = BIO_read(bio, text, NAME_SHOWN);
	BIO_free(bio);
	text[len > 0 ? len : 0] = '\0';
	return len > 0 ? text : "?";
}

static const char *
date_text(const ASN1_TIME *date, char text[16])
{
	struct tm tm;

	if (ASN1_TIME_to_tm(date, &tm) != 1 ||
	    strftime(text, 16, "%Y-%m-%d", &tm) == 0)
		return "at an unknown time";
	return text;
}

static void
found_date(struct sts_verify *verify, int error, const X509 *cert,
    const char *whose)
{
	char subject[NAME_SHOWN + 1], date[16];
	const char *name = name_text(X509_get_subject_name(cert), subject);

	if (error == X509_V_ERR_CERT_HAS_EXPIRED)
		(void)sts_error_set(&verify->found, STS_ECERTDATE,
		    "%scertificate expired %s, %s", whose,
		    date_text(X509_get0_notAfter(cert), date), name);
	else
		(void)sts_error_set(&verify->found, STS_ECERTTRUST,
		    "%scertificate is not valid before %s, %s", whose,
		    date_text(X509_get0_notBefore(cert), date), name);
}

/* The dNSNames of CERT, as far as they fit. */
static void
list_names(const X509 *cert, struct sts_buf *buf)
{
	GENERAL_NAMES *names;
	int i;

	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		(void)sts_buf_str(buf, buf->len == 0 ? "" : ", ");
		(void)sts_buf_escaped(buf,
		    ASN1_STRING_get0_data(name->d.dNSName),
		    (size_t)ASN1_STRING_length(name->d.dNSName));
	}
	GENERAL_NAMES_free(names);
}

static void
found_name(struct sts_verify *verify, const X509 *cert)
{
	struct sts_buf names;

	sts_buf_init(&names, NAMES_SHOWN);
	list_names(cert, &names);
	(void)sts_error_set(&verify->found, STS_ECERTNAME,
	    "certificate is for %s%s, not for %.100s",
	    names.len == 0 ? "no dNSName" : sts_buf_text(&names),
	    names.rc != STS_OK ? " ..." : "", verify->host);
	sts_buf_clear(&names);
}

/* Where OpenSSL's words do not tell a postmaster what is wrong. */
static const char *
hint(int error)
{
	static const struct {
		int error;
		const char *text;
	} hints[] = {
		{ X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
		    " (an unknown CA, or an intermediate is missing)" },
		{ X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
		    " (an unknown CA, or an intermediate is missing)" },
		{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, " (an unknown root)" },
	};
	size_t i;

	for (i = 0; i < COUNT(hints); i++)
		if (hints[i].error == error)
			return hints[i].text;
	return "";
}

static void
found_trust(struct sts_verify *verify, int error, const X509 *cert)
{
	char subject[NAME_SHOWN + 1], issuer[NAME_SHOWN + 1];
	bool ours = error == X509_V_ERR_OUT_OF_MEM;

	(void)sts_error_set(&verify->found, ours ? STS_ELOCAL : STS_ECERTTRUST,
	    "certificate %s issued by %s: %.60s%s",
	    name_text(X509_get_subject_name(cert), subject),
	    name_text(X509_get_issuer_name(cert), issuer),
	    X509_verify_cert_error_string(error), hint(error));
}

/* Remember in words what stopped the verification. */
static void
record(struct sts_verify *verify, X509_STORE_CTX *ctx)
{
	int error = X509_STORE_CTX_get_error(ctx);
	const X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
	bool leaf = X509_STORE_CTX_get_error_depth(ctx) == 0;

	if (cert == NULL)
		cert = X509_STORE_CTX_get0_cert(ctx);
	if (cert == NULL)
		(void)sts_error_set(&verify->found, STS_ECERTTRUST,
		    "certificate: %.60s", X509_verify_cert_error_string(error));
	else if (error == X509_V_ERR_HOSTNAME_MISMATCH)
		found_name(verify, cert);
	else if (error == X509_V_ERR_CERT_HAS_EXPIRED ||
		 error == X509_V_ERR_CERT_NOT_YET_VALID)
		found_date(verify, error, cert, leaf ? "" : "CA ");
	else
		found_trust(verify, error, cert);
}

static int
check_chain(X509_STORE_CTX *ctx, void *arg)
{
	struct sts_verify *verify = arg;
	int ok = X509_verify_cert(ctx);

	if (ok == 1)
		return 1;
	record(verify, ctx);
	return verify->tolerant ? 1 : 0;
}

/* An alert is two octets, level and description; the header of a record has
 * its length in the last two of five (RFC 8446, 6 and 5.1). */
static void
watch_records(int sent, int version, int type, const void *data, size_t len,
    SSL *ssl, void *arg)
{
	struct sts_verify *verify = arg;
	const unsigned char *octet = data;

	(void)version;
	if (sent != 0)
		return;
	if (type == SSL3_RT_ALERT && len == 2 &&
	    octet[1] == SSL3_AD_CLOSE_NOTIFY)
		verify->closed = true;
	if (type == SSL3_RT_HEADER && len == SSL3_RT_HEADER_LENGTH &&
	    octet[0] == SSL3_RT_APPLICATION_DATA && SSL_is_init_finished(ssl))
		verify->received += (size_t)octet[3] << 8 | octet[4];
}

/* OpenSSL would match an address written as dNSName, and not check at all
 * for "". */
static bool
has_name(const struct sts_verify *verify)
{
	size_t len = strlen(verify->host);

	return sts_domain_valid(verify->host, len) &&
	       !sts_domain_is_quad(verify->host, len);
}

enum sts_rc
sts_verify_attach(struct sts_verify *verify, void *ssl_ctx,
    struct sts_error *err)
{
	SSL_CTX *ctx = ssl_ctx;
	X509_VERIFY_PARAM *param = SSL_CTX_get0_param(ctx);

	verify->found = (struct sts_error){ .rc = STS_OK };
	verify->closed = false;
	verify->received = 0;
	if (SSL_CTX_set_ex_data(ctx, verify->slot, verify) != 1)
		return sts_error_set(err, STS_ENOMEM, "no memory for TLS");
	verify->refs++;
	SSL_CTX_set_msg_callback(ctx, watch_records);
	SSL_CTX_set_msg_callback_arg(ctx, verify);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, check_chain, verify);
	SSL_CTX_set1_cert_store(ctx, verify->store);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT |
		X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	if (!has_name(verify)) {
		(void)sts_error_set(&verify->found, STS_ECERTNAME,
		    "no certificate is for \"%.100s\", which is no host name",
		    verify->host);
		return sts_verify_result(verify, err);
	}
	if (X509_VERIFY_PARAM_set1_host(param, verify->host, 0) != 1 ||
	    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER) !=
		1 ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) != 1)
		return sts_error_set(err, STS_ELOCAL, "cannot set up TLS");
	return STS_OK;
}

void
sts_verify_tolerate(struct sts_verify *verify)
{
	verify->tolerant = true;
}

enum sts_rc
sts_verify_result(const struct sts_verify *verify, struct sts_error *err)
{
	if (err != NULL && verify->found.rc != STS_OK)
		*err = verify->found;
	return verify->found.rc;
}

bool
sts_verify_closed(const struct sts_verify *verify)
{
	return verify->closed;
}

size_t
sts_verify_received(const struct sts_verify *verify)
{
	return verify->received;
}
