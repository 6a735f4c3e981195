# SPDX-License-Identifier: ISC
"""A machine that sends, whatever its MTA: a root of its own, and the world's
resolver, CA and host name.  exim.py and smtpd.py hold the kinds of it."""
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

RESOLV = "nameserver 127.0.0.1\noptions edns0 trust-ad timeout:2 attempts:2\n"
MESSAGE = "Subject: hello\n\nOne line.\n"
RESOLVER = "/usr/libexec/mta-sts/mta-sts-resolve"
CONFIG = "/etc/mta-sts.conf"
BOOT_ID = "/proc/sys/kernel/random/boot_id"
CLOCK = "/usr/lib/clock.so"


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


class Machine:
    """What a case may do with any machine; the rest is its MTA's.

    Those add: configure(), reset(), empty(), send(), take(), run_queue(),
    retry(), nudge(), queue(), log(), panic(), and what they know of their
    log: finish(), returned(), given_up(), reason(), certificate(), strict().
    """
    mta = None  # of whose root it is a copy
    logs = None  # folder of the logs that are worth keeping
    ours = False  # has our software

    def __init__(self, world, name):
        self.world = world
        self.name = name
        self.root = pathlib.Path(world.root(name, debian.MTAS[self.mta].path))
        self.machine()
        self.configure()
        self.reset()

    def machine(self):
        furnish(self.world, self.name)

    # What a server has to do.

    def start(self):
        """Start it."""

    def stop(self):
        """Stop it."""

    def hasten(self):
        """Be ready for many messages at once."""

    def rest(self):
        """Wait until it tries nothing, if it does so by itself."""

    def file(self, path):
        """PATH inside this machine, as a path of ours."""
        return self.root / path.lstrip("/")

    def run(self, *command, **options):
        return self.world.run("sender", self.name, *command, **options)


class Software:
    """Beside an MTA: our software, as the README says to install it."""
    ours = True
    user = None  # owns the state
    folder = None  # of the state
    packaging = None  # our script for packages of this MTA
    programs = ()  # what it checks
    installed = ()  # what a case may have changed
    goal = None  # of make, which installs them

    def machine(self):
        super().machine()
        self.log_socket = Syslog(self.file("/dev/log"),
                                 self.world.path("log", f"syslog-{self.name}"))
        shutil.copytree(self.world.stage, self.root, dirs_exist_ok=True,
                        symlinks=True)
        shutil.copytree(debian.TREE / "packaging", self.file("/root/ours"))
        self.packager("check", *self.programs)

    def packager(self, *words):
        self.run("sh", f"/root/ours/{self.packaging}", *words)

    def reset(self):
        """Also a fresh state, the software in place, and the right time."""
        self.clock(0, 0)
        for path in self.installed:
            self.restore(path)
        self.run("umount", "-q", self.folder, BOOT_ID, check=False)
        shutil.rmtree(self.file(self.folder), ignore_errors=True)
        self.packager("state", self.folder)
        self.log_socket.clear()
        super().reset()

    def restore(self, path):
        """Put the file PATH back as it was installed, whole at once."""
        new = self.file(path + ".new")
        shutil.copy2(self.world.stage / path.lstrip("/"), new)
        new.replace(self.file(path))

    def setting(self, keyword, value):
        """Change one keyword in mta-sts.conf."""
        file = self.file(CONFIG)
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
        if not self.file(CLOCK).exists():  # else somebody may have it mapped
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
        return self.file(f"{self.folder}/{path}")

    def policy_file(self, domain):
        found = list(self.state("policies").glob(f"*/{domain.zone}"))
        return found[0] if found else None

    def sts(self, *words, **options):
        """Run the command mta-sts as the state's owner."""
        return self.run("setpriv", f"--reuid={self.user}",
                        f"--regid={self.user}", "--clear-groups", "mta-sts",
                        *words, **options)

    def syslog(self):
        return self.log_socket.text()


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
