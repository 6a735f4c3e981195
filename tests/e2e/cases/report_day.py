# SPDX-License-Identifier: ISC
"""A day of sessions, and what its reports say of them: to whom they go, that
they are as RFC 8460 wants them, signed, and that their numbers are those of
the receivers' own log.

Times are hours of the case's first day, and of the ones behind it.
"""
import collections
import contextlib
import json

import check
import domains
import net
import outcome
import reporter
import signature
import space
from cases.smtpd_journal import SETTLED, journal
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
    "mode-none": [("sts", "success")],  # any TLS does
}
# Of Exim alone, which knows of DANE.
EXIM = {
    "dane-good": [("sts", "success"), ("tlsa", "success")],
    "dane-bad": [("tlsa", "tlsa-invalid")],
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


def sessions(machine, events, listed):
    """How many sessions with each of the rows LISTED, by EVENTS of mail
    hosts, MACHINE has to report."""
    found = outcome.sorted_out(events, listed)
    named = {event["id"]: name for name, entries in found.items()
             for event in entries if event["event"] == "RCPT"}
    met = collections.defaultdict(dict)  # address by session
    for name, entries in found.items():
        for event in entries:
            if event["event"] == "CONNECT":
                name = named.get(event["id"], name)
                met[name][event["id"]] = event["address"]
    return {name: counted(machine, there, named)
            for name, there in met.items()}


def counted(machine, met, named):
    """Exim tells of every session.  smtpd does not look why one failed: a
    probe does, one for each address; in the stage the probe is made first,
    and there is no session if it fails."""
    carried = met.keys() & named
    if machine.mta == "exim":
        return len(met)
    if carried:
        return len(carried)
    return 1 if machine.layout == "stage" else len({*met.values()})


def expected(machine, events, wanted):
    """What the report about each row must tell, by EVENTS; WANTED: as
    SESSIONS."""
    names = {*wanted, *BESIDES}
    seen = sessions(machine, events, rows(*names, *NONE))
    found = {}
    for name in names:
        total = collections.Counter()
        for kind, result in wanted.get(name, ()):
            total.update(reporter.expected(kind, result, seen.get(name, 0)))
        if name in BESIDES:
            total.update(reporter.expected(*BESIDES[name], 1))
        if total:
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


def recorded(machine, zones):
    """Wait until the journal has a line about each of ZONES."""
    def there():
        return zones <= {*journal(machine)}
    with contextlib.suppress(TimeoutError):
        space.wait_for("all in the journal", there, SETTLED)
    check.equal(zones - {*journal(machine)}, set(), "not in the journal")


def morning(world, machine, wanted):
    """Mail to each row; what the reports must tell."""
    for host in DOWN:
        world.kill_host(ADDRESSES[host])
    mark = world.mark()
    reporter.at(machine, 0, 9)
    machine.send_each([row.recipient for row in
                       rows(*{*wanted, *BESIDES, *NONE})])
    told = expected(machine, world.events(mark), wanted)
    recorded(machine, {*told})
    machine.empty()
    return told


def afternoon(world, machine, told):
    """GOOD has changed its policy, and gets mail; how many sessions under
    each policy."""
    before = told[GOOD.zone]["sts", "success"]
    world.web.serve(GOOD, CHANGED)
    world.publish(GOOD, id="2")
    reporter.at(machine, 0, 15)
    mark = world.mark()
    machine.send(GOOD.recipient)
    machine.send(GOOD.recipient)
    after = sessions(machine, world.events(mark), [GOOD])["good"]
    told[GOOD.zone]["sts", "success"] += after
    return [("max_age: 604800", before), ("max_age: 604801", after)]


def report_all(world, machine, told):
    """An hour after midnight all of it goes out, not before."""
    reporter.at(machine, 1, 0.9)
    check.equal(reporter.run(machine, "--now")["days"], 0,
                "days closed within the hour")
    reporter.at(machine, 1, 1.1)
    mark = world.mark()
    to = [to for row in domains.DOMAINS if row.zone in told
          for to in recipients(row)]
    said = reporter.run(machine, "--now")
    check.equal((said["days"], said["sent"], said["waiting"]),
                (1, len(to), 0), f"{said}")
    return reporter.settled(world, machine, mark, sum("@" in one
                                                      for one in to))


def next_days(world, machine):
    """The sessions that carried reports are in no report, and nobody looked
    for the policies of their recipients: two sites that report to each other
    come to an end."""
    reporter.at(machine, 1, 12)
    machine.send(GOOD.recipient)
    reporter.at(machine, 2, 1.1)
    world.collector.reset()
    mark = world.mark()
    reporter.run(machine, "--now")
    reports = reporter.settled(world, machine, mark, 1)
    check.equal({one.domain: (one.day, sum(reporter.told(one.document)
                                           .values())) for one in reports},
                {GOOD.zone: (reporter.date(1), 1)}, "next report")
    reporter.at(machine, 3, 1.1)
    check.equal(reporter.run(machine, "--now")["reports"], 0,
                "reports on a day without mail")


def day(world, machine, wanted, signing):
    if machine.mta == "opensmtpd" and \
            not machine.file(signature.SIGNER).exists():
        return  # no report by mail without
    reporter.configure(machine)
    mark = world.mark()
    with signing(world, machine):
        told = morning(world, machine, wanted)
        policies = afternoon(world, machine, told)
        events = world.events(mark)
        reports = report_all(world, machine, told)
        correct(reports, told)
        located(reports, events)
        check.equal(elements(reports, GOOD.zone), policies,
                    "policies of the day")
        read_back(machine, reports)
        next_days(world, machine)
    check.equal(machine.panic(), "", "panic log")


check.add("report_day_exim", day, "split", {**SESSIONS, **EXIM},
          signature.exim)
for _layout in "stage", "simple":
    check.add(f"report_day_{_layout}", day, _layout, SESSIONS,
              signature.opensmtpd)
