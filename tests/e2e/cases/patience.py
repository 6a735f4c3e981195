# SPDX-License-Identifier: ISC
"""Exim's queue and a wrong clock: what waits, how long, and what ends it.

Debian's retry rule gives up after four days.  Exim counts from the first
failure of the destination, not from the message's arrival: after that even a
new message has one attempt, which must be a real one (RFC 8461, 5).
"""
import concurrent.futures
import contextlib
import dataclasses
import os
import signal
import time

import binding
import check
import domains
import exim
import net
import outcome
from binding import GOOD
from cases import faults
from cases.faults import DAY, HOUR, TXT, lie
from cases.lookup import fetches, fetching_resolver
from row import NO_MX

OUTSIDE = domains.BY_NAME["outside"]
CUTOFF = 4 * DAY
MAILBOX = "/var/mail/mail"  # root's, whom Exim tells of a failure


# -- the end of Exim's patience ---------------------------------------------

@contextlib.contextmanager
def outside(world):
    """No MX host in the policy: routing fails."""
    yield OUTSIDE


@contextlib.contextmanager
def stripped(world):
    """STARTTLS taken away: each connection fails."""
    world.strip("mx.good.example")
    try:
        yield GOOD
    finally:
        world.strip("mx.good.example", False)


FAILURES = {"routing": outside, "tls": stripped}


def post(world, machine, domain, user="root"):
    return outcome.watch(world, machine, lambda: machine.run(
        "exim4", "-odi", "-f", f"{user}@{net.SENDER}", f"bob@{domain.zone}",
        input="Subject: hello\n\nOne line.\n"))


def run_at(world, machine, second):
    """A queue run as the daemon does it, that long after the start."""
    machine.later(second)
    return outcome.watch(world, machine, lambda: machine.run_queue("-q"))


def bounces(machine):
    """Texts of the mail that gave a message up."""
    mailbox = machine.file(MAILBOX)
    text = mailbox.read_text() if mailbox.exists() else ""
    return [mail for mail in text.split("\nFrom MAILER-DAEMON ")
            if "Action: failed" in mail]


def waited(world, machine, domain):
    """A message has been tried until shortly before the cutoff."""
    machine.file(MAILBOX).unlink(missing_ok=True)
    post(world, machine, domain)
    for second in (HOUR, DAY, CUTOFF - HOUR):
        got = run_at(world, machine, second)
        check.equal(got.queue, [f"bob@{domain.zone}"], f"queue at {second} s")
        check.expect(not got.rcpts, "RCPT although deferred")


def given_up(world, machine, domain):
    """The next run behind the cutoff ends it."""
    waited(world, machine, domain)
    check.equal(len(bounces(machine)), 0, "bounces before the end")
    got = run_at(world, machine, CUTOFF + HOUR)
    check.equal((got.what, got.queue), ("bounced", []), "at the end")
    check.expect(not got.rcpts, "RCPT at the end")


def repair(world, domain):
    """The owner publishes a policy that lets the mail pass."""
    world.web.serve(domain, domain.policy(["mx"]).replace(
        "enforce", "enforce" if domain is OUTSIDE else "none"))
    world.publish(domain, id="2")


def last_minute(world, machine, failing):
    """STS-69: a new id just before the last attempt is seen by it."""
    with failing(world) as domain:
        waited(world, machine, domain)
        machine.later(CUTOFF - 60)
        repair(world, domain)
        got = run_at(world, machine, CUTOFF + 6 * HOUR)
    check.equal((got.host, got.queue), (f"mx.{domain.zone}", []),
                f"mail\n{got.log}\n")
    check.equal(bounces(machine), [], "bounces")


def told(world, machine, failing):
    """A bounce is by Exim's timeout, once, and says where it failed."""
    with failing(world) as domain:
        given_up(world, machine, domain)
    found = bounces(machine)
    check.equal(len(found), 1, "bounces")
    for text in ("retry timeout exceeded",
                 NO_MX if domain is OUTSIDE else f"host mx.{domain.zone}"):
        check.expect(text in found[0], f"no {text!r} in\n{found[0]}")


def asked_live(world, machine, failing):
    """A new message behind the cutoff: the new policy counts at once."""
    with failing(world) as domain:
        given_up(world, machine, domain)
        repair(world, domain)
        machine.later(CUTOFF + DAY)
        got = post(world, machine, domain)
    check.equal((got.host, got.queue), (f"mx.{domain.zone}", []),
                f"new message\n{got.log}\n")


