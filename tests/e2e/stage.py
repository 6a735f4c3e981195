# SPDX-License-Identifier: ISC
"""Our software, built for the root and installed into a folder.

E2E_STAGE names a folder to take as it is instead, say an unpacked package.
"""
import os
import shutil
import subprocess

import root

# Objects of another compiler than the host's must not meet its own.
OBJECTS = root.path().name if root.foreign() else "usr"


class Broken(Exception):
    """Our software cannot be built; that is no reason to skip."""


def command(folder):
    """What builds and installs: here, or in the root if it must be there."""
    tree = "/src" if root.foreign() else root.TREE
    make = ["make", "-s", f"-j{os.cpu_count()}", "-C", tree, "install-exim",
            "PREFIX=/usr", f"B={tree}/build/{OBJECTS}",
            f"DESTDIR={tree}/{folder.relative_to(root.TREE)}"]
    if not root.foreign():
        return make
    # The folder is a mount of its own, hence rbind.
    return ["unshare", "-m", "--propagation", "private", "sh", "-ec",
            'mount --rbind "$1" "$2/src"; shift; exec chroot "$@"', "sh",
            root.TREE, root.path(), *make]


def make(folder):
    """Build, and install into FOLDER, which is new."""
    if os.environ.get("E2E_STAGE"):
        shutil.copytree(os.environ["E2E_STAGE"], folder, symlinks=True)
        return
    folder.mkdir()
    log = root.BUILD / "stage.log"
    with root.lock(), open(log, "w") as output:
        done = subprocess.run(list(map(str, command(folder))), stdout=output,
                              stderr=output, stdin=subprocess.DEVNULL,
                              timeout=600)
    if done.returncode != 0:
        raise Broken(f"make install-exim failed, see {log}")
