# SPDX-License-Identifier: ISC
"""The fault table: each fault, with an enforce policy cached and without, for
Exim and for OpenSMTPD's stage.

fault                                  | policy cached      | nothing cached
DNS or HTTPS broken in any way         | enforced           | as RFC 8461
resolver cannot start, killed, hangs   | enforced           | held, then one
                                       |                    | answer ends it
policy file damaged, truncated ...     | held or enforced   | -
state missing, unreadable, root's      | held               | held
disk full                              | enforced           | looked up live,
                                       |                    | smtpd: held
clock jumps either way                 | enforced           | looked up live
module missing                         | held               | held
"""
import os
import signal

import binding
import check
import exim
import net
from binding import GOOD
from machine import RESOLVER
from meanwhile import Meanwhile, pids

MACHINES = {"split": "", "stage": "stage_"}  # how the cases of each begin
TXT = f"_mta-sts.{GOOD.zone}"
WEB = f"mta-sts.{GOOD.zone}"
HOUR = 3600
DAY = 24 * HOUR


def add(name, function, *arguments, machines=tuple(MACHINES)):
    """A case for each of MACHINES."""
    for machine in machines:
        check.add(MACHINES[machine] + name, function, machine, *arguments)


# -- DNS and HTTPS ---------------------------------------------------------

def lie(name, do, kind=None, records=None):
    rule = {"name": name, "do": do}
    if kind:
        rule["type"] = kind
    if records:
        rule["with"] = records
    return lambda world: world.lie(rule)


def fault(name):
    return lambda world: world.web.fault(GOOD, name)


def certificate(name):
    return lambda world: world.web.certificate(GOOD, name)


def serve(text):
    return lambda world: world.web.serve(GOOD, text)


BROKEN_DNS = {
    "txt_servfail": lie(TXT, "servfail"),
    "txt_refused": lie(TXT, "refuse"),
    "txt_dropped": lie(TXT, "drop"),
}
BROKEN = {
    "txt_nxdomain": lie(TXT, "nxdomain"),
    "txt_nodata": lie(TXT, "nodata"),
    "txt_garbage": lie(TXT, "forge", "TXT", ["v=STSv1; id=not-an-id;"]),
    "txt_two": lie(TXT, "forge", "TXT", ["v=STSv1; id=1;", "v=STSv1; id=2;"]),
    "web_servfail": lie(WEB, "servfail"),
    "web_nxdomain": lie(WEB, "nxdomain"),
    "web_private": lambda world: world.lie(
        {"name": WEB, "do": "forge", "type": "A", "with": ["10.0.0.1"]},
        {"name": WEB, "do": "forge", "type": "AAAA", "with": ["fd00::1"]}),
    "web_unreachable": lambda world: world.kill_web(GOOD),
    "web_silent": lambda world: world.kill_web(GOOD, "blackhole"),
    "web_404": serve(None),
    "web_500": fault("500"),
    "web_redirect": fault("redirect"),
    "web_drip": fault("slow"),
    "web_wrong_name": certificate("mta-sts.two-mx.example"),
    "web_expired": certificate("mx.expired.example"),
    "web_unknown_ca": certificate("mx.unknown-ca.example"),
    "web_html": serve("<html>not a policy</html>\n"),
    "web_empty": serve(""),
    "web_half": serve(GOOD.policy()[:-9]),
}


def prime(world, machine):
    """Have GOOD's policy cached, in the only way there is: by mail."""
    binding.delivered(world, machine)
    check.equal(len(world.web.requests(GOOD)) > 0, True, "policy fetched")


def stale(machine):
    """Long enough that DNS must be asked again, no policy expires."""
    machine.later(2 * HOUR)


def broken_cached(world, machine, do):
    prime(world, machine)
    world.publish(GOOD, id="2")
    machine.setting("timeout", "2s")
    do(world)
    stale(machine)
    binding.enforced(world, machine)


def broken_new(world, machine, do):
    machine.setting("timeout", "2s")
    do(world)
    binding.unprotected(world, machine)


def broken_defer(world, machine, do):
    machine.setting("timeout", "2s")
    machine.setting("on-dns-error", "defer")
    do(world)
    binding.held(world, machine)


# What the resolver makes of it is the same for all: a few will do for smtpd.
BOTH = ("txt_servfail", "txt_dropped", "txt_nxdomain", "web_silent", "web_404")
for _name, _do in {**BROKEN_DNS, **BROKEN}.items():
    _machines = tuple(MACHINES) if _name in BOTH else ("split",)
    add(f"{_name}_cached", broken_cached, _do, machines=_machines)
    add(f"{_name}_new", broken_new, _do, machines=_machines)
