# SPDX-License-Identifier: ISC
"""When policies are fetched, and what a change of theirs does."""
import concurrent.futures
import os
import re
import signal
import time

import binding
import check
import domains
import space
from binding import GOOD
from cases.faults import prime, stale
from row import NO_MX

CROWD = 50


def fetches(world, domain=GOOD):
    return len(world.web.requests(domain))


@check.case()
def one_fetch_serves_many_messages(world, machine):
    for _ in range(5):
        binding.delivered(world, machine)
    check.equal(fetches(world), 1, "fetches")


@check.case()
def same_id_is_not_fetched_again(world, machine):
    prime(world, machine)
    stale(machine)
    binding.enforced(world, machine)
    check.equal(fetches(world), 1, "fetches")


@check.case()
def new_id_brings_the_new_policy(world, machine):
    prime(world, machine)
    world.web.serve(GOOD, GOOD.policy(["other"]))
    world.publish(GOOD, id="2")
    stale(machine)
    got = binding.honest(world, machine)
    check.expect(got.what == "deferred" and NO_MX in got.log and
                 not got.met, f"old policy still at work: {got}")
    check.equal(fetches(world), 2, "fetches")


@check.case()
def mode_none_ends_a_policy(world, machine):
    prime(world, machine)
    world.web.serve(GOOD, GOOD.policy().replace("enforce", "none"))
    world.publish(GOOD, id="2")
    stale(machine)
    binding.unprotected(world, machine)


@check.case()
def failure_makes_it_look_again_within_minutes(world, machine):
    """RFC 8461 5: before any bounce a new id is seen (STS-69)."""
    domain = domains.BY_NAME["outside"]
    got = binding.honest(world, machine, domain)
    check.equal(got.what, "deferred", "first attempt")
    world.web.serve(domain, domain.policy(["mx"]))
    world.publish(domain, id="2")
    machine.later(90)
    machine.run_queue()
    check.equal(machine.queue(), [], "queue")


@check.case()
def broken_tlsa_lookup_is_not_no_dane(world, machine):
    """RFC 7672 2.1: the host is skipped, MTA-STS does not rescue it."""
    domain = domains.BY_NAME["dane-bad"]
    for do in ("servfail", "nxdomain"):
        machine.empty()
        with world.lying({"name": f"_25._tcp.mx.{domain.zone}", "do": do}):
            got = binding.honest(world, machine, domain)
        check.equal((got.what, got.rcpts), ("deferred", []), do)


@check.case()
def signed_domain_cannot_be_forged(world, machine):
    """The resolver validates: the lie is no answer at all."""
    binding.safe(world, machine, domains.BY_NAME["dane-good"])


def crowd(machine, size=CROWD):
    """SIZE separate Exims send to GOOD at the same time."""
    with concurrent.futures.ThreadPoolExecutor(size) as pool:
        list(pool.map(lambda _: machine.send(f"bob@{GOOD.zone}"),
                      range(size)))


@check.case()
def fifty_processes_fetch_once(world, machine):
    mark = world.mark()
    crowd(machine)
    check.equal(machine.queue(), [], "queue")
    check.equal(fetches(world), 1, "fetches")
    check.equal(len(world.events(mark, "DATA", "mx.good.example")), CROWD,
                "messages")


def fetching_resolver(world):
    """Pid of the resolver that has a connection to a policy host."""
    def held():
        listed = world.run("sender", None, "ss", "-Htnp", "state",
                           "established", "dport = :443").stdout
        return re.findall(r"pid=(\d+)", listed)
    return int(space.wait_for("a fetching resolver", held)[0])


@check.case()
def fifty_processes_fetch_twice_if_the_first_is_killed(world, machine):
    """One waiter takes over at once; only the mail of the Exim whose own
    resolver died waits for the next queue run."""
    world.web.fault(GOOD, "slow")
    mark = world.mark()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        sending = pool.submit(crowd, machine)
        first = fetching_resolver(world)
        time.sleep(0.5)  # its request is being answered, an octet a second
        world.web.repair(GOOD)
        os.kill(first, signal.SIGKILL)
        sending.result()
    check.equal(fetches(world), 2, "fetches")
    check.expect(len(machine.queue()) <= 1, f"queue: {machine.queue()}")
    machine.run_queue()
    check.equal(machine.queue(), [], "queue")
    check.equal(len(world.events(mark, "DATA", "mx.good.example")), CROWD,
                "messages")
    check.equal(fetches(world), 2, "fetches")
    binding.safe(world, machine)


@check.case()
def state_is_never_roots(world, machine):
    """Routers run as root; what they leave belongs to Exim's user."""
    for name in ("good", "no-policy", "web-dead", "wrong-name"):
        machine.send(f"bob@{domains.BY_NAME[name].zone}")
    owner = machine.state().stat().st_uid
    check.expect(owner != 0, "the state is root's")
    entries = list(machine.state().rglob("*"))
    check.expect(entries, "no state")
    for entry in entries:
        check.equal(entry.lstat().st_uid, owner, f"owner of {entry.name}")
        check.expect(entry.lstat().st_mode & 0o077 == 0,
                     f"{entry.name}: mode {entry.lstat().st_mode:o}")
