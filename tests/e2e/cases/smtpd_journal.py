# SPDX-License-Identifier: ISC
"""What the journal makes of smtpd's sessions, in both layouts: each result
type of RFC 8460 that a session can have, beside what the receivers saw."""
import collections
import json
import re
import time

import check
import domains
import outcome
import space

LOCAL = 'match for local action "local"\n'
SETTLED = 30  # seconds until a probe has told why TLS failed
PASSED_OVER = 60  # until a host that cannot be reached is known for it

# Name of a row: what the journal must say, by way of the receivers' log.
RESULTS = {
    "good": "success",
    "ipv6-only": "success",
    "mode-none": "success",
    "no-starttls": "starttls-not-supported",
    "stripped": "starttls-not-supported",
    "454": "starttls-not-supported",
    "wrong-name": "certificate-host-mismatch",
    "expired": "certificate-expired",
    "self-signed": "certificate-not-trusted",
    "unknown-ca": "certificate-not-trusted",
    "close-handshake": "validation-failure",
    "reset": "validation-failure",
    "testing": "certificate-not-trusted",
    "report-only": "starttls-not-supported",
    "report-tls": "success",
}


def journal(machine):
    """The records, by domain."""
    found = collections.defaultdict(list)
    for line in machine.sts("journal", "-j").stdout.splitlines():
        record = json.loads(line)
        found[record["domain"]].append(record)
    return found


def fault(layout, wanted, records, events):
    """Why RECORDS do not say WANTED of what was seen as EVENTS; or None."""
    results = {record["result"] for record in records}
    if results != {wanted}:
        return f"{results}, not {wanted}: {records}"
    # In the stage one probe finds what smtpd would find at each address.
    met = {event["address"] for event in events}
    said = [record["mx_address"] for record in records]
    if len(said) != (1 if layout == "stage" else len(met)) or \
            not set(said) <= met:
        return f"recorded {said}, but it met {met}"
    if {record["mta"] for record in records} != {"opensmtpd"}:
        return f"by whom? {records}"
    secure = any(event["tls"] for event in events
                 if event["event"] == "RCPT")
    if wanted == "success" and not secure:
        return "success, but no mail over TLS"
    return None


def told(world, machine, rows):
    """A message to each of ROWS at once; what the journal gets wrong."""
    mark = world.mark()
    outcome.several(world, machine, list(rows.values()))
    end = time.monotonic() + SETTLED
    while True:
        seen = outcome.sorted_out(world.events(mark), list(rows.values()))
        said = journal(machine)
        faults = {name: fault(machine.layout, RESULTS[domain.name],
                              said[domain.zone], seen[domain.name])
                  for name, domain in rows.items()}
        if not any(faults.values()) or time.monotonic() > end:
            return {name: why for name, why in faults.items() if why}
        time.sleep(1)


def sessions_counted(world, machine):
    """Messages do not count, sessions do."""
    domain = domains.BY_NAME["good"]
    mark = world.mark()
    machine.send_each([f"{name}@{domain.zone}" for name in "abcde"])
    machine.send(domain.recipient)
    carried = {event["id"] for event in world.events(mark, "RCPT")}
    said = journal(machine)[domain.zone]
    check.equal([record["result"] for record in said],
                ["success"] * len(carried), "records")
    check.expect(len(carried) < 6, "no session was used twice")


def own_policy_counts(world, machine):
    """Two domains at one host with a bad certificate: each its policy."""
    found = {}
    for name in ("tenant-loose", "tenant-strict"):
        machine.send(domains.BY_NAME[name].recipient)

    def said():
        found.update(journal(machine))
        return len(found) == 2
    space.wait_for("both domains in the journal", said, SETTLED)
    for name, mode in (("tenant-loose", "testing"),
                       ("tenant-strict", "enforce")):
        for record in found[domains.BY_NAME[name].zone]:
            check.equal((record["mode"], record["mx"], record["result"]),
                        (mode, "mx.provider.example",
                         "certificate-not-trusted"), name)


def passes_over(world, machine):
    """A host that refuses connections is none to report, and not the next
    one to try."""
    domain = domains.BY_NAME["first-down"]
    machine.send(domain.recipient)
    found = next(machine.state("mx").glob(f"*/{domain.zone}"))
    space.wait_for("the first host to be known for it", lambda: re.search(
        r"^failed: [1-9]", found.read_text(), re.M), PASSED_OVER)
    machine.run_queue()
    check.equal(machine.queue(), [], "queue")
    said = [(record["mx"], record["result"])
            for record in journal(machine)[domain.zone]]
    check.equal(said, [(domain.full("mx2"), "success")], "records")


def found(machine, domain, *fields):
    """FIELDS of what is recorded of DOMAIN, once that is something."""
    return space.wait_for("a record", lambda: [
        tuple(record.get(field) for field in fields)
        for record in journal(machine)[domain.zone]], SETTLED)


def names_the_refused(world, machine):
    """A host outside the policy is one that failed, without a session."""
    domain = domains.BY_NAME["outside"]
    mark = world.mark()
    machine.send(domain.recipient)
    check.equal(found(machine, domain, "type", "mode", "mx", "result"),
                [("sts", "enforce", domain.full("mx"),
                  "validation-failure")], "records")
    check.equal(world.events(mark, host=domain.full("mx")), [], "sessions")


def testing_counts(world, machine):
    """The same in mode testing, with a session that brings the mail."""
    domain = domains.BY_NAME["testing"]
    world.web.serve(domain, domain.policy(["other"]))
    machine.send(domain.recipient)
    check.equal(machine.queue(), [], "queue")
    check.equal(found(machine, domain, "type", "mode", "mx", "result"),
                [("sts", "testing", domain.full("mx"),
                  "validation-failure")], "records")


def smarthost(world, machine):
    """Its sessions say nothing of the domains behind it."""
    good, behind = (domains.BY_NAME[name] for name in ("good", "report-tls"))
    machine.change(LOCAL, LOCAL + f"""\
action "hub" relay host "smtp+tls://{good.full('mx')}"
match from local for domain "{behind.zone}" action "hub"
""")
    got = outcome.deliver(world, machine, behind.recipient)
    check.equal((got.what, got.host), ("verified", good.full("mx")), got.log)
    machine.send(good.recipient)
    check.equal([*journal(machine)], [good.zone], "domains in the journal")


for _layout in "simple", "stage":
    check.add(f"{_layout}_names_the_refused", names_the_refused, _layout)
    check.add(f"{_layout}_testing_counts", testing_counts, _layout)
    check.add(f"{_layout}_smarthost_is_not_counted", smarthost, _layout)
    check.add(f"{_layout}_sessions_are_counted", sessions_counted, _layout)
    check.add(f"{_layout}_own_policy_counts", own_policy_counts, _layout)
    check.add(f"{_layout}_passes_over_what_is_down", passes_over, _layout)
    check.many(told, _layout, {
        f"{_layout}_journal_{name}": domains.BY_NAME[name]
        for name in RESULTS})