for _name, _failing in FAILURES.items():
    check.add(f"new_id_at_the_last_minute_{_name}", last_minute, "split",
              _failing)
    check.add(f"queue_end_{_name}", told, "split", _failing)
    check.add(f"new_mail_after_the_cutoff_{_name}", asked_live, "split",
              _failing)


@check.case()
def new_mail_after_the_cutoff_connects(world, machine):
    """delay_after_cutoff: it bounces by a live failure only, and a host that
    works again gets the mail."""
    with stripped(world) as domain:
        given_up(world, machine, domain)
        machine.later(CUTOFF + DAY)
        got = post(world, machine, domain)
        check.equal((got.what, got.met), ("bounced", {"mx.good.example"}),
                    "while it fails")
        check.expect(not got.rcpts, "RCPT without TLS")
    machine.later(CUTOFF + DAY + 60)
    got = post(world, machine, domain)
    check.equal((got.what, got.queue), ("verified", []), "repaired")


@check.case()
def queue_runs_with_the_clock_back(world, machine):
    """Exim waits for its retry time, and loses nothing; ours asks anew."""
    machine.later(10 * DAY)
    post(world, machine, OUTSIDE)
    machine.clock(2 * DAY, 10 * DAY)
    repair(world, OUTSIDE)
    machine.run_queue("-q")
    check.equal(machine.queue(), [f"bob@{OUTSIDE.zone}"], "queue")
    got = outcome.watch(world, machine, machine.run_queue)
    check.equal((got.what, got.queue), ("verified", []),
                f"forced run\n{got.log}\n")


# -- clocks that were, or become, wrong --------------------------------------

def prime(world, machine):
    binding.delivered(world, machine)


def hide(world):
    lie(TXT, "nxdomain")(world)
    world.kill_web(GOOD)


@check.case()
def policy_from_the_future(world, machine):
    """Fetched while the clock was ahead: it binds, and is soon renewed."""
    machine.clock(30 * DAY, 0)
    prime(world, machine)
    machine.clock(0, 0)
    binding.enforced(world, machine)
    check.equal(fetches(world), 2, "fetches")
    hide(world)
    machine.later(8 * DAY)
    binding.unprotected(world, machine)


@check.case()
def policy_from_the_future_stays(world, machine):
    """The same while it cannot be renewed."""
    machine.clock(30 * DAY, 0)
    prime(world, machine)
    machine.clock(0, 0)
    hide(world)
    binding.enforced(world, machine)
    machine.later(8 * DAY)
    binding.safe(world, machine)


@check.case()
def back_off_from_the_future(world, machine):
    """It is void: the host is asked at once."""
    world.web.serve(GOOD, None)
    machine.clock(DAY, 0)
    binding.unprotected(world, machine)
    machine.clock(0, 0)
    world.web.serve(GOOD, GOOD.policy())
    binding.enforced(world, machine)


@check.case()
def suspect_clock_heals(world, machine):
    """A time that goes on for a week without another jump is believed."""
    prime(world, machine)
    hide(world)
    for passed in (0, 3 * DAY, 7 * DAY - 60):
        machine.clock(40 * DAY + passed, passed)
        binding.safe(world, machine)
    machine.clock(47 * DAY + 60, 7 * DAY + 60)
    binding.unprotected(world, machine)


@check.case()
def second_jump_is_suspect_anew(world, machine):
    prime(world, machine)
    hide(world)
    machine.clock(40 * DAY, 0)
    binding.safe(world, machine)
    machine.clock(50 * DAY + 6 * DAY, 6 * DAY)
    binding.safe(world, machine)
    machine.clock(50 * DAY + 8 * DAY, 8 * DAY)
    binding.safe(world, machine)


@contextlib.contextmanager
def hanging_fetch(world, machine):
    """A resolver that holds the lease, and hangs."""
    world.web.fault(GOOD, "slow")
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sending = pool.submit(machine.send, f"bob@{GOOD.zone}")
        pid = fetching_resolver(world)
        os.kill(pid, signal.SIGSTOP)
        world.web.repair(GOOD)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGKILL)
            sending.result()


@check.case()
def lease_ends_by_boot_time(world, machine):
    """Whatever the wall clock says, and though its holder still lives."""
    with hanging_fetch(world, machine):
        machine.clock(-DAY, 60)
        began = time.monotonic()
        binding.enforced(world, machine)
        check.expect(time.monotonic() - began < 3, "waited for the lease")


