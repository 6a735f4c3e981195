# SPDX-License-Identifier: ISC
"""The DNS of the world: zones for nsd, and the validating unbound.

The root and the TLD are signed with keys made for the run, so DNSSEC is
real; a domain is a zone of its own, signed or delegated without DS.
"""
import pathlib
import re
import subprocess
import time

import signature
import domains
import net

NSD = """\
server:
    ip-address: {names}
    zonesdir: /zones
    database: ""
    username: nsd
    pidfile: /run/nsd.pid
    xfrdfile: /run/nsd.xfrd
    zonelistfile: /run/nsd.list
    server-count: 1
    hide-version: yes
    rrl-ratelimit: 0
remote-control:
    control-enable: yes
    control-interface: /run/nsd.ctl
"""

UNBOUND = """\
server:
    interface: 127.0.0.1
    access-control: 127.0.0.0/8 allow
    directory: /etc/unbound
    chroot: ""
    username: unbound
    pidfile: ""
    use-syslog: no
    logfile: ""
    do-daemonize: no
    root-hints: /zones/hints
    trust-anchor-file: /zones/anchor
    # A case breaks and repairs servers within seconds.
    infra-host-ttl: 1
    infra-keep-probing: yes
    cache-max-negative-ttl: 5
remote-control:
    control-enable: yes
    control-interface: /run/unbound.ctl
    control-use-cert: no
"""

SOA = "@ SOA ns.{tld}. hostmaster.{tld}. {serial} 3600 600 86400 5\n" \
    "@ NS ns.{tld}.\n"


