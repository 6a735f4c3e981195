# SPDX-License-Identifier: ISC
"""One fault while mail flows, on and off again; flow.py judges.

Left out is what cannot be hit from outside: the resolver while it parses (no
system call in between), its MX step, which no Exim asks for, and the file of
a lease, which is there for milliseconds.
"""
import contextlib
import fcntl
import os
import random
import resource
import shutil
import signal
import stat
import time

import check
import flow
import space
from cases import faults
from machine import RESOLVER
from meanwhile import Meanwhile, pids

SEED = 8461
FATAL = (signal.SIGKILL, signal.SIGSEGV, signal.SIGSTOP)
HANGS = 0.4  # seconds a stopped resolver stays


def fault(name, function, *arguments, blind=False, allowed=None, **options):
    """A case: FUNCTION(world, machine, *ARGUMENTS) is the fault."""
    faults.add(f"load_{name}", flow.under_load,
               lambda world, machine: function(world, machine, *arguments),
               SEED, blind, allowed, **options)


# -- the resolver, at each of its states -------------------------------------

def opened(pid):
    """What the process has open, by name."""
    names = []
    with contextlib.suppress(OSError):
        for entry in os.scandir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                names.append(os.readlink(entry.path))
    return names


def has(part):
    return lambda pid: any(part in name for name in opened(pid))


def connected(pid):
    """Is it connected to a policy host?"""
    inodes = {name[8:-1] for name in opened(pid) if name.startswith("socket:")}
    with contextlib.suppress(OSError):
        for table in ("tcp", "tcp6"):
            with open(f"/proc/{pid}/net/{table}") as lines:
                for words in map(str.split, lines):
                    if words[2].endswith(":01BB") and words[9] in inodes:
                        return True
    return False


@contextlib.contextmanager
def stopped(*programs):
    """These servers answer nothing."""
    space.wait_for(" and ".join(programs),
                   lambda: all(pids(program) for program in programs))
    victims = pids(*programs)
    for pid in victims:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


@contextlib.contextmanager
def locked(path):
    """Nobody else gets the lock of PATH."""
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    try:
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def unanswered(world, prefix):
    """Names below domains with a policy are asked for in vain."""
    rules = [{"name": f"{prefix}.{row.zone}", "do": "drop"}
             for row in flow.rows(*flow.ATTACKED, *flow.CACHED, *flow.NEW, *flow.DANE)]
    with world.lying(*rules):
        yield
    world.stop("unbound", signal.SIGKILL)  # it remembers what it waits for
    world.start_resolver()


# state: (what makes the resolver wait in it, how to see that it does)
STATES = {
    "txt": (lambda world, machine: unanswered(world, "_mta-sts"),
            has("socket:")),
    "lease": (lambda world, machine: locked(machine.state("leases")),
              has("/leases")),
    "addresses": (lambda world, machine: unanswered(world, "mta-sts"),
                  has("/leases/")),
    "fetch": (lambda world, machine: stopped("nginx"), connected),
    "store": (lambda world, machine: locked(machine.state("ledger")),
              has("/ledger")),
    "any": (lambda world, machine: contextlib.nullcontext(),
            lambda pid: True),
}


@contextlib.contextmanager
def resolvers_die(world, machine, state):
    stall, waits = STATES[state]
    draw, hit = random.Random(SEED), {}

    def kill(pid, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)

    def turn():
        now = time.monotonic()
        for pid in faults.resolvers():
            if pid not in hit and waits(pid):
                hit[pid] = now
                kill(pid, draw.choice(FATAL))
            elif now - hit.get(pid, now) > HANGS:
                kill(pid, signal.SIGKILL)  # stopped for long enough

    with stall(world, machine), Meanwhile(turn, 0.002):
        yield
    for pid in faults.resolvers() & set(hit):
        kill(pid, signal.SIGKILL)
    check.expect(len(hit) > (3 if machine.mta == "exim" else 1),
                 f"{len(hit)} resolvers hit in state {state}")


