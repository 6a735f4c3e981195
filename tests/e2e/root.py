# SPDX-License-Identifier: ISC
"""The Debian roots: of the servers, and of the machines that send.

Each is made once with debootstrap under build/e2e/roots/ and only read after
that: each world mounts it under an overlay of its own.  Nothing of it is ever
installed on the host.  The mirror is the one the host's apt uses.

The servers are always those of one release.  E2E_SUITE names another one for
the machines that send; our software is then built in a root of that.  Each
MTA, since two cannot be in one root, is installed into a copy of the root in
which our software is built, or which has what it needs to run.
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
    nginx-light nsd unbound ldnsutils openssl ca-certificates faketime
    iproute2 procps libc-ares2 libcurl4 libssl3 libidn2-0 libjansson4
    libgmime-3.0-0
""".split()
# Where our software is built the libraries come along, whatever their name.
SENDING = "openssl ca-certificates iproute2 procps".split()
BUILDING = """
    gcc libc6-dev make pkg-config libc-ares-dev libcurl4-openssl-dev
    libssl-dev libidn2-dev libjansson-dev zlib1g-dev libgmime-3.0-dev check
    python3
""".split()
# Releases of which our software is built with libtlsrpt.
COLLECTED = ("trixie", "sid")
COLLECTING = ["libtlsrpt0-dev"]
PACKAGES_OF = {"exim": ["exim4-daemon-heavy"],
               "opensmtpd": ["opensmtpd", "opensmtpd-filter-dkimsign"]}
