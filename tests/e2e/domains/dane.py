# SPDX-License-Identifier: ISC
"""DANE beside MTA-STS (RFC 8461, 2; RFC 7672)."""
from row import BAD_CERT, Domain, Host, dane, deferred

ROWS = [
    Domain("dane-good", "nothing (DANE, certificate of a private CA)",
           plain=dane("mx.dane-good"), ours=dane("mx.dane-good"),
           signed=True, hosts=(Host(cert="unknown-ca", tlsa="right"),)),
    Domain("dane-nameless", "nothing (DANE, no host name in the certificate)",
           plain=dane("mx.dane-nameless"), ours=dane("mx.dane-nameless"),
           signed=True, hosts=(Host(cert="nameless", tlsa="right"),)),
    Domain("dane-bad", "TLSA record is of another certificate",
           plain=deferred(BAD_CERT), ours=deferred(BAD_CERT),
           signed=True, hosts=(Host(tlsa="wrong"),)),
]