for _state in STATES:
    # Two of them end with a DNS server that is killed, too.  smtpd's resolver
    # is in all states at once.
    fault(f"resolver_dies_{_state}", resolvers_die, _state,
          blind=_state in ("txt", "addresses"),
          machines=tuple(faults.MACHINES) if _state == "any" else ("split",))


# -- the disk ----------------------------------------------------------------

def writable(machine):
    try:
        machine.state("filler-probe").write_bytes(b"x" * 65536)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def disk_full(world, machine, fill):
    fill(machine)
    yield
    check.expect(not writable(machine), "there is room again")
    for filler in machine.state().glob("filler*"):
        filler.unlink()


@contextlib.contextmanager
def read_only(world, machine):
    def remount(how):
        return machine.run("mount", "-o", f"remount,{how}", machine.folder,
                           check=False).returncode == 0
    machine.stop()  # what is open for writing cannot become read-only
    space.wait_for("read-only state", lambda: remount("ro"))
    machine.start()
    yield
    check.expect(not writable(machine), "not read-only")
    check.expect(remount("rw"), "remount")


def on_small_disk(world, machine, fault, stops):
    """STOPS: the fault stops a server on its way."""
    faults.small_disk(machine)
    flow.under_load(world, machine, fault, SEED,
                    kills=stops and machine.mta == "opensmtpd")


for _name, _do, _more in (("full_blocks", disk_full, (faults.fill_blocks,)),
                          ("full_inodes", disk_full, (faults.fill_inodes,)),
                          ("read_only", read_only, ())):
    faults.add(f"load_disk_{_name}", on_small_disk,
               lambda world, machine, do=_do, more=_more:
               do(world, machine, *more), _do is read_only)


# -- state files -------------------------------------------------------------

def flipped(file, other, draw):
    with open(file, "r+b") as octets:
        octets.seek(draw.randrange(file.stat().st_size))
        octet = octets.read(1)[0] ^ 1 << draw.randrange(8)
        octets.seek(-1, os.SEEK_CUR)
        octets.write(bytes([octet]))


def truncated(file, other, draw):
    os.truncate(file, draw.randrange(file.stat().st_size))


def swapped(file, other, draw):
    third = file.with_name("swap")
    file.rename(third)
    other.rename(file)
    third.rename(other)


def gone(file, other, draw):
    file.unlink()


def link(file, other, draw):
    file.unlink()
    file.symlink_to(os.path.relpath(other, file.parent))


def hard_link(file, other, draw):
    file.unlink()
    os.link(other, file)


def folder(file, other, draw):
    file.unlink()
    file.mkdir(mode=0o700)


def fifo(file, other, draw):
    file.unlink()
    os.mkfifo(file, 0o600)


def endless(file, other, draw):
    """A device that never stops giving."""
    file.unlink()
    os.mknod(file, stat.S_IFCHR | 0o666, os.makedev(1, 5))


DAMAGE = (flipped, truncated, swapped, gone, link, hard_link, folder, fifo,
          endless)
KINDS = {"policies": ("policies/*/*",), "ledger": ("ledger",),
         "tables": ("absent", "checked"),
         "hints": ("mx/*/*", "journal/*")}


def some_files(machine, pattern):
    return space.wait_for(f"{pattern}", lambda: sorted(
        machine.state().glob(pattern)))


