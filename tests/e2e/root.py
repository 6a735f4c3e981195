# SPDX-License-Identifier: ISC
"""The Debian root every server of the world runs from.

Made once with debootstrap under build/e2e/roots/ and only read after that:
each world mounts it under an overlay of its own.  Nothing of it is ever
installed on the host.  The mirror is the one the host's apt uses.
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
SUITE = "bookworm"
PACKAGES = """
    exim4-daemon-heavy nginx-light nsd unbound ldnsutils openssl
    ca-certificates faketime iproute2 procps
    libc-ares2 libcurl4 libssl3 libidn2-0 libjansson4
""".split()
# A host of another release cannot build for this one: the root can.
BUILD_PACKAGES = """
    gcc libc6-dev make pkg-config libc-ares-dev libcurl4-openssl-dev
    libssl-dev libidn2-dev libjansson-dev
""".split()
STARTS_NOTHING = "#!/bin/sh\nexit 101\n"


class Unavailable(Exception):
    """The world cannot exist here; the text says why."""


def missing():
    """Why no root can be made or used here, or None."""
    if os.geteuid() != 0:
        return "not root"
    tools = ["unshare", "nsenter", "ip", "mount"]
    if not ready():
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


def foreign():
    """Is the host another release than the root?"""
    release = pathlib.Path("/etc/os-release").read_text()
    return f"VERSION_CODENAME={SUITE}\n" not in release or \
        bool(os.environ.get("E2E_BUILD_IN_ROOT"))


def wanted():
    return PACKAGES + (BUILD_PACKAGES if foreign() else [])


def path():
    return BUILD / "roots" / (SUITE + ("-build" if foreign() else ""))


def stamp_file():
    return path().with_suffix(".stamp")


def stamp():
    return hashlib.sha256(" ".join(wanted()).encode()).hexdigest() + "\n"


def ready():
    return stamp_file().exists() and stamp_file().read_text() == stamp()


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


def sources(debian, security):
    text = f"deb {debian} {SUITE} main\n"
    if security:
        text += f"deb {security} {SUITE}-security main\n"
    return text


def run(log, env, *command):
    log.write("+ " + " ".join(map(str, command)) + "\n")
    log.flush()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                          stderr=subprocess.STDOUT, env=env, timeout=1200)
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed, see {log.name}")


def install(root, log, env):
    debian, security = mirrors()
    run(log, env, "debootstrap", "--variant=minbase", SUITE, root, debian)
    etc = root / "etc"
    (root / "usr/sbin/policy-rc.d").write_text(STARTS_NOTHING)
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    (etc / "apt/sources.list").write_text(sources(debian, security))
    shutil.copy("/etc/resolv.conf", etc / "resolv.conf")
    apt = ["chroot", root, "apt-get", "-q", "-y"]
    run(log, env, *apt, "update")
    run(log, env, *apt, "--no-install-recommends", "install", *wanted())
    run(log, env, *apt, "clean")
    (root / "src").mkdir()


@contextlib.contextmanager
def lock():
    """Two runs may go on at once, but not make things at once."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with open(BUILD / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def make(say=print):
    """Make the root unless it is there; about a minute, once."""
    with lock():
        if not ready():
            make_anew(say)
    return path()


def make_anew(say):
    root = path()
    stamp_file().unlink(missing_ok=True)
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    os.chmod(root, 0o755)
    say(f"making the {SUITE} root for the test world (once) ...")
    with open(BUILD / "roots" / "log", "w") as log:
        install(root, log, proxy_environment())
    stamp_file().write_text(stamp())


if __name__ == "__main__":
    reason = missing()
    print(reason or make())