@check.case()
def lease_outlives_a_wall_clock_jump(world, machine):
    """One fetch at a time: a second does not begin by a wrong clock."""
    with hanging_fetch(world, machine):
        mark = fetches(world)
        machine.setting("timeout", "1s")
        machine.clock(DAY, 0)
        got = outcome.deliver(world, machine, f"bob@{GOOD.zone}")
        check.expect(not got.met and got.queue, f"mail went: {got}")
        check.equal(fetches(world), mark, "fetches")


# -- faults of our own --------------------------------------------------------

@dataclasses.dataclass
class Fault:
    """Something of ours that breaks, what the log says, how it is mended."""
    do: object
    log: str
    mend: object
    panic: str = ""


def no_library(machine):
    machine.file(exim.MODULE).write_text("not a library\n")


def mended(path):
    return lambda machine: machine.restore(path)


OURS = {
    "module_missing": Fault(faults.module_missing, "module cannot be used",
                            mended(exim.MODULE)),
    "module_broken": Fault(no_library, "module cannot be used",
                           mended(exim.MODULE), "dlopen"),
    "resolver_missing": Fault(faults.missing, exim.RESOLVER,
                              mended(exim.RESOLVER)),
    "state_missing": Fault(lambda machine: faults.moved(machine, False),
                           "what is stored cannot be read",
                           lambda machine: faults.moved(machine, True)),
}
LONG = 10 * DAY


def waits(got, fault, number):
    """NUMBER messages wait, each with the reason in the log."""
    check.equal(got.queue.count(f"bob@{GOOD.zone}"), number, got.log)
    check.expect("*frozen*" not in str(got.queue), "message frozen")
    check.equal(got.met, set(), "connections")
    check.equal(reasons(got.log, fault.log), number, got.log)
    check.equal((bool(got.panic), fault.panic in got.panic),
                (bool(fault.panic), True), got.panic)


def reasons(log, text):
    """Deferrals in LOG that name TEXT."""
    return sum(text in line for line in log.splitlines() if " == " in line)


def outlasted(world, machine, fault):
    """However long it lasts, nothing is given up, and all is sent then."""
    fault.do(machine)
    try:
        waits(post(world, machine, GOOD, "mail"), fault, 1)
        for second in (HOUR, CUTOFF - HOUR, CUTOFF + HOUR, LONG):
            waits(run_at(world, machine, second), fault, 1)
        got = post(world, machine, GOOD, "mail")
        check.equal(got.queue, [f"bob@{GOOD.zone}"] * 2, "new message")
        waits(run_at(world, machine, LONG + HOUR), fault, 2)
    finally:
        fault.mend(machine)
    got = run_at(world, machine, LONG + 2 * HOUR)
    check.equal((got.what, got.queue, len(got.rcpts)), ("verified", [], 2),
                f"repaired\n{got.log}\n")
    check.expect(" ** " not in machine.log(), "given up")


for _machine in ("split", "single"):
    for _name, _fault in OURS.items():
        check.add(f"{_machine}_{_name}_for_long", outlasted, _machine, _fault)


def hinted(world, machine, fault):
    """Exim has given the domain up before: the message waits all the same."""
    given_up(world, machine, OUTSIDE)
    repair(world, OUTSIDE)
    machine.later(CUTOFF + DAY)
    fault.do(machine)
    try:
        got = post(world, machine, OUTSIDE)
        check.equal((got.what, got.met), ("deferred", set()), got.log)
        got = run_at(world, machine, CUTOFF + 2 * DAY)
        check.equal((got.what, got.met), ("deferred", set()), got.log)
    finally:
        fault.mend(machine)
    got = run_at(world, machine, CUTOFF + 2 * DAY + HOUR)
    check.equal((got.what, got.queue), ("verified", []), got.log)
    check.equal(len(bounces(machine)), 1, "bounces")


def asked(_world, machine, fault):
    """Who only asks for the address is told to wait, too."""
    fault.do(machine)
    try:
        for option in ("-bv", "-bt"):
            said = machine.run("exim4", option, f"bob@{GOOD.zone}",
                               check=False).stdout
            check.expect("cannot be resolved at this time" in said, said)
            check.expect(fault.log in said, said)
    finally:
        fault.mend(machine)


for _name, _fault in OURS.items():
    if _name != "resolver_missing":  # the policy is known, and still binds
        check.add(f"{_name}_and_old_hints", hinted, "split", _fault)
    check.add(f"{_name}_and_verification", asked, "split", _fault)


@check.case()
def unknown_by_dns_ends(world, machine):
    """on-dns-error defer: a domain without DNS is not waited for for ever."""
    machine.setting("timeout", "2s")
    machine.setting("on-dns-error", "defer")
    lie(TXT, "servfail")(world)
    given_up(world, machine, GOOD)