def remove(path):
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def damaged(world, machine, kind):
    """Each damage in turn to some file; half of them are put back."""
    draw = random.Random(SEED)
    machine.run(RESOLVER, "-d", machine.folder, "-s", input="".join(
        f"mx {row.zone}\n" for row in flow.rows(*flow.CACHED)))
    every = [file for pattern in KINDS[kind]
             for file in some_files(machine, pattern)]
    copy = machine.state().with_name("copy")
    shutil.copytree(machine.state(), copy,
                    ignore=shutil.ignore_patterns("wish"))  # a socket
    owner = machine.state().stat()
    used, left = set(), []

    def turn():
        left[:] = left or draw.sample(DAMAGE, len(DAMAGE))
        damage = left.pop()
        file, other = draw.choice(every), draw.choice(every)
        if other == file:
            other = machine.state("ledger") if kind != "ledger" else \
                machine.state("checked")
        saved = copy / file.relative_to(machine.state())
        with contextlib.suppress(OSError, ValueError):
            damage(file, other, draw)
            used.add(damage)
        time.sleep(0.05)
        if draw.random() < 0.5 or not file.is_file() or file.is_symlink():
            with contextlib.suppress(OSError):
                remove(file)
                shutil.copy2(saved, file)
                os.chown(file, owner.st_uid, owner.st_gid)

    try:
        with Meanwhile(turn, 0.03):
            yield
            space.wait_for("every damage", lambda: used == set(DAMAGE))
    finally:
        shutil.rmtree(copy)


for _kind in KINDS:
    fault(f"damaged_{_kind}", damaged, _kind)


@contextlib.contextmanager
def state_comes_and_goes(world, machine):
    away = False

    def turn():
        nonlocal away
        faults.moved(machine, away)
        away = not away

    with Meanwhile(turn, 0.15):
        yield
    if away:
        turn()


fault("state_moved", state_comes_and_goes)


# -- servers and the clock ---------------------------------------------------

@contextlib.contextmanager
def unbound_dies(world, machine):
    def turn():
        world.stop("unbound", signal.SIGKILL)
        time.sleep(0.3)
        world.start_resolver()

    with Meanwhile(turn, 0.5):
        yield


@contextlib.contextmanager
def web_dies(world, machine):
    victims = pids("nginx")
    world.processes.pop("nginx")
    for pid in victims:
        os.kill(pid, signal.SIGKILL)
    yield
    space.wait_for("nginx to be gone", lambda: not pids("nginx"))
    world.spawn("nginx", "internet", "servers", "nginx")
    space.wait_for("nginx", lambda: world.listening("internet", 443))


fault("unbound_dies", unbound_dies, blind=True)
fault("web_dies", web_dies, blind=True)

HOUR = 3600
STEPS = (3 * HOUR, -3 * HOUR, 11 * HOUR, -11 * HOUR, 0)


@contextlib.contextmanager
def clock_steps(world, machine):
    """Not so far that Exim would warn the sender of a delay."""
    draw = random.Random(SEED)
    file = machine.file("/etc/clock")

    def step(seconds):
        new = file.with_name("clock.new")
        new.write_text(f"{2 * HOUR + seconds} {2 * HOUR}\n")
        new.rename(file)

    with Meanwhile(lambda: step(draw.choice(STEPS)), 0.2):
        yield
    step(0)  # machine.later() would stop an smtpd amid its deliveries


fault("clock_steps", clock_steps, machines=("split",))  # Exims are new


# -- what a machine can run out of -------------------------------------------

FORK = "/usr/lib/fork.so"


@contextlib.contextmanager
def starved(world, machine, limit, values):
    """Processes get a small limit when they are first seen.

    Where another user's process is not ours to limit (no CAP_SYS_RESOURCE),
    root's Exims pass theirs on.
    """
    draw, seen, before = random.Random(SEED), set(), {}

    def turn():
        for pid in pids("exim4", "mta-sts-resolve") - seen:
            seen.add(pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                soft, hard = resource.prlimit(pid, limit)
                resource.prlimit(pid, limit, (draw.choice(values), hard))
                before[pid] = soft, hard

    with Meanwhile(turn, 0.002):
        yield
    for pid, pair in before.items():  # Berkeley DB waits 12 s else
        with contextlib.suppress(ProcessLookupError, PermissionError):
            resource.prlimit(pid, limit, pair)
    check.expect(len(before) > 9, f"{len(before)} processes limited")


fault("few_descriptors", starved, resource.RLIMIT_NOFILE, range(3, 17),
      allowed="Too many open files", machines=("split",))
fault("little_memory", starved, resource.RLIMIT_AS,
      range(1 << 20, 80 << 20, 1 << 20), allowed="failed to malloc",
      machines=("split",))
