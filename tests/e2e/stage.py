# SPDX-License-Identifier: ISC
"""Our software, built for the root and installed into a folder.

E2E_STAGE names a folder to use as it is instead, say an unpacked package.
"""
import os
import pathlib
import shutil
import subprocess

import root

GIVEN = os.environ.get("E2E_STAGE")
STAGE = pathlib.Path(GIVEN or root.BUILD / "stage")
# Objects of another compiler than the host's must not meet its own.
OBJECTS = root.path().name if root.foreign() else "usr"
MODULE = "usr/lib/exim4/mta-sts.so"


class Broken(Exception):
    """Our software cannot be built; that is no reason to skip."""


def present():
    """The folder to lay over a root, or None while there is no module."""
    return STAGE if (STAGE / MODULE).exists() else None


def command():
    """What builds and installs: here, or in the root if it must be there."""
    tree = "/src" if root.foreign() else root.TREE
    make = ["make", "-s", f"-j{os.cpu_count()}", "-C", tree, "install-exim",
            "PREFIX=/usr", f"B={tree}/build/{OBJECTS}",
            f"DESTDIR={tree}/{STAGE.relative_to(root.TREE)}"]
    if not root.foreign():
        return make
    return ["unshare", "-m", "--propagation", "private", "sh", "-ec",
            'mount --bind "$1" "$2/src"; shift; exec chroot "$@"', "sh",
            root.TREE, root.path(), *make]


def make():
    """Build and install; returns what present() does."""
    if GIVEN:
        return present()
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    with open(root.BUILD / "stage.log", "w") as log:
        done = subprocess.run(list(map(str, command())), stdout=log,
                              stderr=log, timeout=600)
    if done.returncode != 0:
        shutil.rmtree(STAGE)
        raise Broken(f"make install-exim failed, see {log.name}")
    return present()


def prepare():
    """The root and the software, before any world."""
    with root.lock():
        root.make()
        return make()
