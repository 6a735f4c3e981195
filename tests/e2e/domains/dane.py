# SPDX-License-Identifier: ISC
"""DANE beside MTA-STS (RFC 8461, 2; RFC 7672)."""
from row import BAD_CERT, NO_MX, Domain, Host, Lie, dane, deferred, verified

NO_TLSA = "DANE error: tlsa lookup DEFER"

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
    Domain("dane-expired", "nothing (DANE, expired certificate)",
           ours=dane("mx.dane-expired"), signed=True,
           hosts=(Host(cert="expired", tlsa="right"),)),
    Domain("dane-one-right", "nothing (two TLSA records, one fits)",
           ours=dane("mx.dane-one-right"), signed=True,
           hosts=(Host(cert="unknown-ca", tlsa="one-right"),)),
    Domain("dane-none", "nothing (signed zone without TLSA record)",
           ours=verified("mx.dane-none"), report="success", signed=True),
    Domain("dane-outside", "DANE is right, but the MX not in the policy",
           ours=deferred(NO_MX), verdict="refuse", signed=True,
           hosts=(Host(tlsa="right"),), patterns=("other",)),
    Domain("dane-unsigned", "TLSA record fits, in an unsigned zone; unknown"
           " CA", ours=deferred(BAD_CERT), report="certificate-not-trusted",
           hosts=(Host(cert="unknown-ca", tlsa="right"),)),
    Domain("dane-unsigned-bad", "TLSA record of another certificate, in an"
           " unsigned zone", ours=verified("mx.dane-unsigned-bad"),
           report="success", hosts=(Host(tlsa="wrong"),)),
    Domain("dane-mixed", "best MX fails DANE, the next has none and is good",
           ours=verified("mx2.dane-mixed"), signed=True,
           hosts=(Host("mx1", tlsa="wrong"), Host("mx2"))),
    Domain("dane-pkix", "only TLSA records of usage 0 and 1",
           ours=verified("mx.dane-pkix"), signed=True,
           hosts=(Host(tlsa="pkix"),)),
    Domain("dane-pkix-bad", "the same, and an unknown CA",
           ours=deferred(BAD_CERT), signed=True,
           hosts=(Host(cert="unknown-ca", tlsa="pkix"),)),
    Domain("dane-digest", "TLSA record of an unknown digest, unknown CA",
           ours=deferred("TLS session"), signed=True,
           hosts=(Host(cert="unknown-ca", tlsa="unknown-digest"),)),
    Domain("dane-servfail", "no answer to the question for TLSA",
           ours=deferred(NO_TLSA), signed=True, hosts=(Host(tlsa="right"),),
           lies=(Lie("_25._tcp.mx", "servfail", "TLSA"),)),
    Domain("dane-denied", "TLSA record of another certificate denied",
           ours=deferred(NO_TLSA), signed=True, hosts=(Host(tlsa="wrong"),),
           lies=(Lie("_25._tcp.mx", "nxdomain", "TLSA"),)),
]
