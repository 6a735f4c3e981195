/* SPDX-License-Identifier: ISC */
/*
 * TLS between two buffers, see session.h.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "verify/session.h"

struct sts_session {
	struct sts_verify *verify;
	SSL_CTX *ctx;
	SSL *ssl;
	BIO *in, *out; /* the session's */
};

static bool
set_up(struct sts_session *session, const char *host)
{
	char sni[STS_DOMAIN_MAX + 1]; /* the macro casts const away */

	(void)snprintf(sni, sizeof(sni), "%s", host);
	session->ssl = SSL_new(session->ctx);
	if (session->ssl == NULL)
		return false;
	session->in = BIO_new(BIO_s_mem());
	session->out = BIO_new(BIO_s_mem());
	SSL_set_bio(session->ssl, session->in, session->out);
	if (session->in == NULL || session->out == NULL)
		return false;
	SSL_set_connect_state(session->ssl);
	return SSL_set_tlsext_host_name(session->ssl, sni) == 1;
}

enum sts_rc
sts_session_new(struct sts_trust *trust, const char *host,
    struct sts_session **out, struct sts_error *err)
{
	struct sts_session *session = calloc(1, sizeof(*session));
	enum sts_rc rc = STS_ELOCAL;

	if (session != NULL) {
		session->verify = sts_verify_new(trust, host);
		session->ctx = SSL_CTX_new(TLS_client_method());
	}
	if (session == NULL || session->verify == NULL || session->ctx == NULL)
		(void)sts_error_set(err, rc, "no memory for TLS");
	else
		rc = sts_verify_attach(session->verify, session->ctx, err);
	if (rc == STS_OK && !set_up(session, host))
		rc = sts_error_set(err, STS_ELOCAL, "cannot set up TLS");
	if (rc == STS_OK)
		*out = session;
	else
		sts_session_free(session);
	return rc;
}

void
sts_session_free(struct sts_session *session)
{
	if (session == NULL)
		return;
	SSL_free(session->ssl);
	SSL_CTX_free(session->ctx);
	sts_verify_free(session->verify);
	free(session);
}

bool
sts_session_feed(struct sts_session *session, const void *data, size_t len)
{
	return len <= INT_MAX &&
	       BIO_write(session->in, data, (int)len) == (int)len;
}

/* In OpenSSL's words; the first of its errors is the cause. */
static void
explain(struct sts_error *err)
{
	unsigned long code = ERR_peek_error();
	const char *words = code == 0 ? NULL : ERR_reason_error_string(code);
	bool ours = code != 0 && ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE;

	(void)sts_error_set(err, ours ? STS_ELOCAL : STS_ETLS,
	    "no TLS session: %.120s",
	    words == NULL ? "the handshake failed" : words);
}

enum sts_session_step
sts_session_shake(struct sts_session *session, struct sts_error *err)
{
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(session->ssl);
	if (ret == 1)
		return STS_SESSION_DONE;
	if (SSL_get_error(session->ssl, ret) == SSL_ERROR_WANT_READ)
		return STS_SESSION_MORE;
	if (sts_verify_result(session->verify, err) == STS_OK)
		explain(err);
	ERR_clear_error();
	return STS_SESSION_FAILED;
}

void
sts_session_part(struct sts_session *session, const char *text)
{
	(void)SSL_write(session->ssl, text, (int)strlen(text));
	(void)SSL_shutdown(session->ssl);
	ERR_clear_error();
}

void
sts_session_take(struct sts_session *session, struct sts_buf *buf)
{
	char *data;
	long len = BIO_get_mem_data(session->out, &data);

	if (len > 0)
		(void)sts_buf_add(buf, data, (size_t)len);
	(void)BIO_reset(session->out);
}

const char *
sts_session_version(const struct sts_session *session)
{
	bool agreed = SSL_get_pending_cipher(session->ssl) != NULL ||
		      SSL_get_current_cipher(session->ssl) != NULL;

	return agreed ? SSL_get_version(session->ssl) : "";
}
