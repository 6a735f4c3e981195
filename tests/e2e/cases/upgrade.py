# SPDX-License-Identifier: ISC
"""Our software replaced while mail flows; flow.py judges."""
import contextlib
import errno
import shutil

import check
import exim
import flow
import root
import smtpd
import space
import stage
from cases import faults
from cases.load import SEED
from meanwhile import Meanwhile

CONFIG = "/etc/mta-sts.conf"
# Without the module Exim defers and says so (EXIM: "dlopen ... failed").
NO_MODULE = r'dlopen "\S+" failed'


def copy_of(machine, path):
    """The file as it was installed."""
    return machine.world.stage / path.lstrip("/")


def by_rename(machine, path):
    """As a package manager does; the file is not quite the same."""
    new = machine.file(path + ".new")
    shutil.copy2(copy_of(machine, path), new)
    with open(new, "ab") as file:
        file.write(b"# another\n")
    new.replace(machine.file(path))


def by_make(machine, path):
    """As the README says, if the software tested comes from this tree.

    PATH is one of many files that it installs.
    """
    if not (root.TREE / "build" / stage.OBJECTS / "flags").exists():
        by_rename(machine, path)
        return
    with root.lock():
        space.run(*stage.command(machine.goal, machine.root))


def by_copy(machine, path):
    """As a careless administrator does: empty the file, fill it again."""
    data = copy_of(machine, path).read_bytes()
    try:
        with open(machine.file(path), "wb", buffering=0) as file:
            for begin in range(0, len(data), 4096):
                file.write(data[begin:begin + 4096])
    except OSError as error:
        if error.errno != errno.ETXTBSY:  # a program that runs is safe
            raise


def removed(machine, path):
    machine.file(path).unlink(missing_ok=True)


def other_config(machine, path):
    """Valid, then not, then gone, then valid again."""
    file = machine.file(path)
    text = copy_of(machine, path).read_text().replace("15s", "8s")
    for more in ("log-level debug\n", "no-such-keyword 1\n"):
        new = file.with_name("mta-sts.conf.new")
        new.write_text(text.replace("log-level notice\n", more))
        new.replace(file)
    removed(machine, path)
    by_rename(machine, path)


def upgrade(name, function, *paths, pause=0.1, allowed=None, kills=False,
            machine="split"):
    """A case: FUNCTION(machine, path) again and again, then all as it was."""
    @contextlib.contextmanager
    def fault(world, machine):
        def turn():
            for path in paths:
                function(machine, path)
        with Meanwhile(turn, pause):
            yield
        for path in paths:
            machine.restore(path)

    check.add(f"{faults.MACHINES[machine]}upgrade_{name}", flow.under_load,
              machine, fault, SEED, False, allowed, kills)


def package(machine, path):
    """Removed and put back, file by file."""
    if machine.file(path).exists():
        removed(machine, path)
    else:
        machine.restore(path)


upgrade("module_renamed", by_rename, exim.MODULE)
upgrade("resolver_renamed", by_rename, exim.RESOLVER)
upgrade("by_make", by_make, exim.MODULE, pause=0)
# Whoever has a library mapped dies of that.
upgrade("module_copied", by_copy, exim.MODULE, allowed=".*", kills=True)
upgrade("resolver_copied", by_copy, exim.RESOLVER)
upgrade("config", other_config, CONFIG)
# smtpd goes on with what it has started; only the resolver is started anew.
upgrade("by_make", by_make, smtpd.FILTER, pause=0, machine="stage")
upgrade("resolver_renamed", by_rename, exim.RESOLVER, machine="stage")
upgrade("config", other_config, CONFIG, machine="stage")
upgrade("package", package, smtpd.FILTER, smtpd.TABLE, exim.RESOLVER, CONFIG,
        pause=0.2, machine="stage")
upgrade("package", package, exim.MODULE, exim.RESOLVER, CONFIG, pause=0.2,
        allowed=NO_MODULE)


@check.case()
def install_never_shows_half_a_module(world, machine):
    file, sizes = machine.file(exim.MODULE), set()
    old = file.stat().st_size

    def look():
        try:
            sizes.add(file.stat().st_size)
        except FileNotFoundError:
            sizes.add(None)

    with Meanwhile(look):
        for _ in range(5):
            by_make(machine, exim.MODULE)
    check.expect(sizes <= {old, file.stat().st_size}, f"sizes: {sizes}")
