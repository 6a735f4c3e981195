# SPDX-License-Identifier: ISC
"""What an attacker may answer to a DNS query: bytes for bytes.

Each lie is a function of the query and of the rule that asks for it.
"""
import struct

import wire

FORGED = b"\x0bv=STSv1;id=x"  # the string of a TXT record, length first


def rcode(number, flags=0):
    return lambda query, rule: wire.answer(query, number, flags=flags)


def forge(query, rule):
    records = [(rule["type"], value) for value in rule["with"]]
    return wire.answer(query, wire.NOERROR, records)


def authentic(query, rule):
    """Forged, and said to be validated (the AD bit)."""
    return wire.answer(query, wire.NOERROR,
                       [(rule["type"], value) for value in rule["with"]],
                       flags=wire.AD)


def counted(query, number=1, flags=0x8400):
    """Header that promises NUMBER records, and the question."""
    return query[:2] + struct.pack(">HHHHH", flags | (query[2] & 1) << 8, 1,
                                   number, 0, 0) + \
        query[12:wire.question(query)[2]]


def record(data, kind="TXT", size=None, owner=b"\xc0\x0c"):
    """A record whose length field may lie."""
    return owner + struct.pack(">HHIH", wire.TYPES[kind], 1, 60,
                               len(data) if size is None else size) + data


def other_name(query, rule):
    text = wire.answer(query, wire.NOERROR)
    return text[:13] + bytes([text[13] ^ 0x01]) + text[14:]


# Nothing that an honest server sends.
MALFORMED = {
    "garbage": lambda query, rule: query[:2] + b"\xff" * 60,
    "short": lambda query, rule: query[:11],
    "header": lambda query, rule: query[:2] + b"\x84\0\0\0\0\1\0\0\0\0",
    "echo": lambda query, rule: query,
    "wrong-id": lambda query, rule: bytes([query[0] ^ 1]) +
    wire.answer(query, wire.NXDOMAIN)[1:],
    "other-name": other_name,
    "count": lambda query, rule: counted(query, 65535) + record(FORGED),
    "loop": lambda query, rule: counted(query) + record(
        FORGED, owner=struct.pack(">H", 0xc000 | len(counted(query)))),
    "beyond": lambda query, rule: counted(query) + record(FORGED, size=900),
    "string-beyond": lambda query, rule: counted(query) + record(b"\xffv=ST"),
    "no-string": lambda query, rule: counted(query) + record(b""),
    "cname-self": lambda query, rule: counted(query) + record(
        b"\xc0\x0c", "CNAME"),
    "tail": lambda query, rule: wire.answer(query, wire.NXDOMAIN)[:-3],
    "many": lambda query, rule: counted(query, 300) + record(FORGED) * 300,
    "truncate": rcode(wire.NOERROR, wire.TC),
}

LIES = {
    **MALFORMED,
    "drop": lambda query, rule: b"",
    "forge": forge,
    "authentic": authentic,
    "servfail": rcode(wire.SERVFAIL),
    "nxdomain": rcode(wire.NXDOMAIN),
    "refuse": rcode(wire.REFUSED),
    "nodata": rcode(wire.NOERROR),
    "formerr": rcode(wire.FORMERR),
}
