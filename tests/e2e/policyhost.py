#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The policy hosts that a web server is too honest for, in one program.

The address a client connected to says which host it meets; what that host
does is an entry of BEHAVIOURS (answers.py), named by the domain's row or, for
a while, by a file "does" in the host's folder (web.py).  Whoever does not
name the host by SNI gets an alert.  One JSON line an event goes to the log.

usage: policyhost.py ROOT LOG
"""
import os
import pathlib
import selectors
import socket
import ssl
import struct
import sys
import threading

import domains
import net
import receiver
import web
from answers import BEHAVIOURS

TIMEOUT = 20  # of a client; ours has given up long before
RESET = struct.pack("ii", 1, 0)  # close sends RST


class Session:
    """One connection."""

    def __init__(self, server, sock, domain):
        self.server = server
        self.sock = self.raw = sock
        self.name = f"mta-sts.{domain.zone}"
        self.folder = server.root / "web" / self.name
        self.does = BEHAVIOURS[self.behaviour(domain)]
        sock.settimeout(TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def behaviour(self, domain):
        file = self.folder / "does"
        return file.read_text() if file.exists() else domain.web.does

    def log(self, event, **more):
        self.server.log.write(event=event, host=self.name, **more)

    def handle(self):
        self.log("CONNECT", client=self.raw.getpeername()[0])
        try:
            if self.does.instead is not None:
                self.does.instead(self)
            elif self.handshake():
                self.serve()
            self.log("END")
        except OSError as error:  # ssl.SSLError is one
            self.log("ERROR", text=str(error))
        except Exception as error:  # a fault of the table
            self.log("BROKEN", text=repr(error))
        finally:
            self.sock.close()

    # -- TLS --------------------------------------------------------------

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        context.load_cert_chain(self.folder / "cert.pem",
                                self.folder / "key.pem")
        context.sni_callback = self.take_name
        if self.does.tls is not None:
            self.does.tls(context)
        return context

    def take_name(self, _, name, __):
        if name == self.name:
            return None
        self.log("WRONG-NAME", sni=name)
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    def handshake(self):
        try:
            self.sock = self.context().wrap_socket(self.raw, server_side=True)
        except OSError as error:
            self.log("TLS-FAILED", text=str(error))
            return False
        self.log("TLS", version=self.sock.version(),
                 alpn=self.sock.selected_alpn_protocol())
        return True

    def flight(self):
        """What a good host says to the client's first words."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self.context().wrap_bio(incoming, outgoing, server_side=True)
        while not outgoing.pending:
            incoming.write(self.raw.recv(65536))
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                pass
        return outgoing.read()

    # -- HTTP -------------------------------------------------------------

    def serve(self):
        line, *fields = self.request()
        self.log("REQUEST", line=line, fields=fields)
        if f"Host: {self.name}" not in fields:
            self.sock.sendall(b"HTTP/1.1 421 Misdirected Request\r\n\r\n")
            return
        policy = (self.folder / "mta-sts.txt").read_bytes()
        self.does.answer(self, line.split()[1], policy)
        getattr(self, "end_" + self.does.end)()

    def request(self):
        """Lines of one request."""
        text = b""
        while not text.endswith(b"\r\n\r\n"):
            data = self.sock.recv(65536)
            if not data:
                raise ConnectionError("no request")
            text += data
        return text.decode("latin-1").split("\r\n")[:-2]

    def wait(self):
        """Until the client goes."""
        while self.sock.recv(65536):
            pass

    def end_notify(self):
        """As RFC 8446, 6.1 has it."""
        self.sock.settimeout(1)
        self.sock.unwrap()

    def end_cut(self):
        """As somebody in the path can do it, too."""

    def end_reset(self):
        self.raw = socket.socket(fileno=self.sock.detach())
        self.sock = self.raw
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

    def end_open(self):
        self.wait()


class Server:
    """Listens at the addresses of all hosts that nginx does not serve."""

    def __init__(self, root, log):
        self.root = pathlib.Path(root)
        self.log = receiver.Log(log)
        self.selector = selectors.DefaultSelector()
        for domain in domains.DOMAINS:
            if web.is_scripted(domain):
                self.listen(domain)
        self.log.write(event="READY")

    def listen(self, domain):
        for address in net.web(domain.number):
            family = socket.AF_INET6 if ":" in address else socket.AF_INET
            sock = socket.create_server((address, 443), family=family)
            self.selector.register(sock, selectors.EVENT_READ, domain)

    def serve_forever(self):
        while True:
            for key, _ in self.selector.select():
                sock, _ = key.fileobj.accept()
                session = Session(self, sock, key.data)
                threading.Thread(target=session.handle, daemon=True).start()


if __name__ == "__main__":
    os.umask(0o22)
    Server(*sys.argv[1:3]).serve_forever()
