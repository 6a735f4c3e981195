# SPDX-License-Identifier: ISC
"""The Debian roots: of the servers, and of the machines that send.

Each is made once with debootstrap under build/e2e/roots/ and only read after
that: each world mounts it under an overlay of its own.  Nothing of it is ever
installed on the host.  The mirror is the one the host's apt uses.

The servers are always those of one release.  E2E_SUITE names another one for
the machines that send; our software is then built in their root.  Exim and
OpenSMTPD cannot be in one root: that of OpenSMTPD is a copy of Exim's.
"""
import contextlib
import fcntl
import hashlib
import os
import pathlib
import shutil
import subprocess

TREE = pathlib.Path(__file__).resolve().parents[2]
BUILD = TREE / "build" / "e2e"
BASE = "bookworm"
SUITE = os.environ.get("E2E_SUITE", BASE)
PACKAGES = """
    exim4-daemon-heavy nginx-light nsd unbound ldnsutils openssl
    ca-certificates faketime iproute2 procps
    libc-ares2 libcurl4 libssl3 libidn2-0 libjansson4
""".split()
# Where our software is built the libraries come along, whatever their name.
SENDING = """
    exim4-daemon-heavy openssl ca-certificates iproute2 procps
""".split()
BUILDING = """
    gcc libc6-dev make pkg-config libc-ares-dev libcurl4-openssl-dev
    libssl-dev libidn2-dev libjansson-dev check python3
""".split()
# What makes a root of OpenSMTPD out of one of Exim.
REPLACING = ["opensmtpd", "exim4-base-", "exim4-config-"]
STARTS_NOTHING = "#!/bin/sh\nexit 101\n"
# A mirror may be a snapshot; its signature is checked all the same.
SNAPSHOT = ["-o", "Acquire::Check-Valid-Until=false"]
UNSECURED = ("sid",)  # has no archive of security updates
BACKPORTS = "-backports"  # a release of which only OpenSMTPD is tested
# Debian's Exim uses GnuTLS; this makes the other Exim of its own source.
OPENSSL = "-openssl"
BUILD_EXIM = """
    sed 's/^deb /deb-src /' /etc/apt/sources.list \\
        >/etc/apt/sources.list.d/source.list
    apt="apt-get -q -y --no-install-recommends"
    $apt update
    $apt install dpkg-dev
    $apt build-dep exim4
    cd /root
    $apt source exim4
    cd exim4-*/
    OPENSSL=1 make -f debian/rules daemons=exim4-daemon-heavy \\
        override_dh_auto_configure
    make -C b-exim4-daemon-heavy FULLECHO=
    install -m 4755 b-exim4-daemon-heavy/build-*/exim /usr/sbin/exim4
    cd /root
    rm -rf exim4*
"""


class Unavailable(Exception):
    """The world cannot exist here; the text says why."""


def missing():
    """Why no root can be made or used here, or None."""
    if os.geteuid() != 0:
        return "not root"
    tools = ["unshare", "nsenter", "ip", "mount"]
    if not all(one.ready() for one in (servers, senders, *MTAS.values())):
        tools += ["debootstrap", "apt-get"]
    absent = [tool for tool in tools if shutil.which(tool) is None]
    if absent:
        return "no " + ", ".join(absent)
    probe = subprocess.run(
        ["unshare", "-m", "-n", "-p", "-u", "-i", "--fork", "true"],
        capture_output=True, text=True)
    if probe.returncode != 0:
        return "no namespaces: " + probe.stderr.strip()
    return None


def foreign(suite=SUITE):
    """Must our software be built in the root, since the host is another?"""
    release = pathlib.Path("/etc/os-release").read_text()
    return suite.removesuffix(BACKPORTS) != BASE or \
        f"VERSION_CODENAME={BASE}\n" not in release or \
        bool(os.environ.get("E2E_BUILD_IN_ROOT"))


def mirrors():
    """(Debian, security) archive URIs of the host's apt; None if unknown."""
    form = "$(CREATED_BY)|$(LABEL)|$(COMPONENT)|$(REPO_URI)"
    listing = subprocess.run(["apt-get", "indextargets", "--format", form],
                             capture_output=True, text=True, check=True)
    found = {}
    for line in listing.stdout.splitlines():
        kind, label, component, uri = line.split("|", 3)
        if kind == "Packages" and component == "main":
            found.setdefault(label, uri)
    if "Debian" not in found:
        raise Unavailable("the host's apt knows no Debian archive"
                          " (apt-get update?)")
    return found["Debian"], found.get("Debian-Security")


def proxy_environment():
    """What the host's apt uses to get out, for debootstrap and the root."""
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive", LC_ALL="C")
    for scheme in ("http", "https"):
        shown = subprocess.run(
            ["apt-config", "shell", "P", f"Acquire::{scheme}::Proxy"],
            capture_output=True, text=True, check=True).stdout.strip()
        if shown.startswith("P='") and len(shown) > 4:
            env.setdefault(f"{scheme}_proxy", shown[3:-1])
    return env