for _name, _do in BROKEN_DNS.items():
    add(f"{_name}_on_dns_error_defer", broken_defer, _do)


# -- the resolver ----------------------------------------------------------

class Signaller:
    """Sends a signal to every resolver process there is, for a while."""

    def __init__(self, number):
        self.number = number
        self.hit = set()
        self.meanwhile = Meanwhile(self.turn, 0.002)

    def turn(self):
        for pid in resolvers() - self.hit:
            self.hit.add(pid)
            os.kill(pid, self.number)

    def __enter__(self):
        self.meanwhile.__enter__()
        return self

    def __exit__(self, *exception):
        self.meanwhile.__exit__()
        for pid in resolvers():
            os.kill(pid, signal.SIGKILL)


def resolvers():
    """Pids of the resolver processes running now."""
    return pids("mta-sts-resolve")


def missing(machine):
    machine.file(RESOLVER).unlink()


def not_executable(machine):
    machine.file(RESOLVER).chmod(0o644)


def broken_binary(machine):
    file = machine.file(RESOLVER)
    half = file.with_name("half")
    half.write_bytes(file.read_bytes()[:4096])
    half.chmod(0o755)
    half.replace(file)  # it may be running


CANNOT_START = {"missing": missing, "not_executable": not_executable,
                "broken": broken_binary}


def no_resolver_cached(world, machine, do):
    prime(world, machine)
    do(machine)
    stale(machine)
    binding.enforced(world, machine)


def no_resolver_new(world, machine, do):
    do(machine)
    binding.held(world, machine)
    machine.restore(RESOLVER)
    binding.enforced(world, machine)


for _name, _do in CANNOT_START.items():
    add(f"resolver_{_name}_cached", no_resolver_cached, _do)
    add(f"resolver_{_name}_new", no_resolver_new, _do)


def signalled_cached(world, machine, number):
    prime(world, machine)
    world.publish(GOOD, id="2")
    world.kill_web(GOOD, "blackhole")
    machine.setting("timeout", "3s")
    stale(machine)
    with Signaller(number) as signaller:
        binding.enforced(world, machine)
    check.expect(signaller.hit, "no resolver was running")


def signalled_new(world, machine, number):
    world.kill_web(GOOD, "blackhole")
    machine.setting("timeout", "3s")
    with Signaller(number) as signaller:
        binding.held(world, machine)
    check.expect(signaller.hit, "no resolver was running")
    world.revive_host(net.web(GOOD.number))
    binding.enforced(world, machine)


for _name, _number in {"killed": signal.SIGKILL,
                       "hangs": signal.SIGSTOP}.items():
    add(f"resolver_{_name}_cached", signalled_cached, _number)
    add(f"resolver_{_name}_new", signalled_new, _number)


# -- the policy file -------------------------------------------------------

def flip(file):
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 0x04
    file.write_bytes(data)


def weaken(file):
    text = file.read_text()
    check.expect("enforce" in text, "no mode in the policy file")
    file.write_text(text.replace("enforce", "testing"))


