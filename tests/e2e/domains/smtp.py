# SPDX-License-Identifier: ISC
"""SMTP, STARTTLS and the MX hosts' certificates (RFC 8461, 4 and 4.2)."""
from row import (BAD_CERT, NO_NAME, NO_TLS, Domain, Host, clear, deferred,
                 unverified, verified)

HANDSHAKE = "TLS session: (gnutls_handshake)"


def certificate(kind, story, plain, why, report):
    """A domain whose only fault is its mail host's certificate."""
    return Domain(kind, story, hosts=(Host(cert=kind),),
                  plain=plain(f"mx.{kind}"), ours=deferred(why),
                  report=report)


def broken(does, story, plain, why, report):
    """A domain whose only fault is what its mail host does."""
    return Domain(does, story, hosts=(Host(does=does),),
                  plain=plain(f"mx.{does}"), ours=deferred(why),
                  report=report)


ROWS = [
    certificate("wrong-name", "certificate for another name",
                unverified, BAD_CERT, "certificate-host-mismatch"),
    certificate("cn-only", "host name only in the certificate's CN",
                verified, NO_NAME, "certificate-host-mismatch"),
    certificate("expired", "expired certificate",
                unverified, BAD_CERT, "certificate-expired"),
    certificate("not-yet-valid", "certificate not valid yet",
                unverified, BAD_CERT, "certificate-not-trusted"),
    certificate("unknown-ca", "certificate of an unknown CA",
                unverified, BAD_CERT, "certificate-not-trusted"),
    broken("no-starttls", "MX offers no STARTTLS",
           clear, NO_TLS, "starttls-not-supported"),
    broken("454", "MX answers 454 to STARTTLS",
           clear, "after STARTTLS: 454", "starttls-not-supported"),
    broken("502", "MX answers 502 to STARTTLS",
           clear, NO_TLS, "starttls-not-supported"),
    broken("close", "MX hangs up in the TLS handshake",
           clear, HANDSHAKE, "validation-failure"),
    broken("garbage", "MX sends garbage in the TLS handshake",
           clear, HANDSHAKE, "validation-failure"),
]
