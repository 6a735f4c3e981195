#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Every mail host of the world in one program, port 25 of all addresses.

The address a client connected to says which host it meets, and so how that
host behaves.  One JSON line an event goes to the log: what the receiving
side saw is what the cases judge by.

usage: receiver.py ROOT LOG
"""
import itertools
import json
import os
import socket
import socketserver
import sys
import threading
import time

import domains
import pki

TIMEOUT = 20
REFUSED = {"454": b"454 4.7.0 TLS not available due to temporary reason\r\n",
           "502": b"502 5.5.1 command not implemented\r\n"}
BROKEN = {"close": b"", "garbage": b"\x00\xff garbage instead of TLS\r\n" * 9}


class Log:
    def __init__(self, path):
        # One write a line: lines of several sessions never mix.
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND,
                            0o644)

    def write(self, **event):
        event["time"] = round(time.time(), 3)
        os.write(self.file, (json.dumps(event) + "\n").encode())


class Session(socketserver.BaseRequestHandler):
    """One SMTP connection."""

    def setup(self):
        address = self.request.getsockname()[0].removeprefix("::ffff:")
        self.name, self.does = self.server.hosts.get(
            address, (address, "down"))
        self.address = address
        self.id = self.server.next_id()
        self.tls = None
        self.request.settimeout(TIMEOUT)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.request.makefile("rb")

    def log(self, event, **more):
        self.server.log.write(event=event, host=self.name, id=self.id,
                              address=self.address, tls=self.tls, **more)

    def say(self, line):
        self.request.sendall(line if isinstance(line, bytes)
                             else line.encode() + b"\r\n")

    def handle(self):
        if self.does == "down":
            return
        self.log("CONNECT", client=self.client_address[0])
        try:
            self.say(f"220 {self.name} ESMTP")
            while self.command(self.stream.readline(2048)):
                pass
        except OSError as error:
            self.log("ERROR", text=str(error))
        self.log("CLOSE")

    def command(self, line):
        """Serve one command; false when the session is over."""
        if not line.endswith(b"\n"):
            return False
        words = line.decode("latin-1").split()
        verb = words[0].upper() if words else ""
        action = getattr(self, "do_" + verb.lower(), None)
        if action is None:
            self.say("250 ok" if verb in ("RSET", "NOOP") else "500 what?")
            return True
        return action(line.decode("latin-1").strip())

    def do_ehlo(self, line):
        self.log("EHLO", line=line)
        lines = [self.name, "SIZE 1000000", "PIPELINING"]
        if self.tls is None and self.does != "no-starttls":
            lines.append("STARTTLS")
        lines.append("HELP")
        self.say("\r\n".join([f"250-{one}" for one in lines[:-1]] +
                             [f"250 {lines[-1]}"]))
        return True

    def do_helo(self, line):
        self.log("HELO", line=line)
        self.say(f"250 {self.name}")
        return True

    def do_starttls(self, line):
        self.log("STARTTLS")
        if self.does == "no-starttls":
            self.say("500 what?")
            return True
        if self.does in REFUSED:
            self.say(REFUSED[self.does])
            return True
        self.say("220 go ahead")
        if self.does in BROKEN:
            self.say(BROKEN[self.does])
            return False
        return self.handshake()

    def handshake(self):
        context = pki.server_context(self.server.root, self.name)
        seen = {}
        context.sni_callback = lambda _, name, __: seen.update(sni=name)
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except OSError as error:  # ssl.SSLError is one
            self.log("TLS-FAILED", text=str(error), **seen)
            return False
        self.stream = self.request.makefile("rb")
        self.tls = self.request.version()
        self.log("TLS", **seen)
        return True

    def do_mail(self, line):
        self.log("MAIL", line=line)
        self.say("250 ok")
        return True

    def do_rcpt(self, line):
        self.log("RCPT", line=line)
        self.say("250 ok")
        return True

    def do_data(self, line):
        self.say("354 go on")
        lines = []
        while (line := self.stream.readline(65536)) != b".\r\n":
            if not line:
                return False
            lines.append(line)
        header = itertools.takewhile(lambda line: line != b"\r\n", lines)
        self.log("DATA", size=sum(map(len, lines)), header=[
            line.decode("latin-1").split(":")[0] for line in header
            if not line[:1].isspace()])
        self.say("250 taken")
        return True

    def do_quit(self, line):
        self.say("221 bye")
        if self.tls is not None:
            self.request.unwrap()
        return False


class Server(socketserver.ThreadingTCPServer):
    address_family = socket.AF_INET6  # and IPv4 by mapped addresses
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, root, log):
        self.root = root
        self.log = Log(log)
        self.count = 0
        self.lock = threading.Lock()
        self.hosts = {}
        for name, host, pair, _ in domains.mail_hosts():
            for address in pair:
                self.hosts[address] = (name, host.does)
        super().__init__(("::", 25), Session)

    def next_id(self):
        with self.lock:
            self.count += 1
            return self.count


if __name__ == "__main__":
    Server(*sys.argv[1:3]).serve_forever()
