# SPDX-License-Identifier: ISC
"""What became of one message, judged mainly by the receiving side."""
import collections
import dataclasses

import domains
import net
import smtpd
from row import NO_MX, WAITS, Result

BOUNCED_TO = f"alice@{net.SENDER}"
ENDS = ("ERROR", "CLOSE")  # of a session, which may be an older one


@dataclasses.dataclass
class Outcome:
    what: str  # as in row.Result, or "lost"
    host: str  # who took it, or None
    met: set  # hosts that saw a connection
    naked: list  # RCPTs that went out without TLS
    rcpts: list  # all RCPTs
    queue: list
    log: str  # lines of the MTA's log written meanwhile
    panic: str
    reason: str  # why mail waits, by the log; or None
    strict: bool  # did the MTA treat it as mail under a policy?

    def __str__(self):
        if self.what == "deferred":
            return f"deferred ({self.reason or 'no reason in the log'})"
        return f"{self.what} at {self.host}"


def deliver(world, machine, *to, **options):
    """Send one message from MACHINE and look at everything it caused."""
    return watch(world, machine, lambda: machine.send(*to, **options))


def watch(world, machine, action):
    """Do ACTION (something that makes MACHINE deliver); its Outcome."""
    mark = world.mark()
    log, panic = machine.log(), machine.panic()
    action()
    events = world.events(mark)
    machine.finish(len(log))
    queue = [address for address in machine.queue()
             if not address.startswith(BOUNCED_TO)]
    return judged(machine, events, queue, machine.log()[len(log):],
                  machine.panic()[len(panic):])


def judged(machine, events, queue, log, panic=""):
    """What became of one message by what was seen of it."""
    taken = [entry for entry in events if entry["event"] == "DATA"]
    rcpts = [entry for entry in events if entry["event"] == "RCPT"]
    what = "deferred" if queue else \
        "bounced" if machine.returned(log) else "lost"
    host = None
    if taken:
        host = taken[-1]["host"]
        what = machine.certificate(log, taken[-1]["address"]) \
            if taken[-1]["tls"] else "clear"
    return Outcome(what, host, {entry["host"] for entry in events
                                if entry["event"] not in ENDS},
                   [entry for entry in rcpts if entry["tls"] is None],
                   rcpts, queue, log, panic, machine.reason(log),
                   machine.strict(log))


def sorted_out(events, rows):
    """EVENTS by name of the domain in ROWS whose mail they are about.

    By the recipient named last in the same session; before one was named
    they are the owner's of the host.
    """
    owners = {domain.full(host.name): domain.name for domain in rows
              for host in domain.hosts}
    wanted = {domain.recipient.lower(): domain.name for domain in rows}
    found, now = collections.defaultdict(list), {}
    for entry in events:
        session = entry["id"]
        if entry["event"] == "RCPT":
            address = entry["line"].lower().split("<")[-1].split(">")[0]
            now[session] = wanted.get(address)
        found[now.get(session, owners.get(entry["host"]))].append(entry)
    return found


def several(world, machine, rows):
    """A message to each of the domains ROWS at once: their Outcomes."""
    mark, log = world.mark(), len(machine.log())
    machine.send_each([domain.recipient for domain in rows])
    events = sorted_out(world.events(mark), rows)
    queue = {address.lower() for address in machine.queue()}
    log, panic = machine.log()[log:], machine.panic()
    return [judged(machine, events[domain.name],
                   sorted({domain.recipient} & queue),
                   machine.about(log, domain.recipient), panic)
            for domain in rows]


def permitted(domain):
    """Mail hosts DOMAIN's own policy allows among those of the world."""
    names = [domain.full(name).lower() for name in domain.patterns or
             [name for _, name in domain.exchangers()]]
    return {host for host in domains.ADDRESSES
            if host in names or "*." + host.split(".", 1)[1] in names}


def unverified(result):
    """The same where nobody asks for a certificate."""
    if result.what in ("verified", "dane"):
        return Result("unverified", result.host)
    return result


def expected(machine, domain):
    """The Result that mail from MACHINE to DOMAIN must come to."""
    if machine.mta == "exim":
        return domain.ours if machine.ours else domain.plain
    if not machine.ours:
        return unverified(domain.plain)
    if domain.sni and machine.version() < smtpd.SENDS_SNI:
        return WAITS
    result = domain.smtpd or smtpd.worded(domain.ours)
    if result.host == NO_MX and machine.layout == "simple":
        result = WAITS  # smtpd does not tell the table's reason
    return result if domain.binds else unverified(result)


def wrong(machine, domain, outcome):
    """Why OUTCOME of mail from MACHINE to DOMAIN is not as it must be, or
    None."""
    return complaint(outcome, expected(machine, domain), domain,
                     machine.ours and domain.binds)


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
    if not outcome.strict:
        return f"not as under a policy\n{outcome.log}"
    return None
