/* SPDX-License-Identifier: ISC */
/*
 * libmta-sts: what MTA-STS (RFC 8461) demands of mail to a domain, answered
 * from the local state and the operator's rules alone.  No function here
 * touches the network, starts a process, writes to stderr or exits; each may
 * read small files.  What is not fresh is refreshed by mta-sts-resolve, whose
 * answer sts_result_parse() reads.  sts_lookup(3) is the manual.
 *
 * A struct sts belongs to one thread at a time and must not be used after
 * fork(2) by both sides.  A struct sts_error is the caller's, may be NULL and
 * is written only on failure.
 */
#ifndef MTA_STS_H
#define MTA_STS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STS_DOMAIN_MAX 253 /* octets of a domain name, without root dot */
#define STS_ERROR_MAX  256 /* octets of an error text, with the NUL */

#if defined(__GNUC__)
#define STS_API      __attribute__((visibility("default")))
#define STS_MUST_USE __attribute__((warn_unused_result))
#else
#define STS_API
#define STS_MUST_USE
#endif

/* Numbers are stable: they appear in logs.  sts_rc_name() gives the name. */
enum sts_rc {
	STS_OK = 0,
	STS_ENOMEM = 1,
	STS_ESYS = 2,      /* a system call failed, see sys */
	STS_EUSAGE = 3,    /* wrong argument */
	STS_ECONFIG = 4,   /* configuration file, text has file:line */
	STS_EDOMAIN = 5,   /* not a domain name that can have a policy */
	STS_ENODATA = 6,   /* DNS says with authority: no such record */
	STS_EDNS = 7,      /* DNS could not tell: SERVFAIL, timeout, bogus */
	STS_ERECORD = 8,   /* TXT record malformed or ambiguous */
	STS_EPOLICY = 9,   /* policy text malformed */
	STS_EFETCH = 10,   /* HTTPS failed: connect, status, size, type, time */
	STS_EWEBPKI = 11,  /* certificate of the policy host */
	STS_ELOCAL = 12,   /* our own fault: descriptors, memory, no route */
	STS_EDAMAGED = 13, /* state cannot be read or is not what was written */
	STS_EIDENTITY = 14,    /* state directory has the wrong owner or mode */
	STS_ESPACE = 15,       /* free-space reserve or disk full */
	STS_EBUSY = 16,        /* somebody else holds the lease */
	STS_ETIMEOUT = 17,     /* our own deadline */
	STS_EMXPOLICY = 18,    /* MX host is not in the policy */
	STS_ESTARTTLS = 19,    /* MX did not offer or do STARTTLS */
	STS_ECERTNAME = 20,    /* MX certificate is for another name */
	STS_ECERTDATE = 21,    /* MX certificate has expired */
	STS_ECERTTRUST = 22,   /* MX certificate is not trusted */
	STS_ETLS = 23,         /* any other TLS failure with the MX */
	STS_EUNREACHABLE = 24, /* MX not reached: says nothing of TLS */
	STS_RC_MAX
};

struct sts_error {
	enum sts_rc rc;
	int sys; /* errno, or 0 */
	char text[STS_ERROR_MAX];
};

/* "policy-invalid" ...; "unknown" for a number that is not an sts_rc. */
STS_API const char *sts_rc_name(enum sts_rc rc);

/* RFC 8460, 4.3: the result type to report, or NULL when there is none. */
STS_API const char *sts_rc_result_type(enum sts_rc rc);

enum sts_level {
	STS_LOG_ERROR,
	STS_LOG_WARNING,
	STS_LOG_NOTICE,
	STS_LOG_INFO,
	STS_LOG_DEBUG,
	STS_LOG_MAX
};

/* LINE is one whole line, control bytes escaped, no newline at its end. */
typedef void (*sts_log_fn)(void *arg, enum sts_level level, const char *line);

enum sts_mode { /* RFC 8461, 3.2 */
	STS_MODE_NONE,
	STS_MODE_TESTING,
	STS_MODE_ENFORCE,
	STS_MODE_DEFER, /* not of the RFC: we cannot tell, hold the mail */
	STS_MODE_MAX
};
STS_API const char *sts_mode_name(enum sts_mode mode);

