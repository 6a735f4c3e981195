# SPDX-License-Identifier: ISC
"""What became of one message, judged mainly by the receiving side."""
import dataclasses
import re

import domains
import net
import space
from row import NO_MX

BOUNCED_TO = f"alice@{net.SENDER}"
STRICT = "T=remote_smtp_mtasts"
VERIFIED = {"yes": "verified", "no": "unverified", "dane": "dane"}


@dataclasses.dataclass
class Outcome:
    what: str  # as in row.Result, or "lost"
    host: str  # who took it, or None
    met: set  # hosts that saw a connection
    naked: list  # RCPTs that went out without TLS
    rcpts: list  # all RCPTs
    queue: list
    log: str  # main log lines written meanwhile
    panic: str

    def __str__(self):
        if self.what == "deferred":
            return f"deferred ({reason(self.log) or 'no reason in the log'})"
        return f"{self.what} at {self.host}"


def reason(log):
    """Why a message waits, out of the main log."""
    found = re.findall(r"== .*? defer \(-?\d+\)[^:]*: (.*)", log)
    return found[-1] if found else None


def settled(log):
    """Has every bounce been dealt with?  Nobody lives at the sender's."""
    return all(re.search(rf"{number} (Frozen|Completed)", log)
               for number in re.findall(r"(\S+) <= <>", log))


def certificate(log, address):
    """What Exim thought of the one at ADDRESS, which may have aliases."""
    found = re.findall(rf"[=-]> .* \[{re.escape(address)}\].* CV=(\w+)", log)
    return VERIFIED.get(found[-1], found[-1]) if found else "unlogged"


def deliver(world, machine, *to, **options):
    """Send one message from MACHINE and look at everything it caused."""
    return watch(world, machine, lambda: machine.send(*to, **options))


def watch(world, machine, action):
    """Do ACTION (something that makes MACHINE deliver); its Outcome."""
    mark = world.mark()
    log, panic = machine.log(), machine.panic()
    action()
    events = world.events(mark)
    taken = [entry for entry in events if entry["event"] == "DATA"]
    rcpts = [entry for entry in events if entry["event"] == "RCPT"]
    if " ** " in machine.log()[len(log):]:
        space.wait_for("the bounce", lambda: settled(machine.log()))
    queue = [address for address in machine.queue()
             if not address.startswith(BOUNCED_TO)]
    log = machine.log()[len(log):]
    what = "deferred" if queue else "bounced" if " ** " in log else "lost"
    host = None
    if taken:
        host = taken[-1]["host"]
        what = certificate(log, taken[-1]["address"]) \
            if taken[-1]["tls"] else "clear"
    return Outcome(what, host, {entry["host"] for entry in events},
                   [entry for entry in rcpts if entry["tls"] is None],
                   rcpts, queue, log, machine.panic()[len(panic):])


def permitted(domain):
    """Mail hosts DOMAIN's own policy allows among those of the world."""
    names = [domain.full(name).lower() for name in domain.patterns or
             [name for _, name in domain.exchangers()]]
    return {host for host in domains.ADDRESSES
            if host in names or "*." + host.split(".", 1)[1] in names}


def complaint(outcome, result, domain, enforced):
    """Why OUTCOME is not the RESULT expected for DOMAIN, or None.

    ENFORCED: a policy of DOMAIN in mode enforce was at work.
    """
    if outcome.what != result.what:
        return f"{outcome}, not {result.what}\n{outcome.log}"
    if outcome.panic:
        return f"panic log: {outcome.panic}"
    if result.what in ("deferred", "bounced"):
        if result.host not in outcome.log:
            return f"{result.host!r} not in log:\n{outcome.log}"
        if result.host == NO_MX and outcome.met:
            return f"contacted {outcome.met}"
    elif outcome.host != result.host:
        return f"taken by {outcome.host}, not {result.host}"
    if enforced:
        return leak(outcome, permitted(domain), result, domain.heard)
    return None


def leak(outcome, allowed, result, heard):
    """Did anything go where an enforced policy forbids it?"""
    if outcome.naked:
        return f"RCPT in clear: {outcome.naked}"
    if outcome.met - allowed:
        return f"contacted {outcome.met - allowed}"
    if result.what == "deferred" and not heard:
        return f"RCPT although deferred: {outcome.rcpts}" \
            if outcome.rcpts else None
    if STRICT not in outcome.log:
        return f"not by {STRICT}\n{outcome.log}"
    return None
