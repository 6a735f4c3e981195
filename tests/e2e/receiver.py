#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""Every mail host of the world in one program, port 25 of all addresses.

The address a client connected to says which host it meets, and so how that
host behaves (mailhost.py).  One JSON line an event goes to the log: what the
receiving side saw is what the cases judge by.

usage: receiver.py ROOT LOG
"""
import json
import os
import socket
import socketserver
import sys
import threading
import time

import domains
import mailhost
import pki
import row

TIMEOUT = 20
PATIENCE = 3  # of hosts that say nothing, with clients that wait for ever
OK = b"250 ok\r\n"


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
        self.name, self.does = self.server.hosts.get(address, (address, None))
        self.address = address
        self.id = self.server.next_id()
        self.tls = self.sni = None
        self.request.settimeout(TIMEOUT)
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.stream = self.request.makefile("rb")

    def finish(self):
        """The server closes only the socket it knows: not that of TLS."""
        self.stream.close()
        self.request.close()

    def log(self, event, **more):
        self.server.log.write(event=event, host=self.name, id=self.id,
                              address=self.address, tls=self.tls, **more)

    def say(self, text):
        self.request.sendall(text)

    def wait(self):
        """Until the client goes, or has waited too long."""
        self.request.settimeout(PATIENCE)
        while self.request.recv(65536):
            pass

    def linger(self, bare):
        """Let the client read the alert: data unread would be reset."""
        self.request = bare
        bare.shutdown(socket.SHUT_WR)
        self.wait()

    def answer(self, step, usual):
        """Do what this host does at STEP: what was said, None at the end."""
        answer = self.does.get(step, usual)
        if callable(answer):
            answer = answer(self, usual)
        if answer is not None:
            self.say(answer)
        return answer

    def reply(self, step, usual=OK):
        """The same; true while the session goes on."""
        return self.answer(step, usual) is not None

    def handle(self):
        if self.does is None:
            return
        self.log("CONNECT", client=self.client_address[0])
        try:
            going = self.reply("ACCEPT", f"220 {self.name} ESMTP\r\n".encode())
            while going:
                going = self.command(self.stream.readline(2048))
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
            self.say(OK if verb in ("RSET", "NOOP") else b"500 what?\r\n")
            return True
        return action(line.decode("latin-1").strip())

    def do_ehlo(self, line):
        self.log("EHLO", line=line)
        offers = [self.name, "SIZE 1000000", "PIPELINING", "HELP"]
        if self.tls is not None:
            return self.reply("EHLO-TLS", mailhost.lined(250, offers))
        offers.insert(-1, "STARTTLS")
        return self.reply("EHLO", mailhost.lined(250, offers))

    def do_helo(self, line):
        self.log("HELO", line=line)
        return self.reply("HELO", f"250 {self.name}\r\n".encode())

    def do_starttls(self, line):
        self.log("STARTTLS")
        answer = self.answer("STARTTLS", b"220 go ahead\r\n")
        if answer is None or not answer.startswith(b"220"):
            return answer is not None
        return self.handshake()

    def context(self):
        return pki.server_context(self.server.root, self.name)

    def note(self, connection, name, context):
        self.sni = name

    def handshake(self):
        if "HANDSHAKE" in self.does:
            self.answer("HANDSHAKE", b"")
            return False
        context = self.context()
        context.sni_callback = self.note
        self.does.get("tls", lambda *_: None)(context, self)
        bare = self.request.dup()
        try:
            self.request = context.wrap_socket(self.request, server_side=True)
        except OSError as error:  # ssl.SSLError is one
            self.log("TLS-FAILED", text=str(error), sni=self.sni)
            self.linger(bare)
            return False
        bare.close()
        self.stream = self.request.makefile("rb")
        self.tls = self.request.version()
        self.log("TLS", sni=self.sni)
        return True

    def do_mail(self, line):
        self.log("MAIL", line=line)
        return self.reply("MAIL")

    def do_rcpt(self, line):
        self.log("RCPT", line=line)
        return self.reply("RCPT")

    def do_data(self, line):
        answer = self.answer("DATA", b"354 go on\r\n")
        if answer is None or not answer.startswith(b"354"):
            return answer is not None
        lines = []
        while (line := self.stream.readline(65536)) != b".\r\n":
            if not line:
                return False
            lines.append(line)
        if "DOT" not in self.does:
            self.taken(lines)  # before the client can know
        return self.reply("DOT", b"250 taken\r\n")

    def taken(self, lines):
        """What is in a message is told of TLS reports only."""
        header = lines[:lines.index(b"\r\n")]
        names = [line.decode("latin-1").split(":")[0] for line in header
                 if not line[:1].isspace()]
        text = b"".join(line[line.startswith(b"."):] for line in lines)
        more = {"message": text.decode("latin-1")} \
            if "TLS-Report-Domain" in names else {}
        self.log("DATA", size=sum(map(len, lines)), header=names, **more)

    def do_quit(self, line):
        if self.reply("QUIT", b"221 bye\r\n") and self.tls is not None:
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
            for address in pair if host.does not in row.GONE else ():
                self.hosts[address] = (name,
                                       mailhost.BEHAVIOURS[host.does])
        super().__init__(("::", 25), Session)

    def next_id(self):
        with self.lock:
            self.count += 1
            return self.count


if __name__ == "__main__":
    Server(*sys.argv[1:3]).serve_forever()
