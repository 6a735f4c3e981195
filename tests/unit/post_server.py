#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Report hosts for post_test: post_server.py CERTIFICATES

Host <behaviour>.<certificate>.test: the certificate is chosen by SNI, how to
answer by the Host header.  Prints the ports: HTTPS, TLS 1.1 at most, an HTTP
proxy, DNS; then, for each request, its head with "|" for the ends of lines,
the length of what followed and the first of it.  Ends when standard input
does.
"""
import socket
import struct
import sys
import time

from loopback import NXDOMAIN, SERVFAIL, Certificates, listen, resolve, tunnel

certificates = Certificates(sys.argv[1])
OK = b"HTTP/1.1 200 OK\r\n"


class Zone:
    """Every name has an address, but for those that say otherwise."""

    def get(self, name, default):
        return {"private": {"A": ["10.1.2.3"]},
                "mixed": {"A": ["10.1.2.3", "127.0.0.1"], "AAAA": ["::1"]},
                "nxdomain": NXDOMAIN, "servfail": SERVFAIL,
                }.get(name.split(".")[0], {"A": ["127.0.0.1"]})


def whole(status=b"200 OK", fields=b"", body=b"thanks"):
    return b"HTTP/1.1 " + status + b"\r\n" + fields + (
        b"Content-Length: %d\r\n\r\n" % len(body)) + body


def say_ok(conn, arg):
    conn.sendall(whole())


say_mixed = say_ok


def say_status(conn, arg):
    conn.sendall(b"HTTP/1.1 204 No\r\n\r\n" if arg == "204" else
                 whole(arg.encode() + b" X", b"Location: /elsewhere\r\n"))


def say_interim(conn, arg):
    conn.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" +
                 b"HTTP/1.1 103 Hints\r\nLink: </x>\r\n\r\n" + whole())


def say_endless(conn, arg):
    conn.sendall(b"HTTP/1.1 " + arg.encode() + b" X\r\n\r\n")
    while True:
        conn.sendall(b"x" * 4096)


def say_headers(conn, arg):
    conn.sendall(OK)
    while True:
        conn.sendall(b"X-Filler: " + b"x" * 200 + b"\r\n")


def say_line(conn, arg):
    conn.sendall(OK + b"X-Filler: ")
    while True:
        conn.sendall(b"x" * 4096)


def say_drip(conn, arg):
    if arg == "body":
        conn.sendall(OK + b"\r\n")
    for i in range(100):
        conn.sendall((OK + b"x" * 100)[i:i + 1])
        time.sleep(0.05)


def say_silent(conn, arg):
    time.sleep(10)


def say_short(conn, arg):
    conn.sendall(OK + b"Content-Length: 100\r\n\r\nthanks")


def say_reset(conn, arg):
    if arg == "late":
        conn.sendall(OK + b"Content-Length: 100\r\n\r\n")
        time.sleep(0.1)
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))


def say_garbage(conn, arg):
    conn.sendall(b"\x1b[31mwhat?\r\n\r\n")


def say_nothing(conn, arg):
    pass


def read_head(conn):
    head = b""
    while b"\r\n\r\n" not in head:
        part = conn.recv(1)
        if not part:
            raise OSError
        head += part
    return head


def field(head, name):
    for line in head.split(b"\r\n"):
        if line.lower().startswith(name + b":"):
            return line.split(b":", 1)[1].strip()
    return b""


def read_body(conn, head):
    body, left = bytearray(), int(field(head, b"content-length") or b"0")
    while len(body) < left:
        part = conn.recv(65536)
        if not part:
            raise OSError
        body += part
    return body


def serve(conn, context):
    try:
        conn.settimeout(10)
        conn = context.wrap_socket(conn, server_side=True)
        head = read_head(conn)
        name = field(head, b"host").split(b".")[0].decode()
        if name == "unread":
            time.sleep(10)
        if name.startswith("early-"):  # before it has read the report
            conn.sendall(whole(name[6:].encode() + b" X"))
            return
        body = read_body(conn, head)
        print("%s%d|%s" % (head.decode().replace("\r\n", "|"), len(body),
                           body[:20].decode()), flush=True)
        name, _, arg = name.partition("-")
        globals()["say_" + name](conn, arg)
    except OSError:
        pass
    finally:
        conn.close()


def main():
    modern = certificates.by_name()
    old = certificates.old()
    https = listen(lambda conn: serve(conn, modern))

    def proxy(conn):
        conn.recv(4096)
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        tunnel(conn, https)
        conn.close()

    print(https, listen(lambda conn: serve(conn, old)), listen(proxy),
          resolve(Zone()), flush=True)
    sys.stdin.read()


main()
