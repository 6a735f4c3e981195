# SPDX-License-Identifier: ISC
"""A day of sessions, and what its reports say of them: to whom they go, that
they are as RFC 8460 wants them, signed, and that their numbers are those of
the receivers' own log.

Times are hours of the case's first day, and of the ones behind it.
"""
import collections
import json

import check
import signature
import domains
import net
import outcome
import reporter
from domains import ADDRESSES

# By row what each session with it comes to: (policy type, result).
SESSIONS = {
    "good": [("sts", "success")],
    "first-down": [("sts", "success")],
    "expired": [("sts", "certificate-expired")],
    "unknown-ca": [("sts", "certificate-not-trusted")],
    "wrong-name": [("sts", "certificate-host-mismatch")],
    "no-starttls": [("sts", "starttls-not-supported")],
    "stripped": [("sts", "starttls-not-supported")],
    "454": [("sts", "starttls-not-supported")],
    "reset": [("sts", "validation-failure")],
    "testing": [("sts", "certificate-not-trusted")],
    "rua-no-tls": [("no-policy-found", "starttls-not-supported")],
    "web-status-404": [("no-policy-found", "success")],
    "web-cert-expired": [("no-policy-found", "success")],
    "text-html": [("no-policy-found", "success")],
    "rua-https": [("no-policy-found", "success")],
    "rua-both": [("no-policy-found", "success")],
}
# Of Exim alone, which knows of DANE.
DANE = {
    "dane-good": [("sts", "success"), ("tlsa", "success")],
    "dane-bad": [("tlsa", "validation-failure")],
}
# What is told besides, of no session that a mail host saw.
BESIDES = {
    "forged": ("sts", "validation-failure"),
    "web-status-404": ("sts", "sts-policy-fetch-error"),
    "web-cert-expired": ("sts", "sts-webpki-invalid"),
    "text-html": ("sts", "sts-policy-invalid"),
}
# No report: no record that asks for it, nobody reached, nothing demanded.
NONE = ("no-policy", "two-mx", "rua-http", "rua-missing")
DOWN = ("mx1.two-mx.example", "mx2.two-mx.example")
GOOD = domains.BY_NAME["good"]
CHANGED = GOOD.policy().replace("604800", "604801")


def rows(*names):
    return [domains.BY_NAME[name] for name in names]


def sessions(events, listed):
    """How many sessions mail hosts had with each of the rows LISTED."""
    found = outcome.sorted_out(events, listed)
    named = {event["id"]: name for name, entries in found.items()
             for event in entries if event["event"] == "RCPT"}
    met = {(event["id"], named.get(event["id"], name))
           for name, entries in found.items() for event in entries
           if event["event"] == "CONNECT"}
    return collections.Counter(name for _, name in met)


def expected(events, wanted):
    """What the report about each row must tell, by EVENTS; WANTED: as
    SESSIONS."""
    names = {*wanted, *BESIDES}
    seen = sessions(events, rows(*names, *NONE))
    found = {}
    for name in names:
        total = collections.Counter()
        for kind, result in wanted.get(name, ()):
            total.update(reporter.expected(kind, result, seen[name]))
        if name in BESIDES:
            total.update(reporter.expected(*BESIDES[name], 1))
        found[domains.BY_NAME[name].zone] = dict(total)
    return found


def recipients(row):
    return row.reported or (f"tls@{row.zone}",)


def correct(reports, wanted):
    """REPORTS are about the domains WANTED, and say of each what it says
    there, once to each who asked."""
    for one in reports:
        check.equal(one.day, reporter.date(0), "day")
        check.equal(reporter.told(one.document), wanted.get(one.domain),
                    f"report on {one.domain}")
        check.expect({*addresses(one)} <= {net.SENDER_V4, net.SENDER_V6},
                     f"sent from {addresses(one)}")
    by_zone = {row.zone: row for row in domains.DOMAINS}
    check.equal(sorted((one.domain, one.to) for one in reports),
                sorted((zone, to) for zone in wanted
                       for to in recipients(by_zone[zone])), "reports")


def addresses(one):
    return [detail["sending-mta-ip"]
            for detail in reporter.details(one.document)
            if "sending-mta-ip" in detail]