enum sts_answer { /* what the state knows of a domain */
	STS_ANSWER_POLICY,
	STS_ANSWER_NONE, /* known to have no policy */
	STS_ANSWER_UNKNOWN,
	STS_ANSWER_DAMAGED, /* something is there and cannot be read */
	STS_ANSWER_MAX
};
STS_API const char *sts_answer_name(enum sts_answer answer);

enum sts_verdict {           /* for one MX host */
	STS_VERDICT_OPEN,    /* nothing is demanded */
	STS_VERDICT_OBSERVE, /* deliver, but record what enforce would do */
	STS_VERDICT_REQUIRE, /* TLS, verified for this host name, or defer */
	STS_VERDICT_REFUSE,  /* do not connect */
	STS_VERDICT_MAX
};
STS_API const char *sts_verdict_name(enum sts_verdict verdict);

struct sts;        /* configuration, rules and open state */
struct sts_result; /* what is known of one domain at one moment */

struct sts_options {
	const char *config; /* file; NULL: the built-in path, may be absent */
	const char *state;  /* directory when the configuration names none */
	sts_log_fn log;     /* NULL: silence */
	void *log_arg;
};

/*
 * Read the configuration.  The state directory is opened by the first lookup
 * that can, so a state that is missing now is not an error here.  *STS goes to sts_free().
 */
STS_API STS_MUST_USE enum sts_rc sts_new(const struct sts_options *options,
    struct sts **sts, struct sts_error *err);
STS_API void sts_free(struct sts *sts);

/*
 * What rules and state say of DOMAIN (any case, with or without root dot).
 * STS_OK also when the answer is "unknown" or "damaged": ask the result.
 * STS_EDOMAIN for an address literal or junk: such a domain has no policy.
 * *RESULT goes to sts_result_free(), before STS goes to sts_free().
 */
STS_API STS_MUST_USE enum sts_rc sts_lookup(struct sts *sts, const char *domain,
    struct sts_result **result, struct sts_error *err);

/*
 * The same from one line that mta-sts-resolve wrote for DOMAIN (LEN bytes,
 * without newline).  STS_EDAMAGED when it is not such a line.
 */
STS_API STS_MUST_USE enum sts_rc sts_result_parse(struct sts *sts,
    const char *domain, const char *line, size_t len,
    struct sts_result **result, struct sts_error *err);
STS_API void sts_result_free(struct sts_result *result);

/* False: run mta-sts-resolve before this result is used, if time allows. */
STS_API bool sts_result_fresh(const struct sts_result *result);
STS_API enum sts_answer sts_result_answer(const struct sts_result *result);

/*
 * The mode that holds for the domain after rules, policy and doubts:
 * STS_MODE_DEFER when no more than "we cannot tell" is known.
 */
STS_API enum sts_mode sts_result_mode(const struct sts_result *result);

/*
 * Verdict for HOST, the name of the MX record (RFC 8461, 4.1; never a CNAME
 * target).  WHY, if not NULL, receives one sentence, for any verdict.
 */
STS_API enum sts_verdict sts_result_verdict(const struct sts_result *result,
    const char *host, struct sts_error *why);

/*
 * RFC 8689 wants to know whether HOST is vouched for apart from the mode:
 * true only if a policy (testing counts) or a "require" rule lists it.
 */
STS_API bool sts_result_mx_match(const struct sts_result *result,
    const char *host);

/*
 * The patterns that both policy and rule permit, lower case, borrowed.  When
 * any host will do sts_result_mx_any() is true and there are none.
 */
STS_API bool sts_result_mx_any(const struct sts_result *result);
STS_API size_t sts_result_mx_count(const struct sts_result *result);
STS_API const char *sts_result_mx(const struct sts_result *result, size_t i);

/* Seconds since the epoch, 0 when nothing expires.  Texts are borrowed. */
STS_API int64_t sts_result_expires(const struct sts_result *result);
STS_API const char *sts_result_id(const struct sts_result *result);
STS_API const char *sts_result_reason(const struct sts_result *result);

/* Is the domain known to ask for reports (RFC 8460, 3)? */
STS_API bool sts_result_tlsrpt(const struct sts_result *result);

#ifdef __cplusplus
}
#endif

#endif
