# SPDX-License-Identifier: ISC
"""A connection or a retry record of one domain must not serve another.

Exim passes messages on to connections that are open, and remembers hosts
that failed; two domains with different policies can share a mail host.
"""
import check
import domains
import outcome
from binding import GOOD

PROVIDER = "mx.provider.example"
STRICT, LOOSE, FREE, GUEST = (
    domains.BY_NAME[name] for name in
    ("tenant-strict", "tenant-loose", "provider", "guest"))


def rcpts(events):
    return {entry["line"].split("@")[1].rstrip(">") for entry in events
            if entry["event"] == "RCPT"}


@check.case()
def failure_of_one_domain_does_not_hold_up_another(world, machine):
    """The MX fails the strict one's policy; others use it at once."""
    got = outcome.deliver(world, machine, f"bob@{STRICT.zone}")
    check.equal(got.what, "deferred", "strict")
    for domain in (LOOSE, FREE):
        got = outcome.deliver(world, machine, f"bob@{domain.zone}")
        check.equal(got.host, PROVIDER, f"{domain.name}\n{got.log}\n")


@check.case()
def refused_host_is_not_remembered_as_broken(world, machine):
    """The guest's policy forbids the host; its own domain uses it."""
    got = outcome.deliver(world, machine, f"bob@{GUEST.zone}")
    check.equal((got.what, got.met), ("deferred", set()), "guest")
    got = outcome.deliver(world, machine, f"bob@{GOOD.zone}")
    check.equal(got.what, "verified", "good")


def pile_up(world, machine, host, messages):
    """Queue MESSAGES while HOST is down: fills the wait and retry hints."""
    world.kill_host(domains.ADDRESSES[host])
    before = len(machine.queue())
    for domain in messages:
        machine.send(f"bob@{domain.zone}")
    check.equal(len(machine.queue()) - before, len(messages), "queued")
    world.revive_host(domains.ADDRESSES[host])


def none_reused(log, domain):
    lines = [line for line in log.splitlines()
             if f"@{domain.zone}" in line and "]:25*" in line]
    check.expect(not lines, f"reused: {lines}")


@check.case()
def strict_mail_does_not_ride_on_a_lax_session(world, machine):
    pile_up(world, machine, PROVIDER, [STRICT, FREE, STRICT, FREE, LOOSE])
    mark = world.mark()
    machine.run_queue("-qqff")
    check.equal(machine.queue(), [f"bob@{STRICT.zone}"] * 2, "still waiting")
    check.equal(rcpts(world.events(mark)), {FREE.zone, LOOSE.zone}, "RCPTs")
    none_reused(machine.log(), STRICT)


@check.case()
def refused_mail_does_not_ride_on_an_allowed_session(world, machine):
    """GOOD allows the host, the guest does not."""
    machine.send(f"bob@{GUEST.zone}")
    pile_up(world, machine, "mx.good.example", [GOOD, GOOD])
    mark = world.mark()
    machine.run_queue("-qqff")
    check.equal(rcpts(world.events(mark)), {GOOD.zone}, "RCPTs")
    check.equal(machine.queue(), [f"bob@{GUEST.zone}"], "still waiting")
    none_reused(machine.log(), GUEST)


@check.case()
def one_message_to_many_domains(world, machine):
    """Each address gets what its own domain's policy says.

    Within one delivery Exim itself skips a host that has just failed for
    another address: the provider's own mail may wait for the next run.
    """
    names = ("good", "wrong-name", "outside", "no-policy", "stripped",
             "tenant-strict", "provider", "guest")
    rows = [domains.BY_NAME[name] for name in names]
    mark = world.mark()
    machine.send(*(f"bob@{row.zone}" for row in rows))
    machine.run_queue("-q")
    wait = sorted(f"bob@{row.zone}" for row in rows
                  if row.ours.what == "deferred")
    check.equal(sorted(machine.queue()), wait, "waiting")
    arrived = {row.zone for row in rows if row.ours.what != "deferred"}
    check.equal(rcpts(world.events(mark)), arrived, "RCPTs")


def by_queue_run(world, machine, name):
    row = domains.BY_NAME[name]
    got = outcome.watch(world, machine, lambda: (
        machine.send(f"bob@{row.zone}", options=("-odq",)),
        machine.run_queue("-q")))
    why = outcome.complaint(got, row.ours, row, True)
    check.expect(why is None, why)


for _machine in ("split", "single"):
    for _name in ("good", "outside", "wrong-name", "stripped"):
        check.add(f"queue_run_{_machine}_{_name}", by_queue_run, _machine,
                  _name)
