# SPDX-License-Identifier: ISC
"""Mail that keeps flowing while a case breaks things, and its judge.

Several programs at a time send to honest and to attacked domains, with and
without a policy.  Judged by what the receivers saw: an attacked domain gets
no RCPT, an honest one with a policy none in clear or at a host outside the
policy; each accepted message arrives once or waits, and when all is in order
again every honest one has arrived.
"""
import collections
import contextlib
import random
import re
import threading
import time

import check
import domains
import outcome

SENDERS = 7  # at a time
MESSAGES = 200  # at most
BEFORE, DURING, AFTER = 0.4, 3.0, 0.4  # seconds
ROUNDS = 3  # queue runs until all honest mail has arrived
BACK_OFF = 3600  # passes between two of them
AGE = 2 * BACK_OFF  # of what is known when mail begins to flow

# Domains with a policy, cached and not, some in order and some attacked.
ATTACKED = ("forged", "stripped", "outside", "wrong-name")
CACHED = ("good", "two-mx", "first-outside")
NEW = ("wildcard", "ipv6-only")
DANE = ("dane-good",)  # where the MTA knows it
NEW_ATTACKED = ("two-labels", "no-starttls", "expired")
FREE = ("no-policy", "testing", "mode-none")
# Who gets mail before the fault: whoever does is freshly confirmed then.
EARLY = ("good", "forged", "no-policy")


def rows(*names):
    return [domains.BY_NAME[name] for name in names]


def attacked(domain):
    return domain.name in ATTACKED + NEW_ATTACKED


class Flow:
    """Mail from MACHINE, in an order that SEED decides."""

    def __init__(self, world, machine, seed, kills=False):
        self.world = world
        self.machine = machine
        self.kills = kills
        self.random = random.Random(seed)
        self.lock = threading.Lock()
        self.over = threading.Event()
        self.to = rows(*EARLY)
        self.number = 0
        self.accepted = {}  # address: Domain
        self.refused = {}  # those that were not accepted, or so it said
        self.mark = world.mark()
        self.workers = [threading.Thread(target=self.work, daemon=True)
                        for _ in range(SENDERS)]

    def next(self):
        """Another message's recipient, or None; sometimes an old one."""
        with self.lock:
            if self.over.is_set() or self.number == MESSAGES:
                return None, None
            self.number += 1
            domain = self.random.choice(self.to)
            return f"n{self.number}@{domain.zone}", domain

    def work(self):
        while True:
            address, domain = self.next()
            if address is None:
                return
            self.record(address, domain, self.machine.take(address))
            if self.number % 8 == 0:  # older mail is tried beside new
                self.machine.nudge("forged")

    def record(self, address, domain, taken):
        """Somebody wrote to ADDRESS; was the message TAKEN on?"""
        (self.accepted if taken else self.refused)[address] = domain

    def start(self):
        for worker in self.workers:
            worker.start()

    def stop(self):
        self.over.set()
        for worker in self.workers:
            worker.join()

    # -- judging ----------------------------------------------------------

    def sent(self):
        return {**self.accepted, **self.refused}

    def arrivals(self):
        """How often each address was taken, by the receivers' log."""
        taken, open_ = collections.Counter(), collections.defaultdict(list)
        for event in self.world.events(self.mark):
            if event["event"] == "RCPT":
                address = re.search("<(.*)>", event["line"])[1]
                self.permit(address, event)
                open_[event["id"]].append(address)
            elif event["event"] == "DATA":
                taken.update(open_.pop(event["id"]))
        return taken

    def permit(self, address, event):
        """May this RCPT be?"""
        domain = self.sent().get(address)
        where = f"RCPT of {address} at {event['host']}"
        check.expect(domain is not None, f"{where}: nobody sent it")
        check.expect(not attacked(domain), where)
        if domain.mode == "enforce":
            check.expect(event["tls"] is not None, f"{where} in clear")
            check.expect(event["host"] in outcome.permitted(domain),
                         f"{where}: not in the policy")

    def check_once(self):
        """Each message arrived once or waits; what has not arrived yet."""
        self.machine.rest()
        listed = self.machine.queue()
        taken = self.arrivals()  # what leaves the queue now has arrived
        queue = [line.split()[0] for line in listed]
        twice = [address for address, count in taken.items() if count > 1]
        if not self.kills:
            check.expect(not twice, f"twice: {twice}\n{self.about(twice)}")
            check.equal(listed, queue, "frozen")
        lost = [address for address in self.accepted
                if address not in queue and taken[address] == 0]
        check.expect(not lost, f"lost: {lost}\n{self.about(lost)}")
        bounced = self.machine.given_up()
        check.expect(not bounced, f"bounced: {bounced}")
        return [address for address in queue if address in self.sent() and
                not attacked(self.sent()[address])]

    def about(self, addresses):
        """The log's lines on ADDRESSES."""
        return "\n".join(line for line in self.machine.log().splitlines()
                         if any(address in line for address in addresses))

    def settle(self):
        """All is in order again: what is honest goes out."""
        waiting = self.check_once()
        for turn in range(ROUNDS):
            if not waiting:
                return
            if turn > 0:
                self.machine.later(AGE + turn * BACK_OFF)
            self.machine.retry({address.split("@")[1] for address in waiting})
            waiting = self.check_once()
        check.expect(not waiting, f"still waiting: {waiting}\n"
                     f"{self.about(waiting)}\n{self.machine.syslog()}")


def prime(world, machine):
    """Policies of all but the new ones are known, and due for a check."""
    machine.setting("timeout", "8s")
    names = [row.zone for row in rows(*ATTACKED, *CACHED)]
    machine.sts("query", *names, check=False)
    for row in rows(*ATTACKED, *CACHED):
        check.expect(machine.policy_file(row), f"{row.name} not cached")
    machine.later(AGE)


def panics(machine, allowed):
    """No panic but what the fault makes the MTA say."""
    lines = [line for line in machine.panic().splitlines()
             if not (allowed and re.search(allowed, line))]
    check.expect(not lines, "panic log:\n" + "\n".join(lines))


def under_load(world, machine, fault, seed, blind=False, allowed=None,
               kills=False):
    """Mail flows, FAULT (a context manager) comes and goes.

    BLIND: it keeps a new domain's policy from us, as RFC 8461 has to accept.
    ALLOWED: what it makes the MTA say in a panic.
    KILLS: it kills MTAs: one that dies after the host has taken a message
    sends it again, and Exim's freeze until a queue run is forced.
    """
    prime(world, machine)
    machine.hasten()
    everybody = rows(*ATTACKED, *CACHED, *NEW, *FREE,
                     *(() if blind else NEW_ATTACKED),
                     *(DANE if machine.mta == "exim" else ()))
    flow = Flow(world, machine, seed, kills)
    with contextlib.ExitStack() as stack:
        stack.callback(flow.stop)
        flow.start()
        time.sleep(BEFORE)
        with fault(world, machine):
            flow.to = everybody
            time.sleep(DURING)
        time.sleep(AFTER)
    flow.settle()
    panics(machine, allowed)
    return flow
