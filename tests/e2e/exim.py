# SPDX-License-Identifier: ISC
"""The sending machines: Debian's Exim, each in a root of its own."""
import os
import pathlib
import re
import shutil
import socket
import threading
import time
import uuid

import net
import root as debian

SETTINGS = """\
dc_eximconfig_configtype='internet'
dc_other_hostnames='{sender}'
dc_local_interfaces=''
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


def furnish(world, name):
    """What any machine here has: name, resolver, the CA it trusts."""
    root = pathlib.Path(world.path("root", name))
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / "etc/resolv.conf").write_text(RESOLV)
    (root / "etc/hosts").write_text(
        f"127.0.0.1 localhost\n{net.SENDER_V4} {net.SENDER}\n"
        f"{net.SENDER_V6} {net.SENDER}\n")
    (root / "etc/mailname").write_text(net.SENDER + "\n")
    # The only CA this machine trusts, put where all libraries look.
    (root / "etc/ca-certificates.conf").write_text("")
    shutil.copy(world.path("root", "servers", "pki/root.pem"),
                root / "usr/local/share/ca-certificates/test.crt")
    world.run("sender", name, "update-ca-certificates", "--fresh")


class Plain:
    """An Exim as Debian ships it, configured for sending to the Internet."""
    split = "true"
    ours = False  # has the module

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
        furnish(self.world, self.name)

    def configure(self):
        self.file("/etc/exim4/update-exim4.conf.conf").write_text(
            SETTINGS.format(sender=net.SENDER, split=self.split))
        self.run("update-exim4.conf")

    def run(self, *command, **options):
        return self.world.run("sender", self.name, *command, **options)

    def empty(self):
        """Empty queue and hints."""
        for folder in ("input", "msglog", "db"):
            for entry in self.file(f"{SPOOL}/{folder}").glob("*"):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()

    def reset(self):
        """Empty queue, hints and logs."""
        self.empty()
        for entry in self.file(LOG).glob("*"):
            entry.unlink()

    def send(self, *to, options=("-odi",), timeout=60):
        """Submit a message and wait for the first delivery attempt."""
        return self.run("exim4", *options, "-f", f"alice@{net.SENDER}", *to,
                        input=MESSAGE, timeout=timeout)

    def run_queue(self, option="-qff"):
        self.run("exim4", option)

    def version(self):
        """Exim's version in numbers: (4, 96)."""
        said = self.run("exim4", "-bV").stdout
        return tuple(map(int, re.search(r"version ([\d.]+)", said)[1]
                         .split(".")))

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


STATE = "/var/lib/mta-sts/exim"
MODULE = "/usr/lib/exim4/mta-sts.so"
RESOLVER = "/usr/libexec/mta-sts/mta-sts-resolve"
SHIPPED = "/usr/share/mta-sts/exim/conf.d"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
CLOCK = "/usr/lib/clock.so"
USER = "Debian-exim"


