#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Policy hosts for fetch_test: fetch_server.py CERTIFICATES

Host <behaviour>.<certificate>.test: the certificate is chosen by SNI, how to
answer by the Host header.  Prints the ports: HTTPS, TLS 1.1 at most, plain
HTTP, one that accepts and says nothing.  Ends when standard input does.
"""
import socket
import struct
import sys
import time

from loopback import Certificates, listen, tunnel

POLICY = (b"version: STSv1\r\nmode: enforce\r\nmx: mx.good.test\r\n"
          b"max_age: 86400\r\n")
TYPE = b"Content-Type: text/plain\r\n"
certificates = Certificates(sys.argv[1])
hits = {}


def head(status=b"200 OK", fields=TYPE, length=None):
    if length is not None:
        fields += b"Content-Length: %d\r\n" % length
    return b"HTTP/1.1 " + status + b"\r\n" + fields + b"\r\n"


def whole(body, status=b"200 OK", fields=TYPE):
    return head(status, fields, len(body)) + body


def say_status(conn, request, arg):
    fields = TYPE + b"Location: /elsewhere\r\n"
    if arg in ("204", "304"):
        conn.sendall(head(arg.encode() + b" X", fields))
    else:
        conn.sendall(whole(POLICY, arg.encode() + b" X", fields))


def say_absolute(conn, request, arg):
    host = [line for line in request.split(b"\r\n")
            if line.lower().startswith(b"host: ")][0][6:]
    port = host.split(b":")[1]
    conn.sendall(whole(POLICY, arg.encode() + b" X", TYPE +
                       b"Location: https://ok.good.test:" + port + b"/\r\n"))


def say_echo(conn, request, arg):
    conn.sendall(whole(request))


def say_count(conn, request, arg):
    hits[arg] = hits.get(arg, 0) + 1
    conn.sendall(whole(b"%d" % hits[arg], fields=TYPE +
                       b"Cache-Control: max-age=9999\r\nETag: \"x\"\r\n"
                       b"Set-Cookie: a=b\r\n") if hits[arg] == 1 else
                 whole(request))


def say_type(conn, request, arg):
    fields = {"html": b"Content-Type: text/html\r\n",
              "utf8": b"Content-Type: TEXT/Plain; charset=\"UTF-8\"; x=y\r\n",
              "escape": b"Content-Type: text/\x1b[31m\r\n",
              "none": b""}[arg]
    conn.sendall(whole(POLICY, fields=fields))


def say_size(conn, request, arg):
    conn.sendall(whole(b"x" * int(arg)))


def say_chunked(conn, request, arg):
    left = int(arg)
    conn.sendall(head(fields=TYPE + b"Transfer-Encoding: chunked\r\n"))
    while left > 0:
        part = min(left, 1000)
        conn.sendall(b"%x\r\n%s\r\n" % (part, b"x" * part))
        left -= part
    conn.sendall(b"0\r\n\r\n")


def say_endless(conn, request, arg):
    conn.sendall(head())
    while True:
        conn.sendall(b"x" * 4096)


def say_headers(conn, request, arg):
    conn.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        conn.sendall(b"X-Filler: " + b"x" * 200 + b"\r\n")


def say_line(conn, request, arg):
    conn.sendall(b"HTTP/1.1 200 OK\r\nX-Filler: ")
    while True:
        conn.sendall(b"x" * 4096)


LENGTHS = {"same": (b"%d", b"%d"), "zeros": (b"000%d",), "plus": (b"+%d",),
           "more": (b"99999", b"%d"), "less": (b"%d", b"31"),
           "huge": (b"9" * 40,)}


def say_lengths(conn, request, arg):
    fields = b"".join(b"Content-Length: " + text.replace(
        b"%d", b"%d" % len(POLICY)) + b"\r\n" for text in LENGTHS[arg])
    conn.sendall(head(fields=TYPE + fields) + POLICY)
    conn.unwrap()


def say_interim(conn, request, arg):
    while arg == "endless":
        conn.sendall(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n")
    conn.sendall(b"HTTP/1.1 103 Early Hints\r\n\r\n" + whole(POLICY))


def drip(conn, text):
    for i in range(len(text)):
        conn.sendall(text[i:i + 1])
        time.sleep(0.05)


def say_drip(conn, request, arg):
    if arg == "head":
        drip(conn, whole(POLICY))
    conn.sendall(head(length=len(POLICY)))
    drip(conn, POLICY)


def say_silent(conn, request, arg):
    time.sleep(10)


def say_cut(conn, request, arg):
    """Only so many octets of the body, then a proper end."""
    conn.sendall(head(length=len(POLICY)) + POLICY[:int(arg)])
    conn.unwrap()


def say_cutchunk(conn, request, arg):
    conn.sendall(head(fields=TYPE + b"Transfer-Encoding: chunked\r\n") +
                 b"%x\r\n%s\r\n" % (int(arg), POLICY[:int(arg)]))
    conn.unwrap()


def say_open(conn, request, arg):
    """The body ends with the connection: with close_notify or without."""
    conn.sendall(b"HTTP/1.0 200 OK\r\n" + TYPE + b"\r\n" + POLICY)
    if arg == "notify":
        conn.unwrap()


def say_reset(conn, request, arg):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))


def say_raw(conn, request, arg):
    conn.sendall({"garbage": b"\x1b[31mwhat?\r\n\r\n",
                  "09": POLICY,
                  "nothing": b""}[arg])


def say_ok(conn, request, arg):
    conn.sendall(whole(POLICY))


def serve(conn, context):
    try:
        conn.settimeout(10)
        conn = context.wrap_socket(conn, server_side=True)
        request = b""
        while b"\r\n\r\n" not in request:
            part = conn.recv(4096)
            if not part:
                return
            request += part
        answer(conn, request)
    except OSError:
        pass
    finally:
        conn.close()


def answer(conn, request):
    host = b"ok"
    for line in request.split(b"\r\n"):
        if line.lower().startswith(b"host:"):
            host = line[5:].strip()
    name, _, arg = host.split(b".")[0].decode().partition("-")
    globals()["say_" + name](conn, request, arg)


def main():
    modern = certificates.by_name()
    old = certificates.old()

    https = listen(lambda conn: serve(conn, modern))

    def plain(conn):
        request = conn.recv(4096)
        if request.startswith(b"CONNECT "):
            conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            tunnel(conn, https)
        else:
            conn.sendall(whole(POLICY))
        conn.close()

    print(https,
          listen(lambda conn: serve(conn, old)),
          listen(plain),
          listen(lambda conn: time.sleep(10)), flush=True)
    sys.stdin.read()


main()
