# SPDX-License-Identifier: ISC
"""Who collects reports by HTTPS (RFC 8460, 5.4): a server in a thread of the
world, at the addresses of HOSTS, that keeps what is posted and answers as it
is told.

An answer is a status, or an entry of ELSE.
"""
import dataclasses
import queue
import socket
import ssl
import threading
import time

import net

ZONE = net.domain("collector")
HOST = f"good.{ZONE}"
HOSTS = {  # name: certificate, an entry of pki.KINDS
    HOST: "good",
    f"second.{ZONE}": "good",
    f"self-signed.{ZONE}": "self-signed",
}
ADDRESSES = {name: net.collector(number)
             for number, name in enumerate(HOSTS, 1)}
ELSEWHERE = f"https://second.{ZONE}/redirected"
TIMEOUT = 20


def slow(sock):
    """Never answer."""
    while sock.recv(65536):
        pass


def half(sock):
    """Part of an answer, and nothing more."""
    sock.sendall(b"HTTP/1.1 200")
    slow(sock)


def closed(sock):
    """Hang up."""


def garbage(sock):
    """Something that is no HTTP."""
    sock.sendall(b"220 collector ESMTP\r\n")


ELSE = {action.__name__: action
        for action in (slow, half, closed, garbage)}


@dataclasses.dataclass
class Post:
    """One request."""
    host: str
    method: str
    path: str
    fields: list  # (name, value)
    body: bytes
    answer: object  # what it was told
    time: float

    @property
    def uri(self):
        return f"https://{self.host}{self.path}"

    @property
    def accepted(self):
        return self.answer in range(200, 300)


class Collector:
    def __init__(self, world):
        self.root = world.root("servers")
        self.reset()

    def reset(self):
        self.posts = []
        self.answers = {name: queue.SimpleQueue() for name in HOSTS}
        self.usual = dict.fromkeys(HOSTS, 200)
        self.pause = 0  # seconds before each answer

    def start(self):
        for name, pair in ADDRESSES.items():
            for address in pair:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                sock = socket.create_server((address, 443), family=family)
                threading.Thread(target=self.listen, args=(sock, name),
                                 daemon=True).start()

    def say(self, *answers, host=HOST, always=200):
        """Give HOST's next clients these ANSWERS, later ones ALWAYS."""
        for answer in answers:
            self.answers[host].put(answer)
        self.usual[host] = always

    def accepted(self):
        """What was posted and answered with success."""
        return [post for post in self.posts if post.accepted]

    def listen(self, sock, name):
        while True:
            client, _ = sock.accept()
            threading.Thread(target=self.serve, args=(client, name),
                             daemon=True).start()

    def context(self, name):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f"{self.root}/pki/{name}.pem",
                                f"{self.root}/pki/{name}.key")
        return context

    def serve(self, client, name):
        client.settimeout(TIMEOUT)
        try:
            with self.context(name).wrap_socket(client, server_side=True) as \
                    tls:
                self.exchange(tls, name)
        except OSError:  # the client has gone, or did not like us
            client.close()

    def exchange(self, tls, name):
        """One request, its answer, and the end."""
        line, fields, body = request(tls)
        method, path, _ = line.split(" ")
        try:
            answer = self.answers[name].get_nowait()
        except queue.Empty:
            answer = self.usual[name]
        self.posts.append(Post(name, method, path, fields, body, answer,
                               time.time()))
        time.sleep(self.pause)
        if answer in ELSE:
            ELSE[answer](tls)
            return
        tls.sendall(f"HTTP/1.1 {answer} Whatever\r\nContent-Length: 0\r\n"
                    f"Location: {ELSEWHERE}\r\nConnection: close\r\n\r\n"
                    .encode())
        tls.unwrap()


def request(tls):
    """(first line, fields, body) of a request."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += more(tls)
    head, _, body = data.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    fields = [tuple(field.split(": ", 1)) for field in fields]
    named = {name.lower(): value for name, value in fields}
    if named.get("expect") == "100-continue":
        tls.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < int(named.get("content-length", 0)):
        body += more(tls)
    return line, fields, body


def more(tls):
    data = tls.recv(65536)
    if not data:
        raise ConnectionError("no whole request")
    return data