def head(origin):
    return f"$ORIGIN {origin}\n$TTL 60\n" + \
        SOA.format(tld=net.TLD, serial=time.time_ns() // 10**7 % 2**32)


# What a mail host's TLSA records say; {spki} is the digest of its key.
TLSA = {
    "right": ("3 1 1 {spki}",),
    "wrong": ("3 1 1 " + "00" * 32,),
    "pkix": ("0 1 1 {spki}", "1 1 1 {spki}"),
    "unknown-digest": ("3 1 9 {spki}",),
    "one-right": ("3 1 1 " + "00" * 32, "3 1 1 {spki}"),
}


def server(name, pair, host):
    """Address records of HOST, a row's Host or Web, called NAME."""
    owner, text = name, ""
    if host.alias:
        owner, text = host.alias, f"{name} CNAME {host.alias}\n"
    used = [address for family, address in zip("46", pair)
            if family in host.families]
    for address in host.only if host.only is not None else \
            [*used, *host.more]:
        text += f"{owner} {'AAAA' if ':' in address else 'A'} {address}\n"
    return text


def mail_host(domain, host, digest):
    name = domain.full(host.name) + "."
    return server(name, domains.ADDRESSES[name[:-1]], host) + "".join(
        f"_25._tcp.{name} TLSA {data.format(spki=digest)}\n"
        for data in TLSA.get(host.tlsa, ()))


def sts(domain, id=None):
    """The records by which DOMAIN announces its policy."""
    if domain.mode is None:
        return ""
    records = domain.txt
    if records is None or id is not None:
        records = (f'"v=STSv1; id={id or domain.id};"',)
    return "".join(f"_mta-sts TXT {record}\n" for record in records) + \
        server("mta-sts", net.web(domain.number), domain.web)


def tlsrpt(domain, rua=None):
    """The records by which DOMAIN asks for reports, at RUA if it is given."""
    records = domain.tlsrpt
    if rua is not None or records is None:
        rua = rua or domain.rua
        if rua is None and domain.mode is None:
            return ""
        rua = ",".join(rua or (f"mailto:tls@{domain.zone}",))
        records = (f'"v=TLSRPTv1; rua={rua}"',)
    return "".join(f"_smtp._tls TXT {record}\n" for record in records)


def zone(domain, digest, id=None, rua=None):
    """Zone text of DOMAIN; DIGEST is what a right TLSA record says."""
    text = head(domain.zone + ".")
    for preference, name in domain.exchangers():
        text += f"@ MX {preference} {name}.\n"
    for host in domain.hosts:
        text += mail_host(domain, host, digest)
    return text + domain.records + sts(domain, id) + tlsrpt(domain, rua)


class Names:
    """nsd and its zones in ROOT, unbound in the sender's network."""

    def __init__(self, world, digest):
        self.world = world
        self.root = world.root("servers")
        self.zones = pathlib.Path(self.root) / "zones"
        self.digest = digest
        self.keys = {}
        self.rua = {}  # by domain, where a case wants its reports

    def command(self, *command):
        done = subprocess.run(["chroot", self.root, *command], timeout=30,
                              capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: "
                               f"{done.stderr or done.stdout}")
        return done.stdout

    def key(self, origin):
        """Make ORIGIN's key; its DS record."""
        name = self.command("sh", "-c", "cd /zones && ldns-keygen -k -a"
                            f" ECDSAP256SHA256 {origin}").strip()
        self.keys[origin] = name
        return self.command("ldns-key2ds", "-n", "-2", f"/zones/{name}.key")

    def write(self, origin, text):
        """Put the zone in place, signed if it has a key."""
        file = "root" if origin == "." else origin.rstrip(".")
        (self.zones / file).write_text(text)
        if origin in self.keys:
            self.command("sh", "-c", "cd /zones && ldns-signzone -b "
                         f"-f {file}.new {file} {self.keys[origin]}"
                         f" && mv {file}.new {file}")

    def text(self, domain, id=None):
        """The zone of DOMAIN as it is now."""
        text = zone(domain, self.digest, id, self.rua.get(domain.name))
        if domain.name == signature.OWNER:
            text += f"{signature.NAME}. TXT {signature.record(self.root)}\n"
        return text

    def make(self):
        """Write every zone and both configurations."""
        self.zones.mkdir()
        tld = net.TLD + "."
        parent = head(tld) + f"ns A {net.NAMES}\n"
        for domain in domains.DOMAINS:
            origin = domain.zone + "."
            parent += f"{origin} NS ns.{tld}\n"
            if domain.signed:
                parent += self.key(origin)
            self.write(origin, self.text(domain))
        top = head(".") + f"{tld} NS ns.{tld}\nns.{tld} A {net.NAMES}\n" + \
            self.key(tld)
        (self.zones / "anchor").write_text(self.key("."))
        (self.zones / "hints").write_text(
            f". 3600 NS ns.{tld}\nns.{tld} 3600 A {net.NAMES}\n")
        self.write(tld, parent)
        self.write(".", top)
        self.configure()

    def configure(self):
        text = NSD.format(names=net.NAMES)
        for origin in [".", net.TLD] + [d.zone for d in domains.DOMAINS]:
            file = "root" if origin == "." else origin
            text += f'zone:\n    name: "{origin}"\n    zonefile: {file}\n'
        etc = pathlib.Path(self.root) / "etc"
        (etc / "nsd/nsd.conf").write_text(text)
        (etc / "unbound/unbound.conf").write_text(UNBOUND)

    def start(self):
        self.world.spawn("nsd", "internet", "servers", "nsd", "-d")

    def start_unbound(self):
        self.world.spawn("unbound", "sender", "servers", "unbound", "-d")

    def control(self, *command):
        return self.command("unbound-control", *command)

    def change(self, domain, id=None):
        """Publish DOMAIN with another policy id."""
        self.write(domain.zone + ".", self.text(domain, id))
        self.command("nsd-control", "reload", domain.zone)
        self.flush(domain)

    def txt(self, name):
        """The texts of all TXT records at NAME, by the servers."""
        said = self.command("drill", "TXT", name, f"@{net.NAMES}")
        return ["".join(re.findall(r'"([^"]*)"', line)) for line in
                re.findall(rf"^{re.escape(name)}\.\s.*\sTXT\s(.*)$", said, re.M)]

    def flush(self, domain):
        self.control("flush_zone", domain.zone)

    def forget(self):
        """Let the resolver start afresh: no answer, no opinion of servers."""
        self.control("flush_zone", ".")
        self.control("flush_infra", "all")
