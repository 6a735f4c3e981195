# SPDX-License-Identifier: ISC
"""As much of the DNS wire format as asking and lying take."""
import ipaddress
import socket
import struct

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "MX": 15, "TXT": 16,
         "AAAA": 28, "TLSA": 52}
NOERROR, FORMERR, SERVFAIL, NXDOMAIN, REFUSED = 0, 1, 2, 3, 5
TC, AD = 0x200, 0x20


def pack_name(name):
    labels = [label.encode() for label in name.strip(".").split(".") if label]
    return b"".join(bytes([len(one)]) + one for one in labels) + b"\0"


def unpack_name(message, at):
    """Uncompressed name at AT; (name without final dot, offset behind)."""
    labels = []
    while message[at] != 0:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1"))
        at += 1 + message[at]
    return ".".join(labels).lower(), at + 1


def question(message):
    """(name, type number, end offset) of the first question."""
    name, at = unpack_name(message, 12)
    return name, struct.unpack_from(">H", message, at)[0], at + 4


def rdata(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        preference, name = value
        return struct.pack(">H", preference) + pack_name(name)
    if kind == "TLSA":
        return bytes.fromhex(value)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    return pack_name(value)


def answer(query, rcode, records=(), flags=0):
    """Answer QUERY; RECORDS are (type name, value) of the asked name."""
    _, _, end = question(query)
    flags |= 0x8400 | (query[2] & 1) << 8 | rcode
    body = query[:2] + struct.pack(">HHHHH", flags, 1, len(records), 0, 0) + \
        query[12:end]
    for kind, value in records:
        data = rdata(kind, value)
        body += b"\xc0\x0c" + struct.pack(">HHIH", TYPES[kind], 1, 60,
                                          len(data)) + data
    return body


def serial(server, origin, timeout=1):
    """The SOA serial SERVER has for ORIGIN, or None."""
    query = struct.pack(">HHHHHH", 1, 0, 1, 0, 0, 0) + pack_name(origin) + \
        struct.pack(">HH", TYPES["SOA"], 1)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        try:
            sock.sendto(query, (server, 53))
            message = sock.recv(4096)
        except OSError:
            return None
    # The only answer is the SOA; its five numbers end the record.
    if message[3] & 15 or message[6:8] != b"\0\1":
        return None
    at = question(message)[2] + 2 + 8
    size = struct.unpack_from(">H", message, at)[0]
    return struct.unpack_from(">I", message, at + 2 + size - 20)[0]