STARTS_NOTHING = "#!/bin/sh\nexit 101\n"
# A mirror may be a snapshot, older than it says it may be used; its signature
# is checked all the same.
APT_CONF = """\
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
APT::Get::Assume-Yes "true";
APT::Install-Recommends "false";
DPkg::Options { "--force-unsafe-io"; };
DPkg::Use-Pty "false";
quiet "1";
"""
UNSECURED = ("sid",)  # has no archive of security updates
BACKPORTS = "-backports"  # a release of which only OpenSMTPD is tested
# Debian's Exim uses GnuTLS; this makes the other Exim of its own source.
OPENSSL = "-openssl"
BUILD_EXIM = """
    sed 's/^deb /deb-src /' /etc/apt/sources.list \\
        >/etc/apt/sources.list.d/source.list
    apt-get update
    apt-get install dpkg-dev
    apt-get build-dep exim4
    cd /root
    apt-get source exim4
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


def release_of(suite):
    """The release of Debian that SUITE is one of."""
    return suite.removesuffix(OPENSSL).removesuffix(BACKPORTS)


def collected(suite=SUITE):
    """Is our software built with libtlsrpt there?"""
    return release_of(suite) in COLLECTED


def foreign(suite=SUITE):
    """Must our software be built in the root, since the host is another?"""
    host = pathlib.Path("/etc/os-release").read_text()
    return release_of(suite) != BASE or \
        f"VERSION_CODENAME={BASE}\n" not in host or \
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


def run(log, env, *command, root=""):
    """Run COMMAND, inside ROOT if one is given; what it starts or mounts is
    gone when it ends."""
    command = ["unshare", "-m", "-p", "--fork", "--kill-child",
               f"--mount-proc={root}/proc",
               *(["chroot", root] if root else []), *command]
    log.write("+ " + " ".join(map(str, command)) + "\n")
    log.flush()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                          stderr=subprocess.STDOUT, env=env, timeout=1200)
    if done.returncode != 0:
        raise Unavailable(f"{complaint(log)} (see {log.name})")


def complaint(log):
    """The first error of the command that failed, or else that command."""
    log = pathlib.Path(log.name).read_text(errors="replace")
    lines = log[log.rindex("+ unshare"):].splitlines()
    return next((line for line in lines if line.startswith("E: ")), lines[0])


class Root:
    """The root NAME: release SUITE with PACKAGES, after SCRIPT ran in it.

    Made by debootstrap, or else as a copy of the root BASE.
    """

    def __init__(self, name, suite, packages, base=None, script=""):
        self.suite = suite
        self.packages = packages
        self.base = base
        self.script = script
        self.path = BUILD / "roots" / name
        self.stamp_file = self.path.with_suffix(".stamp")

    def stamp(self):
        contents = " ".join(self.packages) + APT_CONF + self.script
        if self.base:
            contents += self.suite + self.base.stamp()
        return hashlib.sha256(contents.encode()).hexdigest() + "\n"

    def ready(self):
        return self.stamp_file.exists() and \
            self.stamp_file.read_text() == self.stamp()

    def sources(self, debian, security):
        release = release_of(self.suite)
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

    def wanted(self):
        """What to install, in words of apt-get; nothing but the backport
        itself is one."""
        if not self.suite.endswith(BACKPORTS):
            return self.packages
        return ["-t", self.suite,
                *(f"{package}/{self.suite}" for package in self.packages)]

    def configure(self, debian, security):
        etc = self.path / "etc"
        starter = self.path / "usr/sbin/policy-rc.d"
        starter.write_text(STARTS_NOTHING)
        starter.chmod(0o755)
        (etc / "apt/apt.conf.d/world").write_text(APT_CONF)
        (etc / "apt/sources.list").write_text(self.sources(debian, security))
        shutil.copy("/etc/resolv.conf", etc / "resolv.conf")

    def install(self, log, env):
        debian, security = mirrors()
        self.begin(log, env, debian)
        self.configure(debian, security)
        steps = [["apt-get", "update"],
                 ["apt-get", "install", *self.wanted()]]
        if self.script:
            steps += [["sh", "-ec", self.script]]
        for step in [*steps, ["apt-get", "clean"]]:
            run(log, env, *step, root=self.path)

    def make(self, say):
        """Make it, unless it is there or another run is making it."""
        if self.base:
            self.base.make(say)
        with lock(self.path):
            if self.ready():
                return
            self.stamp_file.unlink(missing_ok=True)
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
            os.chmod(self.path, 0o755)
            say(f"making the {self.path.name} root for the test world"
                " (once) ...")
            with open(f"{self.path}.log", "w") as log:
                self.install(log, proxy_environment())
            self.stamp_file.write_text(self.stamp())


def choose(suite):
    """(root of the servers, root in which our software is built or run, by
    name of MTA the roots of the machines that send)"""
    release = release_of(suite)
    servers = builder = Root(f"{BASE}-servers", BASE, PACKAGES)
    if release != BASE:
        builder = Root(f"{release}-build", release, SENDING + BUILDING +
                       (COLLECTING if collected(suite) else []))
    elif foreign(suite):
        servers = builder = Root(f"{BASE}-build", BASE, PACKAGES + BUILDING)
    mtas = {mta: Root(f"{suite}-{mta}", suite.removesuffix(OPENSSL),
                      packages[:1] if suite.endswith(BACKPORTS)
                      else packages, builder,
                      BUILD_EXIM if suite.endswith(OPENSSL) else "")
            for mta, packages in PACKAGES_OF.items()}
    if suite.endswith(BACKPORTS):
        del mtas["exim"]
    if suite.endswith(OPENSSL):
        del mtas["opensmtpd"]
    return servers, builder, mtas


servers, senders, MTAS = choose(SUITE)


@contextlib.contextmanager
def lock(path=BUILD / "stage"):
    """Two runs may go on at once, but not make the thing PATH at once."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(*mtas, say=print):
    """Make the roots unless they are there; about a minute each, once.

    Those of MTAS as well: names of MTAS, or none for all.
    """
    for one in (senders, *(MTAS[mta] for mta in mtas or MTAS), servers):
        one.make(say)


def make_what_can_be(say=print):
    """The same for all; by name of MTA why there is none of it.  Raises
    Unavailable if there is none at all."""
    absent = {}
    for one in (senders, servers):
        one.make(say)
    for mta, one in MTAS.items():
        try:
            one.make(say)
        except Unavailable as why:
            absent[mta] = str(why)
    if len(absent) == len(MTAS):
        raise Unavailable("; ".join(absent.values()))
    return absent


def main():
    """Make all; what to say of it."""
    try:
        return missing() or make_what_can_be() or "\n".join(
            f"{mta} {one.path}" for mta, one in MTAS.items())
    except Unavailable as why:
        return why


if __name__ == "__main__":
    print(main())
