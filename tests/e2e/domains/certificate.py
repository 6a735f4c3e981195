# SPDX-License-Identifier: ISC
"""The certificates of MX hosts (RFC 8461, 4.2)."""
from row import (BAD_CERT, NO_NAME, WAITS, Domain, Host, deferred, unverified,
                 verified)

MISMATCH = "certificate-host-mismatch"
UNTRUSTED = "certificate-not-trusted"


def bad(kind, story, report, why=BAD_CERT, plain=None, **more):
    """A domain whose only fault is its mail host's certificate."""
    return Domain(kind, story, ours=deferred(why), report=report,
                  hosts=(Host(cert=kind),), plain=plain, **more)


def fine(kind, story, **more):
    """An odd certificate, but one for the host."""
    return Domain(kind, story, ours=verified(f"mx.{kind}"), report="success",
                  hosts=(Host(cert=kind),), **more)


ROWS = [
    # Time and trust.
    bad("expired", "expired certificate", "certificate-expired",
        plain=unverified("mx.expired")),
    bad("not-yet-valid", "certificate not valid yet", UNTRUSTED,
        plain=unverified("mx.not-yet-valid")),
    bad("self-signed", "self-signed certificate", UNTRUSTED,
        plain=unverified("mx.self-signed")),
    bad("unknown-ca", "certificate of an unknown CA", UNTRUSTED,
        plain=unverified("mx.unknown-ca")),
    bad("expired-unknown", "expired, and of an unknown CA",
        "certificate-expired"),
    bad("no-intermediate", "intermediate certificate not sent", UNTRUSTED),
    fine("chain-with-root", "root certificate sent as well"),
    fine("chain-in-disorder", "chain in disorder, one of another CA in it"),
    bad("expired-intermediate", "intermediate certificate expired",
        UNTRUSTED),
    bad("name-constraints", "name outside what its CA may certify",
        UNTRUSTED),
    fine("ca-leaf", "certificate of a CA used by the host"),
    # Exim never asks GnuTLS what a certificate may be used for.
    fine("client-only", "certificate for clients only", smtpd=WAITS),
    fine("any-use", "certificate for any use", smtpd=WAITS),
    bad("unknown-critical", "unknown critical extension", UNTRUSTED),
    bad("sha1", "signed by way of SHA-1", UNTRUSTED),
    fine("rsa", "RSA key"),
    bad("rsa-1024", "RSA key of 1024 bits", UNTRUSTED),

    # The host's name: among the dNSNames, or not.
    bad("wrong-name", "certificate for another name", MISMATCH,
        plain=unverified("mx.wrong-name")),
    bad("cn-only", "host name only in the certificate's CN", MISMATCH,
        NO_NAME, plain=verified("mx.cn-only")),
    bad("domain-only", "certificate for the recipient domain, not the host",
        MISMATCH, plain=unverified("mx.domain-only")),
    Domain("below-domain", "certificate *.domain, as in the policy, but the"
           " host is two labels below", ours=deferred(BAD_CERT),
           report=MISMATCH, hosts=(Host("mx.a", cert="below-domain"),),
           patterns=("mx.a",)),
    fine("wildcard", "certificate by wildcard"),
    Domain("wildcard-deep", "certificate by wildcard, below a subdomain",
           ours=verified("mx.a.wildcard-deep"), report="success",
           hosts=(Host("mx.a", cert="wildcard"),)),
    Domain("wildcard-twice", "wildcard of two labels",
           ours=deferred(BAD_CERT), report=MISMATCH,
           hosts=(Host("mx.a", cert="wildcard-twice"),)),
    bad("wildcard-itself", "wildcard below the host's own name", MISMATCH),
    bad("wildcard-partial", "wildcard of part of a label", MISMATCH),
    bad("wildcard-tld", "wildcard right below the top level domain",
        MISMATCH),
    bad("wildcard-all", "wildcard alone", MISMATCH),
    bad("ip-only", "certificate for the host's addresses", MISMATCH, NO_NAME),
    bad("ip-as-name", "the host's address spelt as a dNSName", MISMATCH),
    fine("ip-and-name", "address and name"),
    bad("uri-only", "name in a URI only", MISMATCH, NO_NAME),
    bad("mail-only", "name in a mail address only", MISMATCH, NO_NAME),
    fine("capitals", "name in capitals"),
    bad("final-dot", "name with a final dot", MISMATCH),
    bad("nul-in-name", "NUL behind the host's name", MISMATCH, NO_NAME),
    fine("many-names", "two hundred other names first"),
    fine("name-after-others", "another name first"),
]
