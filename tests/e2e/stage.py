# SPDX-License-Identifier: ISC
"""Our software, built for the root and installed into a folder."""
import shutil
import subprocess

import root

STAGE = root.BUILD / "stage"
OBJECTS = root.TREE / "build" / "usr"
MODULE = "usr/lib/exim4/mta-sts.so"


def present():
    """The folder to lay over a root, or None while there is no module."""
    return STAGE if (STAGE / MODULE).exists() else None


def make():
    """Build and install; returns what present() does."""
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    command = ["make", "-s", "-C", root.TREE, "install", "PREFIX=/usr",
               f"B={OBJECTS}", f"DESTDIR={STAGE}"]
    with open(root.BUILD / "stage.log", "w") as log:
        done = subprocess.run(command, stdout=log, stderr=log, timeout=600)
    if done.returncode != 0:
        shutil.rmtree(STAGE)
        print(f"not installed, see {log.name}")
    return present()
