# SPDX-License-Identifier: ISC
"""The world itself: everything else put together and started."""
import contextlib
import json
import os
import pathlib
import signal
import sys

import collector
import domains
import exim
import names
import net
import pki
import root as debian
import row
import smtpd
import space
import stage
import web
import wire

KINDS = {**exim.KINDS, **smtpd.KINDS}  # the machines that send, by name
PATH_TABLE = "100"  # routes what the man in the middle takes for itself


class World(space.Space):
    """All servers running; cases change it and reset() repairs it."""

    def __init__(self):
        super().__init__()
        self.senders = {}
        self.used = set()  # machines that are not as they were made
        self.changed = set()  # domains whose zone is not as their row says
        self.attacked = False  # the resolver may remember something wrong
        self.stage = self.path("stage")  # our software as installed

    def up(self):
        """Build and start everything."""
        self.build()
        stage.make(self.stage)
        servers = self.root("servers")
        pki.make(servers)
        self.names = names.Names(self, pki.spki_sha256(servers))
        self.names.make()
        self.web = web.Web(self)
        self.web.make()
        self.collector = collector.Collector(self)
        self.rules = self.path("rules")
        self.attack()
        self.start()

    def start(self):
        log = self.path("log", "receiver.json")
        log.touch()
        here = space.HERE
        self.spawn("receiver", "internet", None, sys.executable,
                   here / "receiver.py", self.root("servers"), log)
        self.spawn("middle", "path", None, sys.executable,
                   here / "middle.py", self.rules)
        self.web.start()
        self.collector.start()
        self.names.start()
        for network, port in (("internet", 25), ("internet", 443),
                              ("path", 53), ("path", 25)):
            space.wait_for(f"port {port} in {network}",
                           lambda: self.listening(network, port))
        self.start_resolver()

    def start_resolver(self):
        self.names.start_unbound()
        # A question put before it listens would cost drill's five seconds.
        space.wait_for("unbound", lambda: self.listening("sender", 53))
        space.wait_for("the resolver", lambda: "NOERROR" in self.run(
            "sender", "servers", "drill", "-D", net.TLD, "SOA",
            "@127.0.0.1", check=False).stdout)

    def listening(self, network, port):
        listed = self.run(network, None, "ss", "-Hltn", f"sport = :{port}")
        self.check_alive()
        return listed.stdout.strip() != ""

    def sender(self, name):
        """The machine NAME that sends mail; made at its first use."""
        if name not in self.senders:
            self.senders[name] = KINDS[name](self, name)
        self.used.add(name)
        return self.senders[name]

    def compile(self, source, *options):
        """Compile the C file SOURCE for the machines; path of the result."""
        inside = "compiler" if debian.foreign() else None
        folder = pathlib.Path(self.root(inside or "servers"))
        result = folder / source.stem
        if not result.exists():
            self.run("internet", inside, "cc", "-D_GNU_SOURCE", "-O2", "-x",
                     "c", "-", "-o", f"/{source.stem}" if inside else result,
                     *options, input=source.read_text())
        return result

    def clock(self):
        """The library by which a machine's clock is set."""
        return self.compile(space.HERE / "clock.c", "-shared", "-fPIC")

    # -- attacks ----------------------------------------------------------

    def attack(self):
        """Put the man in the middle and the dead hosts in place."""
        script = ""
        for family in ("-4", "-6"):
            script += f"ip {family} route add local default dev lo table " \
                f"{PATH_TABLE}\n"
            for proto in ("udp", "tcp"):
                script += f"ip {family} rule add iif path0 ipproto {proto} " \
                    f"dport 53 lookup {PATH_TABLE}\n"
        self.run("path", None, "sh", "-ec", script)
        for domain in domains.DOMAINS:
            if domain.strip:
                for host in domain.hosts:
                    self.strip(domain.full(host.name))
        self.dead = set()
        self.lies = []
        self.repair()

    def strip(self, host, on=True):
        """Take STARTTLS out of every session with HOST."""
        for family, address in zip(("-4", "-6"), domains.ADDRESSES[host]):
            self.run("path", None, "ip", family, "rule",
                     "add" if on else "del", "iif", "path0", "to", address,
                     "ipproto", "tcp", "dport", "25", "lookup", PATH_TABLE)

    def lie(self, *rules):
        """Tell the man in the middle to lie so, beside what he does."""
        self.lies += rules
        self.attacked = True
        self.write_lies()

    @contextlib.contextmanager
    def lying(self, *rules):
        """The same for a while."""
        self.lie(*rules)
        yield
        for rule in rules:
            self.lies.remove(rule)
        self.write_lies()

    def write_lies(self):
        always = [{"name": domain.full(lie.name), "type": lie.kind,
                   "do": lie.do, "with": lie.records}
                  for domain in domains.DOMAINS for lie in domain.lies]
        new = pathlib.Path(f"{self.rules}.new")
        new.write_text(json.dumps(self.lies + always))
        os.replace(new, self.rules)
        if "unbound" in self.processes:
            self.names.forget()

    def kill_host(self, pair, how="unreachable"):
        """Let nothing reach these addresses: "unreachable" or "blackhole"."""
        for address in pair:
            if address not in self.dead:
                self.run("path", None, "ip", "route", "add", how, address)
                self.dead.add(address)

    def kill_web(self, domain, how="unreachable"):
        self.kill_host(net.web(domain.number), how)

    def revive_host(self, pair):
        for address in pair:
            if address in self.dead:
                self.run("path", None, "ip", "route", "del", address)
                self.dead.remove(address)

    def repair(self):
        """Take back every attack that no domain's row asks for."""
        gone = [(net.DEAD, "down"), (net.SILENT, "silent")]
        gone += [(net.web(domain.number), domain.web.does)
                 for domain in domains.DOMAINS]
        gone += [(pair, host.does)
                 for _, host, pair, _ in domains.mail_hosts()]
        gone = [(pair, row.GONE[does]) for pair, does in gone
                if does in row.GONE]
        self.revive_host(self.dead - {one for pair, _ in gone for one in pair})
        for pair, how in gone:
            self.kill_host(pair, how)
        if self.lies or not self.rules.exists():
            # A resolver still waiting for an answer would remember that.
            restart = any(rule["do"] == "drop" for rule in self.lies)
            self.lies = []
            self.write_lies()
            if restart:
                self.stop("unbound", signal.SIGKILL)
                self.start_resolver()

    # -- publishing -------------------------------------------------------

    def publish(self, domain, id=None):
        """Publish a policy id of DOMAIN and wait until it is answered."""
        self.changed.add(domain.name)
        self.attacked = True
        before = wire.serial(net.NAMES, domain.zone)
        self.names.change(domain, id)
        space.wait_for(f"new zone {domain.zone}", lambda: wire.serial(
            net.NAMES, domain.zone) not in (None, before))
        self.names.flush(domain)

    def ask_reports(self, domain, *rua):
        """Let DOMAIN ask for reports at these URIs from now on."""
        self.names.rua[domain.name] = rua
        self.publish(domain)

    def reset(self):
        """After a case: everything as its row says, machines empty."""
        self.repair()
        self.web.reset()
        self.collector.reset()
        self.names.rua.clear()
        for name in sorted(self.changed):
            self.publish(domains.BY_NAME[name])
        self.changed.clear()
        if self.attacked:
            self.names.forget()
            self.attacked = False
        for name in self.used:
            self.senders[name].reset()
        self.used.clear()
        self.check_alive()

    # -- what the receiving side saw --------------------------------------

    def mark(self):
        return os.path.getsize(self.path("log", "receiver.json"))

    def events(self, since=0, event=None, host=None):
        """Receivers' log entries behind the mark SINCE."""
        with open(self.path("log", "receiver.json")) as log:
            log.seek(since)
            entries = [json.loads(line) for line in log]
        return [entry for entry in entries
                if event in (None, entry["event"])
                and host in (None, entry["host"])]
