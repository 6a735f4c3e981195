# SPDX-License-Identifier: ISC
"""The sending machines: Debian's Exim, each in a root of its own."""
import pathlib
import re
import shutil

import net
import space

SETTINGS = """\
dc_eximconfig_configtype='internet'
dc_other_hostnames='{sender}'
dc_local_interfaces='127.0.0.1'
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets=''
dc_smarthost=''
CFILEMODE='644'
dc_use_split_config='{split}'
dc_hide_mailname='false'
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
"""
RESOLV = "nameserver 127.0.0.1\noptions edns0 trust-ad timeout:2 attempts:2\n"
SPOOL = "/var/spool/exim4"
LOG = "/var/log/exim4"
MESSAGE = "Subject: hello\n\nOne line.\n"


class Plain:
    """An Exim as Debian ships it, configured for sending to the Internet."""
    split = "true"

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.root = pathlib.Path(world.root(name))
        self.machine()
        self.configure()
        self.reset()

    def file(self, path):
        """PATH inside this machine, as a path of ours."""
        return self.root / path.lstrip("/")

    def machine(self):
        """What any machine here has: name, resolver, the CA it trusts."""
        servers = pathlib.Path(self.world.root("servers"))
        self.file("/etc/resolv.conf").write_text(RESOLV)
        self.file("/etc/hosts").write_text(
            f"127.0.0.1 localhost\n{net.SENDER_V4} {net.SENDER}\n"
            f"{net.SENDER_V6} {net.SENDER}\n")
        self.file("/etc/mailname").write_text(net.SENDER + "\n")
        shutil.copy(servers / "pki/root.pem",
                    self.file("/etc/ssl/certs/ca-certificates.crt"))

    def configure(self):
        self.file("/etc/exim4/update-exim4.conf.conf").write_text(
            SETTINGS.format(sender=net.SENDER, split=self.split))
        self.run("update-exim4.conf")

    def run(self, *command, **options):
        return self.world.run("sender", self.name, *command, **options)

    def reset(self):
        """Empty queue, hints and logs."""
        for folder in ("input", "msglog", "db"):
            for entry in self.file(f"{SPOOL}/{folder}").glob("*"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
        for entry in self.file(LOG).glob("*"):
            entry.unlink()

    def send(self, *to, options=("-odi",), timeout=60):
        """Submit a message and wait for the first delivery attempt."""
        return self.run("exim4", *options, "-f", f"alice@{net.SENDER}", *to,
                        input=MESSAGE, timeout=timeout)

    def run_queue(self, option="-qff"):
        self.run("exim4", option)

    def read(self, name):
        file = self.file(f"{LOG}/{name}")
        return file.read_text(errors="replace") if file.exists() else ""

    def log(self):
        return self.read("mainlog")

    def panic(self):
        return self.read("paniclog")

    def queue(self):
        """Addresses still undelivered, frozen ones marked."""
        listing = self.run("exim4", "-bp").stdout
        frozen = " *frozen*" if "*** frozen ***" in listing else ""
        return [address + frozen for address in
                re.findall(r"^\s{10}([^\sD]\S*@\S+)$", listing, re.M)]

    def route(self, address):
        return self.run("exim4", "-bt", address, check=False).stdout

    def expand(self, text):
        return self.run("exim4", "-be", text, check=False).stdout.strip()


KINDS = {"plain": Plain}


def available(stage):
    """Names of the machines that can be made with what there is."""
    return list(KINDS) if stage else ["plain"]
