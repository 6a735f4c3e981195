# SPDX-License-Identifier: ISC
"""Our software, built for the root and installed into a folder.

E2E_STAGE names a folder to take as it is instead, say an unpacked package.
"""
import os
import shutil
import subprocess

import root

# The tree as the compiler sees it; objects of another compiler than the
# host's must not meet its own.
TREE = "/src" if root.foreign() else root.TREE
OBJECTS = root.senders.path.name if root.foreign() else "usr"
GOALS = "install-exim", "install-opensmtpd"
SHARED = "E2E_SHARED"  # names the folder that the worlds of one run copy


class Broken(Exception):
    """Our software cannot be built; that is no reason to skip."""


def make_words(*words):
    """How make is run where the compiler is."""
    return ["make", "-s", f"-j{os.cpu_count()}", "-C", TREE, "PREFIX=/usr",
            f"B={TREE}/build/{OBJECTS}",
            f"WITH_LIBTLSRPT={int(root.collected())}", *words]


def command(goal, folder):
    """What builds and installs: here, or in the root if it must be there."""
    words = make_words(goal,
                       f"DESTDIR={TREE}/{folder.relative_to(root.TREE)}")
    if not root.foreign():
        return words
    # The folder is a mount of its own, hence rbind.
    return ["unshare", "-m", "--propagation", "private", "sh", "-ec",
            'mount --rbind "$1" "$2/src"; shift; exec chroot "$@"', "sh",
            root.TREE, root.senders.path, *words]


def make(folder):
    """Build, and install into FOLDER, which is new."""
    made = os.environ.get("E2E_STAGE") or os.environ.get(SHARED)
    if made:
        shutil.copytree(made, folder, symlinks=True)
        return
    folder.mkdir()
    log = root.BUILD / "stage.log"
    with root.lock(), open(log, "w") as output:
        for goal in GOALS:
            words = list(map(str, command(goal, folder)))
            done = subprocess.run(words, stdout=output, stderr=output,
                                  stdin=subprocess.DEVNULL, timeout=600)
            if done.returncode != 0:
                raise Broken(f"make {goal} failed, see {log}")
