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
OBJECTS = root.TREE / "build" / "usr"
MODULE = "usr/lib/exim4/mta-sts.so"


def present():
    """The folder to lay over a root, or None while there is no module."""
    return STAGE if (STAGE / MODULE).exists() else None


def make():
    """Build and install; returns what present() does."""
    if GIVEN:
        return present()
    shutil.rmtree(STAGE, ignore_errors=True)
    STAGE.mkdir(parents=True)
    command = ["make", "-s", f"-j{os.cpu_count()}", "-C", root.TREE,
               "install-exim", "PREFIX=/usr", f"B={OBJECTS}",
               f"DESTDIR={STAGE}"]
    with open(root.BUILD / "stage.log", "w") as log:
        done = subprocess.run(command, stdout=log, stderr=log, timeout=600)
    if done.returncode != 0:
        shutil.rmtree(STAGE)
        raise root.Unavailable(f"make install-exim failed, see {log.name}")
    return present()