def half(file):
    os.truncate(file, file.stat().st_size // 2)


def empty(file):
    os.truncate(file, 0)


def folder(file):
    file.unlink()
    file.mkdir()


def link(file):
    file.rename(f"{file}.real")
    os.symlink(f"{file.name}.real", file)


DAMAGE = {"flipped": flip, "weakened": weaken, "truncated": half,
          "emptied": empty, "unreadable": lambda file: file.chmod(0),
          "a_folder": folder, "a_link": link,
          "of_root": lambda file: os.chown(file, 0, 0)}


def damage(world, machine, do):
    prime(world, machine)
    file = machine.policy_file(GOOD)
    check.expect(file is not None, "no policy file")
    do(file)


def damaged(world, machine, do):
    """Whatever is read of it: never weaker; and soon it is whole again."""
    damage(world, machine, do)
    binding.safe(world, machine)
    binding.enforced(world, machine)


def damaged_offline(world, machine, do):
    """The attacker also hides the domain's record: the ledger knows."""
    damage(world, machine, do)
    lie(TXT, "nxdomain")(world)
    world.kill_web(GOOD)
    stale(machine)
    binding.safe(world, machine)
    binding.enforced(world, machine)


for _name, _do in DAMAGE.items():
    add(f"policy_file_{_name}", damaged, _do)
    add(f"policy_file_{_name}_offline", damaged_offline, _do)


# -- the state directory ---------------------------------------------------

def moved(machine, back):
    here = machine.state()
    there = here.with_name("away")
    if back:
        there.rename(here)
    else:
        here.rename(there)


def unreadable(machine, back):
    machine.state().chmod(0o700 if back else 0)


def of_root(machine, back):
    machine.run("chown", f"{machine.user if back else 'root'}:",
                machine.folder)


def open_to_all(machine, back):
    machine.state().chmod(0o700 if back else 0o777)


STATE = {"missing": moved, "unreadable": unreadable, "of_root": of_root,
         "open_to_all": open_to_all}


def state_new(world, machine, do):
    do(machine, False)
    try:
        got = binding.held(world, machine)
        check.expect(GOOD.zone in machine.syslog() + got.log, "not said")
    finally:
        do(machine, True)
    binding.enforced(world, machine)


def state_cached(world, machine, do):
    prime(world, machine)
    state_new(world, machine, do)


for _name, _do in STATE.items():
    add(f"state_{_name}_cached", state_cached, _do)
    add(f"state_{_name}_new", state_new, _do)


# -- the disk --------------------------------------------------------------

def small_disk(machine):
    """A file system of its own for the state."""
    owner = machine.state().stat()
    machine.run("mount", "-t", "tmpfs", "-o", "size=2m,nr_inodes=700,mode=700,"
                f"uid={owner.st_uid},gid={owner.st_gid}", "tmpfs",
                machine.folder)


def fill_blocks(machine):
    with open(machine.state("filler"), "wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError:
            pass


def fill_inodes(machine):
    number = 0
    try:
        while True:
            machine.state(f"filler{number}").touch()
            number += 1
    except OSError:
        pass


def full_cached(world, machine, fill):
    small_disk(machine)
    prime(world, machine)
    fill(machine)
    binding.enforced(world, machine)
    stale(machine)
    binding.enforced(world, machine)


def full_new(world, machine, fill):
    small_disk(machine)
    fill(machine)
    if machine.mta == "opensmtpd":  # its table has no word but the state's
        binding.held(world, machine)
        return
    binding.enforced(world, machine)
    check.equal(len(world.web.requests(GOOD)), 2, "fetches of two messages")


for _name, _fill in {"blocks": fill_blocks, "inodes": fill_inodes}.items():
    add(f"disk_full_{_name}_cached", full_cached, _fill)
    add(f"disk_full_{_name}_new", full_new, _fill)


# -- the clock -------------------------------------------------------------

def jump_cached(world, machine, days):
    """Hiding the record while the clock is wrong does not help."""
    prime(world, machine)
    machine.clock(days * DAY, 0)
    lie(TXT, "nxdomain")(world)
    binding.enforced(world, machine)
    world.repair()
    binding.enforced(world, machine)


def jump_new(world, machine, days):
    machine.clock(days * DAY, 0)
    binding.enforced(world, machine)


def jump_after_none(world, machine, days):
    """That there was no policy is not believed for longer than it held."""
    lie(TXT, "nxdomain")(world)
    binding.unprotected(world, machine)
    world.repair()
    machine.clock(days * DAY, 0)
    binding.enforced(world, machine)


def jump_reboot_cached(world, machine, days):
    prime(world, machine)
    machine.reboot(days * DAY)
    lie(TXT, "nxdomain")(world)
    binding.enforced(world, machine)


for _name, _days in {"forward": 40, "back": -40}.items():
    add(f"clock_{_name}_cached", jump_cached, _days)
    add(f"clock_{_name}_new", jump_new, _days)
    add(f"clock_{_name}_none", jump_after_none, _days)
    add(f"clock_{_name}_reboot", jump_reboot_cached, _days)


# -- the module ------------------------------------------------------------

def module_missing(machine):
    machine.file(exim.MODULE).unlink()


def module_broken(machine):
    os.truncate(machine.file(exim.MODULE), 4096)


def module_config(machine):
    machine.setting("no-such-keyword", "1")


MODULE = {"missing": module_missing, "broken": module_broken,
          "config": module_config}


def no_module_new(world, machine, do):
    do(machine)
    binding.held(world, machine)


def no_module_cached(world, machine, do):
    prime(world, machine)
    no_module_new(world, machine, do)


for _machine in ("split", "single"):
    for _name, _do in MODULE.items():
        check.add(f"{_machine}_module_{_name}_cached", no_module_cached,
                  _machine, _do)
        check.add(f"{_machine}_module_{_name}_new", no_module_new, _machine,
                  _do)


@check.case()
def module_back_again(world, machine):
    """What waited for the module goes out by the next queue run."""
    machine.file(exim.MODULE).unlink()
    binding.honest(world, machine)
    machine.restore(exim.MODULE)
    machine.run_queue()
    check.equal(machine.queue(), [], "queue")


@check.case()
def module_missing_spares_local_mail(world, machine):
    machine.file(exim.MODULE).unlink()
    machine.send(f"root@{net.SENDER}")
    check.equal(machine.queue(), [], "queue")
    check.expect("=> /var/mail/" in machine.log(), machine.log())