class Ours(Plain):
    """The same Exim with the module, as the README says to install it."""
    ours = True

    def machine(self):
        super().machine()
        self.log_socket = Syslog(self.file("/dev/log"),
                                 self.world.path("log", f"syslog-{self.name}"))
        shutil.copytree(self.world.stage, self.root, dirs_exist_ok=True,
                        symlinks=True)
        for script in ("exim", "adapter.sh"):
            shutil.copy(debian.TREE / "packaging" / script,
                        self.file("/root"))
        self.run("sh", "/root/exim", "check")

    def make_state(self):
        self.run("sh", "/root/exim", "state", STATE)

    def reset(self):
        """Also a fresh state, the software in place, and the right time."""
        self.clock(0, 0)
        for path in (MODULE, RESOLVER, "/etc/mta-sts.conf"):
            self.restore(path)
        self.run("umount", "-q", STATE, BOOT_ID, check=False)
        shutil.rmtree(self.file(STATE), ignore_errors=True)
        self.make_state()
        self.log_socket.clear()
        super().reset()

    def restore(self, path):
        """Put the file PATH back as it was installed, whole at once."""
        new = self.file(path + ".new")
        shutil.copy2(self.world.stage / path.lstrip("/"), new)
        new.replace(self.file(path))

    def setting(self, keyword, value):
        """Change one keyword in mta-sts.conf."""
        file = self.file("/etc/mta-sts.conf")
        text = re.sub(rf"^{keyword} .*\n", "", file.read_text(), flags=re.M)
        file.write_text(f"{text}{keyword} {value}\n")

    def clock(self, wall, boot, still=0, hurry=1):
        """Set the wall clock off, let time pass since boot (seconds); STILL
        is a second at which the wall clock stands; waits of a minute and
        more take only the HURRYth part."""
        preload = self.file("/etc/ld.so.preload")
        if (wall, boot, still, hurry) == (0, 0, 0, 1):
            preload.unlink(missing_ok=True)
            return
        self.file("/etc/clock").write_text(f"{wall} {boot} {still} {hurry}\n")
        shutil.copy(self.world.clock(), self.file(CLOCK))
        preload.write_text(CLOCK + "\n")

    def later(self, seconds):
        """Time goes by."""
        self.clock(seconds, seconds)

    def stand(self, wall):
        """It is second WALL of the epoch, and stays so."""
        passed = wall - int(time.time())
        self.clock(passed, passed, wall)

    def reboot(self, wall):
        """A minute after the next boot, with a wall clock that is off."""
        self.clock(wall, 60 - int(time.clock_gettime(time.CLOCK_BOOTTIME)))
        name = uuid.uuid4()
        self.file("/etc/boot_id").write_text(f"{name}\n")
        self.run("mount", "--bind", "/etc/boot_id", BOOT_ID)

    def state(self, path=""):
        return self.file(f"{STATE}/{path}")

    def policy_file(self, domain):
        found = list(self.state("policies").glob(f"*/{domain.zone}"))
        return found[0] if found else None

    def sts(self, *words, **options):
        """Run the command mta-sts as the state's owner."""
        return self.run("setpriv", f"--reuid={USER}", f"--regid={USER}",
                        "--clear-groups", "mta-sts", *words, **options)

    def syslog(self):
        return self.log_socket.text()


class Split(Ours):
    """Debian's split configuration with our files added."""

    def configure(self):
        self.run("cp", "-r", SHIPPED, "/etc/exim4/")
        super().configure()


class Single(Ours):
    """An exim4.conf written by hand, with three lines of ours."""

    def configure(self):
        self.file("/etc/exim4/exim4.conf").write_text(
            SINGLE.format(shipped=SHIPPED))
        self.run("exim4", "-bV")


SINGLE = """\
domainlist local_domains = @ : localhost
log_selector = +tls_certificate_verified
.include {shipped}/main/95_mta-sts

begin acl

begin routers
.include {shipped}/router/180_mta-sts

dnslookup:
  driver = dnslookup
  domains = ! +local_domains
  transport = remote_smtp
  ignore_target_hosts = 0.0.0.0 : 127.0.0.0/8
  no_more

localuser:
  driver = accept
  check_local_user
  transport = local_delivery

begin transports
.include {shipped}/transport/31_mta-sts

remote_smtp:
  driver = smtp
  event_action = MTASTS_PLAIN_EVENT

local_delivery:
  driver = appendfile
  file = /var/mail/$local_part_data

begin retry
* * F,2h,15m; G,16h,1h,1.5; F,4d,6h
"""


class Syslog:
    """Collects what a machine says to /dev/log."""

    def __init__(self, path, log):
        self.log = log
        self.log.touch()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # Through the descriptor: a socket's path must be short.
        folder = os.open(path.parent, os.O_PATH)
        self.socket.bind(f"/proc/self/fd/{folder}/{path.name}")
        os.close(folder)
        path.chmod(0o666)
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while True:
            line = self.socket.recv(8192).decode(errors="replace")
            with open(self.log, "a") as log:
                log.write(line.rstrip("\n\0") + "\n")

    def text(self):
        return self.log.read_text()

    def clear(self):
        os.truncate(self.log, 0)


KINDS = {"plain": Plain, "split": Split, "single": Single}
