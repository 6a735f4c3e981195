# SPDX-License-Identifier: ISC
"""A connection or a retry record of one domain must not serve another.

Exim passes messages on to connections that are open, and remembers hosts
that failed; two domains with different policies can share a mail host.
"""
import re

import check
import domains
import outcome
from binding import EVIL, GOOD

PROVIDER = "mx.provider.example"
STRICT, LOOSE, FREE, GUEST = (
    domains.BY_NAME[name] for name in
    ("tenant-strict", "tenant-loose", "provider", "guest"))
HOST = "mx.good.example"
THIEF = "mx.wildcard.example"  # of a domain with a policy
# Both names lead to the thief's machine, which has a certificate for his.
STOLEN = [{"name": HOST, "type": kind, "do": "forge", "with": [address]}
          for kind, address in zip(("A", "AAAA"), domains.ADDRESSES[THIEF])]


def rcpts(events):
    return {entry["line"].split("@")[1].rstrip(">") for entry in events
            if entry["event"] == "RCPT"}


def got_nothing(world, mark, *zones, hosts=(EVIL, THIEF)):
    """No recipient of ZONES was named at HOSTS or anywhere in clear."""
    for event in world.events(mark, "RCPT"):
        if rcpts([event]) & set(zones):
            check.expect(event["host"] not in hosts and event["tls"],
                         f"RCPT at the wrong host: {event}")


def takers(world, mark, zone):
    """Hosts that took a message for ZONE and no other."""
    sessions = {event["id"] for event in world.events(mark, "RCPT")
                if rcpts([event]) == {zone}}
    return [event["host"] for event in world.events(mark, "DATA")
            if event["id"] in sessions]


def queued(machine, *to):
    """Queue a message without trying to deliver it; its id."""
    machine.send(*to, options=("-odq",))
    return re.findall(r"(\S+) <= ", machine.log())[-1]


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

    Within one message Exim itself passes over a host that has just failed
    for another address: the provider's own copy may wait with the tenant's.
    """
    names = ("good", "wrong-name", "outside", "no-policy", "stripped",
             "tenant-strict", "provider", "guest")
    rows = [domains.BY_NAME[name] for name in names]
    mark = world.mark()
    machine.send(*(f"bob@{row.zone}" for row in rows))
    machine.run_queue("-q")
    wait = {f"bob@{row.zone}" for row in rows if row.ours.what == "deferred"}
    late = {f"bob@{FREE.zone}"} & set(machine.queue())
    check.equal(set(machine.queue()), wait | late, "waiting")
    arrived = {row.zone for row in rows} - {
        address.split("@")[1] for address in wait | late}
    check.equal(rcpts(world.events(mark)), arrived, "RCPTs")


HAND_ON = """\
import os, socket, sys
root, address, *command = sys.argv[1:]
peer = socket.create_connection((address, 25))
peer.recv(999)
peer.sendall(b"EHLO mail.sender.example\\r\\n")
peer.recv(999)
os.dup2(peer.fileno(), 0)
os.chroot(root)
os.chdir("/")
os.execv("/usr/sbin/exim4", ["exim4", *command])
"""


def hand_on(world, machine, at, options, transport, host, message):
    """Continue a session with AT for MESSAGE, as one Exim does for another."""
    address = domains.ADDRESSES[at][0]
    port = ["25"] if machine.version() >= (4, 99) else []
    done = world.run("sender", None, "python3", "-c", HAND_ON, machine.root,
                     address, *options, "-MC", transport, host, address,
                     *port, "2", message, check=False)
    check.expect("-MC" not in done.stderr, done.stderr)  # not understood


@check.case()
def handed_session_is_no_proof(world, machine):
    """Whatever session an Exim is given, it looks at this one's TLS."""
    world.lie(*STOLEN)
    for transport in ("remote_smtp_mtasts", "remote_smtp"):
        for options in ((), ("-MCT",), ("-MCT", "-MCP", "-MCS")):
            mark = world.mark()
            hand_on(world, machine, THIEF, options, transport, HOST,
                    queued(machine, f"bob@{GOOD.zone}"))
            got_nothing(world, mark, GOOD.zone)
            check.expect(world.events(mark, "CONNECT"), "not connected")
    check.equal(len(machine.queue()), 6, "queue")


@check.case()
def handed_session_that_is_right_is_used(world, machine):
    """The case above can fail: here mail does go."""
    mark = world.mark()
    hand_on(world, machine, HOST, ("-MCT",), "remote_smtp_mtasts", HOST,
            queued(machine, f"bob@{GOOD.zone}"))
    check.equal(takers(world, mark, GOOD.zone), [HOST], machine.log())
    check.expect("]:25*" in machine.log() or "]* " in machine.log(),
                 machine.log())


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
