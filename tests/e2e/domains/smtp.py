# SPDX-License-Identifier: ISC
"""SMTP and STARTTLS of MX hosts (RFC 8461, 4)."""
from row import NO_TLS, Domain, Host, clear, deferred

HANDSHAKE = "TLS session: (gnutls_handshake)"


def broken(does, story, plain, why, report):
    """A domain whose only fault is what its mail host does."""
    return Domain(does, story, hosts=(Host(does=does),),
                  plain=plain(f"mx.{does}"), ours=deferred(why),
                  report=report)


ROWS = [
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
