#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""MX hosts and their DNS: smtp_server.py CERTIFICATES

One port for each way to behave, printed as "NAME PORT", that of the DNS
server as "dns"; then, after each conversation, one line of what the client
said in it.  On the port of "ok" 127.0.0.3 is mute and 127.0.0.4 "plain".  The certificate is
chosen by SNI.  Ends when standard input does.
"""
import os
import sys
import time

from loopback import SERVFAIL, Certificates, listen, resolve

GREETING = b"220 mx.test ESMTP\r\n"
EHLO = b"250-mx.test\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250 HELP\r\n"
GO = b"220 go\r\n"
certificates = Certificates(sys.argv[1])
modern = certificates.by_name()
old = certificates.old()


def drip(text):
    def say(conn):
        for i in range(len(text)):
            conn.sendall(text[i:i + 1])
            time.sleep(0.05)
    return say


def endless(text):
    def say(conn):
        while True:
            conn.sendall(text)
    return say


def silent(conn):
    time.sleep(10)


def late(conn):
    conn.sendall(GO)
    time.sleep(0.1)
    conn.sendall(b"250 injected\r\n")
    silent(conn)


# What is said at greeting, EHLO and STARTTLS: octets or a function; None
# closes the connection there.  Then the TLS context, or False: no TLS.
PLAIN = (GREETING, EHLO, GO, modern)
BEHAVIOURS = {
    "ok": PLAIN,
    "multi": (b"220-mx.test\r\n220-no spam\n220\r\n", EHLO, GO, modern),
    "dripped": (drip(GREETING), EHLO, GO, modern),
    "busy": (b"421 too busy\r\n",),
    "nomail": (b"554-no\r\n554 mail\x1b here\r\n",),
    "mute": (silent,),
    "shut": (None,),
    "garbage": (b"HTTP/1.1 400 Bad Request\r\n",),
    "nul": (b"220 a\0b\r\n",),
    "large": (b"220-x\r\n" * 9000 + GREETING,),
    "line": (endless(b"220-" + b"x" * 4000),),
    "slow": (drip(b"220-x\r\n" * 1000),),
    "early": (GREETING + EHLO + GO,),
    "noesmtp": (GREETING, b"502 what?\r\n"),
    "later": (GREETING, b"421 later\r\n"),
    "ehloshut": (GREETING, None),
    "ehlomute": (GREETING, silent),
    "plain": (GREETING, b"250-mx.test\r\n250 SIZE 1000\r\n"),
    "first": (GREETING, b"250 STARTTLS\r\n"),
    "similar": (GREETING, b"250-mx\r\n250-STARTTLSX\r\n250 XSTARTTLS\r\n"),
    "mixed": (GREETING, b"250-mx\r\n220 STARTTLS\r\n"),
    "small": (GREETING, b"250-mx\r\n250 StartTLS\r\n", GO, modern),
    "ehloearly": (GREETING, EHLO + GO),
    "refused": (GREETING, EHLO, b"454 TLS not available\r\n", False),
    "never": (GREETING, EHLO, b"502 never\r\n", False),
    "odd": (GREETING, EHLO, b"250 ok\r\n", False),
    "tlsgarbage": (GREETING, EHLO, b"go ahead\r\n", False),
    "tlsshut": (GREETING, EHLO, None),
    "injected": (GREETING, EHLO, GO + b"250 injected\r\n", False),
    "late": (GREETING, EHLO, late, None),
    "goneshut": (GREETING, EHLO, GO, None),
    "gonemute": (GREETING, EHLO, GO, silent),
    "old": (GREETING, EHLO, GO, old),
}

ZONE = {
    "pass.good.test": {"A": ["127.0.0.1"]},
    "both.good.test": {"AAAA": ["::1"], "A": ["127.0.0.1"]},
    "turn.good.test": {"A": ["127.0.0.3", "127.0.0.1"]},
    "worst.good.test": {"A": ["127.0.0.2", "127.0.0.4"]},
    "best.good.test": {"A": ["127.0.0.4", "127.0.0.1"]},
    "broken.good.test": SERVFAIL,
    "private.good.test": {"A": ["10.0.0.1"]},
    "far.good.test": {"A": ["203.0.113.1", "203.0.113.2"],
                      "AAAA": ["2001:db8::1"]},
    "many.good.test": {"A": [f"203.0.113.{i}" for i in range(20)],
                       "AAAA": [f"2001:db8::{i}" for i in range(1, 21)]},
    "other.good.test": {"A": ["203.0.113.99"]},
    "list.test": {"MX": ["20 pass.good.test", "10 far.good.test",
                         "30 us.test", "40 gone.good.test",
                         "50 other.good.test", "60 many.good.test"]},
    "null.test": {"MX": ["0 ."]},
    "implicit.test": {"A": ["203.0.113.1"]},
    "broken.test": SERVFAIL,
}


def read_line(conn, heard):
    line = b""
    while not line.endswith(b"\r\n"):
        octet = conn.recv(1)
        if not octet:
            heard.append("EOF")
            return False
        line += octet
    heard.append(line.decode().strip())
    return True


def secure(conn, context, heard):
    if callable(context):
        context(conn)
    conn = context.wrap_socket(conn, server_side=True)
    heard.append(f"{conn.version()} for {getattr(conn, 'asked', None)}")
    while read_line(conn, heard):
        if heard[-1] == "QUIT":
            conn.sendall(b"221 bye\r\n")


def talk(conn, says, heard):
    for i, what in enumerate(says[:3]):
        if i > 0 and not read_line(conn, heard):
            return
        if what is None:
            return
        if callable(what):
            what(conn)
        else:
            conn.sendall(what)
    context = says[3] if len(says) > 3 else False
    if context:
        secure(conn, context, heard)
    while context is False and read_line(conn, heard):
        pass


def serve(conn, says):
    heard = []
    conn.settimeout(10)
    try:
        talk(conn, says, heard)
    except OSError as error:
        heard.append(type(error).__name__)
    conn.close()
    os.write(1, b"%s\n" % ",".join(heard).encode())


def main():
    for name, says in BEHAVIOURS.items():
        port = listen(lambda conn, says=says: serve(conn, says))
        print(name, port)
        if name == "ok":
            listen(silent, "127.0.0.3", port)
            listen(lambda conn: serve(conn, BEHAVIOURS["plain"]),
                   "127.0.0.4", port)
    print("dns", resolve(ZONE))
    print(".", 0, flush=True)
    sys.stdin.read()


main()
