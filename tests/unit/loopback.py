# SPDX-License-Identifier: ISC
"""What servers on loopback have in common: certificates and listeners, and a
DNS server with a fixed zone."""
import os
import socket
import ssl
import struct
import threading

TYPES = {1: "A", 28: "AAAA", 15: "MX", 16: "TXT"}
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3


class Certificates:
    """NAME.pem in a directory that certs.sh made."""

    def __init__(self, directory):
        self.directory = directory

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.directory, name + ".pem"))
        return context

    def choose(self, conn, name, context):
        """Without a name, or with one we do not have, no handshake."""
        conn.asked = name
        try:
            conn.context = self.context(name.split(".")[1])
        except (AttributeError, IndexError, OSError):
            return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return None

    def by_name(self):
        context = self.context("good")
        context.sni_callback = self.choose
        return context

    def old(self):
        context = self.context("good")
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        return context


def listen(handler, address="127.0.0.1", port=0):
    """Call HANDLER in a thread for each connection; the port."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((address, port))
    sock.listen(64)

    def accept():
        while True:
            conn, _ = sock.accept()
            threading.Thread(target=handler, args=(conn,),
                             daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return sock.getsockname()[1]


def tunnel(conn, port):
    """Carry octets between CONN and PORT until both have said their last."""
    other = socket.create_connection(("127.0.0.1", port))

    def carry(source, sink):
        try:
            while data := source.recv(4096):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    back = threading.Thread(target=carry, args=(other, conn), daemon=True)
    back.start()
    carry(conn, other)
    back.join()


def rdata(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "TXT":
        return bytes([len(value)]) + value.encode()
    preference, host = value.split()
    labels = [label.encode() for label in host.split(".") if label]
    return struct.pack(">H", int(preference)) + b"".join(
        bytes([len(label)]) + label for label in labels) + b"\0"


def answer(query, zone):
    """ZONE: {name: {type: [values]}}, or a response code for a name."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind = TYPES.get(struct.unpack(">H", query[at + 1:at + 3])[0])
    found = zone.get(".".join(labels).lower(), NXDOMAIN)
    code = found if isinstance(found, int) else NOERROR
    values = [] if isinstance(found, int) else found.get(kind, [])
    reply = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(values),
                                    0, 0) + query[12:at + 5]
    for value in values:
        data = rdata(kind, value)
        reply += b"\xc0\x0c" + query[at + 1:at + 5] + struct.pack(
            ">IH", 60, len(data)) + data
    return reply


def resolve(zone):
    """Answer from ZONE over UDP; the port."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))

    def serve():
        while True:
            query, peer = sock.recvfrom(4096)
            sock.sendto(answer(query, zone), peer)

    threading.Thread(target=serve, daemon=True).start()
    return sock.getsockname()[1]