def run(log, env, *command):
    log.write("+ " + " ".join(map(str, command)) + "\n")
    log.flush()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                          stderr=subprocess.STDOUT, env=env, timeout=1200)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed, see {log.name}")


class Root:
    """The root NAME: release SUITE with PACKAGES, or SUITE-openssl.

    Made by debootstrap, or else as a copy of the root BASE.
    """

    def __init__(self, name, suite, packages, base=None):
        self.suite = suite.removesuffix(OPENSSL)
        self.openssl = suite.endswith(OPENSSL)
        self.packages = packages
        self.base = base
        self.path = BUILD / "roots" / name
        self.stamp_file = self.path.with_suffix(".stamp")

    def stamp(self):
        contents = " ".join(self.packages) + self.openssl * BUILD_EXIM
        if self.base:
            contents += self.suite + self.base.stamp()
        return hashlib.sha256(contents.encode()).hexdigest() + "\n"

    def ready(self):
        return self.stamp_file.exists() and \
            self.stamp_file.read_text() == self.stamp()

    def sources(self, debian, security):
        release = self.suite.removesuffix(BACKPORTS)
        text = f"deb {debian} {release} main\n"
        if self.suite != release:
            text += f"deb {debian} {self.suite} main\n"
        if security and release not in UNSECURED:
            text += f"deb {security} {release}-security main\n"
        return text

    def begin(self, log, env, debian):
        """What packages are installed into."""
        if self.base:
            run(log, env, "cp", "-a", f"{self.base.path}/.", self.path)
            return
        run(log, env, "debootstrap", "--variant=minbase", self.suite,
            self.path, debian)
        (self.path / "src").mkdir()

    def install(self, log, env):
        debian, security = mirrors()
        self.begin(log, env, debian)
        etc = self.path / "etc"
        starter = self.path / "usr/sbin/policy-rc.d"
        starter.write_text(STARTS_NOTHING)
        starter.chmod(0o755)
        (etc / "apt/sources.list").write_text(self.sources(debian, security))
        shutil.copy("/etc/resolv.conf", etc / "resolv.conf")
        # Without /proc systemd-tmpfiles would not make Exim's folders.
        inside = ["unshare", "-m", "-p", "--fork",
                  f"--mount-proc={self.path}/proc", "chroot", self.path]
        apt = [*inside, "apt-get", "-q", "-y", *SNAPSHOT]
        run(log, env, *apt, "update")
        newest = ["-t", self.suite] if self.suite.endswith(BACKPORTS) else []
        run(log, env, *apt, "--no-install-recommends", "--purge", *newest,
            "install", *self.packages)
        if self.openssl:
            run(log, env, *inside, "sh", "-ec", BUILD_EXIM)
        run(log, env, *apt, "clean")

    def make(self, say):
        """Make it, unless it is there."""
        if self.ready():
            return
        if self.base:
            self.base.make(say)
        self.stamp_file.unlink(missing_ok=True)
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir(parents=True)
        os.chmod(self.path, 0o755)
        say(f"making the {self.path.name} root for the test world (once) ...")
        with open(f"{self.path}.log", "w") as log:
            self.install(log, proxy_environment())
        self.stamp_file.write_text(self.stamp())

    def versions(self, *packages):
        """Versions of those PACKAGES that are installed; wildcards work."""
        listed = subprocess.run(
            ["chroot", self.path, "dpkg-query", "-W",
             "-f", "${db:Status-Abbrev}${Package} ${Version}\n", *packages],
            capture_output=True, text=True)
        return dict(line[3:].split() for line in listed.stdout.splitlines()
                    if line.startswith("ii "))


def choose(suite):
    """(root of the servers, root for which our software is built, by name of
    MTA the roots of the machines that send)"""
    release = suite.removesuffix(BACKPORTS)
    servers = builder = Root(BASE, BASE, PACKAGES)
    if release != BASE:
        builder = Root(f"{release}-build", release, SENDING + BUILDING)
    elif foreign(suite):
        servers = builder = Root(f"{BASE}-build", BASE, PACKAGES + BUILDING)
    mtas = {"exim": builder,
            "opensmtpd": Root(f"{suite}-smtpd", suite, REPLACING, builder)}
    if suite != release:
        del mtas["exim"]
    if suite.endswith(OPENSSL):
        del mtas["opensmtpd"]
    return servers, builder, mtas


servers, senders, MTAS = choose(SUITE)


@contextlib.contextmanager
def lock():
    """Two runs may go on at once, but not make things at once."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(*mtas, say=print):
    """Make the roots unless they are there; about a minute each, once.

    Those of MTAS as well: names of MTAs, or none for all.
    """
    with lock():
        for one in (servers, senders, *(MTAS[mta] for mta in mtas or MTAS)):
            one.make(say)


if __name__ == "__main__":
    print(missing() or make() or "\n".join(
        f"{mta} {one.path}" for mta, one in MTAS.items()))