def located(reports, events):
    """Addresses in a detail are those at which sessions were seen."""
    met = {event["address"]: event["host"] for event in events}
    for one in reports:
        for detail in reporter.details(one.document):
            if "receiving-ip" in detail:
                check.equal(met.get(detail["receiving-ip"]),
                            detail["receiving-mx-hostname"], f"host {detail}")


def elements(reports, zone):
    """(max_age, sessions) of each policy in the report on ZONE."""
    (one,) = [one for one in reports if one.domain == zone]
    return sorted((element["policy"]["policy-string"][-1],
                   element["summary"]["total-successful-session-count"])
                  for element in one.document["policies"])


def read_back(machine, reports):
    """"mta-sts inbox" makes the same of them."""
    folder = machine.file("/root/inbox")
    folder.mkdir(exist_ok=True)
    for number, one in enumerate(reports):
        (folder / str(number)).write_bytes(one.octets)
    said = machine.run("mta-sts", "inbox", "-j", *(
        f"/root/inbox/{number}" for number in range(len(reports))),
        check=False)
    check.equal(said.stderr, "", "complaints of inbox")
    found = collections.defaultdict(collections.Counter)
    for row in map(json.loads, said.stdout.splitlines()):
        total = found[row["domain"]]
        if row["result"] is None:
            total[row["type"], "failure"] += row["failed"]
            total[row["type"], "success"] += row["sessions"] - row["failed"]
        else:
            total[row["type"], row["result"]] += row["failed"]
    wanted = collections.defaultdict(collections.Counter)
    for one in {one.document["report-id"]: one for one in reports}.values():
        for element in one.document["policies"]:
            wanted[element["policy"]["policy-domain"]].update(
                reporter.told({"policies": [element]}))
    check.equal({zone: +total for zone, total in found.items()}, dict(wanted),
                "read by inbox")


def send(machine, names):
    for row in rows(*names):
        machine.send(row.recipient)


def first_day(world, machine, names):
    """Mail to the rows NAMES, and at noon GOOD changes its policy."""
    for host in DOWN:
        world.kill_host(ADDRESSES[host])
    reporter.at(machine, 0, 9)
    send(machine, names)
    world.web.serve(GOOD, CHANGED)
    world.publish(GOOD, id="2")
    reporter.at(machine, 0, 15)
    send(machine, ["good", "good"])
    machine.empty()


def second_day(world, machine):
    """The sessions that carried reports are in no report."""
    reporter.at(machine, 1, 12)
    machine.send(GOOD.recipient)
    reporter.at(machine, 2, 1.1)
    world.collector.reset()
    mark = world.mark()
    check.equal(reporter.run(machine, "--now")["sent"], 1, "sent next day")
    (one,) = reporter.settled(world, machine, mark, 1)
    check.equal((one.day, reporter.told(one.document)),
                (reporter.date(1), {("sts", "success"): 1}), "next report")
    reporter.at(machine, 3, 1.1)
    check.equal(reporter.run(machine, "--now")["reports"], 0,
                "reports on a day without mail")


@check.case()
def day_of_exim(world, machine):
    wanted = {**SESSIONS, **DANE}
    reporter.configure(machine)
    with signature.exim(world, machine):
        first_day(world, machine, [*wanted, "forged", *NONE, "mode-none"])
        events = world.events()
        reporter.at(machine, 1, 0.9)
        check.equal(reporter.run(machine, "--now")["days"], 0,
                    "days closed within the hour")
        reporter.at(machine, 1, 1.1)
        mark, wanted = world.mark(), expected(events, wanted)
        count = sum(len(recipients(row)) for row in domains.DOMAINS
                    if row.zone in wanted)
        said = reporter.run(machine, "--now")
        check.equal((said["days"], said["sent"], said["waiting"]),
                    (1, count, 0), f"{said}")
        reports = reporter.settled(world, machine, mark, count - 2)
        correct(reports, wanted)
        located(reports, events)
        check.equal(elements(reports, GOOD.zone),
                    [("max_age: 604800", 1), ("max_age: 604801", 2)],
                    "policies of the day")
        read_back(machine, reports)
        second_day(world, machine)
    check.equal(machine.panic(), "", "panic log")
